/*
 * Answers by name and type, for as long as they hold, and one question in flight for
 * each however many wait. It asks the resolver itself. One loop, no locks.
 */
#ifndef MXP_DNS_CACHE_H
#define MXP_DNS_CACHE_H

#include "dns/answer.h"
#include "dns/resolver.h"

struct mxp_cache;

struct mxp_cache_stats {
    uint64_t n_asked_mx, n_asked_address, n_hits, n_joined;
};

/* How long an answer is kept, whatever it says itself. */
#define MXP_CACHE_TTL_MIN_S      5 /* within a run, 0 means the same as a moment */
#define MXP_CACHE_TTL_MAX_S      86400
#define MXP_CACHE_NEGATIVE_MAX_S 3600 /* no such name, no such record */
#define MXP_CACHE_ERROR_S        30   /* not asked anew for each address (RFC 9520) */

/* max: entries kept; the oldest go first, and those with a question in flight stay, even
 * if they are more. now_ms: a monotonic clock. NULL: no memory. */
struct mxp_cache *mxp_cache_new(struct mxp_resolver *resolver, size_t max,
                                uint64_t (*now_ms)(void *arg), void *now_arg);
/* Waiters are dropped without a call. Free the resolver first. */
struct mxp_cache *mxp_cache_free(struct mxp_cache *cache); /* NULL */

/* answer: borrowed. expires_ms on the cache's clock. */
typedef void (*mxp_cache_cb)(void *arg, struct mxp_answer *answer, uint64_t expires_ms);

/* The callback may run inside. 0, or an error and no call: MXP_ENOMEM, MXP_EINVAL (no host name).
 */
int mxp_cache_get(struct mxp_cache *cache, const char *name, enum mxp_rr_type type, mxp_cache_cb cb,
                  void *arg);

void mxp_cache_stats(const struct mxp_cache *cache, struct mxp_cache_stats *ret);

#endif
