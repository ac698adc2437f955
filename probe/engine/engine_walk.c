#include "probe/engine/engine_internal.h"
#include "probe/engine/engine_ips.h"

#include <stdlib.h>

#define FAILED_HOST_MS 60000 /* a host that failed is tried after its peers for so long */
#define BUSY_MIN_MS    1000
#define ALONE_MS       60000 /* one session at a time after that, doubled each time */
#define ALONE_MAX_MS   960000

static bool failed_lately(const struct mxp_lane *lane, int hop)
{
    return lane->hops[hop].host->failed_until_ms > mxp_engine_now(lane->engine);
}

static void next_ip(struct mxp_sess *sess);

static void note(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    struct mxp_evidence **best =
        evidence->what.verdict == MXP_VERDICT_INVALID ? &sess->best_invalid : &sess->best;
    if (*best && mxp_evidence_rank(*best) >= mxp_evidence_rank(evidence))
        return;
    struct mxp_evidence *kept = mxp_evidence_keep(evidence);
    if (!kept) { /* without it, another host's "no mail here" would speak for the domain */
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        return;
    }
    mxp_evidence_free(*best);
    *best = kept;
}

static void note_event(struct mxp_sess *sess, enum mxp_stage stage, enum mxp_verdict verdict,
                       enum mxp_reason reason, const char *words)
{
    struct mxp_place place;
    struct mxp_evidence evidence;
    mxp_sess_place(sess, &place);
    mxp_evidence_event(&evidence, &place, stage, verdict, reason, words);
    note(sess, &evidence);
}

/* What was found so far, for a walk that finds nothing new. Takes evidence, which may be NULL. */
static void keep_broken_off(struct mxp_lane *lane, struct mxp_evidence *evidence)
{
    if (!evidence)
        return;
    mxp_evidence_free(lane->broken_off);
    lane->broken_off = evidence;
}

/* A walk that began then has failed in silence. True: a session worked meanwhile, so it was one
 * connection more than they bear, and no trouble of theirs. */
static bool bears_no_more(struct mxp_lane *lane, uint64_t started_ms)
{
    if (started_ms < lane->alone_ms)
        return true; /* of the same moment */
    if (!lane->n_ready && lane->worked_ms <= started_ms)
        return false;
    uint64_t wait = lane->alone_wait_ms ? lane->alone_wait_ms * 2 : ALONE_MS;
    lane->alone_wait_ms = wait < ALONE_MAX_MS ? wait : ALONE_MAX_MS;
    lane->alone_ms = mxp_engine_now(lane->engine);
    return true;
}

/* A walk that began then found none who would have us. Those that were under way together and
 * failed in silence are one try of their lane. */
static void tell_trouble(struct mxp_lane *lane, const struct mxp_evidence *evidence,
                         uint64_t started_ms)
{
    if (lane->trouble.n && !evidence->code && started_ms <= lane->trouble.last_ms)
        mxp_lane_update(lane);
    else
        mxp_lane_trouble(lane, evidence);
}

/* All hosts were tried, or none has room. */
static void over(struct mxp_sess *sess)
{
    struct mxp_lane *lane = sess->lane;
    struct mxp_engine *engine = sess->engine;
    bool broke_off = sess->busy && mxp_walk_has_rest(sess);
    if (sess->best || !broke_off) /* else it has tried none, and goes on where the last one was */
        mxp_ips_walk_broke_off(lane, broke_off);
    if (broke_off) {
        uint64_t soon = mxp_engine_now(engine) + BUSY_MIN_MS;
        uint64_t until = sess->busy_until_ms;
        keep_broken_off(lane, sess->best);
        sess->best = NULL;
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        mxp_lane_park(lane, until == UINT64_MAX || until < soon ? soon : until);
        return;
    }
    mxp_walk_anew(lane);
    /* A host that takes no mail speaks for the domain only when no other might take it. */
    struct mxp_evidence *evidence = sess->best ? sess->best : sess->best_invalid;
    bool ours = evidence && evidence == sess->best;
    if (ours)
        sess->best = NULL;
    else
        sess->best_invalid = NULL;
    bool held = mxp_network_failure(sess, evidence);
    bool beside = lane->n_ready;
    if (evidence && !evidence->code)
        beside = bears_no_more(lane, sess->started_ms);
    bool believed = !held && evidence && !beside && !engine->stopping;
    uint64_t started_ms = sess->started_ms;
    mxp_sess_end(sess, MXP_LEASE_CANCELED);
    if (believed) {
        tell_trouble(lane, evidence, started_ms);
        mxp_evidence_free(evidence);
        return;
    }
    keep_broken_off(lane, evidence);
    mxp_lane_park(lane, mxp_engine_now(engine) + BUSY_MIN_MS);
}

static void look_up(struct mxp_sess *sess);

static void next_host(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_lane *lane = sess->lane;
    while (!engine->stopping) {
        int hop = mxp_walk_pick(lane, sess->tried);
        if (hop < 0)
            break;
        if (mxp_engine_now(engine) >= sess->walk_until_ms) {
            note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_TIMEOUT,
                       "no time was left for the other MX hosts");
            break;
        }
        if (sess->busy && (lane->hops[hop].rank > sess->busy_rank || failed_lately(lane, hop)))
            break; /* a backup is for hosts that fail, not for those that are busy with us */
        struct mxp_wait wait = {0};
        uint64_t tried = sess->tried;
        hop = mxp_dispatch_lease(lane, &sess->tried, &sess->lease, &wait);
        if (hop >= 0 && sess->tried != tried) { /* a peer of it had no room, and was not asked */
            sess->busy = true;
            sess->busy_rank = lane->hops[hop].rank;
            sess->busy_until_ms = 0;
        }
        if (hop < 0) {
            /* A breaker is no queue to wait in: what was said so far is the answer. */
            sess->busy = !(wait.reasons & (MXP_WAIT_BREAKER | MXP_WAIT_FOOTPRINT)) || !sess->best;
            sess->busy_until_ms = wait.until_ms;
            break;
        }
        sess->hop = (uint16_t)hop;
        look_up(sess);
        return;
    }
    over(sess);
}

/* Is there another address or host to try behind the one at hand, or one that was too busy? */
static bool goes_on(const struct mxp_sess *sess)
{
    if (sess->busy)
        return true;
    if (sess->engine->stopping || mxp_engine_now(sess->engine) >= sess->walk_until_ms)
        return false;
    if (sess->addrs && sess->ip + 1u < sess->addrs->n_ips)
        return true;
    return mxp_walk_pick(sess->lane, sess->tried | UINT64_C(1) << sess->hop) >= 0;
}

/* The limiter hears of a refusal at the door when no host did better: told at once it would
 * open the breaker, and the other hosts would never be asked. */
void mxp_walk_refused(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    const struct mxp_classified *what = &evidence->what;
    bool waits = evidence->stage == MXP_STAGE_GREETING && what->blocks_us && !what->footprint;
    if (waits && goes_on(sess)) {
        if (!sess->refusal)
            sess->refusal = mxp_evidence_keep(evidence);
        return;
    }
    sess->refusal = mxp_evidence_free(sess->refusal);
    mxp_outcome_refusal(sess, evidence);
}

static void tell_refusal(struct mxp_sess *sess)
{
    if (!sess->refusal || !sess->lease || goes_on(sess))
        return;
    mxp_outcome_refusal(sess, sess->refusal);
    sess->refusal = mxp_evidence_free(sess->refusal);
}

/* The next of the walk, now that this host has no further address. */
static void leave_host(struct mxp_sess *sess, enum mxp_lease_end how)
{
    tell_refusal(sess);
    mxp_sess_drop_conn(sess);
    sess->addrs = mxp_host_addrs_unref(sess->addrs);
    if (sess->lease)
        mxp_lease_close(sess->lease, how, mxp_engine_now(sess->engine));
    sess->lease = NULL;
    sess->tried |= UINT64_C(1) << sess->hop;
    if (!sess->host_busy)
        sess->walked |= UINT64_C(1) << sess->hop;
    next_host(sess);
}

static void host_failed_lately(struct mxp_sess *sess)
{
    sess->lane->hops[sess->hop].host->failed_until_ms =
        mxp_engine_now(sess->engine) + FAILED_HOST_MS;
}

static void found(struct mxp_sess *sess, struct mxp_host_addrs *addrs)
{
    switch (addrs->status) {
    case MXP_HOST_OK:
        sess->addrs = mxp_ips_order(sess, addrs);
        sess->ip = 0;
        if (sess->addrs->n_ips < addrs->n_ips && sess->lane->broken_off)
            note(sess, sess->lane->broken_off);
        else if (sess->addrs->n_ips < addrs->n_ips)
            note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_CONNECT_FAILED,
                       "none of the MX host's addresses could be reached");
        next_ip(sess);
        return;
    case MXP_HOST_NONE:
        note_event(sess, MXP_STAGE_DNS, MXP_VERDICT_INVALID, MXP_REASON_DOMAIN_NOT_ACCEPTING,
                   "no MX host of the domain has an address");
        break;
    case MXP_HOST_REFUSED:
        note_event(sess, MXP_STAGE_DNS, MXP_VERDICT_UNKNOWN, MXP_REASON_MX_REFUSED,
                   addrs->detail ? addrs->detail : "the address is private or our own");
        break;
    case MXP_HOST_ERROR:
        note_event(sess, MXP_STAGE_DNS, MXP_VERDICT_UNKNOWN, MXP_REASON_DNS_ERROR,
                   addrs->detail ? addrs->detail : "no address of the MX host was found");
        break;
    }
    host_failed_lately(sess);
    leave_host(sess, MXP_LEASE_CANCELED);
}

static void looked_up(void *arg, struct mxp_host_addrs *addrs)
{
    struct mxp_sess *sess = arg;
    sess->looking = false;
    if (sess->dead)
        mxp_sess_free(sess);
    else
        found(sess, addrs);
}

static void look_up(struct mxp_sess *sess)
{
    struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    sess->state = MXP_SESS_LOOKUP;
    sess->host_busy = false;
    if (host->literal) {
        found(sess, host->literal);
        return;
    }
    sess->looking = true;
    int err = mxp_mx_lookup_host(sess->engine->lookup, host->name, looked_up, sess);
    if (err) {
        sess->looking = false;
        note_event(sess, MXP_STAGE_DNS, MXP_VERDICT_UNKNOWN, MXP_REASON_DNS_ERROR,
                   "the MX host's name cannot be asked");
        leave_host(sess, MXP_LEASE_CANCELED);
    }
}

/* With the limits off, nobody but our own machines may be asked without them. */
static bool limits_forbid(const struct mxp_sess *sess, const struct mxp_ip *ip)
{
    return sess->engine->options->limits_off && mxp_ip_is_public(ip);
}

/* A breaker or a footprint stop that will not end while addresses may wait. */
static bool closed_for_long(const struct mxp_engine *engine, const struct mxp_wait *wait)
{
    uint64_t latest = mxp_engine_now(engine) + engine->options->retry_for_ms;
    return (wait->reasons & (MXP_WAIT_BREAKER | MXP_WAIT_FOOTPRINT)) && wait->until_ms > latest;
}

static void next_ip(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    for (; sess->ip < sess->addrs->n_ips; sess->ip++) {
        const struct mxp_ip *ip = &sess->addrs->ips[sess->ip];
        if (limits_forbid(sess, ip)) {
            note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_MX_REFUSED,
                       "limits are off: only private addresses are probed");
            continue;
        }
        struct mxp_wait wait = {0};
        int err = mxp_lease_address(sess->lease, ip->bytes, ip->family == 6 ? 16 : 4,
                                    mxp_engine_now(engine), &wait);
        if (err && closed_for_long(engine, &wait)) {
            note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_NOT_PROBED,
                       "not asked: a server of the same network refuses us");
            continue;
        }
        if (err) {
            sess->busy = sess->host_busy = true;
            sess->busy_rank = sess->lane->hops[sess->hop].rank;
            sess->busy_until_ms = wait.until_ms;
            continue;
        }
        if (mxp_driver_connect(sess, ip) == MXP_OK)
            return;
        note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_CONNECT_FAILED,
                   "our machine could not open a connection");
    }
    leave_host(sess, MXP_LEASE_CANCELED);
}

static void reopen(struct mxp_sess *sess);

void mxp_walk_failed(struct mxp_sess *sess, const struct mxp_evidence *evidence,
                     enum mxp_lease_end how)
{
    note(sess, evidence);
    sess->lane->n_in_vain++;
    host_failed_lately(sess);
    mxp_ips_note_failed(sess);
    mxp_sess_drop_conn(sess);
    if (sess->engine->stopping) {
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        return;
    }
    sess->ip++;
    bool more = sess->ip < sess->addrs->n_ips && mxp_engine_now(sess->engine) < sess->walk_until_ms;
    if (!more && sess->ip < sess->addrs->n_ips)
        note_event(sess, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, MXP_REASON_TIMEOUT,
                   "no time was left for the server's other addresses");
    if (!more) {
        leave_host(sess, how);
        return;
    }
    /* Each address is a connection of its own to the limiter. */
    mxp_lease_close(sess->lease, how, mxp_engine_now(sess->engine));
    reopen(sess);
}

static void reopen(struct mxp_sess *sess)
{
    struct mxp_wait wait = {0};
    uint64_t others = ~(UINT64_C(1) << sess->hop);
    sess->lease = NULL;
    if (mxp_dispatch_lease(sess->lane, &others, &sess->lease, &wait) >= 0) {
        next_ip(sess);
        return;
    }
    sess->busy = !(wait.reasons & (MXP_WAIT_BREAKER | MXP_WAIT_FOOTPRINT)) || !sess->best;
    sess->busy_until_ms = wait.until_ms;
    over(sess);
}

void mxp_walk_in_clear(struct mxp_sess *sess)
{
    sess->lane->hops[sess->hop].host->no_tls = true;
    mxp_sess_drop_conn(sess);
    mxp_lease_close(sess->lease, MXP_LEASE_CANCELED, mxp_engine_now(sess->engine));
    reopen(sess);
}

void mxp_walk_start(struct mxp_lane *lane, uint16_t hop, struct mxp_lease *lease)
{
    struct mxp_engine *engine = lane->engine;
    struct mxp_sess *sess = mxp_sess_new(lane, lease);
    if (!sess) {
        mxp_lease_close(lease, MXP_LEASE_CANCELED, mxp_engine_now(engine));
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        return;
    }
    sess->hop = hop;
    sess->tried = lane->walked;
    if (lane->walked && lane->broken_off)
        note(sess, lane->broken_off);
    sess->walk_until_ms = mxp_engine_now(engine) + engine->options->mx_total_ms;
    mxp_lane_update(lane);
    look_up(sess);
}
