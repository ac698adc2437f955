/* The command builder and the reader of EHLO keywords. */
#include "core/err.h"
#include "smtp/command.h"
#include "smtp/ehlo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool ok;
    } cases[] = {
        {"", true},
        {"a@x.test", true},
        {"\"a b\"@x.test", true},
        {"\"a>b\"@x.test", true},
        {"\"a\\\">\"@x.test", true},
        {"\"a\\\\\"@x.test", true},
        {"a@x.test> SIZE=1", false},
        {"a@x.test>", false},
        {"<a@x.test", false},
        {"a b@x.test", false},
        {"\"a\\\"@x.test> X", false}, /* the quote stays open */
        {"\"a\\\\\" >@x.test", false},
        {"\"a", false},
        {"\"a\\", false},
        {"a\r\nDATA@x.test", false},
        {"a\n@x.test", false},
        {"\"a\r\"@x.test", false},
        {"\"a\\\r\"@x.test", false},
        {"a\x7f@x.test", false},
        {"a\t@x.test", false},
        {"\xc3\xa9@x.test", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_buf out;
        mxp_buf_init(&out, 4096);
        struct mxp_slice path = mxp_slice_str(cases[i].path);
        int expected = cases[i].ok ? MXP_OK : MXP_EINVAL;
        if (mxp_command_path_ok(path) != cases[i].ok ||
            mxp_command_mail(&out, path, false) != expected ||
            mxp_command_rcpt(&out, path) != (path.len ? expected : MXP_EINVAL))
            fail_msg("'%s'", cases[i].path);
        if (!cases[i].ok)
            assert_int_equal(out.len, 0);
        mxp_buf_free(&out);
    }
    assert_false(mxp_command_path_ok(MXP_SLICE_LIT("a\0b@x.test")));
}

static void test_lines(void **state)
{
    (void)state;
    struct mxp_buf out;
    mxp_buf_init(&out, 4096);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_EHLO, MXP_SLICE_LIT("me.test")), 0);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_HELO, MXP_SLICE_LIT("[192.0.2.1]")), 0);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_STARTTLS, MXP_SLICE_NONE), 0);
    assert_int_equal(mxp_command_mail(&out, MXP_SLICE_NONE, false), 0);
    assert_int_equal(mxp_command_mail(&out, MXP_SLICE_LIT("a@x.test"), true), 0);
    assert_int_equal(mxp_command_rcpt(&out, MXP_SLICE_LIT("b@x.test")), 0);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_RSET, MXP_SLICE_NONE), 0);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_QUIT, MXP_SLICE_NONE), 0);
    static const char expected[] = "EHLO me.test\r\nHELO [192.0.2.1]\r\nSTARTTLS\r\n"
                                   "MAIL FROM:<>\r\nMAIL FROM:<a@x.test> SMTPUTF8\r\n"
                                   "RCPT TO:<b@x.test>\r\nRSET\r\nQUIT\r\n";
    assert_string_equal(out.ptr, expected);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_QUIT, MXP_SLICE_LIT("x")), MXP_EINVAL);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_EHLO, MXP_SLICE_NONE), MXP_EINVAL);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_EHLO, MXP_SLICE_LIT("a\r\nb")), MXP_EINVAL);
    assert_string_equal(out.ptr, expected);
    mxp_buf_free(&out);
}

static void test_limits(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'a', sizeof text);
    struct mxp_buf out;
    mxp_buf_init(&out, 4096);
    assert_int_equal(mxp_command_rcpt(&out, (struct mxp_slice){text, 254}), 0);
    assert_int_equal(mxp_command_rcpt(&out, (struct mxp_slice){text, 255}), MXP_EINVAL);
    mxp_buf_clear(&out);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_EHLO, (struct mxp_slice){text, 505}), 0);
    assert_int_equal(out.len, MXP_COMMAND_MAX);
    assert_int_equal(mxp_command_add(&out, MXP_VERB_EHLO, (struct mxp_slice){text, 506}),
                     MXP_EINVAL);
    assert_int_equal(out.len, MXP_COMMAND_MAX);
    mxp_buf_free(&out);
    /* A line that the buffer has no room for leaves no part of it. */
    mxp_buf_init(&out, 12);
    assert_int_equal(mxp_command_rcpt(&out, MXP_SLICE_LIT("a@x.test")), MXP_ETOOBIG);
    assert_int_equal(out.len, 0);
    mxp_buf_free(&out);
}

static void test_ehlo(void **state)
{
    (void)state;
    struct mxp_ehlo e;
    mxp_ehlo_parse(MXP_SLICE_LIT("250-STARTTLS hello\n250-PipeLining\n250-starttls\n"
                                 "250-SMTPUTF8\n250-8bitmime\n250-SIZE 52428800\n"
                                 "250 LIMITS rcptmax=100 MAILMAX=5 RCPTDOMAINMAX=1 x=y"),
                   &e);
    assert_true(e.pipelining && e.starttls && e.smtputf8 && e.eightbitmime && e.size);
    assert_true(e.size_max == 52428800 && e.rcpt_max == 100 && e.mail_max == 5 &&
                e.domain_max == 1);
    mxp_ehlo_parse(MXP_SLICE_LIT("250 PIPELINING"), &e);
    assert_false(e.pipelining); /* the first line is a name */
    mxp_ehlo_parse(MXP_SLICE_LIT("250-x\n250-XPIPELINING\n250-STARTTLS2\n250-\n250-SIZE\n"
                                 "250-AUTH=LOGIN\n250 LIMITS RCPTMAX=0 MAILMAX= RCPTMAX=1234567"),
                   &e);
    assert_false(e.pipelining || e.starttls || e.smtputf8 || e.eightbitmime);
    assert_true(e.size && e.size_max == 0 && e.rcpt_max == 0 && e.mail_max == 0);
    mxp_ehlo_parse(MXP_SLICE_LIT("250-x\n250\tPIPELINING\t\n250-SIZE 99999999999999999999999"), &e);
    assert_true(e.pipelining && e.size_max == 0);
    mxp_ehlo_parse(MXP_SLICE_LIT("250-x\n25"), &e);
    mxp_ehlo_parse(MXP_SLICE_NONE, &e);
    assert_false(e.pipelining);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ehlo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
