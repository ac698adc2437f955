#include "probe/options/config.h"

#include <stdio.h>
#include <string.h>

#include "probe/options/config_internal.h"
#include "probe/options/nearest.h"
#include "probe/options/provider_table.h"

#define PATH_MAX_LEN 120

int mxp_config_bad(const struct mxp_config *config, const struct mxp_yaml *node, const char *key,
                   const char *expected, const char *detail)
{
    bool scalar = node->kind == MXP_YAML_SCALAR && !node->is_null;
    return mxp_why_set(config->why, MXP_ECONFIG, "%.100s:%u: %s: expected %s, not %s%.40s%s%s%s",
                       config->file, (unsigned)node->line, key, expected, scalar ? "'" : "",
                       scalar ? node->text.ptr : mxp_yaml_kind_text(node), scalar ? "'" : "",
                       detail ? ": " : "", detail ? detail : "");
}

int mxp_config_bad_key(const struct mxp_config *config, const struct mxp_yaml *node,
                       const char *prefix, const char *nearest)
{
    return mxp_why_set(config->why, MXP_ECONFIG, "%.100s:%u: %s%.60s: unknown key%s%s%s",
                       config->file, (unsigned)node->line, prefix, node->key,
                       nearest ? "; did you mean " : "", nearest ? nearest : "",
                       nearest ? "?" : "");
}

/* One value of an option. */
static int set_scalar(const struct mxp_config *config, const struct mxp_option *option,
                      const struct mxp_yaml *node)
{
    char expected[MXP_EXPECTED_MAX];
    const char *detail = NULL;
    if (node->kind != MXP_YAML_SCALAR)
        return mxp_config_bad(config, node, option->key, mxp_option_expected(option, expected),
                              NULL);
    int err = mxp_settings_set(config->settings, option, MXP_ORIGIN_CONFIG, node->text, &detail);
    if (err == MXP_EINVAL)
        return mxp_config_bad(config, node, option->key, mxp_option_expected(option, expected),
                              detail);
    return err ? mxp_why_set(config->why, err, "%s", mxp_err_text(err)) : MXP_OK;
}

static int set_option(const struct mxp_config *config, const struct mxp_option *option,
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

static int read_timeouts(const struct mxp_config *config, const struct mxp_yaml *map)
{
    if (map->is_null)
        return MXP_OK;
    if (map->kind != MXP_YAML_MAP)
        return mxp_config_bad(config, map, "timeouts", "a map of stages and durations", NULL);
    for (const struct mxp_yaml *node = map->children; node; node = node->next) {
        char path[PATH_MAX_LEN];
        (void)snprintf(path, sizeof path, "timeouts.%s", node->key);
        const struct mxp_option *option = mxp_option_by_key(path);
        if (!option)
            return mxp_config_bad_key(config, node,
                                      "timeouts: ", mxp_option_nearest_key(mxp_slice_str(path)));
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

static int read_top(const struct mxp_config *config, const struct mxp_yaml *root)
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
            err = mxp_config_bad_key(config, node, "", nearest_top(node->key, names, 4));
        if (err)
            return err;
    }
    int err = sections[0] ? read_timeouts(config, sections[0]) : MXP_OK;
    if (!err && sections[1])
        err = mxp_config_identities(config, sections[1]);
    return err ? err
               : mxp_provider_table_apply(config->settings->options, sections[2], sections[3],
                                          config->file, config->why);
}

static int read_root(struct mxp_settings *settings, const struct mxp_yaml *root, const char *name,
                     struct mxp_why *why)
{
    struct mxp_config config = {.settings = settings, .file = name, .why = why};
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
