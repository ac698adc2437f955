#include "core/err.h"
#include "dns/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mxp_ip ip_of(const char *text)
{
    struct mxp_ip ip;
    if (mxp_ip_parse(mxp_slice_str(text), &ip))
        fail_msg("no IP address: %s", text);
    return ip;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family; /* 0: refused */
        const char *back;
    } cases[] = {
        {"192.0.2.1", 4, "192.0.2.1"},
        {"0.0.0.0", 4, "0.0.0.0"},
        {"255.255.255.255", 4, "255.255.255.255"},
        {"2001:DB8::1", 6, "2001:db8::1"},
        {"::", 6, "::"},
        {"::ffff:192.0.2.1", 6, "::ffff:192.0.2.1"},
        {"1:2:3:4:5:6:7:8", 6, "1:2:3:4:5:6:7:8"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 6,
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"", 0, NULL},
        {"1", 0, NULL},
        {"127.1", 0, NULL},
        {"0x7f.0.0.1", 0, NULL},
        {"010.0.0.1", 0, NULL},
        {"1.2.3.256", 0, NULL},
        {"1.2.3.4.5", 0, NULL},
        {"1.2.3.4 ", 0, NULL},
        {" 1.2.3.4", 0, NULL},
        {"[::1]", 0, NULL},
        {"fe80::1%eth0", 0, NULL},
        {"1:2:3:4:5:6:7", 0, NULL},
        {"1::2::3", 0, NULL},
        {"::12345", 0, NULL},
        {"localhost", 0, NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_ip ip;
        char text[MXP_IP_TEXT_MAX];
        int err = mxp_ip_parse(mxp_slice_str(cases[i].text), &ip);
        print_message("%s\n", cases[i].text);
        assert_int_equal(err, cases[i].family ? 0 : MXP_ESYNTAX);
        if (!err) {
            assert_int_equal(ip.family, cases[i].family);
            assert_string_equal(mxp_ip_text(&ip, text), cases[i].back);
        }
    }
    struct mxp_ip ip;
    assert_int_equal(mxp_ip_parse((struct mxp_slice){"1.2.3.4\0x", 9}, &ip), MXP_ESYNTAX);
}

/* p: public; h: a host, but not a public one; -: no host at all. Both ends of each range, and
 * their neighbours. */
static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char kind;
    } cases[] = {
        {"0.0.0.0", '-'},
        {"0.255.255.255", '-'},
        {"1.0.0.0", 'p'},
        {"9.255.255.255", 'p'},
        {"10.0.0.0", 'h'},
        {"10.255.255.255", 'h'},
        {"11.0.0.0", 'p'},
        {"100.63.255.255", 'p'},
        {"100.64.0.0", 'h'},
        {"100.127.255.255", 'h'},
        {"100.128.0.0", 'p'},
        {"126.255.255.255", 'p'},
        {"127.0.0.1", 'h'},
        {"127.255.255.255", 'h'},
        {"128.0.0.0", 'p'},
        {"169.253.255.255", 'p'},
        {"169.254.0.0", 'h'},
        {"169.254.169.254", 'h'},
        {"169.255.0.0", 'p'},
        {"172.15.255.255", 'p'},
        {"172.16.0.0", 'h'},
        {"172.31.255.255", 'h'},
        {"172.32.0.0", 'p'},
        {"191.255.255.255", 'p'},
        {"192.0.0.1", 'h'},
        {"192.0.1.0", 'p'},
        {"192.0.2.255", 'h'},
        {"192.0.3.0", 'p'},
        {"192.88.99.1", 'h'},
        {"192.167.255.255", 'p'},
        {"192.168.0.0", 'h'},
        {"192.168.255.255", 'h'},
        {"192.169.0.0", 'p'},
        {"198.17.255.255", 'p'},
        {"198.18.0.0", 'h'},
        {"198.19.255.255", 'h'},
        {"198.20.0.0", 'p'},
        {"198.51.100.7", 'h'},
        {"198.51.101.0", 'p'},
        {"203.0.113.255", 'h'},
        {"203.0.114.0", 'p'},
        {"223.255.255.255", 'p'},
        {"224.0.0.0", '-'},
        {"239.255.255.255", '-'},
        {"240.0.0.0", '-'},
        {"255.255.255.255", '-'},
        {"::", '-'},
        {"::1", 'h'},
        {"::2", '-'},
        {"::7f00:1", '-'},
        {"::8.8.8.8", '-'},
        {"::ffff:127.0.0.1", '-'},
        {"::ffff:10.1.2.3", '-'},
        {"::ffff:8.8.8.8", '-'},
        {"::ffff:0.0.0.0", '-'},
        {"::ffff:224.0.0.1", '-'},
        {"64:ff9b::8.8.8.8", 'p'},
        {"64:ff9b::10.0.0.1", 'h'},
        {"64:ff9b::127.0.0.1", 'h'},
        {"64:ff9b::169.254.1.1", 'h'},
        {"64:ff9b::0.0.0.1", '-'},
        {"64:ff9b:1::8.8.8.8", 'h'},
        {"64:ff9b:1:ffff::", 'h'},
        {"100::1", 'h'},
        {"1fff:ffff::1", 'h'},
        {"2000::1", 'p'},
        {"2001::1", 'h'},
        {"2001:0:4136:e378::1", 'h'},
        {"2001:2::1", 'h'},
        {"2001:10::1", 'h'},
        {"2001:20::1", 'h'},
        {"2001:1ff:ffff::", 'h'},
        {"2001:200::1", 'p'},
        {"2001:db7:ffff::1", 'p'},
        {"2001:db8::1", 'h'},
        {"2001:db9::1", 'p'},
        {"2002:808:808::1", 'p'},
        {"2002:7f00:1::1", 'h'},
        {"2002:a00:1::1", 'h'},
        {"2002:c0a8:101::1", 'h'},
        {"2002:e000:1::1", '-'},
        {"2a00:1450::1", 'p'},
        {"3ffe:ffff::1", 'p'},
        {"3fff::1", 'h'},
        {"3fff:fff:ffff::1", 'h'},
        {"3fff:1000::1", 'p'},
        {"4000::1", 'h'},
        {"5f00::1", 'h'},
        {"8000::1", 'h'},
        {"fc00::1", 'h'},
        {"fdff:ffff::1", 'h'},
        {"fe80::1", 'h'},
        {"febf::1", 'h'},
        {"fec0::1", 'h'},
        {"ff02::1", '-'},
        {"ff0e::1", '-'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_ip ip = ip_of(cases[i].text);
        char kind = mxp_ip_is_public(&ip) ? 'p' : mxp_ip_is_host(&ip) ? 'h' : '-';
        if (kind != cases[i].kind)
            fail_msg("%s: %c, expected %c", cases[i].text, kind, cases[i].kind);
        assert_true(!mxp_ip_is_public(&ip) || mxp_ip_is_host(&ip));
    }
    struct mxp_ip none = {0};
    assert_false(mxp_ip_is_public(&none));
    assert_false(mxp_ip_is_host(&none));
}

static void test_eq_and_reaches(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *host;
        bool eq, reaches;
    } cases[] = {
        {"8.8.8.8", "8.8.8.8", true, true},          {"8.8.8.8", "8.8.8.9", false, false},
        {"2a00::1", "2a00::1", true, true},          {"2a00::1", "2a00::2", false, false},
        {"::ffff:8.8.8.8", "8.8.8.8", false, true},  {"64:ff9b::8.8.8.8", "8.8.8.8", false, true},
        {"2002:808:808::1", "8.8.8.8", false, true}, {"::8.8.8.8", "8.8.8.8", false, true},
        {"::ffff:8.8.8.9", "8.8.8.8", false, false}, {"8.8.8.8", "::ffff:8.8.8.8", false, false},
        {"808:808::", "8.8.8.8", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_ip ip = ip_of(cases[i].ip), host = ip_of(cases[i].host);
        print_message("%s %s\n", cases[i].ip, cases[i].host);
        assert_int_equal(mxp_ip_eq(&ip, &host), cases[i].eq);
        assert_int_equal(mxp_ip_reaches(&ip, &host), cases[i].reaches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_eq_and_reaches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
