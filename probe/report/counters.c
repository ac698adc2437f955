#include "probe/report/counters.h"

#include <stdlib.h>
#include <string.h>

/* The table's macros know nothing of -Wconversion. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>

#define NONE   "(none)"
#define OTHERS "(others)"

struct mxp_provider_index {
    struct mxp_provider_counts counts;
    bool lost; /* the table had no memory for it */
    UT_hash_handle hh;
    char name[];
};

static struct mxp_provider_index *find(struct mxp_provider_index *index, const char *name)
{
    struct mxp_provider_index *row = NULL;
    HASH_FIND_STR(index, name, row);
    return row;
}

static void insert(struct mxp_provider_index **index, struct mxp_provider_index *row)
{
    HASH_ADD_KEYPTR(hh, *index, row->name, strlen(row->name), row);
}

static size_t count(const struct mxp_provider_index *index)
{
    return HASH_COUNT(index);
}

/* The rows stay, linked by hh.next. */
static void drop_table(struct mxp_provider_index **index)
{
    HASH_CLEAR(hh, *index);
}
#pragma GCC diagnostic pop

static struct mxp_provider_index *make(struct mxp_provider_index **index, const char *name)
{
    size_t size = strlen(name) + 1;
    struct mxp_provider_index *row = calloc(1, sizeof *row + size);
    if (!row)
        return NULL;
    memcpy(row->name, name, size);
    row->counts.name = row->name;
    insert(index, row);
    if (!row->lost)
        return row;
    free(row);
    return NULL;
}

static struct mxp_provider_counts *row_of(struct mxp_counters *counters, const char *provider)
{
    const char *name = provider && provider[0] ? provider : NONE;
    struct mxp_provider_index *row = find(counters->index, name);
    if (!row && count(counters->index) >= MXP_COUNTERS_PROVIDERS) {
        name = OTHERS;
        row = find(counters->index, name);
    }
    if (!row)
        row = make(&counters->index, name);
    return row ? &row->counts : NULL;
}

void mxp_counters_free(struct mxp_counters *counters)
{
    struct mxp_provider_index *row = counters->index, *next;
    drop_table(&counters->index);
    for (; row; row = next) {
        next = row->hh.next;
        free(row);
    }
    *counters = (struct mxp_counters){0};
}

static size_t group_of(enum mxp_reason reason)
{
    char group = mxp_reason_group(reason);
    return group == 'A' ? 0 : group == 'U' ? 1 : 2;
}

int mxp_counters_add(struct mxp_counters *counters, const struct mxp_result *result)
{
    size_t group = group_of(result->reason);
    counters->n++;
    counters->verdicts[result->verdict]++;
    counters->reasons[result->reason][result->verdict]++;
    counters->actions[result->action]++;
    counters->groups[group]++;
    counters->with_tls += result->code != 0 && result->tls != NULL;
    counters->asked += result->code != 0;
    counters->attempts += result->attempts;
    counters->catch_all_yes += result->catch_all == MXP_TRI_YES;
    struct mxp_provider_counts *row = row_of(counters, result->provider);
    if (!row)
        return MXP_ENOMEM;
    row->n++;
    row->verdicts[result->verdict]++;
    row->about_us += group == 1;
    return MXP_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct mxp_provider_counts *const *x = a, *const *y = b;
    if ((*x)->n != (*y)->n)
        return (*x)->n < (*y)->n ? 1 : -1;
    return strcmp((*x)->name, (*y)->name);
}

const struct mxp_provider_counts **mxp_counters_providers(const struct mxp_counters *counters,
                                                          size_t *ret_n)
{
    size_t n = count(counters->index), i = 0;
    const struct mxp_provider_counts **rows = n ? malloc(n * sizeof *rows) : NULL;
    *ret_n = 0;
    if (!rows)
        return NULL;
    for (const struct mxp_provider_index *row = counters->index; row && i < n; row = row->hh.next)
        rows[i++] = &row->counts;
    qsort(rows, i, sizeof *rows, by_number);
    *ret_n = i;
    return rows;
}

void mxp_counters_bounce(const struct mxp_counters *counters, struct mxp_bounce *ret)
{
    double n = (double)counters->n;
    double invalid = (double)counters->verdicts[MXP_VERDICT_INVALID];
    double unknown = (double)counters->verdicts[MXP_VERDICT_UNKNOWN];
    *ret = (struct mxp_bounce){0};
    if (counters->n == 0)
        return;
    ret->judged = counters->verdicts[MXP_VERDICT_VALID] + counters->verdicts[MXP_VERDICT_INVALID];
    ret->least = invalid / n;
    ret->most = (invalid + unknown) / n;
    ret->likely = ret->judged ? invalid / (double)ret->judged : ret->most;
}
