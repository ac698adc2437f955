/*
 * How much happened in the last minute: a ring of counts of 2.5 s each. It forgets by
 * itself; 56 octets. Virtual time.
 */
#ifndef MXP_RATELIMIT_TRAIL_H
#define MXP_RATELIMIT_TRAIL_H

#include <stdint.h>

#define MXP_TRAIL_SLOTS   25
#define MXP_TRAIL_SLOT_MS 2500
#define MXP_TRAIL_MS      (MXP_TRAIL_SLOTS * MXP_TRAIL_SLOT_MS)

struct mxp_trail {
    uint32_t slot; /* the newest, as time / MXP_TRAIL_SLOT_MS */
    uint16_t counts[MXP_TRAIL_SLOTS];
};

void mxp_trail_add(struct mxp_trail *trail, uint32_t n, uint64_t now_ms);

/* Taken back: what was added just now did not happen. */
void mxp_trail_drop(struct mxp_trail *trail, uint32_t n, uint64_t now_ms);

/* The count of the last 60 to 62.5 seconds, never less. */
uint32_t mxp_trail_sum(struct mxp_trail *trail, uint64_t now_ms);

/* When the sum, with nothing new, will have fallen to most. */
uint64_t mxp_trail_falls_ms(struct mxp_trail *trail, uint32_t most, uint64_t now_ms);

#endif
