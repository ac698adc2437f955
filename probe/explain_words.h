/*
 * The words of explain: what each code, enhanced code and reason means to a sender. Tables
 * in explain_words.c; and where in a log line the reply is.
 */
#ifndef MXP_PROBE_EXPLAIN_WORDS_H
#define MXP_PROBE_EXPLAIN_WORDS_H

#include "core/verdict.h"
#include "smtp/reply.h"

struct mxp_code_words {
    const char *name, *meaning, *source;
    const char *exception; /* when it means something else; "" where nothing is known */
};

struct mxp_reason_words {
    const char *meaning, *fault, *todo;
};

const struct mxp_code_words *mxp_explain_code(uint16_t code);                    /* or NULL */
const struct mxp_code_words *mxp_explain_enhanced(struct mxp_enhanced enhanced); /* or NULL */
const struct mxp_reason_words *mxp_explain_reason(enum mxp_reason reason);       /* never NULL */

/* The reply within a log line (Postfix, Exim, sendmail), or the text as it is; *stage is set
 * where the line tells. */
struct mxp_slice mxp_explain_find(struct mxp_slice text, enum mxp_stage *stage);

#endif
