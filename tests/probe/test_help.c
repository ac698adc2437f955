#include "probe/options/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options_util.h"
#include "probe/options/option_table.h"

static void must(int err)
{
    assert_int_equal(err, 0);
}

/* The word as a whole: not as the beginning of a longer name. */
static bool has_word(const char *text, const char *word)
{
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        char before = at == text ? ' ' : at[-1], after = at[strlen(word)];
        if (!mxp_is_alnum(after) && after != '-' && after != '_' && !mxp_is_alnum(before) &&
            before != '_')
            return true;
    }
    return false;
}

/* What help prints as the defaults is what the parser has as the defaults. */
static void test_config_round_trip(void **state)
{
    (void)state;
    static const char *const with[][6] = {
        {"check", "a@b.example", "--config", "@", NULL},
        {"bulk", "--mail-from=p@b.example", "--config", "@", NULL}};
    static const char *const without[][6] = {{"check", "a@b.example", NULL},
                                             {"bulk", "--mail-from=p@b.example", NULL}};
    struct mxp_buf text;
    mxp_buf_init(&text, MXP_HELP_CAP);
    must(mxp_help_config(&text));
    for (size_t i = 0; i < 2; i++) {
        struct mxp_options a, b;
        util_must(text.ptr, with[i], &a);
        util_must(NULL, without[i], &b);
        for (size_t j = 0; j < mxp_options_n; j++) {
            const struct mxp_option *option = &mxp_options_table[j];
            size_t size = option->kind == MXP_OPTION_NUMBER || option->kind == MXP_OPTION_TIME ||
                                  option->kind == MXP_OPTION_CHOICE
                              ? 4
                          : option->kind == MXP_OPTION_PORT ? 2
                          : option->kind == MXP_OPTION_FLAG || option->kind == MXP_OPTION_SWITCH
                              ? 1
                              : 8;
            if (option->offset &&
                memcmp((char *)&a + option->offset, (char *)&b + option->offset, size) != 0)
                fail_msg("%s is not the same", option->key);
        }
        assert_memory_equal(&a.default_budget, &b.default_budget, sizeof a.default_budget);
        assert_int_equal(a.n_providers, b.n_providers);
        assert_int_equal(a.n_resolvers, 0);
        assert_int_equal(a.n_identities, 1);
        assert_string_equal(a.identities[0].ehlo_name, b.identities[0].ehlo_name);
        mxp_options_free(&a);
        mxp_options_free(&b);
    }
    mxp_buf_free(&text);
}

/* The examples in comments are true, too. */
static void test_config_examples(void **state)
{
    (void)state;
    struct mxp_buf text, examples;
    mxp_buf_init(&text, MXP_HELP_CAP);
    mxp_buf_init(&examples, MXP_HELP_CAP);
    must(mxp_help_config(&text));
    for (const char *line = text.ptr; *line;) {
        size_t len = strcspn(line, "\n") + 1;
        if (strncmp(line, "#   ", 4) == 0)
            must(mxp_buf_add(&examples, line + 4, len - 4));
        line += len;
    }
    struct mxp_options o;
    util_must(examples.ptr, (const char *const[]){"bulk", "--config", "@", NULL}, &o);
    assert_int_equal(o.n_identities, 2);
    mxp_options_free(&o);
    mxp_buf_free(&text);
    mxp_buf_free(&examples);
}

static void test_config_has_every_key(void **state)
{
    (void)state;
    struct mxp_buf text;
    mxp_buf_init(&text, MXP_HELP_CAP);
    must(mxp_help_config(&text));
    for (size_t i = 0; i < mxp_options_n; i++) {
        const char *key = mxp_options_table[i].key;
        const char *dot = key ? strchr(key, '.') : NULL;
        char line[80];
        if (!key)
            continue;
        (void)snprintf(line, sizeof line, "\n%s%s: ", dot ? "  " : "", dot ? dot + 1 : key);
        if (!strstr(text.ptr, line))
            fail_msg("no %s", key);
    }
    mxp_buf_free(&text);
}

/* No text is wider than a terminal, but for examples that are to be copied. */
static void columns(const char *text)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        if ((len > 80 && *line != '#') || (len && line[len - 1] == ' '))
            fail_msg("%zu columns: %.*s", len, (int)len, line);
        line += len + (line[len] == '\n');
    }
}

static void test_commands(void **state)
{
    (void)state;
    for (size_t command = 0; command < MXP_N_COMMANDS; command++) {
        struct mxp_buf text;
        mxp_buf_init(&text, MXP_HELP_CAP);
        must(mxp_help_command(command, &text));
        for (size_t i = 0; i < mxp_options_n; i++) {
            const struct mxp_option *option = &mxp_options_table[i];
            char word[40];
            if (!option->name)
                continue;
            (void)snprintf(word, sizeof word, "--%s", option->name);
            bool takes = (option->commands & (1u << command)) != 0;
            /* in a line of its own; texts may name other options */
            (void)snprintf(word, sizeof word, "    --%s", option->name);
            if (option->letter)
                (void)snprintf(word, sizeof word, "-%c, --%s", option->letter, option->name);
            if (takes != has_word(text.ptr, word))
                fail_msg("%s %s", mxp_commands[command].name, word);
        }
        if (!strstr(text.ptr, "\nExit codes\n  0 "))
            fail_msg("%s: success has no exit code", mxp_commands[command].name);
        columns(text.ptr);
        mxp_buf_free(&text);
    }
}

static void test_man_and_completions(void **state)
{
    (void)state;
    struct mxp_buf man, bash, zsh;
    mxp_buf_init(&man, MXP_HELP_CAP);
    mxp_buf_init(&bash, MXP_HELP_CAP);
    mxp_buf_init(&zsh, MXP_HELP_CAP);
    must(mxp_help_man_options(&man));
    must(mxp_help_man_config(&man));
    must(mxp_help_bash(&bash));
    must(mxp_help_zsh(&zsh));
    for (size_t i = 0; i < mxp_options_n; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        struct mxp_buf name;
        mxp_buf_init(&name, 200);
        const char *source = option->name ? option->name : option->key;
        must(mxp_buf_add_str(&name, option->name ? "\\-\\-" : "\\fB"));
        for (const char *p = source; *p; p++)
            must(*p == '-' ? mxp_buf_add_str(&name, "\\-") : mxp_buf_add_char(&name, *p));
        if (!strstr(man.ptr, name.ptr))
            fail_msg("the man page has no %s", name.ptr);
        mxp_buf_clear(&name);
        must(mxp_buf_printf(&name, "--%s", source));
        if (option->name && !has_word(bash.ptr, name.ptr))
            fail_msg("bash completion has no %s", name.ptr);
        if (option->name && !has_word(zsh.ptr, name.ptr))
            fail_msg("zsh completion has no %s", name.ptr);
        mxp_buf_free(&name);
    }
    for (size_t i = 0; i < MXP_N_COMMANDS; i++) {
        assert_true(has_word(bash.ptr, mxp_commands[i].name) != mxp_commands[i].planned);
        assert_true(has_word(zsh.ptr, mxp_commands[i].name) != mxp_commands[i].planned);
    }
    mxp_buf_free(&man);
    mxp_buf_free(&bash);
    mxp_buf_free(&zsh);
}

/* The caller's to free. */
static char *printed(const char *topic, int want, struct mxp_why *why)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    *why = (struct mxp_why){0};
    assert_non_null(out);
    assert_int_equal(mxp_help_print(topic, out, why), want);
    (void)fclose(out);
    return text;
}

static void test_topics(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        int err;
        const char *words;
    } cases[] = {
        {NULL, 0, "mxprobe check ADDRESS...|mxprobe bulk|mxprobe help config"},
        {"check", 0, "mxprobe check ADDRESS...|0 all valid|--ehlo NAME"},
        {"bulk", 0, "0 the list is finished|-o, --output FILE"},
        {"explain", 0, "--batch"},
        {"bounces", 0, "not built yet"},
        {"config", 0, "port: 25|retry_for: null|30m in bulk"},
        {"bulc", MXP_EUSAGE, "bulc|did you mean bulk"},
        {"confg", MXP_EUSAGE, "did you mean config"},
        {"xyzzy", MXP_EUSAGE, "xyzzy|mxprobe help"},
        {"", MXP_EUSAGE, "no help about ''"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why;
        char *text = printed(cases[i].topic, cases[i].err, &why);
        columns(text);
        util_words(text, cases[i].err ? why.text : text, cases[i].words);
        if (!cases[i].topic && strstr(text, "bounces"))
            fail_msg("a command that is not there yet is listed:\n%s", text);
        if (cases[i].err)
            assert_string_equal(text, "");
        free(text);
    }
}

static void test_full_disk(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    assert_int_equal(mxp_help_print(NULL, full, &why), MXP_EIO);
    assert_int_equal(mxp_help_version(full, &why), MXP_EIO);
    util_words("", why.text, "standard output|space");
    (void)fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_round_trip),
        cmocka_unit_test(test_config_examples),
        cmocka_unit_test(test_config_has_every_key),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_man_and_completions),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
