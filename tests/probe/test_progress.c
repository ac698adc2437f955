#include "probe/report/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct screen {
    struct mxp_progress progress;
    FILE *out;
    char *text;
    size_t len, read;
    struct mxp_counters counters;
    struct mxp_progress_view view;
};

static void open_screen(struct screen *s, enum mxp_progress_mode mode, unsigned columns)
{
    *s = (struct screen){0};
    s->out = open_memstream(&s->text, &s->len);
    assert_non_null(s->out);
    mxp_progress_init(&s->progress, mode, columns, s->out);
    s->view.counters = &s->counters;
    s->view.next_retry_ms = UINT64_MAX;
}

static void close_screen(struct screen *s)
{
    (void)fclose(s->out);
    free(s->text);
}

/* What was written since the last call; valid until the next. */
static const char *fresh(struct screen *s)
{
    (void)fflush(s->out);
    const char *text = s->text + s->read;
    s->read = s->len;
    return text;
}

static const char *show(struct screen *s, uint64_t n_done, uint64_t now_ms)
{
    s->view.n_done = n_done;
    mxp_progress_show(&s->progress, &s->view, now_ms, false);
    return fresh(s);
}

static void expect(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("no '%s' in '%s'", words, text);
}

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        bool quiet, progress, terminal;
        enum mxp_progress_mode mode;
    } cases[] = {
        {false, false, true, MXP_PROGRESS_TERMINAL}, {false, false, false, MXP_PROGRESS_OFF},
        {false, true, false, MXP_PROGRESS_LINES},    {false, true, true, MXP_PROGRESS_LINES},
        {true, true, true, MXP_PROGRESS_OFF},        {true, false, true, MXP_PROGRESS_OFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options options = {.quiet = cases[i].quiet, .progress = cases[i].progress};
        assert_int_equal(mxp_progress_choose(&options, cases[i].terminal), cases[i].mode);
    }
}

static void test_lines(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    s.view.n_total = 10000;
    s.view.n_sessions = 12;
    s.counters.verdicts[MXP_VERDICT_VALID] = 3;
    s.counters.verdicts[MXP_VERDICT_INVALID] = 2;
    s.counters.verdicts[MXP_VERDICT_UNKNOWN] = 1;
    assert_string_equal(show(&s, 0, 1000), "mxprobe: 0/10000 (0.0%), valid 3 invalid 2 unknown 1, "
                                           "12 sessions\n");
    assert_string_equal(show(&s, 500, 5000), ""); /* not yet */
    assert_string_equal(show(&s, 1000, 11000),
                        "mxprobe: 1000/10000 (10.0%), 100/s, valid 3 invalid 2 unknown 1, 12 "
                        "sessions, ETA 1 min 30 s\n");
    s.view.n_done = 1001;
    mxp_progress_show(&s.progress, &s.view, 11001, true); /* the last one always */
    expect(fresh(&s), "1001/10000");
    mxp_progress_clear(&s.progress); /* nothing to clear */
    assert_string_equal(fresh(&s), "");
    close_screen(&s);
}

static void test_totals(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    expect(show(&s, 5, 0), "mxprobe: 5, valid");
    s.view.n_total = 20;
    s.view.total_is_guess = true;
    expect(show(&s, 5, 20000), "5/~20 (25.0%)");
    s.view.n_total = 4; /* a wrong guess is not shown */
    expect(show(&s, 5, 40000), "mxprobe: 5, ");
    close_screen(&s);
}

/* Nothing done is no rate, however long it takes; after that it may well be none. */
static void test_no_rate_yet(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    expect(show(&s, 0, 0), "mxprobe: 0, valid");
    expect(show(&s, 0, 20000), "mxprobe: 0, valid");
    expect(show(&s, 5, 40000), "mxprobe: 5, 0.2/s, valid");
    (void)show(&s, 5, 60000);
    (void)show(&s, 5, 80000);
    expect(show(&s, 5, 100000), "mxprobe: 5, 0.0/s, valid");
    close_screen(&s);
}

static void test_retries(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    s.view.n_total = 100;
    (void)show(&s, 0, 0);
    s.view.n_retries = 50;
    s.view.n_sessions = 3;
    s.view.next_retry_ms = 310000;
    const char *text = show(&s, 40, 10000);
    expect(text, "ETA 2.5 s, 50 retries later"); /* the 10 that do not wait, at 4 a second */
    s.view.n_sessions = 0;
    text = show(&s, 50, 20000);
    expect(text, "0 sessions, waiting for 50 retries, next in 4 min 50 s");
    assert_null(strstr(text, "ETA"));
    s.view.next_retry_ms = UINT64_MAX;
    text = show(&s, 50, 30000);
    expect(text, "waiting for 50 retries\n");
    s.view.paused = true;
    expect(show(&s, 50, 40000), "paused: the network is away");
    /* no retries, and yet nothing goes on */
    s.view.n_retries = 0;
    s.view.paused = false;
    s.view.next_retry_ms = 150000;
    text = show(&s, 51, 50000); /* it does: in DNS */
    assert_null(strstr(text, "waiting"));
    (void)show(&s, 51, 85000);
    expect(show(&s, 51, 95000), ", waiting for limits, next in 55.0 s\n");
    text = show(&s, 100, 110000);
    assert_null(strstr(text, "waiting"));
    close_screen(&s);
}

static void test_terminal(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_TERMINAL, 20);
    assert_string_equal(show(&s, 1, 0), "\r1, valid 0 invalid \033[K"); /* 19 of 20 columns */
    assert_string_equal(show(&s, 2, 100), "");
    assert_true(s.progress.shown);
    mxp_progress_clear(&s.progress);
    assert_string_equal(fresh(&s), "\r\033[K");
    assert_false(s.progress.shown);
    expect(show(&s, 3, 101), "\r3, "); /* comes back at once after a message */
    close_screen(&s);
}

static void test_off(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_OFF, 0);
    assert_string_equal(show(&s, 1, 0), "");
    mxp_progress_show(&s.progress, &s.view, 1, true);
    mxp_progress_clear(&s.progress);
    assert_string_equal(fresh(&s), "");
    close_screen(&s);
}

/* The rate is that of the last half minute, not of the whole run. */
static void test_rate_forgets(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    uint64_t n = 0;
    for (uint64_t t = 0; t <= 60000; t += 250, n += 250)
        (void)show(&s, n, t);
    for (uint64_t t = 60000; t <= 160000; t += 250, n += 5)
        (void)show(&s, n, t);
    s.view.n_done = n;
    mxp_progress_show(&s.progress, &s.view, 160000, true);
    expect(fresh(&s), ", 20/s,");
    assert_true(s.progress.n_samples <= MXP_PROGRESS_SAMPLES);
    close_screen(&s);
}

/* A clock that stands still, a count that goes back, no end in sight. */
static void test_odd_input(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s, MXP_PROGRESS_LINES, 0);
    s.view.n_total = UINT64_MAX;
    expect(show(&s, 10, 0), "(0.0%), valid");
    mxp_progress_show(&s.progress, &s.view, 0, true);
    expect(fresh(&s), "(0.0%), valid");
    const char *text = show(&s, 5, 10000);
    expect(text, "(0.0%), valid");
    text = show(&s, 50, 20000);
    assert_null(strstr(text, "ETA")); /* years are no answer */
    close_screen(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),    cmocka_unit_test(test_lines),
        cmocka_unit_test(test_totals),    cmocka_unit_test(test_no_rate_yet),
        cmocka_unit_test(test_retries),   cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_off),       cmocka_unit_test(test_rate_forgets),
        cmocka_unit_test(test_odd_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
