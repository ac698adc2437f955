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
    MXP_RESOLVER_DOWN, /* no answer: but it may serve other names (mxp_resolver_ares_n_answered) */
    MXP_RESOLVER_HIJACKING /* a random name has an address */
};

/* text: one line for a person; valid until the callback returns. */
typedef void (*mxp_resolver_check_cb)(void *arg, enum mxp_resolver_health health, const char *text);

/* Ask for a random name under .com. seed: any random number. 0, or an error and no call. */
int mxp_resolver_check(struct mxp_resolver *resolver, uint64_t seed, mxp_resolver_check_cb cb,
                       void *arg);

#endif
