#include "site.h"

#include <stdlib.h>

#define MINUTE_MS  60000
#define WINDOW_MAX 100000

struct farm_site *farm_site_new(const struct farm_provider *provider)
{
    struct farm_site *site = calloc(1, sizeof *site);
    if (site) {
        site->provider = provider;
        site->block_ms = provider->block_s * 1000u;
    }
    return site;
}

struct farm_site *farm_site_free(struct farm_site *site)
{
    if (!site)
        return NULL;
    free(site->connects.times);
    free(site->rcpts.times);
    free(site->excesses.times);
    free(site->unknowns.times);
    free(site);
    return NULL;
}

static uint32_t scaled(uint32_t n, double factor)
{
    if (!n)
        return 0;
    uint32_t less = (uint32_t)(n * factor + 0.5);
    return less ? less : 1;
}

void farm_site_limits(const struct farm_provider *provider, uint64_t now_ms,
                      struct farm_limits *ret)
{
    double factor = 1;
    for (uint32_t i = 0; i < provider->n_changes; i++)
        if ((double)now_ms >= provider->changes[i].at_s * 1000)
            factor = provider->changes[i].factor;
    *ret = provider->limits;
    ret->connections = scaled(ret->connections, factor);
    ret->connects_per_minute = scaled(ret->connects_per_minute, factor);
    ret->rcpts_per_minute = scaled(ret->rcpts_per_minute, factor);
}

static void grow(struct farm_window *window, uint32_t limit)
{
    uint32_t size = limit < WINDOW_MAX ? limit * 2 : WINDOW_MAX;
    uint64_t *times = calloc(size, sizeof *times);
    if (!times)
        abort();
    for (uint32_t i = 0; i < window->n; i++)
        times[i] = window->times[(window->head + i) % window->size];
    free(window->times);
    *window = (struct farm_window){times, size, 0, window->n};
}

static uint32_t n_within(struct farm_window *window, uint64_t span_ms, uint64_t now_ms)
{
    while (window->n && window->times[window->head] + span_ms <= now_ms) {
        window->head = (window->head + 1) % window->size;
        window->n--;
    }
    return window->n;
}

/* Whether one more event within the span is within the limit; counted only then. */
static bool within(struct farm_window *window, uint32_t limit, uint64_t span_ms, uint64_t now_ms)
{
    if (!limit)
        return true;
    if (window->size < limit)
        grow(window, limit);
    if (n_within(window, span_ms, now_ms) >= limit)
        return false;
    window->times[(window->head + window->n++) % window->size] = now_ms;
    return true;
}

static void block(struct farm_site *site, uint64_t now_ms)
{
    site->counts.n_blocks++;
    site->blocked_until_ms = now_ms + site->block_ms;
    site->block_ms *= 2;
}

/* A limit was exceeded, or somebody goes on while he is dropped: too often, and it blocks. */
static void exceeded(struct farm_site *site, uint64_t now_ms)
{
    const struct farm_provider *provider = site->provider;
    uint32_t most = provider->escalate_after ? provider->escalate_after : provider->drop_after;
    site->counts.n_over++;
    if (!within(&site->excesses, most, provider->escalate_within_s * 1000u, now_ms) &&
        provider->escalate_after)
        block(site, now_ms);
}

/* Whether it is past talking. */
static bool drops(struct farm_site *site, uint64_t now_ms)
{
    const struct farm_provider *provider = site->provider;
    uint64_t span_ms = provider->escalate_within_s * 1000u;
    if (!provider->drop_after || n_within(&site->excesses, span_ms, now_ms) < provider->drop_after)
        return false;
    site->counts.n_drops++;
    exceeded(site, now_ms);
    return true;
}

enum farm_answer farm_site_connect(struct farm_site *site, uint64_t now_ms)
{
    struct farm_limits limits;
    farm_site_limits(site->provider, now_ms, &limits);
    struct farm_counts *counts = &site->counts;
    counts->n_connections++;
    counts->last_ms = now_ms;
    if (!counts->first_ms)
        counts->first_ms = now_ms;
    if (++site->open > counts->peak)
        counts->peak = site->open;
    if (now_ms < site->blocked_until_ms || site->provider->blocks_at_once) {
        counts->n_refused++;
        return FARM_BLOCK;
    }
    if (drops(site, now_ms)) {
        counts->n_refused++;
        return FARM_DROP;
    }
    bool room = !limits.connections || site->open <= limits.connections;
    if (room && within(&site->connects, limits.connects_per_minute, MINUTE_MS, now_ms)) {
        counts->n_sessions++;
        return FARM_OK;
    }
    counts->n_refused++;
    exceeded(site, now_ms);
    return FARM_CONNECTIONS;
}

void farm_site_disconnect(struct farm_site *site)
{
    site->open--;
}

enum farm_answer farm_site_rcpt(struct farm_site *site, uint32_t in_session,
                                uint32_t in_transaction, uint64_t now_ms)
{
    struct farm_limits limits;
    farm_site_limits(site->provider, now_ms, &limits);
    struct farm_counts *counts = &site->counts;
    counts->n_rcpts++;
    counts->last_ms = now_ms;
    if (now_ms < site->blocked_until_ms)
        return FARM_BLOCK;
    if (drops(site, now_ms))
        return FARM_DROP;
    if (limits.rcpts_per_transaction && in_transaction > limits.rcpts_per_transaction) {
        counts->n_throttled++;
        return FARM_TOO_MANY;
    }
    if ((limits.rcpts_per_session && in_session > limits.rcpts_per_session) ||
        !within(&site->rcpts, limits.rcpts_per_minute, MINUTE_MS, now_ms)) {
        counts->n_throttled++;
        exceeded(site, now_ms);
        return FARM_THROTTLE;
    }
    return FARM_OK;
}

bool farm_site_unknown(struct farm_site *site, uint64_t now_ms)
{
    uint32_t most = site->provider->harvest_after;
    site->counts.n_unknown++;
    if (!most || within(&site->unknowns, most, MINUTE_MS, now_ms))
        return false;
    site->counts.n_harvests++;
    block(site, now_ms);
    return true;
}
