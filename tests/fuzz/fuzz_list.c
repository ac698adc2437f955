/*
 * A list of any octets, the first one aside: it chooses --column and the pieces. Every line
 * that is not blank belongs to exactly one record or to the header; line numbers rise; and
 * the pieces in which the list comes make no difference.
 */
#include "probe/list/list_reader.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_BASIS 14695981039346656037u
#define FNV_PRIME 1099511628211u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct record {
    uint64_t line;
    size_t n_ends; /* of lines, within its fields */
    bool cut;
};

struct seen {
    struct record *records;
    size_t n, size;
    uint64_t hash;
    struct record header; /* line 0: none */
    int err;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

static void hash(struct seen *seen, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        seen->hash = (seen->hash ^ ((const unsigned char *)bytes)[i]) * FNV_PRIME;
}

static size_t count_ends(struct mxp_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\r' || (text.ptr[i] == '\n' && (i == 0 || text.ptr[i - 1] != '\r'));
    return n;
}

static int on_record(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct seen *seen = arg;
    struct record one = {.line = record->line, .cut = record->cut};
    (void)why;
    must(record->n_fields > 0 && record->n_fields <= MXP_LIST_FIELDS_MAX, "fields");
    must(!seen->n || record->line > seen->records[seen->n - 1].line, "line numbers that fall");
    hash(seen, &record->line, sizeof record->line);
    hash(seen, &record->column, sizeof record->column);
    for (size_t i = 0; i < record->n_fields; i++) {
        hash(seen, record->fields[i].ptr, record->fields[i].len);
        hash(seen, "|", 1);
        one.n_ends += count_ends(record->fields[i]);
    }
    if (seen->n == seen->size) {
        seen->size = seen->size ? 2 * seen->size : 64;
        seen->records = realloc(seen->records, seen->size * sizeof one);
        must(seen->records != NULL, "memory");
    }
    seen->records[seen->n++] = one;
    return 0;
}

static void see(struct mxp_slice list, const char *column, size_t piece, struct seen *ret)
{
    struct mxp_why why = {0};
    struct mxp_list_choice_options options = {.column = column, .on_record = on_record, .arg = ret};
    struct mxp_list_reader *reader = mxp_list_reader_new(&options);
    size_t n = 0;
    must(reader != NULL, "memory");
    *ret = (struct seen){.hash = FNV_BASIS};
    for (size_t at = 0; at < list.len && !ret->err; at += piece)
        ret->err = mxp_list_reader_feed(reader, mxp_slice_sub(list, at, piece), &why);
    if (!ret->err)
        ret->err = mxp_list_reader_end(reader, &why);
    must(!ret->err || (ret->err == MXP_EDATA && why.text[0]), "an error without words");
    const char *const *names = mxp_list_reader_columns(reader, &n);
    for (size_t i = 0; names && i < n; i++) {
        ret->header.line = 1;
        ret->header.n_ends += count_ends(mxp_slice_str(names[i]));
        hash(ret, names[i], strlen(names[i]));
    }
    mxp_list_reader_free(reader);
}

/* The line at the front of list; it is moved on. */
static struct mxp_slice take_line(struct mxp_slice *list)
{
    size_t len = 0;
    while (len < list->len && list->ptr[len] != '\n' && list->ptr[len] != '\r')
        len++;
    struct mxp_slice line = mxp_slice_sub(*list, 0, len);
    size_t end = len < list->len;
    if (list->len - len >= 2 && list->ptr[len] == '\r' && list->ptr[len + 1] == '\n')
        end = 2;
    *list = mxp_slice_sub(*list, len + end, list->len);
    return line;
}

/* Walk the lines and the records side by side. */
static void check_cover(struct mxp_slice list, const struct seen *seen)
{
    size_t next = 0;
    uint64_t covered = 0; /* lines up to here belong to a record */
    bool header = seen->header.line == 0;
    if (mxp_slice_eq(mxp_slice_sub(list, 0, 3), MXP_SLICE_LIT("\xef\xbb\xbf")))
        list = mxp_slice_sub(list, 3, list.len);
    for (uint64_t number = 1; list.len; number++) {
        struct mxp_slice line = take_line(&list);
        bool starts = next < seen->n && seen->records[next].line == number;
        must(!starts || number > covered, "a line in two records");
        if (starts && seen->records[next].cut)
            return; /* what was cut off cannot be counted */
        if (starts)
            covered = number + seen->records[next++].n_ends;
        if (number <= covered || mxp_slice_trim(line).len == 0)
            continue;
        must(!header, "a line without a record");
        header = true;
        covered = number + seen->header.n_ends;
    }
    must(next == seen->n, "a record without a line");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {NULL, NULL, "1", "email"};
    if (size == 0)
        return 0;
    struct mxp_slice list = {(const char *)data + 1, size - 1};
    const char *column = columns[data[0] % 4];
    struct seen whole, pieces;
    see(list, column, SIZE_MAX / 2, &whole);
    see(list, column, 1 + data[0] / 4 % 8, &pieces);
    must(whole.hash == pieces.hash && whole.n == pieces.n && whole.err == pieces.err,
         "the pieces make a difference");
    if (!whole.err && !memchr(list.ptr, '\0', list.len)) /* names end at a NUL */
        check_cover(list, &whole);
    free(whole.records);
    free(pieces.records);
    return 0;
}
