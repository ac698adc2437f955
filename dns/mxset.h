/*
 * What DNS says about where a domain's mail goes (RFC 5321, 5.1; RFC 7505): the
 * MX hosts in the order to try (mx_order.h makes it), or why there are none. Immutable and
 * counted: whoever keeps one takes a reference. One loop, no locks.
 */
#ifndef MXP_DNS_MXSET_H
#define MXP_DNS_MXSET_H

#include <stdbool.h>
#include <stdint.h>

enum mxp_mx_status {
    MXP_MX_OK,       /* n_hosts >= 1 */
    MXP_MX_NULL,     /* null MX (RFC 7505): domain_not_accepting */
    MXP_MX_NXDOMAIN, /* MX and A/AAAA both say NXDOMAIN: domain_not_found */
    MXP_MX_NONE,     /* the domain exists; no MX, no address: domain_not_accepting */
    MXP_MX_ERROR,    /* SERVFAIL, REFUSED, timeout ..: dns_error, unknown */
    MXP_MX_BAD_NAME  /* the name can't be asked (too long ..): dns_error */
};

struct mxp_mx_host {
    const char *name; /* lower-case A-labels, no final dot */
    uint16_t preference;
};

struct mxp_mxset {
    enum mxp_mx_status status;
    bool implicit; /* no MX record: the domain's own address (RFC 5321, 5.1) */
    uint16_t n_hosts;
    const char *detail;  /* with ERROR: "SERVFAIL to MX" ..; static */
    const char *group;   /* the host names sorted and joined by spaces: equal for domains that
                            share their MX hosts; the key for sharing sessions and budgets */
    uint64_t expires_ms; /* on the lookup's clock */
    uint32_t refs;       /* private */
    struct mxp_mx_host hosts[]; /* by preference; equal ones shuffled */
};

struct mxp_mxset *mxp_mxset_ref(struct mxp_mxset *set);
struct mxp_mxset *mxp_mxset_unref(struct mxp_mxset *set); /* NULL */

#endif
