/*
 * What an earlier run has answered: read from its output, CSV or JSON lines. By line, with a
 * hash of the address as typed, so that another list is noticed; 4 octets a line of the list.
 */
#ifndef MXP_PROBE_RESUME_H
#define MXP_PROBE_RESUME_H

#include "core/err.h"
#include "core/slice.h"
#include "probe/options/options.h"

struct mxp_resume;

/* path: the earlier output; one that is not there, is empty or is no regular file gives an
 * empty set. path must outlive the set. NULL: MXP_EDATA (it is no output of ours in this
 * format), MXP_ENOINPUT, MXP_ENOMEM in why. */
struct mxp_resume *mxp_resume_load(const char *path, enum mxp_format format, struct mxp_why *why);
struct mxp_resume *mxp_resume_free(struct mxp_resume *resume); /* NULL */

uint64_t mxp_resume_count(const struct mxp_resume *resume); /* lines answered */

/* Whether the file held anything: then its columns must be the list's, even with no whole result.
 */
bool mxp_resume_is_begun(const struct mxp_resume *resume);

/* Where the last whole result ends: what a killed run left behind that is to be cut off. */
uint64_t mxp_resume_end(const struct mxp_resume *resume);

/* Whether the line was answered, 1 or 0; MXP_EDATA: it was, but for another address. */
int mxp_resume_has(const struct mxp_resume *resume, uint64_t line, struct mxp_slice address,
                   struct mxp_why *why);

/* 0, or MXP_EDATA: the output's header, or what of it is there, is another than this (CSV only). */
int mxp_resume_check_header(const struct mxp_resume *resume, struct mxp_slice header,
                            struct mxp_why *why);

#endif
