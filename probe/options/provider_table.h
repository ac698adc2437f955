/*
 * The provider table: rows from ratelimit/providers.yaml, which is built into the
 * program, and over them the user's (providers: and default_budget: in the configuration
 * file). A row of a known name changes the given keys only; a new name is a new row,
 * which starts with the default budget. Matching hosts is dns/provider.h's.
 */
#ifndef MXP_PROBE_PROVIDER_TABLE_H
#define MXP_PROBE_PROVIDER_TABLE_H

#include "probe/options/options.h"
#include "probe/options/yaml_tree.h"

/* Replace the table of options by the built-in one. 0, MXP_EBUG (the built-in file is
 * broken; why says where) or MXP_ENOMEM. */
int mxp_provider_table_builtin(struct mxp_options *options, struct mxp_why *why);

/* The same of another file of that format: a map of default: and providers:. */
int mxp_provider_table_parse(struct mxp_options *options, struct mxp_slice text, const char *name,
                             struct mxp_why *why);

/* The user's: nodes of the configuration file called file; either may be NULL. 0,
 * MXP_ECONFIG and why, or MXP_ENOMEM. */
int mxp_provider_table_apply(struct mxp_options *options, const struct mxp_yaml *default_budget,
                             const struct mxp_yaml *providers, const char *file,
                             struct mxp_why *why);

/* The row, or NULL. */
const struct mxp_provider *mxp_provider_table_find(const struct mxp_options *options,
                                                   const char *name);

/* A budget's keys as YAML lines, each behind indent. For help. */
struct mxp_buf;
int mxp_provider_table_print(const struct mxp_budget *budget, const char *indent,
                             struct mxp_buf *out);

#endif
