#include "core/err.h"
#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define A61 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"

static void test_to_ascii(void **state)
{
    (void)state;
    static const struct {
        const char *name, *ascii; /* NULL: err */
        int err;
    } cases[] = {
        {"example.org", "example.org", 0},
        {"EXAMPLE.Org", "example.org", 0},
        {"example.org.", "example.org", 0},
        {"example.org..", NULL, MXP_ESYNTAX},
        {".example.org", NULL, MXP_ESYNTAX},
        {"a..b", NULL, MXP_ESYNTAX},
        {"", NULL, MXP_ESYNTAX},
        {".", NULL, MXP_ESYNTAX},
        {"localhost", "localhost", 0},
        {"a_b.example", "a_b.example", 0},
        {"a b.example", NULL, MXP_ESYNTAX},
        {"a@b.example", NULL, MXP_ESYNTAX},
        {"a\\.b.example", NULL, MXP_ESYNTAX},
        {"a\r\nb.example", NULL, MXP_ESYNTAX},
        {"[192.0.2.1]", NULL, MXP_ESYNTAX},
        {"192.0.2.1", NULL, MXP_ESYNTAX},
        {"123", NULL, MXP_ESYNTAX},
        {"1.2.3.4a", "1.2.3.4a", 0},
        {"123.example", "123.example", 0},
        {A63 ".example", A63 ".example", 0},
        {A63 "a.example", NULL, MXP_ETOOBIG},
        {A63 "." A63 "." A63 "." A61, A63 "." A63 "." A63 "." A61, 0}, /* 253 */
        {A63 "." A63 "." A63 "." A61 ".", A63 "." A63 "." A63 "." A61, 0},
        {A63 "." A63 "." A63 "." A61 "a", NULL, MXP_ETOOBIG},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example", 0},
        {"B\xc3\x9c"
         "CHER.example",
         "xn--bcher-kva.example", 0},
        {"xn--bcher-kva.example", "xn--bcher-kva.example", 0},
        {"XN--BCHER-KVA.example", "xn--bcher-kva.example", 0},
        {"stra\xc3\x9f"
         "e.example",
         "xn--strae-oqa.example", 0}, /* not "strasse" */
        {"b\xc3\xbc"
         "cher\xe3\x80\x82"
         "example",
         "xn--bcher-kva.example", 0}, /* U+3002 */
        {"b\xc3\xbc"
         "cher.example.",
         "xn--bcher-kva.example", 0},
        {"b\xc3\xbc"
         "cher.example\xe3\x80\x82",
         "xn--bcher-kva.example", 0},
        {"b\xc3\xbc"
         "cher.example\xe3\x80\x82\xe3\x80\x82",
         NULL, MXP_ESYNTAX},
        {"\xe2\x84\x80.example", NULL, MXP_ESYNTAX}, /* U+2100 is "a/c" */
        {"b\xc3.example", NULL, MXP_ESYNTAX},        /* no UTF-8 */
        {"xn--a.example", "xn--a.example", 0},       /* IDNA refuses it, DNS may have it */
        {"a.xn--i-7iq.ws", "a.xn--i-7iq.ws", 0},
        /* symbols, which IDNA 2008 disallows and registries have sold */
        {"i\xe2\x9d\xa4.ws", "xn--i-7iq.ws", 0},
        {"i\xe2\x9d\xa4\xef\xb8\x8f.ws", "xn--i-7iq.ws", 0}, /* with a variation selector */
        {"I\xe2\x9d\xa4.B\xc3\x9c"
         "cher.WS.",
         "xn--i-7iq.xn--bcher-kva.ws", 0},
        {"\xf0\x9f\x92\xa9.la", "xn--ls8h.la", 0},
        {"i\xe2\x9d\xa4 .ws", NULL, MXP_ESYNTAX},
        {"i\xe2\x9d\xa4..ws", NULL, MXP_ESYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ret[MXP_NAME_MAX] = "untouched";
        int err = mxp_name_to_ascii(mxp_slice_str(cases[i].name), ret);
        if (err != cases[i].err || strcmp(ret, err ? "untouched" : cases[i].ascii) != 0)
            fail_msg("\"%s\": %d %s, expected %d %s", cases[i].name, err, ret, cases[i].err,
                     cases[i].ascii ? cases[i].ascii : "");
        if (!err)
            assert_true(mxp_name_is_host(ret));
    }
    char ret[MXP_NAME_MAX];
    assert_int_equal(mxp_name_to_ascii((struct mxp_slice){"a\0b.test", 8}, ret), MXP_ESYNTAX);
    assert_int_equal(mxp_name_to_ascii((struct mxp_slice){"\xc3\xbc\0b.test", 9}, ret),
                     MXP_ESYNTAX);
    char longest[4096];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "\xc3\xbc", 2);
    assert_int_equal(mxp_name_to_ascii((struct mxp_slice){longest, sizeof longest}, ret),
                     MXP_ETOOBIG);
}

static void test_is_host(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool host;
    } cases[] = {
        {"mx.example", true}, {"mx", true},   {"_x.example", true}, {"", false},
        {"...", false},       {"a.", false},  {"1.2.3.4", false},   {"a\\032b.example", false},
        {"\\*.a", false},     {"a b", false}, {A63 "x", false},     {A63, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        assert_int_equal(mxp_name_is_host(cases[i].name), cases[i].host);
    }
}

static void test_registrable(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"mx.a.example.co.uk", "example.co.uk"},
        {"example.co.uk", "example.co.uk"},
        {"co.uk", "co.uk"},
        {"mx.example.com", "example.com"},
        {"localhost", "localhost"},
        {"mx1.xn--bcher-kva.de", "xn--bcher-kva.de"},
        {"a.b.c.test", "c.test"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(mxp_name_registrable(cases[i][0]), cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_ascii),
        cmocka_unit_test(test_is_host),
        cmocka_unit_test(test_registrable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
