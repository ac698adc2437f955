/* A whole run, in which each allocation fails in turn. */
#include "engine_world.h"
#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const zone[] = {"a.test MX 300 10 mx.a.test",
                                   "mx.a.test A 300 127.0.0.1",
                                   "b.test MX 300 10 mx1.b.test, 20 mx2.b.test",
                                   "mx1.b.test A 300 127.0.0.1",
                                   "mx2.b.test A 300 127.0.0.1",
                                   "gone.test MX NXDOMAIN",
                                   "gone.test A NXDOMAIN",
                                   "gone.test AAAA NXDOMAIN",
                                   NULL};

static const struct {
    const char *address;
    enum mxp_verdict verdict;
} truth[] = {
    {"user1@a.test", MXP_VERDICT_VALID},  {"nobody@a.test", MXP_VERDICT_INVALID},
    {"user2@b.test", MXP_VERDICT_VALID},  {"nobody2@b.test", MXP_VERDICT_INVALID},
    {"grey@b.test", MXP_VERDICT_UNKNOWN}, {"x@gone.test", MXP_VERDICT_INVALID},
    {"y@gone.test", MXP_VERDICT_INVALID},
};
#define N (sizeof truth / sizeof *truth)

static const char *reply(struct world *world, const char *line)
{
    (void)world;
    if (!*line)
        return "220 mx.test ESMTP\r\n";
    if (strncmp(line, "EHLO", 4) == 0)
        return "250-mx.test\r\n250 PIPELINING\r\n";
    if (strncmp(line, "QUIT", 4) == 0)
        return "221 bye\r\n";
    if (strncmp(line, "RCPT TO:<grey", 13) == 0)
        return "451 4.7.1 Greylisted, try again later\r\n";
    if (strncmp(line, "RCPT", 4) == 0 && strncmp(line + 9, "user", 4) != 0)
        return "550-5.1.1 The mailbox\r\n550 5.1.1 User unknown\r\n";
    return "250 ok\r\n";
}

static void check(const struct world *world, long nth, bool whole)
{
    unsigned n_answered = 0;
    if (world->err == 1)
        fail_msg("allocation %ld: the run hangs", nth);
    for (size_t i = 0; i < N; i++) {
        const struct world_result *got = &world->results[i];
        n_answered += got->n;
        bool right = got->n == 0 || (got->n == 1 && (got->verdict == truth[i].verdict ||
                                                     got->verdict == MXP_VERDICT_UNKNOWN));
        if (!right || (got->n && got->reason == MXP_REASON_PROTOCOL_ERROR) ||
            (whole && got->verdict != truth[i].verdict))
            fail_msg("allocation %ld: %s: %u results, %s, %s", nth, truth[i].address, got->n,
                     mxp_verdict_name(got->verdict), mxp_reason_name(got->reason));
    }
    if (world->err == 0 ? n_answered != N : world->err != MXP_ENOMEM && world->err != MXP_ETLS)
        fail_msg("allocation %ld: error %d, %u of %zu answered", nth, world->err, n_answered, N);
}

static void test_no_memory(void **state)
{
    struct world world;
    const char *addresses[N + 1] = {NULL};
    bool whole = false;
    long n_failed = 0;
    (void)state;
    world_init(&world, (const char *const[]){"--retry-for", "1s", "--retry-after", "1s", NULL});
    world.options.retry_for_ms = 40;
    world.options.retry_after_ms = 20;
    for (size_t i = 0; i < N; i++)
        addresses[i] = truth[i].address;
    world.zone = zone;
    world.addresses = addresses;
    world.reply = reply;
    for (long nth = 0; !whole; nth++) {
        failing_after = nth;
        world_run(&world);
        whole = failing_after >= 0;
        failing_after = -1;
        n_failed += world.err == MXP_ENOMEM;
        check(&world, nth, whole);
    }
    assert_true(n_failed > 20);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
