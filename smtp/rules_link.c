#include "smtp/rules.h"

#include <stdlib.h>
#include <string.h>

static uint32_t from_of(mxp_edge edge)
{
    return (uint32_t)(edge >> (MXP_NODE_BITS + 16));
}

static uint16_t word_of(mxp_edge edge)
{
    return (uint16_t)(edge >> MXP_NODE_BITS);
}

struct links {
    uint32_t *order;   /* nodes as they were numbered, breadth first */
    uint32_t *numbers; /* and the place of each in it: its new number */
    size_t *first;     /* by node: its first edge in by_node */
    mxp_edge *by_node;
};

static void sort_edges(const struct mxp_rules *rules, const struct links *links)
{
    size_t n_slots = rules->edges ? rules->mask_edges + 1 : 0;
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i])
            links->first[from_of(rules->edges[i]) + 2]++;
    for (size_t i = 2; i <= rules->n_nodes + 1; i++)
        links->first[i] += links->first[i - 1];
    for (size_t i = 0; i < n_slots; i++)
        if (rules->edges[i])
            links->by_node[links->first[from_of(rules->edges[i]) + 1]++] = rules->edges[i];
}

static void order_nodes(const struct mxp_rules *rules, const struct links *links)
{
    size_t tail = rules->n_nodes ? 1 : 0;
    links->order[0] = 0;
    for (size_t head = 0; head < tail; head++) {
        uint32_t node = links->order[head];
        links->numbers[node] = (uint32_t)head;
        for (size_t i = links->first[node]; i < links->first[node + 1]; i++)
            links->order[tail++] = mxp_edge_to(links->by_node[i]);
    }
}

/* Nodes, edges and phrases by the new numbers. */
static int renumber(struct mxp_rules *rules, const struct links *links)
{
    struct mxp_node *nodes = calloc(rules->n_nodes + 1, sizeof *nodes);
    if (!nodes)
        return MXP_ENOMEM;
    for (size_t i = 0; i < rules->n_nodes; i++)
        nodes[i] = rules->nodes[links->order[i]];
    free(rules->nodes);
    rules->nodes = nodes;
    for (size_t i = 0; i < rules->n_phrases; i++)
        rules->phrases[i].node = links->numbers[rules->phrases[i].node];
    if (rules->edges)
        memset(rules->edges, 0, (rules->mask_edges + 1) * sizeof *rules->edges);
    for (size_t i = 0; i < rules->n_edges; i++) {
        mxp_edge edge = links->by_node[i];
        uint64_t key = (uint64_t)links->numbers[from_of(edge)] << 16 | word_of(edge);
        rules->edges[mxp_rules_edge_slot(rules, key)] =
            key << MXP_NODE_BITS | links->numbers[mxp_edge_to(edge)];
    }
    return 0;
}

/* The root's edges stand with their words, as they are asked for most. */
static void link_root(struct mxp_rules *rules)
{
    size_t n = rules->words ? (rules->mask_buckets + 1) * MXP_BUCKET : 0;
    for (size_t i = 0; i < n; i++)
        if (rules->words[i].hash && rules->words[i].id < MXP_WORD_SILENT)
            rules->words[i].root = mxp_rules_edge(rules, 0, rules->words[i].id);
}

static void link_failures(struct mxp_rules *rules, const struct links *links)
{
    for (uint32_t node = 0; node < rules->n_nodes; node++) {
        uint32_t was = links->order[node];
        for (size_t i = links->first[was]; i < links->first[was + 1]; i++) {
            uint16_t word = word_of(links->by_node[i]);
            uint32_t to = links->numbers[mxp_edge_to(links->by_node[i])];
            uint32_t fail = rules->nodes[node].fail, next = 0;
            while (node && !(next = mxp_rules_edge(rules, fail, word)) && fail)
                fail = rules->nodes[fail].fail;
            rules->nodes[to].fail = next;
        }
    }
}

int mxp_rules_link(struct mxp_rules *rules)
{
    struct links links = {
        malloc((rules->n_nodes + 1) * sizeof *links.order),
        calloc(rules->n_nodes + 1, sizeof *links.numbers),
        calloc(rules->n_nodes + 3, sizeof *links.first),
        calloc(rules->n_edges + 1, sizeof *links.by_node),
    };
    int err = links.order && links.numbers && links.first && links.by_node ? 0 : MXP_ENOMEM;
    if (!err) {
        sort_edges(rules, &links);
        order_nodes(rules, &links);
        err = renumber(rules, &links);
    }
    if (!err) {
        link_root(rules);
        link_failures(rules, &links);
    }
    free(links.order);
    free(links.numbers);
    free(links.first);
    free(links.by_node);
    return err;
}
