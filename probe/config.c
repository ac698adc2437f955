#include "probe/config.h"

#include <stdio.h>
#include <string.h>

#include "probe/identity.h"
#include "probe/nearest.h"
#include "probe/provider_table.h"
#include "probe/settings.h"
#include "probe/yaml_tree.h"

#define PATH_MAX_LEN   120
#define IDENTITIES_MAX 1000

struct config {
    struct mxp_settings *settings;
    const char *file;
    struct mxp_why *why;
};

static int bad(const struct config *config, const struct mxp_yaml *node, const char *key,
               const char *expected, const char *detail)
{
    bool scalar = node->kind == MXP_YAML_SCALAR && !node->is_null;
    return mxp_why_set(config->why, MXP_ECONFIG, "%.100s:%u: %s: expected %s, not %s%.40s%s%s%s",
                       config->file, (unsigned)node->line, key, expected, scalar ? "'" : "",
                       scalar ? node->text.ptr : mxp_yaml_kind_text(node), scalar ? "'" : "",
                       detail ? ": " : "", detail ? detail : "");
}

static int bad_key(const struct config *config, const struct mxp_yaml *node, const char *prefix,
                   const char *nearest)
{
    return mxp_why_set(config->why, MXP_ECONFIG, "%.100s:%u: %s%.60s: unknown key%s%s%s",
                       config->file, (unsigned)node->line, prefix, node->key,
                       nearest ? "; did you mean " : "", nearest ? nearest : "",
                       nearest ? "?" : "");
}

/* One value of an option. */
static int set_scalar(const struct config *config, const struct mxp_option *option,
                      const struct mxp_yaml *node)
{
    char expected[MXP_EXPECTED_MAX];
    const char *detail = NULL;
    if (node->kind != MXP_YAML_SCALAR)
        return bad(config, node, option->key, mxp_option_expected(option, expected), NULL);
    int err = mxp_settings_set(config->settings, option, MXP_ORIGIN_CONFIG, node->text, &detail);
    if (err == MXP_EINVAL)
        return bad(config, node, option->key, mxp_option_expected(option, expected), detail);
    return err ? mxp_why_set(config->why, err, "%s", mxp_err_text(err)) : MXP_OK;
}

static int set_option(const struct config *config, const struct mxp_option *option,
                      const struct mxp_yaml *node)
{
    if (node->is_null)
        return MXP_OK;
    if (!mxp_option_is_list(option) || node->kind != MXP_YAML_LIST)
        return set_scalar(config, option, node);
    int err = MXP_OK;
    for (const struct mxp_yaml *item = node->children; item && !err; item = item->next)
        err = set_scalar(config, option, item);
    return err;
}

/* --- identities ------------------------------------------------------------------- */

static int set_identity_key(const struct config *config, const struct mxp_yaml *node,
                            struct mxp_identity_text *identity)
{
    static const char *const keys[] = {"ehlo", "mail_from", "source"};
    char expected[MXP_EXPECTED_MAX];
    const char *detail = NULL;
    struct mxp_arena *arena = &config->settings->options->arena;
    struct mxp_nearest nearest = {.typed = mxp_slice_str(node->key)};
    size_t which = 0;
    while (which < 3 && strcmp(node->key, keys[which]) != 0)
        mxp_nearest_offer(&nearest, keys[which++]);
    if (which == 3)
        return bad_key(config, node, "identities: ", nearest.best);
    if (node->is_null)
        return MXP_OK;
    int err = node->kind == MXP_YAML_SCALAR ? MXP_OK : MXP_EINVAL;
    if (!err && which == 0)
        err = mxp_identity_check_ehlo(node->text, &detail);
    else if (!err && which == 1)
        err = mxp_identity_check_sender(node->text, &detail);
    else if (!err)
        err = mxp_ip_parse(node->text, &identity->source);
    if (err)
        return bad(config, node, node->key,
                   mxp_option_expected(mxp_option_by_key(keys[which]), expected), detail);
    const char *text = mxp_arena_strdup(arena, node->text);
    if (!text)
        return mxp_why_set(config->why, MXP_ENOMEM, "out of memory");
    if (which == 0)
        identity->ehlo = text;
    else if (which == 1)
        identity->mail_from = text;
    return MXP_OK;
}

static int check_source(const struct config *config, const struct mxp_identity_text *identity)
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

static int add_identity(const struct config *config, const struct mxp_yaml *node)
{
    struct mxp_settings *settings = config->settings;
    struct mxp_identity_text identity = {.line = node->line};
    if (node->kind != MXP_YAML_MAP)
        return bad(config, node, "identities", "maps of ehlo:, mail_from: and source:", NULL);
    int err = MXP_OK;
    for (const struct mxp_yaml *key = node->children; key && !err; key = key->next)
        err = set_identity_key(config, key, &identity);
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

static int read_identities(const struct config *config, const struct mxp_yaml *list)
{
    if (list->is_null)
        return MXP_OK;
    if (list->kind != MXP_YAML_LIST)
        return bad(config, list, "identities", "a list", NULL);
    if (list->n_children > IDENTITIES_MAX)
        return bad(config, list, "identities", "at most 1000", NULL);
    int err = MXP_OK;
    for (const struct mxp_yaml *node = list->children; node && !err; node = node->next)
        err = add_identity(config, node);
    return err;
}

/* --- the file --------------------------------------------------------------------- */

static int read_timeouts(const struct config *config, const struct mxp_yaml *map)
{
    if (map->is_null)
        return MXP_OK;
    if (map->kind != MXP_YAML_MAP)
        return bad(config, map, "timeouts", "a map of stages and durations", NULL);
    for (const struct mxp_yaml *node = map->children; node; node = node->next) {
        char path[PATH_MAX_LEN];
        (void)snprintf(path, sizeof path, "timeouts.%s", node->key);
        const struct mxp_option *option = mxp_option_by_key(path);
        if (!option)
            return bad_key(config, node, "timeouts: ", mxp_option_nearest_key(mxp_slice_str(path)));
        int err = set_option(config, option, node);
        if (err)
            return err;
    }
    return MXP_OK;
}

static const char *nearest_top(const char *key, const char *const *sections, size_t n)
{
    struct mxp_nearest nearest = {.typed = mxp_slice_str(key)};
    for (size_t i = 0; i < n; i++)
        mxp_nearest_offer(&nearest, sections[i]);
    return nearest.best ? nearest.best : mxp_option_nearest_key(mxp_slice_str(key));
}

static int read_top(const struct config *config, const struct mxp_yaml *root)
{
    static const char *const names[] = {"timeouts", "identities", "default_budget", "providers"};
    const struct mxp_yaml *sections[4] = {NULL, NULL, NULL, NULL};
    for (const struct mxp_yaml *node = root->children; node; node = node->next) {
        const struct mxp_option *option =
            strchr(node->key, '.') ? NULL : mxp_option_by_key(node->key);
        size_t i = 0;
        int err = MXP_OK;
        while (i < 4 && strcmp(node->key, names[i]) != 0)
            i++;
        if (i < 4)
            sections[i] = node;
        else if (option)
            err = set_option(config, option, node);
        else
            err = bad_key(config, node, "", nearest_top(node->key, names, 4));
        if (err)
            return err;
    }
    int err = sections[0] ? read_timeouts(config, sections[0]) : MXP_OK;
    if (!err && sections[1])
        err = read_identities(config, sections[1]);
    return err ? err
               : mxp_provider_table_apply(config->settings->options, sections[2], sections[3],
                                          config->file, config->why);
}

static int read_root(struct mxp_settings *settings, const struct mxp_yaml *root, const char *name,
                     struct mxp_why *why)
{
    struct config config = {.settings = settings, .file = name, .why = why};
    if (root->kind != MXP_YAML_MAP)
        return mxp_why_set(why, MXP_ECONFIG, "%.100s:%u: expected a map of options, not %s", name,
                           (unsigned)root->line, mxp_yaml_kind_text(root));
    return read_top(&config, root);
}

int mxp_config_parse(struct mxp_settings *settings, struct mxp_slice text, const char *name,
                     struct mxp_why *why)
{
    struct mxp_arena arena;
    const struct mxp_yaml *root = NULL;
    mxp_arena_init(&arena);
    int err = mxp_yaml_parse(text, name, &arena, &root, why);
    err = err ? err : read_root(settings, root, name, why);
    mxp_arena_free(&arena);
    return err;
}

int mxp_config_read(struct mxp_settings *settings, const char *path, struct mxp_why *why)
{
    struct mxp_arena arena;
    const struct mxp_yaml *root = NULL;
    mxp_arena_init(&arena);
    int err = mxp_yaml_read(path, &arena, &root, why);
    err = err ? err : read_root(settings, root, path, why);
    mxp_arena_free(&arena);
    return err;
}
