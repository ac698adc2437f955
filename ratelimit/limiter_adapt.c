#include "ratelimit/limiter_internal.h"

#define RAISE_MS       300000 /* quiet before one more than was learned is tried; doubled .. */
#define RAISE_DOUBLED  4      /* .. each time it was refused, up to so often */
#define SAME_END       2      /* sessions cut off after the same count: that is their limit */
#define LOST_HOLD      4      /* sessions broken off in a row before the site is slowed */
#define LOST_AGAIN     2      /* .. and where that was the cause before */
#define REFUSED_HOLD   3      /* connections refused in a row before the site rests */
#define REFUSED_MS     10000  /* .. for so long, doubled */
#define REFUSED_MAX_MS 600000
#define LINGER_MS      1000 /* a closed connection may count at the server for so long */
#define HOLD_MS        1000 /* after a connection too many */

static void prove(struct mxp_site *site)
{
    site->n_refused = 0;
    site->proven++;
    if (site->proven > site->peak)
        site->peak = site->proven;
}

/* It was greeted: the site bears so many connections at once. */
void mxp_adapt_proven(struct mxp_lease *lease, uint64_t now_ms)
{
    if (lease->proven)
        return;
    lease->proven = true;
    lease->host->proven++;
    if (lease->server)
        lease->server->proven++;
    prove(lease->site);
    mxp_pace_answered(&lease->site->connects, lease->opened_ms, now_ms);
    if (!lease->network)
        return;
    prove(lease->network);
    mxp_pace_answered(&lease->network->connects, lease->address_ms, now_ms);
}

static bool lower(struct mxp_learned *learned, uint32_t n, uint64_t now_ms)
{
    if (learned->n && n >= learned->n)
        return false;
    if (learned->n && learned->n_again < RAISE_DOUBLED)
        learned->n_again++;
    learned->n = n;
    learned->since_ms = now_ms;
    return true;
}

/* One more, or a quarter of what there is. */
static bool raise(struct mxp_learned *learned, uint32_t most, uint64_t now_ms)
{
    if (!learned->n || (most && learned->n >= most))
        return false;
    if (now_ms - learned->since_ms < (uint64_t)RAISE_MS << learned->n_again)
        return false;
    learned->was = learned->n;
    learned->n += learned->n / 4 + 1;
    if (most && learned->n > most)
        learned->n = most;
    learned->since_ms = now_ms;
    return true;
}

bool mxp_adapt_widen(struct mxp_site *site, uint32_t identity, uint64_t now_ms)
{
    if (site->delays || !raise(&site->window, site->provider->budget.connections, now_ms))
        return false;
    mxp_site_tell(site, MXP_LIM_RAISED, identity, "connections at once");
    return site->open < site->window.n;
}

void mxp_adapt_fill(const struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    if (raise(&site->per_transaction, site->provider->budget.rcpts_per_transaction, now_ms))
        mxp_site_tell(site, MXP_LIM_RAISED, lease->identity, "recipients per transaction");
}

bool mxp_adapt_lengthen(const struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    if (!raise(&site->per_session, site->provider->budget.rcpts_per_session, now_ms))
        return false;
    mxp_site_tell(site, MXP_LIM_RAISED, lease->identity, "recipients per session");
    return true;
}

static void learn_session(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    if (lower(&lease->site->per_session, n, now_ms))
        mxp_site_tell(lease->site, MXP_LIM_SLOWED, lease->identity, "recipients per session");
}

/* They may not have seen yet that the last one is gone, also where another name in the network had
 * it. */
static bool lingers(const struct mxp_lease *lease, uint64_t now_ms)
{
    const struct mxp_site *network = lease->network;
    return now_ms - lease->site->closed_ms < LINGER_MS ||
           (network && network->open == 1 && now_ms - network->closed_ms < LINGER_MS);
}

/* Refused at its greeting: as many as were open beside it are what the site bears, unless more
 * than those were fine before; then they came too fast. True: something was learned. */
static const char *too_many_at(struct mxp_site *site, const struct mxp_lease *lease,
                               const struct mxp_feedback_info *info, uint64_t now_ms)
{
    uint64_t opened = site == lease->site ? lease->opened_ms : lease->address_ms;
    uint32_t beside = site->proven - (lease->proven ? 1 : 0);
    if (beside == 0 && site->open > 1)
        beside = 1; /* opened at the same time, and not greeted yet */
    uint64_t hold = info->retry_after_ms ? info->retry_after_ms : HOLD_MS;
    if (site->hold_ms < now_ms + hold)
        site->hold_ms = now_ms + hold;
    bool at_once = info->limit == MXP_FB_CONNECTIONS || beside >= site->peak;
    if (beside && at_once && info->limit != MXP_FB_RATE)
        return lower(&site->window, beside, now_ms) ? "connections at once" : NULL;
    if (site->open == 1 && info->limit != MXP_FB_RATE && lingers(lease, now_ms))
        return NULL;
    bool event = mxp_pace_throttled(&site->connects, opened, info->retry_after_ms, now_ms);
    return event ? "new connections" : NULL;
}

static void too_many_connections(struct mxp_lease *lease, const struct mxp_feedback_info *info,
                                 uint64_t now_ms)
{
    const char *what = too_many_at(lease->site, lease, info, now_ms);
    if (what)
        mxp_site_tell(lease->site, MXP_LIM_SLOWED, lease->identity, what);
    if (lease->network)
        too_many_at(lease->network, lease, info, now_ms);
}

/* Never greeted, while others at its server were fine when it was opened: one more than is served.
 * Those may be gone by the time that it is given up. */
static void never_greeted(struct mxp_lease *lease, uint64_t now_ms)
{
    if (lease->beside_network)
        lower(&lease->network->window, lease->beside_network, now_ms);
    if (lease->beside && lower(&lease->site->window, lease->beside, now_ms))
        mxp_site_tell(lease->site, MXP_LIM_SLOWED, lease->identity, "connections at once");
}

/* A session was cut off after its n-th recipient. The same n again, and never more, is the
 * session's limit. */
static bool ends_alike(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    uint32_t limit = mxp_site_per_session(site);
    if (n == 0 || n < site->longest || (limit && n >= limit))
        return false;
    site->n_end = site->last_end == n ? (uint16_t)(site->n_end + 1) : 1;
    site->last_end = n;
    if (site->n_end < SAME_END)
        return false;
    bool known = site->per_session.n > 0;
    learn_session(lease, n, now_ms);
    if (!known)
        mxp_pace_absolve(&site->rcpts, now_ms);
    return true;
}

/* One that was let to be longer, and was cut off where others were: the server may have counted
 * what it refused, too. */
static bool ends_as_before(struct mxp_lease *lease, uint64_t now_ms)
{
    uint32_t was = lease->site->per_session.was;
    if (!was || (lease->n_answered != was && lease->n_replied != was))
        return false;
    learn_session(lease, was, now_ms);
    return true;
}

static void hold_as_stated(struct mxp_site *site, uint64_t stated_ms, uint64_t now_ms)
{
    if (stated_ms && site->stated_ms < now_ms + stated_ms)
        site->stated_ms = now_ms + stated_ms;
}

static void throttled(struct mxp_lease *lease, const struct mxp_feedback_info *info,
                      uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    bool first = !lease->throttled;
    lease->throttled = true;
    site->state.n_throttled++;
    /* Words like "connecting too often" behind a RCPT, with no other session, mean the rate. */
    bool connections = info->limit == MXP_FB_CONNECTIONS && site->proven > 1;
    if (lease->n_rcpts == 0 || connections) {
        too_many_connections(lease, info, now_ms);
        return;
    }
    hold_as_stated(site, info->retry_after_ms, now_ms);
    if (lease->network)
        hold_as_stated(lease->network, info->retry_after_ms, now_ms);
    /* "Too many messages" may be the session's or the hour's: not the session's where a longer one
     * was fine. */
    bool session = info->limit == MXP_FB_SESSION && lease->n_replied >= site->longest;
    if (session && lease->n_replied) {
        mxp_pace_spend(&site->rcpts);
        learn_session(lease, lease->n_replied, now_ms);
        return;
    }
    if (ends_as_before(lease, now_ms) || (first && ends_alike(lease, lease->n_answered, now_ms)) ||
        /* The rest of the batch that showed the session's limit is explained by it. */
        (site->per_session.n && lease->n_answered >= site->per_session.n)) {
        mxp_pace_spend(&site->rcpts);
        return;
    }
    uint64_t sent = info->latency_ms < now_ms ? now_ms - info->latency_ms : 0;
    bool event = mxp_pace_throttled(&site->rcpts, sent, info->retry_after_ms, now_ms);
    if (lease->network)
        mxp_pace_throttled(&lease->network->rcpts, sent, info->retry_after_ms, now_ms);
    if (event)
        mxp_site_tell(site, MXP_LIM_SLOWED, lease->identity, "recipients per minute");
}

static void too_many_rcpts(struct mxp_lease *lease, const struct mxp_feedback_info *info,
                           uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    uint32_t n = info->n_ok ? info->n_ok : 1;
    site->state.n_throttled++;
    mxp_pace_spend(&site->rcpts);
    hold_as_stated(site, info->retry_after_ms, now_ms);
    if (lower(&site->per_transaction, n, now_ms))
        mxp_site_tell(site, MXP_LIM_SLOWED, lease->identity, "recipients per transaction");
}

static void count_at(struct mxp_lim_provider *provider, bool unknown)
{
    provider->unknown_bits = provider->unknown_bits << 1 | (unknown ? 1 : 0);
    if (provider->n_answers < UINT32_MAX)
        provider->n_answers++;
}

static void count_answer(struct mxp_lease *lease, bool unknown)
{
    count_at(lease->site->provider, unknown);
    if (lease->network)
        count_at(lease->network->provider, unknown);
    if (lease->n_answered == 0) {
        lease->site->answered++;
        if (lease->network)
            lease->network->answered++;
    }
    if (++lease->n_answered > lease->site->longest)
        lease->site->longest = lease->n_answered;
    if (unknown)
        lease->site->state.n_unknown++;
}

static void normal(struct mxp_lease *lease, uint32_t latency_ms, uint64_t now_ms)
{
    uint64_t sent = latency_ms < now_ms ? now_ms - latency_ms : 0;
    struct mxp_site *sites[] = {lease->site, lease->network};
    for (int i = 0; i < 2 && sites[i]; i++) {
        mxp_delay_watch(sites[i], latency_ms, now_ms);
        mxp_pace_answered(&sites[i]->rcpts, sent, now_ms);
    }
}

void mxp_lease_feedback(struct mxp_lease *lease, enum mxp_feedback kind,
                        const struct mxp_feedback_info *info, uint64_t now_ms)
{
    static const struct mxp_feedback_info nothing = {0};
    if (!info)
        info = &nothing;
    mxp_breaker_asked(lease, false);
    mxp_delay_replied(lease, 1, now_ms);
    switch (kind) {
    case MXP_FB_OK:
    case MXP_FB_UNKNOWN_USER:
        count_answer(lease, kind == MXP_FB_UNKNOWN_USER);
        normal(lease, info->latency_ms, now_ms);
        mxp_breaker_answered(lease);
        break;
    case MXP_FB_THROTTLED:
        if (!lease->limiter->options.off)
            throttled(lease, info, now_ms);
        else if (info->limit == MXP_FB_SESSION && lease->n_answered)
            learn_session(lease, lease->n_answered, now_ms);
        break;
    case MXP_FB_TOO_MANY_RCPTS:
        too_many_rcpts(lease, info, now_ms);
        break;
    case MXP_FB_BLOCKED:
        mxp_breaker_blocked(lease, now_ms);
        break;
    case MXP_FB_FOOTPRINT:
        mxp_breaker_footprint(lease);
        break;
    }
    lease->n_replied++; /* a server may count what it refused, too */
}

/* Connections that are refused after others were fine: the site has had enough of us. */
static void refused(struct mxp_site *site, uint64_t now_ms)
{
    if (!site->peak || ++site->n_refused < REFUSED_HOLD)
        return;
    uint64_t hold = REFUSED_MS;
    for (uint16_t i = REFUSED_HOLD; i < site->n_refused && hold < REFUSED_MAX_MS; i++)
        hold *= 2;
    if (hold > REFUSED_MAX_MS)
        hold = REFUSED_MAX_MS;
    if (site->hold_ms < now_ms + hold)
        site->hold_ms = now_ms + hold;
}

/* Sessions that break off again and again, after no fixed count, are a way of saying no. */
static void lost(struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    if (!lease->proven || ++site->n_lost < (site->cuts ? LOST_AGAIN : LOST_HOLD))
        return;
    site->n_lost = 0;
    if (site->cuts)
        mxp_pace_throttled(&site->rcpts, now_ms, 0, now_ms);
    else
        mxp_pace_doubt(&site->rcpts, now_ms);
    site->cuts = true;
    mxp_site_tell(site, MXP_LIM_SLOWED, lease->identity, "recipients per minute");
}

void mxp_adapt_closed(struct mxp_lease *lease, enum mxp_lease_end how, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    if (how == MXP_LEASE_QUIT)
        site->n_lost = 0;
    if (lease->proven)
        site->closed_ms = now_ms;
    if (lease->proven && lease->network)
        lease->network->closed_ms = now_ms;
    if (lease->limiter->options.off && how != MXP_LEASE_DROPPED)
        return;
    if (how == MXP_LEASE_CONNECT_REFUSED || how == MXP_LEASE_CONNECT_TIMEOUT)
        refused(site, now_ms);
    if (how == MXP_LEASE_TIMEOUT && lease->proven)
        lost(lease, now_ms);
    else if (how == MXP_LEASE_TIMEOUT)
        never_greeted(lease, now_ms);
    if (how != MXP_LEASE_DROPPED)
        return;
    if (!lease->proven && site->peak) {
        struct mxp_feedback_info info = {.limit = MXP_FB_ANY};
        too_many_connections(lease, &info, now_ms);
    } else if (!lease->throttled && !ends_alike(lease, lease->n_answered, now_ms)) {
        lost(lease, now_ms);
    }
}
