/* The labelled replies, and the least that the rules must reach on them. */
#include "corpus.h"
#include "score.h"
#include "smtp/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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
    must_score(*state, MXP_SOURCE_DIR "/tests/corpus/replies.tsv", 1310, 970);
}

/* Written by people who thought of what a server would say, not of the rules. */
static void test_own_wordings(void **state)
{
    must_score(*state, MXP_SOURCE_DIR "/tests/smtp/wordings.tsv", 900, 970);
}

/* A provider's name in a rule that no reply bears is a slip of the pen. */
static void take_provider(void *arg, const struct corpus_row *row)
{
    bool *seen = arg;
    seen[row->provider] = true;
}

static void test_providers_named(void **state)
{
    const struct mxp_rules *rules = *state;
    bool *seen = calloc(rules->n_providers + 1u, sizeof *seen);
    assert_non_null(seen);
    assert_true(
        corpus_each(MXP_SOURCE_DIR "/tests/corpus/replies.tsv", rules, take_provider, seen) > 0);
    for (uint16_t i = 0; i < rules->n_providers; i++) {
        if (!seen[i + 1])
            print_error("no reply of provider %s\n", rules->providers[i]);
        assert_true(seen[i + 1]);
    }
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collected),
        cmocka_unit_test(test_own_wordings),
        cmocka_unit_test(test_providers_named),
    };
    return cmocka_run_group_tests(tests, make_rules, drop_rules);
}
