/* Events that come together, and a site that takes one at a time. */
#include "ratelimit/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START 1000000u

/* At 60 a minute. */
static void test_together(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        uint64_t after_ms;
        bool hurts;
        bool needed;
    } steps[] = {
        {1, 5000, true, false}, /* alone: no matter of spacing */
        {2, 5000, true, false}, /* once */
        {1, 5000, true, false}, /* .. and not twice in a row */
        {1, 50, true, false},   /* right behind the last one */
        {0, 50, false, false},  {2, 5000, false, false},
        {1, 900, true, false},                       /* a second apart is what the level has */
        {2, 5000, true, false}, {1, 99, true, true}, /* twice in a row */
        {1, 5000, true, true},  {1, 5000, true, true},
    };
    struct mxp_spacing spacing = {0};
    uint64_t now = START;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        now += steps[i].after_ms;
        mxp_spacing_take(&spacing, steps[i].n, 60, now);
        if (steps[i].hurts)
            mxp_spacing_hurt(&spacing);
        if (spacing.needed != steps[i].needed)
            fail_msg("step %zu: %sneeded", i, spacing.needed ? "" : "not ");
    }
}

/* A minute of use, two together that hurt, and a probe that is fine. */
static void hurt(struct mxp_pace *pace, uint64_t *now)
{
    uint64_t until;
    for (int i = 0; i < 30; i++) {
        *now += 2000;
        mxp_pace_take(pace, 1, *now);
    }
    mxp_pace_take(pace, 2, *now);
    assert_true(mxp_pace_throttled(pace, *now, 0, *now));
    *now += 20000;
    assert_int_equal(mxp_pace_allows(pace, 9, 1, *now, &until), 1);
    mxp_pace_take(pace, 1, *now);
    mxp_pace_answered(pace, *now, *now + 100);
    *now += 60000;
}

static void test_pace(void **state)
{
    struct mxp_pace pace;
    uint64_t now = START, until;
    (void)state;
    mxp_pace_init(&pace, (struct mxp_rate){60, 60000}, 0, now);
    hurt(&pace, &now);
    assert_int_equal(mxp_pace_allows(&pace, 9, 1, now, &until), 2);
    hurt(&pace, &now);
    assert_int_equal(mxp_pace_allows(&pace, 9, 1, now, &until), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_together),
                                       cmocka_unit_test(test_pace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
