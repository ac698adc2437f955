#include "probe/report/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct mxp_counters *c, unsigned times, enum mxp_verdict verdict,
                enum mxp_reason reason, const char *provider)
{
    struct mxp_result r = {
        .verdict = verdict, .reason = reason, .provider = provider, .code = 250, .tls = "TLSv1.3"};
    while (times--)
        assert_int_equal(mxp_counters_add(c, &r), 0);
}

/* The caller's to free. */
static char *printed(const struct mxp_summary *summary)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(mxp_summary_print(summary, out), 0);
    (void)fclose(out);
    return text;
}

static void expect(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("no '%s' in:\n%s", words, text);
}

static void expect_not(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("'%s' in:\n%s", words, text);
}

static void test_all_parts(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    const char *const learned[] = {"google: 3 connections at once", "evil\x1b[2J\r\nprovider"};
    add(&c, 900, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, "google");
    add(&c, 15, MXP_VERDICT_INVALID, MXP_REASON_MAILBOX_NOT_FOUND, "google");
    add(&c, 5, MXP_VERDICT_INVALID, MXP_REASON_DOMAIN_NOT_FOUND, NULL);
    add(&c, 80, MXP_VERDICT_UNKNOWN, MXP_REASON_RATE_LIMITED, "yahoo");
    struct mxp_summary s = {.counters = &c,
                            .duration_ms = 125000,
                            .n_sessions = 50,
                            .n_rcpts = 1000,
                            .n_duplicates = 7,
                            .learned = learned,
                            .n_learned = 2};
    char *text = printed(&s);
    expect(text, "Finished: 1000 lines answered\n");
    expect(text, "  valid                             900   90.0 %\n");
    expect(text, "    mailbox_not_found                15    1.5 %\n");
    expect(text, "    rate_limited                     80    8.0 %\n");
    expect(text, "google                                          915        900         15"
                 "          0          0\n");
    expect(text, "yahoo                                            80          0          0"
                 "         80         80\n");
    expect(text, "(none)");
    expect(text, "at least 2.00 % (what is invalid), at most 10.00 %");
    expect(text, "about 2.17 % if the unknown are like the 920 judged");
    expect(text, "above         0.5 %");
    expect(text, "above           1 %");
    expect(text, "likely above    2 %"); /* exactly 2 % is not above it */
    expect(text, "perhaps above   5 %");
    expect(text, "2 min 5 s, 8.0 lines a second, 50 sessions, 1000 recipients asked (20.0 a "
                 "session), 7 duplicate lines, 100.0 % of replies under TLS\n");
    expect_not(text, "simulated");
    expect(text, "google: 3 connections at once\n");
    expect(text, "evil\\x1B[2J\\x0D\\x0Aprovider\n");
    expect_not(text, "\x1b");
    /* the reasons of a verdict stand under it, the greatest first */
    assert_true(strstr(text, "mailbox_not_found") < strstr(text, "domain_not_found"));
    free(text);
    s.clock_speed = 100;
    text = printed(&s);
    expect(text, "2 min 5 s of simulated time (--clock-speed 100), 8.0 lines a second, 50 ");
    free(text);
    mxp_counters_free(&c);
}

static void test_empty_and_unfinished(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    struct mxp_summary s = {.counters = &c};
    char *text = printed(&s);
    expect(text, "Finished: 0 lines answered\n");
    expect_not(text, "nan");
    expect_not(text, "inf");
    expect_not(text, "bounces");
    free(text);
    add(&c, 1, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, "x");
    s.unfinished = true;
    s.n_left = 41;
    text = printed(&s);
    expect(text, "Unfinished: 1 line answered, 41 not\n");
    free(text);
    s.n_before = 7;
    text = printed(&s);
    expect(text, "1 line answered, 41 not; 7 more by an earlier run, not counted here\n");
    expect(text, "not above     0.5 %");
    expect_not(text, "about ");
    free(text);
    mxp_counters_free(&c);
}

static void test_all_unknown(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    struct mxp_summary s = {.counters = &c, .duration_ms = 1};
    add(&c, 10, MXP_VERDICT_UNKNOWN, MXP_REASON_TIMEOUT, "x");
    char *text = printed(&s);
    expect(text, "at least 0.00 % (what is invalid), at most 100.00 %");
    expect_not(text, "about ");
    expect(text, "perhaps above");
    expect_not(text, "likely above"); /* nothing was judged: no guess */
    free(text);
    mxp_counters_free(&c);
}

static void test_many_providers(void **state)
{
    (void)state;
    for (int n = MXP_SUMMARY_PROVIDERS - 1; n <= MXP_SUMMARY_PROVIDERS + 3; n++) {
        struct mxp_counters c = {0};
        struct mxp_summary s = {.counters = &c};
        char name[80];
        for (int i = 0; i < n; i++) {
            (void)snprintf(name, sizeof name, "provider%02d-%060d", i, 0);
            add(&c, (unsigned)(n - i), MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, name);
        }
        char *text = printed(&s);
        (void)snprintf(name, sizeof name, "%d more", n - MXP_SUMMARY_PROVIDERS);
        if (n > MXP_SUMMARY_PROVIDERS + 1)
            expect(text, name); /* one more is shown as itself */
        else
            expect_not(text, " more     ");
        free(text);
        mxp_counters_free(&c);
    }
}

static void test_write_error(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    struct mxp_summary s = {.counters = &c};
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    assert_int_equal(mxp_summary_print(&s, full), MXP_EIO);
    (void)fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_parts),   cmocka_unit_test(test_empty_and_unfinished),
        cmocka_unit_test(test_all_unknown), cmocka_unit_test(test_many_providers),
        cmocka_unit_test(test_write_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
