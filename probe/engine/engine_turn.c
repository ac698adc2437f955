/*
 * IMPLEMENTATION NOTES
 *
 * Recipients that are likely unknown (of domains that look mistyped or disposable, or told so by
 * the source) wait apart, in each domain and in each lane: a row of them looks like a harvester.
 * One is asked for every ten others; where there are more of them than that, for as many others as
 * there are to each, so that they are spread over the whole run and not left in a row at its end.
 * Once asked they are recipients like all others, retries included: those keep the order in which
 * they were asked first.
 */
#include "core/require.h"
#include "probe/engine/engine_internal.h"

#include <stdlib.h>

#define SUSPECT_EVERY 10

static int grow_links(struct mxp_engine *engine, uint32_t id)
{
    if (id < engine->n_next_item)
        return 0;
    size_t n = engine->n_next_item ? engine->n_next_item * 2 : 1024;
    while (n <= id)
        n *= 2;
    uint32_t *grown = realloc(engine->next_item, n * sizeof *grown);
    if (!grown)
        return MXP_ENOMEM;
    engine->next_item = grown;
    engine->n_next_item = n;
    return 0;
}

int mxp_turn_push(struct mxp_domain *domain, uint32_t id, bool suspect)
{
    struct mxp_engine *engine = domain->engine;
    struct mxp_queue *queue = suspect || domain->suspect ? &domain->suspects : &domain->fresh;
    if (grow_links(engine, id))
        return MXP_ENOMEM;
    engine->next_item[id] = MXP_NO_ITEM;
    if (queue->n++)
        engine->next_item[queue->tail] = id;
    else
        queue->head = id;
    queue->tail = id;
    return 0;
}

/* Recipients between two suspects. */
static uint64_t spacing(const struct mxp_lane *lane)
{
    uint64_t each = lane->n_suspect ? (lane->n_work - lane->n_suspect) / lane->n_suspect : 0;
    return each < 1 ? 1 : each < SUSPECT_EVERY ? each : SUSPECT_EVERY;
}

static bool suspect_is_due(const struct mxp_lane *lane)
{
    return lane->n_suspect && lane->n_since_suspect >= spacing(lane);
}

static struct mxp_queue *next_queue(struct mxp_domain *domain)
{
    bool due = !domain->fresh.n || (domain->lane && suspect_is_due(domain->lane));
    return due && domain->suspects.n ? &domain->suspects : &domain->fresh;
}

uint32_t mxp_turn_peek(struct mxp_domain *domain)
{
    const struct mxp_queue *queue = next_queue(domain);
    return queue->n ? queue->head : MXP_NO_ITEM;
}

uint32_t mxp_turn_pop(struct mxp_domain *domain)
{
    struct mxp_queue *queue = next_queue(domain);
    if (!queue->n)
        return MXP_NO_ITEM;
    uint32_t id = queue->head;
    queue->head = domain->engine->next_item[id];
    queue->n--;
    if (domain->lane && queue == &domain->suspects)
        domain->lane->n_since_suspect = 0;
    else if (domain->lane)
        domain->lane->n_since_suspect++;
    return id;
}

uint32_t mxp_turn_room(const struct mxp_domain *domain)
{
    if (domain->turn == MXP_TURN_SUSPECT)
        return 1;
    uint32_t good = domain->n_work - domain->n_wanted - domain->suspects.n;
    uint64_t more = good / spacing(domain->lane) + suspect_is_due(domain->lane);
    return good + (more < domain->suspects.n ? (uint32_t)more : domain->suspects.n);
}

static void leave(struct mxp_domain *domain)
{
    struct mxp_lane *lane = domain->lane;
    if (domain->turn == MXP_TURN_SUSPECT)
        DL_DELETE(lane->suspects, domain);
    else if (domain->turn == MXP_TURN_GOOD)
        DL_DELETE(lane->turn, domain);
}

static void go_to(struct mxp_domain *domain, enum mxp_turn turn)
{
    struct mxp_lane *lane = domain->lane;
    leave(domain);
    if (turn == MXP_TURN_SUSPECT)
        DL_APPEND(lane->suspects, domain);
    else if (turn == MXP_TURN_GOOD)
        DL_APPEND(lane->turn, domain);
    domain->turn = (uint8_t)turn;
}

void mxp_turn_place(struct mxp_domain *domain)
{
    struct mxp_lane *lane = domain->lane;
    lane->n_suspect += domain->suspects.n;
    lane->n_suspect -= domain->n_counted;
    domain->n_counted = domain->suspects.n;
    enum mxp_turn turn = !domain->n_work                        ? MXP_TURN_NONE
                         : domain->suspects.n == domain->n_work ? MXP_TURN_SUSPECT
                                                                : MXP_TURN_GOOD;
    if (turn != domain->turn)
        go_to(domain, turn);
}

struct mxp_domain *mxp_turn_first(const struct mxp_lane *lane)
{
    return lane->turn ? lane->turn : lane->suspects;
}

struct mxp_domain *mxp_turn_next(struct mxp_lane *lane, bool other)
{
    struct mxp_domain *domain = mxp_turn_first(lane);
    if (lane->suspects && suspect_is_due(lane) && !other)
        domain = lane->suspects;
    MXP_REQUIRE(domain != NULL);
    go_to(domain, domain->turn);
    return domain;
}
