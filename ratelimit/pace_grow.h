/*
 * How the level of a pace rises: doubled until it hurts for the first time; then back to what
 * is safe, and above that by tries, each of which may cost a throttle.
 */
#ifndef MXP_RATELIMIT_PACE_GROW_H
#define MXP_RATELIMIT_PACE_GROW_H

#include "ratelimit/pace.h"

/* Where to stay, of what hurt, and back. */
double mxp_pace_below(double hurt);
double mxp_pace_above(double level);

/* The level is above what is known to be fine: a try is under way. */
bool mxp_pace_trying(const struct mxp_pace *pace);

/* A level so far above what was fine when it hurt last that the limit has changed. */
bool mxp_pace_risen(const struct mxp_pace *pace, double level);

/* Raise the level where the time since the last change was quiet and made use of it. */
void mxp_pace_grow(struct mxp_pace *pace, uint64_t now_ms);

#endif
