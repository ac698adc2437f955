#include "dns/cache.h"

#include "dns/name.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#define LOOK_MAX 16 /* entries looked at to find one that can go */
#define KEY_MAX  (MXP_NAME_MAX + 2)

struct waiter {
    struct waiter *prev, *next; /* the list's head leads to its end, too */
    mxp_cache_cb cb;
    void *arg;
};

struct entry {
    UT_hash_handle hh;
    struct entry *prev, *next; /* by age */
    struct mxp_cache *cache;
    struct mxp_answer *answer; /* NULL while the first question is in flight */
    struct waiter *waiters;
    uint64_t expires_ms;
    enum mxp_rr_type type;
    bool asking;
    size_t len;
    char key[]; /* one octet for the type, then the name */
};

struct mxp_cache {
    struct mxp_resolver *resolver;
    struct entry *entries;
    struct entry *oldest;
    size_t max;
    uint64_t (*now_ms)(void *arg);
    void *now_arg;
    struct mxp_cache_stats stats;
    struct mxp_answer no_memory; /* stands in for an answer that could not be kept */
};

struct mxp_cache *mxp_cache_new(struct mxp_resolver *resolver, size_t max,
                                uint64_t (*now_ms)(void *arg), void *now_arg)
{
    struct mxp_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->resolver = resolver;
    cache->max = max;
    cache->now_ms = now_ms;
    cache->now_arg = now_arg;
    cache->no_memory =
        (struct mxp_answer){.status = MXP_DNS_FAILED, .ttl_s = MXP_NEGATIVE_TTL_S, .refs = 1};
    return cache;
}

static void drop(struct mxp_cache *cache, struct entry *entry)
{
    struct waiter *waiter, *next;
    HASH_DEL(cache->entries, entry);
    DL_DELETE(cache->oldest, entry);
    DL_FOREACH_SAFE(entry->waiters, waiter, next)
    {
        free(waiter);
    }
    mxp_answer_unref(entry->answer);
    free(entry);
}

struct mxp_cache *mxp_cache_free(struct mxp_cache *cache)
{
    if (!cache)
        return NULL;
    while (cache->oldest)
        drop(cache, cache->oldest);
    free(cache);
    return NULL;
}

/* Room for one more: the oldest goes. Those that somebody waits for move to the end of the
 * queue, and after a few of them the cache grows instead: a search would be quadratic. */
static void make_room(struct mxp_cache *cache)
{
    for (int i = 0; i < LOOK_MAX && HASH_COUNT(cache->entries) >= cache->max; i++) {
        struct entry *oldest = cache->oldest;
        if (!oldest)
            return;
        if (oldest->asking) {
            DL_DELETE(cache->oldest, oldest);
            DL_APPEND(cache->oldest, oldest);
        } else {
            drop(cache, oldest);
        }
    }
}

static uint64_t holds_ms(const struct mxp_answer *answer)
{
    uint64_t ttl = answer->ttl_s;
    if (answer->status != MXP_DNS_OK && answer->status != MXP_DNS_NXDOMAIN)
        ttl = MXP_CACHE_ERROR_S;
    else if (!answer->n_mx && !answer->n_ips && ttl > MXP_CACHE_NEGATIVE_MAX_S)
        ttl = MXP_CACHE_NEGATIVE_MAX_S;
    if (ttl < MXP_CACHE_TTL_MIN_S)
        ttl = MXP_CACHE_TTL_MIN_S;
    return (ttl < MXP_CACHE_TTL_MAX_S ? ttl : MXP_CACHE_TTL_MAX_S) * 1000;
}

static void answered(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    struct entry *entry = arg;
    struct mxp_cache *cache = entry->cache;
    entry->asking = false;
    struct mxp_answer *answer = mxp_answer_parse(status, message, entry->type);
    if (!answer)
        answer = mxp_answer_ref(&cache->no_memory);
    mxp_answer_unref(entry->answer);
    entry->answer = answer;
    entry->expires_ms = cache->now_ms(cache->now_arg) + holds_ms(answer);
    uint64_t expires_ms = entry->expires_ms;
    struct waiter *waiter = entry->waiters, *next;
    entry->waiters = NULL;
    /* The callbacks may ask again, even for this name, or drop this entry. */
    mxp_answer_ref(answer);
    for (; waiter; waiter = next) {
        next = waiter->next;
        waiter->cb(waiter->arg, answer, expires_ms);
        free(waiter);
    }
    mxp_answer_unref(answer);
}

static struct entry *entry_new(struct mxp_cache *cache, const char *key, size_t len,
                               enum mxp_rr_type type)
{
    make_room(cache);
    struct entry *entry = calloc(1, sizeof *entry + len + 1);
    if (!entry)
        return NULL;
    memcpy(entry->key, key, len + 1);
    entry->len = len;
    entry->cache = cache;
    entry->type = type;
    HASH_ADD_KEYPTR(hh, cache->entries, entry->key, len, entry);
    if (!entry->hh.tbl) {
        free(entry);
        return NULL;
    }
    DL_APPEND(cache->oldest, entry);
    return entry;
}

static int ask(struct mxp_cache *cache, struct entry *entry)
{
    int err = cache->resolver->ask(cache->resolver, entry->key + 1, entry->type, answered, entry);
    if (err)
        return err;
    entry->asking = true;
    if (entry->type == MXP_RR_MX)
        cache->stats.n_asked_mx++;
    else
        cache->stats.n_asked_address++;
    return 0;
}

static int wait_for(struct entry *entry, mxp_cache_cb cb, void *arg)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return MXP_ENOMEM;
    waiter->cb = cb;
    waiter->arg = arg;
    DL_APPEND(entry->waiters, waiter);
    return 0;
}

int mxp_cache_get(struct mxp_cache *cache, const char *name, enum mxp_rr_type type, mxp_cache_cb cb,
                  void *arg)
{
    char key[KEY_MAX];
    size_t name_len = strlen(name), len = name_len + 1;
    if (name_len == 0 || name_len >= MXP_NAME_MAX)
        return MXP_EINVAL;
    key[0] = (char)type;
    memcpy(key + 1, name, name_len + 1);
    struct entry *entry = NULL;
    HASH_FIND(hh, cache->entries, key, len, entry);
    if (entry && !entry->asking && cache->now_ms(cache->now_arg) < entry->expires_ms) {
        cache->stats.n_hits++;
        struct mxp_answer *answer = mxp_answer_ref(entry->answer);
        cb(arg, answer, entry->expires_ms);
        mxp_answer_unref(answer);
        return 0;
    }
    if (!entry)
        entry = entry_new(cache, key, len, type);
    if (!entry)
        return MXP_ENOMEM;
    bool fresh = !entry->asking;
    int err = fresh ? ask(cache, entry) : 0;
    if (!err)
        err = wait_for(entry, cb, arg);
    if (!err && !fresh)
        cache->stats.n_joined++;
    if (err && !entry->asking && !entry->answer)
        drop(cache, entry);
    return err;
}

void mxp_cache_stats(const struct mxp_cache *cache, struct mxp_cache_stats *ret)
{
    *ret = cache->stats;
}
