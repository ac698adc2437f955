/*
 * What the answers to A and AAAA say about an MX host: the addresses that may be probed,
 * in the order to try, or why there are none. No DNS here.
 */
#ifndef MXP_DNS_HOST_ADDRS_H
#define MXP_DNS_HOST_ADDRS_H

#include "dns/answer.h"
#include "dns/ip.h"

struct mxp_mx_lookup_options;

enum mxp_host_status {
    MXP_HOST_OK,      /* n_ips >= 1 */
    MXP_HOST_NONE,    /* authoritatively no A and no AAAA (NXDOMAIN or NODATA) */
    MXP_HOST_REFUSED, /* it has addresses, all loopback, private, multicast .. or our own */
    MXP_HOST_ERROR,   /* DNS failed, or all its addresses were left out by the family option */
};

/* Immutable and counted, as a set of MX hosts is. */
struct mxp_host_addrs {
    enum mxp_host_status status;
    const char *detail;  /* static, with ERROR and REFUSED */
    uint64_t expires_ms; /* on the lookup's clock */
    uint32_t refs;       /* private */
    uint16_t n_ips;
    struct mxp_ip ips[]; /* in the order to try */
};

struct mxp_host_addrs *mxp_host_addrs_ref(struct mxp_host_addrs *addrs);
struct mxp_host_addrs *mxp_host_addrs_unref(struct mxp_host_addrs *addrs); /* NULL */

/* The answer proves nothing: neither addresses nor that there are none. NULL: false. */
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
