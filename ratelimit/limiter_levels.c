#include "ratelimit/limiter_internal.h"

#include <stdlib.h>
#include <string.h>

/* Recipients of one domain, where a budget bounds them. */
struct mxp_domain_level {
    UT_hash_handle hh;
    struct mxp_bucket rcpts;
    char name[];
};

int mxp_levels_wait(struct mxp_wait *ret, uint64_t until_ms, uint32_t reason)
{
    *ret = (struct mxp_wait){until_ms, reason};
    return MXP_EAGAIN;
}

struct mxp_level *mxp_level_get(struct mxp_level **levels, const char *key)
{
    size_t len = strlen(key);
    struct mxp_level *level = NULL;
    HASH_FIND(hh, *levels, key, len, level);
    if (level)
        return level;
    level = calloc(1, sizeof *level + len + 1);
    if (!level)
        return NULL;
    memcpy(level->key, key, len + 1);
    HASH_ADD_KEYPTR(hh, *levels, level->key, len, level);
    if (!level->hh.tbl) {
        free(level);
        return NULL;
    }
    return level;
}

/* Nobody holds it any more: a list of a million domains has as many MX hosts. */
void mxp_level_leave(struct mxp_level **levels, struct mxp_level *level, bool proven)
{
    if (!level)
        return;
    level->proven -= proven;
    if (--level->open)
        return;
    HASH_DEL(*levels, level);
    free(level);
}

static void free_levels(struct mxp_level **levels)
{
    struct mxp_level *level, *next;
    HASH_ITER(hh, *levels, level, next)
    {
        HASH_DEL(*levels, level);
        free(level);
    }
}

void mxp_levels_free(struct mxp_limiter *limiter)
{
    free_levels(&limiter->hosts);
    free_levels(&limiter->servers);
}

void mxp_levels_free_domains(struct mxp_lim_provider *provider)
{
    struct mxp_domain_level *domain, *next;
    HASH_ITER(hh, provider->domains, domain, next)
    {
        HASH_DEL(provider->domains, domain);
        free(domain);
    }
}

int mxp_levels_allow_open(struct mxp_limiter *limiter, uint32_t identity, uint64_t now_ms,
                          struct mxp_wait *ret)
{
    const struct mxp_limiter_options *options = &limiter->options;
    struct mxp_identity_state *state = &limiter->identities[identity];
    uint64_t until;
    if (options->max_sessions && limiter->open >= options->max_sessions)
        return mxp_levels_wait(ret, UINT64_MAX, MXP_WAIT_RUN);
    if (options->off)
        return MXP_OK;
    if (!mxp_bucket_allows(&limiter->connects, options->connect_rate, 1, now_ms, &until))
        return mxp_levels_wait(ret, until, MXP_WAIT_RUN);
    if (options->identity_connections && state->open >= options->identity_connections)
        return mxp_levels_wait(ret, UINT64_MAX, MXP_WAIT_IDENTITY);
    if (!mxp_bucket_allows(&state->connects, options->identity_connect_rate, 1, now_ms, &until))
        return mxp_levels_wait(ret, until, MXP_WAIT_IDENTITY);
    return MXP_OK;
}

int mxp_levels_host(struct mxp_limiter *limiter, const struct mxp_route *route,
                    struct mxp_level **ret_host, struct mxp_wait *ret)
{
    uint32_t most = route->provider->budget.host_connections;
    *ret_host = mxp_level_get(&limiter->hosts, route->host);
    if (!*ret_host)
        return MXP_ENOMEM;
    if (most && (*ret_host)->open >= most && !limiter->options.off)
        return mxp_levels_wait(ret, UINT64_MAX, MXP_WAIT_HOST);
    return MXP_OK;
}

void mxp_levels_opened(const struct mxp_lease *lease)
{
    struct mxp_limiter *limiter = lease->limiter;
    struct mxp_identity_state *state = &limiter->identities[lease->identity];
    limiter->open++;
    state->open++;
    mxp_bucket_take(&limiter->connects, limiter->options.connect_rate, 1);
    mxp_bucket_take(&state->connects, limiter->options.identity_connect_rate, 1);
}

void mxp_levels_closed(const struct mxp_lease *lease)
{
    lease->limiter->open--;
    lease->limiter->identities[lease->identity].open--;
}

static struct mxp_domain_level *domain_get(struct mxp_lim_provider *provider, const char *name,
                                           uint64_t now_ms)
{
    size_t len = strlen(name);
    struct mxp_domain_level *domain = NULL;
    if (!provider->budget.domain_rcpt_rate.n)
        return NULL;
    HASH_FIND(hh, provider->domains, name, len, domain);
    if (domain)
        return domain;
    domain = calloc(1, sizeof *domain + len + 1);
    if (!domain)
        return NULL;
    memcpy(domain->name, name, len + 1);
    mxp_bucket_init(&domain->rcpts, provider->budget.domain_rcpt_rate, now_ms);
    HASH_ADD_KEYPTR(hh, provider->domains, domain->name, len, domain);
    if (!domain->hh.tbl) {
        free(domain);
        return NULL;
    }
    return domain;
}

uint32_t mxp_levels_allow_rcpts(struct mxp_lease *lease, const char *domain, uint32_t wanted,
                                uint64_t now_ms, struct mxp_wait *ret)
{
    struct mxp_limiter *limiter = lease->limiter;
    const struct mxp_limiter_options *options = &limiter->options;
    struct mxp_lim_provider *provider = lease->site->provider;
    struct mxp_identity_state *state = &limiter->identities[lease->identity];
    uint64_t until;
    uint32_t reason = MXP_WAIT_RUN;
    uint32_t n = mxp_bucket_allows(&limiter->rcpts, options->rcpt_rate, wanted, now_ms, &until);
    if (n) {
        reason = MXP_WAIT_IDENTITY;
        n = mxp_bucket_allows(&state->rcpts, options->identity_rcpt_rate, n, now_ms, &until);
    }
    lease->domain = domain_get(provider, domain, now_ms);
    if (n && lease->domain) {
        reason = MXP_WAIT_DOMAIN;
        n = mxp_bucket_allows(&lease->domain->rcpts, provider->budget.domain_rcpt_rate, n, now_ms,
                              &until);
    }
    if (n == 0)
        mxp_levels_wait(ret, until, reason);
    return n;
}

void mxp_levels_taken(const struct mxp_lease *lease, uint32_t n)
{
    struct mxp_limiter *limiter = lease->limiter;
    const struct mxp_limiter_options *options = &limiter->options;
    mxp_bucket_take(&limiter->rcpts, options->rcpt_rate, n);
    mxp_bucket_take(&limiter->identities[lease->identity].rcpts, options->identity_rcpt_rate, n);
    if (lease->domain)
        mxp_bucket_take(&lease->domain->rcpts, lease->site->provider->budget.domain_rcpt_rate, n);
}

void mxp_levels_untaken(const struct mxp_lease *lease, uint32_t n)
{
    struct mxp_limiter *limiter = lease->limiter;
    const struct mxp_limiter_options *options = &limiter->options;
    struct mxp_identity_state *state = &limiter->identities[lease->identity];
    mxp_bucket_give_back(&limiter->rcpts, options->rcpt_rate, n);
    mxp_bucket_give_back(&state->rcpts, options->identity_rcpt_rate, n);
    if (lease->domain)
        mxp_bucket_give_back(&lease->domain->rcpts, lease->site->provider->budget.domain_rcpt_rate,
                             n);
}
