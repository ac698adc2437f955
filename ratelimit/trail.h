/*
 * How much happened lately: a ring of 25 counts, of the last minute in slots of 2.5 s, or of a
 * longer time in longer ones. It forgets by itself; 60 octets. Virtual time.
 */
#ifndef MXP_RATELIMIT_TRAIL_H
#define MXP_RATELIMIT_TRAIL_H

#include <stdint.h>

#define MXP_TRAIL_SLOTS   25
#define MXP_TRAIL_SLOT_MS 2500

struct mxp_trail {
    uint32_t slot_ms; /* 0: MXP_TRAIL_SLOT_MS */
    uint32_t slot;    /* the newest, as time / slot_ms */
    uint16_t counts[MXP_TRAIL_SLOTS];
};

void mxp_trail_add(struct mxp_trail *trail, uint32_t n, uint64_t now_ms);

/* Taken back: what was added just now did not happen. */
void mxp_trail_drop(struct mxp_trail *trail, uint32_t n, uint64_t now_ms);

/* The count of the last 24 slots (60 s) and of the part of the next one that is over, never
 * less. */
uint32_t mxp_trail_sum(struct mxp_trail *trail, uint64_t now_ms);

/* The time that the sum stands for. */
uint32_t mxp_trail_covers_ms(const struct mxp_trail *trail, uint64_t now_ms);

/* When the sum, with nothing new, will have fallen to most. */
uint64_t mxp_trail_falls_ms(struct mxp_trail *trail, uint32_t most, uint64_t now_ms);

#endif
