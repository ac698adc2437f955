/*
 * A limit of many minutes: so many events an hour. It is not known until a site refuses while
 * the last minute holds nothing that it took: then what it took in the hour is its quota, as
 * far as we know. What is left of it is spread, and more is tried at times. On virtual time,
 * without I/O; docs/limits.md explains the numbers. 88 octets, for sites that were asked enough.
 */
#ifndef MXP_RATELIMIT_QUOTA_H
#define MXP_RATELIMIT_QUOTA_H

#include "ratelimit/trail.h"

#include <stdbool.h>

struct mxp_quota {
    struct mxp_trail hour; /* accepted */
    float most, hurt;      /* an hour: what is allowed, and what hurt; 0: no quota is known */
    uint64_t event_ms;     /* when it hurt last */
    uint8_t n_confirmed;   /* so often it hurt there again */
    bool taught;           /* by an earlier run: of this hour we know nothing */
    bool doubtful;         /* it was renewed early: it may not have been one */
};

#define MXP_QUOTA_LEAST 20 /* fewer events in an hour are no quota */

/* n: a quota known from an earlier run, or 0. */
void mxp_quota_init(struct mxp_quota *quota, double n, uint64_t now_ms);

/* In all that follow quota may be NULL: then nothing is counted and nothing known. */

void mxp_quota_take(struct mxp_quota *quota, uint32_t n, uint64_t now_ms);
void mxp_quota_give_back(struct mxp_quota *quota, uint32_t n, uint64_t now_ms);

/* Of n events those that it leaves room for; 0 and *ret_ms: when there is room. It may rise. */
uint32_t mxp_quota_allows(struct mxp_quota *quota, uint32_t n, uint64_t now_ms, uint64_t *ret_ms);

/* Of this speed, in events a minute, what uses up the rest in no hurry. */
double mxp_quota_slows(struct mxp_quota *quota, double a_minute, uint64_t now_ms);

/* It was refused, and the last minute does not explain it. False: the hour doesn't either. */
bool mxp_quota_learn(struct mxp_quota *quota, uint64_t now_ms);

/* It was refused: true where a known quota explains that, which counts from now on. again: so
 * was the last one. */
bool mxp_quota_hurts(struct mxp_quota *quota, bool again, uint64_t now_ms);

/* After it hurt, an event was accepted again. */
void mxp_quota_opened(struct mxp_quota *quota, uint64_t now_ms);

/* Events an hour, where it hurt there more than once; else 0. */
uint32_t mxp_quota_known(const struct mxp_quota *quota);

/* Its cause turned out to be another. */
void mxp_quota_forget(struct mxp_quota *quota);

/* When the first events of the hour are more than an hour old; now_ms: there are none. */
uint64_t mxp_quota_opens_ms(struct mxp_quota *quota, uint64_t now_ms);

#endif
