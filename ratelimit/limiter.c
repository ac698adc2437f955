#include "ratelimit/limiter_internal.h"

#include <stdlib.h>
#include <string.h>

#define FRESH_MS 200 /* while those that were opened before take what there is */

struct mxp_limiter *mxp_limiter_new(const struct mxp_limiter_options *options)
{
    struct mxp_limiter *limiter = calloc(1, sizeof *limiter);
    if (!limiter)
        return NULL;
    limiter->options = *options;
    mxp_bucket_init(&limiter->connects, options->connect_rate, 0);
    mxp_bucket_init(&limiter->rcpts, options->rcpt_rate, 0);
    limiter->identities = calloc(options->n_identities, sizeof *limiter->identities);
    if (!limiter->identities)
        return mxp_limiter_free(limiter);
    for (uint32_t i = 0; i < options->n_identities; i++) {
        mxp_bucket_init(&limiter->identities[i].connects, options->identity_connect_rate, 0);
        mxp_bucket_init(&limiter->identities[i].rcpts, options->identity_rcpt_rate, 0);
    }
    return limiter;
}

struct mxp_limiter *mxp_limiter_free(struct mxp_limiter *limiter)
{
    if (!limiter)
        return NULL;
    struct mxp_lim_provider *provider, *next;
    HASH_ITER(hh, limiter->providers, provider, next)
    {
        HASH_DEL(limiter->providers, provider);
        mxp_levels_free_domains(provider);
        mxp_sites_free(provider);
        free(provider);
    }
    mxp_levels_free(limiter);
    free(limiter->identities);
    free(limiter);
    return NULL;
}

static struct mxp_lim_provider *intern(struct mxp_limiter *limiter, const char *key,
                                       const struct mxp_budget *budget)
{
    size_t len = strlen(key);
    struct mxp_lim_provider *provider = NULL;
    HASH_FIND(hh, limiter->providers, key, len, provider);
    if (provider)
        return provider;
    provider = calloc(1, sizeof *provider + len + 1);
    if (!provider)
        return NULL;
    memcpy(provider->key, key, len + 1);
    provider->limiter = limiter;
    provider->budget = *budget;
    HASH_ADD_KEYPTR(hh, limiter->providers, provider->key, len, provider);
    if (!provider->hh.tbl) {
        free(provider);
        return NULL;
    }
    provider->next = limiter->first;
    limiter->first = provider;
    return provider;
}

struct mxp_lim_provider *mxp_limiter_provider(struct mxp_limiter *limiter, const char *key,
                                              const struct mxp_budget *budget)
{
    return intern(limiter, key, budget);
}

const char *mxp_lim_provider_key(const struct mxp_lim_provider *provider)
{
    return provider->key;
}

/* A connection for which there is nothing to ask yet is one too many. */
static int has_rcpts(struct mxp_site *site, uint64_t now_ms, struct mxp_wait *ret)
{
    uint64_t until = 0;
    uint32_t n =
        mxp_pace_allows(&site->rcpts, site->fresh + 1, mxp_site_slow(site), now_ms, &until);
    if (n > site->fresh)
        return MXP_OK;
    return mxp_levels_wait(ret, until > now_ms ? until : now_ms + FRESH_MS, MXP_WAIT_RCPT_RATE);
}

/* No connection before: nothing could be asked, or it would be one too many. */
static uint64_t paused_until(const struct mxp_site *site)
{
    uint64_t until = site->stated_ms > site->hold_ms ? site->stated_ms : site->hold_ms;
    return until > site->rcpts.pause_ms ? until : site->rcpts.pause_ms;
}

static int site_allows(struct mxp_site *site, uint32_t identity, uint64_t now_ms,
                       struct mxp_wait *ret)
{
    uint64_t until = 0;
    if (now_ms < paused_until(site))
        return mxp_levels_wait(ret, paused_until(site), MXP_WAIT_PENALTY);
    int err = has_rcpts(site, now_ms, ret);
    if (err)
        return err;
    if (site->open >= mxp_site_window(site, now_ms) && !mxp_adapt_widen(site, identity, now_ms))
        return mxp_levels_wait(ret, UINT64_MAX, MXP_WAIT_PROVIDER);
    if (!mxp_pace_allows(&site->connects, 1, 1, now_ms, &until))
        return mxp_levels_wait(ret, until, MXP_WAIT_CONNECT_RATE);
    return MXP_OK;
}

static int may_open(struct mxp_limiter *limiter, const struct mxp_route *route,
                    struct mxp_site *site, uint64_t now_ms, struct mxp_wait *ret)
{
    int err = mxp_levels_allow_open(limiter, route->identity, now_ms, ret);
    if (!err)
        err = mxp_breaker_allows(site, NULL, now_ms, ret);
    if (!err && !limiter->options.off)
        err = site_allows(site, route->identity, now_ms, ret);
    return err;
}

static void count_in(struct mxp_lease *lease, uint64_t now_ms)
{
    struct mxp_site *site = lease->site;
    site->open++;
    site->fresh++;
    site->state.n_sessions++;
    lease->host->open++;
    mxp_levels_opened(lease);
    mxp_pace_take(&site->connects, 1, now_ms);
    mxp_breaker_try(site, lease, now_ms);
}

int mxp_limiter_open(struct mxp_limiter *limiter, const struct mxp_route *route, uint64_t now_ms,
                     struct mxp_lease **ret_lease, struct mxp_wait *ret_wait)
{
    struct mxp_level *host = NULL;
    *ret_lease = NULL;
    *ret_wait = (struct mxp_wait){0};
    struct mxp_site *site = mxp_site_get(route->provider, route->identity, now_ms);
    if (!site)
        return MXP_ENOMEM;
    int err = may_open(limiter, route, site, now_ms, ret_wait);
    if (!err)
        err = mxp_levels_host(limiter, route, &host, ret_wait);
    if (err)
        return err;
    struct mxp_lease *lease = calloc(1, sizeof *lease);
    if (!lease)
        return MXP_ENOMEM;
    lease->limiter = limiter;
    lease->site = site;
    lease->host = host;
    lease->identity = route->identity;
    lease->opened_ms = now_ms;
    lease->beside = host->proven ? site->proven : 0;
    count_in(lease, now_ms);
    if (route->ip_len) {
        err = mxp_lease_address(lease, route->ip, route->ip_len, now_ms, ret_wait);
        if (err) {
            mxp_lease_close(lease, MXP_LEASE_CANCELED, now_ms);
            return err;
        }
    }
    *ret_lease = lease;
    return MXP_OK;
}

static void key_of(const uint8_t *ip, uint8_t n, char ret[static 33])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;
    for (uint8_t i = 0; i < n; i++) {
        ret[at++] = hex[ip[i] >> 4];
        ret[at++] = hex[ip[i] & 15];
    }
    ret[at] = '\0';
}

static void leave_address(struct mxp_lease *lease)
{
    mxp_level_leave(&lease->limiter->servers, lease->server, lease->proven);
    lease->server = NULL;
    if (lease->network) {
        lease->network->open--;
        lease->network->provider->open--;
        lease->network->proven -= lease->proven;
        lease->network->n_asked -= lease->n_asked;
        lease->network->answered -= lease->n_answered > 0;
        mxp_breaker_left(lease->network->provider, lease);
    }
    lease->network = NULL;
    lease->beside_network = 0;
}

/* The network that the server is in, as a site of its own, where the provider is in no table:
 * a known provider's budget is for all of its networks together. */
static int network_site(struct mxp_lease *lease, const uint8_t *ip, uint8_t ip_len, uint64_t now_ms,
                        struct mxp_site **ret)
{
    char key[MXP_KEY_MAX] = "net ";
    struct mxp_lim_provider *provider = lease->site->provider;
    *ret = NULL;
    if (!provider->budget.shares_network || lease->limiter->options.off)
        return MXP_OK;
    key_of(ip, ip_len == 4 ? 3 : 8, key + 4);
    struct mxp_lim_provider *network = intern(lease->limiter, key, &provider->budget);
    if (!network)
        return MXP_ENOMEM;
    network->network = true;
    *ret = mxp_site_get(network, lease->identity, now_ms);
    return *ret ? MXP_OK : MXP_ENOMEM;
}

static int network_allows(struct mxp_site *network, const struct mxp_lease *lease, uint64_t now_ms,
                          struct mxp_wait *ret)
{
    uint64_t until = UINT64_MAX;
    if (mxp_breaker_allows(network, lease, now_ms, ret))
        return MXP_EAGAIN;
    if (now_ms < paused_until(network))
        return mxp_levels_wait(ret, paused_until(network), MXP_WAIT_SERVER);
    if (network->provider->open >= mxp_site_window(network, now_ms))
        return mxp_levels_wait(ret, UINT64_MAX, MXP_WAIT_SERVER);
    if (!mxp_pace_allows(&network->connects, 1, 1, now_ms, &until))
        return mxp_levels_wait(ret, until, MXP_WAIT_SERVER);
    return MXP_OK;
}

int mxp_lease_address(struct mxp_lease *lease, const uint8_t *ip, uint8_t ip_len, uint64_t now_ms,
                      struct mxp_wait *ret_wait)
{
    char key[MXP_KEY_MAX];
    struct mxp_limiter *limiter = lease->limiter;
    struct mxp_site *network;
    const struct mxp_budget *budget = &lease->site->provider->budget;
    *ret_wait = (struct mxp_wait){0};
    leave_address(lease);
    int err = network_site(lease, ip, ip_len, now_ms, &network);
    if (err)
        return err;
    if (network && network_allows(network, lease, now_ms, ret_wait))
        return MXP_EAGAIN;
    key_of(ip, ip_len, key);
    struct mxp_level *server = mxp_level_get(&limiter->servers, key);
    if (!server)
        return MXP_ENOMEM;
    bool full = budget->host_connections && server->open >= budget->host_connections;
    if (full && !limiter->options.off)
        return mxp_levels_wait(ret_wait, UINT64_MAX, MXP_WAIT_SERVER);
    server->open++;
    server->proven += lease->proven;
    lease->server = server;
    lease->beside = server->proven ? lease->site->proven : 0;
    lease->network = network;
    if (network) {
        network->open++;
        network->proven += lease->proven;
        network->n_asked += lease->n_asked;
        network->answered += lease->n_answered > 0;
        network->provider->open++;
        lease->address_ms = now_ms;
        lease->beside_network = server->proven ? network->proven : 0;
        mxp_pace_take(&network->connects, 1, now_ms);
        mxp_breaker_try(network, lease, now_ms);
    }
    return MXP_OK;
}

static uint32_t cap(uint32_t n, uint32_t most)
{
    return most && n > most ? most : n;
}

/* Of n recipients, as many as all rates allow; 0 and *ret_wait. */
static uint32_t within_rates(struct mxp_lease *lease, const char *domain, uint32_t n,
                             uint64_t now_ms, struct mxp_wait *ret_wait)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    n = mxp_levels_allow_rcpts(lease, domain, n, now_ms, ret_wait);
    for (int i = 0; i < 2 && n && sites[i]; i++) {
        struct mxp_site *site = sites[i];
        uint64_t until = now_ms;
        bool lowered = site->rcpts.hurt > 0;
        float level = site->rcpts.level;
        n = mxp_pace_allows(&site->rcpts, n, mxp_site_slow(site), now_ms, &until);
        if (i == 0 && lowered && site->rcpts.level > level)
            mxp_site_tell(site, MXP_LIM_RAISED, lease->identity, "recipients per minute");
        bool paused = now_ms < site->rcpts.pause_ms;
        if (n == 0)
            mxp_levels_wait(ret_wait, until, paused ? MXP_WAIT_PENALTY : MXP_WAIT_RCPT_RATE);
    }
    return n;
}

static int may_take(struct mxp_lease *lease, uint64_t now_ms, struct mxp_wait *ret_wait)
{
    struct mxp_site *site = lease->site;
    int err = mxp_breaker_allows(site, lease, now_ms, ret_wait);
    if (!err && lease->network)
        err = mxp_breaker_allows(lease->network, lease, now_ms, ret_wait);
    if (!err && now_ms < site->stated_ms && !lease->limiter->options.off)
        err = mxp_levels_wait(ret_wait, site->stated_ms, MXP_WAIT_PENALTY);
    return err;
}

uint32_t mxp_lease_take(struct mxp_lease *lease, const char *domain, uint32_t wanted,
                        uint64_t now_ms, struct mxp_wait *ret_wait)
{
    struct mxp_site *site = lease->site;
    *ret_wait = (struct mxp_wait){0};
    mxp_adapt_proven(lease, now_ms);
    if (may_take(lease, now_ms, ret_wait))
        return 0;
    uint32_t per_session = mxp_site_per_session(site);
    if (per_session && lease->n_rcpts >= per_session && mxp_adapt_lengthen(lease, now_ms))
        per_session = mxp_site_per_session(site);
    if (per_session && lease->n_rcpts >= per_session) {
        mxp_levels_wait(ret_wait, UINT64_MAX, MXP_WAIT_SESSION);
        return 0;
    }
    if (site->per_transaction.n && wanted > site->per_transaction.n)
        mxp_adapt_fill(lease, now_ms);
    uint32_t n = cap(wanted, mxp_site_per_transaction(site));
    n = cap(n, per_session ? per_session - lease->n_rcpts : 0);
    n = mxp_breaker_takes(lease, n, now_ms);
    if (!lease->limiter->options.off)
        n = within_rates(lease, domain, n, now_ms, ret_wait);
    if (n == 0)
        return 0;
    if (lease->n_rcpts == 0)
        site->fresh--;
    mxp_breaker_asked(lease, true);
    lease->n_rcpts += n;
    site->state.n_rcpts += n;
    mxp_levels_taken(lease, n);
    mxp_pace_take(&site->rcpts, n, now_ms);
    if (lease->network)
        mxp_pace_take(&lease->network->rcpts, n, now_ms);
    mxp_delay_asked(lease, n, now_ms);
    return n;
}

void mxp_lease_untake(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    lease->n_rcpts -= n;
    mxp_breaker_asked(lease, false);
    if (lease->n_rcpts == 0)
        lease->site->fresh++;
    lease->site->state.n_rcpts -= n;
    mxp_levels_untaken(lease, n);
    mxp_pace_give_back(&lease->site->rcpts, n, now_ms);
    mxp_delay_replied(lease, n, now_ms);
    if (lease->network)
        mxp_pace_give_back(&lease->network->rcpts, n, now_ms);
}

void mxp_lease_close(struct mxp_lease *lease, enum mxp_lease_end how, uint64_t now_ms)
{
    struct mxp_limiter *limiter = lease->limiter;
    mxp_adapt_closed(lease, how, now_ms);
    if (how != MXP_LEASE_QUIT && how != MXP_LEASE_CANCELED)
        mxp_breaker_failed(lease, now_ms);
    leave_address(lease);
    mxp_level_leave(&limiter->hosts, lease->host, lease->proven);
    mxp_levels_closed(lease);
    lease->site->open--;
    if (lease->n_rcpts == 0)
        lease->site->fresh--;
    lease->site->proven -= lease->proven;
    lease->site->n_asked -= lease->n_asked;
    lease->site->answered -= lease->n_answered > 0;
    mxp_breaker_left(lease->site->provider, lease);
    free(lease);
}
