/* When a reply makes an address invalid, or valid: each condition of judge.h by itself, with rules
 * that would have it so. */
#include "smtp/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct mxp_rules *rules; /* for the whole program: compiling them takes a while */

static int set_up(void **state)
{
    static const char text[] = "mailbox_not_found : quokka\n"
                               "domain_not_accepting : wombat\n"
                               "mailbox_full : wallaby\n"
                               "mailbox_disabled : numbat -> keep\n";
    char path[] = "/tmp/mxp_rulesXXXXXX";
    struct mxp_why why = {0};
    int fd = mkstemp(path);
    (void)state;
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)(sizeof text - 1))
        return -1;
    close(fd);
    rules = mxp_rules_new(path, &why);
    unlink(path);
    if (!rules)
        print_error("%s\n", why.text);
    return rules ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rules = mxp_rules_free(rules);
    return 0;
}

static enum mxp_verdict verdict_of(enum mxp_stage stage, const char *text)
{
    struct mxp_reply reply;
    struct mxp_classified what;
    (void)mxp_reply_parse(mxp_slice_str(text), &reply); /* words alone will do */
    mxp_classify(rules, stage, 0, &reply, &what);
    /* What is to be removed is invalid, and nothing else. */
    assert_int_equal(what.action == MXP_ACTION_REMOVE, what.verdict == MXP_VERDICT_INVALID);
    return what.verdict;
}

static bool is_invalid(enum mxp_stage stage, const char *text)
{
    return verdict_of(stage, text) == MXP_VERDICT_INVALID;
}

/* Every stage and every code there can be. */
static void test_stages_and_codes(void **state)
{
    (void)state;
    for (unsigned s = 0; s < MXP_STAGE_COUNT; s++) {
        enum mxp_stage stage = (enum mxp_stage)s;
        bool asked =
            stage == MXP_STAGE_RCPT || stage == MXP_STAGE_DATA || stage == MXP_STAGE_UNKNOWN;
        for (unsigned code = 200; code < 600; code++) {
            char plain[32], quoting[48], host[48];
            (void)snprintf(plain, sizeof plain, "%u quokka", code);
            (void)snprintf(quoting, sizeof quoting, "%u quokka, it said: 550 no", code);
            (void)snprintf(host, sizeof host, "%u wombat accepts no mail", code);
            bool final = code >= 500;
            bool quotes = code >= 400 && code != 421;
            if (is_invalid(stage, plain) != (asked && final) ||
                is_invalid(stage, quoting) != (asked && quotes) ||
                is_invalid(stage, host) != ((asked && final) || code == 521 || code == 556))
                fail_msg("%s, %u", mxp_stage_name(stage), code);
        }
        assert_int_equal(is_invalid(stage, "521 wombat"), asked); /* no words that it takes none */
        assert_true(is_invalid(stage, "556 wombat"));
        assert_int_equal(is_invalid(stage, "556 quokka"), asked); /* of the host alone */
    }
}

static void test_valid(void **state)
{
    (void)state;
    static const struct {
        enum mxp_stage stage;
        const char *text;
        bool valid;
    } cases[] = {
        {MXP_STAGE_RCPT, "250 ok", true},
        {MXP_STAGE_RCPT, "251 user not local; will forward to <a@b.example>", true},
        {MXP_STAGE_RCPT, "252 cannot verify", false},
        {MXP_STAGE_RCPT, "250 quokka", false},
        {MXP_STAGE_RCPT, "354 go on", false},
        {MXP_STAGE_DATA, "250 queued", false},
        {MXP_STAGE_MAIL, "250 ok", false},
        {MXP_STAGE_GREETING, "220 hello", false},
        {MXP_STAGE_UNKNOWN, "250 ok", false},
        {MXP_STAGE_UNKNOWN, "250 recipient ok", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s: %s\n", mxp_stage_name(cases[i].stage), cases[i].text);
        assert_int_equal(verdict_of(cases[i].stage, cases[i].text),
                         cases[i].valid ? MXP_VERDICT_VALID : MXP_VERDICT_UNKNOWN);
    }
    for (unsigned code = 300; code < 400; code++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u go on", code);
        assert_int_equal(verdict_of(MXP_STAGE_RCPT, text), MXP_VERDICT_UNKNOWN);
    }
}

/* What counts in a 4xx as another server's final word. */
static void test_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *words; /* behind "450 quokka " */
        bool final;
    } cases[] = {
        {"said: 550", true},
        {"Said 550 5.1.1 no", true},
        {"host mx said:550", true},
        {"next hop answered: 550", true},
        {"replied 550", true},
        {"responded: 550", true},
        {"returned: 550", true},
        {"returned: 450", false},
        {"returned", false},
        {"-> 550", true},
        {"->550 no", true},
        {"said: 450 said: 550", true},
        {"said: said: 550", true},
        {"said", false},
        {"said:", false},
        {"said: 5", false},
        {"said: 55", false},
        {"said: 5x0", false},
        {"said: 55x", false},
        {"said: 450", false},
        {"said: no 550", false},
        {"550", false},
        {"sai 550", false},
        {"- 550", false},
        {"> 550", false},
        {"-", false},
        {"->", false},
        {">- 550", false},
        {"-> 250", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[80], first[80];
        (void)snprintf(text, sizeof text, "450 quokka %s", cases[i].words);
        (void)snprintf(first, sizeof first, "450 %s quokka", cases[i].words);
        if (is_invalid(MXP_STAGE_RCPT, text) != cases[i].final ||
            is_invalid(MXP_STAGE_RCPT, first) != cases[i].final)
            fail_msg("%s", text);
    }
}

/* A person asks, without a reply. */
static void test_without_code(void **state)
{
    (void)state;
    assert_true(is_invalid(MXP_STAGE_UNKNOWN, "quokka"));
    assert_true(is_invalid(MXP_STAGE_UNKNOWN, "quokka, he said: 450"));
    assert_false(is_invalid(MXP_STAGE_UNKNOWN, "quokka, temporarily"));
    struct mxp_reply reply = {.enhanced = {4, 1, 1}, .text = MXP_SLICE_LIT("quokka")};
    struct mxp_classified what;
    for (uint16_t klass = 0; klass < 6; klass++) {
        reply.enhanced.klass = klass;
        mxp_classify(rules, MXP_STAGE_UNKNOWN, 0, &reply, &what);
        assert_int_equal(what.verdict == MXP_VERDICT_INVALID, klass != 4);
    }
}

/* One cause, of the mailbox, and not for now; and only reasons that can be. */
static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool invalid;
    } cases[] = {
        {"550 quokka", true},
        {"550 quokka temporarily", false},
        {"550 quokka, try again", false},
        {"550 quokka: check the spelling and try again", true},
        {"550 quokka, try again later", false},
        {"550 quokka: check the spelling and try again later", false},
        {"550 quokka or mailbox full", false},
        {"550 quokka may not exist", false},
        {"550 quokka: IP address not found", false},
        {"550 quokka: your account", false},
        {"550 quokka, sp\xc3\xa4ter", false},
        {"550 wallaby", false},
        {"550 numbat", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].text);
        assert_int_equal(is_invalid(MXP_STAGE_RCPT, cases[i].text), cases[i].invalid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages_and_codes),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_without_code),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
