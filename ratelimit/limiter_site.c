#include "ratelimit/limiter_internal.h"

#include <stdlib.h>

#define SLOW_UNKNOWN 4.0 /* too many unknown recipients: a quarter of the speed */

static void site_init(struct mxp_site *site, struct mxp_lim_provider *provider, uint64_t now_ms)
{
    const struct mxp_budget *budget = &provider->budget;
    site->provider = provider;
    mxp_pace_init(&site->connects, budget->connect_rate, 0, now_ms);
    mxp_pace_init(&site->rcpts, budget->rcpt_rate, 0, now_ms);
    mxp_pace_watch_hours(&site->rcpts, 0, now_ms);
}

struct mxp_site *mxp_site_get(struct mxp_lim_provider *provider, uint32_t identity, uint64_t now_ms)
{
    if (!provider->sites) {
        uint32_t n = provider->limiter->options.n_identities;
        provider->sites = calloc(n, sizeof *provider->sites);
        if (!provider->sites)
            return NULL;
        provider->n_sites = n;
        for (uint32_t i = 0; i < n; i++)
            site_init(&provider->sites[i], provider, now_ms);
    }
    return &provider->sites[identity];
}

void mxp_sites_free(struct mxp_lim_provider *provider)
{
    for (uint32_t i = 0; provider->sites && i < provider->n_sites; i++)
        mxp_pace_free(&provider->sites[i].rcpts);
    free(provider->sites);
}

uint32_t mxp_site_window(const struct mxp_site *site, uint64_t now_ms)
{
    uint32_t most = site->provider->budget.connections;
    bool delayed = mxp_delay_holds(site, now_ms);
    uint32_t width = delayed && site->width < site->peak ? site->width : site->peak;
    /* Until they are greeted, a few; then half as many again as were. */
    uint32_t start = width + width / 2 + MXP_UNPROVEN;
    uint32_t window = site->window.n ? site->window.n : start;
    return most && window > most ? most : window;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return !a ? b : !b ? a : a < b ? a : b;
}

uint32_t mxp_site_per_session(const struct mxp_site *site)
{
    bool off = site->provider->limiter->options.off;
    return lesser(site->per_session.n, off ? 0 : site->provider->budget.rcpts_per_session);
}

uint32_t mxp_site_per_transaction(const struct mxp_site *site)
{
    bool off = site->provider->limiter->options.off;
    return lesser(site->per_transaction.n, off ? 0 : site->provider->budget.rcpts_per_transaction);
}

double mxp_site_slow(const struct mxp_site *site)
{
    const struct mxp_lim_provider *provider = site->provider;
    uint32_t n = provider->n_answers < MXP_N_ANSWERS ? provider->n_answers : MXP_N_ANSWERS;
    if (!provider->budget.unknown_percent || n < MXP_ANSWERS_SEEN)
        return 1;
    uint32_t unknown = (uint32_t)__builtin_popcountll(provider->unknown_bits);
    return unknown * 100 > n * provider->budget.unknown_percent ? SLOW_UNKNOWN : 1;
}

void mxp_site_tell(const struct mxp_site *site, enum mxp_lim_event_kind kind, uint32_t identity,
                   const char *what)
{
    const struct mxp_limiter_options *options = &site->provider->limiter->options;
    if (!options->on_event)
        return;
    struct mxp_lim_event event = {
        .kind = kind,
        .identity = identity,
        .provider = site->provider,
        .what = what,
        .until_ms = site->provider->breaker_ms ? site->provider->breaker_ms : UINT64_MAX,
    };
    options->on_event(options->arg, &event);
}

void mxp_limiter_site(const struct mxp_limiter *limiter, const struct mxp_lim_provider *provider,
                      uint32_t identity, struct mxp_site_state *ret)
{
    (void)limiter;
    *ret = (struct mxp_site_state){.now = provider->budget};
    if (!provider->sites || identity >= provider->n_sites)
        return;
    const struct mxp_site *site = &provider->sites[identity];
    *ret = site->state;
    ret->now = provider->budget;
    ret->open = site->open;
    ret->breaker = provider->breaker_ms != 0;
    ret->footprint_stopped = provider->footprint;
    if (site->window.n)
        ret->now.connections = lesser(site->window.n, ret->now.connections);
    if (site->rcpts.hurt > 0)
        ret->now.rcpt_rate = (struct mxp_rate){(uint32_t)(site->rcpts.level + 0.5f), 60000};
    if (site->connects.hurt > 0)
        ret->now.connect_rate = (struct mxp_rate){(uint32_t)(site->connects.level + 0.5f), 60000};
    ret->now.rcpts_per_hour = mxp_quota_known(site->rcpts.quota);
    ret->now.rcpts_per_session = mxp_site_per_session(site);
    ret->now.rcpts_per_transaction = mxp_site_per_transaction(site);
}

static bool is_learned(const struct mxp_lim_provider *provider, uint32_t identity)
{
    if (!provider->sites || identity >= provider->n_sites)
        return false;
    const struct mxp_site *site = &provider->sites[identity];
    return site->window.n || site->rcpts.hurt > 0 || site->connects.hurt > 0 ||
           site->per_session.n || site->per_transaction.n || mxp_quota_known(site->rcpts.quota);
}

void mxp_limiter_each_site(const struct mxp_limiter *limiter,
                           void (*cb)(void *arg, const char *key, uint32_t identity, bool learned,
                                      const struct mxp_site_state *state),
                           void *arg)
{
    for (const struct mxp_lim_provider *provider = limiter->first; provider;
         provider = provider->next) {
        for (uint32_t i = 0; provider->sites && i < provider->n_sites && !provider->network; i++) {
            struct mxp_site_state state;
            mxp_limiter_site(limiter, provider, i, &state);
            cb(arg, provider->key, i, is_learned(provider, i), &state);
        }
    }
}

int mxp_limiter_teach(struct mxp_lim_provider *provider, uint32_t identity,
                      const struct mxp_budget *learned, uint64_t now_ms)
{
    if (identity >= provider->limiter->options.n_identities)
        return MXP_EINVAL;
    struct mxp_site *site = mxp_site_get(provider, identity, now_ms);
    if (!site)
        return MXP_ENOMEM;
    const struct mxp_budget *budget = &provider->budget;
    double per_minute =
        learned->rcpt_rate.per_ms ? learned->rcpt_rate.n * 60000.0 / learned->rcpt_rate.per_ms : 0;
    mxp_pace_free(&site->rcpts);
    mxp_pace_init(&site->rcpts, budget->rcpt_rate, per_minute, now_ms);
    mxp_pace_watch_hours(&site->rcpts, learned->rcpts_per_hour, now_ms);
    per_minute = learned->connect_rate.per_ms
                     ? learned->connect_rate.n * 60000.0 / learned->connect_rate.per_ms
                     : 0;
    mxp_pace_init(&site->connects, budget->connect_rate, per_minute, now_ms);
    site->window = (struct mxp_learned){.n = learned->connections, .since_ms = now_ms};
    site->per_session = (struct mxp_learned){.n = learned->rcpts_per_session, .since_ms = now_ms};
    site->per_transaction =
        (struct mxp_learned){.n = learned->rcpts_per_transaction, .since_ms = now_ms};
    return 0;
}
