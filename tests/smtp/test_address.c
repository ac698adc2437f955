#include "smtp/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A16 "aaaaaaaaaaaaaaaa"
#define A63 "a" A16 A16 A16 "aaaaaaaaaaaaaa"
#define A64 "a" A63

static void check_status(struct mxp_slice text, enum mxp_address_status expected)
{
    struct mxp_address address, before;
    memset(&address, 0x5a, sizeof address);
    before = address;
    enum mxp_address_status status = mxp_address_parse(text, &address);
    if (status != expected)
        fail_msg("'%.*s': %s, not %s", (int)text.len, text.ptr, mxp_address_status_text(status),
                 mxp_address_status_text(expected));
    if (status != MXP_ADDRESS_OK)
        assert_memory_equal(&address, &before, sizeof address);
}

static void test_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mxp_address_status status;
    } cases[] = {
        {"", MXP_ADDRESS_EMPTY},
        {"user", MXP_ADDRESS_NO_AT},
        {"@example.com", MXP_ADDRESS_LOCAL_EMPTY},
        {"@", MXP_ADDRESS_LOCAL_EMPTY},
        {"user@", MXP_ADDRESS_DOMAIN_EMPTY},
        {"user@example.com", MXP_ADDRESS_OK},
        {"User+Tag@Example.COM", MXP_ADDRESS_OK},
        {"!#$%&'*+-/=?^_`{|}~@example.com", MXP_ADDRESS_OK},
        {"a.b.c@a.b.c.d.example", MXP_ADDRESS_OK},
        {"1@2.example", MXP_ADDRESS_OK},
        {A64 "@example.com", MXP_ADDRESS_OK},
        {"a" A64 "@example.com", MXP_ADDRESS_LOCAL_TOO_LONG},
        /* local part: what needs quotes */
        {"a b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"a@b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"a,b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"a(c)b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"<a@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"a\\b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"Name <a@example.com>", MXP_ADDRESS_LOCAL_SYNTAX},
        {"a;b@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {".a@example.com", MXP_ADDRESS_LOCAL_DOTS},
        {"a.@example.com", MXP_ADDRESS_LOCAL_DOTS},
        {"a..b@example.com", MXP_ADDRESS_LOCAL_DOTS},
        {".@example.com", MXP_ADDRESS_LOCAL_DOTS},
        /* quoted */
        {"\"a b\"@example.com", MXP_ADDRESS_OK},
        {"\"a@b\"@example.com", MXP_ADDRESS_OK},
        {"\"\"@example.com", MXP_ADDRESS_OK},
        {"\"a\\\"b\"@example.com", MXP_ADDRESS_OK},
        {"\"a\\\\\"@example.com", MXP_ADDRESS_OK},
        {"\"a\\\"@example.com", MXP_ADDRESS_LOCAL_QUOTES},
        {"\"a\"b@example.com", MXP_ADDRESS_LOCAL_QUOTES},
        {"a\"b\"@example.com", MXP_ADDRESS_LOCAL_QUOTES},
        {"a.\"b\"@example.com", MXP_ADDRESS_LOCAL_QUOTES},
        {"\"a@example.com", MXP_ADDRESS_LOCAL_QUOTES},
        {"\"a\"", MXP_ADDRESS_NO_AT},
        {"\"a", MXP_ADDRESS_NO_AT},
        {"\"\\\xc3\xa9\"@example.com", MXP_ADDRESS_LOCAL_SYNTAX},
        {"\"\xc3\xa9 x\"@example.com", MXP_ADDRESS_OK},
        /* control characters, wherever they are */
        {"a\r\nRCPT TO:<b@example.com>", MXP_ADDRESS_CONTROL},
        {"a\n@example.com", MXP_ADDRESS_CONTROL},
        {"\"a\rb\"@example.com", MXP_ADDRESS_CONTROL},
        {"\"a\\\rb\"@example.com", MXP_ADDRESS_CONTROL},
        {"a\t@example.com", MXP_ADDRESS_CONTROL},
        {"a\x7f@example.com", MXP_ADDRESS_CONTROL},
        {"a@example.com\r", MXP_ADDRESS_CONTROL},
        {"a@example\x1b.com", MXP_ADDRESS_CONTROL},
        {"a@[192.0.2.1\n]", MXP_ADDRESS_CONTROL},
        {"a\xc2\x85@example.com", MXP_ADDRESS_CONTROL},
        {"\xff\r@example.com", MXP_ADDRESS_CONTROL},
        /* UTF-8 */
        {"j\xc3\xb6rg@example.com", MXP_ADDRESS_OK},
        {"\xe7\x94\xa8\xe6\x88\xb7@example.com", MXP_ADDRESS_OK},
        {"\xf0\x9f\x90\x94@example.com", MXP_ADDRESS_OK},
        {"\xff@example.com", MXP_ADDRESS_UTF8},
        {"\xc3@example.com", MXP_ADDRESS_UTF8},
        {"a\x80@example.com", MXP_ADDRESS_UTF8},
        {"\xc0\xaf@example.com", MXP_ADDRESS_UTF8},             /* overlong */
        {"\xed\xa0\x80@example.com", MXP_ADDRESS_UTF8},         /* a surrogate */
        {"\xf4\x90\x80\x80@example.com", MXP_ADDRESS_UTF8},     /* past U+10FFFF */
        {"\xf8\x88\x80\x80\x80@example.com", MXP_ADDRESS_UTF8}, /* five octets */
        {"a@ex\xe4mple.com", MXP_ADDRESS_UTF8},                 /* Latin-1 */
        {"a@example.com\xe3\x80", MXP_ADDRESS_UTF8},
        /* domain */
        {"a@" A63 ".example", MXP_ADDRESS_OK},
        {"a@a" A63 ".example", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@example..com", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@.example.com", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@example.com.", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@.", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@-example.com", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@example-.com", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@example.com-", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@ex--ample.com", MXP_ADDRESS_OK},
        {"a@my_host.example.com", MXP_ADDRESS_OK},
        {"a@_dmarc.example.com", MXP_ADDRESS_OK},
        {"a@exam ple.com", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@exam,ple.com", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@example.com>", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@-example.com>", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@example.com:25", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@::1", MXP_ADDRESS_DOMAIN_SYNTAX},
        {"a@localhost", MXP_ADDRESS_DOMAIN_NO_DOT},
        {"a@com", MXP_ADDRESS_DOMAIN_NO_DOT},
        {"a@192.0.2.1", MXP_ADDRESS_DOMAIN_NUMERIC},
        {"a@example.123", MXP_ADDRESS_DOMAIN_NUMERIC},
        {"a@1", MXP_ADDRESS_DOMAIN_NUMERIC},
        {"a@123.example", MXP_ADDRESS_OK},
        {"a@example.c0m", MXP_ADDRESS_OK},
        {"a@xn--mnchen-3ya.example", MXP_ADDRESS_OK},
        {"a@m\xc3\xbcnchen.example", MXP_ADDRESS_OK},
        {"a@example\xe3\x80\x82jp", MXP_ADDRESS_OK},         /* U+3002 is a dot */
        {"a@example\xef\xbc\x8ejp", MXP_ADDRESS_OK},         /* U+FF0E */
        {"a@example\xef\xbd\xa1jp", MXP_ADDRESS_OK},         /* U+FF61 */
        {"a@example\xe3\x80\x82", MXP_ADDRESS_DOMAIN_LABEL}, /* .. so a trailing one is too */
        {"a@a\xe3\x80\x82.jp", MXP_ADDRESS_DOMAIN_LABEL},
        {"a@\xe4\xbe\x8b\xe3\x81\x88", MXP_ADDRESS_DOMAIN_NO_DOT},
        /* literals */
        {"a@[192.0.2.1]", MXP_ADDRESS_OK},
        {"a@[192.0.2.256]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2.1.5]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2.]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2.0001]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2.1", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[192.0.2.1]x", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[ 192.0.2.1]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[IPv6:2001:db8::1]", MXP_ADDRESS_OK},
        {"a@[ipv6:2001:db8::1]", MXP_ADDRESS_OK},
        {"a@[IPv6:::ffff:192.0.2.1]", MXP_ADDRESS_OK},
        {"a@[2001:db8::1]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[IPv6:2001:db8::g]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[IPv6:fe80::1%eth0]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[IPv6:]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[IPv6:192.0.2.1]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[tag:content]", MXP_ADDRESS_LITERAL_SYNTAX},
        {"a@[example.com]", MXP_ADDRESS_LITERAL_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_status(mxp_slice_str(cases[i].text), cases[i].status);
    check_status(MXP_SLICE_LIT("a\0b@example.com"), MXP_ADDRESS_CONTROL);
    check_status(MXP_SLICE_LIT("\"a\\\0b\"@example.com"), MXP_ADDRESS_CONTROL);
    check_status(MXP_SLICE_LIT("a@example.com\0"), MXP_ADDRESS_CONTROL);
}

/* "a@" and labels that make the whole len octets long. */
static struct mxp_slice long_address(char *text, size_t len)
{
    memset(text, 'a', len);
    text[1] = '@';
    for (size_t i = 52; i < len - 1; i += 50)
        text[i] = '.';
    return (struct mxp_slice){text, len};
}

static void test_lengths(void **state)
{
    (void)state;
    char text[400];
    check_status(long_address(text, 254), MXP_ADDRESS_OK);
    check_status(long_address(text, 255), MXP_ADDRESS_TOO_LONG);
    check_status(long_address(text, 257), MXP_ADDRESS_TOO_LONG);
    check_status(long_address(text, 258), MXP_ADDRESS_DOMAIN_TOO_LONG);
    check_status(long_address(text, 400), MXP_ADDRESS_DOMAIN_TOO_LONG);
    /* A U-label may need more octets than the A-label it becomes: 30 characters in 90. */
    char wide[2 + 3 * 90 + 8] = "a@";
    size_t len = 2;
    for (size_t i = 0; i < 90; i++) {
        memcpy(wide + len, i % 30 == 29 ? "\xe3\x80\x82" : "\xe4\xbe\x8b", 3);
        len += 3;
    }
    memcpy(wide + len, "example", 7);
    check_status((struct mxp_slice){wide, len + 7}, MXP_ADDRESS_OK);
}

static void test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *local, *domain, *wire;
        enum mxp_address_kind kind;
        bool local_utf8, domain_utf8;
    } cases[] = {
        {"User+Tag@Example.COM", "User+Tag", "Example.COM", "User+Tag", MXP_ADDRESS_DOMAIN, false,
         false},
        {"\"a.b\"@x.test", "\"a.b\"", "x.test", "a.b", MXP_ADDRESS_DOMAIN, false, false},
        {"\"\\a\\b\"@x.test", "\"\\a\\b\"", "x.test", "ab", MXP_ADDRESS_DOMAIN, false, false},
        {"\"a..b\"@x.test", "\"a..b\"", "x.test", "\"a..b\"", MXP_ADDRESS_DOMAIN, false, false},
        {"\"a\\ b\"@x.test", "\"a\\ b\"", "x.test", "\"a b\"", MXP_ADDRESS_DOMAIN, false, false},
        {"\"a\\\"\\\\\"@x.test", "\"a\\\"\\\\\"", "x.test", "\"a\\\"\\\\\"", MXP_ADDRESS_DOMAIN,
         false, false},
        {"\"\"@x.test", "\"\"", "x.test", "\"\"", MXP_ADDRESS_DOMAIN, false, false},
        {"\"@\"@x.test", "\"@\"", "x.test", "\"@\"", MXP_ADDRESS_DOMAIN, false, false},
        {"\"\xc3\xa9\"@x.test", "\"\xc3\xa9\"", "x.test", "\xc3\xa9", MXP_ADDRESS_DOMAIN, true,
         false},
        {"a@\xc3\xa9.test", "a", "\xc3\xa9.test", "a", MXP_ADDRESS_DOMAIN, false, true},
        {"a@[192.0.2.1]", "a", "192.0.2.1", "a", MXP_ADDRESS_IPV4_LITERAL, false, false},
        {"a@[IPv6:2001:db8::1]", "a", "2001:db8::1", "a", MXP_ADDRESS_IPV6_LITERAL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_address address;
        char wire[65];
        assert_int_equal(mxp_address_parse(mxp_slice_str(cases[i].text), &address), MXP_ADDRESS_OK);
        size_t len = mxp_address_local_wire(&address, wire);
        if (!mxp_slice_eq(address.local, mxp_slice_str(cases[i].local)) ||
            !mxp_slice_eq(address.domain, mxp_slice_str(cases[i].domain)) ||
            strcmp(wire, cases[i].wire) != 0 || len != strlen(wire) ||
            address.kind != cases[i].kind || address.local_utf8 != cases[i].local_utf8 ||
            address.domain_utf8 != cases[i].domain_utf8)
            fail_msg("'%s': local '%.*s', domain '%.*s', wire '%s', kind %d, utf8 %d %d",
                     cases[i].text, (int)address.local.len, address.local.ptr,
                     (int)address.domain.len, address.domain.ptr, wire, address.kind,
                     address.local_utf8, address.domain_utf8);
    }
}

static void test_ip(void **state)
{
    (void)state;
    struct mxp_address address;
    static const uint8_t v4[] = {192, 0, 2, 7};
    static const uint8_t v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(mxp_address_parse(MXP_SLICE_LIT("a@[192.0.2.007]"), &address), 0);
    assert_memory_equal(address.ip, v4, sizeof v4);
    assert_int_equal(mxp_address_parse(MXP_SLICE_LIT("a@[IPv6:2001:DB8::1]"), &address), 0);
    assert_memory_equal(address.ip, v6, sizeof v6);
}

/* The longest local parts that must come out whole. */
static void test_wire_fits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wire;
    } cases[] = {
        {A64 "@x.test", A64},
        {"\"" A16 A16 A16 "aaaaaaaaaaaaa \"@x.test", "\"" A16 A16 A16 "aaaaaaaaaaaaa \""},
        {"\"" A16 A16 A16 "aaaaaaaaaaaa\\\"\"@x.test", "\"" A16 A16 A16 "aaaaaaaaaaaa\\\"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_address address;
        char wire[65];
        assert_int_equal(mxp_address_parse(mxp_slice_str(cases[i].text), &address), 0);
        size_t len = mxp_address_local_wire(&address, wire);
        assert_string_equal(wire, cases[i].wire);
        assert_int_equal(len, strlen(wire));
    }
}

static void test_every_status_has_words(void **state)
{
    (void)state;
    for (unsigned s = 0; s < MXP_ADDRESS_COUNT; s++)
        assert_true(strlen(mxp_address_status_text((enum mxp_address_status)s)) > 3);
    assert_string_equal(mxp_address_status_text(MXP_ADDRESS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),    cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_parts),     cmocka_unit_test(test_ip),
        cmocka_unit_test(test_wire_fits), cmocka_unit_test(test_every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
