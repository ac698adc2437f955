/*
 * Mailboxes that an earlier run found invalid, from its results: expected to be unknown in this
 * one, too, so that they are spread over it. Nobody is judged by it. 8 octets a mailbox: a hash,
 * so that one in many millions of others is taken for one of them, which costs it its place only.
 */
#ifndef MXP_PROBE_SEEN_H
#define MXP_PROBE_SEEN_H

#include "core/err.h"
#include "core/slice.h"

struct mxp_seen;

/* From files of results, CSV or JSON lines, each told by its first octet. NULL: MXP_EDATA (no
 * results of ours), MXP_ENOINPUT or MXP_ENOMEM in why. */
struct mxp_seen *mxp_seen_load(const char *const *paths, size_t n, struct mxp_why *why);
struct mxp_seen *mxp_seen_free(struct mxp_seen *seen); /* NULL */

/* normalized: local@domain as on the wire. seen NULL: false. */
bool mxp_seen_has(const struct mxp_seen *seen, struct mxp_slice normalized);

size_t mxp_seen_count(const struct mxp_seen *seen);

#endif
