#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/hash.h"
#include "core/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
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

static void test_slices(void **state)
{
    (void)state;
    assert_true(mxp_slice_ieq(MXP_SLICE_LIT("Gmail-SMTP"), MXP_SLICE_LIT("gMAIL-smtp")));
    assert_false(mxp_slice_ieq(MXP_SLICE_LIT("\xc3\x84"), MXP_SLICE_LIT("\xc3\xa4")));
    assert_true(mxp_slice_iends(MXP_SLICE_LIT("a.GOOGLE.com"), MXP_SLICE_LIT(".google.com")));
    assert_false(mxp_slice_iends(MXP_SLICE_LIT("com"), MXP_SLICE_LIT(".google.com")));
    assert_true(mxp_slice_istarts(MXP_SLICE_LIT("STARTTLS now"), MXP_SLICE_LIT("starttls")));
    assert_true(mxp_slice_eq(mxp_slice_trim(MXP_SLICE_LIT(" \t x y\r\n")), MXP_SLICE_LIT("x y")));
    assert_int_equal(mxp_slice_sub(MXP_SLICE_LIT("abc"), 5, 2).len, 0);
    assert_int_equal(mxp_slice_sub(MXP_SLICE_LIT("abc"), 1, 9).len, 2);
    assert_int_equal(mxp_slice_find(MXP_SLICE_LIT("a@b"), '@'), 1);
    assert_int_equal(mxp_slice_find(MXP_SLICE_NONE, '@'), 0);
}

static void test_buf_keeps_its_cap(void **state)
{
    (void)state;
    struct mxp_buf buf;
    mxp_buf_init(&buf, 5);
    assert_string_equal(mxp_buf_slice(&buf).ptr, "");
    assert_int_equal(mxp_buf_add_str(&buf, "abc"), MXP_OK);
    assert_int_equal(mxp_buf_add_str(&buf, "def"), MXP_ETOOBIG);
    assert_string_equal(buf.ptr, "abc");
    assert_int_equal(mxp_buf_printf(&buf, "%d", 45), MXP_OK);
    assert_string_equal(buf.ptr, "abc45");
    assert_int_equal(mxp_buf_printf(&buf, "%d", 6), MXP_ETOOBIG);
    mxp_buf_consume(&buf, 3);
    assert_string_equal(buf.ptr, "45");
    mxp_buf_consume(&buf, 99);
    assert_int_equal(buf.len, 0);
    mxp_buf_free(&buf);
    assert_null(buf.ptr);
}

static void test_arena_is_aligned_and_zeroed(void **state)
{
    (void)state;
    struct mxp_arena arena;
    mxp_arena_init(&arena);
    for (size_t i = 1; i < 3000; i += 7) {
        unsigned char *ptr = mxp_arena_alloc(&arena, i * 13);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < i * 13; k++)
            assert_int_equal(ptr[k], 0);
        memset(ptr, 0xff, i * 13);
    }
    assert_string_equal(mxp_arena_strdup(&arena, MXP_SLICE_LIT("x@y")), "x@y");
    assert_null(mxp_arena_alloc(&arena, SIZE_MAX - 4));
    mxp_arena_free(&arena);
    assert_int_equal(arena.used, 0);
}

static void test_names_go_both_ways(void **state)
{
    (void)state;
    for (unsigned r = 0; r < MXP_REASON_COUNT; r++)
        assert_int_equal(mxp_reason_find(mxp_slice_str(mxp_reason_name((enum mxp_reason)r))), r);
    for (unsigned s = 0; s < MXP_STAGE_COUNT; s++)
        assert_int_equal(mxp_stage_find(mxp_slice_str(mxp_stage_name((enum mxp_stage)s))), s);
    assert_int_equal(mxp_reason_find(MXP_SLICE_LIT("nonsense")), MXP_REASON_COUNT);
    assert_string_equal(mxp_err_name(MXP_ENOMEM), "ENOMEM");
    assert_string_equal(mxp_err_name(-12345), "UNKNOWN");
}

/* The first promise hangs on this list. */
static void test_which_reasons_may_be_invalid(void **state)
{
    (void)state;
    static const char *const may[] = {"bad_syntax",    "mailbox_not_found", "mailbox_disabled",
                                      "address_moved", "domain_not_found",  "domain_not_accepting"};
    size_t n = 0;
    for (unsigned r = 0; r < MXP_REASON_COUNT; r++) {
        bool listed = false;
        for (size_t i = 0; i < sizeof may / sizeof *may; i++)
            listed = listed || strcmp(mxp_reason_name((enum mxp_reason)r), may[i]) == 0;
        assert_int_equal(mxp_reason_may_be_invalid((enum mxp_reason)r), listed);
        if (listed)
            assert_int_equal(mxp_reason_group((enum mxp_reason)r), 'A');
        n += listed;
    }
    assert_int_equal(n, sizeof may / sizeof *may);
}

/* _COUNT is what a failed find gives: no name, and never invalid. */
static void test_values_out_of_range(void **state)
{
    (void)state;
    assert_string_equal(mxp_reason_name(MXP_REASON_COUNT), "?");
    assert_string_equal(mxp_stage_name(MXP_STAGE_COUNT), "?");
    assert_string_equal(mxp_action_name(MXP_ACTION_COUNT), "?");
    assert_string_equal(mxp_verdict_name(MXP_VERDICT_COUNT), "?");
    assert_false(mxp_reason_may_be_invalid(MXP_REASON_COUNT));
    assert_int_equal(mxp_reason_action(MXP_REASON_COUNT), MXP_ACTION_REVIEW);
    assert_int_equal(mxp_reason_group(MXP_REASON_COUNT), 'M');
}

/* The vectors of their authors: an identity and the order among MX hosts hang on these numbers. */
static void test_hashes(void **state)
{
    (void)state;
    assert_true(mxp_hash(MXP_SLICE_NONE) == 0xcbf29ce484222325u);
    assert_true(mxp_hash(MXP_SLICE_LIT("a")) == 0xaf63dc4c8601ec8cu);
    assert_true(mxp_hash(MXP_SLICE_LIT("foobar")) == 0x85944171f73967e8u);
    assert_true(mxp_hash(MXP_SLICE_LIT("\xff")) == 0xaf64724c8602eb6eu);
    assert_true(mxp_mix(1234567) == 6457827717110365317u);
    assert_true(mxp_mix(1234567 + MXP_MIX_STEP) == 3203168211198807973u);
}

static void test_why(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    assert_int_equal(mxp_why_set(&why, MXP_EIO, "%s: %d", "file", 7), MXP_EIO);
    assert_string_equal(why.text, "file: 7");
    assert_int_equal(why.err, MXP_EIO);
    assert_int_equal(mxp_why_set(NULL, MXP_EIO, "x"), MXP_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_buf_keeps_its_cap),
        cmocka_unit_test(test_arena_is_aligned_and_zeroed),
        cmocka_unit_test(test_names_go_both_ways),
        cmocka_unit_test(test_which_reasons_may_be_invalid),
        cmocka_unit_test(test_values_out_of_range),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
