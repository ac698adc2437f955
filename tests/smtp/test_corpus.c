/* The labelled replies, and the least that the rules must reach on them. */
#include "score.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int make_rules(void **state)
{
    struct mxp_why why;
    struct mxp_rules *rules = mxp_rules_new(NULL, &why);
    if (!rules)
        print_error("%s\n", why.text);
    *state = rules;
    return rules ? 0 : -1;
}

static int drop_rules(void **state)
{
    *state = mxp_rules_free(*state);
    return 0;
}

/* An address declared dead that is not is the one mistake that has no measure. */
static void must_score(const struct mxp_rules *rules, const char *path, unsigned rows,
                       unsigned per_mille)
{
    struct score score;
    assert_true(score_file(path, rules, stdout, &score));
    score_print(&score, path, stdout);
    assert_int_equal(score.without_label, 0);
    assert_in_range(score.n, rows, UINT32_MAX);
    assert_int_equal(score.false_invalid, 0);
    assert_in_range(score.found * 1000u, score.invalid * per_mille, UINT32_MAX);
    assert_in_range(score.right * 1000u, score.n * per_mille, UINT32_MAX);
    assert_int_equal(score.unclassified, 0);
}

static void test_collected(void **state)
{
    must_score(*state, MXP_SOURCE_DIR "/tests/corpus/replies.tsv", 1310, 980);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collected),
    };
    return cmocka_run_group_tests(tests, make_rules, drop_rules);
}
