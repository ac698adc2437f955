/* Servers that give replies twice, leave them out or break off, one case each, through the whole
 * engine: mailboxes that are there are never told invalid, and honest servers lose nothing. */
#include "odd_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const zone[] = {"odd.test MX 3600 10 mx.odd.test", "mx.odd.test A 3600 10.1.2.3",
                                   NULL};

static bool exists(const char *address)
{
    return strncmp(address, "real", 4) == 0;
}

enum expect {
    NOT_INVALID, /* who is there is not told invalid */
    NOT_WRONG,   /* nor is who is not there told valid */
    EXACT        /* nor anybody unknown */
};

static void check(const char *name, const struct world *world, enum expect expect)
{
    for (unsigned i = 0; i < world->n_addresses; i++) {
        const struct world_result *got = &world->results[i];
        bool there = exists(world->addresses[i]);
        if (got->n != 1)
            fail_msg("%s: %s has %u results", name, world->addresses[i], got->n);
        bool wrong = got->verdict == (there ? MXP_VERDICT_INVALID : MXP_VERDICT_VALID);
        if (wrong && (there || expect > NOT_INVALID))
            fail_msg("%s: %s is told %s", name, world->addresses[i],
                     mxp_verdict_name(got->verdict));
        if (expect == EXACT && got->verdict == MXP_VERDICT_UNKNOWN)
            fail_msg("%s: %s is told unknown, %s", name, world->addresses[i],
                     mxp_reason_name(got->reason));
    }
}

static void run(struct odd_server *odd, const char *const *addresses, struct world *ret)
{
    static const char *const options[] = {"--limits", "off", "--no-catch-all", NULL};
    static const char *const with_question[] = {"--limits", "off", NULL};
    odd->exists = exists;
    odd->latency_ms = 40;
    odd->n_sessions = odd->n_asked = odd->n_rcpts = 0;
    *ret = (struct world){.zone = zone, .addresses = addresses, .seed = 7};
    /* With the catch-all question, and without. */
    ret->options = odd->seed % 2 ? options : with_question;
    odd_server_in(odd, ret);
    world_run(ret);
}

static const char *const *const lists[] = {
    LIST("fake1@odd.test", "real1@odd.test", "real2@odd.test", "fake2@odd.test", "real3@odd.test"),
    LIST("fake1@odd.test", "real1@odd.test"),
    LIST("real1@odd.test", "fake1@odd.test", "real2@odd.test", "fake2@odd.test"),
    LIST("fake1@odd.test", "fake2@odd.test", "real1@odd.test", "real2@odd.test"),
};

/* The server with and without pipelining, before lists of all kinds. */
static void run_all(const char *name, struct odd_server odd, enum expect expect)
{
    struct world world;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (odd.seed = 0; odd.seed < 8; odd.seed++) {
            odd.pipelining = odd.seed / 2 % 2;
            run(&odd, lists[i], &world);
            check(name, &world, expect);
            assert_true(odd.n_asked <= 30);
        }
    }
}

static void test_twice_then_the_end(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 3; nth++) {
        for (unsigned after = nth; after <= 5; after++) {
            for (unsigned how = 0; how < ODD_N_ENDS; how++) {
                char name[80];
                (void)snprintf(name, sizeof name, "the %uth twice, the end after %u, kind %u", nth,
                               after, how);
                run_all(name,
                        (struct odd_server){.twice_nth = nth,
                                            .twice_exactly = true,
                                            .twice_after_ms = 5,
                                            .end_after_nth = after,
                                            .end = (enum odd_end)how},
                        NOT_INVALID);
            }
        }
    }
}

static void test_twice(void **state)
{
    (void)state;
    static const unsigned gaps[] = {0, 5, 50, 300, 900};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        run_all("all replies twice",
                (struct odd_server){
                    .twice_percent = 100, .twice_exactly = true, .twice_after_ms = gaps[i]},
                NOT_WRONG);
        run_all(
            "one reply twice",
            (struct odd_server){.twice_nth = 2, .twice_exactly = true, .twice_after_ms = gaps[i]},
            NOT_WRONG);
    }
}

static void test_one_lost(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 3; nth++) {
        run_all("one reply lost", (struct odd_server){.lost_nth = nth}, NOT_WRONG);
        for (unsigned how = 0; how < ODD_N_ENDS; how++)
            run_all("one reply lost, then the end",
                    (struct odd_server){
                        .lost_nth = nth, .end_after_nth = nth + 1, .end = (enum odd_end)how},
                    NOT_INVALID);
    }
}

#define MANY 120

/* An honest server that has enough after a few errors, and names nobody. Its sessions must not
 * become as many as there are recipients, and all that it says is true. */
static void test_enough_errors(void **state)
{
    (void)state;
    static char text[MANY][32];
    const char *addresses[MANY + 1] = {NULL};
    struct world world;
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(text[i], sizeof text[i], "%s%u@odd.test", i % 3 ? "real" : "fake", i);
        addresses[i] = text[i];
    }
    for (unsigned how = 0; how < ODD_N_ENDS; how++) {
        for (unsigned pipelining = 0; pipelining < 2; pipelining++) {
            struct odd_server odd = {.pipelining = pipelining,
                                     .end_after_errors = 5,
                                     .end = (enum odd_end)how,
                                     .seed = 1};
            run(&odd, addresses, &world);
            check("enough errors", &world, EXACT);
            print_message("end %u, pipelining %u: %u sessions, %u recipients, %llu s\n", how,
                          pipelining, odd.n_asked, odd.n_rcpts,
                          (unsigned long long)world.took_ms / 1000);
        }
    }
}

/* A server that offers PIPELINING and ends where it is used is asked without it from then on. */
static void test_punished(void **state)
{
    (void)state;
    struct world world;
    for (unsigned how = 0; how < ODD_N_ENDS; how++) {
        struct odd_server odd = {
            .pipelining = true, .punishes_pipelining = true, .end = (enum odd_end)how, .seed = 1};
        run(&odd, lists[0], &world);
        check("punished", &world, EXACT);
        assert_true(odd.n_sessions <= 4);
    }
}

/* What a server without faults costs: no second question, no pause. */
static void test_honest(void **state)
{
    (void)state;
    struct world world;
    for (unsigned pipelining = 0; pipelining < 2; pipelining++) {
        struct odd_server odd = {.pipelining = pipelining, .seed = 1};
        run(&odd, lists[0], &world);
        check("honest", &world, EXACT);
        assert_int_equal(odd.n_sessions, 1);
        assert_int_equal(odd.n_rcpts, 5);
        assert_true(world.took_ms < 1000);
    }
}

/* An acceptance waits for a moment of silence, not for the end of a session that waits for its
 * turn: five seconds for each recipient, and nearly all that time is one session's. */
static void test_in_time(void **state)
{
    (void)state;
    static const char *const slowly[] = {"--rcpt-rate", "12/1m", NULL};
    struct odd_server odd = {.exists = exists, .latency_ms = 40, .pipelining = true};
    static char text[40][32];
    const char *addresses[41] = {NULL};
    struct world world = {.zone = zone, .addresses = addresses, .seed = 7, .options = slowly};
    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(text[i], sizeof text[i], "real%u@odd.test", i);
        addresses[i] = text[i];
    }
    odd_server_in(&odd, &world);
    world_run(&world);
    check("in time", &world, EXACT);
    for (unsigned i = 0; i < 40; i++) {
        if (world.results[i].at_ms > 12000 + i * UINT64_C(5000))
            fail_msg("result %u comes at %llu of %llu ms", i,
                     (unsigned long long)world.results[i].at_ms, (unsigned long long)world.took_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_punished),
        cmocka_unit_test(test_honest),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_one_lost),
        cmocka_unit_test(test_twice_then_the_end),
        cmocka_unit_test(test_enough_errors),
        cmocka_unit_test(test_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
