#include "probe/engine/engine_ips.h"

#include <stdlib.h>
#include <string.h>

#define KEPT      32u    /* addresses remembered for a host */
#define FAILED_MS 60000u /* and for how long, but that a walk goes on */

/* Connections in vain, until a walk that our limits break off ever again is over. */
#define IN_VAIN_MAX 128u

struct mxp_failed_ips {
    struct {
        struct mxp_ip ip;
        uint64_t until_ms;
    } list[KEPT];
    uint32_t n; /* ever noted: the oldest gives way */
};

void mxp_ips_note_failed(struct mxp_sess *sess)
{
    struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    if (!sess->addrs || sess->ip >= sess->addrs->n_ips)
        return;
    if (!host->failed_ips)
        host->failed_ips = calloc(1, sizeof *host->failed_ips);
    if (!host->failed_ips)
        return; /* it is a memory for speed only */
    struct mxp_failed_ips *failed = host->failed_ips;
    failed->list[failed->n % KEPT].ip = sess->addrs->ips[sess->ip];
    failed->list[failed->n++ % KEPT].until_ms = mxp_engine_now(sess->engine) + FAILED_MS;
}

static bool failed_lately(const struct mxp_ehost *host, const struct mxp_ip *ip, uint64_t now)
{
    const struct mxp_failed_ips *failed = host->failed_ips;
    for (uint32_t i = 0; failed && i < failed->n && i < KEPT; i++)
        if ((failed->list[i].until_ms > now || (host->skip_failed && failed->list[i].until_ms)) &&
            mxp_ip_eq(&failed->list[i].ip, ip))
            return true;
    return false;
}

struct mxp_host_addrs *mxp_ips_order(struct mxp_sess *sess, struct mxp_host_addrs *addrs)
{
    const struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    if (!host->failed_ips)
        return mxp_host_addrs_ref(addrs);
    struct mxp_host_addrs *copy = calloc(1, sizeof *copy + addrs->n_ips * sizeof *copy->ips);
    if (!copy)
        return mxp_host_addrs_ref(addrs);
    uint64_t now = mxp_engine_now(sess->engine);
    copy->status = addrs->status;
    copy->refs = 1;
    for (int last = 0; last <= !host->skip_failed; last++)
        for (uint16_t i = 0; i < addrs->n_ips; i++)
            if (failed_lately(host, &addrs->ips[i], now) == (last == 1))
                copy->ips[copy->n_ips++] = addrs->ips[i];
    return copy;
}

/* Those of another walk, long ago, are not to be kept over this one. */
static void forget_old(struct mxp_failed_ips *failed, uint64_t now)
{
    for (uint32_t i = 0; failed && i < failed->n && i < KEPT; i++)
        if (failed->list[i].until_ms <= now)
            failed->list[i].until_ms = 0;
}

void mxp_ips_walk_broke_off(struct mxp_lane *lane, bool broke_off)
{
    uint64_t now = mxp_engine_now(lane->engine);
    for (uint16_t i = 0; i < lane->n_hops; i++) {
        struct mxp_ehost *host = lane->hops[i].host;
        if (broke_off && !host->skip_failed)
            forget_old(host->failed_ips, now);
        host->skip_failed = broke_off;
    }
}

bool mxp_walk_has_rest(const struct mxp_sess *sess)
{
    struct mxp_lane *lane = sess->lane;
    lane->walked |= sess->walked;
    return lane->walked != UINT64_MAX >> (MXP_HOPS_MAX - lane->n_hops) &&
           lane->n_in_vain < IN_VAIN_MAX;
}

void mxp_walk_anew(struct mxp_lane *lane)
{
    lane->walked = 0;
    lane->n_in_vain = 0;
}
