/*
 * Which column of a CSV list holds the addresses: found from the header and the first records,
 * which are kept until it is known and then passed on like all that follow. The rules are those of
 * docs/lists.md, "The column of the addresses"; what a text looks like is list_columns.h.
 */
#ifndef MXP_PROBE_LIST_CHOICE_H
#define MXP_PROBE_LIST_CHOICE_H

#include "probe/list/list_csv.h"

struct mxp_list_record {
    uint64_t line; /* the physical line on which it starts, from 1 */
    const struct mxp_slice *fields;
    size_t n_fields;
    size_t column; /* of the address; n_fields or more: the record is too short */
    bool cut;      /* a line was too long, or had too many fields */
};

struct mxp_list_choice_options {
    const char *column; /* a header's name, or a number from 1; NULL: found by looking */
    /* Called for each record, the header aside; an error ends the reading, and sets why. */
    int (*on_record)(void *arg, const struct mxp_list_record *record, struct mxp_why *why);
    void *arg;
};

struct mxp_list_kept;

/* All private. */
struct mxp_list_choice {
    struct mxp_list_choice_options options;
    bool header_seen, decided;
    size_t column;
    char **names;
    size_t n_names, n_columns;
    struct mxp_list_kept *first, **last;
    size_t n_kept;
    size_t belying, n_belying; /* a column of addresses beside one that is called so */
};

void mxp_list_choice_init(struct mxp_list_choice *choice,
                          const struct mxp_list_choice_options *options);
void mxp_list_choice_free(struct mxp_list_choice *choice);

/* A record above the table, which tells nothing of its columns. 0; MXP_ENOMEM: why is set. */
int mxp_list_choice_keep(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                         struct mxp_why *why);
/* The next record. 0; MXP_EDATA (no such column, none with addresses, too many), MXP_ENOMEM, or the
 * callback's error: why is set. */
int mxp_list_choice_take(struct mxp_list_choice *choice, const struct mxp_list_csv_record *record,
                         struct mxp_why *why);
/* There are no more: those kept are passed on. Errors as above. */
int mxp_list_choice_end(struct mxp_list_choice *choice, struct mxp_why *why);

/* The columns, known with the first record that is not empty, before that 0 and NULL: their names,
 * or NULL where there is no header. They live as long as choice. */
const char *const *mxp_list_choice_columns(const struct mxp_list_choice *choice, size_t *ret_n);

#endif
