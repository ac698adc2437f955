/* The real resolver against a server of the test's own, over real sockets. */
#include "dns/answer.h"
#include "dns/resolver_ares.h"

#include "stub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRY_MS 60 /* what is silent stays so: no reason to wait for long */

static uv_loop_t loop;
static struct stub stub, second;
static struct mxp_resolver *resolver;

static void open_resolver(size_t n_servers, struct mxp_resolver_options options)
{
    const char *servers[] = {stub.address, second.address};
    struct mxp_why why = {0};
    options.servers = servers;
    options.n_servers = n_servers;
    options.timeout_ms = options.timeout_ms ? options.timeout_ms : TRY_MS;
    resolver = mxp_resolver_ares_new(&loop, &options, &why);
    if (!resolver)
        fail_msg("%s", why.text);
}

/* With both servers; everything closed must leave the loop empty. */
static void open_all(size_t n_servers,
                     enum stub_reply (*answer)(struct stub *stub, const struct stub_query *query),
                     struct mxp_resolver_options options)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    stub_open(&stub, &loop, answer);
    stub_open(&second, &loop, answer);
    open_resolver(n_servers, options);
}

static void close_all(void)
{
    resolver->free(resolver);
    stub_close(&stub);
    stub_close(&second);
    while (uv_run(&loop, UV_RUN_DEFAULT)) {
    }
    assert_int_equal(uv_loop_close(&loop), 0);
}

struct got {
    size_t n;
    enum mxp_dns_status status;
    enum mxp_rr_type type;
    uint16_t n_mx, n_ips;
    struct mxp_ip ip;
};

static void on_answer(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    struct got *got = arg;
    struct mxp_answer *answer = mxp_answer_parse(status, message, got->type);
    assert_non_null(answer);
    got->n++;
    got->status = answer->status;
    got->n_mx = answer->n_mx;
    got->n_ips = answer->n_ips;
    if (answer->n_ips)
        got->ip = answer->ips[0];
    mxp_answer_unref(answer);
}

static void run_until(const size_t *n, size_t wanted)
{
    while (*n < wanted)
        assert_true(uv_run(&loop, UV_RUN_ONCE) != 0 || *n >= wanted);
}

static struct got look(const char *name, enum mxp_rr_type type)
{
    struct got got = {.type = type};
    assert_int_equal(resolver->ask(resolver, name, type, on_answer, &got), 0);
    assert_int_equal(got.n, 0);
    run_until(&got.n, 1);
    return got;
}

static bool is(const struct stub_query *query, const char *name)
{
    return strcmp(query->name, name) == 0;
}

static enum stub_reply forge(struct stub *server, const struct stub_query *query)
{
    struct message *m = &server->reply;
    stub_begin(server, query, 3); /* with another id */
    m->bytes[0] ^= 0xff;
    stub_send_now(server, &server->udp);
    stub_begin(server, query, 3); /* to another question */
    m->bytes[13] = 'x';
    stub_send_now(server, &server->udp);
    stub_begin(server, query, 0); /* from another port */
    message_a(m, query->name, 60, "6.6.6.6");
    stub_send_now(server, &server->liar);
    m->len = 5; /* too short to be anything */
    stub_send_now(server, &server->udp);
    m->len = 0;
    stub_send_now(server, &server->udp);
    stub_begin(server, query, 0);
    message_a(m, query->name, 60, "8.8.8.8");
    return STUB_SEND;
}

static enum stub_reply answer_by_name(struct stub *server, const struct stub_query *query)
{
    struct message *m = &server->reply;
    stub_begin(server, query, 0);
    if (is(query, "silent.test"))
        return STUB_SILENT;
    if (is(query, "forged.test"))
        return forge(server, query);
    if (is(query, "nxdomain.test"))
        stub_begin(server, query, 3);
    else if (is(query, "servfail.test"))
        stub_begin(server, query, 2);
    else if (is(query, "refused.test"))
        stub_begin(server, query, 5);
    else if (is(query, "notimp.test"))
        stub_begin(server, query, 4);
    else if (is(query, "formerr.test") || (is(query, "noedns.test") && query->edns))
        stub_begin(server, query, 1);
    else if (is(query, "nodata.test"))
        message_soa(m, "test", 60, 60);
    else if (is(query, "badvers.test"))
        message_opt(m, 1u << 24);
    else if (is(query, "echo.test"))
        message_flags(m, 0x0100);
    else if (is(query, "garbage.test"))
        message_u16(m, 0), m->bytes[7] = 9;
    else if ((is(query, "many.test") || is(query, "tcpless.test")) && !query->tcp)
        message_flags(m, 0x8380);
    else if (is(query, "tcpless.test"))
        return STUB_CLOSE;
    else if (is(query, "many.test"))
        for (unsigned i = 0; i < 100; i++)
            message_mx(m, "many.test", 60, i, "a-rather-long-name-of-a-mail-exchanger.many.test");
    else
        message_a(m, query->name, 60, "8.8.8.8");
    return STUB_SEND;
}

static void test_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum mxp_rr_type type;
        enum mxp_dns_status status;
        uint16_t n_records;
    } cases[] = {
        {"ok.test", MXP_RR_A, MXP_DNS_OK, 1},
        {"OK.test", MXP_RR_A, MXP_DNS_OK, 1},
        {"nodata.test", MXP_RR_MX, MXP_DNS_OK, 0},
        {"nxdomain.test", MXP_RR_MX, MXP_DNS_NXDOMAIN, 0},
        {"servfail.test", MXP_RR_MX, MXP_DNS_SERVFAIL, 0},
        {"refused.test", MXP_RR_MX, MXP_DNS_REFUSED, 0},
        {"formerr.test", MXP_RR_MX, MXP_DNS_FORMERR, 0},
        {"notimp.test", MXP_RR_MX, MXP_DNS_FORMERR, 0},
        {"badvers.test", MXP_RR_MX, MXP_DNS_FAILED, 0},
        {"echo.test", MXP_RR_MX, MXP_DNS_FAILED, 0},
        {"garbage.test", MXP_RR_MX, MXP_DNS_FAILED, 0},
        {"silent.test", MXP_RR_MX, MXP_DNS_TIMEOUT, 0},
        {"many.test", MXP_RR_MX, MXP_DNS_OK, 100}, /* over TCP */
        {"forged.test", MXP_RR_A, MXP_DNS_OK, 1},
    };
    open_all(1, answer_by_name, (struct mxp_resolver_options){.tries = 2});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct got got = look(cases[i].name, cases[i].type);
        print_message("%s: %s\n", cases[i].name, mxp_dns_status_name(got.status));
        assert_int_equal(got.status, cases[i].status);
        assert_int_equal(got.n_mx + got.n_ips, cases[i].n_records);
        if (got.n_ips)
            assert_int_equal(got.ip.bytes[0], 8);
    }
    assert_true(stub.n_tcp >= 1);
    /* and none of it has spoilt the channel */
    assert_int_equal(look("ok.test", MXP_RR_A).status, MXP_DNS_OK);
    struct got got = look("tcpless.test", MXP_RR_MX);
    assert_true(got.status == MXP_DNS_FAILED || got.status == MXP_DNS_TIMEOUT);
    close_all();
}

static enum stub_reply held_back(struct stub *server, const struct stub_query *query)
{
    static struct stub_query late;
    static uint8_t bytes[512];
    if (is(query, "late.test")) { /* answered when TCP has failed another one */
        memcpy(bytes, query->bytes, query->len);
        late = *query;
        late.bytes = bytes;
        return STUB_SILENT;
    }
    if (is(query, "now.test")) {
        stub_begin(server, &late, 0);
        message_a(&server->reply, late.name, 60, "8.8.8.8");
        stub_send_now(server, &server->udp);
    }
    return answer_by_name(server, query);
}

/* c-ares gives up all that is in flight at a server when a connection breaks. */
static void test_broken_tcp_costs_itself_only(void **state)
{
    (void)state;
    struct got late = {.type = MXP_RR_A};
    open_all(1, held_back, (struct mxp_resolver_options){.tries = 1, .timeout_ms = 60000});
    assert_int_equal(resolver->ask(resolver, "late.test", MXP_RR_A, on_answer, &late), 0);
    run_until(&stub.n_udp, 1);
    assert_int_equal(look("tcpless.test", MXP_RR_MX).status, MXP_DNS_FAILED);
    assert_int_equal(late.n, 0);
    assert_int_equal(look("now.test", MXP_RR_A).status, MXP_DNS_OK);
    run_until(&late.n, 1);
    assert_int_equal(late.status, MXP_DNS_OK);
    assert_int_equal(late.n_ips, 1);
    close_all();
}

/* A thousand in flight to a server that chokes on EDNS: c-ares repeats only the first. */
static void test_chokes_on_edns(void **state)
{
    (void)state;
    open_all(1, answer_by_name, (struct mxp_resolver_options){.timeout_ms = 2000});
    struct got got = {.type = MXP_RR_A};
    size_t n = 1000;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(resolver->ask(resolver, "noedns.test", MXP_RR_A, on_answer, &got), 0);
    for (size_t i = 1; i <= n; i++) {
        run_until(&got.n, i);
        assert_int_equal(got.status, MXP_DNS_OK);
    }
    close_all();
}

static enum stub_reply second_lies(struct stub *server, const struct stub_query *query)
{
    if (server == &second) {
        stub_begin(server, query, 2);
        return STUB_SEND;
    }
    return answer_by_name(server, query);
}

static enum stub_reply second_is_silent(struct stub *server, const struct stub_query *query)
{
    return server == &second ? STUB_SILENT : answer_by_name(server, query);
}

/* It does not recurse: where it knows nothing, it says who might. */
static enum stub_reply second_refers(struct stub *server, const struct stub_query *query)
{
    if (server == &second) {
        stub_begin(server, query, 0);
        message_flags(&server->reply, 0x8100);
        message_ns(&server->reply, "test", "ns.test");
        return STUB_SEND;
    }
    return answer_by_name(server, query);
}

static void test_failover(void **state)
{
    (void)state;
    open_all(2, second_refers, (struct mxp_resolver_options){0});
    for (int i = 0; i < 20; i++) {
        struct got got = look("ok.test", MXP_RR_A);
        assert_int_equal(got.status, MXP_DNS_OK);
        assert_int_equal(got.n_ips, 1);
    }
    assert_true(second.n_udp >= 5);
    close_all();

    open_all(2, second_lies, (struct mxp_resolver_options){0});
    for (int i = 0; i < 20; i++)
        assert_int_equal(look("ok.test", MXP_RR_A).status, MXP_DNS_OK);
    assert_true(second.n_udp >= 5);
    close_all();

    open_all(2, second_is_silent, (struct mxp_resolver_options){0});
    for (int i = 0; i < 20; i++)
        assert_int_equal(look("ok.test", MXP_RR_A).status, MXP_DNS_OK);
    assert_in_range(second.n_udp, 1, 5); /* it is left out soon */
    close_all();

    /* nobody listens there any more */
    assert_int_equal(uv_loop_init(&loop), 0);
    stub_open(&stub, &loop, answer_by_name);
    stub_open(&second, &loop, answer_by_name);
    stub_close(&second);
    uv_run(&loop, UV_RUN_NOWAIT);
    open_resolver(2, (struct mxp_resolver_options){0});
    for (int i = 0; i < 20; i++)
        assert_int_equal(look("ok.test", MXP_RR_A).status, MXP_DNS_OK);
    resolver->free(resolver);
    stub_close(&stub);
    while (uv_run(&loop, UV_RUN_DEFAULT)) {
    }
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_many_in_flight(void **state)
{
    (void)state;
    open_all(1, answer_by_name, (struct mxp_resolver_options){.timeout_ms = 2000});
    struct got got = {.type = MXP_RR_A};
    for (size_t i = 0; i < 20000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "d%zu.test", i);
        assert_int_equal(resolver->ask(resolver, name, MXP_RR_A, on_answer, &got), 0);
    }
    for (size_t i = 1; i <= 20000; i++) {
        run_until(&got.n, i);
        assert_int_equal(got.status, MXP_DNS_OK);
    }
    struct mxp_asker_stats stats;
    mxp_resolver_ares_stats(resolver, &stats);
    assert_int_equal(stats.n_asked, 20000);
    assert_int_equal(stats.n_answered, 20000);
    close_all();
}

static void test_freed_in_flight(void **state)
{
    (void)state;
    open_all(1, answer_by_name, (struct mxp_resolver_options){.max_inflight = 10});
    struct got got = {.type = MXP_RR_A};
    for (int i = 0; i < 100; i++)
        assert_int_equal(resolver->ask(resolver, "silent.test", MXP_RR_A, on_answer, &got), 0);
    while (stub.n_udp < 10)
        uv_run(&loop, UV_RUN_ONCE);
    close_all();
    assert_int_equal(got.n, 100);
    assert_int_equal(got.status, MXP_DNS_CANCELED);
}

static void test_servers(void **state)
{
    (void)state;
    static const struct {
        const char *server;
        bool ok;
    } cases[] = {
        {"127.0.0.1", true}, {"127.0.0.1:5353", true}, {"[::1]:53", true},
        {"::1", true},       {"nonsense", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why = {0};
        struct mxp_resolver_options options = {.servers = &cases[i].server, .n_servers = 1};
        assert_int_equal(uv_loop_init(&loop), 0);
        resolver = mxp_resolver_ares_new(&loop, &options, &why);
        print_message("%s: %s\n", cases[i].server, why.text);
        assert_int_equal(resolver != NULL, cases[i].ok);
        if (resolver) {
            assert_int_equal(mxp_resolver_ares_n_servers(resolver), 1);
            resolver->free(resolver);
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_apart),     cmocka_unit_test(test_broken_tcp_costs_itself_only),
        cmocka_unit_test(test_chokes_on_edns), cmocka_unit_test(test_failover),
        cmocka_unit_test(test_many_in_flight), cmocka_unit_test(test_freed_in_flight),
        cmocka_unit_test(test_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
