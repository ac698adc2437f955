#include "probe/options/settings.h"

#include <string.h>

#include "core/require.h"
#include "probe/options/duration.h"
#include "probe/options/identity.h"

#define FACTOR_DECIMALS 6

void *mxp_settings_append(struct mxp_options *options, const void *items, size_t n, size_t size,
                          const void *item)
{
    /* Room for powers of two: a new array only where n is one, or 0. */
    char *array = (char *)(uintptr_t)items;
    if ((n & (n - 1)) == 0) {
        array = mxp_arena_alloc(&options->arena, (n ? 2 * n : 1) * size);
        if (!array)
            return NULL;
        if (n)
            memcpy(array, items, n * size);
    }
    memcpy(array + n * size, item, size);
    return array;
}

static void *field(struct mxp_settings *settings, const struct mxp_option *option)
{
    return (char *)settings->options + option->offset;
}

static int set_bool(struct mxp_settings *settings, const struct mxp_option *option,
                    struct mxp_slice text)
{
    static const struct {
        const char *word;
        bool on, for_switch;
    } words[] = {{"true", true, false}, {"false", false, false}, {"yes", true, false},
                 {"no", false, false},  {"on", true, true},      {"off", false, true}};
    bool is_switch = option->kind == MXP_OPTION_SWITCH;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((is_switch && !words[i].for_switch) ||
            !mxp_slice_eq(text, mxp_slice_str(words[i].word)))
            continue;
        *(bool *)field(settings, option) = words[i].on != is_switch;
        return MXP_OK;
    }
    return MXP_EINVAL;
}

static int set_text(struct mxp_settings *settings, const char **ret, struct mxp_slice text)
{
    if (text.len == 0 || memchr(text.ptr, '\0', text.len))
        return MXP_EINVAL;
    const char *copy = mxp_arena_strdup(&settings->options->arena, text);
    if (!copy)
        return MXP_ENOMEM;
    *ret = copy;
    return MXP_OK;
}

static int set_path(struct mxp_settings *settings, const struct mxp_option *option,
                    struct mxp_slice text)
{
    return set_text(settings, field(settings, option), text);
}

static int set_number(struct mxp_settings *settings, const struct mxp_option *option,
                      struct mxp_slice text)
{
    uint64_t number = 0;
    if (mxp_slice_number(text, option->max, &number) || number < option->min)
        return MXP_EINVAL;
    if (option->kind == MXP_OPTION_PORT)
        *(uint16_t *)field(settings, option) = (uint16_t)number;
    else
        *(uint32_t *)field(settings, option) = (uint32_t)number;
    return MXP_OK;
}

static int set_time(struct mxp_settings *settings, const struct mxp_option *option,
                    struct mxp_slice text)
{
    uint64_t ms = 0;
    if (mxp_duration_parse(text, option->max, &ms) || ms < option->min)
        return MXP_EINVAL;
    if (option->kind == MXP_OPTION_LONGTIME)
        *(uint64_t *)field(settings, option) = ms;
    else
        *(uint32_t *)field(settings, option) = (uint32_t)ms;
    return MXP_OK;
}

/* N/TIME; a number alone is a second's. */
static int set_rate(struct mxp_settings *settings, const struct mxp_option *option,
                    struct mxp_slice text)
{
    struct mxp_rate rate;
    uint64_t number = 0;
    if (mxp_slice_number(text, option->max, &number) == 0)
        rate = (struct mxp_rate){(uint32_t)number, number ? 1000 : 0};
    else if (mxp_rate_parse(text, &rate) || rate.n > option->max)
        return MXP_EINVAL;
    *(struct mxp_rate *)field(settings, option) = rate;
    return MXP_OK;
}

/* Digits, and perhaps a point and digits; no sign, exponent or locale. */
static int set_factor(struct mxp_settings *settings, const struct mxp_option *option,
                      struct mxp_slice text)
{
    size_t point = mxp_slice_find(text, '.');
    uint64_t whole = 0, decimals = 0;
    double scale = 1;
    if (mxp_slice_number(mxp_slice_sub(text, 0, point), option->max, &whole))
        return MXP_EINVAL;
    if (point < text.len) {
        struct mxp_slice rest = mxp_slice_sub(text, point + 1, text.len);
        if (rest.len > FACTOR_DECIMALS || mxp_slice_number(rest, UINT32_MAX, &decimals))
            return MXP_EINVAL;
        for (size_t i = 0; i < rest.len; i++)
            scale *= 10;
    }
    double factor = (double)whole + (double)decimals / scale;
    if (factor < (double)option->min || factor > (double)option->max)
        return MXP_EINVAL;
    *(double *)field(settings, option) = factor;
    return MXP_OK;
}

static int set_choice(struct mxp_settings *settings, const struct mxp_option *option,
                      struct mxp_slice text)
{
    for (const struct mxp_choice *c = option->choices; c->name; c++) {
        if (!mxp_slice_eq(text, mxp_slice_str(c->name)))
            continue;
        /* All enums of the options are as wide as this (asserted in the tests). */
        memcpy(field(settings, option), &c->value, sizeof c->value);
        return MXP_OK;
    }
    return MXP_EINVAL;
}

/* A, A:PORT with an IPv4 address; A, [A], [A]:PORT with an IPv6 one. */
static bool resolver_ok(struct mxp_slice text)
{
    struct mxp_ip ip;
    uint64_t port = 53;
    if (mxp_ip_parse(text, &ip) == 0)
        return true;
    struct mxp_slice rest;
    if (text.len && text.ptr[0] == '[') {
        size_t end = mxp_slice_find(text, ']');
        if (end == text.len || mxp_ip_parse(mxp_slice_sub(text, 1, end - 1), &ip) || ip.family != 6)
            return false;
        rest = mxp_slice_sub(text, end + 1, text.len);
        if (rest.len == 0)
            return true;
    } else {
        size_t colon = mxp_slice_find(text, ':');
        if (mxp_ip_parse(mxp_slice_sub(text, 0, colon), &ip) || ip.family != 4)
            return false;
        rest = mxp_slice_sub(text, colon, text.len);
    }
    return rest.len > 1 && rest.ptr[0] == ':' &&
           mxp_slice_number(mxp_slice_sub(rest, 1, rest.len), 65535, &port) == 0 && port > 0;
}

static int add_text(struct mxp_settings *settings, struct mxp_slice text, const char *const **items,
                    size_t *n)
{
    const char *copy;
    int err = set_text(settings, &copy, text);
    if (err)
        return err;
    const char **longer = mxp_settings_append(settings->options, *items, *n, sizeof copy, &copy);
    if (!longer)
        return MXP_ENOMEM;
    *items = longer;
    (*n)++;
    return MXP_OK;
}

static int add_resolver(struct mxp_settings *settings, struct mxp_slice text)
{
    struct mxp_options *options = settings->options;
    return resolver_ok(text) ? add_text(settings, text, &options->resolvers, &options->n_resolvers)
                             : MXP_EINVAL;
}

static int add_path(struct mxp_settings *settings, const struct mxp_option *option,
                    struct mxp_slice text)
{
    struct mxp_paths *paths = field(settings, option);
    return add_text(settings, text, &paths->names, &paths->n);
}

static int add_source(struct mxp_settings *settings, struct mxp_slice text, const char **ret_detail)
{
    struct mxp_ip ip;
    if (mxp_ip_parse(text, &ip))
        return MXP_EINVAL;
    for (size_t i = 0; i < settings->n_sources; i++) {
        if (mxp_ip_eq(&ip, &settings->sources[i])) {
            *ret_detail = "given twice";
            return MXP_EINVAL;
        }
    }
    struct mxp_ip *items = mxp_settings_append(settings->options, settings->sources,
                                               settings->n_sources, sizeof ip, &ip);
    if (!items)
        return MXP_ENOMEM;
    settings->sources = items;
    settings->n_sources++;
    return MXP_OK;
}

static int set_ehlo(struct mxp_settings *settings, struct mxp_slice text, const char **ret_detail)
{
    int err = mxp_identity_check_ehlo(text, ret_detail);
    return err ? err : set_text(settings, &settings->ehlo, text);
}

static int set_sender(struct mxp_settings *settings, struct mxp_slice text, const char **ret_detail)
{
    int err = mxp_identity_check_sender(text, ret_detail);
    return err ? err : set_text(settings, &settings->mail_from, text);
}

static int set_value(struct mxp_settings *settings, const struct mxp_option *option,
                     struct mxp_slice text, const char **ret_detail)
{
    switch (option->kind) {
    case MXP_OPTION_FLAG:
    case MXP_OPTION_SWITCH:
        return set_bool(settings, option, text);
    case MXP_OPTION_TEXT:
    case MXP_OPTION_PATH:
    case MXP_OPTION_CONFIG:
        return set_path(settings, option, text);
    case MXP_OPTION_PATHS:
        return add_path(settings, option, text);
    case MXP_OPTION_NUMBER:
    case MXP_OPTION_PORT:
        return set_number(settings, option, text);
    case MXP_OPTION_TIME:
    case MXP_OPTION_LONGTIME:
        return set_time(settings, option, text);
    case MXP_OPTION_RATE:
        return set_rate(settings, option, text);
    case MXP_OPTION_FACTOR:
        return set_factor(settings, option, text);
    case MXP_OPTION_CHOICE:
        return set_choice(settings, option, text);
    case MXP_OPTION_RESOLVER:
        return add_resolver(settings, text);
    case MXP_OPTION_SOURCE:
        return add_source(settings, text, ret_detail);
    case MXP_OPTION_EHLO:
        return set_ehlo(settings, text, ret_detail);
    case MXP_OPTION_SENDER:
        return set_sender(settings, text, ret_detail);
    case MXP_OPTION_HELP:
        break;
    }
    return MXP_OK; /* --help and --version are commands, not values */
}

static void list_clear(struct mxp_settings *settings, const struct mxp_option *option)
{
    if (option->kind == MXP_OPTION_RESOLVER)
        settings->options->n_resolvers = 0;
    else if (option->kind == MXP_OPTION_PATHS)
        ((struct mxp_paths *)field(settings, option))->n = 0;
    else
        settings->n_sources = 0;
}

int mxp_settings_set(struct mxp_settings *settings, const struct mxp_option *option,
                     enum mxp_origin origin, struct mxp_slice text, const char **ret_detail)
{
    const char *detail = NULL;
    enum mxp_origin *now = &settings->origins[mxp_option_index(option)];
    if (ret_detail)
        *ret_detail = NULL;
    if (*now > origin)
        return MXP_OK;
    if (mxp_option_is_list(option) && *now < origin)
        list_clear(settings, option);
    int err = set_value(settings, option, text, &detail);
    if (err == MXP_OK)
        *now = origin;
    else if (ret_detail)
        *ret_detail = detail;
    return err;
}

int mxp_settings_init(struct mxp_settings *settings, struct mxp_options *options)
{
    MXP_REQUIRE(mxp_options_n <= MXP_OPTIONS_MAX);
    *settings = (struct mxp_settings){.options = options};
    for (size_t i = 0; i < mxp_options_n; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (!option->def)
            continue;
        int err = mxp_settings_set(settings, option, MXP_ORIGIN_DEFAULT, mxp_slice_str(option->def),
                                   NULL);
        MXP_REQUIRE(err == MXP_OK || err == MXP_ENOMEM); /* the table's defaults are in range */
        if (err)
            return err;
    }
    return MXP_OK;
}

enum mxp_origin mxp_settings_origin(const struct mxp_settings *settings, const char *key)
{
    const struct mxp_option *option = mxp_option_by_key(key);
    MXP_REQUIRE(option != NULL);
    return settings->origins[mxp_option_index(option)];
}

int mxp_settings_blame(const struct mxp_settings *settings, const char *key)
{
    return mxp_settings_origin(settings, key) == MXP_ORIGIN_COMMAND_LINE ? MXP_EUSAGE : MXP_ECONFIG;
}
