/*
 * The first lines of a list, held until they tell what it is: plain or CSV, and its separator.
 * Lines above a table (a title, a date) are no header, and a header may be broken within quotes.
 */
#ifndef MXP_PROBE_LIST_HEAD_H
#define MXP_PROBE_LIST_HEAD_H

#include "probe/list/list_lines.h"

struct mxp_list_held {
    struct mxp_list_held *next;
    struct mxp_list_line line; /* its text is behind it */
};

/* All private but first. */
struct mxp_list_head {
    struct mxp_list_held *first, **last;
    size_t n, octets;
};

void mxp_list_head_init(struct mxp_list_head *head);
void mxp_list_head_free(struct mxp_list_head *head);

/* A copy of the line. 0 or MXP_ENOMEM. */
int mxp_list_head_add(struct mxp_list_head *head, const struct mxp_list_line *line);

struct mxp_list_guess {
    bool known;
    char separator;    /* 0: one address a line */
    uint32_t n_titles; /* the lines before the table, which are records of their own */
};

/* column: a column was asked for, so this is CSV. end: there are no more lines. */
struct mxp_list_guess mxp_list_head_guess(const struct mxp_list_head *head, bool column, bool end);

#endif
