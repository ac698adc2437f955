/*
 * IMPLEMENTATION NOTES
 *
 * Carriers that may have a session wait in a queue. Where places are short (max_sessions), a
 * provider of a crowd would get its first one behind all the small servers that stand before it in
 * the list, and then need longer than all of them. So a carrier with many recipients and no session
 * waits in a queue of its own, and the two are served in turn: a place for each crowd comes soon,
 * and every other place is the others'. With one session open it queues like everybody.
 */
#include "probe/engine/engine_internal.h"

#include <stdio.h>

#define CROWD        100  /* recipients */
#define OPENS_A_TURN 256  /* sessions opened in one turn of the loop: replies go first */
#define RECHECK_MS   1000 /* for waits that end when a lease closes: it may be another's */

static bool goes_ahead(const struct mxp_carrier *carrier)
{
    return carrier->n_work >= CROWD && carrier->n_sess == 0;
}

static void enqueue(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    carrier->queued = true;
    carrier->ahead = goes_ahead(carrier);
    if (carrier->ahead)
        DL_APPEND(engine->ahead, carrier);
    else
        DL_APPEND(engine->queue, carrier);
}

/* No place was free: it is the next to get one. */
static void enqueue_first(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    carrier->queued = true;
    if (carrier->ahead)
        DL_PREPEND(engine->ahead, carrier);
    else
        DL_PREPEND(engine->queue, carrier);
    engine->went_ahead = !carrier->ahead;
}

static void unqueue(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    carrier->queued = false;
    if (carrier->ahead)
        DL_DELETE(engine->ahead, carrier); /* NOLINT(clang-analyzer-core.NullDereference) */
    else
        DL_DELETE(engine->queue, carrier); /* NOLINT(clang-analyzer-core.NullDereference) */
}

static struct mxp_carrier *dequeue(struct mxp_engine *engine)
{
    bool ahead = engine->ahead && (!engine->queue || !engine->went_ahead);
    struct mxp_carrier *carrier = ahead ? engine->ahead : engine->queue;
    engine->went_ahead = ahead;
    if (carrier)
        unqueue(carrier);
    return carrier;
}

void mxp_dispatch_kick(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    carrier->for_close = false;
    mxp_due_unset(&engine->dues, &carrier->due);
    if (carrier->queued && !carrier->ahead && goes_ahead(carrier))
        unqueue(carrier); /* it has become a crowd */
    if (!carrier->queued && carrier->turn)
        enqueue(carrier);
    if (carrier->queued)
        mxp_engine_poke(engine);
}

void mxp_dispatch_closed(struct mxp_carrier *carrier)
{
    carrier->engine->run_full = false;
    if (carrier->for_close)
        mxp_dispatch_kick(carrier);
    else if (carrier->engine->queue || carrier->engine->ahead)
        mxp_engine_poke(carrier->engine);
}

void mxp_dispatch_park(struct mxp_carrier *carrier, const struct mxp_wait *wait)
{
    struct mxp_engine *engine = carrier->engine;
    uint64_t now = mxp_engine_now(engine);
    uint64_t until = wait->until_ms;
    uint32_t never = MXP_WAIT_BREAKER | MXP_WAIT_FOOTPRINT;
    uint64_t since = carrier->trouble.n ? carrier->trouble.since_ms : now;
    bool beyond = until == UINT64_MAX || until > since + engine->options->retry_for_ms;
    if ((wait->reasons & never) && beyond) {
        mxp_network_refused(carrier, (wait->reasons & MXP_WAIT_FOOTPRINT) != 0);
        return;
    }
    if (mxp_carrier_worn_out(carrier))
        return;
    if (until == UINT64_MAX) {
        carrier->for_close = true;
        until = now + RECHECK_MS;
    }
    mxp_engine_due(engine, &carrier->due, until > now ? until : now + 1);
}

/* The next lane in turn goes to the end of it; NULL: none wants a session. */
static struct mxp_lane *next_lane(struct mxp_carrier *carrier)
{
    struct mxp_lane *lane = carrier->turn;
    if (!lane)
        return NULL;
    DL_DELETE(carrier->turn, lane);
    DL_APPEND(carrier->turn, lane);
    return lane;
}

static int open_at(struct mxp_lane *lane, int hop, struct mxp_lease **ret_lease,
                   struct mxp_wait *ret_wait)
{
    struct mxp_engine *engine = lane->engine;
    struct mxp_route where = {
        .identity = lane->identity,
        .provider = lane->carrier->limits,
        .host = lane->hops[hop].host->name,
    };
    return mxp_limiter_open(engine->limiter, &where, mxp_engine_now(engine), ret_lease, ret_wait);
}

int mxp_dispatch_lease(struct mxp_lane *lane, uint64_t *tried, struct mxp_lease **ret_lease,
                       struct mxp_wait *ret_wait)
{
    int first = mxp_walk_pick(lane, *tried);
    int hop = first;
    while (hop >= 0) {
        int err = open_at(lane, hop, ret_lease, ret_wait);
        if (err == MXP_OK)
            return hop;
        if (err != MXP_EAGAIN) {
            mxp_engine_fail(lane->engine, err, NULL);
            return -1;
        }
        if (ret_wait->reasons & ~(uint32_t)(MXP_WAIT_HOST | MXP_WAIT_SERVER))
            return -1;
        /* Only this host is at its limit: one of the same preference may have room. */
        *tried |= UINT64_C(1) << hop;
        hop = mxp_walk_pick(lane, *tried);
        if (hop >= 0 && lane->hops[hop].rank != lane->hops[first].rank)
            return -1;
    }
    return -1;
}

/* One session for one lane of the carrier; false: it wants none or has to wait. */
static bool serve(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    struct mxp_lane *lane = next_lane(carrier);
    if (!lane)
        return false;
    struct mxp_lease *lease = NULL;
    struct mxp_wait wait = {0};
    uint64_t tried = lane->walked;
    int hop = mxp_dispatch_lease(lane, &tried, &lease, &wait);
    if (hop >= 0) {
        mxp_walk_start(lane, (uint16_t)hop, lease);
        return true;
    }
    if (engine->err)
        return false;
    if (wait.reasons & MXP_WAIT_RUN) {
        engine->run_full = true;
        if (wait.until_ms != UINT64_MAX)
            mxp_dispatch_park(carrier, &wait);
        return wait.until_ms == UINT64_MAX; /* stays in the queue: first when a place is free */
    }
    if (!(wait.reasons & ~(uint32_t)(MXP_WAIT_HOST | MXP_WAIT_SERVER))) {
        uint64_t soon = mxp_engine_now(engine) + RECHECK_MS;
        mxp_lane_park(lane, wait.until_ms < soon ? wait.until_ms : soon);
        return carrier->turn != NULL;
    }
    mxp_dispatch_park(carrier, &wait);
    return false;
}

void mxp_dispatch_run(struct mxp_engine *engine)
{
    for (int i = 0; i < OPENS_A_TURN; i++) {
        if (engine->run_full || engine->stopping || engine->paused || engine->held)
            return;
        struct mxp_carrier *carrier = dequeue(engine);
        if (!carrier)
            return;
        bool again = serve(carrier);
        if (!again || !carrier->turn || carrier->queued || mxp_due_is_set(&carrier->due))
            continue;
        if (engine->run_full)
            enqueue_first(carrier);
        else
            enqueue(carrier);
    }
    mxp_engine_poke(engine);
}
