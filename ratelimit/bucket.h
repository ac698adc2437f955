/*
 * A token bucket: a fixed rate without learning, for the levels above and below a site (the
 * run, an identity, a domain). It is a second's worth deep, at least one event. Virtual time.
 */
#ifndef MXP_RATELIMIT_BUCKET_H
#define MXP_RATELIMIT_BUCKET_H

#include "ratelimit/budget.h"

struct mxp_bucket {
    double tokens;
    uint64_t filled_ms;
};

/* A full one. rate.n 0: no limit, in all calls. */
void mxp_bucket_init(struct mxp_bucket *bucket, struct mxp_rate rate, uint64_t now_ms);

/* How many of wanted may happen now; 0 and *ret_ms: when the next one may. */
uint32_t mxp_bucket_allows(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t wanted,
                           uint64_t now_ms, uint64_t *ret_ms);
void mxp_bucket_take(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t n);
void mxp_bucket_give_back(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t n);

#endif
