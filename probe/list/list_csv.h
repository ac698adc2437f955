/*
 * Physical lines to the records of a CSV list (libcsv; RFC 4180 and what the world makes of
 * it). Lines in, fields out; it knows nothing of headers and addresses.
 *
 * A quote that is not closed within MXP_LIST_RECORD_LINES lines or MXP_LIST_RECORD_MAX octets,
 * or by the end of the list, costs its own line only: that is split as it stands, and the
 * lines behind it are read anew.
 */
#ifndef MXP_PROBE_LIST_CSV_H
#define MXP_PROBE_LIST_CSV_H

#include "probe/list/list_lines.h"

#define MXP_LIST_FIELDS_MAX   512 /* those beyond are dropped, and the record is cut */
#define MXP_LIST_RECORD_LINES 64
#define MXP_LIST_RECORD_MAX   65536

struct mxp_list_csv;

struct mxp_list_csv_record {
    uint64_t line; /* on which it starts */
    const struct mxp_slice *fields;
    size_t n_fields;
    bool cut;
};

struct mxp_list_csv_options {
    char separator;
    /* An error ends the reading; it sets why. */
    int (*on_record)(void *arg, const struct mxp_list_csv_record *record, struct mxp_why *why);
    void *arg;
};

struct mxp_list_csv *
mxp_list_csv_new(const struct mxp_list_csv_options *options);     /* NULL: memory */
struct mxp_list_csv *mxp_list_csv_free(struct mxp_list_csv *csv); /* NULL */

/* 0, MXP_ENOMEM, or the callback's error: why is set. A blank line (blanks only) is no record,
 * unless it lies within quotes. */
int mxp_list_csv_line(struct mxp_list_csv *csv, const struct mxp_list_line *line,
                      struct mxp_why *why);
int mxp_list_csv_end(struct mxp_list_csv *csv, struct mxp_why *why);

/* Whether a quoted field is open: the next line belongs to the same record. */
bool mxp_list_csv_is_open(const struct mxp_list_csv *csv);

#endif
