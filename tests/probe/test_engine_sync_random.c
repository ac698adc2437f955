/*
 * Servers that give replies twice or leave them out, and break off, all at random, against a known
 * truth: whatever they do, a mailbox that is there is not told invalid, each address gets one
 * result (or none, where the run was interrupted), and nothing is asked without end. Nor is one
 * told valid that is not there, but by sessions that break off. What no client
 * can see is left out: a second reply that comes later than the silence before a recipient, and a
 * session in which one reply is given twice and another left out.
 */
#include "odd_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORLDS    2500
#define MANY      16
#define AFTER_MAX 900 /* ms: a silence is 1000 */

static const char *const zone[] = {"one.test MX 3600 10 mx.one.test",
                                   "mx.one.test A 3600 10.1.1.1",
                                   "two.test MX 3600 10 mx1.two.test, 10 mx2.two.test",
                                   "mx1.two.test A 3600 10.1.2.1",
                                   "mx2.two.test A 3600 10.1.2.2",
                                   NULL};

struct totals {
    unsigned n_sessions, n_asked, n_rcpts, n_valid, n_invalid, n_unknown, n_false_valid;
};

static bool exists(const char *address)
{
    return strncmp(address, "real", 4) == 0;
}

static uint64_t draw(uint64_t *random, uint64_t below)
{
    uint64_t z = *random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static unsigned pick(uint64_t *random, const unsigned *from, size_t n)
{
    return from[draw(random, n)];
}

#define PICK(random, ...)                                                                          \
    pick((random), (const unsigned[]){__VA_ARGS__},                                                \
         sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static struct odd_server make_server(uint64_t *random)
{
    struct odd_server odd = {.exists = exists, .seed = *random, .end = ODD_N_ENDS};
    odd.pipelining = draw(random, 2);
    odd.latency_ms = PICK(random, 2, 20, 200, 700);
    odd.named_percent = PICK(random, 0, 0, 0, 20, 100);
    odd.end_percent = PICK(random, 0, 0, 2, 5, 15, 40);
    odd.end_after_errors = PICK(random, 0, 0, 0, 1, 3);
    odd.end_after_nth = PICK(random, 0, 0, 0, 1, 2, 5);
    switch (draw(random, 5)) {
    case 0:
        odd.lost_percent = PICK(random, 3, 10, 30);
        break;
    case 1:
        break;
    default:
        odd.twice_percent = PICK(random, 3, 10, 40, 100);
        odd.twice_after_ms = PICK(random, 0, 3, 30, 300, AFTER_MAX);
        odd.twice_exactly = draw(random, 2);
        break;
    }
    return odd;
}

static void check(const struct world *world, const struct odd_server *odd, struct totals *totals)
{
    bool honest = !odd->twice_percent && !odd->lost_percent;
    bool breaks_off = odd->end_percent || odd->end_after_errors || odd->end_after_nth ||
                      world->stopped; /* by us, perhaps before its goodbye */
    for (unsigned i = 0; i < world->n_addresses; i++) {
        const struct world_result *got = &world->results[i];
        bool there = exists(world->addresses[i]);
        if (got->n == 0 && world->stopped)
            continue;
        if (got->n != 1)
            fail_msg("seed %llu: %s has %u results", (unsigned long long)world->seed,
                     world->addresses[i], got->n);
        if (there && got->verdict == MXP_VERDICT_INVALID)
            fail_msg("seed %llu: %s is told invalid", (unsigned long long)world->seed,
                     world->addresses[i]);
        bool false_valid = !there && got->verdict == MXP_VERDICT_VALID;
        if (false_valid && (honest || !breaks_off))
            fail_msg("seed %llu: %s is told valid", (unsigned long long)world->seed,
                     world->addresses[i]);
        totals->n_false_valid += false_valid;
        totals->n_valid += got->verdict == MXP_VERDICT_VALID;
        totals->n_invalid += got->verdict == MXP_VERDICT_INVALID;
        totals->n_unknown += got->verdict == MXP_VERDICT_UNKNOWN;
    }
    if (odd->n_rcpts > 12 * world->n_addresses + 12)
        fail_msg("seed %llu: %u recipients for %u addresses", (unsigned long long)world->seed,
                 odd->n_rcpts, world->n_addresses);
    totals->n_sessions += odd->n_sessions;
    totals->n_asked += odd->n_asked;
    totals->n_rcpts += odd->n_rcpts;
}

static void run(uint64_t seed, struct totals *totals)
{
    /* With limits, sessions wait for their turn; the others do not. */
    static const char *const all_options[][6] = {
        {NULL},
        {"--retry-for", "0", NULL},
        {"--limits", "off", NULL},
        {"--limits", "off", "--no-catch-all", NULL},
        {"--limits", "off", "--retry-for", "0", NULL},
    };
    static char text[MANY][32];
    const char *addresses[MANY + 1] = {NULL};
    uint64_t random = seed;
    struct odd_server odd = make_server(&random);
    struct world world = {.zone = zone,
                          .addresses = addresses,
                          .seed = seed,
                          .options = all_options[draw(&random, 5)]};
    if (draw(&random, 6) == 0) {
        world.stop_ms = 1 + draw(&random, 20000);
        world.grace_ms = draw(&random, 2) ? 10000 : 0;
    }
    uint64_t n = 1 + draw(&random, MANY);
    for (uint64_t i = 0; i < n; i++) {
        (void)snprintf(text[i], sizeof text[i], "%s%u@%s.test", draw(&random, 2) ? "real" : "fake",
                       (unsigned)i, draw(&random, 2) ? "one" : "two");
        addresses[i] = text[i];
    }
    odd_server_in(&odd, &world);
    world_run(&world);
    check(&world, &odd, totals);
}

static uint64_t first = 1, last = WORLDS;

static void test_random(void **state)
{
    (void)state;
    struct totals totals = {0};
    for (uint64_t seed = first; seed <= last; seed++)
        run(seed, &totals);
    print_message("%u sessions asked %u recipients: %u valid, %u invalid, %u unknown; "
                  "%u valid falsely, which is not excluded\n",
                  totals.n_asked, totals.n_rcpts, totals.n_valid, totals.n_invalid,
                  totals.n_unknown, totals.n_false_valid);
    uint64_t n = last - first + 1;
    assert_true(n < WORLDS || totals.n_asked > 3 * n);
    assert_true(n < WORLDS || (totals.n_valid > n && totals.n_invalid > n));
}

/* FIRST [LAST]: other worlds, for a campaign or to look at one (with WORLD_TRACE set). */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    if (argc > 1)
        first = last = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        last = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
