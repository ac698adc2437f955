/*
 * The answers of explain for people: wrapped, at most a screen.
 */
#ifndef MXP_PROBE_EXPLAIN_PRINT_H
#define MXP_PROBE_EXPLAIN_PRINT_H

#include "probe/explain/explain_lookup.h"

/* columns: of the terminal. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_explain_print(const struct mxp_explained *explained, size_t columns, struct mxp_buf *out);

#endif
