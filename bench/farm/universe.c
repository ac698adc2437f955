#include "universe.h"

#include "probe/options/yaml_tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value { NUMBER, COUNT, TEXT, TEXTS, TRUTH, KIND };

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, kind, offsetof(struct farm_provider, member)                                          \
    }

static const struct {
    const char *key;
    enum value kind;
    size_t offset;
} fields[] = {
    FIELD("name", TEXT, name),
    FIELD("kind", KIND, kind),
    FIELD("share", NUMBER, share),
    FIELD("hosted", COUNT, hosted),
    FIELD("servers", COUNT, servers),
    FIELD("unknown", NUMBER, unknown),
    FIELD("full", NUMBER, full),
    FIELD("disabled", NUMBER, disabled),
    FIELD("catch_all", NUMBER, catch_all),
    FIELD("latency_ms", COUNT, latency_ms),
    FIELD("banner_ms", COUNT, banner_ms),
    FIELD("tarpit_ms", COUNT, tarpit_ms),
    FIELD("greylist_s", COUNT, greylist_s),
    FIELD("pipelining", TRUTH, pipelining),
    FIELD("blocks_at_once", TRUTH, blocks_at_once),
    FIELD("connections", COUNT, limits.connections),
    FIELD("connects_per_minute", COUNT, limits.connects_per_minute),
    FIELD("rcpts_per_minute", COUNT, limits.rcpts_per_minute),
    FIELD("rcpts_per_session", COUNT, limits.rcpts_per_session),
    FIELD("rcpts_per_transaction", COUNT, limits.rcpts_per_transaction),
    FIELD("escalate_within_s", COUNT, escalate_within_s),
    FIELD("drop_after", COUNT, drop_after),
    FIELD("escalate_after", COUNT, escalate_after),
    FIELD("block_s", COUNT, block_s),
    FIELD("harvest_after", COUNT, harvest_after),
    FIELD("unknown_text", TEXT, unknown_text),
    FIELD("full_text", TEXT, full_text),
    FIELD("disabled_text", TEXT, disabled_text),
    FIELD("throttle_text", TEXT, throttle_text),
    FIELD("connections_text", TEXT, connections_text),
    FIELD("block_text", TEXT, block_text),
    FIELD("harvest_text", TEXT, harvest_text),
    FIELD("rcpts_text", TEXT, rcpts_text),
};

struct reader {
    struct farm_universe *universe;
    const char *path;
    struct mxp_why *why;
};

static int bad(const struct reader *reader, const struct mxp_yaml *node, const char *expected)
{
    return mxp_why_set(reader->why, MXP_ECONFIG, "%s:%u: %s: expected %s", reader->path, node->line,
                       node->key ? node->key : "entry", expected);
}

static int read_number(const struct reader *reader, const struct mxp_yaml *node, double *ret)
{
    char *end = NULL;
    if (node->kind != MXP_YAML_SCALAR || !node->text.len)
        return bad(reader, node, "a number");
    *ret = strtod(node->text.ptr, &end);
    return *end || !isfinite(*ret) || *ret < 0 ? bad(reader, node, "a number, 0 or more") : 0;
}

static int read_kind(const struct reader *reader, const struct mxp_yaml *node, enum farm_kind *ret)
{
    static const char *const names[] = {"normal", "nxdomain", "null_mx", "dead", "servfail"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (mxp_slice_eq(node->text, mxp_slice_str(names[i]))) {
            *ret = (enum farm_kind)i;
            return 0;
        }
    }
    return bad(reader, node, "normal, nxdomain, null_mx, dead or servfail");
}

static int read_value(const struct reader *reader, const struct mxp_yaml *node, enum value kind,
                      void *ret)
{
    double number = 0;
    int err = 0;
    if (node->kind != MXP_YAML_SCALAR)
        return bad(reader, node, "one value");
    switch (kind) {
    case NUMBER:
        return read_number(reader, node, ret);
    case COUNT:
        err = read_number(reader, node, &number);
        *(uint32_t *)ret = (uint32_t)number;
        return err;
    case TEXT:
        *(const char **)ret = node->text.ptr;
        return 0;
    case TRUTH:
        *(bool *)ret = mxp_slice_eq(node->text, MXP_SLICE_LIT("true"));
        return 0;
    case KIND:
        return read_kind(reader, node, ret);
    case TEXTS:
        break;
    }
    return 0;
}

static int read_texts(const struct reader *reader, const struct mxp_yaml *node, const char ***ret,
                      uint32_t *ret_n)
{
    if (node->kind != MXP_YAML_LIST)
        return bad(reader, node, "a list of names");
    *ret = mxp_arena_alloc(&reader->universe->arena, (node->n_children + 1) * sizeof **ret);
    if (!*ret)
        return MXP_ENOMEM;
    *ret_n = 0;
    for (const struct mxp_yaml *one = node->children; one; one = one->next)
        (*ret)[(*ret_n)++] = one->text.ptr;
    return 0;
}

static int read_changes(const struct reader *reader, const struct mxp_yaml *node,
                        struct farm_provider *provider)
{
    for (const struct mxp_yaml *one = node->children; one; one = one->next) {
        struct farm_change *change = &provider->changes[provider->n_changes];
        if (provider->n_changes == 8 || one->kind != MXP_YAML_MAP)
            return bad(reader, one, "at most 8 maps of at_s and factor");
        for (const struct mxp_yaml *part = one->children; part; part = part->next) {
            bool at = mxp_slice_eq(mxp_slice_str(part->key), MXP_SLICE_LIT("at_s"));
            int err = read_number(reader, part, at ? &change->at_s : &change->factor);
            if (err)
                return err;
        }
        provider->n_changes++;
    }
    return 0;
}

static int read_field(const struct reader *reader, const struct mxp_yaml *node,
                      struct farm_provider *provider)
{
    struct mxp_slice key = mxp_slice_str(node->key);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("domains")))
        return read_texts(reader, node, &provider->domains, &provider->n_domains);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("mx")))
        return read_texts(reader, node, &provider->mx, &provider->n_mx);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("changes")))
        return read_changes(reader, node, provider);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (mxp_slice_eq(key, mxp_slice_str(fields[i].key)))
            return read_value(reader, node, fields[i].kind, (char *)provider + fields[i].offset);
    return bad(reader, node, "another key (docs/farm.md lists them)");
}

static void defaults(struct farm_provider *provider)
{
    provider->latency_ms = 50;
    provider->pipelining = true;
    provider->escalate_within_s = 60;
    provider->block_s = 120;
    provider->unknown_text = "550 5.1.1 <%s>: Recipient address rejected: User unknown";
    provider->full_text = "452 4.2.2 <%s>: Mailbox full";
    provider->disabled_text = "550 5.2.1 <%s>: Account disabled";
    provider->throttle_text = "451 4.7.1 Too many recipients from your address, slow down";
    provider->connections_text = "421 4.7.0 Too many connections from your address";
    provider->block_text = "554 5.7.1 Your IP address is blocked: poor reputation";
    provider->harvest_text = "550 5.7.1 Too many invalid recipients: your IP is blocked";
    provider->rcpts_text = "452 4.5.3 Too many recipients";
}

static int read_provider(const struct reader *reader, const struct mxp_yaml *node)
{
    struct farm_universe *universe = reader->universe;
    if (universe->n_providers == FARM_PROVIDERS_MAX || node->kind != MXP_YAML_MAP)
        return bad(reader, node, "at most 120 maps");
    struct farm_provider *provider = &universe->providers[universe->n_providers++];
    defaults(provider);
    int err = 0;
    for (const struct mxp_yaml *one = node->children; one && !err; one = one->next)
        err = read_field(reader, one, provider);
    if (err)
        return err;
    if (!provider->name || provider->servers > FARM_LONG_TAIL_MAX)
        return bad(reader, node, "a name, and at most 8000 servers");
    if (!farm_n_domains(provider) ||
        (!provider->n_mx && !provider->servers && provider->kind == FARM_NORMAL))
        return bad(reader, node, "domains and mx, or servers");
    if (provider->escalate_after && provider->drop_after >= provider->escalate_after)
        return bad(reader, node, "drop_after below escalate_after: first drops, then a block");
    return 0;
}

static int read_root(const struct reader *reader, const struct mxp_yaml *root)
{
    for (const struct mxp_yaml *one = root->children; one; one = one->next) {
        struct mxp_slice key = mxp_slice_str(one->key);
        double number = 0;
        int err = 0;
        if (mxp_slice_eq(key, MXP_SLICE_LIT("seed"))) {
            err = read_number(reader, one, &number);
            reader->universe->seed = (uint64_t)number;
        } else if (mxp_slice_eq(key, MXP_SLICE_LIT("providers"))) {
            for (const struct mxp_yaml *p = one->children; p && !err; p = p->next)
                err = read_provider(reader, p);
        } else {
            err = bad(reader, one, "seed or providers");
        }
        if (err)
            return err;
    }
    return 0;
}

struct farm_universe *farm_universe_read(const char *path, struct mxp_why *why)
{
    struct farm_universe *universe = calloc(1, sizeof *universe);
    const struct mxp_yaml *root = NULL;
    if (!universe) {
        mxp_why_set(why, MXP_ENOMEM, "out of memory");
        return NULL;
    }
    mxp_arena_init(&universe->arena);
    struct reader reader = {universe, path, why};
    int err = mxp_yaml_read(path, &universe->arena, &root, why);
    if (!err)
        err = read_root(&reader, root);
    return err ? farm_universe_free(universe) : universe;
}

void farm_universe_change(struct farm_universe *universe, const struct farm_change *change)
{
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        struct farm_provider *provider = &universe->providers[i];
        if (provider->n_changes < sizeof provider->changes / sizeof *provider->changes)
            provider->changes[provider->n_changes++] = *change;
    }
}

bool farm_universe_block(struct farm_universe *universe, const char *name)
{
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        if (strcmp(universe->providers[i].name, name) == 0) {
            universe->providers[i].blocks_at_once = true;
            return true;
        }
    }
    return false;
}

struct farm_universe *farm_universe_free(struct farm_universe *universe)
{
    if (universe)
        mxp_arena_free(&universe->arena);
    free(universe);
    return NULL;
}
