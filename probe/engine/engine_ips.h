/*
 * Which addresses of an MX host failed lately: they are tried last. Where the limits broke a
 * walk over many dead hosts or addresses off, the next one goes on where it ended; else it would
 * spend its connections on the same ones again, and never come to the one that works, or to an
 * end. Of the engine's files only.
 */
#ifndef MXP_PROBE_ENGINE_IPS_H
#define MXP_PROBE_ENGINE_IPS_H

#include "probe/engine/engine_internal.h"

/* The address at hand could not be reached, or would not have us. */
void mxp_ips_note_failed(struct mxp_sess *sess);

/* The addresses in the order in which to try them: a reference, or a copy, to be given back
 * with mxp_host_addrs_unref. May hold none where a walk goes on and all have failed. */
struct mxp_host_addrs *mxp_ips_order(struct mxp_sess *sess, struct mxp_host_addrs *addrs);

/* A walk of the lane has ended: by our own limits, or with an answer. */
void mxp_ips_walk_broke_off(struct mxp_lane *lane, bool broke_off);

/* Has the walk, which our limits broke off, left anything for the next one of its lane? */
bool mxp_walk_has_rest(const struct mxp_sess *sess);
/* A walk of the lane has come to its end: the next one starts at its first host. */
void mxp_walk_anew(struct mxp_lane *lane);

#endif
