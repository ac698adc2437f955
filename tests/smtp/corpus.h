/*
 * The labelled replies of tests/corpus/replies.tsv, row by row.
 */
#ifndef MXP_TESTS_SMTP_CORPUS_H
#define MXP_TESTS_SMTP_CORPUS_H

#include "smtp/classify.h"

struct corpus_row {
    unsigned line;
    enum mxp_stage stage;
    uint16_t provider;
    struct mxp_reply reply;
    const char *text; /* the reply as the file has it */
    const char *verdict, *reason;
};

/* Calls cb for each row; the strings live until it returns. The number of rows, or -1. */
int corpus_each(const char *path, const struct mxp_rules *rules,
                void (*cb)(void *arg, const struct corpus_row *row), void *arg);

#endif
