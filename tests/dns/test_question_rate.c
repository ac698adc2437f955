#include "dns/question_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Whatever is taken as fast as it goes: never more than n in any per_ms, and no less than
 * 19 of 20 in the long run. */
static void test_any_window(void **state)
{
    (void)state;
    static const struct mxp_question_rate rates[] = {
        {1, 1000},       {2, 1000},   {3, 10},       {7, 1000},     {500, 1000},
        {1000, 1000},    {1500, 100}, {60, 60000},   {3000, 60000}, {1, 1},
        {1000000, 1000}, {100, 1},    {1, 86400000},
    };
    static uint64_t taken_ms[3100000];
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct mxp_question_rate rate = rates[i];
        struct mxp_question_gate gate;
        uint64_t now = 12345, start = now, end = now + 3ull * rate.per_ms;
        size_t n = 0, from = 0;
        mxp_question_gate_init(&gate, rate, now);
        while (now < end && n < sizeof taken_ms / sizeof *taken_ms) {
            uint64_t wait_ms = mxp_question_gate_take(&gate, now);
            now += wait_ms;
            if (wait_ms)
                continue;
            taken_ms[n] = now;
            while (taken_ms[n] - taken_ms[from] >= rate.per_ms)
                from++;
            if (n - from + 1 > rate.n)
                fail_msg("%u/%u ms: %zu at %u ms", rate.n, rate.per_ms, n - from + 1,
                         (unsigned)(now - start));
            n++;
        }
        if (now >= end && rate.per_ms >= 100)
            assert_true(n >= (size_t)(3.0 * rate.n * 0.94));
    }
}

static void test_wait_is_exact(void **state)
{
    (void)state;
    static const struct mxp_question_rate rates[] = {{1, 1000}, {7, 1000}, {3, 10}, {500, 1000}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct mxp_question_gate gate;
        mxp_question_gate_init(&gate, rates[i], 0);
        while (mxp_question_gate_take(&gate, 0) == 0) {
        }
        uint64_t wait_ms = mxp_question_gate_take(&gate, 0);
        assert_true(wait_ms > 0);
        if (wait_ms > 1)
            assert_int_equal(mxp_question_gate_take(&gate, wait_ms - 1), 1);
        assert_int_equal(mxp_question_gate_take(&gate, wait_ms), 0);
    }
}

static void test_pauses(void **state)
{
    (void)state;
    struct mxp_question_gate gate;
    mxp_question_gate_init(&gate, (struct mxp_question_rate){1000, 1000}, 0);
    for (uint64_t day = 0; day < 3; day++) {
        uint64_t now = day * 86400000 * 1000;
        int n = 0;
        while (mxp_question_gate_take(&gate, now) == 0)
            n++;
        assert_int_equal(n, 50);
    }
    mxp_question_gate_init(&gate, (struct mxp_question_rate){0, 0}, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(mxp_question_gate_take(&gate, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_window),
        cmocka_unit_test(test_wait_is_exact),
        cmocka_unit_test(test_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
