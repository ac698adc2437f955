/*
 * What a list tells about itself at its start: whether it is CSV, its separator, whether it
 * has a header, and which column holds the addresses. Guesses from text; no state.
 */
#ifndef MXP_PROBE_LIST_COLUMNS_H
#define MXP_PROBE_LIST_COLUMNS_H

#include "core/err.h"
#include "core/slice.h"

/* Of a column's name: how surely addresses follow. */
#define MXP_LIST_RANK_NONE 0
#define MXP_LIST_RANK_HINT 1 /* "address", "mailing": if the values are addresses */
#define MXP_LIST_RANK_SURE 2 /* "email" */
int mxp_list_columns_rank(struct mxp_slice name);

/* An address, also in the ways of mail programs (list_address.h). */
bool mxp_list_columns_is_address(struct mxp_slice text);

/* The same of a line as a whole, where CSV would see quotes or separators in it. */
bool mxp_list_columns_is_entry(struct mxp_slice line);

/* From the first line that is not blank: its separator, or 0: one address a line. column: a
 * column was asked for, so this is CSV. */
char mxp_list_columns_separator(struct mxp_slice line, bool column);

/* Whether the first record is a header. Where nothing tells, it is none: an entry that is
 * taken for a header gets no answer. */
bool mxp_list_columns_is_header(const struct mxp_slice *fields, size_t n);

/* The column of --column: a name of the header, whatever the case, or a number from 1. 0, or
 * MXP_EDATA in why. */
int mxp_list_columns_find(const char *column, const struct mxp_slice *fields, size_t n,
                          bool *ret_named, size_t *ret_column, struct mxp_why *why);

#endif
