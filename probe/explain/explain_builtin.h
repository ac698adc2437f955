/*
 * The files of probe/explain as the build found them; the build writes the .c file.
 */
#ifndef MXP_PROBE_EXPLAIN_BUILTIN_H
#define MXP_PROBE_EXPLAIN_BUILTIN_H

#include "core/embedded.h"

extern const struct mxp_embedded mxp_explain_builtin[];
extern const size_t mxp_n_explain_builtin;

#endif
