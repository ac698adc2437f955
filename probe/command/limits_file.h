/*
 * What the limiter learned, kept between runs: a JSON file that people can read and
 * edit. Nothing in it can raise a limit above its configured ceiling.
 */
#ifndef MXP_PROBE_LIMITS_FILE_H
#define MXP_PROBE_LIMITS_FILE_H

#include "probe/options/options.h"
#include "ratelimit/limiter.h"

/* A file that is not there is no error. 0, MXP_EDATA (what and where is in why) .. */
int mxp_limits_load(const char *path, struct mxp_limiter *limiter,
                    const struct mxp_options *options, struct mxp_why *why);

/* By way of a new file and a rename: 0 or MXP_EIO. */
int mxp_limits_save(const char *path, const struct mxp_limiter *limiter, struct mxp_why *why);

#endif
