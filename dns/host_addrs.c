#include "dns/host_addrs.h"

#include "dns/mx_lookup.h"

#include <stdlib.h>

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

bool mxp_host_addrs_failed(const struct mxp_answer *answer)
{
    return answer && answer->status != MXP_DNS_OK && answer->status != MXP_DNS_NXDOMAIN;
}

const char *mxp_host_addrs_words(enum mxp_dns_status status, enum mxp_rr_type type)
{
    static const char *const words[][3] = {
        [MXP_DNS_SERVFAIL] = {"SERVFAIL to MX", "SERVFAIL to A", "SERVFAIL to AAAA"},
        [MXP_DNS_REFUSED] = {"REFUSED to MX", "REFUSED to A", "REFUSED to AAAA"},
        [MXP_DNS_FORMERR] = {"FORMERR to MX", "FORMERR to A", "FORMERR to AAAA"},
        [MXP_DNS_TIMEOUT] = {"timeout asking for MX", "timeout asking for A",
                             "timeout asking for AAAA"},
        [MXP_DNS_FAILED] = {"no usable answer to MX", "no usable answer to A",
                            "no usable answer to AAAA"},
        [MXP_DNS_CANCELED] = {"cancelled", "cancelled", "cancelled"},
    };
    return words[status][type == MXP_RR_MX ? 0 : type == MXP_RR_A ? 1 : 2];
}

/* Private, or our own. */
static bool is_refused(const struct mxp_mx_lookup_options *options, const struct mxp_ip *ip)
{
    for (size_t i = 0; i < options->n_own; i++)
        if (mxp_ip_reaches(ip, &options->own[i]))
            return true;
    return !mxp_ip_is_public(ip);
}

static bool may_probe(const struct mxp_mx_lookup_options *options, const struct mxp_ip *ip)
{
    return mxp_ip_is_host(ip) && (options->allow_private || !is_refused(options, ip));
}

static void add_ips(const struct mxp_mx_lookup_options *options, struct mxp_host_addrs *addrs,
                    const struct mxp_answer *answer)
{
    for (uint16_t i = 0; answer && i < answer->n_ips; i++)
        if (may_probe(options, &answer->ips[i]))
            addrs->ips[addrs->n_ips++] = answer->ips[i];
}

static uint16_t n_ips(const struct mxp_answer *answer)
{
    return answer ? answer->n_ips : 0;
}

/* Why none of them is to be used: by both families, though only those of the chosen one
 * would be. */
static void explain(const struct mxp_mx_lookup_options *options, struct mxp_host_addrs *addrs,
                    const struct mxp_answer *a, const struct mxp_answer *aaaa)
{
    bool four = options->ip != MXP_IP_6_ONLY && n_ips(a);
    bool six = options->ip != MXP_IP_4_ONLY && n_ips(aaaa);
    addrs->status = MXP_HOST_ERROR;
    if (four || six) {
        addrs->status = MXP_HOST_REFUSED;
        addrs->detail = "its addresses are private, reserved or our own";
    } else if (mxp_host_addrs_failed(a)) {
        addrs->detail = mxp_host_addrs_words(a->status, MXP_RR_A);
    } else if (mxp_host_addrs_failed(aaaa)) {
        addrs->detail = mxp_host_addrs_words(aaaa->status, MXP_RR_AAAA);
    } else if (n_ips(a)) {
        addrs->detail = "it has IPv4 addresses only, left out by --ip 6";
    } else if (n_ips(aaaa)) {
        addrs->detail = "it has IPv6 addresses only, left out by --ip 4";
    } else if (a->doubtful || aaaa->doubtful) {
        addrs->detail = "a CNAME without its target's records";
    } else {
        addrs->status = MXP_HOST_NONE;
    }
}

struct mxp_host_addrs *mxp_host_addrs_judge(const struct mxp_mx_lookup_options *options,
                                            const struct mxp_answer *a,
                                            const struct mxp_answer *aaaa)
{
    size_t n = (size_t)n_ips(a) + n_ips(aaaa);
    struct mxp_host_addrs *addrs = calloc(1, sizeof *addrs + n * sizeof(struct mxp_ip));
    if (!addrs)
        return NULL;
    addrs->refs = 1;
    add_ips(options, addrs, options->ip == MXP_IP_6_ONLY ? NULL : a);
    add_ips(options, addrs, options->ip == MXP_IP_4_ONLY ? NULL : aaaa);
    if (!addrs->n_ips)
        explain(options, addrs, a, aaaa);
    return addrs;
}

struct mxp_host_addrs *mxp_host_addrs_none(enum mxp_host_status status, const char *detail)
{
    struct mxp_host_addrs *addrs = calloc(1, sizeof *addrs);
    if (!addrs)
        return NULL;
    addrs->refs = 1;
    addrs->status = status;
    addrs->detail = detail;
    return addrs;
}
