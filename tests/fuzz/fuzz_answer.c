/* Any octets as a DNS answer; the first two say what was asked and what the resolver said of
 * it. What comes out is within its bounds, and what is not to be believed has no records. */
#include "dns/answer.h"
#include "dns/mx_order.h"
#include "dns/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Host characters, dots, and whole escapes. */
static void check_name(const char *name)
{
    size_t len = strlen(name);
    must(len < MXP_NAME_MAX && name[0] != '.');
    for (const char *p = name; *p; p++) {
        must(*p == '.' || *p == '-' || *p == '_' || *p == '\\' || mxp_is_alnum(*p));
        must(*p == mxp_lower(*p));
        if (*p != '\\')
            continue;
        size_t left = len - (size_t)(p - name);
        if (left > 1 && (p[1] == '\\' || p[1] == '.'))
            p++;
        else if (left > 3)
            must(mxp_is_digit(p[1]) && mxp_is_digit(p[2]) && mxp_is_digit(p[3]));
    }
}

static void check_order(const struct mxp_answer *answer, uint64_t seed)
{
    struct mxp_mxset *set = mxp_mx_order(answer, seed), *again = mxp_mx_order(answer, seed);
    must(set && again && set->n_hosts == again->n_hosts && set->n_hosts <= MXP_MX_ORDER_MAX);
    must((set->status == MXP_MX_OK) == (set->n_hosts > 0));
    for (uint16_t i = 0; i < answer->n_mx; i++)
        must(set->status != MXP_MX_NULL || !*answer->mx[i].name);
    for (uint16_t i = 0; i < set->n_hosts; i++) {
        must(*set->hosts[i].name != '\0');
        must(i == 0 || set->hosts[i - 1].preference <= set->hosts[i].preference);
        must(strcmp(set->hosts[i].name, again->hosts[i].name) == 0);
        must(strstr(set->group, set->hosts[i].name) != NULL);
        for (uint16_t k = 0; k < i; k++)
            must(strcmp(set->hosts[i].name, set->hosts[k].name) != 0);
    }
    mxp_mxset_unref(set);
    mxp_mxset_unref(again);
}

static void check(enum mxp_dns_status status, struct mxp_slice message, enum mxp_rr_type type)
{
    struct mxp_answer *answer = mxp_answer_parse(status, message, type);
    must(answer && answer->refs == 1);
    must(answer->status == status || answer->status == MXP_DNS_FAILED);
    must(answer->n_mx + answer->n_ips <= MXP_ANSWER_MAX);
    must(answer->ttl_s <= INT32_MAX || !answer->n_mx);
    must(!answer->n_mx || (type == MXP_RR_MX && answer->status == MXP_DNS_OK));
    must(!answer->n_ips || (type != MXP_RR_MX && answer->status == MXP_DNS_OK));
    must(!answer->doubtful || (!answer->n_mx && !answer->n_ips));
    must(!answer->more || answer->n_mx + answer->n_ips == MXP_ANSWER_MAX);
    for (uint16_t i = 0; i < answer->n_mx; i++)
        check_name(answer->mx[i].name);
    for (uint16_t i = 0; i < answer->n_ips; i++) {
        must(answer->ips[i].family == (type == MXP_RR_A ? 4 : 6));
        must(!mxp_ip_is_public(&answer->ips[i]) || mxp_ip_is_host(&answer->ips[i]));
    }
    if (answer->status == MXP_DNS_OK || answer->status == MXP_DNS_NXDOMAIN) {
        /* an answer, whole, and of the rcode that was said */
        must(message.len >= 12 && (message.ptr[2] & 0x80) && !(message.ptr[2] & 0x02));
        must((message.ptr[3] & 0x0f) == (answer->status == MXP_DNS_OK ? 0 : 3));
    }
    if (answer->n_mx)
        check_order(answer, message.len);
    mxp_answer_unref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum mxp_rr_type types[] = {MXP_RR_MX, MXP_RR_A, MXP_RR_AAAA};
    if (size < 2)
        return 0;
    struct mxp_slice message = {(const char *)data + 2, size - 2};
    check((enum mxp_dns_status)(data[0] % (MXP_DNS_CANCELED + 1)), message, types[data[1] % 3]);
    struct mxp_wire wire = {data + 2, size - 2, 0, false};
    while (!wire.bad) {
        char name[MXP_NAME_MAX];
        size_t before = wire.at;
        mxp_wire_name(&wire, name);
        must(wire.bad || (wire.at > before && wire.at <= wire.len));
        check_name(name);
    }
    return 0;
}
