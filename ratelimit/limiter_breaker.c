#include "ratelimit/limiter_internal.h"

#define TRIAL_MS       1800000
#define TRIAL_MAX_MS   86400000
#define BLOCKS_TO_STOP 3

int mxp_breaker_allows(const struct mxp_lim_provider *provider, const struct mxp_lease *lease,
                       uint64_t now_ms, struct mxp_wait *ret_wait)
{
    if (provider->limiter->options.off)
        return MXP_OK;
    if (provider->footprint) {
        *ret_wait = (struct mxp_wait){UINT64_MAX, MXP_WAIT_FOOTPRINT};
        return MXP_EAGAIN;
    }
    if (!provider->breaker_ms || (lease && lease == provider->trial))
        return MXP_OK;
    if (now_ms >= provider->breaker_ms && !provider->trial)
        return MXP_OK;
    uint64_t until = provider->trial ? now_ms + provider->breaker_wait_ms : provider->breaker_ms;
    *ret_wait = (struct mxp_wait){until, MXP_WAIT_BREAKER};
    return MXP_EAGAIN;
}

void mxp_breaker_blocked(struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_limiter *limiter = lease->limiter;
    struct mxp_lim_provider *provider = lease->site->provider;
    lease->site->state.n_blocked++;
    if (limiter->options.off)
        return;
    bool trial = provider->trial == lease;
    if (provider->breaker_ms && !trial)
        return; /* the other sessions of the same moment */
    uint64_t first =
        limiter->options.breaker_trial_ms ? limiter->options.breaker_trial_ms : TRIAL_MS;
    uint64_t wait = trial ? provider->breaker_wait_ms * 2 : first;
    provider->breaker_wait_ms = wait > TRIAL_MAX_MS ? TRIAL_MAX_MS : wait;
    provider->breaker_ms = now_ms + provider->breaker_wait_ms;
    provider->trial = NULL;
    mxp_site_tell(lease->site, MXP_LIM_BREAKER_OPENED, lease->identity, "breaker");
    if (provider->blocked_once)
        return;
    provider->blocked_once = true;
    struct mxp_identity_state *identity = &limiter->identities[lease->identity];
    uint32_t most =
        limiter->options.blocks_to_stop ? limiter->options.blocks_to_stop : BLOCKS_TO_STOP;
    if (++identity->n_blocks >= most && !identity->listed) {
        identity->listed = true;
        mxp_site_tell(lease->site, MXP_LIM_IDENTITY_LISTED, lease->identity, "identity");
    }
}

void mxp_breaker_answered(struct mxp_lease *lease)
{
    struct mxp_lim_provider *provider = lease->site->provider;
    if (provider->trial != lease)
        return;
    provider->trial = NULL;
    provider->breaker_ms = 0;
    mxp_site_tell(lease->site, MXP_LIM_BREAKER_CLOSED, lease->identity, "breaker");
}

void mxp_breaker_footprint(struct mxp_lease *lease)
{
    struct mxp_lim_provider *provider = lease->site->provider;
    lease->site->state.n_blocked++;
    if (lease->limiter->options.off || provider->footprint)
        return;
    provider->footprint = true;
    mxp_site_tell(lease->site, MXP_LIM_FOOTPRINT_STOP, lease->identity, "footprint");
}
