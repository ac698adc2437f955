#include "dns/resolver_check.h"

#include "core/hash.h"
#include "dns/answer.h"

#include <stdio.h>
#include <stdlib.h>

struct check {
    mxp_resolver_check_cb cb;
    void *arg;
    uint32_t n_pending, n_fine;
    bool canceled, hijacked;
    enum mxp_dns_status failure;
    uint64_t seed;
    char name[64]; /* asked last; then, the one that had an address */
};

static void write_name(struct check *check, uint32_t i)
{
    snprintf(check->name, sizeof check->name, "mxp-%016llx.com",
             (unsigned long long)(check->seed + i * MXP_MIX_STEP));
}

static void finish(struct check *check)
{
    char text[256];
    enum mxp_resolver_health health = MXP_RESOLVER_FINE;
    snprintf(text, sizeof text, "the resolver answers");
    if (check->hijacked) {
        health = MXP_RESOLVER_HIJACKING;
        snprintf(text, sizeof text,
                 "the resolver invents answers: a random name such as %s has an address; domains "
                 "that do not exist cannot be told from others",
                 check->name);
    } else if (!check->n_fine) {
        health = MXP_RESOLVER_DOWN;
        snprintf(text, sizeof text, "the resolver gives no answers (%s)",
                 mxp_dns_status_name(check->failure));
    }
    if (!check->canceled)
        check->cb(check->arg, health, text);
    free(check);
}

static void answered(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    struct check *check = arg;
    struct mxp_answer *answer = mxp_answer_parse(status, message, MXP_RR_A);
    if (answer)
        status = answer->status;
    if (answer && answer->n_ips)
        check->hijacked = true;
    else if (status == MXP_DNS_CANCELED)
        check->canceled = true;
    else if (status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN)
        check->n_fine++;
    else
        check->failure = status;
    mxp_answer_unref(answer);
    if (--check->n_pending == 0)
        finish(check);
}

int mxp_resolver_check(struct mxp_resolver *resolver, uint32_t n, uint64_t seed,
                       mxp_resolver_check_cb cb, void *arg)
{
    struct check *check = calloc(1, sizeof *check);
    if (!check)
        return MXP_ENOMEM;
    check->cb = cb;
    check->arg = arg;
    check->seed = seed;
    int err = 0;
    for (uint32_t i = 0; i < n && !err; i++) {
        write_name(check, i);
        err = resolver->ask(resolver, check->name, MXP_RR_A, answered, check);
        check->n_pending += !err;
    }
    if (check->n_pending)
        return 0;
    free(check);
    return err ? err : MXP_EINVAL;
}
