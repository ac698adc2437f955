/*
 * Before a run: does the resolver answer at all, and does it answer what does not exist?
 * One that invents addresses for unknown names (a captive portal, a provider's search
 * page) would turn every dead domain into a live one.
 */
#ifndef MXP_DNS_RESOLVER_CHECK_H
#define MXP_DNS_RESOLVER_CHECK_H

#include "dns/resolver.h"

enum mxp_resolver_health {
    MXP_RESOLVER_FINE,
    MXP_RESOLVER_DOWN,     /* no usable answer: but it may serve other names
                              (mxp_asker_stats.n_answered) */
    MXP_RESOLVER_HIJACKING /* a random name has an address */
};

/* text: one line for a person; valid until the callback returns. */
typedef void (*mxp_resolver_check_cb)(void *arg, enum mxp_resolver_health health, const char *text);

/* Ask for n random names under .com: as many as there are servers, which take turns. One
 * call, with the worst of the answers. seed: any random number. 0, or an error and no call;
 * no call either where the questions are cancelled. */
int mxp_resolver_check(struct mxp_resolver *resolver, uint32_t n, uint64_t seed,
                       mxp_resolver_check_cb cb, void *arg);

#endif
