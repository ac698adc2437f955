/*
 * A stub resolver as an interface: one question, one answer, always asynchronous
 * (the callback never runs inside ask). resolver_ares.c is the real one; tests
 * put a fake here.
 */
#ifndef MXP_DNS_RESOLVER_H
#define MXP_DNS_RESOLVER_H

#include "core/err.h"
#include "core/slice.h"

/* RR types, RFC 1035 3.2.2 and RFC 3596. */
enum mxp_rr_type { MXP_RR_A = 1, MXP_RR_MX = 15, MXP_RR_AAAA = 28 };

enum mxp_dns_status {
    MXP_DNS_OK, /* NOERROR; the answer section may still hold no record of the type (NODATA) */
    MXP_DNS_NXDOMAIN,
    MXP_DNS_SERVFAIL,
    MXP_DNS_REFUSED,
    MXP_DNS_FORMERR, /* or NOTIMP: the server does not understand us */
    MXP_DNS_TIMEOUT,
    MXP_DNS_FAILED, /* resolver unreachable, malformed answer, any other rcode */
    MXP_DNS_CANCELED
};

/* message: the raw DNS message for OK and NXDOMAIN (RFC 1035, 4.1), for parsing MX
 * records and TTLs; empty otherwise. Valid until the callback returns. */
typedef void (*mxp_dns_cb)(void *arg, enum mxp_dns_status status, struct mxp_slice message);

struct mxp_resolver {
    /* Ask; 0, or an error and no callback: MXP_EINVAL (no host name, see mxp_name_is_host) or
     * MXP_ENOMEM. name has no final dot; copied. */
    int (*ask)(struct mxp_resolver *self, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
               void *arg);
    void (*free)(struct mxp_resolver *self); /* outstanding questions get MXP_DNS_CANCELED first */
};

const char *mxp_dns_status_name(enum mxp_dns_status status); /* "NXDOMAIN" .. */

#endif
