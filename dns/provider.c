#include "dns/provider.h"

#include "core/err.h"
#include "dns/name.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct row {
    UT_hash_handle hh;
    struct row *next; /* among patterns */
    uint32_t id;
    bool gateway;
    char suffix[];
};

struct mxp_provider_map {
    struct row *rows;
    struct row *patterns; /* those with a "*" label */
};

struct mxp_provider_map *mxp_provider_map_new(void)
{
    return calloc(1, sizeof(struct mxp_provider_map));
}

struct mxp_provider_map *mxp_provider_map_free(struct mxp_provider_map *map)
{
    if (!map)
        return NULL;
    struct row *row, *next;
    HASH_ITER(hh, map->rows, row, next)
    {
        HASH_DEL(map->rows, row);
        free(row);
    }
    for (row = map->patterns; row; row = next) {
        next = row->next;
        free(row);
    }
    free(map);
    return NULL;
}

static struct row *find_row(const struct mxp_provider_map *map, const char *suffix, size_t len)
{
    struct row *row = NULL;
    HASH_FIND(hh, map->rows, suffix, len, row);
    return row;
}

/* "*" stands for a whole label only. */
static bool is_pattern_ok(const char *suffix)
{
    for (const char *star = strchr(suffix, '*'); star; star = strchr(star + 1, '*'))
        if ((star != suffix && star[-1] != '.') || (star[1] && star[1] != '.'))
            return false;
    return true;
}

int mxp_provider_map_add(struct mxp_provider_map *map, const char *suffix, uint32_t id,
                         bool gateway)
{
    struct mxp_slice s = mxp_slice_str(suffix);
    if (s.len && s.ptr[0] == '.')
        s = mxp_slice_sub(s, 1, s.len - 1);
    if (s.len && s.ptr[s.len - 1] == '.')
        s.len--;
    if (s.len == 0 || s.len >= MXP_NAME_MAX)
        return MXP_EINVAL;
    struct row *row = calloc(1, sizeof *row + s.len + 1);
    if (!row)
        return MXP_ENOMEM;
    for (size_t i = 0; i < s.len; i++)
        row->suffix[i] = mxp_lower(s.ptr[i]);
    row->id = id;
    row->gateway = gateway;
    if (!is_pattern_ok(row->suffix)) {
        free(row);
        return MXP_EINVAL;
    }
    if (strchr(row->suffix, '*')) {
        row->next = map->patterns;
        map->patterns = row;
        return 0;
    }
    struct row *old = find_row(map, row->suffix, s.len);
    if (old && old->gateway && !gateway) {
        free(row);
        return 0;
    }
    if (old) {
        HASH_DEL(map->rows, old);
        free(old);
    }
    HASH_ADD_KEYPTR(hh, map->rows, row->suffix, s.len, row);
    if (row->hh.tbl)
        return 0;
    free(row);
    return MXP_ENOMEM;
}

/* From the right, label by label; "*" stands for one label. */
static bool matches(const char *host, const char *pattern)
{
    size_t h = strlen(host), p = strlen(pattern);
    while (h && p) {
        if (pattern[p - 1] == '*') {
            size_t end = h;
            while (h && host[h - 1] != '.')
                h--;
            if (h == end)
                return false;
            p--;
        } else if (pattern[p - 1] == host[h - 1]) {
            p--;
            h--;
        } else {
            return false;
        }
    }
    return p == 0 && (h == 0 || host[h - 1] == '.');
}

/* Whether row is a better answer than best: gateways first, then the longer suffix. */
static bool better(const struct row *row, const struct row *best)
{
    if (!best || row->gateway != best->gateway)
        return !best || row->gateway;
    return strlen(row->suffix) > strlen(best->suffix);
}

static int64_t find(const struct mxp_provider_map *map, const char *host)
{
    const struct row *best = NULL;
    for (const char *suffix = host; suffix;) {
        const struct row *row = find_row(map, suffix, strlen(suffix));
        if (row && better(row, best))
            best = row;
        suffix = strchr(suffix, '.');
        suffix = suffix ? suffix + 1 : NULL;
    }
    for (const struct row *row = map->patterns; row; row = row->next)
        if (better(row, best) && matches(host, row->suffix))
            best = row;
    return best ? (int64_t)best->id : -1;
}

int64_t mxp_provider_map_find(const struct mxp_provider_map *map, const char *host)
{
    char name[MXP_NAME_MAX] = "";
    size_t len = host ? strlen(host) : 0;
    if (len && host[len - 1] == '.')
        len--;
    if (len == 0 || len >= sizeof name)
        return -1;
    for (size_t i = 0; i < len; i++)
        name[i] = mxp_lower(host[i]);
    name[len] = '\0';
    return find(map, name);
}
