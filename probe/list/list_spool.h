/*
 * A file that only grows, without a name, for what a run must keep of its list: records
 * and answers. The tail is in memory until it is worth a write.
 */
#ifndef MXP_PROBE_LIST_SPOOL_H
#define MXP_PROBE_LIST_SPOOL_H

#include "core/buf.h"
#include "core/err.h"

struct mxp_spool;

#define MXP_SPOOL_ENTRY_MAX (16 * 1024 * 1024 - 4) /* octets */

/* In $TMPDIR, or /var/tmp. NULL and why on failure. */
struct mxp_spool *mxp_spool_new(struct mxp_why *why);
struct mxp_spool *mxp_spool_free(struct mxp_spool *spool); /* NULL */

/* Append one entry; *ret_at finds it again. 0, MXP_ETOOBIG (over MXP_SPOOL_ENTRY_MAX), MXP_ENOMEM
 * or MXP_EIO (a full disk): why is set, and the spool is of no use any more. */
int mxp_spool_put(struct mxp_spool *spool, struct mxp_slice bytes, uint64_t *ret_at,
                  struct mxp_why *why);

/* The entry, valid until the next call. 0, MXP_ENOMEM or MXP_EIO: why is set. */
int mxp_spool_get(struct mxp_spool *spool, uint64_t at, struct mxp_slice *ret, struct mxp_why *why);

#endif
