#include "dns/asker.h"
#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SENT_MAX 20000
#define TRY_MS   2500

/* What every server does with a question: a letter for each, '?' none known. */
struct world {
    uint64_t now_ms, wake_ms; /* UINT64_MAX: none */
    const char *servers;      /* "TSN": server 0 is silent, 1 says SERVFAIL, 2 answers */
    struct mxp_asker *asker;
    struct {
        uint64_t at_ms;
        uint32_t server;
        bool plain, done;
        mxp_dns_cb cb;
        void *arg;
    } sent[SENT_MAX];
    size_t n_sent, n_open;
    size_t n_given;
    enum mxp_dns_status given;
    uint64_t given_ms;
};

static struct world world;

static void send_try(void *arg, uint32_t server, bool plain, const char *name,
                     enum mxp_rr_type type, mxp_dns_cb cb, void *done_arg)
{
    (void)arg;
    (void)type;
    assert_string_equal(name, "a.test");
    assert_true(world.n_sent < SENT_MAX);
    world.sent[world.n_sent].at_ms = world.now_ms;
    world.sent[world.n_sent].server = server;
    world.sent[world.n_sent].plain = plain;
    world.sent[world.n_sent].done = false;
    world.sent[world.n_sent].cb = cb;
    world.sent[world.n_sent].arg = done_arg;
    world.n_sent++;
    world.n_open++;
    if (world.servers[server] == 'C') { /* refuses the connection, inside */
        world.sent[world.n_sent - 1].done = true;
        world.n_open--;
        cb(done_arg, MXP_DNS_FAILED, MXP_SLICE_NONE);
    }
}

static void wake(void *arg, uint64_t ms)
{
    (void)arg;
    world.wake_ms = world.now_ms + ms;
}

static uint64_t now_ms(void *arg)
{
    (void)arg;
    return world.now_ms;
}

static void start(const char *servers, struct mxp_asker_options options)
{
    static const struct mxp_transport transport = {send_try, wake, now_ms, NULL};
    memset(&world, 0, sizeof world);
    world.now_ms = 1000;
    world.wake_ms = UINT64_MAX;
    world.servers = servers;
    options.n_servers = (uint32_t)strlen(servers);
    world.asker = mxp_asker_new(&options, &transport);
    assert_non_null(world.asker);
}

static void on_answer(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    (void)arg;
    assert_int_equal(message.len != 0, status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN);
    world.n_given++;
    world.given = status;
    world.given_ms = world.now_ms;
}

static void ask(void)
{
    assert_int_equal(mxp_asker_ask(world.asker, "a.test", MXP_RR_MX, on_answer, NULL), 0);
}

/* What a server says to a try and when: UINT64_MAX in *ret_ms where it has said it. */
static enum mxp_dns_status reply(size_t i, uint64_t *ret_ms)
{
    *ret_ms = world.sent[i].at_ms + 1;
    switch (world.servers[world.sent[i].server]) {
    case 'N':
        return MXP_DNS_OK;
    case 'X':
        return MXP_DNS_NXDOMAIN;
    case 'S':
        return MXP_DNS_SERVFAIL;
    case 'R':
        return MXP_DNS_REFUSED;
    case 'F': /* chokes on everything */
        return MXP_DNS_FORMERR;
    case 'U': /* says what is of no use */
        return MXP_DNS_FAILED;
    case 'E': /* chokes on EDNS */
        return world.sent[i].plain ? MXP_DNS_OK : MXP_DNS_FORMERR;
    case 'D': /* drops EDNS */
        if (world.sent[i].plain)
            return MXP_DNS_OK;
        break;
    default:
        break;
    }
    *ret_ms = world.sent[i].at_ms + TRY_MS;
    return MXP_DNS_TIMEOUT;
}

/* Time passes until nothing is left to do; at most until then. */
static void run(uint64_t until_ms)
{
    size_t first = 0;
    for (;;) {
        uint64_t next_ms = world.wake_ms;
        size_t which = SENT_MAX;
        while (first < world.n_sent && world.sent[first].done)
            first++;
        for (size_t i = first; i < world.n_sent && world.n_open; i++) {
            uint64_t at_ms;
            (void)reply(i, &at_ms);
            if (!world.sent[i].done && at_ms < next_ms) {
                next_ms = at_ms;
                which = i;
            }
        }
        if (next_ms == UINT64_MAX || next_ms > until_ms)
            return;
        world.now_ms = next_ms > world.now_ms ? next_ms : world.now_ms;
        if (which == SENT_MAX) {
            world.wake_ms = UINT64_MAX;
            mxp_asker_tick(world.asker);
            continue;
        }
        enum mxp_dns_status status = reply(which, &next_ms);
        bool has = status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN || status == MXP_DNS_FAILED;
        world.sent[which].done = true;
        world.n_open--;
        world.sent[which].cb(world.sent[which].arg, status,
                             has ? MXP_SLICE_LIT("message") : MXP_SLICE_NONE);
    }
}

static void stop(void)
{
    mxp_asker_close(world.asker);
    for (size_t i = 0; i < world.n_sent; i++)
        if (!world.sent[i].done)
            world.sent[i].cb(world.sent[i].arg, MXP_DNS_CANCELED, MXP_SLICE_NONE);
    assert_null(mxp_asker_free(world.asker));
}

/* "0 1 0p": the servers of the tries in order, p without EDNS. */
static const char *tries(size_t from, char ret[static 256])
{
    size_t n = 0;
    ret[0] = '\0';
    for (size_t i = from; i < world.n_sent && n < 240; i++)
        n += (size_t)snprintf(ret + n, 256 - n, "%s%u%s", i > from ? " " : "", world.sent[i].server,
                              world.sent[i].plain ? "p" : "");
    return ret;
}

static void test_one_question(void **state)
{
    (void)state;
    static const struct {
        const char *what, *servers, *tries;
        enum mxp_dns_status status;
        uint64_t ms;
    } cases[] = {
        {"an answer", "N", "0", MXP_DNS_OK, 1},
        {"NXDOMAIN is an answer", "XN", "0", MXP_DNS_NXDOMAIN, 1},
        {"silence", "T", "0 0p 0 0p", MXP_DNS_TIMEOUT, 10000},
        {"silence of two", "TT", "0 1 0p 1p 0 1 0p 1p", MXP_DNS_TIMEOUT, 20000},
        {"one is silent", "TN", "0 1", MXP_DNS_OK, 2501},
        {"SERVFAIL", "S", "0", MXP_DNS_SERVFAIL, 1},
        {"SERVFAIL of one", "SN", "0 1", MXP_DNS_OK, 2},
        {"SERVFAIL of each", "SSS", "0 1 2", MXP_DNS_SERVFAIL, 3},
        {"of no use", "U", "0", MXP_DNS_FAILED, 1},
        {"of no use, from one", "UN", "0 1", MXP_DNS_OK, 2},
        {"REFUSED", "RN", "0 1", MXP_DNS_OK, 2},
        {"SERVFAIL beside silence", "ST", "0 1 1p 1 1p", MXP_DNS_SERVFAIL, 10001},
        {"silence beside SERVFAIL", "TS", "0 1 0p 0 0p", MXP_DNS_SERVFAIL, 10501},
        {"no connection", "C", "0 0p 0 0p", MXP_DNS_FAILED, 1500},
        {"no connection to one", "CN", "0 1", MXP_DNS_OK, 1},
        {"chokes on EDNS", "E", "0 0p", MXP_DNS_OK, 2},
        {"chokes on everything", "F", "0 0p", MXP_DNS_FORMERR, 2},
        {"chokes on everything, another one does not", "FN", "0 0p 1", MXP_DNS_OK, 3},
        {"drops EDNS", "D", "0 0p", MXP_DNS_OK, 2501},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        start(cases[i].servers, (struct mxp_asker_options){0});
        ask();
        assert_int_equal(world.n_sent, 0); /* nothing happens inside ask */
        run(UINT64_MAX);
        print_message("%s: %s, %s after %u ms\n", cases[i].what, tries(0, text),
                      mxp_dns_status_name(world.given), (unsigned)(world.given_ms - 1000));
        assert_string_equal(text, cases[i].tries);
        assert_int_equal(world.n_given, 1);
        assert_int_equal(world.given, cases[i].status);
        assert_int_equal(world.given_ms - 1000, cases[i].ms);
        stop();
    }
}

/* What is learned of a server serves the questions that come after; it may change its mind. */
static void test_learning(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *servers[8]; /* as they are for each question, one after the other */
        const char *last;       /* the tries of the last one */
    } cases[] = {
        {"they take turns", {"NNN", "NNN", "NNN", "NNN", "NNN"}, "1"},
        {"EDNS is left out where it chokes", {"E", "E"}, "0p"},
        {"and where it is dropped", {"D", "D"}, "0p"},
        {"one that answered with EDNS is never asked without", {"N", "T"}, "0 0 0 0"},
        {"a silent server is left out", {"TN", "TN", "TN", "TN", "TN", "TN", "TN", "TN"}, "1"},
        {"so is a dead one", {"CN", "CN", "CN", "CN", "CN", "CN", "CN", "CN"}, "1"},
        {"and one that refuses", {"RN", "RN", "RN", "RN", "RN", "RN", "RN", "RN"}, "1"},
        {"after three in a row", {"TN", "TN", "NN", "NN", "TN", "TN", "TN", "TN"}, "1"},
        {"not after two, and two", {"TN", "TN", "NN", "NN", "TN", "TN", "TN"}, "0 1"},
        {"an error is no silence", {"TN", "TN", "SN", "TN", "TN", "TN"}, "0 1"},
        {"with one server there is no choice", {"T", "T", "T", "T", "T"}, "0 0p 0 0p"},
        {"nor where both are silent", {"TT", "TT"}, "0 1 0p 1p 0 1 0p 1p"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        size_t from = 0;
        start(cases[i].servers[0], (struct mxp_asker_options){0});
        for (size_t k = 0; k < 8 && cases[i].servers[k]; k++) {
            world.servers = cases[i].servers[k];
            from = world.n_sent;
            ask();
            run(UINT64_MAX);
        }
        print_message("%s: %s\n", cases[i].what, tries(from, text));
        assert_string_equal(text, cases[i].last);
        stop();
    }
}

static void test_stats(void **state)
{
    (void)state;
    static const struct {
        const char *servers;
        uint64_t n_sent, n_answered; /* of two questions */
    } cases[] = {{"N", 2, 2}, {"X", 2, 2}, {"SS", 4, 4}, {"U", 2, 2}, {"T", 8, 0}, {"TN", 3, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_asker_stats stats;
        start(cases[i].servers, (struct mxp_asker_options){0});
        ask();
        ask();
        run(world.now_ms);
        mxp_asker_stats(world.asker, &stats);
        assert_int_equal(stats.n_inflight, 2);
        run(UINT64_MAX);
        mxp_asker_stats(world.asker, &stats);
        print_message("%s: sent %u, answered %u\n", cases[i].servers, (unsigned)stats.n_sent,
                      (unsigned)stats.n_answered);
        assert_int_equal(stats.n_asked, 2);
        assert_int_equal(stats.n_sent, cases[i].n_sent);
        assert_int_equal(stats.n_answered, cases[i].n_answered);
        assert_int_equal(stats.n_inflight, 0);
        stop();
    }
}

/* One that was left out gets its turn again after a while, and counts again when it answers. */
static void test_back_again(void **state)
{
    (void)state;
    char text[256];
    start("TN", (struct mxp_asker_options){0});
    for (int k = 0; k < 8; k++) {
        ask();
        run(UINT64_MAX);
    }
    world.servers = "NN";
    size_t from = world.n_sent;
    ask();
    run(UINT64_MAX);
    assert_string_equal(tries(from, text), "1");
    world.now_ms += 10000;
    from = world.n_sent;
    for (int k = 0; k < 4; k++) {
        ask();
        run(UINT64_MAX);
    }
    tries(from, text);
    assert_true(strchr(text, '0') != NULL && strchr(text, '1') != NULL);
    stop();
}

static void test_in_flight(void **state)
{
    (void)state;
    start("N", (struct mxp_asker_options){.max_inflight = 10});
    for (int i = 0; i < 1000; i++)
        ask();
    size_t most = 0;
    while (world.n_given < 1000) {
        run(world.now_ms + 1);
        world.now_ms++;
        if (world.n_open > most)
            most = world.n_open;
    }
    assert_int_equal(most, 10);
    assert_int_equal(world.n_sent, 1000);
    stop();
    /* and none is forgotten where all of them fail while others wait */
    for (const char *const *servers = (const char *const[]){"S", "T", "C", "F", NULL}; *servers;
         servers++) {
        start(*servers, (struct mxp_asker_options){.max_inflight = 10});
        for (int i = 0; i < 100; i++)
            ask();
        run(UINT64_MAX);
        assert_int_equal(world.n_given, 100);
        stop();
    }
}

/* Whatever is asked, and whatever comes back: no more than the rate in any such time. */
static void test_rate(void **state)
{
    (void)state;
    static const struct mxp_question_rate rates[] = {{10, 1000}, {500, 1000}, {60, 60000}};
    static const char *const worlds[] = {"N", "S", "C", "TN", "EN", "SSN"};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++) {
            start(worlds[w], (struct mxp_asker_options){.rate = rates[r]});
            for (uint32_t i = 0; i < rates[r].n * 3; i++)
                ask();
            run(UINT64_MAX);
            assert_int_equal(world.n_given, rates[r].n * 3);
            for (size_t i = 0, from = 0; i < world.n_sent; i++) {
                while (world.sent[i].at_ms - world.sent[from].at_ms >= rates[r].per_ms)
                    from++;
                if (i - from + 1 > rates[r].n)
                    fail_msg("%s at %u/%u ms: %u", worlds[w], rates[r].n, rates[r].per_ms,
                             (unsigned)(i - from + 1));
            }
            stop();
        }
    }
    /* 3,000 questions at 500 a second: six seconds, not seven */
    start("N", (struct mxp_asker_options){.rate = {500, 1000}});
    for (int i = 0; i < 3000; i++)
        ask();
    run(UINT64_MAX);
    assert_in_range(world.given_ms - 1000, 5900, 6400);
    stop();
}

static void ask_again(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    int *left = arg;
    on_answer(NULL, status, message);
    if ((*left)--)
        assert_int_equal(mxp_asker_ask(world.asker, "a.test", MXP_RR_A, ask_again, left), 0);
}

static void test_asked_by_answers(void **state)
{
    (void)state;
    for (const char *const *servers = (const char *const[]){"N", "C", "S", NULL}; *servers;
         servers++) {
        int left = 20;
        start(*servers, (struct mxp_asker_options){.max_inflight = 1});
        assert_int_equal(mxp_asker_ask(world.asker, "a.test", MXP_RR_A, ask_again, &left), 0);
        run(UINT64_MAX);
        assert_int_equal(world.n_given, 21);
        stop();
    }
}

static void test_bad_questions(void **state)
{
    (void)state;
    start("N", (struct mxp_asker_options){0});
    const char *const bad[] = {"",       ".", "a.test.", "a..test", "a b.test", "a\\032b.test",
                               "1.2.3.4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(mxp_asker_ask(world.asker, bad[i], MXP_RR_A, on_answer, NULL), MXP_EINVAL);
    run(UINT64_MAX);
    assert_int_equal(world.n_given, 0);
    stop();
    const struct mxp_transport transport = {send_try, wake, now_ms, NULL};
    assert_null(mxp_asker_new(&(struct mxp_asker_options){.n_servers = 0}, &transport));
    assert_null(mxp_asker_new(&(struct mxp_asker_options){.n_servers = 33}, &transport));
}

static void test_closed(void **state)
{
    (void)state;
    start("TT", (struct mxp_asker_options){.max_inflight = 3});
    for (int i = 0; i < 10; i++)
        ask();
    run(world.now_ms);
    assert_int_equal(world.n_open, 3);
    mxp_asker_close(world.asker);
    assert_int_equal(world.n_given, 7);
    assert_int_equal(world.given, MXP_DNS_CANCELED);
    assert_int_equal(mxp_asker_ask(world.asker, "a.test", MXP_RR_A, on_answer, NULL), MXP_EINVAL);
    for (size_t i = 0; i < world.n_sent; i++)
        world.sent[i].cb(world.sent[i].arg, MXP_DNS_TIMEOUT, MXP_SLICE_NONE);
    assert_int_equal(world.n_given, 10);
    assert_int_equal(world.given, MXP_DNS_CANCELED);
    mxp_asker_free(world.asker);
    /* and one that waits for its next round */
    start("C", (struct mxp_asker_options){0});
    ask();
    run(world.now_ms);
    assert_int_equal(world.n_given, 0);
    stop();
    assert_int_equal(world.n_given, 1);
}

static void test_no_memory(void **state)
{
    (void)state;
    const struct mxp_transport transport = {send_try, wake, now_ms, NULL};
    failing_after = 0;
    assert_null(mxp_asker_new(&(struct mxp_asker_options){.n_servers = 1}, &transport));
    failing_after = -1;
    start("N", (struct mxp_asker_options){0});
    failing_after = 1;
    ask();
    assert_int_equal(mxp_asker_ask(world.asker, "a.test", MXP_RR_A, on_answer, NULL), MXP_ENOMEM);
    failing_after = -1;
    run(UINT64_MAX);
    assert_int_equal(world.n_given, 1);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_question),
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_back_again),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_asked_by_answers),
        cmocka_unit_test(test_bad_questions),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
