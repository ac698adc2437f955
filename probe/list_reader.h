/*
 * A list of addresses, read piece by piece: CSV (list_csv.h) or one address a line. Bytes in,
 * records out; no files here.
 *
 * What it finds out by looking (list_columns.h): the separator, whether there is a header, and
 * which column holds the addresses. Blank lines are no records; all else gives exactly one. A
 * line over MXP_LIST_LINE_MAX octets is cut, and its record says so.
 */
#ifndef MXP_PROBE_LIST_READER_H
#define MXP_PROBE_LIST_READER_H

#include "probe/list_csv.h"

struct mxp_list_record {
    uint64_t line; /* the physical line on which it starts, from 1 */
    const struct mxp_slice *fields;
    size_t n_fields;
    size_t column; /* of the address; n_fields or more: the record is too short */
    bool cut;      /* a line was too long, or had too many fields */
};

struct mxp_list_reader;

struct mxp_list_reader_options {
    const char *column; /* a header's name, or a number from 1; NULL: found by looking */
    /* Called for each record, the header aside; an error ends the reading. */
    int (*on_record)(void *arg, const struct mxp_list_record *record, struct mxp_why *why);
    void *arg;
};

struct mxp_list_reader *mxp_list_reader_new(const struct mxp_list_reader_options *options);
struct mxp_list_reader *mxp_list_reader_free(struct mxp_list_reader *reader); /* NULL */

/* 0; MXP_EDATA (not a list: UTF-16, no such column ..), MXP_ENOMEM, or the callback's error:
 * why is set. */
int mxp_list_reader_feed(struct mxp_list_reader *reader, struct mxp_slice bytes,
                         struct mxp_why *why);
int mxp_list_reader_end(struct mxp_list_reader *reader, struct mxp_why *why);

/* The list's own columns, known with the first record: names, or NULL where it has no
 * header; n 0: one address a line. */
const char *const *mxp_list_reader_columns(const struct mxp_list_reader *reader, size_t *ret_n);

#endif
