#include "smtp/rules.h"
#include "smtp/tokens.h"

#include <stdlib.h>
#include <string.h>

#define NO_WORD UINT32_MAX

static uint32_t word_find(const struct mxp_rules *rules, const struct mxp_token *token)
{
    if (!rules->words)
        return NO_WORD;
    for (size_t at = token->hash & rules->mask_words; rules->words[at].text;
         at = (at + 1) & rules->mask_words) {
        const struct mxp_word *word = &rules->words[at];
        if (word->hash == token->hash && word->len == token->len &&
            memcmp(word->text, token->text, token->len) == 0)
            return (uint32_t)at;
    }
    return NO_WORD;
}

/* Slots are the words' numbers, so the table must not move: it has its size from the start. */
static int word_get(struct mxp_rules *rules, const struct mxp_token *token, uint32_t *ret_word)
{
    if (!rules->words) {
        rules->mask_words = 32768 - 1;
        rules->words = calloc(rules->mask_words + 1, sizeof *rules->words);
        if (!rules->words)
            return MXP_ENOMEM;
    }
    *ret_word = word_find(rules, token);
    if (*ret_word != NO_WORD)
        return 0;
    if (rules->n_words >= rules->mask_words / 2)
        return MXP_ETOOBIG;
    char *text = mxp_arena_strdup(&rules->arena, (struct mxp_slice){token->text, token->len});
    if (!text)
        return MXP_ENOMEM;
    size_t at = token->hash & rules->mask_words;
    while (rules->words[at].text)
        at = (at + 1) & rules->mask_words;
    rules->words[at] = (struct mxp_word){token->hash, (uint16_t)token->len, text};
    rules->n_words++;
    *ret_word = (uint32_t)at;
    return 0;
}

static size_t edge_slot(const struct mxp_rules *rules, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(h >> 32) & rules->mask_edges;
    while (rules->edges[at].key && rules->edges[at].key != key)
        at = (at + 1) & rules->mask_edges;
    return at;
}

static uint32_t edge_find(const struct mxp_rules *rules, uint32_t node, uint32_t word)
{
    const struct mxp_edge *edge =
        &rules->edges[edge_slot(rules, (uint64_t)node << 32 | (word + 1))];
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
    rules->nodes[*ret_node] = (struct mxp_node){.phrase = MXP_NO_PHRASE};
    return 0;
}

static int child(struct mxp_rules *rules, uint32_t node, uint32_t word, uint32_t *ret_child)
{
    int err = edges_grow(rules);
    if (err)
        return err;
    *ret_child = edge_find(rules, node, word);
    if (*ret_child)
        return 0;
    err = node_new(rules, ret_child);
    if (err)
        return err;
    uint64_t key = (uint64_t)node << 32 | (word + 1);
    rules->edges[edge_slot(rules, key)] = (struct mxp_edge){key, *ret_child};
    rules->n_edges++;
    return 0;
}

int mxp_rules_phrase(struct mxp_rules *rules, struct mxp_slice words, uint16_t *ret_phrase)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    uint32_t node = 0, root;
    int err = rules->n_nodes ? 0 : node_new(rules, &root);
    mxp_tokens_init(&tokens, words, false);
    while (!err && mxp_tokens_next(&tokens, &token)) {
        uint32_t word;
        err = word_get(rules, &token, &word);
        if (!err)
            err = child(rules, node, word, &node);
    }
    if (err)
        return err;
    if (node == 0)
        return MXP_ESYNTAX;
    if (rules->nodes[node].phrase == MXP_NO_PHRASE) {
        if (rules->n_phrases >= MXP_PHRASES_MAX)
            return MXP_ETOOBIG;
        rules->nodes[node].phrase = (uint16_t)rules->n_phrases++;
    }
    *ret_phrase = rules->nodes[node].phrase;
    return 0;
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

/* Nodes are numbered so that a parent comes before its children, but their failure links go
 * by depth: edges are followed level by level. */
int mxp_rules_link(struct mxp_rules *rules)
{
    uint32_t *queue = malloc((rules->n_nodes + 1) * sizeof *queue);
    size_t *first = calloc(rules->n_nodes + 2, sizeof *first);
    struct mxp_edge *by_node = malloc((rules->n_edges + 1) * sizeof *by_node);
    if (!queue || !first || !by_node) {
        free(queue);
        free(first);
        free(by_node);
        return MXP_ENOMEM;
    }
    size_t n_slots = rules->edges ? rules->mask_edges + 1 : 0;
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i].key)
            first[(rules->edges[i].key >> 32) + 2]++;
    for (size_t i = 2; i <= rules->n_nodes + 1; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i].key)
            by_node[first[(rules->edges[i].key >> 32) + 1]++] = rules->edges[i];
    size_t head = 0, tail = 0;
    queue[tail++] = 0;
    while (head < tail && rules->n_nodes) {
        uint32_t node = queue[head++];
        for (size_t i = first[node]; i < first[node + 1]; i++) {
            /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all are set */
            uint32_t word = (uint32_t)(by_node[i].key & UINT32_MAX) - 1, to = by_node[i].to;
            uint32_t fail = rules->nodes[node].fail, next = 0;
            while (node && !(next = edge_find(rules, fail, word)) && fail)
                fail = rules->nodes[fail].fail;
            rules->nodes[to].fail = next;
            bool has = rules->nodes[next].phrase != MXP_NO_PHRASE;
            rules->nodes[to].out = next && has ? next : rules->nodes[next].out;
            queue[tail++] = to;
        }
    }
    free(queue);
    free(first);
    free(by_node);
    return link_members(rules);
}

static bool set(struct mxp_found *ret, uint16_t phrase)
{
    uint64_t bit = UINT64_C(1) << phrase % 64;
    if ((ret->bits[phrase / 64] & bit) || ret->n >= MXP_FOUND_MAX)
        return false;
    ret->bits[phrase / 64] |= bit;
    ret->list[ret->n++] = phrase;
    return true;
}

static void found(const struct mxp_rules *rules, struct mxp_found *ret, uint16_t phrase)
{
    if (!set(ret, phrase))
        return;
    for (uint32_t i = rules->first_member[phrase]; i < rules->first_member[phrase + 1]; i++)
        set(ret, rules->members[i].group);
}

void mxp_rules_find(const struct mxp_rules *rules, struct mxp_slice text, struct mxp_found *ret)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    uint32_t node = 0;
    memset(ret->bits, 0, (rules->n_phrases + 63) / 64 * sizeof *ret->bits);
    ret->n = 0;
    mxp_tokens_init(&tokens, text, true);
    while (mxp_tokens_next(&tokens, &token)) {
        uint32_t word = word_find(rules, &token), next = 0;
        if (word == NO_WORD) {
            node = 0;
            continue;
        }
        while (!(next = edge_find(rules, node, word)) && node)
            node = rules->nodes[node].fail;
        node = next;
        uint32_t out = node;
        if (out && rules->nodes[out].phrase == MXP_NO_PHRASE)
            out = rules->nodes[out].out;
        for (; out; out = rules->nodes[out].out)
            found(rules, ret, rules->nodes[out].phrase);
    }
}
