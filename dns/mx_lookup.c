#include "dns/mx_lookup.h"

#include "core/hash.h"
#include "dns/cache.h"
#include "dns/host_addrs.h"
#include "dns/mx_order.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CACHE_MAX 1000000

struct mxp_mx_lookup {
    struct mxp_cache *cache;
    struct mxp_mx_lookup_options options;
    struct mxp_ip *own;
    struct job *jobs;
    /* stand in where there is no memory */
    struct mxp_answer failed;
    struct mxp_mxset *no_set;
    struct mxp_host_addrs *no_addrs;
};

/* One question of the caller's, made of up to three of DNS. */
struct job {
    struct job *prev, *next;
    struct mxp_mx_lookup *lookup;
    mxp_mx_cb on_set;
    mxp_host_cb on_host;
    void *arg;
    struct mxp_answer *mx, *a, *aaaa;
    uint64_t expires_ms;
    uint8_t n_pending;
    char name[];
};

struct mxp_mx_lookup *mxp_mx_lookup_new(struct mxp_resolver *resolver,
                                        const struct mxp_mx_lookup_options *options)
{
    struct mxp_mx_lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    lookup->failed = (struct mxp_answer){.status = MXP_DNS_FAILED, .refs = 1};
    lookup->options = *options;
    lookup->options.own = NULL;
    if (options->n_own) {
        lookup->own = malloc(options->n_own * sizeof *lookup->own);
        if (!lookup->own)
            return mxp_mx_lookup_free(lookup);
        memcpy(lookup->own, options->own, options->n_own * sizeof *lookup->own);
        lookup->options.own = lookup->own;
    }
    size_t max = options->cache_max ? options->cache_max : CACHE_MAX;
    lookup->cache = mxp_cache_new(resolver, max, options->now_ms, options->now_arg);
    lookup->no_set = mxp_mx_order_none(MXP_MX_ERROR, "out of memory");
    lookup->no_addrs = mxp_host_addrs_none(MXP_HOST_ERROR, "out of memory");
    bool whole = lookup->cache && lookup->no_set && lookup->no_addrs;
    return whole ? lookup : mxp_mx_lookup_free(lookup);
}

static void job_free(struct job *job)
{
    DL_DELETE(job->lookup->jobs, job);
    mxp_answer_unref(job->mx);
    mxp_answer_unref(job->a);
    mxp_answer_unref(job->aaaa);
    free(job);
}

struct mxp_mx_lookup *mxp_mx_lookup_free(struct mxp_mx_lookup *lookup)
{
    if (!lookup)
        return NULL;
    while (lookup->jobs)
        job_free(lookup->jobs);
    mxp_cache_free(lookup->cache);
    mxp_mxset_unref(lookup->no_set);
    mxp_host_addrs_unref(lookup->no_addrs);
    free(lookup->own);
    free(lookup);
    return NULL;
}

static struct job *job_new(struct mxp_mx_lookup *lookup, const char *name, void *arg)
{
    size_t len = strlen(name);
    struct job *job = calloc(1, sizeof *job + len + 1);
    if (!job)
        return NULL;
    memcpy(job->name, name, len + 1);
    job->lookup = lookup;
    job->arg = arg;
    job->expires_ms = UINT64_MAX;
    DL_APPEND(lookup->jobs, job);
    return job;
}

static void keep(struct job *job, struct mxp_answer **where, struct mxp_answer *answer,
                 uint64_t expires_ms)
{
    *where = mxp_answer_ref(answer);
    if (expires_ms < job->expires_ms)
        job->expires_ms = expires_ms;
}

static uint64_t seed_of(const struct job *job)
{
    uint64_t hash = job->lookup->options.seed;
    for (const char *p = job->name; *p; p++)
        hash = mxp_mix(hash ^ (unsigned char)*p);
    return hash;
}

/* Ends the job. */
static void give_set(struct job *job, struct mxp_mxset *set)
{
    mxp_mx_cb cb = job->on_set;
    void *arg = job->arg;
    if (set)
        set->expires_ms = job->expires_ms;
    else
        set = mxp_mxset_ref(job->lookup->no_set);
    job_free(job);
    cb(arg, set);
    mxp_mxset_unref(set);
}

static void give_error(struct job *job, const char *detail)
{
    give_set(job, mxp_mx_order_none(MXP_MX_ERROR, detail));
}

static bool is_nxdomain(const struct mxp_answer *answer)
{
    return answer->status == MXP_DNS_NXDOMAIN;
}

/* No MX record: the domain's own address stands in (RFC 5321, 5.1). */
static void give_implicit(struct job *job)
{
    const struct mxp_answer *mx = job->mx, *a = job->a, *aaaa = job->aaaa;
    if (a->n_ips || aaaa->n_ips)
        give_set(job, mxp_mx_order_implicit(job->name));
    else if (mxp_host_addrs_failed(a))
        give_error(job, mxp_host_addrs_words(a->status, MXP_RR_A));
    else if (mxp_host_addrs_failed(aaaa))
        give_error(job, mxp_host_addrs_words(aaaa->status, MXP_RR_AAAA));
    else if (mx->doubtful || a->doubtful || aaaa->doubtful)
        give_error(job, "a CNAME without its target's records");
    else if (is_nxdomain(mx) && is_nxdomain(a) && is_nxdomain(aaaa))
        give_set(job, mxp_mx_order_none(MXP_MX_NXDOMAIN, NULL));
    else
        give_set(job, mxp_mx_order_none(MXP_MX_NONE, NULL));
}

static void give_host(struct job *job, struct mxp_host_addrs *addrs)
{
    mxp_host_cb cb = job->on_host;
    void *arg = job->arg;
    if (addrs)
        addrs->expires_ms = job->expires_ms;
    else
        addrs = mxp_host_addrs_ref(job->lookup->no_addrs);
    job_free(job);
    cb(arg, addrs);
    mxp_host_addrs_unref(addrs);
}

static void address_done(struct job *job)
{
    if (--job->n_pending)
        return;
    if (job->on_host)
        give_host(job, mxp_host_addrs_judge(&job->lookup->options, job->a, job->aaaa));
    else
        give_implicit(job);
}

static void ask_address(struct job *job, enum mxp_rr_type type);

/* The family that --ip leaves out is asked for only to tell "none" from "none of these". */
static bool is_enough(const struct job *job, enum mxp_rr_type type, const struct mxp_answer *answer)
{
    enum mxp_ip_choice only = type == MXP_RR_A ? MXP_IP_4_ONLY : MXP_IP_6_ONLY;
    return job->on_host && job->lookup->options.ip == only && answer->n_ips;
}

static void on_a(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->a, answer, expires_ms);
    if (!job->aaaa && job->n_pending == 1 && !is_enough(job, MXP_RR_A, answer))
        ask_address(job, MXP_RR_AAAA);
    address_done(job);
}

static void on_aaaa(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->aaaa, answer, expires_ms);
    if (!job->a && job->n_pending == 1 && !is_enough(job, MXP_RR_AAAA, answer))
        ask_address(job, MXP_RR_A);
    address_done(job);
}

static void ask_address(struct job *job, enum mxp_rr_type type)
{
    mxp_cache_cb cb = type == MXP_RR_A ? on_a : on_aaaa;
    job->n_pending++;
    /* A question that could not be asked counts as one that failed. */
    if (mxp_cache_get(job->lookup->cache, job->name, type, cb, job))
        cb(job, &job->lookup->failed, 0);
}

static void ask_addresses(struct job *job)
{
    enum mxp_ip_choice ip = job->lookup->options.ip;
    bool one_by_one = job->on_host && ip != MXP_IP_4_FIRST;
    if (one_by_one) {
        ask_address(job, ip == MXP_IP_6_ONLY ? MXP_RR_AAAA : MXP_RR_A);
        return;
    }
    job->n_pending = 1; /* one more, so that it does not end before both are asked */
    ask_address(job, MXP_RR_A);
    ask_address(job, MXP_RR_AAAA);
    address_done(job);
}

static void on_mx(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->mx, answer, expires_ms);
    if (mxp_host_addrs_failed(answer))
        give_error(job, mxp_host_addrs_words(answer->status, MXP_RR_MX));
    else if (answer->n_mx)
        give_set(job, mxp_mx_order(answer, seed_of(job)));
    else
        ask_addresses(job);
}

int mxp_mx_lookup_domain(struct mxp_mx_lookup *lookup, const char *domain, mxp_mx_cb cb, void *arg)
{
    struct job *job = job_new(lookup, domain, arg);
    if (!job)
        return MXP_ENOMEM;
    job->on_set = cb;
    int err = mxp_cache_get(lookup->cache, job->name, MXP_RR_MX, on_mx, job);
    if (err)
        job_free(job);
    return err;
}

/* Why nobody needs to be asked for the addresses of what an MX record names. */
static const char *no_host(const char *name)
{
    struct mxp_ip ip;
    if (strcmp(name, MXP_MX_ORDER_REST) == 0)
        return "it has more MX hosts than are tried";
    if (mxp_ip_parse(mxp_slice_str(name), &ip) == 0)
        return "the MX record names an IP address, not a host";
    return mxp_name_is_host(name) ? NULL : "the MX record's name is no host name";
}

int mxp_mx_lookup_host(struct mxp_mx_lookup *lookup, const char *host, mxp_host_cb cb, void *arg)
{
    const char *detail = no_host(host);
    struct job *job = job_new(lookup, host, arg);
    if (!job)
        return MXP_ENOMEM;
    job->on_host = cb;
    if (detail)
        give_host(job, mxp_host_addrs_none(MXP_HOST_ERROR, detail));
    else
        ask_addresses(job);
    return 0;
}

void mxp_mx_lookup_stats(const struct mxp_mx_lookup *lookup, struct mxp_mx_lookup_stats *ret)
{
    struct mxp_cache_stats stats;
    mxp_cache_stats(lookup->cache, &stats);
    *ret = (struct mxp_mx_lookup_stats){
        .n_mx_asked = stats.n_asked_mx,
        .n_addr_asked = stats.n_asked_address,
        .n_cache_hits = stats.n_hits,
        .n_joined = stats.n_joined,
    };
}
