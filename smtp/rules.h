/*
 * Compiled classification rules, as classify.c applies them. docs/classification.md has
 * the language; this is its meaning.
 *
 * A text is a row of words (tokens.h). A phrase is a row of words that stand side by side;
 * a clause is a set of phrases that must all be there, or not be there; a rule is a clause,
 * conditions on stage, code, enhanced code and provider, and what follows. Of all rules that
 * hold, the first in order wins.
 */
#ifndef MXP_SMTP_RULES_H
#define MXP_SMTP_RULES_H

#include "core/arena.h"
#include "smtp/classify.h"

#define MXP_RULE_TERMS      8
#define MXP_RULES_MAX       20000
#define MXP_PHRASES_MAX     8192
#define MXP_NO_PHRASE       UINT16_MAX
#define MXP_STAGE_BIT(s)    (1u << (s))
#define MXP_ANY_ENHANCED    0xffffu /* of one part of an enhanced code */

struct mxp_rule {
    uint16_t with[MXP_RULE_TERMS], without[MXP_RULE_TERMS]; /* phrases; MXP_NO_PHRASE ends */
    uint32_t stages;                                        /* MXP_STAGE_BIT of each; 0: any */
    uint16_t provider;                                      /* 0: any */
    uint16_t code_from, code_to;                            /* 0: any */
    struct mxp_enhanced enhanced; /* klass 0: any; MXP_ANY_ENHANCED: any value of this part */
    uint8_t reason, limit;
    int8_t exists; /* enum mxp_tri */
    bool throttle, blocks_us, footprint, temporary, keeps;
    uint16_t line;
    const char *file;
    const char *name;  /* "file:line" */
    uint16_t next;     /* the next rule of the same trigger; UINT16_MAX ends */
};

/* The automaton over words (Aho and Corasick, 1975, with words for letters). */
struct mxp_word {
    uint32_t hash;
    uint16_t len;
    const char *text; /* NULL: free slot */
};

struct mxp_node {
    uint32_t fail, out; /* out: the nearest node with a phrase along the failure links; 0: none */
    uint16_t phrase;
};

struct mxp_edge {
    uint64_t key; /* node << 32 | word + 1; 0: free */
    uint32_t to;
};

struct mxp_rules {
    struct mxp_arena arena;
    struct mxp_rule *rules;
    size_t n_rules, size_rules;
    uint16_t *triggers;  /* by phrase: its first rule; UINT16_MAX: none */
    uint16_t *wordless;  /* rules without any phrase, in order */
    size_t n_wordless;
    size_t n_phrases;
    struct mxp_word *words; /* open addressing, by hash */
    size_t n_words, mask_words;
    struct mxp_node *nodes;
    size_t n_nodes, size_nodes;
    struct mxp_edge *edges;
    size_t n_edges, mask_edges;
    const char **providers;
    uint16_t n_providers, size_providers;
};

/* rules_text.c: read rules of a file (or a built-in one) behind those already there. */
int mxp_rules_read(struct mxp_rules *rules, const char *file, struct mxp_slice text,
                   struct mxp_why *why);

/* rules_match.c: phrases, and the automaton of them. */
int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase);
int mxp_rules_link(struct mxp_rules *rules); /* after the last phrase */

#define MXP_FOUND_MAX 512 /* distinct phrases in one reply; more are passed over */

struct mxp_found {
    uint64_t bits[MXP_PHRASES_MAX / 64];
    uint16_t list[MXP_FOUND_MAX];
    size_t n;
};
void mxp_rules_find(const struct mxp_rules *rules, struct mxp_slice text, struct mxp_found *ret);

#endif
