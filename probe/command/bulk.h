/*
 * mxprobe bulk LIST: every line of a list answered once, streamed as decided.
 */
#ifndef MXP_PROBE_BULK_H
#define MXP_PROBE_BULK_H

#include "probe/options/options.h"

/* 0: the list is finished, whatever the verdicts. MXP_ECANCELED or MXP_ENET: not, but it can be
 * gone on with; else an error: why is set. */
int mxp_bulk_run(const struct mxp_options *options, struct mxp_why *why);

#endif
