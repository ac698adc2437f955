#include "probe/list/list_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* normalized NULL: there is no address. */
static void check(struct mxp_slice entry, const char *normalized, const char *domain)
{
    struct mxp_list_address address;
    memset(&address, 0x5a, sizeof address);
    mxp_list_address_parse(entry, &address);
    if (!normalized ? !address.bad
                    : address.bad || strcmp(address.normalized, normalized) != 0 ||
                          address.len != strlen(normalized) || strcmp(address.domain, domain) != 0)
        fail_msg("'%.*s': %s (%s), domain %s, not %s, %s", (int)entry.len, entry.ptr,
                 address.normalized, address.bad ? address.bad : "an address", address.domain,
                 normalized ? normalized : "none", domain ? domain : "-");
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *normalized, *domain;
    } cases[] = {
        {"Bob@X.De", "Bob@x.de", "x.de"},
        {"\"a.b\"@x.de", "a.b@x.de", "x.de"},
        {"\"a b\"@x.de", "\"a b\"@x.de", "x.de"},
        {"a%b@x.de", "a%b@x.de", "x.de"},
        {"a!b@x.de", "a!b@x.de", "x.de"},
        {"a@[192.0.2.1]", "a@[192.0.2.1]", "192.0.2.1"},
        {"a@[ipv6:2001:DB8::1]", "a@[IPv6:2001:db8::1]", "2001:db8::1"},
        {"a@my_host.x.de", "a@my_host.x.de", "my_host.x.de"},
        {"j\xc3\xb6rg@x.de", "j\xc3\xb6rg@x.de", "x.de"},
        /* internationalised domains */
        {"a@M\xc3\x9cNCHEN.de", "a@xn--mnchen-3ya.de", "xn--mnchen-3ya.de"},
        {"a@mu\xcc\x88nchen.de", "a@xn--mnchen-3ya.de", "xn--mnchen-3ya.de"}, /* not composed */
        {"a@XN--MNCHEN-3YA.de", "a@xn--mnchen-3ya.de", "xn--mnchen-3ya.de"},
        {"a@fa\xc3\x9f.de", "a@xn--fa-hia.de", "xn--fa-hia.de"}, /* not transitional: no "ss" */
        {"a@x\xe3\x80\x82"
         "de",
         "a@x.de", "x.de"},
        {"a@\xef\xbd\x98.de", "a@x.de", "x.de"},                          /* full width */
        {"a@p\xd0\xb0ypal.de", "a@xn--pypal-4ve.de", "xn--pypal-4ve.de"}, /* mixed scripts */
        {"a@\xf0\x9f\x92\xa9.la", "a@xn--ls8h.la", "xn--ls8h.la"},        /* emoji */
        {"a@i\xe2\x9d\xa4.ws", "a@xn--i-7iq.ws", "xn--i-7iq.ws"},
        {"a@xn--ls8h.la", "a@xn--ls8h.la", "xn--ls8h.la"},
        /* in the ways of mail programs */
        {" a@x.de\t", "a@x.de", "x.de"},
        {"\xc2\xa0"
         "a@x.de\xe2\x80\x8b\xc2\xa0 ",
         "a@x.de", "x.de"},
        {"\xef\xbb\xbf"
         "a@x.de",
         "a@x.de", "x.de"},
        {"<a@x.de>", "a@x.de", "x.de"},
        {"< a@x.de >", "a@x.de", "x.de"},
        {"Bob <bob@x.de>", "bob@x.de", "x.de"},
        {"Bob<bob@x.de>", "bob@x.de", "x.de"},
        {"\"Doe, Bob\" <bob@x.de>", "bob@x.de", "x.de"},
        {"bob@y.de <bob@x.de>", "bob@x.de", "x.de"},
        {"J\xf6rg <joerg@x.de>", "joerg@x.de", "x.de"}, /* Latin-1 in the name alone */
        {"mailto:bob@x.de", "bob@x.de", "x.de"},
        {"MailTo: bob@x.de", "bob@x.de", "x.de"},
        {"Bob <mailto:bob@x.de>", "bob@x.de", "x.de"},
        {"\"bob@x.de\"", "bob@x.de", "x.de"},
        {"'bob@x.de'", "bob@x.de", "x.de"},
        {"o'bob@x.de", "o'bob@x.de", "x.de"},
        {"bob@x.de,", "bob@x.de", "x.de"},
        {"Bob <bob@x.de>; ", "bob@x.de", "x.de"},
        {"\"Bob <bob@x.de>\"", "bob@x.de", "x.de"},
        /* none */
        {"", NULL, NULL},
        {" ", NULL, NULL},
        {"<>", NULL, NULL},
        {"<<<<<<<<<a@x.de", NULL, NULL},
        {"bob@x.de bob@y.de", NULL, NULL},
        {"bob@x.de, bob@y.de", NULL, NULL},
        {"bob@x.de>", NULL, NULL},
        {"bob@x.de (Bob)", NULL, NULL},
        {"bob(comment)@x.de", NULL, NULL},
        {"bob @x.de", NULL, NULL},
        {"bob@ x.de", NULL, NULL},
        {"bob@x.de.", NULL, NULL},
        {"bob@x", NULL, NULL},
        {"bob@x.123", NULL, NULL},
        {"bob@192.0.2.1", NULL, NULL},
        {"bob@x..de", NULL, NULL},
        {"bob@-x.de", NULL, NULL},
        {"mailto:", NULL, NULL},
        {"bob\n@x.de", NULL, NULL},
        {"bob@x.de\nRCPT TO:<eve@x.de>", NULL, NULL},
        {"Bob <bob@x.de>\r\nRCPT TO:<eve\r@x.de>", NULL, NULL},
        {"b\x7f@x.de", NULL, NULL},
        {"b\xc2\x85@x.de", NULL, NULL},
        {"b\xff@x.de", NULL, NULL},
        {"a@\xe2\x80\xae.de", NULL, NULL},
        {A63 "aa@x.de", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(mxp_slice_str(cases[i].entry), cases[i].normalized, cases[i].domain);
    check(MXP_SLICE_LIT("a\0b@x.de"), NULL, NULL);
    check(MXP_SLICE_LIT("Bob <a@x.de\0>"), NULL, NULL);
}

/* 254 octets on the wire, and no more: those of the A-labels count. */
static void test_lengths(void **state)
{
    (void)state;
    struct mxp_list_address address;
    char text[300];
    for (size_t len = 250; len < 260; len++) {
        memset(text, 'a', len);
        text[30] = '@';
        text[90] = text[150] = text[210] = '.';
        mxp_list_address_parse((struct mxp_slice){text, len}, &address);
        if (len <= 254 ? address.bad != NULL || address.len != len : !address.bad)
            fail_msg("%zu octets: %s", len, address.bad ? address.bad : "an address");
    }
    /* 64 local octets and three labels of 50 u with dots over them: longer as A-labels */
    size_t len = 64;
    memset(text, 'a', sizeof text);
    text[len++] = '@';
    for (int label = 0; label < 3; label++) {
        for (int i = 0; i < 24; i++, len += 2)
            memcpy(text + len, i % 2 ? "\xc3\xbc" : "\xc3\xb6", 2);
        text[len++] = '.';
    }
    memcpy(text + len, "de", 2);
    mxp_list_address_parse((struct mxp_slice){text, len + 2}, &address);
    assert_true(address.bad == NULL ? address.len <= 254 : address.len == 0 || address.len > 254);
}

static void test_flags(void **state)
{
    (void)state;
    struct mxp_list_address address;
    mxp_list_address_parse(MXP_SLICE_LIT("J <j\xc3\xb6@[192.0.2.1]>"), &address);
    assert_null(address.bad);
    assert_true(address.utf8 && address.literal);
    assert_int_equal(address.local_len, 3);
    mxp_list_address_parse(MXP_SLICE_LIT("j@\xc3\xb6.de"), &address);
    assert_null(address.bad);
    assert_false(address.utf8 || address.literal);
    mxp_list_address_parse(MXP_SLICE_LIT("Bob <bob@>"), &address);
    assert_string_equal(address.bad, "nothing after the @");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses),
                                       cmocka_unit_test(test_lengths),
                                       cmocka_unit_test(test_flags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
