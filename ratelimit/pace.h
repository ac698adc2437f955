/*
 * A rate that learns: how many events a minute one site takes. It starts well below its
 * ceiling, doubles while nothing is said against it, and remembers where it hurt. On virtual
 * time, without I/O; docs/limits.md explains the numbers.
 *
 *   ceiling  what the configuration allows; never passed
 *   level    what is allowed now; paces a token bucket of little depth
 *   bound    once throttled: no minute may hold more than this
 *   probe    after a throttle and its pause, one event alone, whose answer decides
 */
#ifndef MXP_RATELIMIT_PACE_H
#define MXP_RATELIMIT_PACE_H

#include "ratelimit/budget.h"
#include "ratelimit/trail.h"

#include <stdbool.h>

struct mxp_pace {
    float ceiling, level, bound; /* events a minute; ceiling 0: no limit; bound 0: none */
    float tokens, hurt;          /* hurt: the level at which it was throttled last; 0: never */
    uint64_t filled_ms;
    uint64_t pause_ms; /* nothing before */
    uint64_t event_ms; /* the last throttle */
    uint64_t probe_ms; /* when the last probe was sent */
    uint64_t raised_ms;
    uint32_t n_since_raise;
    uint16_t n_in_row;   /* throttles without a normal answer between them */
    uint8_t n_steps;     /* above what hurt, that held one after the other */
    uint8_t n_confirmed; /* so often it hurt at the same level again */
    bool probing;        /* after a throttle: until a normal answer */
    float trouble;       /* the level at which the present trouble began */
    struct mxp_trail trail;
};

/* learned: a level known from an earlier run, or 0. */
void mxp_pace_init(struct mxp_pace *pace, struct mxp_rate ceiling, double learned, uint64_t now_ms);

/* How many of wanted may happen now; 0 and *ret_ms: when to ask again. slow: divide the level
 * by this (1: as it is). */
uint32_t mxp_pace_allows(struct mxp_pace *pace, uint32_t wanted, double slow, uint64_t now_ms,
                         uint64_t *ret_ms);
void mxp_pace_take(struct mxp_pace *pace, uint32_t n, uint64_t now_ms);
void mxp_pace_give_back(struct mxp_pace *pace, uint32_t n, uint64_t now_ms);

/* Throttled: an answer to what was sent at sent_ms says so. Those sent before the last event
 * belong to it. stated_ms: the wait that it names, or 0. True: a new event. */
bool mxp_pace_throttled(struct mxp_pace *pace, uint64_t sent_ms, uint64_t stated_ms,
                        uint64_t now_ms);

/* A normal answer to what was sent at sent_ms: a probe's says that it is over. */
void mxp_pace_answered(struct mxp_pace *pace, uint64_t sent_ms);

/* Signs of trouble without a word (sessions that break off): half the level, after a pause. */
void mxp_pace_doubt(struct mxp_pace *pace, uint64_t now_ms);

/* Undo the last event: its cause turned out to be another. */
void mxp_pace_absolve(struct mxp_pace *pace, uint64_t now_ms);

#endif
