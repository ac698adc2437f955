/*
 * What the answers to A and AAAA say about an MX host: the addresses that may be probed,
 * in the order to try, or why there are none. No DNS here.
 */
#ifndef MXP_DNS_HOST_ADDRS_H
#define MXP_DNS_HOST_ADDRS_H

#include "dns/answer.h"
#include "dns/mx_lookup.h"

/* NODATA, NXDOMAIN or addresses: not that. */
bool mxp_host_addrs_failed(const struct mxp_answer *answer);

/* "SERVFAIL to MX"; static. status: one that mxp_host_addrs_failed. */
const char *mxp_host_addrs_words(enum mxp_dns_status status, enum mxp_rr_type type);

/* a or aaaa may be NULL where --ip leaves that family out and the other one has addresses.
 * refs 1. NULL: no memory. */
struct mxp_host_addrs *mxp_host_addrs_judge(const struct mxp_mx_lookup_options *options,
                                            const struct mxp_answer *a,
                                            const struct mxp_answer *aaaa);

/* Without addresses. detail: static. NULL: no memory. */
struct mxp_host_addrs *mxp_host_addrs_none(enum mxp_host_status status, const char *detail);

#endif
