/* The count of the last minute: windows, gaps, taking back, overflow. */
#include "ratelimit/trail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define YEAR_MS (365ull * 86400000)

struct move {
    uint64_t at_ms;
    int n; /* added; below 0: taken back; 0: nothing */
    uint32_t sum;
};

static void test_moves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct move moves[8];
    } cases[] = {
        {"an empty one", {{0, 0, 0}}},
        {"the clock at 0", {{0, 3, 3}, {1, 2, 5}, {59999, 0, 5}, {60000, 0, 5}, {62500, 0, 0}}},
        {"one slot after the other",
         {{100000, 1, 1},
          {102500, 1, 2},
          {105000, 1, 3},
          {162499, 0, 3},
          {162500, 0, 2},
          {165000, 0, 1},
          {167500, 0, 0}}},
        {"taken back from the newest",
         {{100000, 4, 4}, {110000, 3, 7}, {110100, -2, 5}, {162500, 0, 1}, {172500, 0, 0}}},
        {"taken back over slots",
         {{100000, 4, 4}, {110000, 3, 7}, {110100, -5, 2}, {162500, 0, 0}}},
        {"more taken back than there is", {{100000, 4, 4}, {110000, -9, 0}, {120000, 2, 2}}},
        {"taken back at the clock's start",
         {{0, 4, 4}, {2500, 1, 5}, {5000, -2, 3}, {5001, -9, 0}}},
        {"taken back too late", {{100000, 4, 4}, {170000, -4, 0}, {170001, 1, 1}}},
        {"a gap of exactly the ring", {{100000, 9, 9}, {162500, 1, 1}, {225000, 0, 0}}},
        {"a gap of years", {{100000, 9, 9}, {YEAR_MS * 50, 1, 1}, {YEAR_MS * 300, 2, 2}}},
        {"all that fits", {{100000, 65535, 65535}, {100001, 5, 65535}, {102500, 65535, 131070}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_trail trail = {0};
        for (size_t j = 0; j < 8; j++) {
            const struct move *move = &cases[i].moves[j];
            if (j && !move->at_ms)
                break;
            if (move->n > 0)
                mxp_trail_add(&trail, (uint32_t)move->n, move->at_ms);
            else if (move->n < 0)
                mxp_trail_drop(&trail, (uint32_t)-move->n, move->at_ms);
            uint32_t sum = mxp_trail_sum(&trail, move->at_ms);
            if (sum != move->sum)
                fail_msg("%s: at %llu ms %u, not %u", cases[i].name,
                         (unsigned long long)move->at_ms, sum, move->sum);
        }
    }
}

/* An event counts for a minute at least, wherever in its slot it falls, and 2.5 s more at most. */
static void test_window(void **state)
{
    (void)state;
    for (uint64_t at = 1000000; at < 1002500; at += 7) {
        struct mxp_trail trail = {0};
        mxp_trail_add(&trail, 1, at);
        for (uint64_t later = at; later < at + 65000; later += 100) {
            uint32_t sum = mxp_trail_sum(&trail, later);
            if ((later <= at + 60000 && sum != 1) || (later >= at + 62500 && sum != 0))
                fail_msg("added at %llu, at %llu: %u", (unsigned long long)at,
                         (unsigned long long)later, sum);
        }
    }
}

/* Longer slots, a longer time. */
static void test_hour(void **state)
{
    (void)state;
    struct mxp_trail trail = {.slot_ms = 150000};
    const uint64_t start = 3000000;
    mxp_trail_add(&trail, 7, start);
    mxp_trail_add(&trail, 2, start + 149999);
    mxp_trail_add(&trail, 1, start + 150000);
    assert_int_equal(mxp_trail_sum(&trail, start + 3749999), 10);
    assert_int_equal(mxp_trail_falls_ms(&trail, 9, start + 3600000), start + 3750000);
    assert_int_equal(mxp_trail_sum(&trail, start + 3750000), 1);
    assert_int_equal(mxp_trail_sum(&trail, start + 3900000), 0);
    assert_int_equal(mxp_trail_covers_ms(&trail, start), 3600000);
    assert_int_equal(mxp_trail_covers_ms(&trail, start + 149999), 3749999);
    trail.slot_ms = 0;
    assert_int_equal(mxp_trail_covers_ms(&trail, 62499), 62499);
}

/* It falls to that at the time said, and not before. */
static void test_falls(void **state)
{
    (void)state;
    static const uint32_t adds[] = {5, 0, 1, 1, 0, 0, 12, 3, 0, 7, 2, 0, 0, 0, 4, 9};
    static const uint64_t starts[] = {0, 1, 2499, 2500, 1000000, 1001234, YEAR_MS * 20};
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        struct mxp_trail trail = {0};
        uint64_t now = starts[s];
        for (size_t i = 0; i < sizeof adds / sizeof *adds; i++, now += 1700)
            mxp_trail_add(&trail, adds[i], now);
        uint32_t sum = mxp_trail_sum(&trail, now);
        assert_int_equal(sum, 44);
        for (uint32_t most = 0; most <= sum + 1; most++) {
            uint64_t at = mxp_trail_falls_ms(&trail, most, now);
            struct mxp_trail before = trail, then = trail;
            bool fine = at >= now && mxp_trail_sum(&then, at) <= most &&
                        (at == now || mxp_trail_sum(&before, at - 1) > most);
            if (!fine)
                fail_msg("from %llu: falls to %u at %llu, now is %llu",
                         (unsigned long long)starts[s], most, (unsigned long long)at,
                         (unsigned long long)now);
        }
    }
}

/* Counts stay at their ends: a number too large must not look like a small one. */
static void test_overflow(void **state)
{
    (void)state;
    static const uint32_t adds[][2] = {
        {1, UINT32_MAX}, {UINT32_MAX, UINT32_MAX},   {65535, 1}, {65536, 0}, {0, 70000},
        {40000, 40000},  {65535, UINT32_MAX - 65534}};
    for (size_t i = 0; i < sizeof adds / sizeof *adds; i++) {
        struct mxp_trail trail = {0};
        mxp_trail_add(&trail, adds[i][0], 5000);
        mxp_trail_add(&trail, adds[i][1], 5001);
        if (mxp_trail_sum(&trail, 5002) != UINT16_MAX)
            fail_msg("%u and %u: %u", adds[i][0], adds[i][1], mxp_trail_sum(&trail, 5002));
        mxp_trail_drop(&trail, UINT32_MAX, 5003);
        assert_int_equal(mxp_trail_sum(&trail, 5003), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves), cmocka_unit_test(test_window),   cmocka_unit_test(test_hour),
        cmocka_unit_test(test_falls), cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
