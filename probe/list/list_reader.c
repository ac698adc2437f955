#include "probe/list/list_reader.h"

#include "probe/list/list_columns.h"
#include "probe/list/list_head.h"

#include <stdlib.h>

enum format { FORMAT_UNKNOWN, FORMAT_PLAIN, FORMAT_CSV };

struct mxp_list_reader {
    struct mxp_list_choice_options options;
    struct mxp_list_lines lines;
    struct mxp_list_head head;
    struct mxp_list_csv *csv;
    struct mxp_list_choice choice;
    enum format format;
};

struct mxp_list_reader *mxp_list_reader_new(const struct mxp_list_choice_options *options)
{
    struct mxp_list_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->options = *options;
    mxp_list_choice_init(&reader->choice, options);
    mxp_list_lines_init(&reader->lines);
    mxp_list_head_init(&reader->head);
    return reader;
}

struct mxp_list_reader *mxp_list_reader_free(struct mxp_list_reader *reader)
{
    if (!reader)
        return NULL;
    mxp_list_csv_free(reader->csv);
    mxp_list_choice_free(&reader->choice);
    mxp_list_head_free(&reader->head);
    mxp_list_lines_free(&reader->lines);
    free(reader);
    return NULL;
}

const char *const *mxp_list_reader_columns(const struct mxp_list_reader *reader, size_t *ret_n)
{
    return mxp_list_choice_columns(&reader->choice, ret_n);
}

static int take_record(void *arg, const struct mxp_list_csv_record *record, struct mxp_why *why)
{
    struct mxp_list_reader *reader = arg;
    return mxp_list_choice_take(&reader->choice, record, why);
}

/* One address a line needs no choice. */
static int give_line(const struct mxp_list_reader *reader, const struct mxp_list_line *line,
                     struct mxp_why *why)
{
    struct mxp_list_record record = {line->number, &line->text, 1, 0, line->cut};
    return reader->options.on_record(reader->options.arg, &record, why);
}

static int no_memory(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

static int known_line(struct mxp_list_reader *reader, const struct mxp_list_line *line,
                      struct mxp_why *why)
{
    bool blank = mxp_slice_trim(line->text).len == 0;
    if (reader->format == FORMAT_PLAIN)
        return blank ? 0 : give_line(reader, line, why);
    /* In a list of one column, "a b"@example.org is an address, not a quoted field and more. */
    size_t n_columns;
    mxp_list_choice_columns(&reader->choice, &n_columns);
    bool whole = n_columns == 1 && !mxp_list_csv_is_open(reader->csv) &&
                 mxp_list_columns_is_entry(line->text);
    struct mxp_list_csv_record record = {line->number, &line->text, 1, line->cut};
    return whole ? take_record(reader, &record, why) : mxp_list_csv_line(reader->csv, line, why);
}

/* The lines that were held until they told what the list is. */
static int take_head(struct mxp_list_reader *reader, const struct mxp_list_guess *guess,
                     struct mxp_why *why)
{
    struct mxp_list_csv_options options = {
        .separator = guess->separator, .on_record = take_record, .arg = reader};
    reader->format = guess->separator ? FORMAT_CSV : FORMAT_PLAIN;
    if (guess->separator)
        reader->csv = mxp_list_csv_new(&options);
    int err = guess->separator && !reader->csv ? no_memory(why) : 0;
    uint32_t n_titles = guess->n_titles;
    for (struct mxp_list_held *held = reader->head.first; held && !err; held = held->next) {
        struct mxp_list_csv_record title = {held->line.number, &held->line.text, 1, held->line.cut};
        if (!n_titles)
            err = known_line(reader, &held->line, why);
        else if (--n_titles, mxp_slice_trim(held->line.text).len)
            err = mxp_list_choice_keep(&reader->choice, &title, why);
    }
    mxp_list_head_free(&reader->head);
    return err;
}

static int take_line(struct mxp_list_reader *reader, const struct mxp_list_line *line,
                     struct mxp_why *why)
{
    if (reader->format != FORMAT_UNKNOWN)
        return known_line(reader, line, why);
    if (!reader->head.first && mxp_slice_trim(line->text).len == 0)
        return 0;
    if (mxp_list_head_add(&reader->head, line))
        return no_memory(why);
    struct mxp_list_guess guess =
        mxp_list_head_guess(&reader->head, reader->options.column != NULL, false);
    return guess.known ? take_head(reader, &guess, why) : 0;
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
    if (!err && reader->format == FORMAT_UNKNOWN && reader->head.first) {
        struct mxp_list_guess guess =
            mxp_list_head_guess(&reader->head, reader->options.column != NULL, true);
        err = take_head(reader, &guess, why);
    }
    if (!err && reader->csv)
        err = mxp_list_csv_end(reader->csv, why);
    return err ? err : mxp_list_choice_end(&reader->choice, why);
}
