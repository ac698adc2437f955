/*
 * The answers of explain as JSON: one object a line. docs/explain.md has the fields.
 */
#ifndef MXP_PROBE_EXPLAIN_JSON_H
#define MXP_PROBE_EXPLAIN_JSON_H

#include "probe/explain/explain_lookup.h"

/* The fields that a batch has, appended with a line end. provider: NULL for none. 0, MXP_ENOMEM or
 * MXP_ETOOBIG. */
int mxp_explain_json_line(const char *provider, const struct mxp_reply *reply,
                          const struct mxp_classified *what, struct mxp_buf *out);

/* Those and all that explain knows, likewise. */
int mxp_explain_json(const struct mxp_explained *explained, struct mxp_buf *out);

#endif
