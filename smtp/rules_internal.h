/*
 * What the files that read rules share: rules_read.c (lines), rules_when.c (what a rule asks
 * of the reply's numbers, and what follows from it), rules_terms.c (its words).
 */
#ifndef MXP_SMTP_RULES_INTERNAL_H
#define MXP_SMTP_RULES_INTERNAL_H

#include "core/buf.h"
#include "smtp/rules.h"

#define MXP_RULE_TEXT_CAP 65536 /* of one rule, names put in */
#define MXP_RULE_VALUES   64    /* of one condition */

struct mxp_rule_when {
    uint16_t from[MXP_RULE_VALUES], to[MXP_RULE_VALUES]; /* codes */
    struct mxp_enhanced enhanced[MXP_RULE_VALUES];
    uint16_t providers[MXP_RULE_VALUES];
    size_t n_codes, n_enhanced, n_providers;
};

struct mxp_rules_reader {
    struct mxp_rules *rules;
    struct mxp_why *why;
    const char *file;
    unsigned line;
    struct mxp_rule_when when;
    struct mxp_rule rule; /* without its terms */
};

/* The error, with file and line, in reader->why. */
int mxp_rules_bad(struct mxp_rules_reader *reader, const char *what, struct mxp_slice at);
int mxp_rules_fail(struct mxp_rules_reader *reader, int err);

/* The next piece of *rest up to c, trimmed; _outside: up to a c outside parentheses. */
struct mxp_slice mxp_rules_cut(struct mxp_slice *rest, char c);
size_t mxp_rules_find_outside(struct mxp_slice s, char c);
struct mxp_slice mxp_rules_cut_outside(struct mxp_slice *rest, char c);

/* "code=5xx": into reader->when and reader->rule. */
int mxp_rules_condition(struct mxp_rules_reader *reader, struct mxp_slice word);
int mxp_rules_flag(struct mxp_rules_reader *reader, struct mxp_slice word);

/* "a & (b|c) & !d": a rule for each alternative and each pair of conditions' values. */
int mxp_rules_expression(struct mxp_rules_reader *reader, struct mxp_slice expression);

#endif
