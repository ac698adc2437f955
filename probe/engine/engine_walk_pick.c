#include "probe/engine/engine_internal.h"

/* The host that the next address in turn waits for, if it is one that may be tried; or -1. */
static int hop_waited_for(const struct mxp_lane *lane, uint64_t tried)
{
    const struct mxp_task *task = lane->turn ? lane->turn->ready : NULL;
    if (!task || !task->host || mxp_task_suits(task, NULL, false))
        return -1;
    for (uint16_t i = 0; i < lane->n_hops; i++)
        if (lane->hops[i].host == task->host && !(tried & UINT64_C(1) << i))
            return i;
    return -1;
}

int mxp_walk_pick(const struct mxp_lane *lane, uint64_t tried)
{
    int best = hop_waited_for(lane, tried);
    if (best >= 0)
        return best;

    struct mxp_engine *engine = lane->engine;
    uint64_t now = mxp_engine_now(engine);
    uint32_t best_cost = UINT32_MAX;
    uint64_t n_equal = 0;
    for (uint16_t i = 0; i < lane->n_hops; i++) {
        if (tried & UINT64_C(1) << i)
            continue;
        const struct mxp_hop *hop = &lane->hops[i];
        uint32_t cost = hop->rank + (hop->host->failed_until_ms > now ? MXP_HOPS_MAX : 0u);
        if (cost > best_cost)
            continue;
        n_equal = cost == best_cost ? n_equal + 1 : 1;
        best_cost = cost;
        if (n_equal == 1 || mxp_engine_random(engine) % n_equal == 0)
            best = i;
    }
    return best;
}
