#include "probe/list/seen.h"

#include "probe/result/result_file.h"

#include <stdlib.h>

struct mxp_seen {
    uint64_t *hashes; /* sorted once all are there */
    size_t n, size;
};

static uint64_t hash_of(struct mxp_slice text)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return hash;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int add(void *arg, const struct mxp_past *past)
{
    struct mxp_seen *seen = arg;
    if (!past->verdict.len)
        return MXP_EDATA;
    if (!past->normalized.len || !mxp_slice_eq(past->verdict, MXP_SLICE_LIT("invalid")))
        return 0;
    if (seen->n == seen->size) {
        size_t size = seen->size ? seen->size + seen->size / 2 : 1024;
        uint64_t *grown = realloc(seen->hashes, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        seen->hashes = grown;
        seen->size = size;
    }
    seen->hashes[seen->n++] = hash_of(past->normalized);
    return 0;
}

/* Sorted, each once, and no more room than that. */
static void settle(struct mxp_seen *seen)
{
    size_t n = 0;
    if (!seen->n)
        return;
    qsort(seen->hashes, seen->n, sizeof *seen->hashes, compare);
    for (size_t i = 0; i < seen->n; i++)
        if (!n || seen->hashes[i] != seen->hashes[n - 1])
            seen->hashes[n++] = seen->hashes[i];
    seen->n = n;
    uint64_t *less = realloc(seen->hashes, n * sizeof *less);
    if (less) {
        seen->hashes = less;
        seen->size = n;
    }
}

struct mxp_seen *mxp_seen_load(const char *const *paths, size_t n, struct mxp_why *why)
{
    struct mxp_seen *seen = calloc(1, sizeof *seen);
    if (!seen) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct mxp_result_file file = {.path = paths[i], .on_result = add, .arg = seen};
        uint64_t end;
        if (mxp_result_file_read(&file, &end, why))
            return mxp_seen_free(seen);
    }
    settle(seen);
    return seen;
}

struct mxp_seen *mxp_seen_free(struct mxp_seen *seen)
{
    if (!seen)
        return NULL;
    free(seen->hashes);
    free(seen);
    return NULL;
}

bool mxp_seen_has(const struct mxp_seen *seen, struct mxp_slice normalized)
{
    if (!seen || !seen->n)
        return false;
    uint64_t hash = hash_of(normalized);
    return bsearch(&hash, seen->hashes, seen->n, sizeof hash, compare) != NULL;
}

size_t mxp_seen_count(const struct mxp_seen *seen)
{
    return seen->n;
}
