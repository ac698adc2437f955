#include "ratelimit/trail.h"

#include <string.h>

static uint32_t slot_ms(const struct mxp_trail *trail)
{
    return trail->slot_ms ? trail->slot_ms : MXP_TRAIL_SLOT_MS;
}

static void turn(struct mxp_trail *trail, uint64_t now_ms)
{
    uint32_t slot = (uint32_t)(now_ms / slot_ms(trail));
    if (slot <= trail->slot)
        return;
    if (slot - trail->slot >= MXP_TRAIL_SLOTS) {
        memset(trail->counts, 0, sizeof trail->counts);
    } else {
        for (uint32_t i = trail->slot + 1; i <= slot; i++)
            trail->counts[i % MXP_TRAIL_SLOTS] = 0;
    }
    trail->slot = slot;
}

void mxp_trail_add(struct mxp_trail *trail, uint32_t n, uint64_t now_ms)
{
    turn(trail, now_ms);
    uint16_t *count = &trail->counts[trail->slot % MXP_TRAIL_SLOTS];
    uint32_t room = UINT16_MAX - *count;
    *count = (uint16_t)(*count + (n < room ? n : room));
}

void mxp_trail_drop(struct mxp_trail *trail, uint32_t n, uint64_t now_ms)
{
    turn(trail, now_ms);
    for (uint32_t i = 0; i < MXP_TRAIL_SLOTS && n; i++) {
        uint16_t *count = &trail->counts[(trail->slot - i) % MXP_TRAIL_SLOTS];
        uint16_t less = *count < n ? *count : (uint16_t)n;
        *count = (uint16_t)(*count - less);
        n -= less;
    }
}

uint32_t mxp_trail_sum(struct mxp_trail *trail, uint64_t now_ms)
{
    uint32_t sum = 0;
    turn(trail, now_ms);
    for (int i = 0; i < MXP_TRAIL_SLOTS; i++)
        sum += trail->counts[i];
    return sum;
}

uint32_t mxp_trail_covers_ms(const struct mxp_trail *trail, uint64_t now_ms)
{
    uint32_t slot = slot_ms(trail);
    return (MXP_TRAIL_SLOTS - 1) * slot + (uint32_t)(now_ms % slot);
}

uint64_t mxp_trail_falls_ms(struct mxp_trail *trail, uint32_t most, uint64_t now_ms)
{
    uint32_t sum = mxp_trail_sum(trail, now_ms);
    uint64_t at = now_ms;
    for (uint32_t i = 1; i <= MXP_TRAIL_SLOTS && sum > most; i++) {
        sum -= trail->counts[(trail->slot + i) % MXP_TRAIL_SLOTS];
        at = (uint64_t)(trail->slot + i) * slot_ms(trail);
    }
    return at > now_ms ? at : now_ms;
}
