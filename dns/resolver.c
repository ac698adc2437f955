#include "dns/resolver.h"

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
