/*
 * When an entry of explain fits a reply: its codes, and the tokens in the reply's text.
 *
 * A token is found at word boundaries, in any case; "?" in it is one digit, "*" any letters and
 * digits, "[2-5]" one digit of these, a blank any white space.
 */
#ifndef MXP_PROBE_EXPLAIN_MATCH_H
#define MXP_PROBE_EXPLAIN_MATCH_H

#include "core/buf.h"
#include "probe/explain/explain_data.h"

/* "550", "x.7.26", "5.7.606-649" or "550 5.4.1" into the entry's code and enhanced code. 0 or
 * MXP_ESYNTAX. */
int mxp_explain_pattern(struct mxp_slice text, struct mxp_explain_entry *entry);
/* The same written out; returns ret. */
const char *mxp_explain_pattern_text(const struct mxp_explain_entry *entry, char ret[static 64]);

/* The codes of the entry fit. enhanced.klass MXP_EXPLAIN_ANY: asked of any class ("x.2.2"). */
bool mxp_explain_codes_fit(const struct mxp_explain_entry *entry, uint16_t code,
                           struct mxp_enhanced enhanced);

/* *ret_found (may be NULL): where in the text. */
bool mxp_explain_token_in(struct mxp_slice text, const char *token, struct mxp_slice *ret_found);

/* A log that folds a reply's lines into one leaves "550-5.1.1 a 550 5.1.1 b": each repetition of
 * the first code and enhanced code begins a line again. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_explain_unfold(struct mxp_slice text, struct mxp_buf *out);

/* A reply's text on one line: no codes but the first line's. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_explain_flatten(struct mxp_slice text, struct mxp_buf *out);

/* "5.1.1", "x.2.2" or "#5.1.1" from the start of text on; *ret_len octets. klass
 * MXP_EXPLAIN_ANY for an x. */
bool mxp_explain_enhanced_at(struct mxp_slice text, struct mxp_enhanced *ret, size_t *ret_len);

#endif
