#include "smtp/rules.h"
#include "smtp/tokens.h"

#include <stdlib.h>
#include <string.h>

/* Words between which a phrase may stretch. */
static const char *const silent_words[] = {
    "a",    "an",  "the",  "is",   "are", "was", "were", "be",    "been",  "being",  "has",
    "had",  "now", "this", "that", "its", "his", "her",  "their", "sorry", "please", "currently",
    "presently"};

const struct mxp_word *mxp_rules_word(const struct mxp_rules *rules, uint32_t hash,
                                      const char *text, size_t len)
{
    for (size_t at = hash & rules->mask_words; rules->words[at].text;
         at = (at + 1) & rules->mask_words) {
        const struct mxp_word *word = &rules->words[at];
        if (word->hash == hash && word->len == len && memcmp(word->text, text, len) == 0)
            return word;
    }
    return NULL;
}

static void word_put(struct mxp_word *words, size_t mask, const struct mxp_word *word)
{
    size_t at = word->hash & mask;
    while (words[at].text)
        at = (at + 1) & mask;
    words[at] = *word;
}

static int words_grow(struct mxp_rules *rules)
{
    size_t size = rules->words ? (rules->mask_words + 1) * 2 : 2048;
    struct mxp_word *grown = calloc(size, sizeof *grown);
    if (!grown)
        return MXP_ENOMEM;
    for (size_t i = 0; rules->words && i <= rules->mask_words; i++)
        if (rules->words[i].text)
            word_put(grown, size - 1, &rules->words[i]);
    free(rules->words);
    rules->words = grown;
    rules->mask_words = size - 1;
    return 0;
}

static int word_new(struct mxp_rules *rules, const struct mxp_token *token, uint16_t id)
{
    if (rules->n_words >= rules->mask_words / 2) {
        int err = words_grow(rules);
        if (err)
            return err;
    }
    char *text = mxp_arena_strdup(&rules->arena, (struct mxp_slice){token->text, token->len});
    if (!text)
        return MXP_ENOMEM;
    struct mxp_word word = {token->hash, (uint16_t)token->len, id, text};
    word_put(rules->words, rules->mask_words, &word);
    rules->n_words++;
    return 0;
}

static int word_get(struct mxp_rules *rules, const struct mxp_token *token, uint16_t *ret_id)
{
    const struct mxp_word *word = mxp_rules_word(rules, token->hash, token->text, token->len);
    if (word)
        return *ret_id = word->id, 0;
    if (rules->n_words >= MXP_WORD_SILENT - 1)
        return MXP_ETOOBIG;
    *ret_id = (uint16_t)(rules->n_words + 1);
    return word_new(rules, token, *ret_id);
}

static int node_new(struct mxp_rules *rules, uint32_t *ret_node)
{
    if (rules->n_nodes >= rules->size_nodes) {
        size_t size = rules->size_nodes ? rules->size_nodes * 2 : 4096;
        struct mxp_node *nodes = realloc(rules->nodes, size * sizeof *nodes);
        if (!nodes)
            return MXP_ENOMEM;
        rules->nodes = nodes;
        rules->size_nodes = size;
    }
    *ret_node = (uint32_t)rules->n_nodes++;
    rules->nodes[*ret_node] = (struct mxp_node){.phrase = MXP_NO_PHRASE, .leaf = true};
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
    rules->weights = calloc(MXP_PHRASES_MAX, sizeof *rules->weights);
    rules->lens = calloc(MXP_PHRASES_MAX, sizeof *rules->lens);
    if (!rules->weights || !rules->lens)
        return MXP_ENOMEM;
    for (size_t i = 0; i < sizeof silent_words / sizeof *silent_words && !err; i++) {
        mxp_tokens_init(&tokens, mxp_slice_str(silent_words[i]), false);
        mxp_tokens_next(&tokens, &token);
        err = word_new(rules, &token, MXP_WORD_SILENT);
    }
    mxp_tokens_init(&tokens, MXP_SLICE_LIT("addr"), false);
    mxp_tokens_next(&tokens, &token);
    return err ? err : word_new(rules, &token, MXP_WORD_ADDRESS);
}

static size_t edge_slot(const struct mxp_rules *rules, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(h >> 40) & rules->mask_edges;
    while (rules->edges[at].key && rules->edges[at].key != key)
        at = (at + 1) & rules->mask_edges;
    return at;
}

uint32_t mxp_rules_edge(const struct mxp_rules *rules, uint32_t node, uint16_t word)
{
    const struct mxp_edge *edge =
        &rules->edges[edge_slot(rules, (uint64_t)node << 16 | word)];
    return edge->key ? edge->to : 0;
}

static int edges_grow(struct mxp_rules *rules)
{
    if (rules->edges && rules->n_edges * 2 < rules->mask_edges)
        return 0;
    struct mxp_edge *old = rules->edges;
    size_t n = old ? rules->mask_edges + 1 : 0, size = n ? n * 2 : 8192;
    rules->edges = calloc(size, sizeof *rules->edges);
    if (!rules->edges) {
        rules->edges = old;
        return MXP_ENOMEM;
    }
    rules->mask_edges = size - 1;
    for (size_t i = 0; i < n; i++)
        if (old[i].key)
            rules->edges[edge_slot(rules, old[i].key)] = old[i];
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
    rules->edges[edge_slot(rules, key)] = (struct mxp_edge){key, *ret_child};
    rules->n_edges++;
    rules->nodes[node].leaf = false;
    return 0;
}

static int phrase_of(struct mxp_rules *rules, uint16_t *ret_phrase)
{
    if (*ret_phrase == MXP_NO_PHRASE) {
        if (rules->n_phrases >= MXP_PHRASES_MAX)
            return MXP_ETOOBIG;
        *ret_phrase = (uint16_t)rules->n_phrases++;
    }
    return 0;
}

int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    uint32_t node = 0;
    bool address = false;
    uint32_t n_words = 0;
    int err = rules->n_nodes ? 0 : begin(rules);
    mxp_tokens_init(&tokens, words, false);
    while (!err && mxp_tokens_next(&tokens, &token)) {
        uint16_t word;
        err = word_get(rules, &token, &word);
        address = address || (!err && word == MXP_WORD_ADDRESS);
        if (!err && word < MXP_WORD_SILENT) {
            err = child(rules, node, word, &node);
            n_words++;
        }
    }
    if (err)
        return err;
    if (node == 0 && !address)
        return MXP_ESYNTAX;
    err = phrase_of(rules, &rules->nodes[node].phrase);
    *ret_phrase = rules->nodes[node].phrase;
    if (!err)
        rules->lens[*ret_phrase] = (uint8_t)(n_words > UINT8_MAX ? UINT8_MAX : n_words);
    if (!err)
        rules->weights[*ret_phrase] = n_words > 2 ? 1 : n_words == 2 ? 3 : 20;
    return err;
}

int mxp_rules_member(struct mxp_rules *rules, uint16_t phrase, uint16_t group)
{
    if (rules->n_members >= rules->size_members) {
        size_t size = rules->size_members ? rules->size_members * 2 : 4096;
        struct mxp_member *grown = realloc(rules->members, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        rules->members = grown;
        rules->size_members = size;
    }
    rules->members[rules->n_members++] = (struct mxp_member){phrase, group};
    rules->weights[group] += rules->weights[phrase];
    return 0;
}

static int by_phrase(const void *a, const void *b)
{
    const struct mxp_member *x = a, *y = b;
    return x->phrase != y->phrase ? (x->phrase < y->phrase ? -1 : 1)
                                  : (x->group > y->group) - (x->group < y->group);
}

static int link_members(struct mxp_rules *rules)
{
    rules->first_member = calloc(rules->n_phrases + 1, sizeof *rules->first_member);
    if (!rules->first_member)
        return MXP_ENOMEM;
    if (rules->n_members)
        qsort(rules->members, rules->n_members, sizeof *rules->members, by_phrase);
    size_t at = 0;
    for (size_t phrase = 0; phrase <= rules->n_phrases; phrase++) {
        while (at < rules->n_members && rules->members[at].phrase < phrase)
            at++;
        rules->first_member[phrase] = (uint32_t)at;
    }
    return 0;
}

/* The root's edges by word, as they are asked for most. */
static int link_root(struct mxp_rules *rules)
{
    rules->root = calloc(rules->n_words + 2, sizeof *rules->root);
    if (!rules->root)
        return MXP_ENOMEM;
    for (size_t i = 0; rules->edges && i <= rules->mask_edges; i++)
        if (rules->edges[i].key && rules->edges[i].key >> 16 == 0)
            rules->root[rules->edges[i].key & 0xffff] = rules->edges[i].to;
    return 0;
}

struct links {
    uint32_t *queue;
    size_t *first;
    struct mxp_edge *by_node;
};

static void sort_edges(const struct mxp_rules *rules, const struct links *links)
{
    size_t n_slots = rules->edges ? rules->mask_edges + 1 : 0;
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i].key)
            links->first[(rules->edges[i].key >> 16) + 2]++;
    for (size_t i = 2; i <= rules->n_nodes + 1; i++)
        links->first[i] += links->first[i - 1];
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i].key)
            links->by_node[links->first[(rules->edges[i].key >> 16) + 1]++] = rules->edges[i];
}

/* Nodes are numbered so that a parent comes before its children, but their failure links go
 * by depth: edges are followed level by level. */
static void link_failures(struct mxp_rules *rules, const struct links *links)
{
    size_t head = 0, tail = 0;
    links->queue[tail++] = 0;
    while (head < tail && rules->n_nodes) {
        uint32_t node = links->queue[head++];
        for (size_t i = links->first[node]; i < links->first[node + 1]; i++) {
            uint16_t word = (uint16_t)(links->by_node[i].key & 0xffff);
            uint32_t to = links->by_node[i].to, fail = rules->nodes[node].fail, next = 0;
            while (node && !(next = mxp_rules_edge(rules, fail, word)) && fail)
                fail = rules->nodes[fail].fail;
            rules->nodes[to].fail = next;
            bool has = rules->nodes[next].phrase != MXP_NO_PHRASE;
            rules->nodes[to].out = next && has ? next : rules->nodes[next].out;
            links->queue[tail++] = to;
        }
    }
}

int mxp_rules_link(struct mxp_rules *rules)
{
    struct links links = {
        malloc((rules->n_nodes + 1) * sizeof *links.queue),
        calloc(rules->n_nodes + 3, sizeof *links.first),
        calloc(rules->n_edges + 1, sizeof *links.by_node),
    };
    int err = links.queue && links.first && links.by_node ? 0 : MXP_ENOMEM;
    if (!err) {
        sort_edges(rules, &links);
        link_failures(rules, &links);
        err = link_root(rules);
    }
    free(links.queue);
    free(links.first);
    free(links.by_node);
    return err ? err : link_members(rules);
}
