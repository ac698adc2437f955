/* The 45 known ways to misread a reply (docs/classification.md), each with wordings of its own
 * beside the collected ones. */
#include "smtp/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct trap {
    int number;
    const char *stage, *provider, *reply, *verdict, *reason; /* reason NULL: only the verdict */
};

static const struct trap traps[] = {
#include "traps.inc"
};

static int make_rules(void **state)
{
    struct mxp_why why;
    *state = mxp_rules_new(NULL, &why);
    return *state ? 0 : -1;
}

static int drop_rules(void **state)
{
    *state = mxp_rules_free(*state);
    return 0;
}

static bool stands(const struct mxp_rules *rules, const struct trap *trap)
{
    struct mxp_reply reply;
    struct mxp_classified what;
    enum mxp_stage stage = mxp_stage_find(mxp_slice_str(trap->stage));
    assert_int_not_equal(stage, MXP_STAGE_COUNT);
    mxp_reply_parse(mxp_slice_str(trap->reply), &reply);
    mxp_classify(rules, stage, mxp_rules_provider(rules, mxp_slice_str(trap->provider)), &reply,
                 &what);
    const char *verdict = mxp_verdict_name(what.verdict), *reason = mxp_reason_name(what.reason);
    if (strcmp(verdict, trap->verdict) == 0 && (!trap->reason || strcmp(reason, trap->reason) == 0))
        return true;
    print_error("trap %d: %s %s [%s], not %s %s: (%s) %s\n", trap->number, verdict, reason,
                what.rule, trap->verdict, trap->reason ? trap->reason : "", trap->stage,
                trap->reply);
    return false;
}

static void test_each(void **state)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
        failed += !stands(*state, &traps[i]);
    assert_int_equal(failed, 0);
}

static void test_all_numbered(void **state)
{
    (void)state;
    for (int number = 1; number <= 45; number++) {
        bool has = false;
        for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
            has = has || traps[i].number == number;
        if (!has)
            print_error("trap %d has no test\n", number);
        assert_true(has);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_all_numbered),
    };
    return cmocka_run_group_tests(tests, make_rules, drop_rules);
}
