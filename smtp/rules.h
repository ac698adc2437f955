/*
 * Compiled classification rules, as classify.c applies them. docs/classification.md has
 * the language; this is its meaning.
 *
 * A text is a row of words (tokens.h). A phrase is a row of words that stand side by side; a
 * term is a set of phrases of which one must be there, or a pair of terms near each other. A
 * rule is a set of terms that must be there, another of those that must not, conditions on
 * stage, code, enhanced code and provider, and what follows. Of all rules that hold, the first
 * in order wins.
 */
#ifndef MXP_SMTP_RULES_H
#define MXP_SMTP_RULES_H

#include "core/arena.h"
#include "smtp/classify.h"
#include "smtp/judge.h"
#include "smtp/tokens.h"

#include <string.h>

#define MXP_RULE_TERMS   6
#define MXP_LETS_MAX     128
#define MXP_RULES_MAX    8000
#define MXP_PHRASES_MAX  65024
#define MXP_TERMS_MAX    4096
#define MXP_NO_TERM      UINT16_MAX
#define MXP_STAGE_BIT(s) (1u << (s))
#define MXP_WORDS_KNOWN  0xffu   /* beside the marked ones they are in some rule */
#define MXP_WORDS_ALL    0xfeu   /* all of them are */
#define MXP_ANY_ENHANCED 0xffffu /* of one part of an enhanced code */

struct mxp_rule {
    uint16_t with[MXP_RULE_TERMS]; /* terms; MXP_NO_TERM ends */
    uint16_t *without;             /* likewise */
    uint32_t stages;               /* MXP_STAGE_BIT of each; 0: any */
    uint16_t provider;             /* 0: any */
    uint16_t code_from, code_to;   /* 0: any */
    struct mxp_enhanced enhanced;  /* klass 0: any; MXP_ANY_ENHANCED: any value of this part */
    uint8_t reason, limit;
    int8_t exists; /* enum mxp_tri */
    bool throttle, blocks_us, footprint;
    bool keeps;    /* the reason stands, but proves nothing: never invalid */
    bool also;     /* decides nothing: what follows is added wherever a rule gave its reason */
    uint8_t words; /* the text says at most one less; 0: any; MXP_WORDS_KNOWN */
    uint16_t line;
    const char *file;
    const char *name; /* "file:line" */
};

struct mxp_phrase {
    uint32_t node; /* 0: "addr" alone */
    uint32_t first_member, end_member;
    uint16_t len; /* words */
};

/* A phrase is of a term. */
struct mxp_member {
    uint16_t phrase, term;
};

struct mxp_term;

/* The automaton over words (Aho and Corasick, 1975, with words for letters). Words that say
 * nothing ("the", "is", "please") are passed over, and so are addresses, so that "mailbox full"
 * is found in "The mailbox <x> is full". */
struct mxp_word {
    uint64_t hash; /* stands for the word; 0: free slot */
    uint32_t root; /* the node behind the root's edge of this word; 0: none */
    uint16_t id;   /* 1 ..; MXP_WORD_SILENT, MXP_WORD_ADDRESS */
};

#define MXP_BUCKET       4 /* words, in one line of the processor's cache */
#define MXP_WORD_SILENT  0xfffeu
#define MXP_WORD_ADDRESS 0xffffu

/* Four of them share a line of the processor's cache. They are numbered breadth first, so that
 * those near the root, where most of the search is, lie side by side. */
struct mxp_node {
    uint64_t edges; /* the words of its edges, each as the bit of its id modulo 64: most that have
                       none are told without a look at the table */
    uint32_t fail;  /* once linked: the nearest node along the failure links that has edges */
    uint16_t set;   /* the terms of all phrases that end here: which of sets; before mxp_rules_end
                       its phrase's number and one; 0: none */
    uint16_t ends;  /* likewise the parts of pairs: which of ends; 0: none */
};

/* From node << 16 | word in the upper bits to the node in the lower ones; 0: free. */
typedef uint64_t mxp_edge;

#define MXP_NODE_BITS 24

/* A rule without terms; they stand by the enhanced code that they ask for, or else by the first
 * digit of the code, those for any code with all ten. */
struct mxp_wordless {
    uint16_t rule;
    uint32_t next; /* MXP_WORDLESS_END ends */
};

#define MXP_WORDLESS_END     UINT32_MAX
#define MXP_WORDLESS_SLOTS   256
#define MXP_WORDLESS_CLASSES 10
#define MXP_SET_STEP         4 /* words of a bit set that are joined at once */

/* What a rule asks that can be asked at once, apart from the rest, for the cache's sake. */
struct mxp_rule_key {
    uint16_t code_from, code_to;
    uint16_t stages, provider;
    uint16_t also; /* one more term that must be there */
    uint16_t next; /* the next rule of the same trigger; UINT16_MAX ends */
};

/* "a ~ b": b begins at most MXP_PAIR_GAP words behind a. */
struct mxp_pair {
    uint16_t first, second, id;
};

#define MXP_PAIRS_MAX    128
#define MXP_PAIR_GAP     3
#define MXP_PHRASE_WORDS 24 /* of one phrase; so far back a pair's first part is looked for */

/* Pairs, each as the bit of its number. */
__extension__ typedef unsigned __int128 mxp_pair_bits;
_Static_assert(MXP_PAIRS_MAX <= 8 * sizeof(mxp_pair_bits), "a bit for each pair");

/* The parts of pairs that end at a node. */
struct mxp_ends {
    mxp_pair_bits firsts;  /* of all phrases that end here */
    mxp_pair_bits seconds; /* of one of them, of len words; the shorter ones are at next */
    uint16_t len;
    uint16_t next; /* 0: none */
    uint32_t reserved[3];
};

struct mxp_let {
    struct mxp_slice name, value;
};

struct mxp_rules {
    struct mxp_arena arena;
    struct mxp_rule *rules;
    struct mxp_rule_key *keys; /* likewise */
    size_t n_rules, size_rules;
    uint16_t *triggers; /* by term: its first rule. The first n_triggers terms have rules, and are
                           in the order of these */
    size_t n_triggers;
    size_t n_asked;                /* the terms behind these are parts of pairs alone */
    size_t n_judge_terms;          /* the first ones, before they are renumbered */
    struct mxp_wordless *wordless; /* rules without any term */
    size_t n_wordless;
    uint32_t wordless_any[MXP_WORDLESS_CLASSES]; /* those that ask for no exact enhanced code */
    uint32_t wordless_slots[MXP_WORDLESS_SLOTS]; /* the others; MXP_WORDLESS_END: none */
    uint16_t also;  /* the first rule that only adds; by key.next; UINT16_MAX: none */
    uint64_t *sets; /* distinct ones; the first is empty */
    size_t n_sets, n_set_words;
    struct mxp_phrase *phrases;
    size_t n_phrases, size_phrases;
    size_t n_terms;
    uint32_t weights[MXP_TERMS_MAX]; /* by term: how often it may be found, roughly */
    uint16_t always;                 /* the term that is found in every text */
    struct mxp_member *members;      /* sorted by phrase once linked */
    size_t n_members, size_members;
    struct mxp_pair pairs[MXP_PAIRS_MAX];
    size_t n_pairs;
    struct mxp_ends *ends; /* distinct ones; the first is none */
    size_t n_ends;
    struct mxp_term *terms; /* rules_terms.c: by text */
    struct mxp_word *words; /* in buckets, by hash */
    size_t n_words, mask_buckets;
    unsigned shift_words; /* the upper bits of a hash tell the bucket */
    struct mxp_node *nodes;
    struct mxp_node address; /* what is found at an address */
    size_t n_nodes, size_nodes;
    mxp_edge *edges;
    size_t n_edges, mask_edges;
    uint64_t marks[UINT16_MAX / 64 + 1]; /* words, each as the bit of its id: see MXP_WORDS_KNOWN */
    struct mxp_let lets[MXP_LETS_MAX];
    size_t n_lets;
    const char **providers;
    uint16_t n_providers, size_providers;
    struct mxp_judge_terms judge;
};

/* rules_read.c: read rules of a file (or a built-in one) behind those already there. */
int mxp_rules_read(struct mxp_rules *rules, const char *file, struct mxp_slice text,
                   struct mxp_why *why);

/* What is wrong with a term, and its phrase of which that is true; empty: the term as a whole. */
struct mxp_bad_term {
    const char *what; /* NULL: nothing, or an error that is no fault of the term */
    char phrase[64];  /* cut to fit */
};

/* rules_terms.c: the number of a term: "a b", "(a|b) c", or a pair "a ~ b". MXP_ECONFIG: see
 * ret_bad. */
int mxp_rules_term(struct mxp_rules *rules, struct mxp_slice term, uint16_t *ret_id,
                   struct mxp_bad_term *ret_bad);
void mxp_rules_terms_end(struct mxp_rules *rules); /* after the last term */

/* rules_words.c: phrases, and the automaton of them. */
int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase,
                     struct mxp_bad_term *ret_bad);
int mxp_rules_member(struct mxp_rules *rules, uint16_t phrase, uint16_t term);
/* Mark the words of a term that is already there, but the short ones. */
void mxp_rules_mark(struct mxp_rules *rules, struct mxp_slice term);
/* After the last phrase: rules_index.c: by which term each rule is looked up; */
int mxp_rules_index(struct mxp_rules *rules);
/* then rules_link.c: the automaton's numbers and failure links; */
int mxp_rules_link(struct mxp_rules *rules);
/* then rules_ends.c: the terms and pairs that are found at each node. */
int mxp_rules_end(struct mxp_rules *rules);

/* Where a wordless rule that asks for this enhanced code is looked up. */
static inline unsigned mxp_wordless_slot(unsigned subject, unsigned detail)
{
    return (subject * 37u + detail) % MXP_WORDLESS_SLOTS;
}

/* rules_match.c */
struct mxp_found {
    uint64_t bits[MXP_TERMS_MAX / 64]; /* the first n_set_words of them */
};
void mxp_rules_find(const struct mxp_rules *rules, struct mxp_slice text, struct mxp_found *ret);

static inline uint32_t mxp_edge_to(mxp_edge edge)
{
    return (uint32_t)(edge & ((1u << MXP_NODE_BITS) - 1));
}

static inline size_t mxp_rules_edge_slot(const struct mxp_rules *rules, uint64_t key)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 40) & rules->mask_edges;
    while (rules->edges[at] && rules->edges[at] >> MXP_NODE_BITS != key)
        at = (at + 1) & rules->mask_edges;
    return at;
}

/* 0: none. */
static inline uint32_t mxp_rules_edge(const struct mxp_rules *rules, uint32_t node, uint16_t word)
{
    return mxp_edge_to(rules->edges[mxp_rules_edge_slot(rules, (uint64_t)node << 16 | word)]);
}

/* The bucket of a word; the words of a bucket that is full go on in the next one. */
static inline size_t mxp_rules_bucket(const struct mxp_rules *rules, uint64_t hash)
{
    return (size_t)(hash >> rules->shift_words);
}

/* Its id and root; id 0: it is in no rule. No branch depends on the word but for full buckets, as
 * it could not be foreseen. */
static inline struct mxp_word mxp_rules_word(const struct mxp_rules *rules, uint64_t hash)
{
    size_t at = mxp_rules_bucket(rules, hash);
    for (;; at = (at + 1) & rules->mask_buckets) {
        const struct mxp_word *bucket = rules->words + at * MXP_BUCKET;
        unsigned place = (unsigned)(bucket[1].hash == hash) + 2u * (bucket[2].hash == hash) +
                         3u * (bucket[3].hash == hash);
        struct mxp_word word = bucket[place];
        bool found = word.hash == hash;
        word.id = (uint16_t)(word.id & -(unsigned)found);
        word.root &= -(uint32_t)found;
        if (__builtin_expect(found | !bucket[MXP_BUCKET - 1].hash, 1))
            return word;
    }
}

static inline bool mxp_found_has(const struct mxp_found *found, uint16_t id)
{
    return found->bits[id / 64] >> id % 64 & 1;
}

struct mxp_asked {
    const struct mxp_reply *reply;
    const struct mxp_found *found;
    enum mxp_stage stage;
    uint16_t provider;
};

/* The first rule that holds, in order, and what "also" rules add to it; false: none holds. */
bool mxp_rules_first(const struct mxp_rules *rules, const struct mxp_asked *asked,
                     struct mxp_rule *ret);

#endif
