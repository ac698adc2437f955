#include "ratelimit/bucket.h"

static double per_ms(struct mxp_rate rate)
{
    return (double)rate.n / (rate.per_ms ? rate.per_ms : 1);
}

static double depth(struct mxp_rate rate)
{
    double second = per_ms(rate) * 1000;
    return second > 1 ? second : 1;
}

static double filled(const struct mxp_bucket *bucket, struct mxp_rate rate, uint64_t now_ms)
{
    uint64_t since = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;
    double tokens = bucket->tokens + (double)since * per_ms(rate);
    return tokens < depth(rate) ? tokens : depth(rate);
}

void mxp_bucket_init(struct mxp_bucket *bucket, struct mxp_rate rate, uint64_t now_ms)
{
    *bucket = (struct mxp_bucket){depth(rate), now_ms};
}

uint32_t mxp_bucket_allows(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t wanted,
                           uint64_t now_ms, uint64_t *ret_ms)
{
    *ret_ms = now_ms;
    if (!rate.n)
        return wanted;
    bucket->tokens = filled(bucket, rate, now_ms);
    if (now_ms > bucket->filled_ms)
        bucket->filled_ms = now_ms;
    if (bucket->tokens < 1) {
        *ret_ms = now_ms + 1 + (uint64_t)((1 - bucket->tokens) / per_ms(rate));
        return 0;
    }
    uint32_t n = bucket->tokens < UINT32_MAX ? (uint32_t)bucket->tokens : UINT32_MAX;
    return n < wanted ? n : wanted;
}

void mxp_bucket_take(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t n)
{
    if (rate.n)
        bucket->tokens -= n;
}

void mxp_bucket_give_back(struct mxp_bucket *bucket, struct mxp_rate rate, uint32_t n)
{
    if (rate.n)
        bucket->tokens += n;
}
