/* How a pace rises: tries and what they cost and slow answers. Virtual time. */
#include "ratelimit/pace_grow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define START 1000000u

/* What a server of a limit a minute (the last 60 s, accepted ones) says to all that is allowed. */
struct served {
    uint32_t n, n_refused;
    double level; /* at the end */
};

static struct served serve(struct mxp_pace *pace, uint32_t limit, uint64_t *now, uint64_t end_ms)
{
    struct served served = {0};
    uint64_t *times = calloc(limit, sizeof *times), until;
    assert_non_null(times);
    while (*now < end_ms) {
        if (!mxp_pace_allows(pace, 1, 1, *now, &until)) {
            *now = until;
            continue;
        }
        mxp_pace_take(pace, 1, *now);
        uint64_t *oldest = &times[served.n % limit];
        bool fine = *oldest == 0 || *now - *oldest >= 60000;
        if (fine) {
            *oldest = *now;
            served.n++;
            mxp_pace_answered(pace, *now, *now);
        } else {
            served.n_refused++;
            (void)mxp_pace_throttled(pace, *now, 0, *now);
        }
    }
    served.level = (double)pace->level;
    free(times);
    return served;
}

/* A limit that stays costs little; one that rises is found soon, at any speed: tries are paid
 * for by what was asked. */
static void test_tries(void **state)
{
    (void)state;
    static const struct {
        uint32_t limit, found_min; /* twice the limit, after so many minutes at most */
    } cases[] = {{20, 45}, {60, 20}, {150, 15}, {600, 15}, {1400, 15}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_pace pace;
        uint64_t now = START;
        uint32_t limit = cases[i].limit;
        mxp_pace_init(&pace, (struct mxp_rate){6000, 60000}, 0, now);
        struct served first = serve(&pace, limit, &now, now + 7200000);
        uint64_t found = now + cases[i].found_min * 60000ull;
        struct served then = serve(&pace, limit * 2, &now, found);
        bool polite = first.n_refused <= 6 + first.n * 0.002 + 120 / 8.0;
        if (first.n < limit * 120 * 0.9 || !polite || then.level < limit * 1.5)
            fail_msg("%u a minute: %u in two hours, %u refused; doubled, level %g", limit, first.n,
                     first.n_refused, then.level);
    }
}

/* Where answers come late, it grows slower: less is under way when the first one says no. */
static void test_late_answers(void **state)
{
    (void)state;
    struct mxp_pace pace;
    uint64_t now = START;
    mxp_pace_init(&pace, (struct mxp_rate){4800, 60000}, 0, now);
    for (int i = 0; i < 50; i++)
        mxp_pace_answered(&pace, now - 2000, now);
    (void)mxp_pace_allows(&pace, 10, 1, now, &now);
    now = START;
    pace.n_since_raise = 1000;
    uint64_t until;
    (void)mxp_pace_allows(&pace, 1, 1, START + 21000, &until);
    assert_true(pace.level == 600);
    pace.n_since_raise = 1000;
    (void)mxp_pace_allows(&pace, 1, 1, START + 23000, &until);
    assert_true(pace.level == 1200);
}

/* Where a throttle stops us for minutes, credit buys no earlier try. */
static void test_locked_out(void **state)
{
    (void)state;
    static const struct {
        uint32_t lost_ms, quiet_min;
        bool tries;
    } cases[] = {
        {0, 7, false},
        {0, 9, true}, /* 18 minutes, but for the credit */
        {240000, 700, false},
        {240000, 721, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_pace pace;
        uint64_t now = START + cases[i].quiet_min * 60000ull;
        mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 57, START);
        pace.n_confirmed = 2;
        pace.n_same = 1;
        pace.credit = 50;
        pace.lost_ms = cases[i].lost_ms;
        pace.n_since_raise = 100000;
        float level = pace.level;
        mxp_pace_grow(&pace, now);
        if ((pace.level > level) != cases[i].tries)
            fail_msg("stopped for %u ms, %u min of quiet: level %g", cases[i].lost_ms,
                     cases[i].quiet_min, (double)pace.level);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_late_answers),
        cmocka_unit_test(test_locked_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
