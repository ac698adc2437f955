/* Servers that hang up on connections: how often a lane tries them before it gives up. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const zone[] = {"odd.test MX 3600 10 mx.odd.test", "mx.odd.test A 3600 10.1.2.3",
                                   NULL};
static const char *const addresses[] = {
    "a0@odd.test", "a1@odd.test", "a2@odd.test", "a3@odd.test", "a4@odd.test", "a5@odd.test",
    "a6@odd.test", "a7@odd.test", "a8@odd.test", "a9@odd.test", "b0@odd.test", "b1@odd.test",
    "b2@odd.test", "b3@odd.test", "b4@odd.test", "b5@odd.test", "b6@odd.test", "b7@odd.test",
    "b8@odd.test", "b9@odd.test", "c0@odd.test", "c1@odd.test", "c2@odd.test", "c3@odd.test",
    "c4@odd.test", "c5@odd.test", "c6@odd.test", "c7@odd.test", "c8@odd.test", "c9@odd.test",
    "d0@odd.test", "d1@odd.test", NULL};

struct door {
    unsigned n_shut; /* connections that it closes */
    unsigned n;
};

static void connected(struct world_conn *conn, void *arg)
{
    struct door *door = arg;
    uint64_t soon = world_now(conn) + 20;
    if (door->n++ < door->n_shut)
        world_close(conn, soon);
    else
        world_say(conn, soon, "220 mx.odd.test ESMTP\r\n");
}

static void line(struct world_conn *conn, void *arg, const char *said)
{
    (void)arg;
    uint64_t soon = world_now(conn) + 20;
    bool quit = strncmp(said, "QUIT", 4) == 0;
    world_say(conn, soon, quit ? "221 bye\r\n" : "250 ok\r\n");
    if (quit)
        world_close(conn, soon);
}

static void run(struct door *door, struct world *ret)
{
    static const char *const options[] = {
        "--limits", "off", "--no-catch-all", "--retry-for", "10m", "--retry-after", "10s", NULL};
    *ret = (struct world){.zone = zone, .options = options, .addresses = addresses};
    ret->server = (struct world_server){.connected = connected, .line = line, .arg = door};
    world_run(ret);
}

/* Several connections that fail at one moment, while a server restarts, are one try of three. */
static void test_one_moment(void **state)
{
    (void)state;
    struct door door = {.n_shut = 4};
    struct world world;
    run(&door, &world);
    for (unsigned i = 0; i < world.n_addresses; i++) {
        assert_int_equal(world.results[i].n, 1);
        assert_int_equal(world.results[i].reason, MXP_REASON_ACCEPTED);
    }
}

/* A door that stays shut is given up all the same, and not knocked at for long. */
static void test_shut(void **state)
{
    (void)state;
    struct door door = {.n_shut = 1000};
    struct world world;
    run(&door, &world);
    for (unsigned i = 0; i < world.n_addresses; i++) {
        assert_int_equal(world.results[i].n, 1);
        assert_int_equal(world.results[i].reason, MXP_REASON_CONNECTION_LOST);
    }
    assert_in_range(world.n_connections, 3, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_moment),
        cmocka_unit_test(test_shut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
