/*
 * The options while they are being read: where each value came from, and the parts of
 * the identity that are still text. mxp_options_parse owns one on its stack; nothing
 * of it outlives the parse but what is in the options and their arena.
 */
#ifndef MXP_PROBE_SETTINGS_H
#define MXP_PROBE_SETTINGS_H

#include "probe/options/option_table.h"

/* Ascending: a later one beats an earlier one. */
enum mxp_origin { MXP_ORIGIN_NONE, MXP_ORIGIN_DEFAULT, MXP_ORIGIN_CONFIG, MXP_ORIGIN_COMMAND_LINE };

/* An identity of the configuration file; NULL and family 0 where it says nothing. */
struct mxp_identity_text {
    const char *ehlo, *mail_from;
    struct mxp_ip source;
    uint32_t line; /* in the configuration file; 0: from the command line */
};

struct mxp_settings {
    struct mxp_options *options;
    enum mxp_origin origins[MXP_OPTIONS_MAX];
    const char *ehlo, *mail_from; /* as given; NULL: not given */
    struct mxp_ip *sources;
    size_t n_sources;
    struct mxp_identity_text *identities;
    size_t n_identities;
};

/* All defaults of the table. 0 or MXP_ENOMEM. */
int mxp_settings_init(struct mxp_settings *settings, struct mxp_options *options);

/* Set an option from its text; ignored where a stronger origin has set it before. A list
 * grows where the origin is the same, and begins anew where it is stronger. 0, MXP_EINVAL
 * (mxp_option_expected says what it must be; *ret_detail, if not NULL, why it is not, or is
 * NULL) or MXP_ENOMEM. A FLAG's text is "true" or "false". */
int mxp_settings_set(struct mxp_settings *settings, const struct mxp_option *option,
                     enum mxp_origin origin, struct mxp_slice text, const char **ret_detail);

/* Where the value of an option of the table came from, by its key. */
enum mxp_origin mxp_settings_origin(const struct mxp_settings *settings, const char *key);

/* MXP_EUSAGE where the option was set by the command line, else MXP_ECONFIG. */
int mxp_settings_blame(const struct mxp_settings *settings, const char *key);

/* Append item to an array in the arena: the new array, or NULL (no memory). */
void *mxp_settings_append(struct mxp_options *options, const void *items, size_t n, size_t size,
                          const void *item);

#endif
