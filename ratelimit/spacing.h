/*
 * Whether a site takes two events together. One whose bucket is a single event deep refuses the
 * second of each pair, however low the rate is: there only spacing helps. On virtual time.
 */
#ifndef MXP_RATELIMIT_SPACING_H
#define MXP_RATELIMIT_SPACING_H

#include <stdbool.h>
#include <stdint.h>

struct mxp_spacing {
    uint64_t took_ms; /* the last event */
    uint8_t n_hurt;   /* throttles in a row that came where events were together */
    bool together;    /* the last event came with another, or right behind it */
    bool needed;      /* from now on one at a time */
};

/* n events at once, where level of them a minute are allowed. */
void mxp_spacing_take(struct mxp_spacing *spacing, uint32_t n, double level, uint64_t now_ms);

/* The last event was throttled, and was no probe. */
void mxp_spacing_hurt(struct mxp_spacing *spacing);

#endif
