/*
 * A result and its address as octets, to be kept for duplicates that come later in the
 * list; and back.
 */
#ifndef MXP_PROBE_RESULT_PACK_H
#define MXP_PROBE_RESULT_PACK_H

#include "core/buf.h"
#include "core/err.h"
#include "probe/engine/result.h"

/* Into ret, which is emptied first: 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_result_pack(const struct mxp_result *result, struct mxp_slice address, struct mxp_buf *ret);

/* Only what mxp_result_pack made; *ret borrows from packed. */
void mxp_result_unpack(struct mxp_slice packed, struct mxp_result *ret);
struct mxp_slice mxp_result_unpack_address(struct mxp_slice packed);

#endif
