#include "probe/list_reader.h"

#include "probe/list_columns.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 50 /* records kept until the address column is known */
#define BELIE_MIN  10 /* so many of them, and all, belie the name of a column */

enum format { FORMAT_UNKNOWN, FORMAT_PLAIN, FORMAT_CSV };

struct kept {
    struct kept *next;
    uint64_t line;
    size_t n;
    bool cut;
    struct mxp_slice fields[];
};

struct mxp_list_reader {
    struct mxp_list_reader_options options;
    struct mxp_list_lines lines;
    struct mxp_list_csv *csv;
    enum format format;
    bool header_seen, decided;
    size_t column;
    char **names;
    size_t n_names, n_columns;
    struct kept *first, **last;
    size_t n_kept;
    size_t belying, n_belying; /* a column of addresses beside one that is called so */
};

struct mxp_list_reader *mxp_list_reader_new(const struct mxp_list_reader_options *options)
{
    struct mxp_list_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->options = *options;
    reader->last = &reader->first;
    mxp_list_lines_init(&reader->lines);
    return reader;
}

struct mxp_list_reader *mxp_list_reader_free(struct mxp_list_reader *reader)
{
    if (!reader)
        return NULL;
    mxp_list_csv_free(reader->csv);
    for (size_t i = 0; i < reader->n_names; i++)
        free(reader->names[i]);
    free(reader->names);
    while (reader->first) {
        struct kept *next = reader->first->next;
        free(reader->first);
        reader->first = next;
    }
    mxp_list_lines_free(&reader->lines);
    free(reader);
    return NULL;
}

const char *const *mxp_list_reader_columns(const struct mxp_list_reader *reader, size_t *ret_n)
{
    *ret_n = reader->format == FORMAT_CSV ? reader->n_columns : 0;
    return (const char *const *)reader->names;
}

static int no_memory(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

/* --- records until it is known what the list is ------------------------------------ */

static int give(struct mxp_list_reader *reader, uint64_t line, const struct mxp_slice *fields,
                size_t n, bool cut, struct mxp_why *why)
{
    struct mxp_list_record record = {line, fields, n, reader->column, cut};
    return reader->options.on_record(reader->options.arg, &record, why);
}

static int flush_kept(struct mxp_list_reader *reader, struct mxp_why *why)
{
    int err = 0;
    while (reader->first) {
        struct kept *kept = reader->first;
        reader->first = kept->next;
        if (!err)
            err = give(reader, kept->line, kept->fields, kept->n, kept->cut, why);
        free(kept);
    }
    reader->last = &reader->first;
    reader->n_kept = 0;
    return err;
}

static int keep(struct mxp_list_reader *reader, const struct mxp_list_csv_record *record,
                struct mxp_why *why)
{
    size_t text = 0;
    for (size_t i = 0; i < record->n_fields; i++)
        text += record->fields[i].len;
    struct kept *kept = malloc(sizeof *kept + record->n_fields * sizeof *record->fields + text + 1);
    if (!kept)
        return no_memory(why);
    char *at = (char *)(kept->fields + record->n_fields);
    for (size_t i = 0; i < record->n_fields; i++) {
        struct mxp_slice field = record->fields[i];
        memcpy(at, field.ptr, field.len);
        kept->fields[i] = (struct mxp_slice){at, field.len};
        at += field.len;
    }
    kept->next = NULL;
    kept->line = record->line;
    kept->n = record->n_fields;
    kept->cut = record->cut;
    *reader->last = kept;
    reader->last = &kept->next;
    reader->n_kept++;
    return 0;
}

static int take_header(struct mxp_list_reader *reader, const struct mxp_list_csv_record *record,
                       struct mxp_why *why)
{
    reader->names = calloc(record->n_fields, sizeof *reader->names);
    if (!reader->names)
        return no_memory(why);
    for (; reader->n_names < record->n_fields; reader->n_names++) {
        struct mxp_slice name = record->fields[reader->n_names];
        char *copy = strndup(name.len ? name.ptr : "", name.len);
        if (!copy)
            return no_memory(why);
        reader->names[reader->n_names] = copy;
    }
    return 0;
}

static int rank_of(const struct mxp_list_reader *reader, size_t column)
{
    return column < reader->n_names ? mxp_list_columns_rank(mxp_slice_str(reader->names[column]))
                                    : MXP_LIST_RANK_NONE;
}

/* The first record with anything in it: a header, or not; and the column, if that tells. */
static int start(struct mxp_list_reader *reader, const struct mxp_list_csv_record *record,
                 bool *ret_header, struct mxp_why *why)
{
    size_t n = record->n_fields;
    int best = MXP_LIST_RANK_NONE;
    bool named = false;
    *ret_header = mxp_list_columns_is_header(record->fields, n);
    reader->header_seen = true;
    reader->n_columns = n;
    if (record->cut && n == MXP_LIST_FIELDS_MAX)
        return mxp_why_set(why, MXP_EDATA, "the list has more than %d columns",
                           MXP_LIST_FIELDS_MAX);
    if (reader->options.column) {
        int err = mxp_list_columns_find(reader->options.column, record->fields, n, &named,
                                        &reader->column, why);
        if (err)
            return err;
        *ret_header = *ret_header || named;
    }
    if (*ret_header) {
        int err = take_header(reader, record, why);
        if (err)
            return err;
    }
    reader->decided = reader->options.column || n == 1;
    for (size_t i = 0; i < n && !reader->decided; i++) {
        if (rank_of(reader, i) > best) {
            best = rank_of(reader, i);
            reader->column = i;
        }
    }
    return 0;
}

/* Among the columns that hold an address here, the one with the best name; but a column that is
 * surely called so is passed over only where all belies it: it may be empty here. */
static void decide(struct mxp_list_reader *reader, const struct mxp_list_csv_record *record)
{
    int best = -1;
    size_t column = 0;
    for (size_t i = 0; i < record->n_fields; i++) {
        if (rank_of(reader, i) <= best || !mxp_list_columns_is_address(record->fields[i]))
            continue;
        best = rank_of(reader, i);
        column = i;
    }
    if (best < 0)
        return;
    if (best == MXP_LIST_RANK_SURE || rank_of(reader, reader->column) != MXP_LIST_RANK_SURE) {
        reader->column = column;
        reader->decided = true;
    } else if (reader->column < record->n_fields &&
               mxp_slice_trim(record->fields[reader->column]).len &&
               (reader->n_belying == 0 || reader->belying == column)) {
        reader->belying = column;
        reader->n_belying++;
    }
}

/* Enough was kept, or there is no more: false where nothing tells the column. */
static bool settle(struct mxp_list_reader *reader)
{
    if (reader->n_belying >= BELIE_MIN && reader->n_belying == reader->n_kept)
        reader->column = reader->belying;
    else if (rank_of(reader, reader->column) == MXP_LIST_RANK_NONE)
        return false;
    reader->decided = true;
    return true;
}

static bool is_empty(const struct mxp_list_csv_record *record)
{
    for (size_t i = 0; i < record->n_fields; i++)
        if (mxp_slice_trim(record->fields[i]).len)
            return false;
    return true;
}

static int no_column(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_EDATA, "no column with addresses was found: name it by --column");
}

static int take_record(void *arg, const struct mxp_list_csv_record *record, struct mxp_why *why)
{
    struct mxp_list_reader *reader = arg;
    bool header = false;
    if (!reader->header_seen && !is_empty(record)) {
        int err = start(reader, record, &header, why);
        if (!err && reader->decided)
            err = flush_kept(reader, why);
        if (err || header)
            return err;
    }
    if (!reader->decided && reader->header_seen)
        decide(reader, record);
    if (!reader->decided) {
        int err = keep(reader, record, why);
        if (err || reader->n_kept < LOOK_AHEAD)
            return err;
        return settle(reader) ? flush_kept(reader, why) : no_column(why);
    }
    int err = flush_kept(reader, why);
    return err ? err
               : give(reader, record->line, record->fields, record->n_fields, record->cut, why);
}

/* --- lines ------------------------------------------------------------------------- */

/* What the first line that is not blank tells. */
static int find_format(struct mxp_list_reader *reader, struct mxp_slice line, struct mxp_why *why)
{
    char separator = mxp_list_columns_separator(line, reader->options.column != NULL);
    struct mxp_list_csv_options options = {
        .separator = separator, .on_record = take_record, .arg = reader};
    reader->format = separator ? FORMAT_CSV : FORMAT_PLAIN;
    if (separator)
        reader->csv = mxp_list_csv_new(&options);
    return separator && !reader->csv ? no_memory(why) : 0;
}

static int take_line(struct mxp_list_reader *reader, const struct mxp_list_line *line,
                     struct mxp_why *why)
{
    bool blank = mxp_slice_trim(line->text).len == 0;
    if (reader->format == FORMAT_UNKNOWN) {
        int err = blank ? 0 : find_format(reader, line->text, why);
        if (blank || err)
            return err;
    }
    if (reader->format == FORMAT_PLAIN)
        return blank ? 0 : give(reader, line->number, &line->text, 1, line->cut, why);
    /* In a list of one column, "a b"@example.org is an address, not a quoted field and more. */
    bool whole = reader->n_columns == 1 && !mxp_list_csv_is_open(reader->csv) &&
                 mxp_list_columns_is_entry(line->text);
    struct mxp_list_csv_record record = {line->number, &line->text, 1, line->cut};
    return whole ? take_record(reader, &record, why) : mxp_list_csv_line(reader->csv, line, why);
}

int mxp_list_reader_feed(struct mxp_list_reader *reader, struct mxp_slice bytes,
                         struct mxp_why *why)
{
    struct mxp_list_line line;
    for (;;) {
        int err = mxp_list_lines_next(&reader->lines, &bytes, &line, why);
        if (err)
            return err == MXP_EAGAIN ? 0 : err;
        err = take_line(reader, &line, why);
        if (err)
            return err;
    }
}

int mxp_list_reader_end(struct mxp_list_reader *reader, struct mxp_why *why)
{
    struct mxp_list_line line;
    int err = mxp_list_lines_last(&reader->lines, &line, why);
    err = err == MXP_EEOF ? 0 : err ? err : take_line(reader, &line, why);
    if (!err && reader->csv)
        err = mxp_list_csv_end(reader->csv, why);
    if (err)
        return err;
    /* Nothing but empty records needs no column. */
    if (!reader->decided && reader->first && reader->header_seen && !settle(reader))
        return no_column(why);
    return flush_kept(reader, why);
}
