/*
 * The way from a domain to MX hosts, and from a host to addresses, over a resolver
 * and a cache that honours TTLs (negative answers by the SOA, RFC 2308). One question
 * in flight per name and type, however many wait for it.
 *
 * The callbacks may run inside the call when the answer is cached. Not thread safe:
 * one per loop. now_ms is the caller's monotonic clock.
 */
#ifndef MXP_DNS_MX_LOOKUP_H
#define MXP_DNS_MX_LOOKUP_H

#include "dns/host_addrs.h"
#include "dns/mxset.h"
#include "dns/resolver.h"

enum mxp_ip_choice { MXP_IP_4_FIRST, MXP_IP_4_ONLY, MXP_IP_6_ONLY };

struct mxp_mx_lookup_options {
    enum mxp_ip_choice ip;
    bool allow_private;       /* loopback and private addresses are taken as they come */
    const struct mxp_ip *own; /* our own addresses, refused unless allow_private; copied */
    size_t n_own;
    uint64_t seed; /* of the shuffle among equal preferences */
    uint64_t (*now_ms)(void *arg);
    void *now_arg;
    size_t cache_max; /* entries; 0: 1,000,000 */
};

struct mxp_mx_lookup;

/* NULL: no memory. */
struct mxp_mx_lookup *mxp_mx_lookup_new(struct mxp_resolver *resolver,
                                        const struct mxp_mx_lookup_options *options);
/* Waiters are dropped without a call. The resolver is the caller's to free, first. */
struct mxp_mx_lookup *mxp_mx_lookup_free(struct mxp_mx_lookup *lookup); /* NULL */

typedef void (*mxp_mx_cb)(void *arg, struct mxp_mxset *set);
typedef void (*mxp_host_cb)(void *arg, struct mxp_host_addrs *addrs);

/* domain, host: lower-case A-labels, no final dot; copied. The set or addresses are
 * borrowed: take a reference to keep them. 0, or an error and no call: MXP_ENOMEM, and for a domain
 * MXP_EINVAL (no host name). What an MX record names may be any text. */
int mxp_mx_lookup_domain(struct mxp_mx_lookup *lookup, const char *domain, mxp_mx_cb cb, void *arg);
int mxp_mx_lookup_host(struct mxp_mx_lookup *lookup, const char *host, mxp_host_cb cb, void *arg);

struct mxp_mx_lookup_stats {
    uint64_t n_mx_asked, n_addr_asked, n_cache_hits,
        n_joined; /* joined: waited for another's question */
};
void mxp_mx_lookup_stats(const struct mxp_mx_lookup *lookup, struct mxp_mx_lookup_stats *ret);

#endif
