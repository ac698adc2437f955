#include "probe/result/result_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A text is the pack's own, not the one that was packed: that may be gone by then. */
static void expect_copy(struct mxp_slice there, const char *back, const char *packed)
{
    if (!packed) {
        assert_null(back);
        return;
    }
    assert_in_range((uintptr_t)back, (uintptr_t)there.ptr, (uintptr_t)there.ptr + there.len);
    assert_string_equal(back, packed);
}

static void check(const struct mxp_result *result, struct mxp_slice address)
{
    struct mxp_buf packed;
    struct mxp_result back;
    mxp_buf_init(&packed, 1 << 20);
    mxp_buf_add_str(&packed, "what was there before");
    assert_int_equal(mxp_result_pack(result, address, &packed), 0);
    /* At an odd place, and exactly as long: as it comes out of a spool. */
    char *copy = malloc(packed.len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, packed.ptr, packed.len);
    struct mxp_slice there = {copy + 1, packed.len};
    mxp_buf_free(&packed);
    mxp_result_unpack(there, &back);
    assert_true(mxp_slice_eq(mxp_result_unpack_address(there), address));
    assert_true(mxp_slice_eq(back.text, result->text));
    assert_true(mxp_slice_eq(back.blocklist, result->blocklist));
    assert_true(mxp_slice_eq(back.new_address, result->new_address));
    expect_copy(there, back.provider, result->provider);
    expect_copy(there, back.mx, result->mx);
    expect_copy(there, back.text.ptr, result->text.len ? result->text.ptr : "");
    expect_copy(there, back.blocklist.ptr, result->blocklist.len ? result->blocklist.ptr : "");
    expect_copy(there, back.new_address.ptr,
                result->new_address.len ? result->new_address.ptr : "");
    assert_int_equal(back.reason, result->reason);
    assert_int_equal(back.code, result->code);
    assert_int_equal(back.checked_at, result->checked_at);
    assert_ptr_equal(back.tls, result->tls);
    assert_ptr_equal(back.limit, result->limit);
    assert_int_equal(back.footprint, result->footprint);
    free(copy);
}

static void test_round(void **state)
{
    (void)state;
    static const struct mxp_result full = {
        .reason = MXP_REASON_IP_BLOCKLISTED,
        .provider = "example",
        .mx = "mx.example.org",
        .code = 554,
        .text = {"554 5.7.1 \0listed\n", 18},
        .tls = "TLSv1.3",
        .checked_at = UINT64_MAX,
        .blocklist = {"zen.example", 11},
        .new_address = {"b@example.org", 13},
        .limit = "rate",
        .footprint = true,
    };
    static const struct mxp_result empty = {.reason = MXP_REASON_NOT_PROBED};
    check(&full, MXP_SLICE_LIT("a@example.org"));
    check(&empty, MXP_SLICE_NONE);
}

static void test_too_big(void **state)
{
    (void)state;
    static char text[2000];
    struct mxp_result result = {.text = {text, sizeof text}};
    struct mxp_buf packed;
    mxp_buf_init(&packed, 1000);
    assert_int_equal(mxp_result_pack(&result, MXP_SLICE_LIT("a@x.de"), &packed), MXP_ETOOBIG);
    mxp_buf_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round),
                                       cmocka_unit_test(test_too_big)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
