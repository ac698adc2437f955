#include "probe/engine/engine_internal.h"

#include "dns/name.h"

#include <stdlib.h>
#include <string.h>

#define WORN_OUT 3 /* refusals on end that make a site worth giving up */

static void carrier_due(struct mxp_due *due)
{
    mxp_dispatch_kick(MXP_OWNER(due, struct mxp_carrier, due));
}

static struct mxp_carrier *carrier_new(struct mxp_engine *engine, const char *name,
                                       const struct mxp_provider *row)
{
    size_t len = strlen(name);
    struct mxp_carrier *carrier = calloc(1, sizeof *carrier + len + 1);
    if (!carrier)
        return NULL;
    memcpy(carrier->name, name, len + 1);
    struct mxp_budget budget = row ? row->budget : engine->options->default_budget;
    budget.shares_network = !row;
    carrier->limits = mxp_limiter_provider(engine->limiter, name, &budget);
    if (!carrier->limits) {
        free(carrier);
        return NULL;
    }
    carrier->engine = engine;
    carrier->row = row;
    carrier->rules_id = mxp_rules_provider(engine->config.rules, mxp_slice_str(name));
    carrier->due.fire = carrier_due;
    HASH_ADD_KEYPTR(hh, engine->carriers, carrier->name, len, carrier);
    if (!carrier->hh.tbl) {
        free(carrier);
        return NULL;
    }
    return carrier;
}

struct mxp_carrier *mxp_carrier_for(struct mxp_engine *engine, const char *host, bool literal)
{
    int64_t id = literal ? -1 : mxp_provider_map_find(engine->providers, host);
    const struct mxp_provider *row = id >= 0 ? &engine->options->providers[id] : NULL;
    const char *name = row ? row->name : literal ? host : mxp_name_registrable(host);
    struct mxp_carrier *carrier = NULL;
    HASH_FIND(hh, engine->carriers, name, strlen(name), carrier);
    return carrier ? carrier : carrier_new(engine, name, row);
}

void mxp_carrier_over(struct mxp_carrier *carrier, const char *words)
{
    struct mxp_place place = {.provider = carrier->name};
    struct mxp_evidence evidence;
    mxp_evidence_event(&evidence, &place, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN,
                       MXP_REASON_NOT_PROBED, words);
    carrier->over = true;
    mxp_trouble_clear(&carrier->trouble);
    mxp_trouble_note(&carrier->trouble, &evidence, mxp_engine_now(carrier->engine));
    struct mxp_lane *lane;
    LL_FOREACH2(carrier->lanes, lane, next_of_carrier)
    {
        mxp_lane_answer_all(lane, carrier->trouble.evidence);
    }
}

bool mxp_carrier_worn_out(struct mxp_carrier *carrier)
{
    struct mxp_engine *engine = carrier->engine;
    struct mxp_trouble said = carrier->throttled;
    if (said.n < WORN_OUT || !said.evidence ||
        mxp_engine_now(engine) - said.since_ms < engine->options->retry_for_ms)
        return false;
    carrier->throttled = (struct mxp_trouble){0};
    struct mxp_lane *lane;
    LL_FOREACH2(carrier->lanes, lane, next_of_carrier)
    {
        mxp_lane_answer_all(lane, said.evidence);
    }
    mxp_trouble_clear(&said);
    return true;
}

void mxp_carriers_free(struct mxp_engine *engine)
{
    struct mxp_carrier *carrier, *next_carrier;
    HASH_ITER(hh, engine->carriers, carrier, next_carrier)
    {
        HASH_DEL(engine->carriers, carrier);
        mxp_trouble_clear(&carrier->trouble);
        mxp_trouble_clear(&carrier->throttled);
        free(carrier);
    }
}
