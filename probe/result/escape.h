/*
 * Octets of others made fit for a line of text: results, terminals, JSON.
 */
#ifndef MXP_PROBE_ESCAPE_H
#define MXP_PROBE_ESCAPE_H

#include "core/buf.h"
#include "core/err.h"

/* Append text with control octets (C0, DEL, C1) and backslashes as \n, \t, \\ or \xHH, and so
 * octets that are no UTF-8. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_escape(struct mxp_slice text, struct mxp_buf *out);

/* The same but for backslashes: for words of ours that quote others, some of them escaped before.
 */
int mxp_escape_terminal(struct mxp_slice text, struct mxp_buf *out);

/* Only octets that are no UTF-8 are escaped, which no JSON could hold: for an address as
 * typed. */
int mxp_escape_utf8(struct mxp_slice text, struct mxp_buf *out);

#endif
