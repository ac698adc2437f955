/*
 * The rule files of smtp/rules as the build found them; the build writes the .c file.
 */
#ifndef MXP_SMTP_RULES_BUILTIN_H
#define MXP_SMTP_RULES_BUILTIN_H

#include "core/embedded.h"

extern const struct mxp_embedded mxp_rules_builtin[];
extern const size_t mxp_n_rules_builtin;

#endif
