/*
 * Private to config*.c: the reading of one configuration file, and its errors, which name file,
 * line and key.
 */
#ifndef MXP_PROBE_CONFIG_INTERNAL_H
#define MXP_PROBE_CONFIG_INTERNAL_H

#include "probe/options/settings.h"
#include "probe/options/yaml_tree.h"

struct mxp_config {
    struct mxp_settings *settings;
    const char *file;
    struct mxp_why *why;
};

/* "FILE:LINE: KEY: expected EXPECTED, not 'VALUE': DETAIL"; detail may be NULL. MXP_ECONFIG. */
int mxp_config_bad(const struct mxp_config *config, const struct mxp_yaml *node, const char *key,
                   const char *expected, const char *detail);

/* "FILE:LINE: PREFIXKEY: unknown key; did you mean NEAREST?"; nearest may be NULL. MXP_ECONFIG. */
int mxp_config_bad_key(const struct mxp_config *config, const struct mxp_yaml *node,
                       const char *prefix, const char *nearest);

/* identities: into config->settings. 0, MXP_ECONFIG or MXP_ENOMEM: why is set. */
int mxp_config_identities(const struct mxp_config *config, const struct mxp_yaml *list);

#endif
