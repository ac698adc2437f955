/* explain --batch: one line out for each line in, in order, whatever is in it; and what happens
 * when reading or writing fails. */
#include "probe/explain/explain_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "options_util.h"

static struct mxp_options options;
static struct mxp_explain explain;

static int set_up(void **state)
{
    static const char *const args[] = {"explain", "--batch", "-", NULL};
    struct mxp_why why = {0};
    (void)state;
    util_must(NULL, args, &options);
    return mxp_explain_init(&options, false, &explain, &why);
}

static int tear_down(void **state)
{
    (void)state;
    mxp_explain_free(&explain);
    mxp_options_free(&options);
    return 0;
}

/* The whole batch in memory; to be freed. */
static char *run(const char *input, size_t len, size_t *ret_len)
{
    struct mxp_why why = {0};
    char *output = NULL;
    FILE *in = fmemopen((void *)(uintptr_t)(len ? input : "x"), len ? len : 1, "r");
    FILE *out = open_memstream(&output, ret_len);
    assert_non_null(in);
    assert_non_null(out);
    if (len == 0)
        (void)fgetc(in);
    if (mxp_explain_batch(&explain, in, "in", out, &why))
        fail_msg("%s", why.text);
    (void)fclose(in);
    (void)fclose(out);
    return output;
}

static size_t count(const char *text, size_t len, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == c;
    return n;
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *expected; /* verdict reason action code enhanced provider */
    } cases[] = {
        {"rcpt\tgoogle\t550 5.1.1 no such user",
         "invalid mailbox_not_found remove 550 5.1.1 google"},
        {"rcpt\t-\t550 5.1.1 no such user", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"-\t-\t550 5.1.1 no such user", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"mail\t-\t550 5.1.1 no such user", "unknown * * 550 5.1.1 -"},
        {"greeting\t-\t554 no", "unknown * * 554 - -"},
        {"rcpt\tnobody-knows-them\t550 5.1.1 no such user",
         "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"rcpt\tGOOGLE\t550 5.1.1 no such user",
         "invalid mailbox_not_found remove 550 5.1.1 google"},
        {"rcpt\tpostfix\t550-5.1.1 a\\n550 5.1.1 no such user",
         "invalid mailbox_not_found remove 550 5.1.1 postfix"},
        {"rcpt\t-\t550 5.1.1 no such user\r", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"data\t-\t552 5.2.2 mailbox full \\\\ \\n", "unknown mailbox_full * 552 5.2.2 -"},
        {"", "unknown unclassified review - - -"},
        {"\t", "unknown unclassified review - - -"},
        {"\t\t", "unknown unclassified review - - -"},
        {"\t\t\t", "unknown unclassified review - - -"},
        {"rcpt", "unknown unclassified review - - -"},
        {"lunch\t-\t550 5.1.1 no such user", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"550 5.1.1 no such user", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"rcpt\t-\t550 5.1.1 no such user\tmore", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"rcpt\t-\t\xff\xfe\x80", "unknown unclassified review - - -"},
        {"\xff\t\xff\t550 5.1.1 no such user", "invalid mailbox_not_found remove 550 5.1.1 -"},
        {"rcpt\t-\t\\", "unknown unclassified review - - -"},
    };
    size_t n_bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[300], expected[6][40], got[6][40];
        static const char *const names[] = {"verdict", "reason",   "action",
                                            "code",    "enhanced", "provider"};
        size_t out_len;
        int n = snprintf(line, sizeof line, "%s\n", cases[i].line);
        char *out = run(line, (size_t)n, &out_len);
        assert_int_equal(count(out, out_len, '\n'), 1);
        json_t *root = json_loads(out, 0, NULL);
        assert_non_null(root);
        const char *at = cases[i].expected;
        bool good = true;
        for (int k = 0; k < 6; k++) {
            const json_t *value = json_object_get(root, names[k]);
            size_t len = strcspn(at, " ");
            (void)snprintf(expected[k], 40, "%.*s", (int)len, at);
            at += len + (at[len] == ' ');
            if (json_is_integer(value))
                (void)snprintf(got[k], 40, "%d", (int)json_integer_value(value));
            else
                (void)snprintf(got[k], 40, "%s",
                               json_is_string(value) ? json_string_value(value) : "-");
            good = good && (strcmp(expected[k], "*") == 0 || strcmp(expected[k], got[k]) == 0);
        }
        if (!good) {
            print_error("%s\n  expected %s\n  got %s", cases[i].line, cases[i].expected, out);
            n_bad++;
        }
        json_decref(root);
        free(out);
    }
    assert_int_equal(n_bad, 0);
}

static void test_octets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len, n; /* lines out */
    } cases[] = {
        {"", 0, 0},     {"\n", 1, 1},         {"\n\n\n", 3, 3},       {"a", 1, 1},
        {"a\nb", 3, 2}, {"a\r\nb\r\n", 6, 2}, {"\0\n\0\0\n\0", 6, 3}, {"r\t-\t550 \0 x\n", 12, 1},
        {"\r", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        char *out = run(cases[i].text, cases[i].len, &len);
        if (count(out, len, '\n') != cases[i].n)
            fail_msg("case %zu: %zu lines", i, count(out, len, '\n'));
        free(out);
    }
}

/* A line of any length is one line, and its beginning counts. */
static void test_long(void **state)
{
    (void)state;
    static const size_t lens[] = {
        100, 65535, 65536, 65537, 2 * 65536, 3 << 20, MXP_BATCH_LINE_MAX * 2 + 1};
    static const char begin[] = "rcpt\t-\t550 5.1.1 no such user ";
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        size_t len = lens[i], out_len;
        char *text = malloc(len + 4);
        assert_non_null(text);
        memset(text, 'x', len);
        memcpy(text, begin, strlen(begin));
        memcpy(text + len, "\na\n", 3);
        char *out = run(text, len + 3, &out_len);
        assert_int_equal(count(out, out_len, '\n'), 2);
        assert_non_null(strstr(out, "{\"verdict\":\"invalid\",\"reason\":\"mailbox_not_found\""));
        free(out);
        free(text);
    }
}

static void test_order(void **state)
{
    (void)state;
    char *text = malloc(3000 * 16), *at = text;
    size_t len;
    assert_non_null(text);
    for (unsigned i = 0; i < 3000; i++)
        at += snprintf(at, 16, "-\t-\t%u x\n", 200 + i % 400);
    char *out = run(text, (size_t)(at - text), &len);
    const char *line = out;
    for (unsigned i = 0; i < 3000; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "\"code\":%u,", 200 + i % 400);
        const char *end = strchr(line, '\n'), *found = strstr(line, code);
        assert_non_null(end);
        if (!found || found > end)
            fail_msg("line %u: no %s in %.*s", i, code, (int)(end - line), line);
        line = end + 1;
    }
    assert_int_equal(*line, '\0');
    free(out);
    free(text);
}

static void test_failures(void **state)
{
    (void)state;
    static const char lines[] = "rcpt\t-\t550 no\n";
    struct mxp_why why = {0};
    FILE *in = fmemopen((void *)(uintptr_t)lines, sizeof lines - 1, "r");
    FILE *full = fopen("/dev/full", "w");
    FILE *folder = fopen("/", "r");
    FILE *null = fopen("/dev/null", "w");
    if (!full || !folder || !null || !in)
        skip();
    assert_int_equal(mxp_explain_batch(&explain, in, "in", full, &why), MXP_EIO);
    util_words("full", why.text, "cannot write|space");
    assert_int_equal(mxp_explain_batch(&explain, folder, "here", null, &why), MXP_ENOINPUT);
    util_words("folder", why.text, "here|cannot read|directory");
    (void)fclose(in);
    (void)fclose(full);
    (void)fclose(folder);
    (void)fclose(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_octets),   cmocka_unit_test(test_long),
        cmocka_unit_test(test_order), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
