/*
 * The configuration file: YAML, each key an option of option_table.h, and besides those
 * timeouts:, identities:, providers: and default_budget:. Errors name file, line, key and
 * what was expected; unknown keys are errors. null anywhere means "not set here".
 */
#ifndef MXP_PROBE_CONFIG_H
#define MXP_PROBE_CONFIG_H

#include "core/err.h"
#include "core/slice.h"

struct mxp_settings;

/* 0; MXP_ECONFIG and why; MXP_ENOMEM. The providers must have been read. */
int mxp_config_read(struct mxp_settings *settings, const char *path, struct mxp_why *why);

/* The same of a text. name stands in errors. */
int mxp_config_parse(struct mxp_settings *settings, struct mxp_slice text, const char *name,
                     struct mxp_why *why);

#endif
