/*
 * [io] The real resolver: c-ares on a libuv loop carries single tries, over UDP, and over
 * TCP where an answer is truncated; asker.h decides which, when, and what comes after. The
 * only file pair that knows <ares.h>.
 */
#ifndef MXP_DNS_RESOLVER_ARES_H
#define MXP_DNS_RESOLVER_ARES_H

#include "dns/asker.h"

struct uv_loop_s;

struct mxp_resolver_options {
    const char *const
        *servers; /* "127.0.0.1:5353", "9.9.9.9", "[::1]:53"; n_servers 0: the system's */
    size_t n_servers;
    uint32_t timeout_ms;   /* per try; 0: 2,500 */
    uint32_t tries;        /* 0: 4 */
    uint32_t max_inflight; /* 0: 1,000 */
    struct mxp_question_rate rate;
};

/* NULL and why on failure. Free through resolver->free(resolver), on the loop's thread;
 * the loop must then run until its handles are closed. */
struct mxp_resolver *mxp_resolver_ares_new(struct uv_loop_s *loop,
                                           const struct mxp_resolver_options *options,
                                           struct mxp_why *why);

/* n_answered tells whether the resolver is alive at all. */
void mxp_resolver_ares_stats(const struct mxp_resolver *resolver, struct mxp_asker_stats *ret);
uint32_t mxp_resolver_ares_n_servers(const struct mxp_resolver *resolver);

#endif
