/*
 * A rate that learns: how many events a minute one site takes. It starts well below its
 * ceiling, doubles while nothing is said against it, and remembers where it hurt. On virtual
 * time, without I/O; docs/limits.md explains the numbers.
 *
 *   ceiling  what the configuration allows; never passed
 *   level    what is allowed now; paces a token bucket of little depth
 *   bound    once throttled: no minute may hold more than this
 *   probe    after a throttle and its pause, one event alone, whose answer decides
 *   try      a level above what is known to be fine, for a while (pace_grow.h)
 *   credit   throttles that tries may cost: earned by events, spent by throttles
 *   quota    a limit of an hour, where one was found (quota.h)
 */
#ifndef MXP_RATELIMIT_PACE_H
#define MXP_RATELIMIT_PACE_H

#include "ratelimit/budget.h"
#include "ratelimit/quota.h"
#include "ratelimit/spacing.h"
#include "ratelimit/trail.h"

#include <stdbool.h>

struct mxp_pace {
    float ceiling, level, bound; /* events a minute; ceiling 0: no limit; bound 0: none */
    float tokens, hurt;          /* hurt: the level at which it was throttled last; 0: never */
    float credit;
    float trouble, eased; /* the levels at which the present trouble began, and just after */
    float base;           /* where it was safe when it hurt anew last */
    float root;           /* the level from which the present climb began */
    float failed;         /* the last try that hurt; 0: none */
    uint64_t filled_ms;
    uint64_t pause_ms; /* nothing before */
    uint64_t event_ms; /* the last throttle */
    uint64_t probe_ms; /* when the last probe was sent */
    uint64_t row_ms;   /* when the present trouble began .. */
    uint32_t lost_ms;  /* .. and how long the last one took, where probes were refused */
    uint64_t raised_ms;
    uint32_t n_since_raise;
    uint32_t n_first;    /* events before the hours are counted */
    uint32_t trip_ms;    /* from an event to its answer: a running mean */
    uint32_t n_same;     /* throttles that the last event brought */
    uint16_t n_in_row;   /* throttles without a normal answer between them */
    uint8_t n_steps;     /* tries that held one after the other */
    uint8_t n_confirmed; /* so often it hurt at the same level again */
    uint8_t n_climbs;    /* climbs from root that were taken back */
    bool probing;        /* after a throttle: until a normal answer */
    struct mxp_trail trail;
    struct mxp_spacing spacing;
    bool watched;            /* it may have a quota .. */
    struct mxp_quota *quota; /* .. counted from the MXP_QUOTA_LEAST-th event on; NULL before */
};

/* learned: a level known from an earlier run, or 0. */
void mxp_pace_init(struct mxp_pace *pace, struct mxp_rate ceiling, double learned, uint64_t now_ms);

/* The site may have an hour's quota: free the pace in the end. an_hour is what an earlier run
 * knew of it, or 0. */
void mxp_pace_watch_hours(struct mxp_pace *pace, double an_hour, uint64_t now_ms);
void mxp_pace_free(struct mxp_pace *pace); /* what it holds, not itself */

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

/* A throttle for another reason than the rate: fewer tries are allowed for a while. */
void mxp_pace_spend(struct mxp_pace *pace);

/* A normal answer to what was sent at sent_ms: a probe's says that it is over. */
void mxp_pace_answered(struct mxp_pace *pace, uint64_t sent_ms, uint64_t now_ms);

/* Signs of trouble without a word (sessions that break off): half the level, after a pause. */
void mxp_pace_doubt(struct mxp_pace *pace, uint64_t now_ms);

/* Undo the last event: its cause turned out to be another. */
void mxp_pace_absolve(struct mxp_pace *pace, uint64_t now_ms);

#endif
