#include "core/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Every name is found again, and no two values share one. */
static void test_names_go_both_ways(void **state)
{
    (void)state;
    for (unsigned r = 0; r < MXP_REASON_COUNT; r++)
        assert_int_equal(mxp_reason_find(mxp_slice_str(mxp_reason_name((enum mxp_reason)r))), r);
    for (unsigned s = 0; s < MXP_STAGE_COUNT; s++)
        assert_int_equal(mxp_stage_find(mxp_slice_str(mxp_stage_name((enum mxp_stage)s))), s);
    assert_int_equal(mxp_reason_find(MXP_SLICE_LIT("nonsense")), MXP_REASON_COUNT);
    assert_int_equal(mxp_stage_find(MXP_SLICE_LIT("nonsense")), MXP_STAGE_COUNT);
    assert_int_equal(mxp_reason_find(MXP_SLICE_LIT("Accepted")), MXP_REASON_COUNT);
    assert_int_equal(mxp_reason_find(MXP_SLICE_NONE), MXP_REASON_COUNT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_go_both_ways),
        cmocka_unit_test(test_which_reasons_may_be_invalid),
        cmocka_unit_test(test_values_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
