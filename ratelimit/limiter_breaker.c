#include "ratelimit/limiter_internal.h"

#define TRIAL_MS       1800000
#define TRIAL_MAX_MS   86400000
#define TRIAL_POLL_MS  60000 /* while a trial is due or under way, for those that wait for it */
#define BLOCKS_TO_STOP 3

/* When to ask again. An identity that was not refused waits for the trial of one that was: its own
 * acceptance would lead around the block. Where none of those has anything left to ask, nobody
 * learns whether we are welcome again: after as long a wait as before, that is the end. */
static uint64_t asks_again(const struct mxp_site *site, uint64_t now_ms)
{
    const struct mxp_lim_provider *provider = site->provider;
    uint64_t wait = provider->breaker_wait_ms;
    if (now_ms < provider->breaker_ms)
        return provider->breaker_ms;
    bool none = !site->refused && !provider->trial && now_ms - provider->breaker_ms >= wait;
    return none ? UINT64_MAX : now_ms + (wait < TRIAL_POLL_MS ? wait : TRIAL_POLL_MS);
}

/* Its trial is due: of an identity that was refused itself, also where another's trial was
 * accepted meanwhile. */
static bool due(const struct mxp_site *site, uint64_t now_ms)
{
    const struct mxp_lim_provider *provider = site->provider;
    return site->refused && now_ms >= provider->breaker_ms && !provider->trial;
}

int mxp_breaker_allows(const struct mxp_site *site, const struct mxp_lease *lease, uint64_t now_ms,
                       struct mxp_wait *ret_wait)
{
    const struct mxp_lim_provider *provider = site->provider;
    if (provider->limiter->options.off)
        return MXP_OK;
    if (provider->footprint) {
        *ret_wait = (struct mxp_wait){UINT64_MAX, MXP_WAIT_FOOTPRINT};
        return MXP_EAGAIN;
    }
    if (!provider->breaker_ms && !site->refused)
        return MXP_OK;
    if ((lease && lease == provider->trial && !provider->trial_asked) || due(site, now_ms))
        return MXP_OK;
    *ret_wait = (struct mxp_wait){asks_again(site, now_ms), MXP_WAIT_BREAKER};
    return MXP_EAGAIN;
}

/* False: it was open already, and this lease is not its trial. */
static bool open_breaker(struct mxp_site *site, const struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_lim_provider *provider = site->provider;
    site->refused = true;
    bool trial = provider->trial == lease;
    if (provider->breaker_ms && !trial)
        return false; /* the other sessions of the same moment */
    uint64_t first = lease->limiter->options.breaker_trial_ms;
    if (!first)
        first = TRIAL_MS;
    uint64_t wait = trial ? provider->breaker_wait_ms * 2 : first;
    provider->breaker_wait_ms = wait > TRIAL_MAX_MS ? TRIAL_MAX_MS : wait;
    provider->breaker_ms = now_ms + provider->breaker_wait_ms;
    provider->trial = NULL;
    return true;
}

/* Several providers refuse the same identity: it is listed. Names on one network count once. */
static void count_block(struct mxp_lease *lease)
{
    struct mxp_limiter *limiter = lease->limiter;
    struct mxp_lim_provider *provider = lease->site->provider;
    bool known = lease->network && lease->network->provider->blocked_once;
    if (lease->network)
        lease->network->provider->blocked_once = true;
    if (provider->blocked_once)
        return;
    provider->blocked_once = true;
    if (known)
        return;
    struct mxp_identity_state *identity = &limiter->identities[lease->identity];
    uint32_t most = limiter->options.blocks_to_stop;
    if (!most)
        most = BLOCKS_TO_STOP;
    if (++identity->n_blocks >= most && !identity->listed) {
        identity->listed = true;
        mxp_site_tell(lease->site, MXP_LIM_IDENTITY_LISTED, lease->identity, "identity");
    }
}

void mxp_breaker_blocked(struct mxp_lease *lease, uint64_t now_ms)
{
    lease->site->state.n_blocked++;
    if (lease->limiter->options.off)
        return;
    bool opened = open_breaker(lease->site, lease, now_ms);
    if (lease->network)
        open_breaker(lease->network, lease, now_ms);
    if (!opened)
        return;
    mxp_site_tell(lease->site, MXP_LIM_BREAKER_OPENED, lease->identity, "breaker");
    count_block(lease);
}

static bool close_breaker(struct mxp_site *site, const struct mxp_lease *lease)
{
    struct mxp_lim_provider *provider = site->provider;
    if (provider->trial != lease)
        return false;
    provider->trial = NULL;
    provider->breaker_ms = 0;
    site->refused = false;
    return true;
}

void mxp_breaker_answered(struct mxp_lease *lease)
{
    if (lease->network)
        close_breaker(lease->network, lease);
    if (close_breaker(lease->site, lease))
        mxp_site_tell(lease->site, MXP_LIM_BREAKER_CLOSED, lease->identity, "breaker");
}

void mxp_breaker_footprint(struct mxp_lease *lease)
{
    struct mxp_lim_provider *provider = lease->site->provider;
    lease->site->state.n_blocked++;
    if (lease->limiter->options.off)
        return;
    if (lease->network)
        lease->network->provider->footprint = true;
    if (provider->footprint)
        return;
    provider->footprint = true;
    mxp_site_tell(lease->site, MXP_LIM_FOOTPRINT_STOP, lease->identity, "footprint");
}

void mxp_breaker_try(struct mxp_site *site, struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_lim_provider *provider = site->provider;
    if (!due(site, now_ms))
        return;
    provider->trial = lease;
    provider->trial_asked = false;
}

void mxp_breaker_failed(struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    for (int i = 0; i < 2 && sites[i]; i++)
        if (sites[i]->provider->trial == lease)
            sites[i]->provider->breaker_ms = now_ms + sites[i]->provider->breaker_wait_ms;
}

void mxp_breaker_left(struct mxp_lim_provider *provider, const struct mxp_lease *lease)
{
    if (provider->trial == lease)
        provider->trial = NULL; /* it told nothing: the next one may try */
}

uint32_t mxp_breaker_takes(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    for (int i = 0; i < 2 && sites[i]; i++) {
        mxp_breaker_try(sites[i], lease, now_ms);
        if (sites[i]->provider->trial == lease && n > 1)
            n = 1;
    }
    return n;
}

void mxp_breaker_asked(struct mxp_lease *lease, bool asked)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    for (int i = 0; i < 2 && sites[i]; i++)
        if (sites[i]->provider->trial == lease)
            sites[i]->provider->trial_asked = asked;
}
