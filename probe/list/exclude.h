/*
 * What must never be probed: one entry a line. An address (its local part whatever the case,
 * also as "Bob <bob@example.org>"), a domain (or "@domain"), or the name of an MX host;
 * ".example.org" or "*.example.org" is everything below, not itself; "[192.0.2.1]" an address
 * literal. Blank lines and those that start with # are comments.
 */
#ifndef MXP_PROBE_EXCLUDE_H
#define MXP_PROBE_EXCLUDE_H

#include "core/err.h"
#include "core/slice.h"

struct mxp_exclude;

/* NULL: MXP_ENOINPUT, MXP_EDATA (an entry that is none of those; with its line) or MXP_ENOMEM
 * in why. */
struct mxp_exclude *mxp_exclude_load(const char *path, struct mxp_why *why);
struct mxp_exclude *mxp_exclude_free(struct mxp_exclude *exclude); /* NULL */

/* domain: lower-case A-labels, or the text of an address literal. */
bool mxp_exclude_address(const struct mxp_exclude *exclude, struct mxp_slice local,
                         const char *domain);
bool mxp_exclude_host(const struct mxp_exclude *exclude, const char *host);

#endif
