/* The engine as a whole: what several answers about one address come to. */
#include "engine_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS 3600000

static const char *const there[] = {"a.test MX 60 10 mx.a.test", "mx.a.test A 60 127.0.0.1", NULL};

/* What the server says to RCPT, how often, and what else changes with its first word. */
struct story {
    const char *rcpt, *greeting; /* NULL: silence; NULL: it takes us */
    const char *const *zone;     /* from the first RCPT on; NULL: the same */
    const char *greeting_later;
    unsigned n;
};

static const char *reply(struct world *world, const char *line)
{
    struct story *story = world->arg;
    if (!*line)
        return story->n && story->greeting_later ? story->greeting_later : "220 mx.test ESMTP\r\n";
    if (strncmp(line, "EHLO", 4) == 0)
        return "250-mx.test\r\n250 PIPELINING\r\n";
    if (strncmp(line, "QUIT", 4) == 0)
        return "221 bye\r\n";
    if (strncmp(line, "RCPT", 4) != 0)
        return "250 ok\r\n";
    story->n++;
    if (story->zone)
        world->fake.zone = story->zone;
    return story->rcpt;
}

/* In a world whose time is a thousand times as fast, and whose servers have all the time. */
static void tell(struct world *world, struct story *story, const char *const *addresses)
{
    world_init(world, (const char *const[]){"--retry-for", "10m", "--retry-after", "2m",
                                            "--clock-speed", "1000", NULL});
    struct mxp_smtp_policy *smtp = &world->options.smtp;
    smtp->greeting_ms = smtp->ehlo_ms = smtp->mail_ms = smtp->rcpt_ms = HOUR_MS;
    smtp->quit_ms = world->options.connect_ms = world->options.mx_total_ms = HOUR_MS;
    world->zone = there;
    world->addresses = addresses;
    world->reply = reply;
    world->arg = story;
}

/* Greylisted once, then its domain is said to be none: that proves nothing any more. */
static void test_late_denial(void **state)
{
    static const char *const gone[] = {"a.test MX NXDOMAIN", "a.test A NXDOMAIN",
                                       "a.test AAAA NXDOMAIN", NULL};
    static const char *const null_mx[] = {"a.test MX 60 0 .", NULL};
    struct story stories[] = {
        {.rcpt = "451 4.7.1 Greylisted\r\n", .zone = gone},
        {.rcpt = "451 4.7.1 Greylisted\r\n", .zone = null_mx},
        {.rcpt = "451 4.7.1 Greylisted\r\n",
         .greeting_later = "521 5.3.2 This host does not accept mail\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world world;
        tell(&world, &stories[i], (const char *const[]){"grey@a.test", NULL});
        world_run(&world);
        const struct world_result *got = &world.results[0];
        assert_int_equal(world.err, 0);
        assert_int_equal(got->n, 1);
        if (got->verdict != MXP_VERDICT_UNKNOWN || got->reason != MXP_REASON_GREYLISTED)
            fail_msg("story %zu: %s, %s", i, mxp_verdict_name(got->verdict),
                     mxp_reason_name(got->reason));
        world_free(&world);
    }
}

/* An address that was not asked yet when DNS changed its mind. */
static void test_flip(void **state)
{
    static const char *const gone[] = {"a.test MX NXDOMAIN", "a.test A NXDOMAIN",
                                       "a.test AAAA NXDOMAIN", NULL};
    struct story story = {.rcpt = "451 4.7.1 Greylisted\r\n", .zone = gone};
    struct world world;
    (void)state;
    tell(&world, &story, (const char *const[]){"grey@a.test", "late@a.test", NULL});
    world.wait_ms = 90000; /* beyond the TTL of the zone, and before the retry */
    world_run(&world);
    assert_int_equal(world.n_asked[1], 0);
    assert_int_equal(world.results[1].verdict, MXP_VERDICT_UNKNOWN);
    assert_int_equal(world.results[1].reason, MXP_REASON_DNS_ERROR);
    world_free(&world);
}

/* No server has said a word: the denial stands. */
static void test_denial(void **state)
{
    static const char *const null_mx[] = {"a.test MX 60 0 .", NULL};
    struct world world;
    struct story story = {0};
    (void)state;
    tell(&world, &story, (const char *const[]){"x@a.test", NULL});
    world.zone = null_mx;
    world_run(&world);
    assert_int_equal(world.results[0].verdict, MXP_VERDICT_INVALID);
    assert_int_equal(world.results[0].reason, MXP_REASON_DOMAIN_NOT_ACCEPTING);
    world_free(&world);
}

/* A server that never answers RCPT: nobody is asked more often than was allowed. */
static void test_max_attempts(void **state)
{
    (void)state;
    for (uint32_t max = 1; max <= 3; max++) {
        struct world world;
        struct story story = {0};
        tell(&world, &story, (const char *const[]){"u1@a.test", "u2@a.test", "u3@a.test", NULL});
        world.options.smtp.rcpt_ms = 5000;
        world.options.retry_after_ms = 1000;
        world.options.max_attempts = max;
        world_run(&world);
        for (int i = 0; i < 3; i++) {
            const struct world_result *got = &world.results[i];
            if (got->n != 1 || got->reason != MXP_REASON_TIMEOUT || world.n_asked[i] > max ||
                got->attempts > max)
                fail_msg("at most %u: u%d was asked %u times, %u attempts, %s", max, i + 1,
                         world.n_asked[i], got->attempts, mxp_reason_name(got->reason));
        }
        world_free(&world);
    }
}

/* It offers SMTPUTF8 and then refuses it, which is nothing to those that do not need it. */
static const char *refuses_utf8(struct world *world, const char *line)
{
    (void)world;
    if (!*line)
        return "220 mx.test ESMTP\r\n";
    if (strncmp(line, "EHLO", 4) == 0)
        return "250-mx.test\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 PIPELINING\r\n";
    if (strncmp(line, "MAIL", 4) == 0 && strstr(line, "SMTPUTF8"))
        return "555 5.6.7 SMTPUTF8 not supported\r\n";
    if (strncmp(line, "RCPT", 4) == 0)
        return "550 5.1.1 User unknown\r\n";
    return strncmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 ok\r\n";
}

static void test_utf8_apart(void **state)
{
    static const char *const addresses[] = {"a@a.test", "\u00e4@a.test", "b@a.test",
                                            "\u00f6@a.test", NULL};
    struct world world;
    struct story story = {0};
    (void)state;
    tell(&world, &story, addresses);
    world.reply = refuses_utf8;
    world_run(&world);
    for (int i = 0; addresses[i]; i++) {
        bool plain = (unsigned char)addresses[i][0] < 0x80;
        assert_int_equal(world.results[i].n, 1);
        assert_int_equal(world.results[i].verdict,
                         plain ? MXP_VERDICT_INVALID : MXP_VERDICT_UNKNOWN);
    }
    world_free(&world);
}

/* A server that takes so many recipients a transaction, and how often that was exceeded. */
struct narrow {
    unsigned most, n, n_refused, n_mail;
};

static const char *narrow_reply(struct world *world, const char *line)
{
    struct narrow *narrow = world->arg;
    if (!*line)
        return "220 mx.test ESMTP\r\n";
    if (strncmp(line, "EHLO", 4) == 0)
        return "250-mx.test\r\n250 PIPELINING\r\n";
    if (strncmp(line, "QUIT", 4) == 0)
        return "221 bye\r\n";
    if (strncmp(line, "MAIL", 4) == 0) {
        narrow->n = 0;
        narrow->n_mail++;
    }
    if (strncmp(line, "RCPT", 4) != 0 || ++narrow->n <= narrow->most)
        return "250 ok\r\n";
    narrow->n_refused++;
    return "452 4.5.3 Too many recipients\r\n";
}

/* A host that has not answered yet is asked for a few; what it takes makes the next ones longer. */
static void test_first_transactions(void **state)
{
    static const char *const addresses[] = {"a@a.test", "b@a.test", "c@a.test", "d@a.test",
                                            "e@a.test", "f@a.test", "g@a.test", "h@a.test",
                                            "i@a.test", "j@a.test", "k@a.test", NULL};
    struct {
        unsigned most, refused_most, mail_most;
    } cases[] = {{1, 2, 14}, {2, 5, 8}, {100, 0, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct narrow narrow = {.most = cases[i].most};
        struct story unused = {0};
        tell(&world, &unused, addresses);
        world.options.max_sessions = 1;
        world.options.no_catch_all = true;
        world.reply = narrow_reply;
        world.arg = &narrow;
        world_run(&world);
        for (unsigned k = 0; k < 11; k++)
            assert_int_equal(world.results[k].verdict, MXP_VERDICT_VALID);
        if (narrow.n_refused > cases[i].refused_most || narrow.n_mail > cases[i].mail_most)
            fail_msg("%u a transaction: %u refused, %u transactions", narrow.most, narrow.n_refused,
                     narrow.n_mail);
        world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_apart),   cmocka_unit_test(test_late_denial),
        cmocka_unit_test(test_flip),         cmocka_unit_test(test_denial),
        cmocka_unit_test(test_max_attempts), cmocka_unit_test(test_first_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
