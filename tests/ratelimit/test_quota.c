/* An hour's quota, on virtual time: what is learned, what it leaves room for, how it rises. */
#include "ratelimit/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define START     10000000u
#define MINUTE_MS 60000u
#define HOUR_MS   3600000u

/* So many in ten minutes, and then it was refused. */
static void learned(struct mxp_quota *quota, uint32_t n, uint64_t *now)
{
    mxp_quota_init(quota, 0, START);
    for (uint32_t i = 0; i < 10; i++)
        mxp_quota_take(quota, n / 10, START + i * MINUTE_MS);
    *now = START + 10 * MINUTE_MS;
    assert_true(mxp_quota_learn(quota, *now));
}

static void test_nothing_known(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t until = 1;
    mxp_quota_init(&quota, 0, START);
    mxp_quota_take(&quota, 5000, START);
    assert_int_equal(mxp_quota_allows(&quota, 70, START, &until), 70);
    assert_int_equal(until, 1);
    assert_true(mxp_quota_slows(&quota, 33, START) == 33.0);
    assert_false(mxp_quota_hurts(&quota, false, START));
    mxp_quota_init(&quota, 0, START);
    mxp_quota_take(&quota, 19, START);
    assert_false(mxp_quota_learn(&quota, START)); /* too few to be one */
    mxp_quota_take(NULL, 500, START);
    mxp_quota_give_back(NULL, 500, START);
    mxp_quota_opened(NULL, START);
    mxp_quota_forget(NULL);
    assert_false(mxp_quota_learn(NULL, START));
    assert_false(mxp_quota_hurts(NULL, false, START));
    assert_int_equal(mxp_quota_allows(NULL, 7, START, &until), 7);
    assert_true(mxp_quota_slows(NULL, 33, START) == 33.0);
}

/* What hurt is not reached again: room comes as the hour's events leave it. */
static void test_room(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now, until = 0;
    learned(&quota, 1000, &now);
    assert_in_range((uint32_t)quota.most, 949, 951);
    assert_int_equal(mxp_quota_allows(&quota, 5, now, &until), 0);
    assert_in_range(until, START + HOUR_MS, START + HOUR_MS + 151000);
    assert_int_equal(mxp_quota_opens_ms(&quota, now), until - 1);
    now = until;
    uint32_t n = mxp_quota_allows(&quota, 1000, now, &until);
    assert_in_range(n, 50, 450); /* the first slots of two and a half minutes */
    now = START + HOUR_MS + 15 * MINUTE_MS;
    assert_int_equal(mxp_quota_allows(&quota, 9999, now, &until), (uint32_t)quota.most);
    assert_int_equal(mxp_quota_opens_ms(&quota, now), now);
}

/* In no hurry: what is left within ten minutes, and never slower than evenly. */
static void test_spread(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now;
    learned(&quota, 1200, &now);
    now += 2 * HOUR_MS;
    assert_true(mxp_quota_slows(&quota, 600, now) == (double)quota.most / 10);
    assert_true(mxp_quota_slows(&quota, 50, now) == 50.0);
    mxp_quota_take(&quota, (uint32_t)quota.most - 60, now);
    assert_true(mxp_quota_slows(&quota, 600, now) == (double)quota.most / 60);
}

/* It hurts only where it is used up; each time, more is tried later. */
static void test_hurts(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now, until;
    learned(&quota, 1000, &now);
    assert_true(mxp_quota_hurts(&quota, true, now)); /* a probe: the same trouble */
    assert_int_equal(quota.n_confirmed, 0);
    now += 2 * HOUR_MS;
    mxp_quota_take(&quota, 500, now);
    assert_false(mxp_quota_hurts(&quota, false, now)); /* half of it: another limit's */
    mxp_quota_take(&quota, 400, now);
    uint32_t n = mxp_quota_allows(&quota, 9999, now, &until);
    assert_in_range(n, 345, 355); /* a quarter above what hurt */
    mxp_quota_take(&quota, 101, now);
    assert_true(mxp_quota_hurts(&quota, false, now));
    assert_int_equal(quota.n_confirmed, 1);
    assert_in_range((uint32_t)quota.most, 949, 951);
    assert_int_equal(mxp_quota_allows(&quota, 9, now + 50 * MINUTE_MS, &until), 0);
}

/* What did not hurt is no quota: it doubles. */
static void test_rises(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now, until;
    learned(&quota, 1000, &now);
    now += 2 * HOUR_MS;
    uint32_t total = 0;
    for (uint32_t n = 1; n && total < 100000; total += n) {
        n = mxp_quota_allows(&quota, 20, now, &until);
        mxp_quota_take(&quota, n, now);
    }
    assert_true(total >= 100000);
    assert_int_equal(quota.n_confirmed, 0);
}

/* An event accepted before the hour was over: the count starts anew, without haste being
 * forbidden, until it hurts once more at the same number. */
static void test_renewed(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now, until;
    learned(&quota, 1000, &now);
    mxp_quota_take(&quota, 1, now + 20 * MINUTE_MS);
    now += 20 * MINUTE_MS;
    mxp_quota_opened(&quota, now);
    assert_true(quota.doubtful);
    assert_true(mxp_quota_slows(&quota, 500, now) == 500.0);
    uint32_t n = mxp_quota_allows(&quota, 940, now, &until);
    assert_int_equal(n, 940);
    mxp_quota_take(&quota, n, now);
    now += MINUTE_MS;
    assert_true(mxp_quota_hurts(&quota, false, now));
    assert_false(quota.doubtful);
    assert_int_equal(quota.n_confirmed, 1);
    mxp_quota_opened(&quota, now); /* nothing to be told any more */
    assert_false(quota.doubtful);
}

/* The same number twice is a quota at once; one from an earlier run is known. */
static void test_known(void **state)
{
    (void)state;
    struct mxp_quota quota;
    uint64_t now;
    learned(&quota, 1000, &now);
    assert_int_equal(mxp_quota_known(&quota), 0); /* it may have been a lock-out */
    assert_true(mxp_quota_learn(&quota, now));
    assert_int_equal(quota.n_confirmed, 1);
    mxp_quota_init(&quota, 500, START);
    assert_true(quota.most == 500.0F);
    assert_int_equal(mxp_quota_known(&quota), 500);
    /* of the hour before it knows nothing: evenly, until it is over */
    assert_true(mxp_quota_slows(&quota, 600, START + HOUR_MS - 1) == (double)quota.most / 60);
    assert_true(mxp_quota_slows(&quota, 600, START + HOUR_MS) == 50.0);
    mxp_quota_init(&quota, 3, START);
    assert_true(quota.most == 0.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_room),
        cmocka_unit_test(test_spread),        cmocka_unit_test(test_hurts),
        cmocka_unit_test(test_rises),         cmocka_unit_test(test_renewed),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
