#include "dns/mx_order.h"

#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

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

/* Each host once with its best preference, the root left out: by name. */
static uint16_t distinct(const struct mxp_answer *answer, struct mxp_answer_mx ret[MXP_ANSWER_MAX])
{
    uint16_t n = 0, kept = 0;
    for (uint16_t i = 0; i < answer->n_mx; i++)
        if (*answer->mx[i].name)
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

static void shuffle(struct mxp_answer_mx *mx, uint16_t n, uint64_t seed)
{
    for (uint16_t from = 0, to; from < n; from = to) {
        for (to = (uint16_t)(from + 1); to < n && mx[to].preference == mx[from].preference;)
            to++;
        for (uint16_t i = (uint16_t)(to - 1); i > from; i--) {
            uint64_t random = mxp_mix(seed + i);
            uint16_t k = (uint16_t)(from + random % ((uint64_t)i - from + 1));
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

/* The group is of the same names by name. */
static struct mxp_mxset *set_new(const struct mxp_answer_mx *in_order, uint16_t n)
{
    struct mxp_answer_mx by_names[MXP_MX_ORDER_MAX];
    size_t text = 1;
    for (uint16_t i = 0; i < n; i++)
        text += 2 * (strlen(in_order[i].name) + 1);
    struct mxp_mxset *set = calloc(1, sizeof *set + n * sizeof(struct mxp_mx_host) + text);
    if (!set)
        return NULL;
    char *at = (char *)(set->hosts + n);
    for (uint16_t i = 0; i < n; i++) {
        by_names[i] = in_order[i];
        set->hosts[i].preference = in_order[i].preference;
        set->hosts[i].name = put(&at, in_order[i].name, '\0');
    }
    qsort(by_names, n, sizeof *by_names, by_name);
    set->group = at;
    for (uint16_t i = 0; i < n; i++)
        put(&at, by_names[i].name, i + 1 < n ? ' ' : '\0');
    set->n_hosts = n;
    set->refs = 1;
    return set;
}

struct mxp_mxset *mxp_mx_order(const struct mxp_answer *answer, uint64_t seed)
{
    struct mxp_answer_mx mx[MXP_ANSWER_MAX + 1];
    uint16_t n = distinct(answer, mx);
    bool more = answer->more || n > MXP_MX_ORDER_MAX;
    if (n == 0)
        return more ? mxp_mx_order_none(MXP_MX_ERROR, "it has too many MX records")
                    : mxp_mx_order_none(MXP_MX_NULL, NULL);
    qsort(mx, n, sizeof *mx, by_preference);
    shuffle(mx, n, seed);
    if (more) {
        if (n >= MXP_MX_ORDER_MAX)
            n = MXP_MX_ORDER_MAX - 1;
        mx[n] = (struct mxp_answer_mx){mx[n - 1].preference, MXP_MX_ORDER_REST};
        n++;
    }
    return set_new(mx, n);
}

struct mxp_mxset *mxp_mx_order_implicit(const char *domain)
{
    struct mxp_answer_mx self = {0, domain};
    struct mxp_mxset *set = set_new(&self, 1);
    if (set)
        set->implicit = true;
    return set;
}

struct mxp_mxset *mxp_mx_order_none(enum mxp_mx_status status, const char *detail)
{
    struct mxp_mxset *set = set_new(NULL, 0);
    if (set) {
        set->status = status;
        set->detail = detail;
    }
    return set;
}
