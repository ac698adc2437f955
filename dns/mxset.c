#include "dns/mxset.h"

#include "dns/resolver.h"

#include <stdlib.h>

struct mxp_mxset *mxp_mxset_ref(struct mxp_mxset *set)
{
    set->refs++;
    return set;
}

struct mxp_mxset *mxp_mxset_unref(struct mxp_mxset *set)
{
    if (set && --set->refs == 0)
        free(set);
    return NULL;
}

struct mxp_host_addrs *mxp_host_addrs_ref(struct mxp_host_addrs *addrs)
{
    addrs->refs++;
    return addrs;
}

struct mxp_host_addrs *mxp_host_addrs_unref(struct mxp_host_addrs *addrs)
{
    if (addrs && --addrs->refs == 0)
        free(addrs);
    return NULL;
}

const char *mxp_dns_status_name(enum mxp_dns_status status)
{
    static const char *const names[] = {
        [MXP_DNS_OK] = "NOERROR",
        [MXP_DNS_NXDOMAIN] = "NXDOMAIN",
        [MXP_DNS_SERVFAIL] = "SERVFAIL",
        [MXP_DNS_REFUSED] = "REFUSED",
        [MXP_DNS_FORMERR] = "FORMERR",
        [MXP_DNS_TIMEOUT] = "timeout",
        [MXP_DNS_FAILED] = "no usable answer",
        [MXP_DNS_CANCELED] = "cancelled",
    };
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "?";
}
