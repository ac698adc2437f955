/* Seeded random walks over the limiter: what must always hold does, and nothing starves. */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEEDS 300
#define STEPS 4000

/* splitmix64 */
static uint8_t random_byte(void *arg)
{
    uint64_t *state = arg, z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint8_t)(z >> 56);
}

static void test_walks(void **state)
{
    (void)state;
    struct walk_sums sums = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed;
        sums.seed = seed;
        walk_limiter(random_byte, &random, STEPS, &sums);
    }
    printf("%llu opened, %llu waits, %llu taken, %llu answers, %llu events, %llu recovered\n",
           (unsigned long long)sums.n_opened, (unsigned long long)sums.n_waited,
           (unsigned long long)sums.n_taken, (unsigned long long)sums.n_answered,
           (unsigned long long)sums.n_events, (unsigned long long)sums.n_recovered);
    /* A walk that was held up everywhere would have shown nothing. */
    assert_true(sums.n_opened > SEEDS * 100);
    assert_true(sums.n_taken > SEEDS * 300);
    assert_true(sums.n_answered > SEEDS * 100);
    assert_true(sums.n_events > SEEDS * 10);
    assert_true(sums.n_recovered > SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_walks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
