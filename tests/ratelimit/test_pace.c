/* The rate that learns, on virtual time: where it starts, how it paces, grows, is lowered,
 * pauses, probes, and comes back. */
#include "ratelimit/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIRST   10
#define YEAR_MS (365ull * 86400000)
#define START   1000000u

static void test_init(void **state)
{
    (void)state;
    static const struct {
        struct mxp_rate ceiling;
        double learned;
        float ceiling_is, level_is;
        uint32_t burst;
    } cases[] = {
        {{0, 0}, 0, 0, 60, FIRST},       /* no ceiling: starts slowly all the same */
        {{60, 60000}, 0, 60, 60, FIRST}, /* at least 60 a minute, where it is allowed */
        {{20, 60000}, 0, 20, 20, FIRST},
        {{480, 60000}, 0, 480, 60, FIRST}, /* an eighth */
        {{4800, 60000}, 0, 4800, 600, FIRST},
        {{80, 1000}, 0, 4800, 600, FIRST},
        {{5, 60000}, 0, 5, 5, 5}, /* the first ones are no more than a minute's */
        {{30, 3600000}, 0, 0.5F, 0.5F, 1},
        {{1, 86400000}, 0, 1 / 1440.0F, 1 / 1440.0F, 1},
        {{100, 0}, 0, 6000000, 750000, FIRST}, /* a time of 0 is no division by 0 */
        {{600, 60000}, 100, 600, 100, FIRST},
        {{600, 60000}, 599, 600, 599, FIRST},
        {{600, 60000}, 600, 600, 75, FIRST}, /* nothing below the ceiling was learned */
        {{600, 60000}, 9000, 600, 75, FIRST},
        {{0, 0}, 33, 0, 33, FIRST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const uint64_t times[] = {0, START, YEAR_MS * 50};
        for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
            struct mxp_pace pace;
            uint64_t until;
            mxp_pace_init(&pace, cases[i].ceiling, cases[i].learned, times[t]);
            uint32_t n = mxp_pace_allows(&pace, 1000, 1, times[t], &until);
            if (pace.ceiling != cases[i].ceiling_is || pace.level != cases[i].level_is ||
                n != cases[i].burst)
                fail_msg("%u/%u, learned %g: ceiling %g, level %g, %u at once", cases[i].ceiling.n,
                         cases[i].ceiling.per_ms, cases[i].learned, (double)pace.ceiling,
                         (double)pace.level, n);
        }
    }
}

/* Takes all that it may in batches until end_ms; the most in any minute. */
struct tally {
    uint32_t n, most;
};

#define TIMES 100000

static struct tally use(struct mxp_pace *pace, uint32_t batch, double slow, uint64_t *now,
                        uint64_t end_ms)
{
    uint64_t *times = calloc(TIMES, sizeof *times);
    struct tally tally = {0};
    assert_non_null(times);
    uint32_t from = 0;
    while (*now < end_ms) {
        uint64_t until = 0;
        uint32_t n = mxp_pace_allows(pace, batch, slow, *now, &until);
        if (n > batch)
            fail_msg("%u of %u", n, batch);
        if (n == 0) {
            if (until <= *now)
                fail_msg("a wait that is over: %llu at %llu", (unsigned long long)until,
                         (unsigned long long)*now);
            *now = until;
            continue;
        }
        mxp_pace_take(pace, n, *now);
        mxp_pace_answered(pace, *now, *now);
        for (uint32_t i = 0; i < n && tally.n < TIMES; i++)
            times[tally.n++] = *now;
        while (times[tally.n - 1] - times[from] >= 60000)
            from++;
        if (tally.n - from > tally.most)
            tally.most = tally.n - from;
    }
    free(times);
    return tally;
}

static double depth(double level)
{
    return level / 60 < 2 ? 2 : level / 60 > 20 ? 20 : level / 60;
}

/* Never above the ceiling in any minute, but for the first burst and the bucket's depth; and
 * the ceiling is reached. */
static void test_ceiling(void **state)
{
    (void)state;
    static const struct mxp_rate ceilings[] = {{1, 60000},    {5, 60000},     {20, 60000},
                                               {60, 60000},   {250, 60000},   {3000, 60000},
                                               {30, 3600000}, {100, 3600000}, {1, 1000}};
    static const uint32_t batches[] = {1, 7, 100};
    for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            struct mxp_pace pace;
            double rate = ceilings[i].n * 60000.0 / ceilings[i].per_ms;
            double minutes = rate > 1000 ? 20 : 200;
            uint64_t now = START;
            mxp_pace_init(&pace, ceilings[i], 0, now);
            struct tally first = use(&pace, batches[b], 1, &now, now + 300000);
            struct tally then = use(&pace, batches[b], 1, &now, now + (uint64_t)(minutes * 60000));
            if (first.most > rate + FIRST + 1 || then.most > rate + depth(rate) + 1 ||
                then.n < rate * minutes * 0.97 - 1 || then.n > rate * minutes * 1.001 + depth(rate))
                fail_msg("%g a minute, batches of %u: at first %u, then %u in a minute, %u in %g "
                         "minutes",
                         rate, batches[b], first.most, then.most, then.n, minutes);
        }
    }
}

/* It doubles every ten seconds while it is used, and only then. */
static void test_growth(void **state)
{
    (void)state;
    struct mxp_pace used, idle, slowly;
    struct mxp_rate ceiling = {4800, 60000};
    uint64_t now = START, until;
    mxp_pace_init(&used, ceiling, 0, now);
    (void)use(&used, 100, 1, &now, START + 9900);
    assert_true(used.level == 600);
    (void)use(&used, 100, 1, &now, START + 10500);
    assert_true(used.level == 1200);
    (void)use(&used, 100, 1, &now, START + 21000);
    assert_true(used.level == 2400);
    (void)use(&used, 100, 1, &now, START + 120000);
    assert_true(used.level == 4800);
    mxp_pace_init(&idle, ceiling, 0, START);
    mxp_pace_init(&slowly, ceiling, 0, START);
    for (now = START; now < START + 600000; now += 1000) {
        (void)mxp_pace_allows(&idle, 1, 1, now, &until);
        if (now % 5000 == 0 && mxp_pace_allows(&slowly, 1, 1, now, &until))
            mxp_pace_take(&slowly, 1, now);
    }
    struct mxp_pace endless;
    mxp_pace_init(&endless, (struct mxp_rate){0, 0}, 0, START);
    now = START;
    (void)use(&endless, 100, 1, &now, START + 120000);
    assert_true(endless.level > 20000); /* no ceiling */
    assert_true(idle.level == 600);
    assert_true(slowly.level == 600);
}

/* What was not used is not saved up, however long; slow divides the rate. */
static void test_bucket(void **state)
{
    (void)state;
    static const struct {
        uint32_t level;
        uint64_t gap_ms;
        double slow;
        uint32_t allowed;
    } cases[] = {
        {60, 1000, 1, 1},          {60, 2000, 1, 2},  {60, 60000, 1, 2},     {60, YEAR_MS, 1, 2},
        {60, YEAR_MS * 300, 1, 2}, {60, 3900, 4, 0},  {60, 4100, 4, 1},      {600, 1000, 1, 10},
        {600, 500, 1, 5},          {600, 1000, 2, 5}, {600, YEAR_MS, 1, 10}, {6000, 60000, 1, 20},
        {6000, 100, 1, 10},        {60, 0, 1, 0},     {60, 900, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_pace pace;
        uint64_t until;
        struct mxp_rate ceiling = {cases[i].level, 60000};
        mxp_pace_init(&pace, ceiling, 0, START);
        pace.level = (float)cases[i].level; /* grown */
        mxp_pace_take(&pace, FIRST, START);
        uint32_t n = mxp_pace_allows(&pace, 100, cases[i].slow, START + cases[i].gap_ms, &until);
        if (n != cases[i].allowed)
            fail_msg("%u a minute divided by %g, after %llu ms: %u", cases[i].level, cases[i].slow,
                     (unsigned long long)cases[i].gap_ms, n);
    }
}

/* After the wait that was said there is one, and not a second before. */
static void test_wait(void **state)
{
    (void)state;
    static const double slows[] = {1, 4};
    for (uint32_t level = 1; level <= 3000; level += level < 10 ? 1 : level / 3) {
        for (size_t s = 0; s < 2; s++) {
            struct mxp_pace pace, early;
            uint64_t until, again;
            struct mxp_rate ceiling = {level, 60000};
            mxp_pace_init(&pace, ceiling, 0, START);
            mxp_pace_take(&pace, level < FIRST ? level : FIRST, START);
            assert_int_equal(mxp_pace_allows(&pace, 5, slows[s], START, &until), 0);
            early = pace;
            double wait = (double)(until - START);
            uint32_t n = mxp_pace_allows(&pace, 1, slows[s], until, &again);
            uint32_t n_early = mxp_pace_allows(&early, 1, slows[s], until - 3, &again);
            double right = 60000.0 / (double)pace.level * slows[s];
            if (n != 1 || (n_early && wait > 5) || wait > right * 1.01 + 3)
                fail_msg("%u a minute by %g: %g ms, %u then, %u before", level, slows[s], wait, n,
                         n_early);
        }
    }
}

static void test_throttled(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t level, accepted; /* in the last minute */
        float least, most;        /* the level after it */
    } cases[] = {
        {"below the level: the site's own limit", 600, 300, 270, 300},
        {"at the level", 600, 599, 540, 570},
        {"a burst that the first minute does not explain", 75, 200, 40, 75},
        {"little was accepted", 600, 4, 2, 4},
        {"nothing was accepted", 600, 0, 0.25F, 0.6F},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_pace pace;
        uint64_t until = 0;
        mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, START);
        pace.level = (float)cases[i].level;
        for (uint32_t k = 0; k < cases[i].accepted; k++)
            mxp_pace_take(&pace, 1, START + k * 50000ull / cases[i].accepted);
        uint64_t now = START + 50000;
        mxp_pace_take(&pace, 1, now); /* the one that is refused */
        bool event = mxp_pace_throttled(&pace, now, 0, now + 100);
        if (!event || pace.level < cases[i].least || pace.level > cases[i].most ||
            mxp_pace_allows(&pace, 9, 1, now + 101, &until) || until != now + 10100)
            fail_msg("%s: level %g, until %llu", cases[i].name, (double)pace.level,
                     (unsigned long long)(until - now));
    }
}

/* All that was under way belongs to the same event; the longest stated wait counts. */
static void test_same_event(void **state)
{
    (void)state;
    struct mxp_pace pace;
    uint64_t now = START, until;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, now);
    (void)use(&pace, 10, 1, &now, START + 120000);
    mxp_pace_take(&pace, 5, now);
    uint64_t sent = now;
    assert_true(mxp_pace_throttled(&pace, sent, 0, sent + 100));
    float level = pace.level;
    assert_false(mxp_pace_throttled(&pace, sent, 0, sent + 110));
    assert_false(mxp_pace_throttled(&pace, sent + 50, 30000, sent + 120));
    assert_false(mxp_pace_throttled(&pace, sent, 5000, sent + 130));
    assert_true(pace.level <= level && pace.level > level * 0.9F);
    assert_int_equal(mxp_pace_allows(&pace, 1, 1, sent + 140, &until), 0);
    assert_int_equal(until, sent + 120 + 30000);
    assert_int_equal(pace.n_in_row, 1);
}

/* After the pause one alone; what was sent before does not answer for it; a lost probe does
 * not hold for ever; one that was never sent is given back. */
static void test_probe(void **state)
{
    (void)state;
    struct mxp_pace pace;
    uint64_t now = START, until;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, now);
    (void)use(&pace, 10, 1, &now, START + 120000);
    uint64_t sent = now;
    mxp_pace_take(&pace, 1, sent);
    assert_true(mxp_pace_throttled(&pace, sent, 60000, now));
    mxp_pace_answered(&pace, sent, sent); /* another's of the same time */
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now + 59999, &until), 0);
    assert_int_equal(until, now + 60000);
    now += 60000;
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now, &until), 1);
    mxp_pace_take(&pace, 1, now);
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now + 500, &until), 0);
    assert_true(until > now + 500 && until <= now + 1500);
    mxp_pace_give_back(&pace, 1, now + 600);
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now + 700, &until), 1);
    mxp_pace_take(&pace, 1, now + 700);
    mxp_pace_answered(&pace, sent, sent);
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now + 800, &until), 0);
    assert_int_equal(mxp_pace_allows(&pace, 5, 1, now + 700 + 60000, &until), 1); /* lost */
    mxp_pace_take(&pace, 1, now + 60700);
    mxp_pace_answered(&pace, now + 60700, now + 60700);
    assert_false(pace.probing);
    assert_true(mxp_pace_allows(&pace, 5, 1, now + 70000, &until) > 1);
}

/* Probes that are refused: pauses double up to ten minutes, the level has a floor. */
static void test_probes_fail(void **state)
{
    (void)state;
    static const uint64_t pauses[] = {10, 20, 40, 80, 160, 320, 600, 600, 600};
    struct mxp_pace pace;
    uint64_t now = START, until;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, now);
    (void)use(&pace, 10, 1, &now, START + 120000);
    float trouble = pace.level;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        mxp_pace_take(&pace, 1, now);
        assert_true(mxp_pace_throttled(&pace, now, 0, now));
        assert_int_equal(mxp_pace_allows(&pace, 1, 1, now, &until), 0);
        if (until != now + pauses[i] * 1000)
            fail_msg("pause %zu: %llu ms", i, (unsigned long long)(until - now));
        assert_true(pace.level >= trouble * 0.29F);
        now = until;
        assert_int_equal(mxp_pace_allows(&pace, 9, 1, now, &until), 1);
    }
}

/* Given back is as if it had not been taken. */
static void test_give_back(void **state)
{
    (void)state;
    struct mxp_pace pace, same;
    uint64_t until;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, START);
    mxp_pace_take(&pace, 3, START);
    same = pace;
    mxp_pace_take(&pace, 5, START);
    mxp_pace_give_back(&pace, 5, START);
    assert_true(pace.tokens == same.tokens);
    assert_int_equal(pace.n_since_raise, same.n_since_raise);
    assert_int_equal(mxp_trail_sum(&pace.trail, START), 3);
    assert_int_equal(mxp_pace_allows(&pace, 100, 1, START, &until), FIRST - 3);
    mxp_pace_give_back(&pace, 9, START); /* more than was taken: no wrap */
    assert_int_equal(pace.n_since_raise, 0);
    assert_int_equal(mxp_trail_sum(&pace.trail, START), 0);
}

/* It was another limit: back to where it was. */
static void test_absolve(void **state)
{
    (void)state;
    struct mxp_pace pace;
    uint64_t now = START, until;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, now);
    (void)use(&pace, 10, 1, &now, START + 180000);
    assert_true(pace.level == 600);
    mxp_pace_take(&pace, 1, now);
    assert_true(mxp_pace_throttled(&pace, now, 0, now));
    assert_true(pace.level < 600);
    mxp_pace_absolve(&pace, now + 1);
    assert_false(pace.probing);
    assert_true(pace.level >= 500 && pace.level <= 600);
    assert_true(mxp_pace_allows(&pace, 9, 1, now + 2000, &until) > 1);
    (void)use(&pace, 10, 1, &now, now + 120000);
    assert_true(pace.level == 600);
}

/* Quiet raises it: back to what hurt soon, above it after two minutes, to the ceiling at last
 * and never above; and the longer, the more often the same was confirmed. */
static void test_quiet(void **state)
{
    (void)state;
    struct mxp_pace pace;
    uint64_t now = START;
    mxp_pace_init(&pace, (struct mxp_rate){600, 60000}, 0, now);
    pace.level = 600;
    (void)use(&pace, 5, 1, &now, START + 15000); /* 160 or so */
    mxp_pace_take(&pace, 1, now);
    assert_true(mxp_pace_throttled(&pace, now, 0, now));
    float safe = pace.level;
    uint64_t event = now;
    assert_true(safe > 100 && safe < 200);
    (void)use(&pace, 5, 1, &now, event + 115000);
    assert_true(pace.level <= safe * 1.011F);
    (void)use(&pace, 5, 1, &now, event + 200000);
    assert_true(pace.level > safe);
    struct tally tally = use(&pace, 5, 1, &now, event + 3600000);
    assert_true(pace.level == 600);
    assert_in_range(tally.most, 550, 612);
    mxp_pace_take(&pace, 1, now);
    assert_true(mxp_pace_throttled(&pace, now, 0, now));
    event = now;
    safe = pace.level;
    (void)use(&pace, 5, 1, &now, event + 115000);
    assert_true(pace.level <= safe * 1.011F);
}

static void test_clock(void **state)
{
    (void)state;
    static const uint64_t starts[] = {0, 1, 59999, YEAR_MS, YEAR_MS * 300};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct mxp_pace pace;
        uint64_t now = starts[i];
        mxp_pace_init(&pace, (struct mxp_rate){120, 60000}, 0, now);
        struct tally tally = use(&pace, 10, 1, &now, now + 600000);
        mxp_pace_take(&pace, 1, now);
        bool event = mxp_pace_throttled(&pace, now, 0, now);
        struct tally after = use(&pace, 10, 1, &now, now + 7200000);
        if (tally.n < 1100 || tally.n > 1215 || !event || after.n < 120 * 100 ||
            after.n > 120 * 120 + 3)
            fail_msg("from %llu ms: %u in ten minutes, then %u in two hours",
                     (unsigned long long)starts[i], tally.n, after.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_growth),      cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_wait),        cmocka_unit_test(test_throttled),
        cmocka_unit_test(test_same_event),  cmocka_unit_test(test_probe),
        cmocka_unit_test(test_probes_fail), cmocka_unit_test(test_give_back),
        cmocka_unit_test(test_absolve),     cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
