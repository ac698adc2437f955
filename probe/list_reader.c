#include "probe/list_reader.h"

#include "smtp/address.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_LINES 64    /* a record of more lines than this .. */
#define RECORD_MAX   65536 /* .. or octets has a quote that nobody closed */
#define LOOK_AHEAD   50    /* records kept until the address column is known */

enum format { FORMAT_UNKNOWN, FORMAT_PLAIN, FORMAT_CSV };

struct line {
    uint64_t number;
    size_t at, len;
    bool cut;
};

struct kept {
    struct kept *next;
    uint64_t line;
    size_t n;
    bool cut;
    struct mxp_slice fields[];
};

struct mxp_list_reader {
    struct mxp_list_reader_options options;
    struct csv_parser csv;
    struct mxp_buf line; /* the physical line under way */
    struct mxp_buf raw;  /* the lines of the record under way, with their ends */
    struct line lines[RECORD_LINES];
    size_t n_lines;
    struct mxp_buf text; /* of the record's fields */
    size_t ends[MXP_LIST_FIELDS_MAX];
    size_t n_fields;
    uint64_t line_number; /* of the line under way, from 1 */
    uint64_t record_line;
    enum format format;
    char delimiter;
    bool started, csv_made, last_cr, cut, record_cut, row_done, decided, header_seen;
    size_t column;
    char **names;
    size_t n_names, n_columns;
    struct kept *first, **last;
    size_t n_kept;
};

struct mxp_list_reader *mxp_list_reader_new(const struct mxp_list_reader_options *options)
{
    struct mxp_list_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->options = *options;
    reader->line_number = 1;
    reader->last = &reader->first;
    mxp_buf_init(&reader->line, MXP_LIST_LINE_MAX + 2);
    mxp_buf_init(&reader->raw, RECORD_MAX + MXP_LIST_LINE_MAX + 4);
    mxp_buf_init(&reader->text, RECORD_MAX + MXP_LIST_LINE_MAX + 4);
    return reader;
}

struct mxp_list_reader *mxp_list_reader_free(struct mxp_list_reader *reader)
{
    if (!reader)
        return NULL;
    if (reader->csv_made)
        csv_free(&reader->csv);
    for (size_t i = 0; i < reader->n_names; i++)
        free(reader->names[i]);
    free(reader->names);
    while (reader->first) {
        struct kept *next = reader->first->next;
        free(reader->first);
        reader->first = next;
    }
    mxp_buf_free(&reader->line);
    mxp_buf_free(&reader->raw);
    mxp_buf_free(&reader->text);
    free(reader);
    return NULL;
}

const char *const *mxp_list_reader_columns(const struct mxp_list_reader *reader, size_t *ret_n)
{
    *ret_n = reader->format == FORMAT_CSV ? reader->n_columns : 0;
    return (const char *const *)reader->names;
}

static bool is_address(struct mxp_slice text)
{
    struct mxp_address address;
    return mxp_address_parse(mxp_slice_trim(text), &address) == MXP_ADDRESS_OK;
}

static bool has_at(struct mxp_slice text)
{
    return mxp_slice_find(text, '@') < text.len;
}

/* How well a header's name says that addresses follow: 0 not at all. */
static int header_rank(struct mxp_slice name)
{
    static const char *const exact[] = {"email",        "e-mail", "email address",  "email_address",
                                        "emailaddress", "mail",   "e-mail address", "address"};
    name = mxp_slice_trim(name);
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (mxp_slice_ieq(name, mxp_slice_str(exact[i])))
            return 3;
    for (size_t i = 0; i + 4 <= name.len; i++)
        if (mxp_slice_ieq(mxp_slice_sub(name, i, 4), MXP_SLICE_LIT("mail")))
            return 2;
    return 0;
}

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

static int keep(struct mxp_list_reader *reader, const struct mxp_slice *fields, size_t n)
{
    size_t text = 0;
    for (size_t i = 0; i < n; i++)
        text += fields[i].len + 1;
    struct kept *kept = malloc(sizeof *kept + n * sizeof *fields + text);
    if (!kept)
        return MXP_ENOMEM;
    char *at = (char *)(kept->fields + n);
    for (size_t i = 0; i < n; i++) {
        memcpy(at, fields[i].ptr, fields[i].len);
        kept->fields[i] = (struct mxp_slice){at, fields[i].len};
        at += fields[i].len + 1;
    }
    kept->next = NULL;
    kept->line = reader->record_line;
    kept->n = n;
    kept->cut = reader->record_cut;
    *reader->last = kept;
    reader->last = &kept->next;
    reader->n_kept++;
    return 0;
}

static int take_header(struct mxp_list_reader *reader, const struct mxp_slice *fields, size_t n)
{
    reader->names = calloc(n, sizeof *reader->names);
    if (!reader->names)
        return MXP_ENOMEM;
    for (reader->n_names = 0; reader->n_names < n; reader->n_names++) {
        struct mxp_slice name = fields[reader->n_names];
        reader->names[reader->n_names] = strndup(name.len ? name.ptr : "", name.len);
        if (!reader->names[reader->n_names])
            return MXP_ENOMEM;
    }
    return 0;
}

/* The column that --column names; SIZE_MAX: it is not among these. */
static size_t named_column(const char *column, const struct mxp_slice *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mxp_slice_ieq(mxp_slice_trim(fields[i]), mxp_slice_str(column)))
            return i;
    return SIZE_MAX;
}

static int start_with_column(struct mxp_list_reader *reader, const struct mxp_slice *fields,
                             size_t n, bool *ret_header, struct mxp_why *why)
{
    const char *column = reader->options.column;
    uint64_t number = 0;
    size_t named = named_column(column, fields, n);
    if (named != SIZE_MAX) {
        reader->column = named;
        *ret_header = true;
    } else if (mxp_slice_number(mxp_slice_str(column), MXP_LIST_FIELDS_MAX, &number) == 0 &&
               number > 0) {
        reader->column = (size_t)number - 1;
        if (number > n)
            return mxp_why_set(why, MXP_EDATA, "--column %s: the list has %zu column%s", column, n,
                               n == 1 ? "" : "s");
        *ret_header = !has_at(fields[reader->column]);
    } else {
        return mxp_why_set(why, MXP_EDATA, "--column %s: the list's first line has no such name",
                           column);
    }
    reader->decided = true;
    return 0;
}

/* By looking: a first record without any @ is a header. */
static void start_by_looking(struct mxp_list_reader *reader, const struct mxp_slice *fields,
                             size_t n, bool *ret_header)
{
    int best = 0;
    *ret_header = true;
    for (size_t i = 0; i < n; i++)
        if (has_at(fields[i]))
            *ret_header = false;
    for (size_t i = 0; i < n; i++) {
        int rank = *ret_header ? header_rank(fields[i]) : is_address(fields[i]) ? 4 : 0;
        if (rank > best) {
            best = rank;
            reader->column = i;
        }
    }
    reader->decided = best > 0;
    /* One column can hold nothing else; and a first line that is no name is an entry. */
    if (n == 1) {
        reader->decided = true;
        *ret_header = *ret_header && best > 0;
    }
}

static int take_record(struct mxp_list_reader *reader, const struct mxp_slice *fields, size_t n,
                       struct mxp_why *why)
{
    if (!reader->header_seen) {
        bool header = false;
        reader->header_seen = true;
        reader->n_columns = n;
        int err = 0;
        if (reader->options.column)
            err = start_with_column(reader, fields, n, &header, why);
        else
            start_by_looking(reader, fields, n, &header);
        if (!err && header)
            err = take_header(reader, fields, n);
        if (err || header)
            return err;
    }
    if (reader->decided)
        return give(reader, reader->record_line, fields, n, reader->record_cut, why);
    for (size_t i = 0; i < n && !reader->decided; i++) {
        if (is_address(fields[i])) {
            reader->column = i;
            reader->decided = true;
        }
    }
    int err = keep(reader, fields, n);
    if (!err && reader->decided)
        return flush_kept(reader, why);
    if (!err && reader->n_kept >= LOOK_AHEAD)
        return mxp_why_set(why, MXP_EDATA,
                           "no column with addresses in the first %d lines: name it by --column",
                           LOOK_AHEAD);
    return err;
}

static bool is_blank(const struct mxp_slice *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mxp_slice_trim(fields[i]).len)
            return false;
    return true;
}

static int end_record(struct mxp_list_reader *reader, struct mxp_why *why)
{
    struct mxp_slice fields[MXP_LIST_FIELDS_MAX];
    size_t n = reader->n_fields;
    const char *text = mxp_buf_slice(&reader->text).ptr;
    for (size_t i = 0; i < n; i++) {
        size_t from = i ? reader->ends[i - 1] : 0;
        fields[i] = (struct mxp_slice){text + from, reader->ends[i] - from};
    }
    int err = n && !is_blank(fields, n) ? take_record(reader, fields, n, why) : 0;
    reader->n_fields = 0;
    mxp_buf_clear(&reader->text);
    if (err == MXP_ENOMEM)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    return err;
}

static void on_field(void *bytes, size_t len, void *arg)
{
    struct mxp_list_reader *reader = arg;
    if (reader->n_fields < MXP_LIST_FIELDS_MAX) {
        mxp_buf_add(&reader->text, bytes, len);
        reader->ends[reader->n_fields++] = reader->text.len;
    }
}

static void on_row(int end, void *arg)
{
    struct mxp_list_reader *reader = arg;
    (void)end;
    reader->row_done = true;
}

static int fresh_csv(struct mxp_list_reader *reader)
{
    if (reader->csv_made)
        csv_free(&reader->csv);
    reader->csv_made = false;
    if (csv_init(&reader->csv, CSV_APPEND_NULL))
        return MXP_ENOMEM;
    reader->csv_made = true;
    csv_set_delim(&reader->csv, (unsigned char)reader->delimiter);
    reader->n_fields = 0;
    reader->row_done = false;
    mxp_buf_clear(&reader->text);
    return 0;
}

/* The record's first line has a quote that is not closed: it stands alone, split as it is. */
static int split_plainly(struct mxp_list_reader *reader, struct mxp_slice line, struct mxp_why *why)
{
    int err = fresh_csv(reader);
    while (!err) {
        size_t at = mxp_slice_find(line, reader->delimiter);
        struct mxp_slice field = mxp_slice_sub(line, 0, at);
        on_field((void *)(uintptr_t)field.ptr, field.len, reader);
        if (at >= line.len)
            break;
        line = mxp_slice_sub(line, at + 1, line.len - at - 1);
    }
    return err ? err : end_record(reader, why);
}

static int csv_line(struct mxp_list_reader *reader, struct mxp_slice line, uint64_t number,
                    bool cut, struct mxp_why *why);

/* Give up on the quote: the first line alone, then the others anew. */
static int unroll(struct mxp_list_reader *reader, struct mxp_why *why)
{
    struct line lines[RECORD_LINES];
    size_t n = reader->n_lines;
    struct mxp_buf raw = reader->raw;
    memcpy(lines, reader->lines, n * sizeof *lines);
    mxp_buf_init(&reader->raw, RECORD_MAX + MXP_LIST_LINE_MAX + 4);
    reader->n_lines = 0;
    reader->record_line = lines[0].number;
    reader->record_cut = lines[0].cut;
    struct mxp_slice all = mxp_buf_slice(&raw);
    int err = split_plainly(reader, mxp_slice_sub(all, lines[0].at, lines[0].len), why);
    for (size_t i = 1; i < n && !err; i++)
        err = csv_line(reader, mxp_slice_sub(all, lines[i].at, lines[i].len), lines[i].number,
                       lines[i].cut, why);
    mxp_buf_free(&raw);
    return err;
}

static int csv_line(struct mxp_list_reader *reader, struct mxp_slice line, uint64_t number,
                    bool cut, struct mxp_why *why)
{
    if (reader->n_lines == 0) {
        reader->record_line = number;
        reader->record_cut = false;
    }
    reader->record_cut = reader->record_cut || cut;
    reader->lines[reader->n_lines++] = (struct line){number, reader->raw.len, line.len, cut};
    int err = mxp_buf_add_slice(&reader->raw, line);
    reader->row_done = false;
    if (!err)
        csv_parse(&reader->csv, line.ptr, line.len, on_field, on_row, reader);
    if (!err && !reader->row_done)
        csv_parse(&reader->csv, "\n", 1, on_field, on_row, reader);
    /* libcsv passes over empty lines without a row, unless it is within quotes. */
    bool empty = line.len == 0 && reader->n_lines == 1;
    if (!err && (reader->row_done || empty)) {
        reader->n_lines = 0;
        mxp_buf_clear(&reader->raw);
        return reader->row_done ? end_record(reader, why) : 0;
    }
    if (!err && reader->n_lines < RECORD_LINES && reader->raw.len < RECORD_MAX)
        return 0;
    return err ? mxp_why_set(why, err, "%s", mxp_err_text(err)) : unroll(reader, why);
}

static int plain_line(struct mxp_list_reader *reader, struct mxp_slice line, bool cut,
                      struct mxp_why *why)
{
    if (mxp_slice_trim(line).len == 0)
        return 0;
    reader->record_line = reader->line_number;
    return give(reader, reader->line_number, &line, 1, cut, why);
}

static size_t count(struct mxp_slice text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == c;
    return n;
}

/* What the first line that is not blank tells. */
static int find_format(struct mxp_list_reader *reader, struct mxp_slice line)
{
    static const char delimiters[] = {',', ';', '\t'};
    size_t most = 0;
    reader->delimiter = ',';
    for (size_t i = 0; i < sizeof delimiters; i++) {
        if (count(line, delimiters[i]) > most) {
            most = count(line, delimiters[i]);
            reader->delimiter = delimiters[i];
        }
    }
    struct mxp_slice text = mxp_slice_trim(line);
    bool quoted = text.len && text.ptr[0] == '"';
    bool csv =
        reader->options.column || (!is_address(text) && (most || quoted)) || header_rank(text) == 3;
    reader->format = csv ? FORMAT_CSV : FORMAT_PLAIN;
    return csv ? fresh_csv(reader) : 0;
}

static int take_line(struct mxp_list_reader *reader, struct mxp_why *why)
{
    struct mxp_slice line = mxp_buf_slice(&reader->line);
    int err = 0;
    if (reader->line_number == 1 && mxp_slice_istarts(line, MXP_SLICE_LIT("\xef\xbb\xbf")))
        line = mxp_slice_sub(line, 3, line.len - 3);
    if (reader->format == FORMAT_UNKNOWN && mxp_slice_trim(line).len)
        err = find_format(reader, line);
    if (err)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    else if (reader->format == FORMAT_CSV)
        err = csv_line(reader, line, reader->line_number, reader->cut, why);
    else if (reader->format == FORMAT_PLAIN)
        err = plain_line(reader, line, reader->cut, why);
    mxp_buf_clear(&reader->line);
    reader->cut = false;
    reader->line_number++;
    return err;
}

static void add_to_line(struct mxp_list_reader *reader, struct mxp_slice bytes)
{
    size_t room = MXP_LIST_LINE_MAX - reader->line.len;
    if (bytes.len > room) {
        reader->cut = true;
        bytes.len = room;
    }
    mxp_buf_add_slice(&reader->line, bytes);
}

static bool is_utf16(struct mxp_slice bytes)
{
    return mxp_slice_istarts(bytes, MXP_SLICE_LIT("\xff\xfe")) ||
           mxp_slice_istarts(bytes, MXP_SLICE_LIT("\xfe\xff"));
}

int mxp_list_reader_feed(struct mxp_list_reader *reader, struct mxp_slice bytes,
                         struct mxp_why *why)
{
    if (!reader->started && is_utf16(bytes))
        return mxp_why_set(why, MXP_EDATA, "the list is UTF-16: convert it to UTF-8");
    reader->started = reader->started || bytes.len;
    int err = 0;
    while (bytes.len && !err) {
        /* CRLF ends a line once, whatever lies between the two. */
        if (reader->last_cr && bytes.ptr[0] == '\n')
            bytes = mxp_slice_sub(bytes, 1, bytes.len - 1);
        reader->last_cr = false;
        size_t lf = mxp_slice_find(bytes, '\n');
        size_t end = mxp_slice_find(mxp_slice_sub(bytes, 0, lf), '\r');
        add_to_line(reader, mxp_slice_sub(bytes, 0, end));
        if (end >= bytes.len)
            break;
        reader->last_cr = bytes.ptr[end] == '\r';
        bytes = mxp_slice_sub(bytes, end + 1, bytes.len - end - 1);
        err = take_line(reader, why);
    }
    return err;
}

int mxp_list_reader_end(struct mxp_list_reader *reader, struct mxp_why *why)
{
    int err = reader->line.len || reader->cut ? take_line(reader, why) : 0;
    while (!err && reader->n_lines)
        err = unroll(reader, why);
    if (!err && !reader->decided && reader->first)
        err =
            mxp_why_set(why, MXP_EDATA, "no column with addresses was found: name it by --column");
    return err ? err : flush_kept(reader, why);
}
