#include "ratelimit/quota.h"

#include <string.h>

#define HOUR_MS    3600000u
#define SLOT_MS    (HOUR_MS / (MXP_TRAIL_SLOTS - 1))
#define BELOW      0.95 /* where to stay, of what hurt */
#define AT         0.9  /* from here on the quota is in use, and explains a refusal */
#define SPREAD_MIN 10.0 /* use up what is left within so many minutes */
#define HOUR_MIN   60.0
#define QUIET_MS   120000 /* before more is tried; once it was confirmed an hour, then .. */
#define CONFIRMED  3      /* .. four times as long each time, so often at most */
#define STEP       1.25   /* the first step above it .. */
#define LEAP       2.0    /* .. and the next ones, where it did not hurt */

void mxp_quota_init(struct mxp_quota *quota, double n, uint64_t now_ms)
{
    *quota = (struct mxp_quota){.hour = {.slot_ms = SLOT_MS}};
    if (n < MXP_QUOTA_LEAST)
        return;
    quota->most = (float)n;
    quota->hurt = (float)(n / BELOW);
    quota->event_ms = now_ms;
    quota->n_confirmed = 1;
    quota->taught = true;
}

void mxp_quota_take(struct mxp_quota *quota, uint32_t n, uint64_t now_ms)
{
    if (quota)
        mxp_trail_add(&quota->hour, n, now_ms);
}

void mxp_quota_give_back(struct mxp_quota *quota, uint32_t n, uint64_t now_ms)
{
    if (quota)
        mxp_trail_drop(&quota->hour, n, now_ms);
}

static uint64_t quiet_ms(const struct mxp_quota *quota)
{
    return quota->n_confirmed ? (uint64_t)HOUR_MS << 2 * (quota->n_confirmed - 1) : QUIET_MS;
}

/* It is used up, and that was fine for long enough: was it one, and is it still? */
static void rise(struct mxp_quota *quota, uint32_t sum, uint64_t now_ms)
{
    if (sum < (double)quota->most * AT)
        return;
    if (quota->most > quota->hurt) {
        quota->hurt = quota->most;
        quota->most = (float)((double)quota->most * LEAP);
        quota->n_confirmed = 0;
    } else if (now_ms - quota->event_ms >= quiet_ms(quota)) {
        quota->most = (float)((double)quota->hurt * STEP);
    }
}

uint32_t mxp_quota_allows(struct mxp_quota *quota, uint32_t n, uint64_t now_ms, uint64_t *ret_ms)
{
    if (n == 0 || !quota || quota->most <= 0)
        return n;
    uint32_t sum = mxp_trail_sum(&quota->hour, now_ms);
    rise(quota, sum, now_ms);
    uint32_t most = (uint32_t)quota->most;
    uint32_t room = sum < most ? most - sum : 0;
    if (room == 0)
        *ret_ms = mxp_trail_falls_ms(&quota->hour, most - 1, now_ms) + 1;
    return n < room ? n : room;
}

double mxp_quota_slows(struct mxp_quota *quota, double a_minute, uint64_t now_ms)
{
    if (!quota || quota->most <= 0 || quota->doubtful)
        return a_minute;
    double even = (double)quota->most / HOUR_MIN;
    double left = ((double)quota->most - mxp_trail_sum(&quota->hour, now_ms)) / SPREAD_MIN;
    if (quota->taught && now_ms - quota->event_ms < HOUR_MS)
        left = 0;
    double slow = left > even ? left : even;
    return slow < a_minute ? slow : a_minute;
}

static void hurt_at(struct mxp_quota *quota, double n, uint64_t now_ms)
{
    quota->hurt = (float)(n > MXP_QUOTA_LEAST ? n : MXP_QUOTA_LEAST);
    quota->most = (float)((double)quota->hurt * BELOW);
    quota->event_ms = now_ms;
    quota->doubtful = quota->taught = false;
}

bool mxp_quota_learn(struct mxp_quota *quota, uint64_t now_ms)
{
    uint32_t sum = quota ? mxp_trail_sum(&quota->hour, now_ms) : 0;
    if (sum < MXP_QUOTA_LEAST)
        return false;
    quota->n_confirmed = quota->most > 0 && sum >= (double)quota->hurt * AT;
    hurt_at(quota, sum, now_ms);
    return true;
}

bool mxp_quota_hurts(struct mxp_quota *quota, bool again, uint64_t now_ms)
{
    if (!quota || quota->most <= 0)
        return false;
    uint32_t sum = mxp_trail_sum(&quota->hour, now_ms);
    if (sum < (double)quota->hurt * AT)
        return false;
    hurt_at(quota, (double)sum < (double)quota->hurt ? (double)sum : (double)quota->hurt, now_ms);
    if (!again && quota->n_confirmed < CONFIRMED)
        quota->n_confirmed++;
    return true;
}

uint32_t mxp_quota_known(const struct mxp_quota *quota)
{
    return quota && quota->n_confirmed ? (uint32_t)quota->most : 0;
}

void mxp_quota_forget(struct mxp_quota *quota)
{
    if (quota)
        quota->most = quota->hurt = 0;
}

uint64_t mxp_quota_opens_ms(struct mxp_quota *quota, uint64_t now_ms)
{
    uint32_t sum = mxp_trail_sum(&quota->hour, now_ms);
    return sum ? mxp_trail_falls_ms(&quota->hour, sum - 1, now_ms) : now_ms;
}

/* Earlier than by the hour of those events: an hour of the clock began, or the site had stopped
 * us for another reason. It counts from here. */
void mxp_quota_opened(struct mxp_quota *quota, uint64_t now_ms)
{
    if (!quota || quota->most <= 0 || quota->n_confirmed ||
        mxp_quota_opens_ms(quota, now_ms) <= now_ms)
        return;
    uint32_t sum = mxp_trail_sum(&quota->hour, now_ms);
    if (sum <= (double)quota->most)
        return;
    memset(quota->hour.counts, 0, sizeof quota->hour.counts);
    quota->doubtful = true;
}
