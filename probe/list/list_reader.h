/*
 * A list of addresses, read piece by piece: CSV (list_csv.h) or one address a line. Bytes in,
 * records out; no files here.
 *
 * The first line tells which of both it is, and the separator (list_columns.h); list_choice.h finds
 * the column of the addresses. Blank lines are no records; all else gives exactly one. A
 * line over MXP_LIST_LINE_MAX octets is cut, and its record says so.
 */
#ifndef MXP_PROBE_LIST_READER_H
#define MXP_PROBE_LIST_READER_H

#include "probe/list/list_choice.h"

struct mxp_list_reader;

struct mxp_list_reader *mxp_list_reader_new(const struct mxp_list_choice_options *options);
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
