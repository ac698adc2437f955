#include "probe/list/list_csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

/* A record under way, and one line more that made it too long. */
#define RAW_CAP (MXP_LIST_RECORD_MAX + MXP_LIST_LINE_MAX + 2 * MXP_LIST_RECORD_LINES)

struct line {
    uint64_t number;
    size_t at, len;
    struct mxp_slice end;
    bool cut;
};

struct mxp_list_csv {
    struct mxp_list_csv_options options;
    struct csv_parser parser;
    struct mxp_buf raw; /* the lines of the record under way */
    struct line lines[MXP_LIST_RECORD_LINES];
    size_t n_lines;
    struct mxp_buf text; /* of the record's fields */
    size_t ends[MXP_LIST_FIELDS_MAX];
    size_t n_fields;
    uint64_t record_line;
    bool made, record_cut, row_done;
    int err; /* of a callback of the parser */
};

static int no_memory(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

static int fresh_parser(struct mxp_list_csv *csv)
{
    if (csv->made)
        csv_free(&csv->parser);
    csv->made = csv_init(&csv->parser, CSV_APPEND_NULL) == 0;
    if (!csv->made)
        return MXP_ENOMEM;
    csv_set_delim(&csv->parser, (unsigned char)csv->options.separator);
    csv->n_fields = 0;
    csv->row_done = false;
    mxp_buf_clear(&csv->text);
    return 0;
}

struct mxp_list_csv *mxp_list_csv_new(const struct mxp_list_csv_options *options)
{
    struct mxp_list_csv *csv = calloc(1, sizeof *csv);
    if (!csv)
        return NULL;
    csv->options = *options;
    mxp_buf_init(&csv->raw, RAW_CAP);
    mxp_buf_init(&csv->text, RAW_CAP);
    return fresh_parser(csv) ? mxp_list_csv_free(csv) : csv;
}

struct mxp_list_csv *mxp_list_csv_free(struct mxp_list_csv *csv)
{
    if (!csv)
        return NULL;
    if (csv->made)
        csv_free(&csv->parser);
    mxp_buf_free(&csv->raw);
    mxp_buf_free(&csv->text);
    free(csv);
    return NULL;
}

bool mxp_list_csv_is_open(const struct mxp_list_csv *csv)
{
    return csv->n_lines > 0;
}

static void on_field(void *bytes, size_t len, void *arg)
{
    struct mxp_list_csv *csv = arg;
    if (csv->n_fields == MXP_LIST_FIELDS_MAX) {
        csv->record_cut = true;
        return;
    }
    if (mxp_buf_add(&csv->text, bytes, len))
        csv->err = MXP_ENOMEM;
    csv->ends[csv->n_fields++] = csv->text.len;
}

static void on_row(int end, void *arg)
{
    struct mxp_list_csv *csv = arg;
    (void)end;
    csv->row_done = true;
}

static int give(struct mxp_list_csv *csv, struct mxp_why *why)
{
    struct mxp_slice fields[MXP_LIST_FIELDS_MAX];
    const char *text = mxp_buf_slice(&csv->text).ptr;
    for (size_t i = 0; i < csv->n_fields; i++) {
        size_t from = i ? csv->ends[i - 1] : 0;
        fields[i] = (struct mxp_slice){text + from, csv->ends[i] - from};
    }
    struct mxp_list_csv_record record = {csv->record_line, fields, csv->n_fields, csv->record_cut};
    int err = csv->options.on_record(csv->options.arg, &record, why);
    csv->n_fields = 0;
    mxp_buf_clear(&csv->text);
    return err;
}

/* The record's first line has a quote that is not closed: it stands alone, split as it is. */
static int split_plainly(struct mxp_list_csv *csv, struct mxp_slice line, struct mxp_why *why)
{
    if (fresh_parser(csv))
        return no_memory(why);
    for (;;) {
        size_t at = mxp_slice_find(line, csv->options.separator);
        struct mxp_slice field = mxp_slice_sub(line, 0, at);
        on_field((void *)(uintptr_t)field.ptr, field.len, csv);
        if (at >= line.len)
            return give(csv, why);
        line = mxp_slice_sub(line, at + 1, line.len - at - 1);
    }
}

/* Give up on the quote: the first line alone, then the others anew. */
static int unroll(struct mxp_list_csv *csv, struct mxp_why *why)
{
    struct line lines[MXP_LIST_RECORD_LINES];
    size_t n = csv->n_lines;
    struct mxp_buf raw = csv->raw;
    memcpy(lines, csv->lines, n * sizeof *lines);
    mxp_buf_init(&csv->raw, RAW_CAP);
    csv->n_lines = 0;
    csv->record_line = lines[0].number;
    csv->record_cut = lines[0].cut;
    struct mxp_slice all = mxp_buf_slice(&raw);
    int err = split_plainly(csv, mxp_slice_sub(all, lines[0].at, lines[0].len), why);
    for (size_t i = 1; i < n && !err; i++) {
        struct mxp_list_line line = {mxp_slice_sub(all, lines[i].at, lines[i].len), lines[i].end,
                                     lines[i].number, lines[i].cut};
        err = mxp_list_csv_line(csv, &line, why);
    }
    mxp_buf_free(&raw);
    return err;
}

static int parse(struct mxp_list_csv *csv, struct mxp_slice bytes)
{
    size_t n = csv_parse(&csv->parser, bytes.ptr, bytes.len, on_field, on_row, csv);
    return n == bytes.len && !csv->err ? 0 : MXP_ENOMEM;
}

/* The line goes into raw, and through the parser, with the end it has in the list. */
static int take_line(struct mxp_list_csv *csv, const struct mxp_list_line *line)
{
    struct mxp_slice end = line->end.len ? line->end : MXP_SLICE_LIT("\n");
    csv->lines[csv->n_lines++] =
        (struct line){line->number, csv->raw.len, line->text.len, line->end, line->cut};
    if (mxp_buf_add_slice(&csv->raw, line->text))
        return MXP_ENOMEM;
    csv->row_done = false;
    int err = parse(csv, line->text);
    return err ? err : parse(csv, end);
}

int mxp_list_csv_line(struct mxp_list_csv *csv, const struct mxp_list_line *line,
                      struct mxp_why *why)
{
    if (csv->n_lines == 0) {
        if (mxp_slice_trim(line->text).len == 0)
            return 0;
        csv->record_line = line->number;
        csv->record_cut = false;
    }
    csv->record_cut = csv->record_cut || line->cut;
    if (take_line(csv, line))
        return no_memory(why);
    if (csv->row_done) {
        csv->n_lines = 0;
        mxp_buf_clear(&csv->raw);
        return give(csv, why);
    }
    if (csv->n_lines < MXP_LIST_RECORD_LINES && csv->raw.len < MXP_LIST_RECORD_MAX)
        return 0;
    return unroll(csv, why);
}

int mxp_list_csv_end(struct mxp_list_csv *csv, struct mxp_why *why)
{
    int err = 0;
    while (csv->n_lines && !err)
        err = unroll(csv, why);
    return err;
}
