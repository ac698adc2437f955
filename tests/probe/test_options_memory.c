/*
 * Memory that runs out at every allocation in turn: an error that says so, nothing lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "options_util.h"
#include "probe/report/counters.h"
#include "probe/options/help.h"
#include "probe/report/summary.h"

/* Large enough for several blocks of the arenas; the caller's to free. */
static char *big_config(void)
{
    size_t size = 400000, len = 0;
    char *text = malloc(size);
    assert_non_null(text);
    len += (size_t)snprintf(text, size, "resolver:\n");
    for (unsigned i = 0; i < 2000; i++)
        len += (size_t)snprintf(text + len, size - len, "  - 192.0.%u.%u:53\n", i >> 8, i & 255);
    len += (size_t)snprintf(text + len, size - len, "identities:\n");
    for (unsigned i = 0; i < 900; i++)
        len += (size_t)snprintf(
            text + len, size - len,
            "  - {source: 192.1.%u.%u, ehlo: a%u.example, mail_from: p@a.example}\n", i >> 8,
            i & 255, i);
    len += (size_t)snprintf(text + len, size - len, "providers:\n");
    for (unsigned i = 0; i < 900; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "  - {name: p%u, mx: [a%u.example, b.example], connections: 1}\n",
                                i, i);
    assert_true(len < size);
    return text;
}

static void test_parse(void **state)
{
    (void)state;
    static const char *const args[] = {"bulk", "list", "--config", "@", "--exclude", "x", NULL};
    char *config = big_config();
    int err = MXP_ENOMEM;
    long n = 0;
    for (; err; n++) {
        struct mxp_options o;
        struct mxp_why why;
        assert_true(n < 1000);
        failing_after = n;
        err = util_parse(config, args, &o, &why);
        failing_after = -1;
        if (err && (err != MXP_ENOMEM || !why.text[0]))
            fail_msg("allocation %ld: %s '%s'", n, mxp_err_name(err), why.text);
        if (!err)
            assert_int_equal(o.n_identities, 900);
        mxp_options_free(&o);
    }
    assert_true(n > 10); /* it did fail, in many places */
    free(config);
}

static void test_texts(void **state)
{
    (void)state;
    static int (*const texts[])(struct mxp_buf *) = {mxp_help_usage,       mxp_help_config,
                                                     mxp_help_man_options, mxp_help_man_config,
                                                     mxp_help_bash,        mxp_help_zsh};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int err = MXP_ENOMEM;
        for (long n = 0; err; n++) {
            struct mxp_buf buf;
            mxp_buf_init(&buf, MXP_HELP_CAP);
            failing_after = n;
            err = texts[i](&buf);
            failing_after = -1;
            assert_true(err == 0 || err == MXP_ENOMEM);
            assert_true(n < 1000 && (n > 0 || err));
            mxp_buf_free(&buf);
        }
    }
}

static void test_counters(void **state)
{
    (void)state;
    for (long n = 0; n < 6; n++) {
        struct mxp_counters c = {0};
        struct mxp_result r = {.provider = "google"};
        failing_after = n;
        int err = mxp_counters_add(&c, &r);
        failing_after = -1;
        assert_true(err == 0 || err == MXP_ENOMEM);
        assert_true(n > 0 || err);
        assert_int_equal(c.n, 1); /* counted in any case */
        assert_int_equal(mxp_counters_add(&c, &r), 0);
        size_t rows = 0;
        const struct mxp_provider_counts **list = mxp_counters_providers(&c, &rows);
        assert_int_equal(rows, 1);
        assert_int_equal(list[0]->n, err ? 1 : 2);
        free(list);
        mxp_counters_free(&c);
    }
}

static void test_summary(void **state)
{
    (void)state;
    FILE *null = fopen("/dev/null", "w");
    struct mxp_counters c = {0};
    struct mxp_result r = {.provider = "google"};
    struct mxp_summary s = {.counters = &c};
    int err = MXP_ENOMEM;
    assert_non_null(null);
    assert_int_equal(mxp_counters_add(&c, &r), 0);
    for (long n = 0; err; n++) {
        assert_true(n < 100);
        failing_after = n;
        err = mxp_summary_print(&s, null);
        failing_after = -1;
        assert_true((err == 0 && n > 0) || err == MXP_ENOMEM);
    }
    mxp_counters_free(&c);
    (void)fclose(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
