#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(mxp_err_name(MXP_ENOMEM), "ENOMEM");
    assert_string_equal(mxp_err_text(MXP_ENOMEM), "out of memory");
    assert_string_equal(mxp_err_name(MXP_ETLS), "ETLS");
    assert_string_equal(mxp_err_name(MXP_OK), "OK");
    assert_string_equal(mxp_err_text(MXP_OK), "success");
    assert_string_equal(mxp_err_name(-12345), "UNKNOWN");
    assert_string_equal(mxp_err_text(-12345), "unknown error");
}

static void test_why(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    assert_int_equal(mxp_why_set(&why, MXP_EIO, "%s: %d", "file", 7), MXP_EIO);
    assert_string_equal(why.text, "file: 7");
    assert_int_equal(why.err, MXP_EIO);
    assert_int_equal(mxp_why_set(NULL, MXP_EIO, "x"), MXP_EIO);
    char much[1000];
    memset(much, 'x', sizeof much);
    assert_int_equal(mxp_why_set(&why, MXP_EDATA, "%.*s", (int)sizeof much, much), MXP_EDATA);
    assert_int_equal(strlen(why.text), sizeof why.text - 1); /* cut, and still a text */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
