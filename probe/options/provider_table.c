#include "probe/options/provider_table.h"

#include <inttypes.h>
#include <string.h>

#include "core/buf.h"
#include "probe/options/duration.h"
#include "probe/options/nearest.h"
#include "probe/options/provider_builtin.h"
#include "probe/options/settings.h"

#define SUFFIX_MAX   253
#define BUDGET_MAX   1000000
#define NAME_ALLOWED "lower-case letters, digits, dots, slashes and hyphens"

struct table {
    struct mxp_options *options;
    const char *file;
    struct mxp_why *why;
};

enum row_kind { ROW_NAME, ROW_MX, ROW_FLAG, ROW_NEVER, ROW_NONE, ROW_COUNT, ROW_RATE, ROW_PERCENT };

struct row_key {
    const char *key;
    enum row_kind kind;
    bool budget; /* offset is in struct mxp_budget, and default: may have it */
    size_t offset;
    const char *expected;
};

#define BUDGET(k, kind, field, expected)                                                           \
    {                                                                                              \
        k, kind, true, offsetof(struct mxp_budget, field), expected                                \
    }
#define ROW(k, kind, field, expected)                                                              \
    {                                                                                              \
        k, kind, false, offsetof(struct mxp_provider, field), expected                             \
    }
#define COUNT_EXPECTED "a number from 0 (no limit) to 1000000"
#define RATE_EXPECTED  "a number and a time such as 20/1m, or 0 for no limit"

static const struct row_key row_keys[] = {
    ROW("name", ROW_NAME, name, NAME_ALLOWED),
    ROW("mx", ROW_MX, mx, "a list of host suffixes such as [example.com]"),
    ROW("gateway", ROW_FLAG, gateway, "true or false"),
    ROW("catch_all", ROW_NEVER, catch_all_never, "never or ask"),
    ROW("probe", ROW_NONE, probe_none, "none or all"),
    BUDGET("connections", ROW_COUNT, connections, COUNT_EXPECTED),
    BUDGET("host_connections", ROW_COUNT, host_connections, COUNT_EXPECTED),
    BUDGET("connect_rate", ROW_RATE, connect_rate, RATE_EXPECTED),
    BUDGET("rcpt_rate", ROW_RATE, rcpt_rate, RATE_EXPECTED),
    BUDGET("domain_rcpt_rate", ROW_RATE, domain_rcpt_rate, RATE_EXPECTED),
    BUDGET("rcpts_per_session", ROW_COUNT, rcpts_per_session, COUNT_EXPECTED),
    BUDGET("rcpts_per_transaction", ROW_COUNT, rcpts_per_transaction, COUNT_EXPECTED),
    BUDGET("unknown_percent", ROW_PERCENT, unknown_percent,
           "a percentage from 0 (not bounded) to 100"),
};

#define N_ROW_KEYS (sizeof row_keys / sizeof *row_keys)

static int no_memory(const struct table *table)
{
    return mxp_why_set(table->why, MXP_ENOMEM, "out of memory");
}

static int bad_value(const struct table *table, const struct mxp_yaml *node, const char *key,
                     const char *expected)
{
    if (node->kind == MXP_YAML_SCALAR)
        return mxp_why_set(table->why, MXP_ECONFIG, "%.100s:%u: %s: expected %s, not '%.40s'",
                           table->file, (unsigned)node->line, key, expected, node->text.ptr);
    return mxp_why_set(table->why, MXP_ECONFIG, "%.100s:%u: %s: expected %s, not %s", table->file,
                       (unsigned)node->line, key, expected, mxp_yaml_kind_text(node));
}

static bool is_name(struct mxp_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!mxp_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '.' && c != '-' && c != '/')
            return false;
    }
    return text.len > 0 && text.len <= SUFFIX_MAX;
}

/* Labels of host characters, or "*" for a whole one; a dot in front is a habit of such
 * tables and changes nothing. */
static bool is_suffix(struct mxp_slice text)
{
    if (text.len && text.ptr[0] == '.')
        text = mxp_slice_sub(text, 1, text.len);
    if (text.len && text.ptr[text.len - 1] == '.')
        text.len--;
    if (text.len == 0 || text.len > SUFFIX_MAX)
        return false;
    while (text.len) {
        size_t len = mxp_slice_find(text, '.');
        bool star = len == 1 && text.ptr[0] == '*';
        if (len == 0 || len > 63 || (len + 1 == text.len))
            return false;
        for (size_t i = 0; i < len && !star; i++)
            if (!mxp_is_alnum(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '_')
                return false;
        text = mxp_slice_sub(text, len + 1, text.len);
    }
    return true;
}

static int set_mx(const struct table *table, struct mxp_provider *row, const struct row_key *key,
                  const struct mxp_yaml *node)
{
    if (node->kind != MXP_YAML_LIST)
        return bad_value(table, node, key->key, key->expected);
    const char **mx = mxp_arena_alloc(&table->options->arena,
                                      (node->n_children ? node->n_children : 1) * sizeof *mx);
    if (!mx)
        return no_memory(table);
    size_t n = 0;
    for (const struct mxp_yaml *item = node->children; item; item = item->next, n++) {
        if (item->kind != MXP_YAML_SCALAR || !is_suffix(item->text))
            return bad_value(table, item, "mx", "a host name's end such as mail.example.com");
        mx[n] = mxp_arena_strdup(&table->options->arena, item->text);
        if (!mx[n])
            return no_memory(table);
    }
    row->mx = mx;
    row->n_mx = n;
    return MXP_OK;
}

/* One of two words. */
static bool word(const struct mxp_yaml *node, const char *yes, const char *no, bool *ret)
{
    if (mxp_slice_eq(node->text, mxp_slice_str(yes)))
        *ret = true;
    else if (mxp_slice_eq(node->text, mxp_slice_str(no)))
        *ret = false;
    else
        return false;
    return true;
}

static bool number(const struct mxp_yaml *node, uint64_t max, uint32_t *ret)
{
    uint64_t value = 0;
    if (mxp_slice_number(node->text, max, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

static int set_key(const struct table *table, struct mxp_provider *row, const struct row_key *key,
                   const struct mxp_yaml *node)
{
    bool ok = false;
    void *at = key->budget ? (char *)&row->budget + key->offset : (char *)row + key->offset;
    if (key->kind == ROW_MX)
        return set_mx(table, row, key, node);
    if (node->kind != MXP_YAML_SCALAR)
        return bad_value(table, node, key->key, key->expected);
    switch (key->kind) {
    case ROW_FLAG:
        ok = word(node, "true", "false", at);
        break;
    case ROW_NEVER:
        ok = word(node, "never", "ask", at);
        break;
    case ROW_NONE:
        ok = word(node, "none", "all", at);
        break;
    case ROW_COUNT:
        ok = number(node, BUDGET_MAX, at);
        break;
    case ROW_PERCENT:
        ok = number(node, 100, at);
        break;
    case ROW_RATE:
        ok = mxp_rate_parse(node->text, at) == 0;
        break;
    case ROW_NAME:
    case ROW_MX:
        ok = true; /* the name chose the row */
    }
    return ok ? MXP_OK : bad_value(table, node, key->key, key->expected);
}

static const struct row_key *find_key(const char *name, bool budget_only, const char **ret_nearest)
{
    struct mxp_nearest nearest = {.typed = mxp_slice_str(name)};
    for (size_t i = 0; i < N_ROW_KEYS; i++) {
        if (budget_only && !row_keys[i].budget)
            continue;
        if (strcmp(row_keys[i].key, name) == 0)
            return &row_keys[i];
        mxp_nearest_offer(&nearest, row_keys[i].key);
    }
    *ret_nearest = nearest.best;
    return NULL;
}

static int set_keys(const struct table *table, struct mxp_provider *row, const struct mxp_yaml *map,
                    bool budget_only)
{
    for (const struct mxp_yaml *node = map->children; node; node = node->next) {
        const char *nearest = NULL;
        const struct row_key *key = find_key(node->key, budget_only, &nearest);
        if (!key)
            return mxp_why_set(
                table->why, MXP_ECONFIG, "%.100s:%u: %.60s: unknown key of a %s%s%s%s", table->file,
                (unsigned)node->line, node->key, budget_only ? "budget" : "provider",
                nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
        int err = set_key(table, row, key, node);
        if (err)
            return err;
    }
    return MXP_OK;
}

static struct mxp_provider *find_row(const struct mxp_options *options, struct mxp_slice name)
{
    for (size_t i = 0; i < options->n_providers; i++)
        if (mxp_slice_eq(mxp_slice_str(options->providers[i].name), name))
            return &options->providers[i];
    return NULL;
}

static const struct mxp_yaml *child(const struct mxp_yaml *map, const char *key)
{
    const struct mxp_yaml *node = map->children;
    while (node && strcmp(node->key, key) != 0)
        node = node->next;
    return node;
}

/* A row of that name, made where there is none. */
static int row_of(const struct table *table, struct mxp_slice name, struct mxp_provider **ret_row,
                  bool *ret_new)
{
    struct mxp_options *options = table->options;
    struct mxp_provider row = {.budget = options->default_budget};
    *ret_row = find_row(options, name);
    *ret_new = *ret_row == NULL;
    if (*ret_row)
        return MXP_OK;
    row.name = mxp_arena_strdup(&options->arena, name);
    struct mxp_provider *rows =
        mxp_settings_append(options, options->providers, options->n_providers, sizeof row, &row);
    if (!row.name || !rows)
        return no_memory(table);
    options->providers = rows;
    *ret_row = &rows[options->n_providers++];
    return MXP_OK;
}

static int set_row(const struct table *table, const struct mxp_yaml *node)
{
    if (node->kind != MXP_YAML_MAP)
        return bad_value(table, node, "providers", "entries that are maps, beginning with name:");
    const struct mxp_yaml *name = child(node, "name");
    struct mxp_provider *row = NULL;
    bool is_new = false;
    if (!name)
        return mxp_why_set(table->why, MXP_ECONFIG,
                           "%.100s:%u: a provider without name:", table->file,
                           (unsigned)node->line);
    if (name->kind != MXP_YAML_SCALAR || !is_name(name->text))
        return bad_value(table, name, "name", NAME_ALLOWED);
    int err = row_of(table, name->text, &row, &is_new);
    err = err ? err : set_keys(table, row, node, false);
    if (err == MXP_OK && is_new && row->n_mx == 0)
        return mxp_why_set(
            table->why, MXP_ECONFIG,
            "%.100s:%u: provider %.60s is not in the built-in table, so it needs mx:", table->file,
            (unsigned)node->line, row->name);
    return err;
}

/* A name twice in one list is a slip: the second would change the first. */
static int check_twice(const struct table *table, const struct mxp_yaml *providers)
{
    for (const struct mxp_yaml *a = providers->children; a; a = a->next) {
        const struct mxp_yaml *name = a->kind == MXP_YAML_MAP ? child(a, "name") : NULL;
        for (const struct mxp_yaml *b = providers->children; name && b != a; b = b->next) {
            const struct mxp_yaml *other = b->kind == MXP_YAML_MAP ? child(b, "name") : NULL;
            if (other && mxp_slice_eq(other->text, name->text))
                return mxp_why_set(table->why, MXP_ECONFIG,
                                   "%.100s:%u: provider %.60s is given twice (first in line %u)",
                                   table->file, (unsigned)name->line, name->text.ptr,
                                   (unsigned)other->line);
        }
    }
    return MXP_OK;
}

int mxp_provider_table_apply(struct mxp_options *options, const struct mxp_yaml *default_budget,
                             const struct mxp_yaml *providers, const char *file,
                             struct mxp_why *why)
{
    struct table table = {.options = options, .file = file, .why = why};
    if (default_budget && !default_budget->is_null) {
        struct mxp_provider row = {.budget = options->default_budget};
        if (default_budget->kind != MXP_YAML_MAP)
            return bad_value(&table, default_budget, default_budget->key, "a map of limits");
        int err = set_keys(&table, &row, default_budget, true);
        if (err)
            return err;
        options->default_budget = row.budget;
    }
    if (!providers || providers->is_null)
        return MXP_OK;
    if (providers->kind != MXP_YAML_LIST)
        return bad_value(&table, providers, "providers", "a list of providers");
    if (providers->n_children > MXP_YAML_KEYS_MAX)
        return mxp_why_set(why, MXP_ECONFIG, "%.100s:%u: providers: more than %d", file,
                           (unsigned)providers->line, MXP_YAML_KEYS_MAX);
    int err = check_twice(&table, providers);
    for (const struct mxp_yaml *node = providers->children; node && !err; node = node->next)
        err = set_row(&table, node);
    return err;
}

static int check_top(const struct mxp_yaml *root, const char *name, struct mxp_why *why)
{
    for (const struct mxp_yaml *node = root->children; node; node = node->next)
        if (root->kind != MXP_YAML_MAP ||
            (strcmp(node->key, "default") != 0 && strcmp(node->key, "providers") != 0))
            return mxp_why_set(why, MXP_ECONFIG,
                               "%.100s:%u: expected default: and providers:", name,
                               (unsigned)node->line);
    return MXP_OK;
}

int mxp_provider_table_parse(struct mxp_options *options, struct mxp_slice text, const char *name,
                             struct mxp_why *why)
{
    struct mxp_arena arena;
    const struct mxp_yaml *root = NULL;
    mxp_arena_init(&arena);
    int err = mxp_yaml_parse(text, name, &arena, &root, why);
    err = err ? err : check_top(root, name, why);
    options->providers = NULL;
    options->n_providers = 0;
    options->default_budget = (struct mxp_budget){0};
    if (err == MXP_OK && root->kind == MXP_YAML_MAP)
        err = mxp_provider_table_apply(options, child(root, "default"), child(root, "providers"),
                                       name, why);
    mxp_arena_free(&arena);
    return err;
}

int mxp_provider_table_builtin(struct mxp_options *options, struct mxp_why *why)
{
    const struct mxp_embedded *table = &mxp_provider_builtin[0];
    int err = mxp_provider_table_parse(options, mxp_slice_str(table->text), table->name, why);
    return err == MXP_ECONFIG ? MXP_EBUG : err;
}

const struct mxp_provider *mxp_provider_table_find(const struct mxp_options *options,
                                                   const char *name)
{
    return find_row(options, mxp_slice_str(name));
}

int mxp_provider_table_print(const struct mxp_budget *budget, const char *indent,
                             struct mxp_buf *out)
{
    int err = MXP_OK;
    for (size_t i = 0; i < N_ROW_KEYS && !err; i++) {
        const struct row_key *key = &row_keys[i];
        const void *at = (const char *)budget + key->offset;
        char rate[MXP_RATE_TEXT_MAX];
        if (!key->budget)
            continue;
        if (key->kind == ROW_RATE)
            err = mxp_buf_printf(out, "%s%s: %s\n", indent, key->key, mxp_rate_text(at, rate));
        else
            err =
                mxp_buf_printf(out, "%s%s: %" PRIu32 "\n", indent, key->key, *(const uint32_t *)at);
    }
    return err;
}
