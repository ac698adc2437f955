#include "probe/result_csv.h"

#include "probe/result_row.h"

#include <stdlib.h>

#define HEADER_CAP (4 * 1024 * 1024)
#define FIELD_CAP  (16 * 1024 * 1024)

struct mxp_result_csv {
    struct mxp_buf header, number, address;
    size_t name_at[MXP_LIST_FIELDS_MAX + MXP_FIELD_COUNT + 1]; /* in header, where each starts */
    size_t n_fields; /* of the header; 0: it is not read yet */
    size_t field;    /* the one under way */
    uint64_t line, at, end;
    bool quoted, quote; /* within quotes; behind one there */
    bool given;
};

struct mxp_result_csv *mxp_result_csv_new(void)
{
    struct mxp_result_csv *csv = calloc(1, sizeof *csv);
    if (!csv)
        return NULL;
    csv->line = 1;
    mxp_buf_init(&csv->header, HEADER_CAP);
    mxp_buf_init(&csv->number, FIELD_CAP);
    mxp_buf_init(&csv->address, FIELD_CAP);
    return csv;
}

struct mxp_result_csv *mxp_result_csv_free(struct mxp_result_csv *csv)
{
    if (!csv)
        return NULL;
    mxp_buf_free(&csv->header);
    mxp_buf_free(&csv->number);
    mxp_buf_free(&csv->address);
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
    return csv->line;
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
    if (csv->field == ours + MXP_FIELD_line)
        return mxp_buf_add_char(&csv->number, c);
    if (csv->field == ours + MXP_FIELD_address)
        return mxp_buf_add_char(&csv->address, c);
    return 0;
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

int mxp_result_csv_next(struct mxp_result_csv *csv, struct mxp_slice *bytes,
                        struct mxp_slice *ret_number, struct mxp_slice *ret_address)
{
    if (csv->given) {
        mxp_buf_clear(&csv->number);
        mxp_buf_clear(&csv->address);
        csv->given = false;
    }
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
        if (header)
            continue;
        csv->given = true;
        *ret_number = mxp_buf_slice(&csv->number);
        *ret_address = mxp_buf_slice(&csv->address);
        return 0;
    }
    return MXP_EAGAIN;
}
