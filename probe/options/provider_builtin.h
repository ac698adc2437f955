/*
 * ratelimit/providers.yaml as the build found it; the build writes the .c file.
 */
#ifndef MXP_PROBE_PROVIDER_BUILTIN_H
#define MXP_PROBE_PROVIDER_BUILTIN_H

#include "core/embedded.h"

extern const struct mxp_embedded mxp_provider_builtin[]; /* one */
extern const size_t mxp_n_provider_builtin;

#endif
