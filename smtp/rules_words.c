#include "smtp/rules.h"
#include "smtp/tokens.h"

#include <stdlib.h>
#include <string.h>

/* Words between which a phrase may stretch. */
static const char *const silent_words[] = {
    "a",    "an",    "the",   "is",    "are",    "was",       "were",     "be",
    "been", "being", "has",   "had",   "now",    "this",      "that",     "its",
    "his",  "her",   "their", "sorry", "please", "currently", "presently"};

static size_t words_size(const struct mxp_rules *rules)
{
    return rules->words ? (rules->mask_buckets + 1) * MXP_BUCKET : 0;
}

static void word_put(struct mxp_rules *rules, const struct mxp_word *word)
{
    size_t mask = rules->mask_buckets * MXP_BUCKET + MXP_BUCKET - 1;
    size_t at = mxp_rules_bucket(rules, word->hash) * MXP_BUCKET;
    while (rules->words[at].hash)
        at = (at + 1) & mask;
    rules->words[at] = *word;
}

static int words_grow(struct mxp_rules *rules)
{
    struct mxp_word *old = rules->words;
    size_t n = words_size(rules), size = n ? n * 2 : 2048;
    struct mxp_word *grown = aligned_alloc(64, size * sizeof *grown);
    if (!grown)
        return MXP_ENOMEM;
    memset(grown, 0, size * sizeof *grown);
    rules->words = grown;
    rules->mask_buckets = size / MXP_BUCKET - 1;
    rules->shift_words = 64 - (unsigned)__builtin_ctzll(size / MXP_BUCKET);
    for (size_t i = 0; i < n; i++)
        if (old[i].hash)
            word_put(rules, &old[i]);
    free(old);
    return 0;
}

static int word_new(struct mxp_rules *rules, const struct mxp_token *token, uint16_t id)
{
    if (rules->n_words >= words_size(rules) / 2) {
        int err = words_grow(rules);
        if (err)
            return err;
    }
    struct mxp_word word = {token->hash, 0, id};
    word_put(rules, &word);
    rules->n_words++;
    return 0;
}

static int word_get(struct mxp_rules *rules, const struct mxp_token *token, uint16_t *ret_id)
{
    struct mxp_word word = mxp_rules_word(rules, token->hash);
    if (word.id)
        return *ret_id = word.id, 0;
    if (rules->n_words >= MXP_WORD_SILENT - 1)
        return MXP_ETOOBIG;
    *ret_id = (uint16_t)(rules->n_words + 1);
    return word_new(rules, token, *ret_id);
}

static int node_new(struct mxp_rules *rules, uint32_t *ret_node)
{
    if (rules->n_nodes >= 1u << MXP_NODE_BITS)
        return MXP_ETOOBIG;
    if (rules->n_nodes >= rules->size_nodes) {
        size_t size = rules->size_nodes ? rules->size_nodes * 2 : 4096;
        struct mxp_node *nodes = realloc(rules->nodes, size * sizeof *nodes);
        if (!nodes)
            return MXP_ENOMEM;
        rules->nodes = nodes;
        rules->size_nodes = size;
    }
    *ret_node = (uint32_t)rules->n_nodes++;
    rules->nodes[*ret_node] = (struct mxp_node){0};
    return 0;
}

/* The root, and the words that are none. */
static int begin(struct mxp_rules *rules)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    uint32_t root;
    int err = node_new(rules, &root);
    if (!err)
        err = words_grow(rules);
    for (size_t i = 0; i < sizeof silent_words / sizeof *silent_words && !err; i++) {
        mxp_tokens_init(&tokens, mxp_slice_str(silent_words[i]), false);
        mxp_tokens_next(&tokens, &token);
        err = word_new(rules, &token, MXP_WORD_SILENT);
    }
    mxp_tokens_init(&tokens, MXP_SLICE_LIT("addr"), false);
    mxp_tokens_next(&tokens, &token);
    return err ? err : word_new(rules, &token, MXP_WORD_ADDRESS);
}

static int edges_grow(struct mxp_rules *rules)
{
    if (rules->edges && rules->n_edges * 2 < rules->mask_edges)
        return 0;
    mxp_edge *old = rules->edges;
    size_t n = old ? rules->mask_edges + 1 : 0, size = n ? n * 2 : 8192;
    rules->edges = calloc(size, sizeof *rules->edges);
    if (!rules->edges) {
        rules->edges = old;
        return MXP_ENOMEM;
    }
    rules->mask_edges = size - 1;
    for (size_t i = 0; i < n; i++)
        if (old[i])
            rules->edges[mxp_rules_edge_slot(rules, old[i] >> MXP_NODE_BITS)] = old[i];
    free(old);
    return 0;
}

static int child(struct mxp_rules *rules, uint32_t node, uint16_t word, uint32_t *ret_child)
{
    int err = edges_grow(rules);
    if (err)
        return err;
    *ret_child = mxp_rules_edge(rules, node, word);
    if (*ret_child)
        return 0;
    err = node_new(rules, ret_child);
    if (err)
        return err;
    uint64_t key = (uint64_t)node << 16 | word;
    rules->edges[mxp_rules_edge_slot(rules, key)] = key << MXP_NODE_BITS | *ret_child;
    rules->n_edges++;
    rules->nodes[node].edges |= UINT64_C(1) << word % 64;
    return 0;
}

static int phrase_new(struct mxp_rules *rules, uint32_t node, uint16_t len)
{
    if (rules->n_phrases >= MXP_PHRASES_MAX)
        return MXP_ETOOBIG;
    if (rules->n_phrases >= rules->size_phrases) {
        size_t size = rules->size_phrases ? rules->size_phrases * 2 : 4096;
        struct mxp_phrase *grown = realloc(rules->phrases, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        rules->phrases = grown;
        rules->size_phrases = size;
    }
    rules->phrases[rules->n_phrases++] = (struct mxp_phrase){.node = node, .len = len};
    rules->nodes[node].set = (uint16_t)rules->n_phrases;
    return 0;
}

/* "is full" would be found in every text with "full": who wants that shall write it. */
static int check_phrase(struct mxp_slice phrase, size_t n_words, size_t n_passed_over, bool address,
                        struct mxp_bad_term *ret_bad)
{
    if (n_words == 0 && !address)
        ret_bad->what = "a phrase without words that say something";
    else if (n_words == 1 && n_passed_over)
        ret_bad->what = "a phrase of which one word alone is looked for";
    else if (n_words > MXP_PHRASE_WORDS)
        ret_bad->what = "too many words in one phrase";
    else
        return 0;
    size_t len = phrase.len < sizeof ret_bad->phrase ? phrase.len : sizeof ret_bad->phrase - 1;
    if (len)
        memcpy(ret_bad->phrase, phrase.ptr, len);
    ret_bad->phrase[len] = '\0';
    return MXP_ECONFIG;
}

int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase,
                     struct mxp_bad_term *ret_bad)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    uint32_t node = 0;
    bool address = false;
    uint16_t n_words = 0, n_passed_over = 0;
    int err = rules->n_nodes ? 0 : begin(rules);
    mxp_tokens_init(&tokens, words, false);
    while (!err && mxp_tokens_next(&tokens, &token)) {
        uint16_t word;
        err = word_get(rules, &token, &word);
        if (err)
            break;
        address = address || word == MXP_WORD_ADDRESS;
        if (word >= MXP_WORD_SILENT) {
            n_passed_over++;
            continue;
        }
        err = child(rules, node, word, &node);
        n_words++;
    }
    if (!err)
        err = check_phrase(words, n_words, n_passed_over, address, ret_bad);
    if (!err && !rules->nodes[node].set)
        err = phrase_new(rules, node, n_words);
    if (!err)
        *ret_phrase = (uint16_t)(rules->nodes[node].set - 1);
    return err;
}

int mxp_rules_member(struct mxp_rules *rules, uint16_t phrase, uint16_t term)
{
    uint16_t len = rules->phrases[phrase].len;
    if (rules->n_members >= rules->size_members) {
        size_t size = rules->size_members ? rules->size_members * 2 : 4096;
        struct mxp_member *grown = realloc(rules->members, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        rules->members = grown;
        rules->size_members = size;
    }
    rules->members[rules->n_members++] = (struct mxp_member){phrase, term};
    rules->weights[term] += len > 2 ? 1 : len == 2 ? 3 : 20; /* rare, seldom, often */
    return 0;
}

#define SHORT_WORD 3 /* "no", "nie": beside them anything may stand */

void mxp_rules_mark(struct mxp_rules *rules, struct mxp_slice term)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    mxp_tokens_init(&tokens, term, false);
    while (mxp_tokens_next(&tokens, &token)) {
        uint16_t id = mxp_rules_word(rules, token.hash).id;
        if (id && id < MXP_WORD_SILENT && token.len > SHORT_WORD)
            rules->marks[id / 64] |= UINT64_C(1) << id % 64;
    }
}
