/*
 * Compiled classification rules, as classify.c applies them. docs/classification.md has
 * the language; this is its meaning.
 *
 * A text is a row of words (tokens.h). A phrase is a row of words that stand side by side; a
 * group is a set of phrases of which one must be there, and has a number among theirs. A
 * rule is a set of phrases and groups that must be there, another of those that must not,
 * conditions on stage, code, enhanced code and provider, and what follows. Of all rules that
 * hold, the first in order wins.
 */
#ifndef MXP_SMTP_RULES_H
#define MXP_SMTP_RULES_H

#include "core/arena.h"
#include "smtp/classify.h"

#define MXP_RULE_TERMS   6
#define MXP_RULES_MAX    8000
#define MXP_PHRASES_MAX  32768 /* phrases and groups */
#define MXP_NO_PHRASE    UINT16_MAX
#define MXP_STAGE_BIT(s) (1u << (s))
#define MXP_ANY_ENHANCED 0xffffu /* of one part of an enhanced code */

struct mxp_rule {
    uint16_t with[MXP_RULE_TERMS]; /* phrases; MXP_NO_PHRASE ends */
    const uint16_t *without;       /* likewise */
    uint32_t stages;               /* MXP_STAGE_BIT of each; 0: any */
    uint16_t provider;             /* 0: any */
    uint16_t code_from, code_to;   /* 0: any */
    struct mxp_enhanced enhanced;  /* klass 0: any; MXP_ANY_ENHANCED: any value of this part */
    uint8_t reason, limit;
    int8_t exists; /* enum mxp_tri */
    bool throttle, blocks_us, footprint;
    bool temporary; /* its words say that it will pass: never invalid */
    bool keeps;     /* the reason stands, but proves nothing: never invalid */
    bool quoted;    /* it quotes another server's final refusal: a 4xx may be invalid */
    uint16_t line;
    const char *file;
    const char *name; /* "file:line" */
    uint16_t next;    /* the next rule of the same trigger; UINT16_MAX ends */
};

/* A phrase is of a group. */
struct mxp_member {
    uint16_t phrase, group;
};

struct mxp_group;

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
    uint16_t *triggers; /* by phrase: its first rule; UINT16_MAX: none */
    uint16_t *wordless; /* rules without any phrase, in order */
    size_t n_wordless;
    size_t n_phrases;           /* and groups */
    struct mxp_member *members; /* sorted by phrase once linked */
    size_t n_members, size_members;
    uint32_t *first_member;   /* by phrase */
    struct mxp_group *groups; /* rules_text.c: by text */
    struct mxp_word *words;   /* open addressing, by hash */
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
void mxp_rules_read_end(struct mxp_rules *rules); /* after the last file */

/* rules_match.c: phrases, and the automaton of them. */
int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase);
int mxp_rules_member(struct mxp_rules *rules, uint16_t phrase, uint16_t group);
int mxp_rules_link(struct mxp_rules *rules); /* after the last phrase */

#define MXP_FOUND_MAX 1024 /* distinct phrases and groups in one reply; more are passed over */

struct mxp_found {
    uint64_t bits[MXP_PHRASES_MAX / 64];
    uint16_t list[MXP_FOUND_MAX];
    size_t n;
};
void mxp_rules_find(const struct mxp_rules *rules, struct mxp_slice text, struct mxp_found *ret);

#endif
