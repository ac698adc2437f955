#include "smtp/rules.h"

#include <stdlib.h>
#include <string.h>

/* Rows of 64-bit numbers, each kept once. */
struct distinct {
    uint64_t *rows;
    size_t n, width;
    uint32_t *slots; /* by hash, open addressing: a row's number and one; 0: free */
};

#define SLOTS 131072
_Static_assert(MXP_PHRASES_MAX < SLOTS, "a slot stays free");
_Static_assert(sizeof(struct mxp_ends) % sizeof(uint64_t) == 0, "a row");

/* The first row, all 0, is there from the start. */
static int distinct_init(struct distinct *distinct, size_t most, size_t width)
{
    *distinct = (struct distinct){calloc((most + 2) * width, sizeof *distinct->rows), 1, width,
                                  calloc(SLOTS, sizeof *distinct->slots)};
    return distinct->rows && distinct->slots ? 0 : MXP_ENOMEM;
}

static uint64_t *distinct_new(const struct distinct *distinct)
{
    return distinct->rows + distinct->n * distinct->width;
}

/* The number of the row that distinct_new gave, or of one like it. */
static uint16_t distinct_keep(struct distinct *distinct)
{
    const uint64_t *row = distinct_new(distinct);
    size_t width = distinct->width;
    uint64_t hash = 0;
    for (size_t i = 0; i < width; i++) {
        hash = (hash ^ row[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    size_t at = (size_t)hash & (SLOTS - 1);
    for (; distinct->slots[at]; at = (at + 1) & (SLOTS - 1)) {
        uint32_t other = distinct->slots[at] - 1;
        if (memcmp(distinct->rows + other * width, row, width * sizeof *row) == 0)
            return (uint16_t)other;
    }
    distinct->slots[at] = (uint32_t)(distinct->n + 1);
    return (uint16_t)distinct->n++;
}

/* The rows, for the caller to free. */
static void *distinct_end(struct distinct *distinct)
{
    free(distinct->slots);
    if (!distinct->rows)
        return NULL;
    uint64_t *less =
        realloc(distinct->rows, (distinct->n + 1) * distinct->width * sizeof *distinct->rows);
    return less ? less : distinct->rows;
}

struct pairs_of { /* a term */
    mxp_pair_bits first, second;
};

struct build {
    struct mxp_rules *rules;
    struct pairs_of *pairs; /* by term */
    struct distinct sets, ends;
};

static int by_member(const void *a, const void *b)
{
    const struct mxp_member *x = a, *y = b;
    return x->phrase != y->phrase ? (x->phrase < y->phrase ? -1 : 1)
                                  : (x->term > y->term) - (x->term < y->term);
}

static void sort_members(struct mxp_rules *rules)
{
    size_t at = 0;
    if (rules->n_members)
        qsort(rules->members, rules->n_members, sizeof *rules->members, by_member);
    for (size_t phrase = 0; phrase < rules->n_phrases; phrase++) {
        rules->phrases[phrase].first_member = (uint32_t)at;
        while (at < rules->n_members && rules->members[at].phrase == phrase)
            at++;
        rules->phrases[phrase].end_member = (uint32_t)at;
    }
}

/* What is found at the node of a phrase, where fail is the longest other one that ends there. */
static void end_phrase(struct build *build, const struct mxp_phrase *phrase,
                       const struct mxp_node *fail, struct mxp_node *ret)
{
    size_t width = build->sets.width;
    uint64_t *set = distinct_new(&build->sets);
    memcpy(set, build->sets.rows + fail->set * width, width * sizeof *set);
    struct mxp_ends ends = {.len = phrase->len};
    const struct mxp_ends *others = (const struct mxp_ends *)build->ends.rows;
    for (uint32_t i = phrase->first_member; i < phrase->end_member; i++) {
        uint16_t term = build->rules->members[i].term;
        if (term < build->rules->n_asked)
            set[term / 64] |= UINT64_C(1) << term % 64;
        ends.firsts |= build->pairs[term].first;
        ends.seconds |= build->pairs[term].second;
    }
    ret->set = distinct_keep(&build->sets);
    ret->ends = fail->ends;
    if (!ends.firsts && !ends.seconds)
        return;
    ends.firsts |= others[fail->ends].firsts;
    ends.next = others[fail->ends].seconds ? fail->ends : others[fail->ends].next;
    memcpy(distinct_new(&build->ends), &ends, sizeof ends);
    ret->ends = distinct_keep(&build->ends);
}

/* A parent is before its children, and what a failure link leads to before both. */
static void end_nodes(struct build *build)
{
    struct mxp_rules *rules = build->rules;
    static const struct mxp_node none;
    for (size_t i = 0; i < rules->n_nodes; i++) {
        struct mxp_node *node = &rules->nodes[i], *fail = &rules->nodes[node->fail];
        uint16_t phrase = node->set;
        if (i == 0) {
            if (phrase)
                end_phrase(build, &rules->phrases[phrase - 1], &none, &rules->address);
            node->set = 0;
            continue;
        }
        if (phrase) {
            end_phrase(build, &rules->phrases[phrase - 1], fail, node);
        } else {
            node->set = fail->set;
            node->ends = fail->ends;
        }
        if (!fail->edges)
            node->fail = fail->fail;
    }
}

int mxp_rules_end(struct mxp_rules *rules)
{
    struct build build = {.rules = rules, .pairs = calloc(rules->n_terms, sizeof *build.pairs)};
    int err = build.pairs ? 0 : MXP_ENOMEM;
    if (!err)
        err = distinct_init(&build.sets, rules->n_phrases, rules->n_set_words);
    if (!err)
        err = distinct_init(&build.ends, rules->n_phrases,
                            sizeof(struct mxp_ends) / sizeof(uint64_t));
    for (size_t i = 0; i < rules->n_pairs && !err; i++) {
        build.pairs[rules->pairs[i].first].first |= (mxp_pair_bits)1 << i;
        build.pairs[rules->pairs[i].second].second |= (mxp_pair_bits)1 << i;
    }
    if (!err) {
        sort_members(rules);
        end_nodes(&build);
    }
    free(build.pairs);
    rules->n_sets = build.sets.n;
    rules->sets = distinct_end(&build.sets);
    rules->n_ends = build.ends.n;
    rules->ends = distinct_end(&build.ends);
    return err;
}
