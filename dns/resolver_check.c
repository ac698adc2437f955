#include "dns/resolver_check.h"

#include "dns/answer.h"

#include <stdio.h>
#include <stdlib.h>

struct check {
    mxp_resolver_check_cb cb;
    void *arg;
    char name[64];
};

static void answered(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    struct check *check = arg;
    char text[256];
    enum mxp_resolver_health health = MXP_RESOLVER_FINE;
    snprintf(text, sizeof text, "the resolver answers");
    struct mxp_answer *answer = mxp_answer_parse(status, message, MXP_RR_A);
    if (answer && answer->status == MXP_DNS_OK && answer->n_ips) {
        health = MXP_RESOLVER_HIJACKING;
        snprintf(text, sizeof text,
                 "the resolver invents answers: the random name %s has an address; domains that "
                 "do not exist cannot be told from others",
                 check->name);
    } else if (status == MXP_DNS_TIMEOUT || status == MXP_DNS_FAILED || status == MXP_DNS_REFUSED) {
        health = MXP_RESOLVER_DOWN;
        snprintf(text, sizeof text, "the resolver does not answer (%s)",
                 mxp_dns_status_name(status));
    }
    mxp_answer_unref(answer);
    if (status != MXP_DNS_CANCELED)
        check->cb(check->arg, health, text);
    free(check);
}

int mxp_resolver_check(struct mxp_resolver *resolver, uint64_t seed, mxp_resolver_check_cb cb,
                       void *arg)
{
    struct check *check = calloc(1, sizeof *check);
    if (!check)
        return MXP_ENOMEM;
    check->cb = cb;
    check->arg = arg;
    snprintf(check->name, sizeof check->name, "mxp-%016llx.com", (unsigned long long)seed);
    int err = resolver->ask(resolver, check->name, MXP_RR_A, answered, check);
    if (err)
        free(check);
    return err;
}
