/*
 * How well the rules answer a file of labelled replies: counted, and printed as a confusion
 * matrix by reason.
 */
#ifndef MXP_TESTS_SMTP_SCORE_H
#define MXP_TESTS_SMTP_SCORE_H

#include "smtp/classify.h"

#include <stdio.h>

struct score {
    unsigned matrix[MXP_REASON_COUNT][MXP_REASON_COUNT]; /* [label][answer] */
    unsigned n, right;
    unsigned invalid, found; /* labelled invalid; of these answered so */
    unsigned false_invalid;  /* answered invalid, and labelled otherwise */
    unsigned verdicts_right; /* valid, invalid and unknown alike */
    unsigned unclassified;   /* answered so, and labelled otherwise */
    unsigned without_label;  /* rows whose verdict, reason or stage is no such word */
};

/* The score of the file's rows; false: it cannot be read. wrong (may be NULL) gets each row
 * answered wrongly. */
bool score_file(const char *path, const struct mxp_rules *rules, FILE *wrong, struct score *ret);

/* The matrix, leaving out reasons without rows, and the sums. */
void score_print(const struct score *score, const char *title, FILE *out);

#endif
