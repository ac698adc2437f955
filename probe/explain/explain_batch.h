/*
 * explain --batch: lines of stage, provider and reply, tab-separated, to one JSON line each, in
 * order: docs/explain.md. No line is lost, whatever is in it.
 */
#ifndef MXP_PROBE_EXPLAIN_BATCH_H
#define MXP_PROBE_EXPLAIN_BATCH_H

#include "probe/explain/explain_lookup.h"

#include <stdio.h>

#define MXP_BATCH_LINE_MAX 65536 /* octets of a line that count; the rest is read and dropped */

/* One line without its end; its fields are changed in place. Appends to out. 0, MXP_ENOMEM or
 * MXP_ETOOBIG. */
int mxp_explain_batch_line(const struct mxp_explain *explain, char *line, size_t len,
                           struct mxp_buf *out);

/* All lines of in. 0; MXP_ENOINPUT (it cannot be read), MXP_EIO, MXP_ENOMEM: why is set. */
int mxp_explain_batch(const struct mxp_explain *explain, FILE *in, const char *name, FILE *out,
                      struct mxp_why *why);

#endif
