/* The language of the rules, and the user's rules before the built-in ones. */
#include "smtp/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Rules with the user's text before them; NULL and why otherwise. */
static struct mxp_rules *rules_of(const char *text, struct mxp_why *why)
{
    char path[] = "/tmp/mxp_rulesXXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    size_t len = strlen(text);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    struct mxp_rules *rules = mxp_rules_new(path, why);
    unlink(path);
    return rules;
}

static struct mxp_classified answer(const char *text, enum mxp_stage stage, const char *provider,
                                    const char *reply_text)
{
    struct mxp_why why;
    struct mxp_reply reply;
    struct mxp_classified what;
    struct mxp_rules *rules = rules_of(text, &why);
    if (!rules)
        print_error("%s", why.text);
    assert_non_null(rules);
    mxp_reply_parse(mxp_slice_str(reply_text), &reply);
    mxp_classify(rules, stage, mxp_rules_provider(rules, mxp_slice_str(provider)), &reply, &what);
    what.rule = NULL;
    mxp_rules_free(rules);
    return what;
}

static void test_language(void **state)
{
    static const struct {
        const char *rules, *provider, *reply, *reason;
    } cases[] = {
        {"mailbox_full : quokka zebra\n", "-", "550 a Quokka: zebra!", "mailbox_full"},
        {"mailbox_full : quokka & zebra\n", "-", "550 zebra and quokka", "mailbox_full"},
        {"mailbox_full : quokka & !zebra\n", "-", "550 quokka zebra", "unclassified"},
        {"mailbox_full : (quokka|emu) zebra\n", "-", "550 emu zebra", "mailbox_full"},
        {"mailbox_full : quokka | zebra & emu\n", "-", "550 emu zebra", "mailbox_full"},
        {"mailbox_full : quokka ~ zebra\n", "-", "550 quokka one two three zebra", "mailbox_full"},
        {"mailbox_full : quokka ~ zebra\n", "-", "550 quokka 1 2 3 4 zebra", "unclassified"},
        {"mailbox_full : quokka ~ zebra\n", "-", "550 zebra quokka", "unclassified"},
        {"mailbox_full : quokka ~ zebra emu yak\n", "-", "550 quokka 1 2 3 zebra emu yak",
         "mailbox_full"},
        {"mailbox_full : quokka ~ zebra emu yak\n", "-", "550 quokka 1 2 3 4 zebra emu yak",
         "unclassified"},
        {"mailbox_full : quokka ~ zebra\nmailbox_disabled : quokka & !zebra\n", "-", "550 quokka",
         "mailbox_disabled"},
        /* an a within b is one as little as it takes the one before away */
        {"mailbox_full : (quokka|emu) ~ zebra emu yak\n", "-", "550 quokka zebra emu yak",
         "mailbox_full"},
        {"mailbox_full : (quokka|emu) ~ zebra emu yak\n", "-", "550 zebra emu yak", "unclassified"},
        {"mailbox_full : quokka ~ addr\n", "-", "550 quokka 1 2 3 <a@b.example>", "mailbox_full"},
        {"mailbox_full : quokka ~ addr\n", "-", "550 quokka 1 2 3 4 <a@b.example>", "unclassified"},
        {"mailbox_full : addr ~ quokka\n", "-", "550 <a@b.example> 1 2 3 quokka", "mailbox_full"},
        {"let A = emu|quokka\nmailbox_full : $A zebra\n", "-", "550 emu zebra", "mailbox_full"},
        {"let A = emu\nlet B = $A|quokka\nmailbox_full : $B\n", "-", "550 quokka", "mailbox_full"},
        {"mailbox_full : !($BOX|emu) & quokka\n", "-", "550 user quokka", "unclassified"},
        {"mailbox_full code=45x : quokka\n", "-", "452 quokka", "mailbox_full"},
        {"mailbox_full code=45x : quokka\n", "-", "550 quokka", "unclassified"},
        {"mailbox_full enh=x.9.7 :\n", "-", "550 5.9.7 quokka", "mailbox_full"},
        {"mailbox_full enh=5.9.x : quokka\n", "-", "550 5.9.3 quokka", "mailbox_full"},
        {"mailbox_full words=none code=550 :\n", "-", "550", "mailbox_full"},
        {"mailbox_full words=none code=550 :\n", "-",
         "550-5.9.7 <a@b.example>: https://quokka.example/emu [192.0.2.1]\n550 the 4Rz1Xk2b9yz "
         "(#5.9.7)",
         "mailbox_full"},
        {"mailbox_full words=none code=550 :\n", "-", "550 <a@b.example> quokka", "unclassified"},
        {"mailbox_full words=none code=550 :\n", "-", "550 x1", "unclassified"},
        {"mailbox_full words=none code=550 :\n", "-", "550 \xe6\xb2\xa1", "unclassified"},
        {"mailbox_full words=none : quokka\n", "-", "550 quokka", "unclassified"},
        {"mailbox_full words=none code=550 :\n", "-", "550 mx-1.quokka.example", "unclassified"},
        {"mailbox_full words=none code=550 :\n", "-", "550 mx.quokka.example", "mailbox_full"},
        {"mailbox_full words=none code=550 :\n", "-", "550 Quokka.Zebra emu.", "unclassified"},
        {"mailbox_full words=2 : quokka\n", "-", "550 quokka zebra", "mailbox_full"},
        /* an unknown word beside a marked one, in one clause; numbers and known ones are none */
        {"beside quokka\nmailbox_full words=known : quokka\n", "-", "550 quokka", "mailbox_full"},
        {"beside quokka\nmailbox_full words=known : quokka\n", "-", "550 quokka zebra",
         "unclassified"},
        {"beside quokka\nmailbox_full words=known : quokka\n", "-",
         "550 zebra 12 <a@b.example> quokka", "unclassified"},
        {"beside quokka\nmailbox_full words=known : quokka\n", "-",
         "550 zebra user \xe2\x80\x9equokka user\xe2\x80\x9d 12 zebra", "mailbox_full"},
        {"beside quokka\nmailbox_full words=known : quokka\n", "-", "550 zebra, quokka: emu",
         "mailbox_full"},
        {"beside quokka\nknow emu|zebra\nmailbox_full words=known : quokka\n", "-",
         "550 emu quokka zebra", "mailbox_full"},
        {"beside quokka\nmailbox_full words=all-known : quokka\n", "-", "550 quokka, zebra",
         "unclassified"},
        {"know zebra\nmailbox_full words=all-known : quokka\n", "-", "550 quokka, zebra",
         "mailbox_full"},
        /* short words are not marked */
        {"beside emu\nmailbox_full words=known : quokka\n", "-", "550 quokka zebra",
         "mailbox_full"},
        {"beside emu|yak\nmailbox_full words=known : quokka\n", "-", "550 quokka zebra yak",
         "mailbox_full"},
        {"mailbox_full provider=emu : quokka\n", "emu", "550 quokka", "mailbox_full"},
        {"mailbox_full provider=emu : quokka\n", "-", "550 quokka", "unclassified"},
        {"mailbox_full provider=emu,google : quokka\n", "google", "550 quokka", "mailbox_full"},
        {"mailbox_full stage=data,rcpt\n  : quokka\n", "-", "550 quokka", "mailbox_full"},
        {"mailbox_full stage=mail : quokka\n", "-", "550 quokka", "unclassified"},
        {"# a comment\n\nmailbox_full :\n  quokka\n  & zebra\n", "-", "550 zebra quokka",
         "mailbox_full"},
        {"mailbox_full : quokka\nmailbox_disabled : quokka\n", "-", "550 quokka", "mailbox_full"},
        {"mailbox_full : quokka is the zebra\n", "-", "550 quokka <a@b.example> zebra",
         "mailbox_full"},
        {"mailbox_full : /quokka\n", "-", "550 see http://quokka.example/", "mailbox_full"},
        {"mailbox_full : quokka\n", "-", "550 see http://quokka.example/", "unclassified"},
        /* tried before the built-in ones */
        {"mailbox_full : user unknown\n", "-", "550 user unknown", "mailbox_full"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_classified what =
            answer(cases[i].rules, MXP_STAGE_RCPT, cases[i].provider, cases[i].reply);
        if (strcmp(mxp_reason_name(what.reason), cases[i].reason) != 0)
            print_error("%s%s: %s\n", cases[i].rules, cases[i].reply, mxp_reason_name(what.reason));
        assert_string_equal(mxp_reason_name(what.reason), cases[i].reason);
    }
}

static void test_flags(void **state)
{
    (void)state;
    struct mxp_classified what =
        answer("rate_limited : quokka -> throttle blocks footprint exists=yes limit=messages\n",
               MXP_STAGE_RCPT, "-", "450 quokka");
    assert_true(what.throttle && what.blocks_us && what.footprint);
    assert_int_equal(what.exists, MXP_TRI_YES);
    assert_string_equal(mxp_limit_name(what.limit), "messages");
    what = answer("mailbox_not_found : quokka -> keep\n", MXP_STAGE_RCPT, "-", "550 quokka");
    assert_int_equal(what.verdict, MXP_VERDICT_UNKNOWN);
    what = answer("mailbox_not_found : quokka\n", MXP_STAGE_RCPT, "-", "550 quokka");
    assert_int_equal(what.verdict, MXP_VERDICT_INVALID);
    assert_null(mxp_limit_name(what.limit));
}

/* Added to whatever rule gave the reason, the built-in ones' too. */
static void test_also(void **state)
{
    (void)state;
    static const char rules[] =
        "also greylisted code=451 : quokka -> throttle blocks footprint exists=yes limit=rate\n"
        "also mailbox_not_found : quokka -> keep exists=yes\n";
    struct mxp_classified what = answer(rules, MXP_STAGE_RCPT, "-", "451 quokka greylisted");
    assert_int_equal(what.reason, MXP_REASON_GREYLISTED);
    assert_true(what.throttle && what.blocks_us && what.footprint);
    assert_int_equal(what.exists, MXP_TRI_YES);
    assert_int_equal(what.limit, MXP_LIMIT_RATE);
    assert_false(answer(rules, MXP_STAGE_RCPT, "-", "450 quokka greylisted").throttle);
    assert_false(answer(rules, MXP_STAGE_RCPT, "-", "451 greylisted").throttle);
    assert_false(answer(rules, MXP_STAGE_RCPT, "-", "451 quokka spam").blocks_us);
    /* it decides nothing, and takes nothing back */
    assert_int_equal(answer(rules, MXP_STAGE_RCPT, "-", "551 quokka").reason,
                     MXP_REASON_UNCLASSIFIED);
    what = answer(rules, MXP_STAGE_RCPT, "-", "550 no such user quokka");
    assert_int_equal(what.reason, MXP_REASON_MAILBOX_NOT_FOUND);
    assert_int_equal(what.verdict, MXP_VERDICT_UNKNOWN);
    assert_int_equal(what.exists, MXP_TRI_NO);
}

/* No rule makes a verdict where none may be. */
static void test_rules_cannot_judge(void **state)
{
    static const struct {
        enum mxp_stage stage;
        const char *reply;
    } cases[] = {
        {MXP_STAGE_GREETING, "550 quokka"},
        {MXP_STAGE_EHLO, "550 quokka"},
        {MXP_STAGE_STARTTLS, "550 quokka"},
        {MXP_STAGE_MAIL, "550 5.1.1 quokka"},
        {MXP_STAGE_RCPT, "450 quokka"},
        {MXP_STAGE_RCPT, "421 5.1.1 quokka"},
        {MXP_STAGE_RCPT, "550 quokka temporarily"},
        {MXP_STAGE_RCPT, "550 quokka, try again later"},
        {MXP_STAGE_RCPT, "550 quokka or mailbox full"},
        {MXP_STAGE_RCPT, "250 quokka"},
        {MXP_STAGE_QUIT, "550 quokka"},
        {MXP_STAGE_GREETING, "521 quokka"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_classified what =
            answer("mailbox_not_found : quokka\n", cases[i].stage, "-", cases[i].reply);
        if (what.verdict == MXP_VERDICT_INVALID)
            print_error("%s: %s\n", mxp_stage_name(cases[i].stage), cases[i].reply);
        assert_int_not_equal(what.verdict, MXP_VERDICT_INVALID);
        assert_int_not_equal(what.action, MXP_ACTION_REMOVE);
    }
}

/* Codes that prove an address dead, beside nothing and beside words that no rule knows. */
static void test_codes_prove_alone(void **state)
{
    static const char *const codes[] = {
        "550 5.1.1",  "550 5.1.2",  "553 5.1.3",  "551 5.1.6", "525",
        "525 5.7.13", "551 5.7.17", "551 5.7.18", "556",
    };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s <a@b.example>", codes[i]);
        struct mxp_classified alone = answer("", MXP_STAGE_RCPT, "-", text);
        snprintf(text, sizeof text, "%s <a@b.example> quokka zebra", codes[i]);
        struct mxp_classified beside = answer("", MXP_STAGE_RCPT, "-", text);
        if (alone.verdict != MXP_VERDICT_INVALID || beside.verdict != MXP_VERDICT_UNKNOWN)
            print_error("%s\n", codes[i]);
        assert_int_equal(alone.verdict, MXP_VERDICT_INVALID);
        assert_int_equal(beside.verdict, MXP_VERDICT_UNKNOWN);
        assert_int_equal(beside.reason, alone.reason);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *rules, *where;
    } cases[] = {
        {"mailbox_full : quokka emu\nnonsense : quokka emu\n", ":2: no such reason"},
        {"\n# x\nmailbox_full quokka emu\n", ":3: expected REASON"},
        {"mailbox_full code=5y0 : quokka\n", ":1: expected a code"},
        {"mailbox_full code=55 : quokka\n", ":1: expected a code"},
        {"mailbox_full enh=5.1 : quokka\n", ":1: expected an enhanced code"},
        {"mailbox_full stage=lunch : quokka\n", ":1: no such stage"},
        {"mailbox_full colour=red : quokka\n", ":1: expected stage="},
        {"mailbox_full words=some : quokka\n",
         ":1: expected words=none, known or how many at most: \"some\""},
        {"mailbox_full words=100 : quokka\n", ":1: expected words="},
        {"mailbox_full : (quokka|emu\n", ":1: a parenthesis"},
        {"mailbox_full : quokka & & emu\n", ":1: an empty term"},
        {"mailbox_full : $NOSUCHNAME\n", ":1: no such name"},
        {"mailbox_full : quokka -> green\n", ":1: no such flag"},
        {"mailbox_full : quokka -> limit=lots\n", ":1: no such flag"},
        {"mailbox_full : (quokka & emu)\n", ":1: no & within"},
        {"mailbox_full : (quokka ~ emu)\n", ":1: no ~ within"},
        {"mailbox_full : the\n", ":1: a phrase without words"},
        {"mailbox_full : quokka | emu is the\n",
         ":1: a phrase of which one word alone is looked for: \"emu is the\""},
        {"mailbox_full : (quokka|the) (emu|zebra)\n", "\"the emu\""},
        {"mailbox_full : quokka & !(zebra|addr emu)\n", "\"addr emu\""},
        {"mailbox_full : quokka ~ please emu\n", "\"please emu\""},
        {"mailbox_full : 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25\n",
         ":1: too many words"},
        {"let A\n", ":1: expected let"},
        {"know the\n", ":1: a phrase without words"},
        {"beside quokka|the\n", ":1: a phrase without words"},
        {"also\n", ":1: expected REASON"},
        {"also lunch : quokka -> keep\n", ":1: no such reason"},
        {"mailbox_full : b & c & d & e & f & g & h\n", ":1: too many terms"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why = {0};
        struct mxp_rules *rules = rules_of(cases[i].rules, &why);
        if (rules || !strstr(why.text, cases[i].where))
            print_error("%s: \"%s\", not \"..%s\"\n", cases[i].rules, rules ? "fine" : why.text,
                        cases[i].where);
        assert_null(rules);
        assert_non_null(strstr(why.text, cases[i].where));
        assert_non_null(strstr(why.text, "mxp_rules"));
    }
    struct mxp_why why = {0};
    assert_null(mxp_rules_new("/nonexistent/rules", &why));
    assert_non_null(strstr(why.text, "/nonexistent/rules"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_also),
        cmocka_unit_test(test_rules_cannot_judge),
        cmocka_unit_test(test_codes_prove_alone),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
