#include "dns/mx_lookup.h"

#include "failing_alloc.h"
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fake fake;

/* What came, in words: "implicit 10 mx.a.test, 20 mx.b.test" or "NONE"; addresses likewise. */
struct got {
    int n;
    char text[4096], group[4096];
    uint64_t expires_ms;
};

static void on_set(void *arg, struct mxp_mxset *set)
{
    static const char *const words[] = {"", "NULL", "NXDOMAIN", "NONE", "ERROR", "BAD_NAME"};
    struct got *got = arg;
    size_t n = (size_t)snprintf(got->text, sizeof got->text, "%s%s%s%s", words[set->status],
                                set->detail ? " " : "", set->detail ? set->detail : "",
                                set->implicit ? "implicit " : "");
    for (uint16_t i = 0; i < set->n_hosts; i++)
        n += (size_t)snprintf(got->text + n, sizeof got->text - n, "%s%u %s", i ? ", " : "",
                              set->hosts[i].preference, set->hosts[i].name);
    (void)snprintf(got->group, sizeof got->group, "%s", set->group);
    got->expires_ms = set->expires_ms;
    got->n++;
}

static void on_host(void *arg, struct mxp_host_addrs *addrs)
{
    static const char *const words[] = {"", "NONE", "REFUSED", "ERROR"};
    struct got *got = arg;
    size_t n = (size_t)snprintf(got->text, sizeof got->text, "%s%s%s", words[addrs->status],
                                addrs->detail ? " " : "", addrs->detail ? addrs->detail : "");
    for (uint16_t i = 0; i < addrs->n_ips; i++) {
        char ip[MXP_IP_TEXT_MAX];
        n += (size_t)snprintf(got->text + n, sizeof got->text - n, "%s%s", i ? ", " : "",
                              mxp_ip_text(&addrs->ips[i], ip));
    }
    got->expires_ms = addrs->expires_ms;
    got->n++;
}

static struct mxp_mx_lookup *make(const char *const *zone, struct mxp_mx_lookup_options options)
{
    fake_init(&fake, zone);
    fake.now_ms = 5000;
    options.now_ms = fake_now;
    options.now_arg = &fake;
    return mxp_mx_lookup_new(&fake.resolver, &options);
}

static void drop(struct mxp_mx_lookup *lookup)
{
    assert_null(mxp_mx_lookup_free(lookup));
    fake_free(&fake);
}

/* One question, answered; the same again out of the cache gives the same. */
static void look(const char *what, const char *const *zone, struct mxp_mx_lookup_options options,
                 const char *name, bool host, const char *expected)
{
    struct mxp_mx_lookup *lookup = make(zone, options);
    struct got got = {0}, again = {0};
    assert_non_null(lookup);
    for (int i = 0; i < 2; i++) {
        struct got *into = i ? &again : &got;
        int err = host ? mxp_mx_lookup_host(lookup, name, on_host, into)
                       : mxp_mx_lookup_domain(lookup, name, on_set, into);
        assert_int_equal(err, 0);
        fake_answer_all(&fake);
    }
    if (got.n != 1 || again.n != 1 || strcmp(got.text, expected) != 0)
        fail_msg("%s: %s, expected %s", what, got.text, expected);
    assert_string_equal(again.text, expected);
    assert_int_equal(again.expires_ms, got.expires_ms);
    drop(lookup);
}

#define Z(...)                                                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void test_domains(void **state)
{
    (void)state;
    static const struct {
        const char *what, *zone[6], *expected;
    } cases[] = {
        {"one MX", Z("a.test MX 300 10 mx.test"), "10 mx.test"},
        {"by preference", Z("a.test MX 300 30 c.test, 10 z.test, 20 b.test"),
         "10 z.test, 20 b.test, 30 c.test"},
        {"preferences up to 65535", Z("a.test MX 300 65535 b.test, 0 c.test"),
         "0 c.test, 65535 b.test"},
        {"a host twice: its best preference", Z("a.test MX 300 20 mx.test, 10 MX.test, 15 b.test"),
         "10 mx.test, 15 b.test"},
        {"the domain is its own MX", Z("a.test MX 300 10 a.test"), "10 a.test"},
        {"null MX", Z("a.test MX 300 0 ."), "NULL"},
        {"null MX with a preference", Z("a.test MX 300 10 ."), "NULL"},
        {"null MX twice", Z("a.test MX 300 0 ., 10 ."), "NULL"},
        {"null MX beside others (RFC 7505, 3)", Z("a.test MX 300 0 ., 10 mx.test"), "10 mx.test"},
        {"null MX has no implicit one", Z("a.test MX 300 0 .", "a.test A 300 8.8.8.8"), "NULL"},
        {"an address for a name", Z("a.test MX 300 10 192.0.2.1"), "10 192.0.2.1"},
        {"and beside a host", Z("a.test MX 300 10 192.0.2.1, 20 mx.test"),
         "10 192.0.2.1, 20 mx.test"},
        {"null MX and an odd name", Z("a.test MX 300 0 ., 10 a\\032b.test"), "10 a\\032b.test"},
        {"implicit, IPv4", Z("a.test A 300 8.8.8.8"), "implicit 0 a.test"},
        {"implicit, IPv6", Z("a.test AAAA 300 2a00::1"), "implicit 0 a.test"},
        {"implicit, private all the same", Z("a.test A 300 10.0.0.1"), "implicit 0 a.test"},
        {"implicit though A fails", Z("a.test A SERVFAIL", "a.test AAAA 300 2a00::1"),
         "implicit 0 a.test"},
        {"implicit though AAAA fails", Z("a.test AAAA TIMEOUT", "a.test A 300 8.8.8.8"),
         "implicit 0 a.test"},
        {"NXDOMAIN to MX only: some balancers", Z("a.test MX NXDOMAIN", "a.test A 300 8.8.8.8"),
         "implicit 0 a.test"},
        {"NXDOMAIN", Z("a.test * NXDOMAIN"), "NXDOMAIN"},
        {"NXDOMAIN, but not to MX", Z("a.test A NXDOMAIN", "a.test AAAA NXDOMAIN"), "NONE"},
        {"NXDOMAIN, but not to A", Z("a.test MX NXDOMAIN", "a.test AAAA NXDOMAIN"), "NONE"},
        {"NXDOMAIN, but not to AAAA", Z("a.test MX NXDOMAIN", "a.test A NXDOMAIN"), "NONE"},
        {"nothing", {NULL}, "NONE"},
        {"SERVFAIL", Z("a.test MX SERVFAIL", "a.test A 300 8.8.8.8"), "ERROR SERVFAIL to MX"},
        {"REFUSED", Z("a.test * REFUSED"), "ERROR REFUSED to MX"},
        {"FORMERR", Z("a.test * FORMERR"), "ERROR FORMERR to MX"},
        {"timeout", Z("a.test * TIMEOUT"), "ERROR timeout asking for MX"},
        {"no answer", Z("a.test * FAILED"), "ERROR no usable answer to MX"},
        {"cancelled", Z("a.test * CANCELED"), "ERROR cancelled"},
        {"NXDOMAIN, then SERVFAIL",
         Z("a.test MX NXDOMAIN", "a.test A SERVFAIL", "a.test AAAA NXDOMAIN"),
         "ERROR SERVFAIL to A"},
        {"NXDOMAIN, then a timeout",
         Z("a.test MX NXDOMAIN", "a.test A NXDOMAIN", "a.test AAAA TIMEOUT"),
         "ERROR timeout asking for AAAA"},
        {"nothing, then REFUSED", Z("a.test A REFUSED"), "ERROR REFUSED to A"},
        {"a CNAME circle", Z("a.test MX CNAME a.test"), "ERROR no usable answer to MX"},
        {"a CNAME not followed",
         Z("a.test MX CNAME b.test", "a.test A CNAME b.test", "a.test AAAA CNAME b.test"),
         "ERROR a CNAME without its target's records"},
        {"a CNAME not followed for MX", Z("a.test MX CNAME b.test", "a.test A 300 8.8.8.8"),
         "implicit 0 a.test"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        look(cases[i].what, cases[i].zone, (struct mxp_mx_lookup_options){0}, "a.test", false,
             cases[i].expected);
}

#define PRIVATE "REFUSED its addresses are private, reserved or our own"

static void test_hosts(void **state)
{
    (void)state;
    enum { ANY = MXP_IP_4_FIRST, V4 = MXP_IP_4_ONLY, V6 = MXP_IP_6_ONLY };
    struct mxp_ip own[2];
    assert_int_equal(mxp_ip_parse(mxp_slice_str("9.9.9.9"), &own[0]), 0);
    assert_int_equal(mxp_ip_parse(mxp_slice_str("2a00::9"), &own[1]), 0);
    static const struct {
        const char *what;
        int ip; /* negative: private ones allowed, too */
        const char *zone[4], *expected;
    } cases[] = {
        {"both, IPv4 first", ANY, Z("m.test AAAA 300 2a00::1", "m.test A 300 8.8.8.8, 8.8.4.4"),
         "8.8.8.8, 8.8.4.4, 2a00::1"},
        {"IPv4 only", V4, Z("m.test AAAA 300 2a00::1", "m.test A 300 8.8.8.8"), "8.8.8.8"},
        {"IPv6 only", V6, Z("m.test AAAA 300 2a00::1", "m.test A 300 8.8.8.8"), "2a00::1"},
        {"left out by --ip 4", V4, Z("m.test AAAA 300 2a00::1"),
         "ERROR it has IPv6 addresses only, left out by --ip 4"},
        {"left out by --ip 6", V6, Z("m.test A 300 8.8.8.8"),
         "ERROR it has IPv4 addresses only, left out by --ip 6"},
        {"none", ANY, {NULL}, "NONE"},
        {"none, --ip 4", V4, {NULL}, "NONE"},
        {"none, --ip 6", V6, {NULL}, "NONE"},
        {"NXDOMAIN", ANY, Z("m.test * NXDOMAIN"), "NONE"},
        {"none and SERVFAIL", ANY, Z("m.test AAAA SERVFAIL"), "ERROR SERVFAIL to AAAA"},
        {"SERVFAIL and none", ANY, Z("m.test A SERVFAIL"), "ERROR SERVFAIL to A"},
        {"none, the other family fails", V4, Z("m.test AAAA TIMEOUT"),
         "ERROR timeout asking for AAAA"},
        {"one family fails", ANY, Z("m.test AAAA SERVFAIL", "m.test A 300 8.8.8.8"), "8.8.8.8"},
        {"the chosen family fails", V4, Z("m.test A REFUSED", "m.test AAAA 300 2a00::1"),
         "ERROR REFUSED to A"},
        {"a CNAME circle", ANY, Z("m.test A CNAME m.test"), "ERROR no usable answer to A"},
        {"a CNAME not followed", ANY, Z("m.test A CNAME b.test"),
         "ERROR a CNAME without its target's records"},
        {"loopback", ANY, Z("m.test A 300 127.0.0.1"), PRIVATE},
        {"private", ANY, Z("m.test A 300 10.0.0.1", "m.test AAAA 300 fd00::1"), PRIVATE},
        {"some private", ANY, Z("m.test A 300 10.0.0.1, 8.8.8.8"), "8.8.8.8"},
        {"mapped, NAT64, 6to4", ANY,
         Z("m.test AAAA 300 ::ffff:10.0.0.1, 64:ff9b::10.0.0.1, 2002:a00:1::1"), PRIVATE},
        {"our own", ANY, Z("m.test A 300 9.9.9.9", "m.test AAAA 300 2a00::9"), PRIVATE},
        {"our own in disguise", ANY,
         Z("m.test AAAA 300 64:ff9b::9.9.9.9, 2002:909:909::1, ::ffff:9.9.9.9"), PRIVATE},
        {"private and left out", V4, Z("m.test A 300 10.0.0.1", "m.test AAAA 300 2a00::1"),
         PRIVATE},
        {"allowed", -1 - ANY, Z("m.test A 300 127.0.0.1, 9.9.9.9", "m.test AAAA 300 ::1"),
         "127.0.0.1, 9.9.9.9, ::1"},
        {"allowed, but no host", -1 - ANY,
         Z("m.test A 300 0.0.0.0, 224.0.0.1, 255.255.255.255", "m.test AAAA 300 ::, ff02::1"),
         PRIVATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool allowed = cases[i].ip < 0;
        struct mxp_mx_lookup_options options = {
            .ip = (enum mxp_ip_choice)(allowed ? -1 - cases[i].ip : cases[i].ip),
            .allow_private = allowed,
            .own = own,
            .n_own = 2,
        };
        look(cases[i].what, cases[i].zone, options, "m.test", true, cases[i].expected);
    }
}

/* Names that nobody could ask for: no proof that there is no mail server. */
static void test_no_hosts(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"192.0.2.1", "ERROR the MX record names an IP address, not a host"},
        {"1.2.3", "ERROR the MX record's name is no host name"},
        {"a\\032b.test", "ERROR the MX record's name is no host name"},
        {"a\\.b.test", "ERROR the MX record's name is no host name"},
        {"a..b", "ERROR the MX record's name is no host name"},
        {"", "ERROR the MX record's name is no host name"},
        {"...", "ERROR it has more MX hosts than are tried"},
    };
    static const char *const zone[] = {"192.0.2.1 A 300 8.8.8.8", NULL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        look(cases[i][0], zone, (struct mxp_mx_lookup_options){0}, cases[i][0], true, cases[i][1]);
        assert_int_equal(fake.n, 0);
    }
}

static void test_questions(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum mxp_ip_choice ip;
        bool host;
        const char *zone[3];
        size_t mx, a, aaaa;
    } cases[] = {
        {"MX", MXP_IP_4_FIRST, false, Z("a.test MX 300 10 mx.test"), 1, 0, 0},
        {"implicit", MXP_IP_4_FIRST, false, Z("a.test A 300 8.8.8.8"), 1, 1, 1},
        {"host", MXP_IP_4_FIRST, true, Z("a.test A 300 8.8.8.8"), 0, 1, 1},
        {"host, --ip 4", MXP_IP_4_ONLY, true, Z("a.test A 300 8.8.8.8"), 0, 1, 0},
        {"host, --ip 6", MXP_IP_6_ONLY, true, Z("a.test AAAA 300 2a00::1"), 0, 0, 1},
        {"host, --ip 4, none", MXP_IP_4_ONLY, true, {NULL}, 0, 1, 1},
        {"host, --ip 6, none", MXP_IP_6_ONLY, true, {NULL}, 0, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_mx_lookup *lookup =
            make(cases[i].zone, (struct mxp_mx_lookup_options){.ip = cases[i].ip});
        struct got got = {0};
        if (cases[i].host)
            assert_int_equal(mxp_mx_lookup_host(lookup, "a.test", on_host, &got), 0);
        else
            assert_int_equal(mxp_mx_lookup_domain(lookup, "a.test", on_set, &got), 0);
        fake_answer_all(&fake);
        print_message("%s: %s\n", cases[i].what, got.text);
        assert_int_equal(got.n, 1);
        assert_int_equal(fake_count(&fake, MXP_RR_MX), cases[i].mx);
        assert_int_equal(fake_count(&fake, MXP_RR_A), cases[i].a);
        assert_int_equal(fake_count(&fake, MXP_RR_AAAA), cases[i].aaaa);
        drop(lookup);
    }
}

/* Equal preferences: every order comes, each seed always has the same one, whatever the order
 * of the answer, and the group does not depend on it. */
static void test_shuffle(void **state)
{
    (void)state;
    static const char *const zones[2][2] = {
        {"a.test MX 300 10 c.test, 10 a.test, 10 b.test, 5 z.test", NULL},
        {"a.test MX 300 10 b.test, 5 z.test, 10 c.test, 10 a.test", NULL}};
    unsigned seen[6] = {0};
    for (uint64_t seed = 0; seed < 600; seed++) {
        struct got got[2] = {{0}, {0}};
        for (int k = 0; k < 2; k++) {
            struct mxp_mx_lookup *lookup =
                make(zones[k], (struct mxp_mx_lookup_options){.seed = seed});
            assert_int_equal(mxp_mx_lookup_domain(lookup, "a.test", on_set, &got[k]), 0);
            fake_answer_all(&fake);
            drop(lookup);
        }
        assert_string_equal(got[0].text, got[1].text);
        assert_string_equal(got[0].group, "a.test b.test c.test z.test");
        assert_memory_equal(got[0].text, "5 z.test, ", 10);
        static const char *const orders[] = {
            "10 a.test, 10 b.test, 10 c.test", "10 a.test, 10 c.test, 10 b.test",
            "10 b.test, 10 a.test, 10 c.test", "10 b.test, 10 c.test, 10 a.test",
            "10 c.test, 10 a.test, 10 b.test", "10 c.test, 10 b.test, 10 a.test"};
        for (int k = 0; k < 6; k++)
            seen[k] += strcmp(got[0].text + 10, orders[k]) == 0;
    }
    unsigned sum = 0;
    for (int k = 0; k < 6; k++) {
        assert_in_range(seen[k], 60, 140);
        sum += seen[k];
    }
    assert_int_equal(sum, 600);
}

static void test_many_hosts(void **state)
{
    (void)state;
    for (unsigned n = 63; n <= 66; n++) {
        char line[2000];
        size_t len = (size_t)snprintf(line, sizeof line, "a.test MX 300 ");
        for (unsigned i = 0; i < n; i++)
            len += (size_t)snprintf(line + len, sizeof line - len, "%u h%u.test ", i, i);
        const char *zone[] = {line, NULL};
        struct mxp_mx_lookup *lookup = make(zone, (struct mxp_mx_lookup_options){0});
        struct got got = {0};
        assert_int_equal(mxp_mx_lookup_domain(lookup, "a.test", on_set, &got), 0);
        fake_answer_all(&fake);
        assert_int_equal(strstr(got.text, "...") != NULL, n > 64);
        assert_int_equal(strstr(got.text, " h63.test") != NULL, n == 64);
        assert_non_null(strstr(got.text, " h62.test"));
        drop(lookup);
    }
}

static void on_million(void *arg, struct mxp_mxset *set)
{
    *(size_t *)arg += set->n_hosts; /* one */
}

static void on_million_host(void *arg, struct mxp_host_addrs *addrs)
{
    *(size_t *)arg += addrs->n_ips; /* one */
}

/* A million addresses at 1,000 domains: 1,000 questions for MX, while they are in flight and
 * out of the cache; the hosts, which all share, are asked for once. */
static void test_a_million_at_a_thousand(void **state)
{
    (void)state;
    static char lines[1000][48], domains[1000][16];
    static const char *zone[1002];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(domains[i], sizeof domains[i], "d%d.test", i);
        (void)snprintf(lines[i], sizeof lines[i], "%s MX 300 10 mx.test", domains[i]);
        zone[i] = lines[i];
    }
    zone[1000] = "mx.test A 300 8.8.8.8";
    struct mxp_mx_lookup *lookup = make(zone, (struct mxp_mx_lookup_options){0});
    size_t n_given = 0;
    for (int i = 0; i < 1000000; i++) {
        if (mxp_mx_lookup_domain(lookup, domains[i % 1000], on_million, &n_given) ||
            mxp_mx_lookup_host(lookup, "mx.test", on_million_host, &n_given))
            fail_msg("address %d could not be asked for", i);
        if (i == 500000)
            fake_answer_all(&fake);
    }
    fake_answer_all(&fake);
    assert_int_equal(n_given, 2000000);
    assert_int_equal(fake_count(&fake, MXP_RR_MX), 1000);
    assert_int_equal(fake_count(&fake, MXP_RR_A), 1);
    assert_int_equal(fake_count(&fake, MXP_RR_AAAA), 1);
    struct mxp_mx_lookup_stats stats;
    mxp_mx_lookup_stats(lookup, &stats);
    assert_int_equal(stats.n_mx_asked, 1000);
    assert_int_equal(stats.n_addr_asked, 2);
    assert_int_equal(stats.n_joined + stats.n_cache_hits, 3000000 - 1002); /* MX, A and AAAA */
    drop(lookup);
}

static void test_expiry(void **state)
{
    (void)state;
    static const char *const zone[] = {"a.test A 100 8.8.8.8", "a.test AAAA 30 2a00::1", NULL};
    struct mxp_mx_lookup *lookup = make(zone, (struct mxp_mx_lookup_options){0});
    struct got got = {0};
    assert_int_equal(mxp_mx_lookup_domain(lookup, "a.test", on_set, &got), 0);
    fake_answer_all(&fake);
    assert_int_equal(got.expires_ms, fake.now_ms + 30000); /* the least: MX has 60 */
    drop(lookup);
}

/* No memory, wherever: an error and no call, or one call that judges nobody. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const zone[] = {
        "a.test MX NXDOMAIN",    "a.test A NXDOMAIN",
        "a.test AAAA NXDOMAIN",  "b.test MX 300 10 mx.test, 20 m.test",
        "mx.test A 300 8.8.8.8", NULL};
    bool whole = false;
    for (long nth = 1; !whole; nth++) {
        struct got a = {0}, b = {0}, host = {0};
        failing_after = nth - 1;
        struct mxp_mx_lookup *lookup =
            make(zone, (struct mxp_mx_lookup_options){.own = &(struct mxp_ip){4, {1}}, .n_own = 1});
        int errs[3] = {MXP_ENOMEM, MXP_ENOMEM, MXP_ENOMEM};
        if (lookup) {
            errs[0] = mxp_mx_lookup_domain(lookup, "a.test", on_set, &a);
            errs[1] = mxp_mx_lookup_domain(lookup, "b.test", on_set, &b);
            errs[2] = mxp_mx_lookup_host(lookup, "mx.test", on_host, &host);
            fake_answer_all(&fake);
        }
        whole = failing_after >= 0;
        failing_after = -1;
        const struct {
            const struct got *got;
            const char *text;
        } pairs[] = {{&a, "NXDOMAIN"}, {&b, "10 mx.test, 20 m.test"}, {&host, "8.8.8.8"}};
        for (int i = 0; i < 3; i++) {
            print_message("%ld: %d %s\n", nth, errs[i], pairs[i].got->text);
            assert_int_equal(pairs[i].got->n, errs[i] == 0);
            if (errs[i])
                assert_int_equal(errs[i], MXP_ENOMEM);
            else if (memcmp(pairs[i].got->text, "ERROR", 5) != 0)
                assert_string_equal(pairs[i].got->text, pairs[i].text);
            else
                assert_false(whole);
        }
        if (lookup)
            drop(lookup);
    }
}

static void test_freed_with_questions(void **state)
{
    (void)state;
    struct mxp_mx_lookup *lookup = make(NULL, (struct mxp_mx_lookup_options){0});
    struct got got = {0};
    assert_int_equal(mxp_mx_lookup_domain(lookup, "a.test", on_set, &got), 0);
    assert_int_equal(mxp_mx_lookup_host(lookup, "b.test", on_host, &got), 0);
    drop(lookup);
    assert_int_equal(got.n, 0);
    assert_null(mxp_mx_lookup_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_no_hosts),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_a_million_at_a_thousand),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_freed_with_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
