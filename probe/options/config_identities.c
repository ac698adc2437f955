#include "probe/options/config_internal.h"

#include <string.h>

#include "probe/options/identity.h"
#include "probe/options/nearest.h"

#define IDENTITIES_MAX 1000

/* What one identity says; a source is no text. */
static const struct key {
    const char *name;
    int (*check)(struct mxp_slice text, const char **ret_detail);
    size_t offset; /* in struct mxp_identity_text */
} keys[] = {
    {"ehlo", mxp_identity_check_ehlo, offsetof(struct mxp_identity_text, ehlo)},
    {"mail_from", mxp_identity_check_sender, offsetof(struct mxp_identity_text, mail_from)},
    {"source", NULL, 0},
};

#define N_KEYS (sizeof keys / sizeof *keys)

static int set_value(const struct mxp_config *config, const struct key *key, struct mxp_slice text,
                     struct mxp_identity_text *identity, const char **ret_detail)
{
    if (!key->check)
        return mxp_ip_parse(text, &identity->source);
    int err = key->check(text, ret_detail);
    if (err)
        return err;
    const char *copy = mxp_arena_strdup(&config->settings->options->arena, text);
    if (!copy)
        return MXP_ENOMEM;
    *(const char **)((char *)identity + key->offset) = copy;
    return MXP_OK;
}

static int set_key(const struct mxp_config *config, const struct mxp_yaml *node,
                   struct mxp_identity_text *identity)
{
    char expected[MXP_EXPECTED_MAX];
    const char *detail = NULL;
    struct mxp_nearest nearest = {.typed = mxp_slice_str(node->key)};
    size_t i = 0;
    while (i < N_KEYS && strcmp(node->key, keys[i].name) != 0)
        mxp_nearest_offer(&nearest, keys[i++].name);
    if (i == N_KEYS)
        return mxp_config_bad_key(config, node, "identities: ", nearest.best);
    if (node->is_null)
        return MXP_OK;
    int err = node->kind == MXP_YAML_SCALAR
                  ? set_value(config, &keys[i], node->text, identity, &detail)
                  : MXP_EINVAL;
    if (err == MXP_ENOMEM)
        return mxp_why_set(config->why, err, "%s", mxp_err_text(err));
    if (err)
        return mxp_config_bad(config, node, node->key,
                              mxp_option_expected(mxp_option_by_key(node->key), expected), detail);
    return MXP_OK;
}

static int check_source(const struct mxp_config *config, const struct mxp_identity_text *identity)
{
    const struct mxp_settings *settings = config->settings;
    for (size_t i = 0; i < settings->n_identities; i++) {
        const struct mxp_identity_text *other = &settings->identities[i];
        if (mxp_ip_eq(&other->source, &identity->source))
            return mxp_why_set(config->why, MXP_ECONFIG,
                               "%.100s:%u: identities: the same source as in line %u: two names "
                               "for one address are one identity to servers",
                               config->file, (unsigned)identity->line, (unsigned)other->line);
    }
    return MXP_OK;
}

static int add_identity(const struct mxp_config *config, const struct mxp_yaml *node)
{
    struct mxp_settings *settings = config->settings;
    struct mxp_identity_text identity = {.line = node->line};
    if (node->kind != MXP_YAML_MAP)
        return mxp_config_bad(config, node, "identities",
                              "maps of ehlo:, mail_from: and source:", NULL);
    int err = MXP_OK;
    for (const struct mxp_yaml *key = node->children; key && !err; key = key->next)
        err = set_key(config, key, &identity);
    err = err ? err : check_source(config, &identity);
    if (err)
        return err;
    struct mxp_identity_text *items =
        mxp_settings_append(settings->options, settings->identities, settings->n_identities,
                            sizeof identity, &identity);
    if (!items)
        return mxp_why_set(config->why, MXP_ENOMEM, "out of memory");
    settings->identities = items;
    settings->n_identities++;
    return MXP_OK;
}

int mxp_config_identities(const struct mxp_config *config, const struct mxp_yaml *list)
{
    if (list->is_null)
        return MXP_OK;
    if (list->kind != MXP_YAML_LIST)
        return mxp_config_bad(config, list, "identities", "a list", NULL);
    if (list->n_children > IDENTITIES_MAX)
        return mxp_config_bad(config, list, "identities", "at most 1000", NULL);
    int err = MXP_OK;
    for (const struct mxp_yaml *node = list->children; node && !err; node = node->next)
        err = add_identity(config, node);
    return err;
}
