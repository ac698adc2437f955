/* Replies about us or the moment, changed in what does not make them speak of an address: without
 * provider, without or with another enhanced code, with another code, at another stage, with
 * words around them. None may become invalid by that; few may change their reason. */
#include "corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct counts {
    const struct mxp_rules *rules;
    unsigned rows, false_invalid, false_framed;
    unsigned changed[8]; /* by mutation */
};

enum { NO_PROVIDER, NO_ENHANCED, OTHER_ENHANCED, CODE_550, AT_RCPT, PREFIXED, SUFFIXED, FRAMED };

/* These words speak of an address with a 550, whatever was meant by the 450. */
static bool may_speak_of_address(const char *text)
{
    static const char *const words[] = {"unavailable", "nknown", "ot available", "isabled"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

static void try_one(struct counts *counts, const struct corpus_row *row, int mutation,
                    const struct mxp_reply *reply, enum mxp_stage stage, uint16_t provider)
{
    struct mxp_classified what;
    mxp_classify(counts->rules, stage, provider, reply, &what);
    if (what.verdict == MXP_VERDICT_INVALID) {
        print_error("mutation %d of line %u: %s [%s]: %.*s\n", mutation, row->line,
                    mxp_reason_name(what.reason), what.rule, (int)reply->text.len, reply->text.ptr);
        counts->false_invalid += mutation != FRAMED;
        counts->false_framed += mutation == FRAMED;
    }
    counts->changed[mutation] += strcmp(mxp_reason_name(what.reason), row->reason) != 0;
}

/* The words behind the codes at the start of the first line. */
static struct mxp_slice words_of(struct mxp_slice text)
{
    size_t at = 0;
    while (at < text.len && (mxp_is_digit(text.ptr[at]) || text.ptr[at] == '.' ||
                             text.ptr[at] == '-' || text.ptr[at] == ' '))
        at++;
    return mxp_slice_sub(text, at, text.len);
}

/* As a policy server's reason stands in Postfix' words about the recipient. */
static void try_framed(struct counts *counts, const struct corpus_row *row)
{
    char text[8192];
    struct mxp_reply reply;
    struct mxp_slice words = words_of(row->reply.text);
    int n = snprintf(text, sizeof text,
                     "550 5.1.1 <jane@example.org>: Recipient address rejected: %.*s",
                     (int)words.len, words.ptr);
    mxp_reply_parse((struct mxp_slice){text, (size_t)n}, &reply);
    /* "no such domain", "need RCPT": only where they stood told whom they meant */
    enum mxp_reason reason = mxp_reason_find(mxp_slice_str(row->reason));
    if (reason == MXP_REASON_SENDER_REJECTED || reason == MXP_REASON_PROTOCOL_ERROR ||
        row->stage == MXP_STAGE_GREETING)
        return;
    if (words.len > 12 && !may_speak_of_address(row->text))
        try_one(counts, row, FRAMED, &reply, MXP_STAGE_RCPT, row->provider);
}

static void take_row(void *arg, const struct corpus_row *row)
{
    struct counts *counts = arg;
    enum mxp_reason reason = mxp_reason_find(mxp_slice_str(row->reason));
    struct mxp_reply reply = row->reply;
    char text[8192];
    if (mxp_reason_group(reason) == 'A' || reason == MXP_REASON_UNCLASSIFIED)
        return;
    counts->rows++;
    try_one(counts, row, NO_PROVIDER, &reply, row->stage, 0);
    /* x.1.7 and x.1.8 are all that tells the sender's domain from the recipient's */
    if (reply.enhanced.subject != 1) {
        reply.enhanced = (struct mxp_enhanced){0, 0, 0};
        try_one(counts, row, NO_ENHANCED, &reply, row->stage, row->provider);
        reply.enhanced = (struct mxp_enhanced){5, 0, 0};
        try_one(counts, row, OTHER_ENHANCED, &reply, row->stage, row->provider);
    }
    reply = row->reply;
    reply.code = 550;
    if (!may_speak_of_address(row->text))
        try_one(counts, row, CODE_550, &reply, row->stage, row->provider);
    if (row->stage != MXP_STAGE_MAIL && row->stage != MXP_STAGE_GREETING &&
        row->stage != MXP_STAGE_EHLO)
        try_one(counts, row, AT_RCPT, &row->reply, MXP_STAGE_RCPT, row->provider);
    reply = row->reply;
    int n = snprintf(text, sizeof text, "mx1: %.*s", (int)row->reply.text.len, row->reply.text.ptr);
    reply.text = (struct mxp_slice){text, (size_t)n};
    try_one(counts, row, PREFIXED, &reply, row->stage, row->provider);
    n = snprintf(text, sizeof text, "%.*s (in reply to RCPT TO command)", (int)row->reply.text.len,
                 row->reply.text.ptr);
    reply.text = (struct mxp_slice){text, (size_t)n};
    try_one(counts, row, SUFFIXED, &reply, row->stage, row->provider);
    try_framed(counts, row);
}

/* framed: so many 5.1.1 whose words say something else may still be believed */
static void must_hold(const char *path, unsigned framed)
{
    static const char *const names[] = {"no provider", "no enhanced", "other enhanced", "code 550",
                                        "at RCPT",     "prefixed",    "suffixed",       "framed"};
    struct mxp_why why;
    struct counts counts = {.rules = mxp_rules_new(NULL, &why)};
    assert_non_null(counts.rules);
    assert_true(corpus_each(path, counts.rules, take_row, &counts) > 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        printf("%-16s another reason for %u of %u\n", names[i], counts.changed[i], counts.rows);
    assert_int_equal(counts.false_invalid, 0);
    assert_in_range(counts.false_framed, 0, framed);
    assert_in_range(counts.changed[NO_PROVIDER], 0, counts.rows / 50);
    assert_in_range(counts.changed[NO_ENHANCED], 0, counts.rows / 10);
    assert_in_range(counts.changed[SUFFIXED], 0, counts.rows / 50);
    mxp_rules_free((struct mxp_rules *)counts.rules);
}

static void test_collected(void **state)
{
    (void)state;
    must_hold(MXP_SOURCE_DIR "/tests/corpus/replies.tsv", 0);
}

static void test_own_wordings(void **state)
{
    (void)state;
    must_hold(MXP_SOURCE_DIR "/tests/smtp/wordings.tsv", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collected),
        cmocka_unit_test(test_own_wordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
