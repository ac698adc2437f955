/*
 * [io] What our own machine is called and which addresses it has, so that it never
 * probes itself.
 */
#ifndef MXP_PROBE_OWN_ADDRESSES_H
#define MXP_PROBE_OWN_ADDRESSES_H

#include "dns/ip.h"

/* The addresses of our interfaces, malloc'd, free() them; *ret_n 0 and NULL where they cannot be
 * had. */
struct mxp_ip *mxp_own_addresses(size_t *ret_n);

/* Whether a socket of ours may have this source address: 0, or the reason as an errno. */
int mxp_own_addresses_check(const struct mxp_ip *ip);

#endif
