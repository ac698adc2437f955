#include "probe/report/counters.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct mxp_counters *c, enum mxp_verdict verdict, enum mxp_reason reason,
                const char *provider)
{
    struct mxp_result r = {.verdict = verdict,
                           .reason = reason,
                           .action = mxp_reason_action(reason),
                           .provider = provider,
                           .catch_all = MXP_TRI_UNKNOWN,
                           .attempts = 2};
    assert_int_equal(mxp_counters_add(c, &r), 0);
}

static void test_adds(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    add(&c, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, "google");
    add(&c, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, "google");
    add(&c, MXP_VERDICT_INVALID, MXP_REASON_MAILBOX_NOT_FOUND, "yahoo");
    add(&c, MXP_VERDICT_UNKNOWN, MXP_REASON_IP_BLOCKLISTED, "google");
    add(&c, MXP_VERDICT_UNKNOWN, MXP_REASON_TIMEOUT, "example.org");
    add(&c, MXP_VERDICT_INVALID, MXP_REASON_BAD_SYNTAX, NULL);
    add(&c, MXP_VERDICT_INVALID, MXP_REASON_BAD_SYNTAX, "");
    struct mxp_result r = {.verdict = MXP_VERDICT_UNKNOWN,
                           .reason = MXP_REASON_CATCH_ALL,
                           .action = MXP_ACTION_REVIEW,
                           .provider = "yahoo",
                           .code = 250,
                           .tls = "TLSv1.3",
                           .attempts = 1,
                           .catch_all = MXP_TRI_YES};
    assert_int_equal(mxp_counters_add(&c, &r), 0);

    assert_int_equal(c.n, 8);
    assert_int_equal(c.verdicts[MXP_VERDICT_VALID], 2);
    assert_int_equal(c.verdicts[MXP_VERDICT_INVALID], 3);
    assert_int_equal(c.verdicts[MXP_VERDICT_UNKNOWN], 3);
    assert_int_equal(c.reasons[MXP_REASON_BAD_SYNTAX][MXP_VERDICT_INVALID], 2);
    assert_int_equal(c.reasons[MXP_REASON_BAD_SYNTAX][MXP_VERDICT_UNKNOWN], 0);
    assert_int_equal(c.actions[MXP_ACTION_KEEP], 2);
    assert_int_equal(c.actions[MXP_ACTION_REMOVE], 3);
    assert_int_equal(c.groups[0], 6);
    assert_int_equal(c.groups[1], 1);
    assert_int_equal(c.groups[2], 1);
    assert_int_equal(c.attempts, 15);
    assert_int_equal(c.asked, 1);
    assert_int_equal(c.with_tls, 1);
    assert_int_equal(c.catch_all_yes, 1);

    size_t n = 0;
    const struct mxp_provider_counts **rows = mxp_counters_providers(&c, &n);
    static const struct {
        const char *name;
        uint64_t n, valid, invalid, unknown, about_us;
    } want[] = {{"google", 3, 2, 0, 1, 1},
                {"(none)", 2, 0, 2, 0, 0},
                {"yahoo", 2, 0, 1, 1, 0},
                {"example.org", 1, 0, 0, 1, 0}};
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(rows[i]->name, want[i].name);
        assert_int_equal(rows[i]->n, want[i].n);
        assert_int_equal(rows[i]->verdicts[MXP_VERDICT_VALID], want[i].valid);
        assert_int_equal(rows[i]->verdicts[MXP_VERDICT_INVALID], want[i].invalid);
        assert_int_equal(rows[i]->verdicts[MXP_VERDICT_UNKNOWN], want[i].unknown);
        assert_int_equal(rows[i]->about_us, want[i].about_us);
    }
    free(rows);
    mxp_counters_free(&c);
    assert_int_equal(c.n, 0);
    mxp_counters_free(&c); /* again */
}

static void test_empty(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    struct mxp_bounce b;
    size_t n = 7;
    assert_null(mxp_counters_providers(&c, &n));
    assert_int_equal(n, 0);
    mxp_counters_bounce(&c, &b);
    assert_true(b.least == 0 && b.likely == 0 && b.most == 0 && b.judged == 0);
    mxp_counters_free(&c);
}

/* A list of vanity domains does not grow the table for ever, and nothing is lost. */
static void test_bounded(void **state)
{
    (void)state;
    struct mxp_counters c = {0};
    char name[32];
    uint64_t total = 0, extra = 0;
    for (int i = 0; i < MXP_COUNTERS_PROVIDERS + 500; i++) {
        (void)snprintf(name, sizeof name, "p%d.example", i);
        add(&c, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, name);
    }
    add(&c, MXP_VERDICT_INVALID, MXP_REASON_MAILBOX_NOT_FOUND, "p0.example"); /* still its own */
    size_t n = 0;
    const struct mxp_provider_counts **rows = mxp_counters_providers(&c, &n);
    assert_int_equal(n, MXP_COUNTERS_PROVIDERS + 1);
    assert_string_equal(rows[0]->name, "(others)");
    assert_string_equal(rows[1]->name, "p0.example");
    assert_int_equal(rows[1]->n, 2);
    for (size_t i = 0; i < n; i++) {
        total += rows[i]->n;
        extra += strcmp(rows[i]->name, "(others)") == 0 ? rows[i]->n : 0;
    }
    assert_int_equal(total, c.n);
    assert_int_equal(extra, 500);
    free(rows);
    mxp_counters_free(&c);
}

static void test_bounce(void **state)
{
    (void)state;
    static const struct {
        unsigned valid, invalid, unknown;
        double least, likely, most;
    } cases[] = {
        {100, 0, 0, 0, 0, 0},         {0, 10, 0, 1, 1, 1}, {90, 10, 0, 0.1, 0.1, 0.1},
        {45, 5, 50, 0.05, 0.1, 0.55}, {0, 0, 10, 0, 1, 1}, /* nothing judged: nothing known but the
                                                              bounds */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_counters c = {0};
        struct mxp_bounce b;
        for (unsigned j = 0; j < cases[i].valid; j++)
            add(&c, MXP_VERDICT_VALID, MXP_REASON_ACCEPTED, "p");
        for (unsigned j = 0; j < cases[i].invalid; j++)
            add(&c, MXP_VERDICT_INVALID, MXP_REASON_MAILBOX_NOT_FOUND, "p");
        for (unsigned j = 0; j < cases[i].unknown; j++)
            add(&c, MXP_VERDICT_UNKNOWN, MXP_REASON_GREYLISTED, "p");
        mxp_counters_bounce(&c, &b);
        if (fabs(b.least - cases[i].least) > 1e-9 || fabs(b.likely - cases[i].likely) > 1e-9 ||
            fabs(b.most - cases[i].most) > 1e-9)
            fail_msg("case %zu: %f %f %f", i, b.least, b.likely, b.most);
        mxp_counters_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_bounce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
