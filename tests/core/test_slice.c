#include "core/slice.h"

#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        int rc;
        uint64_t number;
    } cases[] = {
        {"0", 10, MXP_OK, 0},
        {"10", 10, MXP_OK, 10},
        {"11", 10, MXP_ETOOBIG, 0},
        {"", 10, MXP_ESYNTAX, 0},
        {"1x", 10, MXP_ESYNTAX, 0},
        {"-1", 10, MXP_ESYNTAX, 0},
        {"9", 8, MXP_ETOOBIG, 0},
        {"007", 10, MXP_OK, 7},
        {"3", 3, MXP_OK, 3},
        {"4", 3, MXP_ETOOBIG, 0},
        {"18446744073709551615", UINT64_MAX, MXP_OK, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, MXP_ETOOBIG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t n = 99;
        int rc = mxp_slice_number(mxp_slice_str(cases[i].text), cases[i].max, &n);
        if (rc != cases[i].rc || n != (rc ? 99 : cases[i].number))
            fail_msg("'%s': rc %d, number %llu", cases[i].text, rc, (unsigned long long)n);
    }
}

static void test_comparing(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool eq, ieq, istarts, iends; /* a starts or ends with b */
    } cases[] = {
        {"", "", true, true, true, true},
        {"a", "", false, false, true, true},
        {"", "a", false, false, false, false},
        {"a", "a", true, true, true, true},
        {"a", "A", false, true, true, true},
        {"a", "b", false, false, false, false},
        {"ab", "a", false, false, true, false},
        {"ab", "B", false, false, false, true},
        {"ab", "ac", false, false, false, false},
        {"ab", "cb", false, false, false, false},
        {"STARTTLS now", "starttls", false, false, true, false},
        {"a.GOOGLE.com", ".google.com", false, false, false, true},
        {"com", ".google.com", false, false, false, false},
        {"Gmail-SMTP", "gMAIL-smtp", false, true, true, true},
        {"[", "{", false, false, false, false},               /* 0x20 apart, and no letters */
        {"\xc3\x84", "\xc3\xa4", false, false, false, false}, /* no locale */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_slice a = mxp_slice_str(cases[i].a), b = mxp_slice_str(cases[i].b);
        print_message("'%s' and '%s'\n", cases[i].a, cases[i].b);
        assert_int_equal(mxp_slice_eq(a, b), cases[i].eq);
        assert_int_equal(mxp_slice_ieq(a, b), cases[i].ieq);
        assert_int_equal(mxp_slice_istarts(a, b), cases[i].istarts);
        assert_int_equal(mxp_slice_iends(a, b), cases[i].iends);
    }
    assert_int_equal(mxp_slice_str(NULL).len, 0);
    assert_true(mxp_slice_eq(MXP_SLICE_NONE, MXP_SLICE_LIT("")));
}

static void test_sub(void **state)
{
    (void)state;
    static const struct {
        size_t from, len;
        const char *expected;
    } cases[] = {
        {0, 3, "abc"}, {0, 2, "ab"},        {1, 2, "bc"}, {1, 9, "bc"}, {2, 1, "c"},
        {1, 1, "b"},   {1, SIZE_MAX, "bc"}, {3, 1, ""},   {5, 2, ""},   {2, 3, "c"},
        {1, 3, "bc"},  {0, 0, ""},          {2, 0, ""},
    };
    struct mxp_slice abc = MXP_SLICE_LIT("abc");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_slice part = mxp_slice_sub(abc, cases[i].from, cases[i].len);
        print_message("from %zu, %zu\n", cases[i].from, cases[i].len);
        assert_true(mxp_slice_eq(part, mxp_slice_str(cases[i].expected)));
        assert_in_range(part.ptr - abc.ptr, 0, abc.len); /* never outside of what it is part of */
    }
    assert_null(mxp_slice_sub(MXP_SLICE_NONE, 1, 1).ptr);
}

static void test_trim_and_find(void **state)
{
    (void)state;
    assert_true(mxp_slice_eq(mxp_slice_trim(MXP_SLICE_LIT(" \t x y\r\n")), MXP_SLICE_LIT("x y")));
    assert_true(mxp_slice_eq(mxp_slice_trim(MXP_SLICE_LIT("x")), MXP_SLICE_LIT("x")));
    assert_int_equal(mxp_slice_trim(MXP_SLICE_LIT(" \t\r\n")).len, 0);
    assert_int_equal(mxp_slice_trim(MXP_SLICE_NONE).len, 0);
    assert_int_equal(mxp_slice_find(MXP_SLICE_LIT("a@b@"), '@'), 1);
    assert_int_equal(mxp_slice_find(MXP_SLICE_LIT("ab"), '@'), 2);
    assert_int_equal(mxp_slice_find(MXP_SLICE_NONE, '@'), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_sub),
        cmocka_unit_test(test_trim_and_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
