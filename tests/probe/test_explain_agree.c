/* What explain says of a code, and what the classifier says of that code's example, agree: the
 * same reason, and never invalid where the entry's reason cannot be. Those that do not agree yet
 * are listed below by name; the list may only shrink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "probe/explain/explain_data.h"
#include "probe/explain/explain_lookup.h"
#include "smtp/classify.h"

/* Known to disagree: for the classifier's rules to mend. */
static const char *const known[] = {
    "enhanced x.6.7: 550 5.6.7 Non-ASCII addresses not permitted for that sender/",
    "enhanced x.6.8: 553 5.6.8 UTF-8 string reply is required, but not permitted ",
    "enhanced x.6.9: 550 5.6.9 UTF-8 header message cannot be transferred to one ",
    "enhanced x.6.10: 553 5.6.10 UTF-8 string reply is required, but not permitted",
    "enhanced x.7.2: 550 5.7.2 Mailing list expansion prohibited",
    "enhanced x.7.12: 432 4.7.12 A password transition is needed",
    "enhanced x.7.29: 550 5.7.29 ARC validation failure",
    "family 5.7.9: 554 5.7.9 Message not accepted for policy reasons. See https",
    "family x.7.32: 421 4.7.32 Your email has been rate limited because the From",
};

#define N_KNOWN (sizeof known / sizeof *known)

static bool is_known(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

static enum mxp_stage first_stage(unsigned bits)
{
    unsigned stage = 0;
    while (!(bits & (1u << stage)))
        stage++;
    return (enum mxp_stage)stage;
}

static void classify(const struct mxp_rules *rules, const struct mxp_explain_entry *entry,
                     enum mxp_stage stage, struct mxp_classified *ret)
{
    char text[2048];
    struct mxp_reply reply;
    const char *provider = entry->group && !entry->group->anywhere ? entry->group->provider : NULL;
    struct mxp_slice example = mxp_slice_str(entry->example);
    assert_true(example.len < sizeof text);
    size_t len = mxp_explain_unescape(example, text);
    assert_int_equal(mxp_reply_parse((struct mxp_slice){text, len}, &reply), 0);
    mxp_classify(rules, stage, mxp_rules_provider(rules, mxp_slice_str(provider)), &reply, ret);
}

static void test_agree(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    struct mxp_rules *rules = mxp_rules_new(NULL, &why);
    struct mxp_explain_data *data = mxp_explain_data_new(&why);
    size_t n = 0, n_bad = 0, n_known = 0;
    assert_non_null(rules);
    assert_non_null(data);
    for (int kind = 0; kind < MXP_EXPLAIN_REASON; kind++) {
        for (const struct mxp_explain_entry *e = data->first[kind]; e; e = e->next) {
            struct mxp_classified what;
            char name[200];
            classify(rules, e, first_stage(e->stages), &what);
            if (e->reason == MXP_REASON_COUNT)
                continue;
            n++;
            if (what.verdict == MXP_VERDICT_INVALID && !mxp_reason_may_be_invalid(e->reason)) {
                print_error("%s:%u: %s: FALSE INVALID\n", e->file, (unsigned)e->line, e->example);
                n_bad++;
            }
            if (what.reason == e->reason)
                continue;
            (void)snprintf(name, sizeof name, "%s %s: %.60s", mxp_explain_kind_name(e->kind),
                           e->key, e->example);
            if (is_known(name)) {
                n_known++;
                continue;
            }
            print_error("%s:%u: %s\n    expected %s, classified %s by %s\n", e->file,
                        (unsigned)e->line, name, mxp_reason_name(e->reason),
                        mxp_reason_name(what.reason), what.rule);
            n_bad++;
        }
    }
    print_message("%zu examples, %zu known to disagree of %zu listed\n", n, n_known, N_KNOWN);
    mxp_explain_data_free(data);
    mxp_rules_free(rules);
    assert_true(n > 350);
    assert_int_equal(n_bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
