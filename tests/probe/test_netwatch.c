#include "probe/engine/netwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A letter fails that provider, '+' is a success, 't' trust; the time is in steps of 1 s. What
 * the last failure said is compared. */
static const struct {
    const char *what, *events;
    enum mxp_netwatch_state state;
} cases[] = {
    {"one provider alone", "AAAAAAAAAA", MXP_NET_FINE},
    {"four providers", "ABCDABCDABCD", MXP_NET_FINE},
    {"five at the start", "ABCDE", MXP_NET_BLOCKED},
    {"five, again and again", "AABBCCDDEE", MXP_NET_BLOCKED},
    {"more than five", "ABCDEFG", MXP_NET_BLOCKED},
    {"five after a success", "+ABCDE", MXP_NET_LOST},
    {"a success between", "ABCD+E", MXP_NET_FINE},
    {"a success between, then five", "ABCD+ABCDE", MXP_NET_LOST},
    {"trusted after a trial", "+ABCDEtFGHABCDE", MXP_NET_FINE},
    {"trust ends with a success", "+ABCDEt+ABCDE", MXP_NET_LOST},
    {"trusted at the start", "ABCDEtABCDE", MXP_NET_FINE},
};

static void test_cases(void **state)
{
    static const char providers[26];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_netwatch watch = {0};
        enum mxp_netwatch_state said = MXP_NET_FINE;
        uint64_t now_ms = 1000;
        for (const char *at = cases[i].events; *at; at++, now_ms += 1000) {
            if (*at == '+')
                mxp_netwatch_success(&watch);
            else if (*at == 't')
                mxp_netwatch_trust(&watch);
            else
                said = mxp_netwatch_failure(&watch, &providers[*at - 'A'], now_ms);
        }
        if (said != cases[i].state)
            fail_msg("%s (%s): %d, not %d", cases[i].what, cases[i].events, said, cases[i].state);
    }
}

/* Refusals come at once, successes need their round trips: not before the first have had time. */
static void test_settle(void **state)
{
    static const char providers[6];
    struct mxp_netwatch watch = {0};
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(mxp_netwatch_failure(&watch, &providers[i], 1), MXP_NET_FINE);
    uint64_t then = 1 + MXP_NETWATCH_SETTLE_MS;
    assert_int_equal(mxp_netwatch_failure(&watch, &providers[5], then - 1), MXP_NET_FINE);
    assert_int_equal(mxp_netwatch_failure(&watch, &providers[5], then), MXP_NET_BLOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
