#include "probe/result/result_csv.h"

#include "core/require.h"

#include <stdlib.h>

#define HEADER_CAP (4 * 1024 * 1024)
#define FIELD_CAP  (16 * 1024 * 1024)
#define N_KEPT     (MXP_FIELD_verdict + 1)

struct mxp_result_csv {
    struct mxp_buf header, kept[N_KEPT];
    size_t name_at[MXP_LIST_FIELDS_MAX + MXP_FIELD_COUNT + 1]; /* in header, where each starts */
    size_t n_fields;               /* of the header; 0: it is not read yet */
    size_t field;                  /* the one under way */
    uint64_t line, start, at, end; /* start: the line of the record under way */
    bool quoted, quote;            /* within quotes; behind one there */
    bool given;
};

struct mxp_result_csv *mxp_result_csv_new(void)
{
    struct mxp_result_csv *csv = calloc(1, sizeof *csv);
    if (!csv)
        return NULL;
    csv->line = csv->start = 1;
    mxp_buf_init(&csv->header, HEADER_CAP);
    for (int i = 0; i < N_KEPT; i++)
        mxp_buf_init(&csv->kept[i], FIELD_CAP);
    return csv;
}

struct mxp_result_csv *mxp_result_csv_free(struct mxp_result_csv *csv)
{
    if (!csv)
        return NULL;
    mxp_buf_free(&csv->header);
    for (int i = 0; i < N_KEPT; i++)
        mxp_buf_free(&csv->kept[i]);
    free(csv);
    return NULL;
}

struct mxp_slice mxp_result_csv_header(const struct mxp_result_csv *csv)
{
    return csv->n_fields ? mxp_buf_slice(&csv->header) : MXP_SLICE_NONE;
}

uint64_t mxp_result_csv_end(const struct mxp_result_csv *csv)
{
    return csv->end;
}

uint64_t mxp_result_csv_line(const struct mxp_result_csv *csv)
{
    return csv->start;
}

/* The last columns are ours, in their order, with prefixes perhaps. */
static int end_header(struct mxp_result_csv *csv)
{
    struct mxp_slice all = mxp_buf_slice(&csv->header);
    size_t n = csv->field + 1;
    if (n < MXP_FIELD_COUNT)
        return MXP_EDATA;
    for (int i = 0; i < MXP_FIELD_COUNT; i++) {
        size_t at = n - MXP_FIELD_COUNT + (size_t)i;
        size_t until = at + 1 < n ? csv->name_at[at + 1] : all.len;
        struct mxp_slice name = mxp_slice_sub(all, csv->name_at[at], until - csv->name_at[at] - 1);
        while (mxp_slice_istarts(name, mxp_slice_str(MXP_FIELD_PREFIX)))
            name = mxp_slice_sub(name, sizeof MXP_FIELD_PREFIX - 1, name.len);
        if (!mxp_slice_eq(name, mxp_slice_str(mxp_field_name((enum mxp_field)i))))
            return MXP_EDATA;
    }
    csv->n_fields = n;
    return 0;
}

static int keep(struct mxp_result_csv *csv, char c)
{
    if (!csv->n_fields)
        return 0; /* the header is kept as it is */
    size_t ours = csv->n_fields - MXP_FIELD_COUNT;
    if (csv->field < ours || csv->field >= ours + N_KEPT)
        return 0;
    return mxp_buf_add_char(&csv->kept[csv->field - ours], c);
}

static int next_field(struct mxp_result_csv *csv)
{
    csv->field++;
    if (csv->n_fields)
        return 0;
    if (csv->field >= sizeof csv->name_at / sizeof *csv->name_at)
        return MXP_EDATA;
    csv->name_at[csv->field] = csv->header.len;
    return 0;
}

/* One octet; *ret_end: it ends a record. */
static int take(struct mxp_result_csv *csv, char c, bool *ret_end)
{
    bool closed = csv->quoted && csv->quote;
    csv->at++;
    csv->line += c == '\n';
    if (!csv->n_fields && mxp_buf_add_char(&csv->header, c))
        return MXP_ENOMEM;
    if (c == '"') {
        bool twice = closed;
        csv->quote = csv->quoted && !twice;
        csv->quoted = true;
        return twice ? keep(csv, c) : 0;
    }
    if (csv->quoted && !closed)
        return keep(csv, c);
    csv->quoted = csv->quote = false;
    if (c == ',')
        return next_field(csv);
    if (c != '\n')
        return keep(csv, c);
    *ret_end = true;
    return 0;
}

struct mxp_slice mxp_result_csv_field(const struct mxp_result_csv *csv, enum mxp_field field)
{
    MXP_REQUIRE(field < N_KEPT);
    return mxp_buf_slice(&csv->kept[field]);
}

int mxp_result_csv_next(struct mxp_result_csv *csv, struct mxp_slice *bytes)
{
    for (int i = 0; csv->given && i < N_KEPT; i++)
        mxp_buf_clear(&csv->kept[i]);
    csv->given = false;
    while (bytes->len) {
        bool end = false, header = csv->n_fields == 0;
        int err = take(csv, bytes->ptr[0], &end);
        *bytes = mxp_slice_sub(*bytes, 1, bytes->len);
        if (!err && end && header)
            err = end_header(csv);
        else if (!err && end && csv->field + 1 != csv->n_fields)
            err = MXP_EDATA;
        if (err)
            return err;
        if (!end)
            continue;
        csv->field = 0;
        csv->end = csv->at;
        csv->start = csv->line;
        if (header)
            continue;
        csv->given = true;
        return 0;
    }
    return MXP_EAGAIN;
}
