/* A reply's words. */
#include "core/buf.h"
#include "core/err.h"
#include "smtp/tokens.h"
#include "smtp/tokens_skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Both ways to cut words cut the same, some or many at once. */
static void must_hash(const char *text)
{
    for (size_t most = 1; most <= 200; most = most * 3 + 1) {
        struct mxp_tokens tokens, again;
        struct mxp_token token;
        uint64_t hashes[256];
        size_t n = most, all = 0;
        mxp_tokens_init(&tokens, mxp_slice_str(text), true);
        mxp_tokens_init(&again, mxp_slice_str(text), true);
        for (; n == most; all += n) {
            n = mxp_tokens_hashes(&tokens, hashes, most);
            for (size_t i = 0; i < n; i++) {
                assert_true(mxp_tokens_next(&again, &token));
                if (hashes[i] != token.hash)
                    fail_msg("%s: word %zu, %.*s", text, all + i, (int)token.len, token.text);
            }
        }
        assert_false(mxp_tokens_next(&again, &token));
    }
}

static void must_be(const char *text, bool reply, const char *wanted)
{
    struct mxp_buf words;
    struct mxp_tokens tokens;
    struct mxp_token token;
    mxp_buf_init(&words, 4096);
    mxp_tokens_init(&tokens, mxp_slice_str(text), reply);
    while (mxp_tokens_next(&tokens, &token)) {
        assert_in_range(token.len, 1, MXP_TOKEN_MAX);
        if (words.len)
            assert_int_equal(mxp_buf_add_char(&words, ' '), MXP_OK);
        assert_int_equal(mxp_buf_add(&words, token.text, token.len), MXP_OK);
    }
    bool same = mxp_slice_eq(mxp_buf_slice(&words), mxp_slice_str(wanted));
    if (!same)
        print_error("%s: \"%.*s\", not \"%s\"\n", text, (int)words.len, words.len ? words.ptr : "",
                    wanted);
    mxp_buf_free(&words);
    assert_true(same);
    if (reply)
        must_hash(text);
}

static void test_replies(void **state)
{
    static const char *const cases[][2] = {
        {"550 5.1.1 User Unknown", "user unknown"},
        {"550-5.1.1 one\n550 5.1.1 two", "one two"},
        {"550 5.0.0 -5.1.1 The account", "the account"},
        {"550 #5.1.0 Address rejected.", "address rejected"},
        {"550 5.1.1 <a.b+c@example.org>: doesn't exist", "addr doesnt exist"},
        {"554 192.0.2.1 is listed", "ip is listed"},
        {"554 <a@[192.0.2.1]> x", "addr x"},
        {"550 Empf\xc3\xa4nger Empf\xe4nger EMPF\xc3\x84NGER", "empfanger empfanger empfanger"},
        {"550 d\xc3\xa9pass\xc3\xa9 d\xe9pass\xe9", "depasse depasse"},
        {"550 \xd0\x9d\xd0\xb5\xd0\xa2", "\xd0\xbd \xd0\xb5 \xd1\x82"},
        {"550 \xe4\xb8\x8d\xe5\xad\x98", "\xe4\xb8\x8d \xe5\xad\x98"},
        {"550 \xff\xfe\x80 x", "\xff \xfe \x80 x"},
        {"550 temporarily Temporary temporairement tempor", "temporar temporar temporar tempor"},
        {"550 see https://www.example.org/a?p=NoSuchUser now",
         "see https /www /example /org /a /p /nosuchuser now"},
        {"550 (http://x.example/spam) spam", "http /x /example /spam spam"},
        {"550 \xe2\x80\x98user\xe2\x80\x99", "\xe2\x80\x98 user \xe2\x80\x99"},
        {"550 Sender\xe2\x80\x99s mailbox doesn\xe2\x80\x99t \xe2\x80\x99tis",
         "senders mailbox doesnt \xe2\x80\x99 tis"},
        {"550 exp\xc3\x83\xc2\xa9"
         "diteur \xc3\x85\xc2\xbe"
         "ivot \xc3\x83 \xc3\x83\xc2",
         "expediteur zivot a aa"},
        {"550", ""},
        {"", ""},
        {"\n\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_be(cases[i][0], true, cases[i][1]);
}

static void test_phrases(void **state)
{
    (void)state;
    must_be("5 1 1 doesn't /spamhaus", false, "5 1 1 doesnt /spamhaus");
    must_be("a@b", false, "a b");
}

/* Words are cut the same wherever they stand among the octets that are read at once, with and
 * without a text behind them. */
static void test_anywhere(void **state)
{
    static const char said[] =
        "Don't User-unknown http://a.example/B <a.b@c.example> 192.0.2.1 "
        "Sixteen16octetsX 1.2.3 seventeen17octets temporarily Empf\xc3\xa4nger "
        "\xd0\x9d a:b\n550-5.1.1 so long";
    static const char wanted[] =
        "dont user unknown http /a /example /b addr ip sixteen16octetsx 1 2 3 "
        "seventeen17octets temporar empfanger \xd0\xbd a b so long";
    (void)state;
    for (size_t before = 0; before < 140; before++) {
        char text[400] = {0};
        memset(text, '.', before);
        memcpy(text + before, said, sizeof said);
        must_be(text, true, wanted);
        memset(text + strlen(text), ' ', 100);
        must_be(text, true, wanted);
    }
}

/* Each @ may end an address that began long before; none is looked for twice. */
static void test_addresses(void **state)
{
    (void)state;
    must_be("550 a@b@c d@", true, "addr c addr");
    must_be("550 @a 1.2.3.4@b x@[y z]", true, "a ip b addr z");
    must_be("550 <\"a b\"@c.example> a..b@c..d", true, "a b c example addr d");
    char text[603];
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 2 * i, "x.", 2);
    memcpy(text + 600, "@d", 3);
    struct mxp_tokens tokens;
    struct mxp_token token;
    size_t n = 0;
    mxp_tokens_init(&tokens, mxp_slice_str(text), true);
    while (mxp_tokens_next(&tokens, &token))
        n++;
    assert_in_range(n, 300 - MXP_TOKENS_LOCAL / 2, 300 - MXP_TOKENS_LOCAL / 2 + 2);
}

static void test_long_words(void **state)
{
    char text[300] = {0};
    struct mxp_tokens tokens;
    struct mxp_token token;
    (void)state;
    for (size_t len = 0; len < sizeof text - 10; len++) {
        must_hash(text);
        text[len] = 'X';
    }
    memset(text, 'a', sizeof text);
    mxp_tokens_init(&tokens, (struct mxp_slice){text, sizeof text}, true);
    assert_true(mxp_tokens_next(&tokens, &token));
    assert_int_equal(token.len, MXP_TOKEN_MAX);
    assert_false(mxp_tokens_next(&tokens, &token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),    cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_anywhere),   cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
