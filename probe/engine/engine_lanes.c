#include "probe/engine/engine_internal.h"

#include "core/hash.h"
#include "dns/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_CAP     65536
#define RCPTS_HINT  10 /* a further session is worth its greeting for this many recipients */
#define THROTTLE_MS 1000
#define TROUBLE_MAX 3 /* tries of a lane whose hosts cannot be reached */

void mxp_trouble_note(struct mxp_trouble *trouble, const struct mxp_evidence *evidence,
                      uint64_t now_ms)
{
    struct mxp_evidence *kept = mxp_evidence_keep(evidence);
    if (kept) {
        mxp_evidence_free(trouble->evidence);
        trouble->evidence = kept;
    }
    if (trouble->n++ == 0)
        trouble->since_ms = now_ms;
    trouble->last_ms = now_ms;
}

void mxp_trouble_clear(struct mxp_trouble *trouble)
{
    trouble->evidence = mxp_evidence_free(trouble->evidence);
    trouble->since_ms = trouble->last_ms = 0;
    trouble->n = 0;
}

static void lane_due(struct mxp_due *due)
{
    mxp_lane_update(MXP_OWNER(due, struct mxp_lane, due));
}

/* In keys: an address literal is no MX host that is named by the same address. */
static const char *mark(bool literal)
{
    return literal ? "=" : "";
}

static struct mxp_ehost *host_get(struct mxp_engine *engine, const char *name, bool literal)
{
    char key[MXP_NAME_MAX + 1];
    size_t len = (size_t)snprintf(key, sizeof key, "%s%s", mark(literal), name);
    struct mxp_ehost *host = NULL;
    HASH_FIND(hh, engine->hosts, key, len, host);
    if (host)
        return host;
    host = calloc(1, sizeof *host + len + 1);
    if (!host)
        return NULL;
    memcpy(host->key, key, len + 1);
    host->name = host->key + (literal ? 1 : 0);
    HASH_ADD_KEYPTR(hh, engine->hosts, host->key, len, host);
    if (!host->hh.tbl) {
        free(host);
        return NULL;
    }
    return host;
}

static int by_preference_and_name(const void *a, const void *b)
{
    const struct mxp_mx_host *x = a, *y = b;
    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    return strcmp(x->name, y->name);
}

static uint32_t identity_of(const struct mxp_domain *domain)
{
    return (uint32_t)(mxp_hash(mxp_slice_str(domain->name)) %
                      domain->engine->options->n_identities);
}

static struct mxp_lane *lane_new(struct mxp_engine *engine, const char *key, uint32_t identity,
                                 const struct mxp_mx_host *hosts, uint16_t n, bool literal)
{
    size_t len = strlen(key);
    struct mxp_lane *lane = calloc(1, sizeof *lane + len + 1);
    struct mxp_hop *hops = calloc(n, sizeof *hops);
    struct mxp_carrier *carrier = mxp_carrier_for(engine, hosts[0].name, literal);
    if (!lane || !hops || !carrier)
        goto fail;
    for (uint16_t i = 0; i < n; i++) {
        hops[i].host = host_get(engine, hosts[i].name, literal);
        if (!hops[i].host)
            goto fail;
        bool worse = i && hosts[i].preference != hosts[i - 1].preference;
        hops[i].rank = i ? (uint16_t)(hops[i - 1].rank + worse) : 0;
    }
    memcpy(lane->key, key, len + 1);
    lane->engine = engine;
    lane->carrier = carrier;
    lane->identity = identity;
    lane->hops = hops;
    lane->n_hops = n;
    lane->due.fire = lane_due;
    HASH_ADD_KEYPTR(hh, engine->lanes, lane->key, len, lane);
    if (!lane->hh.tbl)
        goto fail;
    LL_PREPEND2(carrier->lanes, lane, next_of_carrier);
    return lane;
fail:
    free(lane);
    free(hops);
    return NULL;
}

static struct mxp_lane *lane_get(struct mxp_engine *engine, uint32_t identity,
                                 const struct mxp_mx_host *hosts, uint16_t n, bool literal)
{
    struct mxp_buf key;
    mxp_buf_init(&key, KEY_CAP);
    struct mxp_lane *lane = NULL;
    int err = mxp_buf_printf(&key, "%u%s", identity, mark(literal));
    for (uint16_t i = 0; i < n && !err; i++) {
        bool same = i && hosts[i].preference == hosts[i - 1].preference;
        err = mxp_buf_printf(&key, "%s%s", same ? " " : " > ", hosts[i].name);
    }
    if (!err) {
        HASH_FIND(hh, engine->lanes, key.ptr, key.len, lane);
        if (!lane)
            lane = lane_new(engine, key.ptr, identity, hosts, n, literal);
    }
    mxp_buf_free(&key);
    return lane;
}

static void not_asked(struct mxp_domain *domain, enum mxp_stage stage, enum mxp_reason reason,
                      const char *words)
{
    struct mxp_place place = {.provider = domain->lane ? domain->lane->carrier->name : NULL};
    struct mxp_evidence evidence;
    mxp_evidence_event(&evidence, &place, stage, MXP_VERDICT_UNKNOWN, reason, words);
    struct mxp_evidence *kept = mxp_evidence_keep(&evidence);
    if (kept)
        mxp_domain_over(domain, kept);
    else
        mxp_engine_fail(domain->engine, MXP_ENOMEM, NULL);
}

static void join(struct mxp_domain *domain, struct mxp_lane *lane)
{
    struct mxp_carrier *carrier = lane->carrier;
    domain->lane = lane;
    if (carrier->row && carrier->row->probe_none) {
        not_asked(domain, MXP_STAGE_CONNECT, MXP_REASON_CANNOT_VERIFY,
                  "not asked: the provider table says probe: none");
        return;
    }
    if (carrier->over) {
        mxp_domain_over(domain, mxp_evidence_keep(carrier->trouble.evidence));
        return;
    }
    domain->state = MXP_DOMAIN_READY;
    if (domain->n_wanted)
        mxp_lane_wants_random(domain);
    if (domain->n_work)
        mxp_lane_add_work(domain, domain->n_work);
}

void mxp_lane_join(struct mxp_domain *domain, const struct mxp_mxset *set)
{
    struct mxp_mx_host hosts[MXP_HOPS_MAX];
    uint16_t n = set->n_hosts < MXP_HOPS_MAX ? set->n_hosts : MXP_HOPS_MAX;
    memcpy(hosts, set->hosts, n * sizeof *hosts);
    qsort(hosts, n, sizeof *hosts, by_preference_and_name);
    struct mxp_lane *lane = lane_get(domain->engine, identity_of(domain), hosts, n, false);
    if (lane)
        join(domain, lane);
    else
        mxp_engine_fail(domain->engine, MXP_ENOMEM, NULL);
}

static const char *literal_refused(const struct mxp_engine *engine, const struct mxp_ip *ip)
{
    const struct mxp_options *options = engine->options;
    if (options->ip == MXP_IP_4_ONLY && ip->family == 6)
        return "an IPv6 address, left out by --ip 4";
    if (options->ip == MXP_IP_6_ONLY && ip->family == 4)
        return "an IPv4 address, left out by --ip 6";
    if (!mxp_ip_is_host(ip))
        return "no host can have this address";
    if (options->allow_private_mx)
        return NULL;
    if (!mxp_ip_is_public(ip))
        return "the address is private or reserved";
    for (size_t i = 0; i < engine->config.n_own; i++)
        if (mxp_ip_reaches(ip, &engine->config.own[i]))
            return "the address is our own";
    return NULL;
}

static struct mxp_host_addrs *literal_addrs(const struct mxp_ip *ip)
{
    struct mxp_host_addrs *addrs = calloc(1, sizeof *addrs + sizeof *ip);
    if (!addrs)
        return NULL;
    addrs->status = MXP_HOST_OK;
    addrs->refs = 1;
    addrs->n_ips = 1;
    addrs->ips[0] = *ip;
    return addrs;
}

void mxp_lane_join_literal(struct mxp_domain *domain)
{
    struct mxp_engine *engine = domain->engine;
    struct mxp_ip ip;
    if (mxp_ip_parse(mxp_slice_str(domain->name), &ip)) {
        not_asked(domain, MXP_STAGE_SYNTAX, MXP_REASON_MX_REFUSED, "not an IP address");
        return;
    }
    const char *refused = literal_refused(engine, &ip);
    if (refused) {
        not_asked(domain, MXP_STAGE_DNS, MXP_REASON_MX_REFUSED, refused);
        return;
    }
    struct mxp_mx_host host = {.name = domain->name};
    struct mxp_lane *lane = lane_get(engine, identity_of(domain), &host, 1, true);
    if (lane && !lane->hops[0].host->literal)
        lane->hops[0].host->literal = literal_addrs(&ip);
    if (lane && lane->hops[0].host->literal)
        join(domain, lane);
    else
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
}

void mxp_lane_wants_random(struct mxp_domain *domain)
{
    struct mxp_lane *lane = domain->lane;
    if (domain->asking)
        return;
    domain->asking = true;
    DL_APPEND2(lane->asking, domain, asking_prev, asking_next);
}

void mxp_lane_took_random(struct mxp_domain *domain)
{
    struct mxp_lane *lane = domain->lane;
    if (!domain->asking || domain->n_wanted)
        return;
    domain->asking = false;
    DL_DELETE2(lane->asking, domain, asking_prev, asking_next);
}

void mxp_lane_add_work(struct mxp_domain *domain, uint32_t n)
{
    struct mxp_lane *lane = domain->lane;
    lane->n_work += n;
    lane->carrier->n_work += n;
    if (lane->carrier->over) {
        mxp_domain_answer_all(domain, lane->carrier->trouble.evidence, NULL);
        return;
    }
    mxp_turn_place(domain);
    mxp_lane_update(lane);
}

void mxp_lane_drop_work(struct mxp_domain *domain, uint32_t n)
{
    struct mxp_lane *lane = domain->lane;
    domain->n_work -= n;
    if (domain->state != MXP_DOMAIN_READY)
        return;
    lane->n_work -= n;
    lane->carrier->n_work -= n;
    if (domain->turn != MXP_TURN_NONE)
        mxp_turn_place(domain);
}

static bool wants_session(const struct mxp_lane *lane)
{
    if (lane->n_work == 0 || mxp_due_is_set(&lane->due) || lane->carrier->over)
        return false;
    if (lane->n_sess && lane->n_ready == 0 && lane->trouble.n)
        return false; /* a scout is under way to hosts that failed before */
    if (lane->n_sess && mxp_engine_now(lane->engine) < lane->alone_ms + lane->alone_wait_ms)
        return false;
    return lane->n_sess < (lane->n_work + RCPTS_HINT - 1) / RCPTS_HINT;
}

void mxp_lane_update(struct mxp_lane *lane)
{
    /* A session that waits without work takes it before a new one is opened. */
    if (lane->n_work && lane->idle)
        mxp_batch_idle_kick(lane->idle);
    bool wants = wants_session(lane);
    struct mxp_carrier *carrier = lane->carrier;
    if (wants && !lane->in_turn) {
        lane->in_turn = true;
        DL_APPEND(carrier->turn, lane);
    } else if (!wants && lane->in_turn) {
        lane->in_turn = false;
        DL_DELETE(carrier->turn, lane); /* NOLINT(clang-analyzer-core.NullDereference) */
    }
    if (wants && !mxp_due_is_set(&carrier->due) && !carrier->for_close)
        mxp_dispatch_kick(carrier);
}

void mxp_lane_park(struct mxp_lane *lane, uint64_t until_ms)
{
    mxp_engine_due(lane->engine, &lane->due, until_ms);
    mxp_lane_update(lane);
}

void mxp_lane_answer_all(struct mxp_lane *lane, const struct mxp_evidence *evidence)
{
    struct mxp_trouble trouble = lane->trouble;
    struct mxp_domain *domain;
    while ((domain = mxp_turn_first(lane)))
        mxp_domain_answer_all(domain, evidence, &trouble);
    mxp_lane_update(lane);
}

/* They refuse us: that is the answer for as many as one session would have asked; for the
 * rest the breaker decides. */
static void answer_some(struct mxp_lane *lane, const struct mxp_evidence *evidence)
{
    uint64_t since = lane->trouble.since_ms;
    struct mxp_domain *domain;
    for (int n = 0; n < RCPTS_HINT && (domain = mxp_turn_first(lane)); n++) {
        struct mxp_task *task = mxp_domain_take(domain, NULL, true);
        if (!task && lane->engine->err)
            return;
        if (!task) { /* nothing but its catch-all question, which the same refusal ends */
            mxp_domain_answer_all(domain, evidence, NULL);
            continue;
        }
        task->attempts++;
        if (!task->started_ms)
            task->started_ms = since;
        mxp_outcome_result(task, evidence, MXP_TRI_UNKNOWN);
    }
}

/* Too fast or too many of us: the limiter holds the site, so the lane itself comes back soon,
 * unless that goes on. Not the delay of a retry, which may be longer than those are wanted for. */
static uint64_t after_throttle(const struct mxp_lane *lane)
{
    const struct mxp_options *options = lane->engine->options;
    uint64_t now = mxp_engine_now(lane->engine);
    uint64_t last = lane->trouble.since_ms + options->retry_for_ms;
    if (options->retry_for_ms == 0 || now >= last)
        return UINT64_MAX;
    uint64_t soon = THROTTLE_MS;
    for (uint32_t i = 1; i < lane->trouble.n && soon < options->retry_after_ms; i++)
        soon *= 2;
    return now + soon < last ? now + soon : last;
}

/* No session could be had at any of its hosts: wait, or give up. */
void mxp_lane_trouble(struct mxp_lane *lane, const struct mxp_evidence *evidence)
{
    struct mxp_engine *engine = lane->engine;
    mxp_trouble_note(&lane->trouble, evidence, mxp_engine_now(engine));
    uint64_t again = UINT64_MAX;
    if (mxp_retry_is_temporary(evidence) && evidence->what.throttle &&
        !evidence->what.retry_after_s)
        again = after_throttle(lane);
    else if (mxp_retry_is_temporary(evidence) && (evidence->code || lane->trouble.n < TROUBLE_MAX))
        again = mxp_retry_at(engine, evidence, lane->trouble.since_ms, lane->trouble.n);
    if (again != UINT64_MAX) {
        mxp_lane_park(lane, again);
        return;
    }
    if (evidence->what.blocks_us || evidence->what.footprint)
        answer_some(lane, evidence);
    else
        mxp_lane_answer_all(lane, evidence);
    mxp_trouble_clear(&lane->trouble);
    mxp_lane_update(lane);
}

void mxp_lanes_free(struct mxp_engine *engine)
{
    struct mxp_lane *lane, *next_lane;
    HASH_ITER(hh, engine->lanes, lane, next_lane)
    {
        HASH_DEL(engine->lanes, lane);
        mxp_trouble_clear(&lane->trouble);
        mxp_evidence_free(lane->broken_off);
        free(lane->hops);
        free(lane);
    }
    struct mxp_ehost *host, *next_host;
    HASH_ITER(hh, engine->hosts, host, next_host)
    {
        HASH_DEL(engine->hosts, host);
        mxp_host_addrs_unref(host->literal);
        free(host->failed_ips);
        free(host);
    }
}
