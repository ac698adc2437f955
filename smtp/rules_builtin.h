/*
 * The rule files of smtp/rules as the build found them; the build writes the .c file.
 */
#ifndef MXP_SMTP_RULES_BUILTIN_H
#define MXP_SMTP_RULES_BUILTIN_H

#include <stddef.h>

struct mxp_rules_file {
    const char *name, *text;
};

extern const struct mxp_rules_file mxp_rules_builtin[];
extern const size_t mxp_n_rules_builtin;

#endif
