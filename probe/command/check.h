/*
 * mxprobe check ADDRESS..: one line each, in the order in which they were given.
 */
#ifndef MXP_PROBE_CHECK_H
#define MXP_PROBE_CHECK_H

#include "probe/options/options.h"

/* 0: all valid; 1: any invalid; 2: any unknown and none invalid. Or a negative error: why is set.
 */
int mxp_check_run(const struct mxp_options *options, struct mxp_why *why);

#endif
