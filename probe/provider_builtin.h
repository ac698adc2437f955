/*
 * ratelimit/providers.yaml as the build found it; the build writes the .c file.
 */
#ifndef MXP_PROBE_PROVIDER_BUILTIN_H
#define MXP_PROBE_PROVIDER_BUILTIN_H

#include <stddef.h>

extern const unsigned char mxp_provider_builtin[];
extern const size_t mxp_provider_builtin_len;

#endif
