#include "probe/list/exclude.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct mxp_exclude *load(const char *text, struct mxp_why *why)
{
    char path[40];
    int fd = memfd_create("exclude", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    *why = (struct mxp_why){0};
    struct mxp_exclude *exclude = mxp_exclude_load(path, why);
    (void)close(fd);
    return exclude;
}

static void test_entries(void **state)
{
    (void)state;
    static const struct {
        const char *entries, *local, *domain;
        bool excluded;
    } cases[] = {
        {"", "a", "x.de", false},
        {"x.de", "a", "x.de", true},
        {"X.DE\r\n", "a", "x.de", true},
        {" @x.de ", "a", "x.de", true},
        {"x.de.", "a", "x.de", true},
        {"x.de", "a", "sub.x.de", false},
        {"x.de", "a", "notx.de", false},
        {".x.de", "a", "sub.x.de", true},
        {".x.de", "a", "a.sub.x.de", true},
        {".x.de", "a", "x.de", false},
        {".x.de", "a", "notx.de", false},
        {"*.x.de", "a", "sub.x.de", true},
        {"@*.x.de", "a", "sub.x.de", true},
        {"de", "a", "x.de", false},
        {".de", "a", "x.de", true},
        {"# x.de\n\n  \ny.de", "a", "x.de", false},
        {"# x.de\n\n  \ny.de", "a", "y.de", true},
        {"m\xc3\xbcnchen.de", "a", "xn--mnchen-3ya.de", true},
        {"\xef\xbb\xbf"
         "a@x.de\nb@x.de",
         "a", "x.de", true},
        {"\xef\xbb\xbfx.de", "a", "x.de", true},
        {"\xef\xbb\xbf# x.de", "a", "x.de", false},
        {"a@x.de", "a", "x.de", true},
        {"A.b@X.de", "a.B", "x.de", true},
        {"a@x.de", "b", "x.de", false},
        {"a@x.de", "a", "y.de", false},
        {"a@x.de", "a+b", "x.de", false},
        {"\"a b\"@x.de", "\"a b\"", "x.de", true},
        {"\"a.b\"@x.de", "a.b", "x.de", true},
        {"Bob <a@x.de>", "a", "x.de", true},
        {"a@m\xc3\xbcnchen.de", "a", "xn--mnchen-3ya.de", true},
        {"a@[192.0.2.1]", "a", "192.0.2.1", true},
        {"a@[192.0.2.1]", "b", "192.0.2.1", false},
        {"[192.0.2.1]", "b", "192.0.2.1", true},
        {"[IPv6:2001:DB8::1]", "b", "2001:db8::1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why;
        struct mxp_exclude *exclude = load(cases[i].entries, &why);
        if (!exclude)
            fail_msg("'%s': %s", cases[i].entries, why.text);
        if (mxp_exclude_address(exclude, mxp_slice_str(cases[i].local), cases[i].domain) !=
            cases[i].excluded)
            fail_msg("'%s': %s@%s is %sexcluded", cases[i].entries, cases[i].local, cases[i].domain,
                     cases[i].excluded ? "not " : "");
        mxp_exclude_free(exclude);
    }
}

static void test_hosts(void **state)
{
    (void)state;
    struct mxp_why why;
    struct mxp_exclude *exclude = load("mx.x.de\n.outlook.com\na@y.de\n", &why);
    assert_non_null(exclude);
    assert_true(mxp_exclude_host(exclude, "mx.x.de"));
    assert_true(mxp_exclude_host(exclude, "y-de.mail.protection.outlook.com"));
    assert_false(mxp_exclude_host(exclude, "outlook.com"));
    assert_false(mxp_exclude_host(exclude, "mx2.x.de"));
    assert_false(mxp_exclude_host(exclude, "y.de"));
    assert_false(mxp_exclude_host(exclude, ""));
    mxp_exclude_free(exclude);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *entries, *words;
    } cases[] = {
        {"x.de\na b\n", ":2: expected a domain, an address or an MX host, not 'a b'"},
        {"x.de # why\n", ":1: expected"},
        {"@\n", ":1: expected"},
        {".\n", ":1: expected"},
        {"a@\n", ":1: expected"},
        {"192.0.2.1\n", ":1: expected"},
        {"[192.0.2.300]\n", ":1: expected"},
        {".[192.0.2.1]\n", ":1: expected"},
        {"\xff.de\n", ":1: expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why;
        struct mxp_exclude *exclude = load(cases[i].entries, &why);
        if (exclude || why.err != MXP_EDATA || !strstr(why.text, cases[i].words))
            fail_msg("'%s': %s", cases[i].entries, exclude ? "taken" : why.text);
    }
    struct mxp_why why = {0};
    assert_null(mxp_exclude_load("/nonexistent", &why));
    assert_int_equal(why.err, MXP_ENOINPUT);
    assert_null(mxp_exclude_load("/tmp", &why));
    assert_int_equal(why.err, MXP_ENOINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries), cmocka_unit_test(test_hosts),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
