/*
 * Which lines of a list an earlier run has answered: read from its output, CSV or JSON
 * lines, by the contract's field "line".
 */
#ifndef MXP_PROBE_RESUME_H
#define MXP_PROBE_RESUME_H

#include "core/err.h"
#include "probe/options.h"

struct mxp_resume;

/* path: the earlier output; one that is not there, is empty or is no regular file gives an
 * empty set. NULL: MXP_EDATA (it is no output of ours in this format), MXP_ENOINPUT, MXP_ENOMEM
 * in why. */
struct mxp_resume *mxp_resume_load(const char *path, enum mxp_format format, struct mxp_why *why);
struct mxp_resume *mxp_resume_free(struct mxp_resume *resume); /* NULL */

bool mxp_resume_has(const struct mxp_resume *resume, uint64_t line);
uint64_t mxp_resume_count(const struct mxp_resume *resume);

#endif
