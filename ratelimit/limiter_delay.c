/*
 * Replies that take longer and longer are a server's way of asking for patience. Before the first
 * late one is there, the time that nothing was heard tells of it.
 */
#include "ratelimit/limiter_internal.h"

#define LATE_MS    3000 /* replies slower than this, and than so many times the quickest */
#define LATE_TIMES 4
#define SILENT_MS  1000 /* nothing was heard for so long, and for so many times the quickest */

static bool is_late(const struct mxp_site *site, uint32_t latency_ms)
{
    return latency_ms > LATE_MS && latency_ms / LATE_TIMES > site->latency_ms;
}

void mxp_delay_watch(struct mxp_site *site, uint32_t latency_ms, uint64_t now_ms)
{
    if (latency_ms && (!site->latency_ms || latency_ms < site->latency_ms))
        site->latency_ms = latency_ms;
    if (latency_ms)
        site->slow_ms = site->slow_ms ? (site->slow_ms * 7 + latency_ms) / 8 : latency_ms;
    bool lately = is_late(site, site->slow_ms);
    site->delays = lately || is_late(site, latency_ms);
    /* Stay, do not grow. */
    if (lately)
        site->rcpts.raised_ms = site->connects.raised_ms = now_ms;
    if (!site->delays && site->answered > site->width)
        site->width = site->answered;
}

bool mxp_delay_holds(const struct mxp_site *site, uint64_t now_ms)
{
    uint64_t since = now_ms - site->heard_ms;
    bool silent = site->n_asked && since > SILENT_MS && since / LATE_TIMES > site->latency_ms;
    return site->latency_ms && (site->delays || silent);
}

void mxp_delay_asked(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    lease->n_asked += n;
    for (int i = 0; i < 2 && sites[i]; i++) {
        if (!sites[i]->n_asked)
            sites[i]->heard_ms = now_ms;
        sites[i]->n_asked += n;
    }
}

void mxp_delay_replied(struct mxp_lease *lease, uint32_t n, uint64_t now_ms)
{
    struct mxp_site *sites[] = {lease->site, lease->network};
    if (n > lease->n_asked)
        n = lease->n_asked;
    lease->n_asked -= n;
    for (int i = 0; i < 2 && sites[i]; i++) {
        sites[i]->heard_ms = now_ms;
        sites[i]->n_asked -= n;
    }
}
