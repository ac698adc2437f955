/* All that explain must know is there, with all that belongs to it; files that are wrong are
 * refused by file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "options_util.h"
#include "probe/explain/explain_data.h"
#include "probe/explain/explain_match.h"

static struct mxp_explain_data *load(void)
{
    struct mxp_why why = {0};
    struct mxp_explain_data *data = mxp_explain_data_new(&why);
    if (!data)
        fail_msg("%s", why.text);
    return data;
}

/* How many entries of a kind have the key; each must be complete. */
static size_t count(const struct mxp_explain_data *data, enum mxp_explain_kind kind,
                    const char *key)
{
    size_t n = 0;
    for (const struct mxp_explain_entry *e = data->first[kind]; e; e = e->next)
        n += strcmp(e->key, key) == 0;
    return n;
}

static void test_complete(void **state)
{
    (void)state;
    struct mxp_explain_data *data = load();
    size_t n = 0;
    for (int kind = 0; kind < MXP_EXPLAIN_KINDS; kind++) {
        for (const struct mxp_explain_entry *e = data->first[kind]; e; e = e->next, n++) {
            size_t len = strlen(e->means);
            bool fine = len > 3 && e->means[len - 1] == '.' && e->stages && *e->source &&
                        (kind == MXP_EXPLAIN_REASON || *e->example) &&
                        (kind != MXP_EXPLAIN_REASON || (e->fault && e->todo && e->verify)) &&
                        (kind != MXP_EXPLAIN_GUIDE || (e->todo && e->klass)) &&
                        (kind != MXP_EXPLAIN_ENHANCED || e->trust) &&
                        (kind != MXP_EXPLAIN_FAMILY || e->group);
            if (!fine)
                fail_msg("%s:%u: %s is not complete", e->file, (unsigned)e->line, e->key);
        }
    }
    print_message("%zu entries\n", n);
    assert_true(n > 450);
    mxp_explain_data_free(data);
}

static void test_registry(void **state)
{
    (void)state;
    /* https://www.iana.org/assignments/smtp-enhanced-status-codes: the last detail of each */
    static const unsigned last[] = {0, 10, 4, 6, 7, 6, 10, 30};
    struct mxp_explain_data *data = load();
    for (unsigned subject = 0; subject < sizeof last / sizeof *last; subject++) {
        for (unsigned detail = 0; detail <= last[subject]; detail++) {
            char key[16];
            (void)snprintf(key, sizeof key, "x.%u.%u", subject, detail);
            if (count(data, MXP_EXPLAIN_ENHANCED, key) != 1)
                fail_msg("%s: %zu entries", key, count(data, MXP_EXPLAIN_ENHANCED, key));
        }
    }
    for (const struct mxp_explain_entry *e = data->first[MXP_EXPLAIN_ENHANCED]; e; e = e->next)
        if (!strstr(e->source, "RFC ") && !strstr(e->source, "IANA"))
            fail_msg("%s: %s is no source of the registry", e->key, e->source);
    mxp_explain_data_free(data);
}

static void test_codes(void **state)
{
    (void)state;
    static const unsigned codes[] = {
        211, 214, 220, 221, 235, 250, 251, 252, 334, 354,           /* RFC 5321, 4954 */
        421, 432, 450, 451, 452, 454, 455,                          /* 4954, 3207 */
        500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, /* 7504 */
        552, 553, 554, 555, 556, 253, 453, 458, 459,                /* 1985, 2645 */
        571, 517, 540, 541, 542, 510, 511, 512, 522, 525, 531,      /* in use */
        420, 422, 431, 441, 442, 446, 447, 449, 456, 471, 513, 523, 546};
    static const char *const guide[] = {"550 5.1.1", "550 5.1.2",  "550 5.1.0",  "551 5.1.6",
                                        "553 5.1.3", "421 4.7.0",  "452 4.2.2",  "450 4.1.1",
                                        "451 4.3.0", "421 4.7.28", "550 5.7.1",  "554 5.7.1",
                                        "550 5.7.0", "550 5.7.26", "550 5.7.350"};
    struct mxp_explain_data *data = load();
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%u", codes[i]);
        if (count(data, MXP_EXPLAIN_CODE, key) != 1)
            fail_msg("%s: %zu entries", key, count(data, MXP_EXPLAIN_CODE, key));
    }
    for (size_t i = 0; i < sizeof guide / sizeof *guide; i++)
        if (count(data, MXP_EXPLAIN_GUIDE, guide[i]) != 1)
            fail_msg("%s: not in the guide", guide[i]);
    for (unsigned reason = 0; reason < MXP_REASON_COUNT; reason++)
        if (count(data, MXP_EXPLAIN_REASON, mxp_reason_name((enum mxp_reason)reason)) != 1)
            fail_msg("%s: not explained", mxp_reason_name((enum mxp_reason)reason));
    mxp_explain_data_free(data);
}

/* What each example shows must be found in it: a family's own token, a code's own code. */
static void test_examples(void **state)
{
    (void)state;
    struct mxp_explain_data *data = load();
    for (int kind = 0; kind < MXP_EXPLAIN_REASON; kind++) {
        for (const struct mxp_explain_entry *e = data->first[kind]; e; e = e->next) {
            struct mxp_reply reply;
            bool fits = mxp_reply_parse(mxp_slice_str(e->example), &reply) == 0 &&
                        mxp_explain_codes_fit(e, reply.code, reply.enhanced);
            bool token = e->n_tokens == 0;
            for (size_t i = 0; i < e->n_tokens; i++)
                token = token || mxp_explain_token_in(reply.text, e->tokens[i], NULL);
            if (!fits || !token)
                fail_msg("%s:%u: %s: not in its example, %s", e->file, (unsigned)e->line, e->key,
                         e->example);
        }
    }
    mxp_explain_data_free(data);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *words; /* of the error */
    } cases[] = {
        {"other.yaml", "[]", "other.yaml|expected codes"},
        {"codes.yaml", "{}", "codes.yaml:1|expected a list"},
        {"codes.yaml", "- 550", "codes.yaml:1|expected a map"},
        {"codes.yaml", "- {code: 99}", "codes.yaml:1: code|expected a code"},
        {"codes.yaml", "- {code: 600}", "codes.yaml:1: code|expected a code"},
        {"codes.yaml", "-\n  code: 550\n  mean: x", "codes.yaml:3: mean|no such key"},
        {"codes.yaml", "- {code: 550}", "codes.yaml:1: reason|missing"},
        {"codes.yaml", "- {code: 550, token: x}", "codes.yaml:1: token|no such key"},
        {"codes.yaml", "- {code: 550, means: }", "codes.yaml:1: means|expected a text"},
        {"codes.yaml", "- {code: 550, stage: lunch}", "codes.yaml:1: stage|expected stages"},
        {"codes.yaml", "- {code: 550, stage: \"rcpt, \"}", "codes.yaml:1: stage|expected stages"},
        {"codes.yaml", "- {code: 550, reason: bad}", "codes.yaml:1: reason|no such reason"},
        {"codes.yaml", "- {code: [550]}", "codes.yaml:1: code|expected a code"},
        {"codes.yaml", "- {code: 550\n", "codes.yaml:|not well-formed"},
        {"enhanced.yaml", "- {code: x.1}", "enhanced.yaml:1: code|expected a code"},
        {"enhanced.yaml", "- {code: x.1.9-3}", "enhanced.yaml:1: code|expected a code"},
        {"enhanced.yaml", "- {code: x.1.2.3}", "enhanced.yaml:1: code|expected a code"},
        {"guide.yaml", "- {code: 550}", "guide.yaml:1: enhanced|missing"},
        {"reasons.yaml", "- {reason: words}", "reasons.yaml:1: reason|no such reason"},
        {"reasons.yaml", "- {reason: catch_all, fault: me}",
         "reasons.yaml:1: fault|expected sender"},
        {"families-x.yaml", "- {name: x}", "families-x.yaml:1: provider|missing"},
        {"families-x.yaml", "- {provider: x, nam: x}", "families-x.yaml:1: nam|no such key"},
        {"families-x.yaml", "- {provider: x, name: x, source: x, stage: rcpt}",
         "families-x.yaml:1: families|expected a list"},
        {"families-x.yaml",
         "- provider: x\n  name: x\n  source: x\n  stage: rcpt\n  families:\n    - {means: x.}",
         "families-x.yaml:6: reason|missing"},
        {"families-x.yaml",
         "- provider: x\n  name: x\n  source: x\n  stage: rcpt\n  families:\n"
         "    - {means: x., reason: catch_all, example: \"250 x\"}",
         "families-x.yaml:6: token|missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_explain_data data = {0};
        struct mxp_why why = {0};
        mxp_arena_init(&data.arena);
        int err = mxp_explain_data_read(&data, cases[i].name, mxp_slice_str(cases[i].text), &why);
        if (err != MXP_ECONFIG)
            fail_msg("taken (%d): %s", err, cases[i].text);
        util_words(cases[i].text, why.text, cases[i].words);
        mxp_arena_free(&data.arena);
    }
}

static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *text, *token, *found; /* NULL: not */
    } cases[] = {
        {"421 [TSS04] x", "tss04", "TSS04"},
        {"421 [TSS041] x", "TSS04", NULL},
        {"421 XTSS04 x", "TSS04", NULL},
        {"OFR004_416 [416]", "OFR*_416", "OFR004_416"},
        {"OFR_416", "OFR*_416", "OFR_416"},
        {"OFR_4161", "OFR*_416", NULL},
        {"AUP#In-1310", "AUP#In-13[0-4]0", "AUP#In-1310"},
        {"AUP#In-1350", "AUP#In-13[0-4]0", NULL},
        {"Headers [291]", "[291]", "[291]"},
        {"valid. [-20] x", "[-20]", "[-20]"},
        {"IPBL0011", "IPBL????", "IPBL0011"},
        {"IPBL00111", "IPBL????", NULL},
        {"mail\nbomb", "mail bomb", "mail\nbomb"},
        {"?p=NoSuchUser a", "p=nosuchuser", "p=NoSuchUser"},
        {"", "x", NULL},
        {"(G2)", "(G2)", "(G2)"},
        {"(G28)", "(G2)", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_slice found = MXP_SLICE_NONE;
        bool is = mxp_explain_token_in(mxp_slice_str(cases[i].text), cases[i].token, &found);
        if (is != (cases[i].found != NULL) ||
            (is && !mxp_slice_eq(found, mxp_slice_str(cases[i].found))))
            fail_msg("%s in %s: %d, %.*s", cases[i].token, cases[i].text, is, (int)found.len,
                     found.ptr);
    }
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *unfolded, *flat;
    } cases[] = {
        {"550 5.1.1 a", "550 5.1.1 a", "550 5.1.1 a"},
        {"550-5.1.1 a 550-5.1.1 b 550 5.1.1 c", "550-5.1.1 a\n550-5.1.1 b\n550 5.1.1 c",
         "550-5.1.1 a b c"},
        {"550-a\r\n550 b", "550-a\r\n550 b", "550-a b"},
        {"550 5.1.1 a 550 5.1.1 b", "550 5.1.1 a 550 5.1.1 b", "550 5.1.1 a 550 5.1.1 b"},
        {"", "", ""},
        {"550-", "550-", "550-"},
        {"550-5.1.1 x 550", "550-5.1.1 x 550", "550-5.1.1 x 550"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_buf unfolded, flat;
        mxp_buf_init(&unfolded, 1000);
        mxp_buf_init(&flat, 1000);
        assert_int_equal(mxp_explain_unfold(mxp_slice_str(cases[i].text), &unfolded), 0);
        assert_int_equal(mxp_explain_flatten(mxp_buf_slice(&unfolded), &flat), 0);
        assert_string_equal(mxp_buf_slice(&unfolded).ptr, cases[i].unfolded);
        assert_string_equal(mxp_buf_slice(&flat).ptr, cases[i].flat);
        mxp_buf_free(&unfolded);
        mxp_buf_free(&flat);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete), cmocka_unit_test(test_registry),
        cmocka_unit_test(test_codes),    cmocka_unit_test(test_examples),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
