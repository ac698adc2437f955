#include "probe/list/list_choice.h"

#include "probe/list/list_columns.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 50 /* records kept until the address column is known */
#define BELIE_MIN  10 /* so many of them, and all, belie the name of a column */

struct mxp_list_kept {
    struct mxp_list_kept *next;
    uint64_t line;
    size_t n;
    bool cut;
    struct mxp_slice fields[];
};

void mxp_list_choice_init(struct mxp_list_choice *choice,
                          const struct mxp_list_choice_options *options)
{
    *choice = (struct mxp_list_choice){.options = *options};
    choice->last = &choice->first;
}

void mxp_list_choice_free(struct mxp_list_choice *choice)
{
    for (size_t i = 0; i < choice->n_names; i++)
        free(choice->names[i]);
    free(choice->names);
    while (choice->first) {
        struct mxp_list_kept *next = choice->first->next;
        free(choice->first);
        choice->first = next;
    }
}

const char *const *mxp_list_choice_columns(const struct mxp_list_choice *choice, size_t *ret_n)
{
    *ret_n = choice->n_columns;
    return (const char *const *)choice->names;
}

static int no_memory(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

static int give(struct mxp_list_choice *choice, uint64_t line, const struct mxp_slice *fields,
                size_t n, bool cut, struct mxp_why *why)
{
    struct mxp_list_record record = {line, fields, n, choice->column, cut};
    return choice->options.on_record(choice->options.arg, &record, why);
}

static int flush_kept(struct mxp_list_choice *choice, struct mxp_why *why)
{
    int err = 0;
    while (choice->first) {
        struct mxp_list_kept *kept = choice->first;
        choice->first = kept->next;
        if (!err)
            err = give(choice, kept->line, kept->fields, kept->n, kept->cut, why);
        free(kept);
    }
    choice->last = &choice->first;
    choice->n_kept = 0;
    return err;
}

int mxp_list_choice_keep(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                         struct mxp_why *why)
{
    size_t text = 0;
    for (size_t i = 0; i < record->n_fields; i++)
        text += record->fields[i].len;
    struct mxp_list_kept *kept =
        malloc(sizeof *kept + record->n_fields * sizeof *record->fields + text + 1);
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
    *choice->last = kept;
    choice->last = &kept->next;
    choice->n_kept++;
    return 0;
}

static int take_header(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                       struct mxp_why *why)
{
    choice->names = calloc(record->n_fields, sizeof *choice->names);
    if (!choice->names)
        return no_memory(why);
    for (; choice->n_names < record->n_fields; choice->n_names++) {
        struct mxp_slice name = record->fields[choice->n_names];
        char *copy = strndup(name.len ? name.ptr : "", name.len);
        if (!copy)
            return no_memory(why);
        choice->names[choice->n_names] = copy;
    }
    return 0;
}

static int rank_of(const struct mxp_list_choice *choice, size_t column)
{
    return column < choice->n_names ? mxp_list_columns_rank(mxp_slice_str(choice->names[column]))
                                    : MXP_LIST_RANK_NONE;
}

/* The first record with anything in it: a header, or not; and the column, if that tells. */
static int start(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                 bool *ret_header, struct mxp_why *why)
{
    size_t n = record->n_fields;
    int best = MXP_LIST_RANK_NONE;
    bool named = false;
    *ret_header = mxp_list_columns_is_header(record->fields, n);
    choice->header_seen = true;
    choice->n_columns = n;
    if (record->cut && n == MXP_LIST_FIELDS_MAX)
        return mxp_why_set(why, MXP_EDATA, "the list has more than %d columns",
                           MXP_LIST_FIELDS_MAX);
    if (choice->options.column) {
        int err = mxp_list_columns_find(choice->options.column, record->fields, n, &named,
                                        &choice->column, why);
        if (err)
            return err;
        *ret_header = *ret_header || named;
    }
    if (*ret_header) {
        int err = take_header(choice, record, why);
        if (err)
            return err;
    }
    choice->decided = choice->options.column || n == 1;
    for (size_t i = 0; i < n && !choice->decided; i++) {
        if (rank_of(choice, i) > best) {
            best = rank_of(choice, i);
            choice->column = i;
        }
    }
    return 0;
}

/* Among the columns that hold an address here, the one with the best name; but a column that is
 * surely called so is passed over only where all belies it: it may be empty here. */
static void decide(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record)
{
    int best = -1;
    size_t column = 0;
    for (size_t i = 0; i < record->n_fields; i++) {
        if (rank_of(choice, i) <= best || !mxp_list_columns_is_address(record->fields[i]))
            continue;
        best = rank_of(choice, i);
        column = i;
    }
    if (best < 0)
        return;
    if (best == MXP_LIST_RANK_SURE || rank_of(choice, choice->column) != MXP_LIST_RANK_SURE) {
        choice->column = column;
        choice->decided = true;
    } else if (choice->column < record->n_fields &&
               mxp_slice_trim(record->fields[choice->column]).len &&
               (choice->n_belying == 0 || choice->belying == column)) {
        choice->belying = column;
        choice->n_belying++;
    }
}

/* Enough was kept, or there is no more: false where nothing tells the column. */
static bool settle(struct mxp_list_choice *choice)
{
    if (choice->n_belying >= BELIE_MIN && choice->n_belying == choice->n_kept)
        choice->column = choice->belying;
    else if (rank_of(choice, choice->column) == MXP_LIST_RANK_NONE)
        return false;
    choice->decided = true;
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

int mxp_list_choice_take(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                         struct mxp_why *why)
{
    bool header = false;
    if (!choice->header_seen && !is_empty(record)) {
        int err = start(choice, record, &header, why);
        if (!err && choice->decided)
            err = flush_kept(choice, why);
        if (err || header)
            return err;
    }
    if (!choice->decided && choice->header_seen)
        decide(choice, record);
    if (!choice->decided) {
        int err = mxp_list_choice_keep(choice, record, why);
        if (err || choice->n_kept < LOOK_AHEAD)
            return err;
        return settle(choice) ? flush_kept(choice, why) : no_column(why);
    }
    int err = flush_kept(choice, why);
    return err ? err
               : give(choice, record->line, record->fields, record->n_fields, record->cut, why);
}

int mxp_list_choice_end(struct mxp_list_choice *choice, struct mxp_why *why)
{
    /* Nothing but empty records needs no column. */
    if (!choice->decided && choice->first && choice->header_seen && !settle(choice))
        return no_column(why);
    return flush_kept(choice, why);
}
