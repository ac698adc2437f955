/*
 * [io] The real resolver: c-ares on a libuv loop, several upstream servers, TCP on
 * truncation, retries with time-outs, a cap and a rate on questions in flight
 * (the rest queue in order). The only file pair that knows <ares.h>.
 */
#ifndef MXP_DNS_RESOLVER_ARES_H
#define MXP_DNS_RESOLVER_ARES_H

#include "dns/resolver.h"

struct uv_loop_s;

struct mxp_resolver_options {
    const char *const
        *servers; /* "127.0.0.1:5353", "9.9.9.9", "[::1]:53"; n_servers 0: the system's */
    size_t n_servers;
    uint32_t timeout_ms;   /* per try; 0: 2,500 */
    uint32_t tries;        /* 0: 3 */
    uint32_t max_inflight; /* 0: 1,000 */
    uint32_t rate_per_s;   /* 0: unlimited */
};

/* NULL and why on failure. Free through resolver->free(resolver), on the loop's thread;
 * the loop must then run until its handles are closed. */
struct mxp_resolver *mxp_resolver_ares_new(struct uv_loop_s *loop,
                                           const struct mxp_resolver_options *options,
                                           struct mxp_why *why);

/* Questions sent so far (retries not counted), for reports and tests. */
uint64_t mxp_resolver_ares_n_asked(const struct mxp_resolver *resolver);

/* Those of them that a server answered, in whatever way. */
uint64_t mxp_resolver_ares_n_answered(const struct mxp_resolver *resolver);

#endif
