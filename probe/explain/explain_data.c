#include "probe/explain/explain_data.h"

#include <stdlib.h>
#include <string.h>

#include "probe/explain/explain_builtin.h"
#include "probe/explain/explain_match.h"
#include "probe/options/yaml_tree.h"

/* One file on its way in. */
struct reading {
    struct mxp_explain_data *data;
    const char *file;
    enum mxp_explain_kind kind;
    struct mxp_why *why;
};

enum field_type { TEXT, STAGES, REASON, PATTERN_OF, CODE, ENHANCED, TOKENS, FAULT };

#define IN(kind)   (1u << MXP_EXPLAIN_##kind)
#define WITH_CODES (IN(CODE) | IN(ENHANCED) | IN(GUIDE) | IN(FAMILY))
#define EVERY      (WITH_CODES | IN(REASON))

/* The keys of an entry: in which files they may stand, and in which they must. */
static const struct field {
    const char *key;
    enum field_type type;
    unsigned may, must;
    size_t offset; /* of a TEXT */
} fields[] = {
    {"code", CODE, WITH_CODES, IN(CODE) | IN(ENHANCED) | IN(GUIDE), 0},
    {"enhanced", ENHANCED, IN(GUIDE), IN(GUIDE), 0},
    {"token", TOKENS, IN(FAMILY), 0, 0},
    {"reason", REASON, EVERY, EVERY, 0},
    {"stage", STAGES, EVERY, EVERY & ~IN(FAMILY), 0},
    {"fault", FAULT, IN(REASON) | IN(FAMILY), IN(REASON), 0},
    {"means", TEXT, EVERY, EVERY, offsetof(struct mxp_explain_entry, means)},
    {"source", TEXT, EVERY, EVERY & ~IN(FAMILY), offsetof(struct mxp_explain_entry, source)},
    {"example", TEXT, WITH_CODES, WITH_CODES, offsetof(struct mxp_explain_entry, example)},
    {"do", TEXT, EVERY, IN(REASON) | IN(GUIDE), offsetof(struct mxp_explain_entry, todo)},
    {"verify", TEXT, IN(REASON), IN(REASON), offsetof(struct mxp_explain_entry, verify)},
    {"unproven", TEXT, IN(REASON), 0, offsetof(struct mxp_explain_entry, unproven)},
    {"but", TEXT, WITH_CODES, 0, offsetof(struct mxp_explain_entry, but)},
    {"pattern", TEXT, IN(GUIDE), 0, offsetof(struct mxp_explain_entry, pattern)},
    {"pattern_of", PATTERN_OF, IN(GUIDE), 0, 0},
    {"class", TEXT, IN(GUIDE), IN(GUIDE), offsetof(struct mxp_explain_entry, klass)},
    {"trust", TEXT, IN(ENHANCED), IN(ENHANCED), offsetof(struct mxp_explain_entry, trust)},
};

#define N_FIELDS (sizeof fields / sizeof *fields)

static int bad(const struct reading *reading, uint32_t line, const char *key, const char *what)
{
    return mxp_why_set(reading->why, MXP_ECONFIG, "%.100s:%u: %.40s: %s", reading->file,
                       (unsigned)line, key, what);
}

static int no_memory(const struct reading *reading)
{
    return mxp_why_set(reading->why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

static int copy_text(const struct reading *reading, const struct mxp_yaml *node, const char **ret)
{
    if (node->kind != MXP_YAML_SCALAR || node->is_null || node->text.len == 0)
        return bad(reading, node->line, node->key ? node->key : "-", "expected a text");
    *ret = mxp_arena_strdup(&reading->data->arena, node->text);
    return *ret ? MXP_OK : no_memory(reading);
}

/* A text, or a list of texts. */
static int copy_texts(const struct reading *reading, const struct mxp_yaml *node,
                      const char *const **ret, size_t *ret_n)
{
    bool list = node->kind == MXP_YAML_LIST;
    size_t n = list ? node->n_children : 1;
    const char **texts = mxp_arena_alloc(&reading->data->arena, (n + 1) * sizeof *texts);
    const struct mxp_yaml *child = list ? node->children : node;
    if (!texts)
        return no_memory(reading);
    for (size_t i = 0; i < n; i++, child = list ? child->next : NULL) {
        int err = copy_text(reading, child, &texts[i]);
        if (err)
            return err;
    }
    *ret = texts;
    *ret_n = n;
    return MXP_OK;
}

/* "rcpt, data" */
static int read_stages(const struct reading *reading, const struct mxp_yaml *node, unsigned *ret)
{
    struct mxp_slice rest = node->text;
    *ret = 0;
    while (node->kind == MXP_YAML_SCALAR && rest.len) {
        size_t comma = mxp_slice_find(rest, ',');
        enum mxp_stage stage = mxp_stage_find(mxp_slice_trim(mxp_slice_sub(rest, 0, comma)));
        if (stage == MXP_STAGE_COUNT)
            break;
        *ret |= 1u << stage;
        rest = mxp_slice_sub(rest, comma + 1, rest.len);
    }
    if (rest.len || !*ret)
        return bad(reading, node->line, node->key, "expected stages such as rcpt, data");
    return MXP_OK;
}

/* words: may be "words", MXP_REASON_COUNT. */
static int read_reason(const struct reading *reading, const struct mxp_yaml *node, bool words,
                       enum mxp_reason *ret)
{
    *ret = mxp_reason_find(node->text);
    if (words && mxp_slice_eq(node->text, MXP_SLICE_LIT("words")))
        return MXP_OK;
    if (node->kind != MXP_YAML_SCALAR || *ret == MXP_REASON_COUNT)
        return bad(reading, node->line, node->key, "no such reason");
    return MXP_OK;
}

static int read_fault(const struct reading *reading, const struct mxp_yaml *node,
                      struct mxp_explain_entry *entry)
{
    static const char *const faults[] = {"sender",  "address", "recipient", "receiver",
                                         "network", "nobody",  "unclear"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (mxp_slice_eq(node->text, mxp_slice_str(faults[i])))
            entry->fault = faults[i];
    return entry->fault
               ? MXP_OK
               : bad(reading, node->line, node->key,
                     "expected sender, address, recipient, receiver, network, nobody or unclear");
}

static int read_field(const struct reading *reading, const struct field *field,
                      const struct mxp_yaml *node, struct mxp_explain_entry *entry)
{
    switch (field->type) {
    case STAGES:
        return read_stages(reading, node, &entry->stages);
    case REASON:
        return read_reason(reading, node, entry->kind != MXP_EXPLAIN_REASON, &entry->reason);
    case PATTERN_OF:
        return read_reason(reading, node, false, &entry->pattern_of);
    case FAULT:
        return read_fault(reading, node, entry);
    case TOKENS:
        return copy_texts(reading, node, &entry->tokens, &entry->n_tokens);
    case CODE:
    case ENHANCED:
        if (node->kind == MXP_YAML_SCALAR && mxp_explain_pattern(node->text, entry) == 0)
            return MXP_OK;
        return bad(reading, node->line, node->key, "expected a code such as 550, 5.1.1 or x.7.26");
    case TEXT:
        break;
    }
    return copy_text(reading, node, (const char **)((char *)entry + field->offset));
}

static int read_key(const struct reading *reading, const struct mxp_yaml *node,
                    struct mxp_explain_entry *entry, unsigned *seen)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strcmp(node->key, fields[i].key) != 0)
            continue;
        if (!(fields[i].may & (1u << reading->kind)))
            break;
        *seen |= 1u << i;
        return read_field(reading, &fields[i], node, entry);
    }
    return bad(reading, node->line, node->key, "no such key here");
}

/* What names the entry: its code, the first token, or both parts of a pair. */
static const char *key_of(const struct reading *reading, const struct mxp_explain_entry *entry,
                          char text[static 64])
{
    struct mxp_arena *arena = &reading->data->arena;
    if (reading->kind == MXP_EXPLAIN_REASON)
        return mxp_reason_name(entry->reason);
    if (entry->n_tokens)
        return entry->tokens[0];
    return mxp_arena_strdup(arena, mxp_slice_str(mxp_explain_pattern_text(entry, text)));
}

static int add_entry(const struct reading *reading, const struct mxp_yaml *node,
                     const struct mxp_explain_group *group, unsigned stages)
{
    char text[64];
    unsigned seen = 0;
    struct mxp_explain_data *data = reading->data;
    struct mxp_explain_entry *entry = mxp_arena_alloc(&data->arena, sizeof *entry);
    if (!entry)
        return no_memory(reading);
    *entry = (struct mxp_explain_entry){.kind = reading->kind,
                                        .enhanced = {0, MXP_EXPLAIN_ANY, MXP_EXPLAIN_ANY},
                                        .pattern_of = MXP_REASON_COUNT,
                                        .group = group,
                                        .stages = stages,
                                        .source = group ? group->source : NULL,
                                        .file = reading->file,
                                        .line = node->line};
    if (node->kind != MXP_YAML_MAP)
        return bad(reading, node->line, "-", "expected a map of keys");
    for (const struct mxp_yaml *child = node->children; child; child = child->next) {
        int err = read_key(reading, child, entry, &seen);
        if (err)
            return err;
    }
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].must & (1u << reading->kind) && !(seen & (1u << i)))
            return bad(reading, node->line, fields[i].key, "missing");
    if (reading->kind == MXP_EXPLAIN_FAMILY && !entry->n_tokens && !entry->code &&
        entry->enhanced.subject == MXP_EXPLAIN_ANY)
        return bad(reading, node->line, "token", "missing, and code too");
    entry->key = key_of(reading, entry, text);
    if (!entry->key)
        return no_memory(reading);
    if (data->last[reading->kind])
        data->last[reading->kind]->next = entry;
    else
        data->first[reading->kind] = entry;
    data->last[reading->kind] = entry;
    return MXP_OK;
}

static const struct mxp_yaml *child_of(const struct mxp_yaml *node, const char *key)
{
    const struct mxp_yaml *child = node->kind == MXP_YAML_MAP ? node->children : NULL;
    while (child && strcmp(child->key, key) != 0)
        child = child->next;
    return child;
}

static int group_text(const struct reading *reading, const struct mxp_yaml *node, const char *key,
                      const char **ret)
{
    const struct mxp_yaml *child = child_of(node, key);
    return child ? copy_text(reading, child, ret) : bad(reading, node->line, key, "missing");
}

static int check_group(const struct reading *reading, const struct mxp_yaml *node)
{
    static const char *const keys[] = {"provider", "name",     "source",  "stage",
                                       "signs",    "anywhere", "families"};
    for (const struct mxp_yaml *child = node->children; child; child = child->next) {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof *keys && child->key; i++)
            known = known || strcmp(child->key, keys[i]) == 0;
        if (!known)
            return bad(reading, child->line, child->key ? child->key : "-", "no such key here");
    }
    return MXP_OK;
}

/* A provider and its codes. */
static int add_group(const struct reading *reading, const struct mxp_yaml *node)
{
    struct mxp_explain_group *group = mxp_arena_alloc(&reading->data->arena, sizeof *group);
    const struct mxp_yaml *signs = child_of(node, "signs"), *stage = child_of(node, "stage"),
                          *families = child_of(node, "families"),
                          *anywhere = child_of(node, "anywhere");
    unsigned stages = 0;
    if (!group)
        return no_memory(reading);
    int err = check_group(reading, node);
    err = err ? err : group_text(reading, node, "provider", &group->provider);
    err = err ? err : group_text(reading, node, "name", &group->name);
    err = err ? err : group_text(reading, node, "source", &group->source);
    err = err ? err : group_text(reading, node, "stage", &group->stage);
    err = err ? err : read_stages(reading, stage, &stages);
    if (!err && signs)
        err = copy_texts(reading, signs, &group->signs, &group->n_signs);
    group->anywhere = anywhere && mxp_slice_eq(anywhere->text, MXP_SLICE_LIT("true"));
    if (err)
        return err;
    if (!families || families->kind != MXP_YAML_LIST)
        return bad(reading, node->line, "families", "expected a list");
    for (const struct mxp_yaml *child = families->children; child && !err; child = child->next)
        err = add_entry(reading, child, group, stages);
    return err;
}

static int kind_of(const char *name, enum mxp_explain_kind *ret)
{
    static const struct {
        const char *prefix;
        enum mxp_explain_kind kind;
    } files[] = {{"codes", MXP_EXPLAIN_CODE},
                 {"enhanced", MXP_EXPLAIN_ENHANCED},
                 {"guide", MXP_EXPLAIN_GUIDE},
                 {"families", MXP_EXPLAIN_FAMILY},
                 {"reasons", MXP_EXPLAIN_REASON}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strncmp(name, files[i].prefix, strlen(files[i].prefix)) == 0) {
            *ret = files[i].kind;
            return MXP_OK;
        }
    }
    return MXP_EINVAL;
}

int mxp_explain_data_read(struct mxp_explain_data *data, const char *name, struct mxp_slice text,
                          struct mxp_why *why)
{
    struct reading reading = {.data = data, .why = why};
    struct mxp_arena tree;
    const struct mxp_yaml *root = NULL;
    reading.file = mxp_arena_strdup(&data->arena, mxp_slice_str(name));
    if (!reading.file)
        return no_memory(&reading);
    if (kind_of(name, &reading.kind))
        return mxp_why_set(why, MXP_ECONFIG,
                           "%.100s: expected codes, enhanced, guide, families or "
                           "reasons as the beginning of the name",
                           name);
    mxp_arena_init(&tree);
    int err = mxp_yaml_parse(text, name, &tree, &root, why);
    if (!err && root->kind != MXP_YAML_LIST)
        err = bad(&reading, root->line ? root->line : 1, "-", "expected a list");
    for (const struct mxp_yaml *node = err ? NULL : root->children; node && !err; node = node->next)
        err = reading.kind == MXP_EXPLAIN_FAMILY ? add_group(&reading, node)
                                                 : add_entry(&reading, node, NULL, 0);
    mxp_arena_free(&tree);
    return err;
}

struct mxp_explain_data *mxp_explain_data_new(struct mxp_why *why)
{
    struct mxp_explain_data *data = calloc(1, sizeof *data);
    int err = data ? MXP_OK : mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    if (!data)
        return NULL;
    mxp_arena_init(&data->arena);
    for (size_t i = 0; i < mxp_n_explain_builtin && !err; i++)
        err = mxp_explain_data_read(data, mxp_explain_builtin[i].name,
                                    mxp_slice_str(mxp_explain_builtin[i].text), why);
    return err ? mxp_explain_data_free(data) : data;
}

struct mxp_explain_data *mxp_explain_data_free(struct mxp_explain_data *data)
{
    if (data)
        mxp_arena_free(&data->arena);
    free(data);
    return NULL;
}

const char *mxp_explain_kind_name(enum mxp_explain_kind kind)
{
    static const char *const names[] = {
#define X(name, text) [MXP_EXPLAIN_##name] = (text),
        MXP_EXPLAIN_KIND_MAP(X)
#undef X
    };
    return kind < MXP_EXPLAIN_KINDS ? names[kind] : "?";
}
