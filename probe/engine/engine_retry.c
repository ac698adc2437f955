#include "probe/engine/engine_internal.h"

#include <stdlib.h>

#define RETRY_MAX_MS    3600000u /* the longest delay of our own making */
#define RETRY_MARGIN_MS 1000u    /* beyond a stated wait, which is in whole seconds */
#define AT_ONCE         1        /* throttled this often, an address goes back at once */

bool mxp_retry_is_temporary(const struct mxp_evidence *evidence)
{
    const struct mxp_classified *what = &evidence->what;
    if (what->verdict != MXP_VERDICT_UNKNOWN)
        return false;
    switch (what->reason) {
    case MXP_REASON_GREYLISTED:
    case MXP_REASON_SERVER_UNAVAILABLE:
    case MXP_REASON_ROUTING_ERROR:
    case MXP_REASON_DNS_ERROR:
    case MXP_REASON_CONNECT_FAILED:
    case MXP_REASON_CONNECTION_LOST:
    case MXP_REASON_TIMEOUT:
    case MXP_REASON_RATE_LIMITED:
    case MXP_REASON_TOO_MANY_RECIPIENTS:
        return true;
    case MXP_REASON_MAILBOX_FULL:
        return false;
    default:
        return evidence->code >= 400 && evidence->code < 500;
    }
}

uint64_t mxp_retry_at(const struct mxp_engine *engine, const struct mxp_evidence *evidence,
                      uint64_t since_ms, uint32_t n)
{
    const struct mxp_options *options = engine->options;
    uint64_t now = mxp_engine_now(engine);
    uint64_t last = since_ms + options->retry_for_ms;
    if (options->retry_for_ms == 0 || now >= last)
        return UINT64_MAX;
    uint64_t stated = evidence->what.retry_after_s * UINT64_C(1000);
    uint64_t base = options->retry_after_ms;
    if (stated)
        base = stated + RETRY_MARGIN_MS;
    if (now + base > last)
        return UINT64_MAX;
    uint64_t delay = base;
    for (uint32_t i = 1; i < n && delay < RETRY_MAX_MS; i++)
        delay *= 2;
    if (delay > RETRY_MAX_MS && delay > base)
        delay = base > RETRY_MAX_MS ? base : RETRY_MAX_MS;
    return now + delay > last ? last : now + delay;
}

static void put_back(struct mxp_task *task)
{
    if (task->id == MXP_NO_ITEM)
        mxp_domain_want_random(task->domain, task->random);
    else
        mxp_domain_add_ready(task->domain, task);
}

static void again(struct mxp_due *due)
{
    struct mxp_task *task = MXP_OWNER(due, struct mxp_task, due);
    struct mxp_domain *domain = task->domain;
    task->engine->stats.n_retries_pending--;
    put_back(task);
    if (domain->state == MXP_DOMAIN_READY)
        mxp_lane_update(domain->lane);
}

bool mxp_retry_later(struct mxp_task *task, const struct mxp_evidence *evidence)
{
    struct mxp_engine *engine = task->engine;
    uint64_t now = mxp_engine_now(engine);
    const struct mxp_classified *what = &evidence->what;
    if (!mxp_retry_is_temporary(evidence) || task->attempts >= engine->options->max_attempts)
        return false;
    if (what->reason == MXP_REASON_MAILBOX_NOT_FOUND && task->refusals)
        return false;
    if (!task->trouble_ms)
        task->trouble_ms = now;
    task->refusals++;
    uint64_t due = mxp_retry_at(engine, evidence, task->trouble_ms, task->refusals);
    /* A throttle is about our speed: the limiter holds the site, not each address its own time. */
    bool site = what->throttle || what->blocks_us || what->footprint;
    if (site && !what->retry_after_s && task->refusals <= AT_ONCE && engine->options->retry_for_ms)
        due = now;
    if (due == UINT64_MAX)
        return false;
    struct mxp_evidence *kept = mxp_evidence_keep(evidence);
    if (!kept) {
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        put_back(task); /* the run ends, and what was not judged has no result */
        return true;
    }
    mxp_evidence_free(task->evidence);
    task->evidence = kept;
    if (due == now) {
        put_back(task);
        return true;
    }
    task->due.fire = again;
    engine->stats.n_retries_pending++;
    mxp_engine_due(engine, &task->due, due);
    return true;
}

void mxp_retry_now(struct mxp_task *task)
{
    put_back(task);
}

void mxp_retries_free(struct mxp_engine *engine)
{
    struct mxp_due *due;
    while ((due = engine->dues.top)) {
        mxp_due_unset(&engine->dues, due);
        struct mxp_task *task = MXP_OWNER(due, struct mxp_task, due);
        if (due->fire == again && task->id != MXP_NO_ITEM)
            mxp_task_free(task); /* a catch-all question is its domain's */
    }
}
