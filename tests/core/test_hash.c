#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
