#include "smtp/rules_internal.h"

#include <stdlib.h>
#include <string.h>

static int provider_get(struct mxp_rules *rules, struct mxp_slice name, uint16_t *ret)
{
    *ret = mxp_rules_provider(rules, name);
    if (*ret)
        return 0;
    if (rules->n_providers >= rules->size_providers) {
        uint16_t size = (uint16_t)(rules->size_providers ? rules->size_providers * 2 : 64);
        const char **grown = realloc(rules->providers, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        rules->providers = grown;
        rules->size_providers = size;
    }
    const char *kept = mxp_arena_strdup(&rules->arena, name);
    if (!kept)
        return MXP_ENOMEM;
    rules->providers[rules->n_providers++] = kept;
    *ret = rules->n_providers;
    return 0;
}

static int read_stages(struct mxp_rules_reader *reader, struct mxp_slice values)
{
    while (values.len) {
        struct mxp_slice name = mxp_rules_cut(&values, ',');
        enum mxp_stage stage = mxp_stage_find(name);
        if (stage == MXP_STAGE_COUNT)
            return mxp_rules_bad(reader, "no such stage", name);
        reader->rule.stages |= MXP_STAGE_BIT(stage);
    }
    return 0;
}

/* "550", "5xx", "55x" */
static int read_codes(struct mxp_rules_reader *reader, struct mxp_slice values)
{
    struct mxp_rule_when *when = &reader->when;
    while (values.len) {
        struct mxp_slice text = mxp_rules_cut(&values, ',');
        uint16_t from = 0, to = 0;
        if (text.len != 3 || when->n_codes >= MXP_RULE_VALUES)
            return mxp_rules_bad(reader, "expected a code as 550, 55x or 5xx", text);
        for (size_t i = 0; i < 3; i++) {
            bool any = text.ptr[i] == 'x';
            if (!any && !mxp_is_digit(text.ptr[i]))
                return mxp_rules_bad(reader, "expected a code as 550, 55x or 5xx", text);
            from = (uint16_t)(from * 10 + (any ? 0 : text.ptr[i] - '0'));
            to = (uint16_t)(to * 10 + (any ? 9 : text.ptr[i] - '0'));
        }
        when->from[when->n_codes] = from;
        when->to[when->n_codes++] = to;
    }
    return 0;
}

/* "5.1.1", "x.1.1", "5.7.x" */
static int read_enhanced(struct mxp_rules_reader *reader, struct mxp_slice values)
{
    struct mxp_rule_when *when = &reader->when;
    while (values.len) {
        struct mxp_slice text = mxp_rules_cut(&values, ','), rest = text;
        uint16_t part[3];
        for (int i = 0; i < 3; i++) {
            struct mxp_slice one = mxp_rules_cut(&rest, '.');
            uint64_t n = MXP_ANY_ENHANCED;
            if (!mxp_slice_eq(one, MXP_SLICE_LIT("x")) && mxp_slice_number(one, 999, &n))
                return mxp_rules_bad(reader, "expected an enhanced code as 5.1.1 or x.1.1", text);
            part[i] = (uint16_t)n;
        }
        if (rest.len || when->n_enhanced >= MXP_RULE_VALUES)
            return mxp_rules_bad(reader, "expected an enhanced code as 5.1.1 or x.1.1", text);
        when->enhanced[when->n_enhanced++] = (struct mxp_enhanced){part[0], part[1], part[2]};
    }
    return 0;
}

static int read_providers(struct mxp_rules_reader *reader, struct mxp_slice values)
{
    struct mxp_rule_when *when = &reader->when;
    while (values.len) {
        struct mxp_slice name = mxp_rules_cut(&values, ',');
        if (!name.len || when->n_providers >= MXP_RULE_VALUES)
            return mxp_rules_bad(reader, "expected names of providers", name);
        int err = provider_get(reader->rules, name, &when->providers[when->n_providers++]);
        if (err)
            return mxp_rules_fail(reader, err);
    }
    return 0;
}

static int read_words(struct mxp_rules_reader *reader, struct mxp_slice value)
{
    uint64_t most = 0;
    bool known = mxp_slice_eq(value, MXP_SLICE_LIT("known"));
    if (known || mxp_slice_eq(value, MXP_SLICE_LIT("all-known"))) {
        reader->rule.words = known ? MXP_WORDS_KNOWN : MXP_WORDS_ALL;
        return 0;
    }
    if (!mxp_slice_eq(value, MXP_SLICE_LIT("none")) && mxp_slice_number(value, 99, &most))
        return mxp_rules_bad(reader, "expected words=none, known or how many at most", value);
    reader->rule.words = (uint8_t)(most + 1);
    return 0;
}

int mxp_rules_condition(struct mxp_rules_reader *reader, struct mxp_slice word)
{
    struct mxp_slice values = word, key = mxp_rules_cut(&values, '=');
    if (mxp_slice_eq(key, MXP_SLICE_LIT("stage")))
        return read_stages(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("code")))
        return read_codes(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("enh")))
        return read_enhanced(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("provider")))
        return read_providers(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("words")))
        return read_words(reader, values);
    return mxp_rules_bad(reader, "expected stage=, code=, enh=, provider= or words=", word);
}

int mxp_rules_flag(struct mxp_rules_reader *reader, struct mxp_slice word)
{
    static const struct {
        const char *name;
        size_t offset;
    } flags[] = {
        {"throttle", offsetof(struct mxp_rule, throttle)},
        {"blocks", offsetof(struct mxp_rule, blocks_us)},
        {"footprint", offsetof(struct mxp_rule, footprint)},
        {"keep", offsetof(struct mxp_rule, keeps)},
    };
    static const char *const limits[] = {"", "connections", "messages", "recipients", "rate"};
    struct mxp_slice value = word, key = mxp_rules_cut(&value, '=');
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (mxp_slice_eq(word, mxp_slice_str(flags[i].name))) {
            *(bool *)((char *)&reader->rule + flags[i].offset) = true;
            return 0;
        }
    }
    for (uint8_t i = 1; i < 5 && mxp_slice_eq(key, MXP_SLICE_LIT("limit")); i++) {
        if (mxp_slice_eq(value, mxp_slice_str(limits[i]))) {
            reader->rule.limit = i;
            return 0;
        }
    }
    if (mxp_slice_eq(word, MXP_SLICE_LIT("exists=yes")))
        reader->rule.exists = MXP_TRI_YES;
    else if (mxp_slice_eq(word, MXP_SLICE_LIT("exists=no")))
        reader->rule.exists = MXP_TRI_NO;
    else
        return mxp_rules_bad(reader, "no such flag", word);
    return 0;
}
