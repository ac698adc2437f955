#include "probe/options/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "options_util.h"

static void test_ehlo(void **state)
{
    (void)state;
    static const struct {
        const char *given, *wire; /* NULL: refused */
    } cases[] = {
        {"mail.example.org", "mail.example.org"},
        {"Mail.Example.ORG", "mail.example.org"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"[192.0.2.1]", "[192.0.2.1]"},
        {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
        {"mail.example.org.", "mail.example.org"}, /* the root is meant, and not sent */
        {"[2001:db8::1]", NULL},
        {"[]", NULL},
        {"[192.0.2.1", NULL},
        {"192.0.2.1", NULL},
        {"localhost", NULL},
        {"", NULL},
        {".example", NULL},
        {"a_b.example", NULL},
        {"a b.example", NULL},
        {"a@b.example", NULL},
        {"\xff.example", NULL},
        {"[x-tag:anything]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options o;
        struct mxp_why why;
        const char *args[] = {"check", "a@b.example", "--ehlo", cases[i].given, NULL};
        int err = util_parse(NULL, args, &o, &why);
        const char *wire = err ? NULL : o.identities[0].ehlo_name;
        if (!cases[i].wire != !wire || (wire && strcmp(wire, cases[i].wire) != 0))
            fail_msg("'%s' gives '%s' (%s)", cases[i].given, wire ? wire : "an error", why.text);
        if (err)
            util_words(cases[i].given, why.text, "--ehlo|expected a domain name");
        mxp_options_free(&o);
    }
}

static void test_sender(void **state)
{
    (void)state;
    static const struct {
        const char *given, *wire; /* NULL: refused */
        bool utf8;
    } cases[] = {
        {"<>", "", false},
        {"p@example.org", "p@example.org", false},
        {"<p@example.org>", "p@example.org", false},
        {"P@Example.ORG", "P@example.org", false},
        {"\"p\"@example.org", "p@example.org", false}, /* the plain form is to be used */
        {"\"a b\"@example.org", "\"a b\"@example.org", false},
        {"p@b\xc3\xbc"
         "cher.example",
         "p@xn--bcher-kva.example", false},
        {"p\xc3\xa9@example.org", "p\xc3\xa9@example.org", true},
        {"p@[192.0.2.1]", "p@[192.0.2.1]", false},
        {"p@[IPv6:2001:db8::1]", "p@[IPv6:2001:db8::1]", false},
        {"", NULL, false},
        {"<", NULL, false},
        {">", NULL, false},
        {"<<>>", NULL, false},
        {"p", NULL, false},
        {"p@", NULL, false},
        {"@example.org", NULL, false},
        {"p@localhost", NULL, false},
        {"a b@example.org", NULL, false},
        {"p@example.org> SIZE=1", NULL, false},
        {"p@example.org\r\nRCPT TO:<x@y.example>", NULL, false},
        {"p@exa\tmple.org", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options o;
        struct mxp_why why;
        const char *args[] = {"check", "a@b.example", "--mail-from", cases[i].given, NULL};
        int err = util_parse(NULL, args, &o, &why);
        const char *wire = err ? NULL : o.identities[0].mail_from;
        if (!cases[i].wire != !wire || (wire && strcmp(wire, cases[i].wire) != 0))
            fail_msg("'%s' gives '%s' (%s)", cases[i].given, wire ? wire : "an error", why.text);
        if (!err)
            assert_int_equal(o.identities[0].mail_from_utf8, cases[i].utf8);
        else
            util_words(cases[i].given, why.text, "--mail-from|expected an address");
        mxp_options_free(&o);
    }
}

/* A null sender in bulk: only where nothing but a lab can be reached. */
static void test_null_sender_in_bulk(void **state)
{
    (void)state;
    struct mxp_options o;
    struct mxp_why why;
    const char *const lab[] = {"bulk", "l", "--mail-from", "<>", "--allow-private-mx", NULL};
    const char *const none[] = {"bulk", "l", "--allow-private-mx", NULL};
    util_must(NULL, lab, &o);
    assert_string_equal(o.identities[0].mail_from, "");
    mxp_options_free(&o);
    assert_int_equal(util_parse(NULL, none, &o, &why), MXP_ECONFIG); /* it must be said */
    mxp_options_free(&o);
}

static void test_narrows_to_the_sources_family(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *source;
        enum mxp_ip_choice choice;
    } cases[] = {{"any", "192.0.2.1", MXP_IP_4_ONLY},
                 {"any", "2001:db8::1", MXP_IP_6_ONLY},
                 {"4", "192.0.2.1", MXP_IP_4_ONLY},
                 {"6", "2001:db8::1", MXP_IP_6_ONLY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options o;
        const char *args[] = {"check",    "a@b.example",   "--ip", cases[i].ip,
                              "--source", cases[i].source, NULL};
        util_must(NULL, args, &o);
        assert_int_equal(o.ip, cases[i].choice);
        mxp_options_free(&o);
    }
}

/* Many sources: each is an identity with the same names. */
static void test_many_sources(void **state)
{
    (void)state;
    char config[4000] = "mail_from: p@example.org\nsource:\n";
    for (unsigned i = 1; i <= 100; i++) {
        size_t len = strlen(config);
        (void)snprintf(config + len, sizeof config - len, "  - 192.0.2.%u\n", i);
    }
    struct mxp_options o;
    util_must(config, (const char *const[]){"bulk", "l", "--config", "@", NULL}, &o);
    assert_int_equal(o.n_identities, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(o.identities[i].source.bytes[3], i + 1);
        assert_string_equal(o.identities[i].mail_from, "p@example.org");
        assert_string_equal(o.identities[i].ehlo_name, "probe.example.org");
    }
    mxp_options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ehlo),
        cmocka_unit_test(test_sender),
        cmocka_unit_test(test_null_sender_in_bulk),
        cmocka_unit_test(test_narrows_to_the_sources_family),
        cmocka_unit_test(test_many_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
