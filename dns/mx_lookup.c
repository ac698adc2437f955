#include "dns/mx_lookup.h"

#include "dns/cache.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CACHE_MAX 1000000

struct mxp_mx_lookup {
    struct mxp_cache *cache;
    struct mxp_mx_lookup_options options;
    struct mxp_ip *own;
    struct job *jobs;
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
    lookup->options = *options;
    lookup->options.own = NULL;
    if (options->n_own) {
        lookup->own = malloc(options->n_own * sizeof *lookup->own);
        if (!lookup->own)
            return mxp_mx_lookup_free(lookup);
        memcpy(lookup->own, options->own, options->n_own * sizeof *lookup->own);
    }
    size_t max = options->cache_max ? options->cache_max : CACHE_MAX;
    lookup->cache = mxp_cache_new(resolver, max, options->now_ms, options->now_arg);
    return lookup->cache ? lookup : mxp_mx_lookup_free(lookup);
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

static bool failed(const struct mxp_answer *answer)
{
    return answer && answer->status != MXP_DNS_OK && answer->status != MXP_DNS_NXDOMAIN;
}

/* "SERVFAIL to MX": static words for every pair. */
static const char *failure_words(enum mxp_dns_status status, enum mxp_rr_type type)
{
    static const char *const words[][3] = {
        [MXP_DNS_SERVFAIL] = {"SERVFAIL to MX", "SERVFAIL to A", "SERVFAIL to AAAA"},
        [MXP_DNS_REFUSED] = {"REFUSED to MX", "REFUSED to A", "REFUSED to AAAA"},
        [MXP_DNS_TIMEOUT] = {"timeout asking for MX", "timeout asking for A",
                             "timeout asking for AAAA"},
        [MXP_DNS_FAILED] = {"no usable answer to MX", "no usable answer to A",
                            "no usable answer to AAAA"},
        [MXP_DNS_CANCELED] = {"cancelled", "cancelled", "cancelled"},
    };
    int column = type == MXP_RR_MX ? 0 : type == MXP_RR_A ? 1 : 2;
    return words[status][column];
}

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t seed_of(const struct job *job)
{
    uint64_t hash = job->lookup->options.seed;
    for (const char *p = job->name; *p; p++)
        hash = mix(hash ^ (unsigned char)*p);
    return hash;
}

static int by_name(const void *a, const void *b)
{
    const struct mxp_answer_mx *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_preference(const void *a, const void *b)
{
    const struct mxp_answer_mx *x = a, *y = b;
    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    return by_name(a, b);
}

/* The hosts that can be asked, each once with its best preference: by name. */
static uint16_t usable(const struct mxp_answer *answer, struct mxp_answer_mx ret[MXP_ANSWER_MAX])
{
    uint16_t n = 0, kept = 0;
    for (uint16_t i = 0; i < answer->n_mx; i++)
        if (answer->mx[i].name && *answer->mx[i].name)
            ret[n++] = answer->mx[i];
    qsort(ret, n, sizeof *ret, by_name);
    for (uint16_t i = 0; i < n; i++) {
        bool same = kept && strcmp(ret[kept - 1].name, ret[i].name) == 0;
        if (!same)
            ret[kept++] = ret[i];
        else if (ret[i].preference < ret[kept - 1].preference)
            ret[kept - 1].preference = ret[i].preference;
    }
    return kept;
}

/* Equal preferences in random order (RFC 5321, 5.1), the same for the same seed whatever
 * the order of the answer. */
static void shuffle(struct mxp_answer_mx *mx, uint16_t n, uint64_t seed)
{
    qsort(mx, n, sizeof *mx, by_preference);
    for (uint16_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && mx[to].preference == mx[from].preference;)
            to++;
        for (uint16_t i = (uint16_t)(to - 1); i > from; i--) {
            uint16_t k = (uint16_t)(from + mix(seed + i) % (uint16_t)(i - from + 1));
            struct mxp_answer_mx swap = mx[i];
            mx[i] = mx[k];
            mx[k] = swap;
        }
    }
}

static char *put(char **at, const char *text, char end)
{
    char *start = *at;
    size_t len = strlen(text);
    memcpy(start, text, len);
    start[len] = end;
    *at = start + len + 1;
    return start;
}

static struct mxp_mxset *set_new(const struct job *job, const struct mxp_answer_mx *by_names,
                                 const struct mxp_answer_mx *in_order, uint16_t n)
{
    size_t text = 1;
    for (uint16_t i = 0; i < n; i++)
        text += 2 * (strlen(in_order[i].name) + 1);
    struct mxp_mxset *set = calloc(1, sizeof *set + n * sizeof(struct mxp_mx_host) + text);
    if (!set)
        return NULL;
    char *at = (char *)(set->hosts + n);
    for (uint16_t i = 0; i < n; i++) {
        set->hosts[i].preference = in_order[i].preference;
        set->hosts[i].name = put(&at, in_order[i].name, '\0');
    }
    set->group = at;
    for (uint16_t i = 0; i < n; i++)
        put(&at, by_names[i].name, i + 1 < n ? ' ' : '\0');
    set->n_hosts = n;
    set->refs = 1;
    set->expires_ms = job->expires_ms;
    return set;
}

/* Ends the job. */
static void give_set(struct job *job, struct mxp_mxset *set)
{
    static struct mxp_mxset no_memory = {
        .status = MXP_MX_ERROR, .detail = "out of memory", .refs = 1, .group = ""};
    mxp_mx_cb cb = job->on_set;
    void *arg = job->arg;
    job_free(job);
    if (!set) {
        struct mxp_mxset spare = no_memory;
        cb(arg, &spare);
        return;
    }
    cb(arg, set);
    mxp_mxset_unref(set);
}

static void give_status(struct job *job, enum mxp_mx_status status, const char *detail)
{
    struct mxp_mxset *set = set_new(job, NULL, NULL, 0);
    if (set) {
        set->status = status;
        set->detail = detail;
    }
    give_set(job, set);
}

static void give_hosts(struct job *job)
{
    struct mxp_answer_mx by_names[MXP_ANSWER_MAX], in_order[MXP_ANSWER_MAX];
    uint16_t n = usable(job->mx, by_names);
    if (n == 0) {
        bool null_mx = true;
        for (uint16_t i = 0; i < job->mx->n_mx; i++)
            null_mx = null_mx && job->mx->mx[i].name;
        if (null_mx)
            give_status(job, MXP_MX_NULL, NULL);
        else
            give_status(job, MXP_MX_ERROR, "its MX records name no usable host");
        return;
    }
    memcpy(in_order, by_names, n * sizeof *in_order);
    shuffle(in_order, n, seed_of(job));
    give_set(job, set_new(job, by_names, in_order, n));
}

/* No MX record: the domain's own address stands in (RFC 5321, 5.1). */
static void give_implicit(struct job *job)
{
    if (job->a->n_ips || job->aaaa->n_ips) {
        struct mxp_answer_mx self = {0, job->name};
        struct mxp_mxset *set = set_new(job, &self, &self, 1);
        if (set)
            set->implicit = true;
        give_set(job, set);
    } else if (failed(job->a)) {
        give_status(job, MXP_MX_ERROR, failure_words(job->a->status, MXP_RR_A));
    } else if (failed(job->aaaa)) {
        give_status(job, MXP_MX_ERROR, failure_words(job->aaaa->status, MXP_RR_AAAA));
    } else if (job->mx->status == MXP_DNS_NXDOMAIN && job->a->status == MXP_DNS_NXDOMAIN &&
               job->aaaa->status == MXP_DNS_NXDOMAIN) {
        give_status(job, MXP_MX_NXDOMAIN, NULL);
    } else {
        give_status(job, MXP_MX_NONE, NULL);
    }
}

/* Private, or our own. */
static bool is_refused(const struct mxp_mx_lookup *lookup, const struct mxp_ip *ip)
{
    for (size_t i = 0; i < lookup->options.n_own; i++)
        if (mxp_ip_eq(ip, &lookup->own[i]))
            return true;
    return !mxp_ip_is_public(ip);
}

static void add_ips(const struct mxp_mx_lookup *lookup, struct mxp_host_addrs *addrs,
                    const struct mxp_answer *answer)
{
    for (uint16_t i = 0; answer && i < answer->n_ips; i++) {
        const struct mxp_ip *ip = &answer->ips[i];
        if (mxp_ip_is_host(ip) && (lookup->options.allow_private || !is_refused(lookup, ip)))
            addrs->ips[addrs->n_ips++] = *ip;
    }
}

/* The addresses are judged by both families, but only those of the chosen one are used. */
static void judge_host(const struct job *job, struct mxp_host_addrs *addrs)
{
    enum mxp_ip_choice choice = job->lookup->options.ip;
    const struct mxp_answer *four = choice == MXP_IP_6_ONLY ? NULL : job->a;
    const struct mxp_answer *six = choice == MXP_IP_4_ONLY ? NULL : job->aaaa;
    add_ips(job->lookup, addrs, four);
    add_ips(job->lookup, addrs, six);
    if (addrs->n_ips) {
        addrs->status = MXP_HOST_OK;
    } else if ((four && four->n_ips) || (six && six->n_ips)) {
        addrs->status = MXP_HOST_REFUSED;
        addrs->detail = "its addresses are private, reserved or our own";
    } else if (failed(job->a)) {
        addrs->status = MXP_HOST_ERROR;
        addrs->detail = failure_words(job->a->status, MXP_RR_A);
    } else if (failed(job->aaaa)) {
        addrs->status = MXP_HOST_ERROR;
        addrs->detail = failure_words(job->aaaa->status, MXP_RR_AAAA);
    } else if (job->a->n_ips || job->aaaa->n_ips) {
        addrs->status = MXP_HOST_ERROR;
        addrs->detail = job->a->n_ips ? "it has IPv4 addresses only, left out by --ip 6"
                                      : "it has IPv6 addresses only, left out by --ip 4";
    } else {
        addrs->status = MXP_HOST_NONE;
    }
}

static void give_host(struct job *job)
{
    size_t n = (size_t)job->a->n_ips + job->aaaa->n_ips;
    struct mxp_host_addrs spare = {.status = MXP_HOST_ERROR, .detail = "out of memory", .refs = 2};
    struct mxp_host_addrs *addrs = calloc(1, sizeof *addrs + n * sizeof(struct mxp_ip));
    if (addrs) {
        addrs->refs = 1;
        addrs->expires_ms = job->expires_ms;
        judge_host(job, addrs);
    }
    mxp_host_cb cb = job->on_host;
    void *arg = job->arg;
    job_free(job);
    cb(arg, addrs ? addrs : &spare);
    mxp_host_addrs_unref(addrs);
}

static void addresses_done(struct job *job)
{
    if (job->on_host)
        give_host(job);
    else
        give_implicit(job);
}

static void on_a(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->a, answer, expires_ms);
    if (--job->n_pending == 0)
        addresses_done(job);
}

static void on_aaaa(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->aaaa, answer, expires_ms);
    if (--job->n_pending == 0)
        addresses_done(job);
}

/* A question that could not be asked counts as one that failed. */
static void stand_in(struct job *job, mxp_cache_cb cb)
{
    struct mxp_answer none = {.status = MXP_DNS_FAILED, .refs = 1};
    struct mxp_answer *answer = mxp_answer_parse(MXP_DNS_FAILED, MXP_SLICE_NONE, MXP_RR_A);
    cb(job, answer ? answer : &none, 0);
    mxp_answer_unref(answer);
}

static void ask_addresses(struct job *job)
{
    struct mxp_cache *cache = job->lookup->cache;
    job->n_pending = 3; /* one more, so that it does not end before both are asked */
    if (mxp_cache_get(cache, job->name, MXP_RR_A, on_a, job))
        stand_in(job, on_a);
    if (mxp_cache_get(cache, job->name, MXP_RR_AAAA, on_aaaa, job))
        stand_in(job, on_aaaa);
    if (--job->n_pending == 0)
        addresses_done(job);
}

static void on_mx(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct job *job = arg;
    keep(job, &job->mx, answer, expires_ms);
    if (failed(answer))
        give_status(job, MXP_MX_ERROR, failure_words(answer->status, MXP_RR_MX));
    else if (answer->n_mx)
        give_hosts(job);
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

int mxp_mx_lookup_host(struct mxp_mx_lookup *lookup, const char *host, mxp_host_cb cb, void *arg)
{
    if (!*host || strlen(host) >= MXP_NAME_MAX)
        return MXP_EINVAL;
    struct job *job = job_new(lookup, host, arg);
    if (!job)
        return MXP_ENOMEM;
    job->on_host = cb;
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
