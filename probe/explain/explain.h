/*
 * mxprobe explain: what a reply, a code or a log line means, whose fault it is, and what
 * to do.
 */
#ifndef MXP_PROBE_EXPLAIN_H
#define MXP_PROBE_EXPLAIN_H

#include "probe/explain/explain_lookup.h"

#include <stdio.h>

/* The replies of options->args, one explanation each; with options->batch the lines of the file
 * args[0] (or of in, for "-"): stage, provider, reply; one JSON line each. 0, MXP_ECONFIG (rules),
 * MXP_ENOINPUT, MXP_EIO or MXP_ENOMEM: why is set. SIGPIPE is ignored from then on. */
int mxp_explain_run(const struct mxp_options *options, FILE *in, FILE *out, struct mxp_why *why);

/* One explanation, appended. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_explain_text(const struct mxp_explain *explain, struct mxp_slice text, bool json,
                     size_t columns, struct mxp_buf *out);

#endif
