#include "smtp/reply.h"

#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a stream gave: one line per reply, "CODE ENHANCED TEXT", then "more" or "bad WHY". */
static void read_stream(struct mxp_slice stream, long cut, struct mxp_buf *log)
{
    struct mxp_reply_reader reader;
    mxp_reply_reader_init(&reader);
    size_t fed = 0;
    enum mxp_reply_status status = MXP_REPLY_MORE;
    const char *why = NULL;
    while (fed < stream.len && status != MXP_REPLY_BAD) {
        size_t len = stream.len - fed;
        if (cut == -2)
            len = 1;
        else if (cut > (long)fed && (size_t)cut < stream.len)
            len = (size_t)cut - fed;
        char *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, stream.ptr + fed, len);
        struct mxp_slice input = {copy, len};
        struct mxp_reply reply;
        char enhanced[16];
        while ((status = mxp_reply_read(&reader, &input, &reply, &why)) == MXP_REPLY_DONE) {
            assert_true(reply.text.len > 0 && reply.text.ptr[reply.text.len - 1] != '\n');
            assert_int_equal(mxp_buf_printf(log, "%u %s %.*s\n", reply.code,
                                            mxp_enhanced_text(reply.enhanced, enhanced),
                                            (int)reply.text.len, reply.text.ptr),
                             0);
        }
        if (status == MXP_REPLY_MORE)
            assert_int_equal(input.len, 0);
        free(copy);
        fed += len;
    }
    assert_int_equal(mxp_buf_printf(log, status == MXP_REPLY_BAD ? "bad %s\n" : "more\n", why), 0);
    if (status == MXP_REPLY_BAD) {
        struct mxp_slice input = MXP_SLICE_LIT("250 ok\r\n");
        struct mxp_reply reply;
        assert_int_equal(mxp_reply_read(&reader, &input, &reply, NULL), MXP_REPLY_BAD);
    }
    mxp_reply_reader_free(&reader);
}

static void check_stream(struct mxp_slice stream, const char *expected)
{
    for (long cut = -2; cut < (long)stream.len; cut++) {
        struct mxp_buf log;
        mxp_buf_init(&log, 1 << 20);
        read_stream(stream, cut, &log);
        if (strcmp(mxp_buf_slice(&log).ptr, expected) != 0)
            fail_msg("'%.*s' cut %ld gives\n%sinstead of\n%s", (int)stream.len, stream.ptr, cut,
                     log.ptr, expected);
        mxp_buf_free(&log);
    }
}

static void test_streams(void **state)
{
    (void)state;
    static const struct {
        const char *stream, *expected;
    } cases[] = {
        {"250 ok\r\n", "250  250 ok\nmore\n"},
        {"250 ok\n", "250  250 ok\nmore\n"},
        {"250\r\n", "250  250\nmore\n"},
        {"250\n", "250  250\nmore\n"},
        {"250 \r\n", "250  250 \nmore\n"},
        {"250\tok\r\n", "250  250\tok\nmore\n"},
        {"250 ok\r\r\n", "250  250 ok\nmore\n"},
        {"250 a\rb\r\n", "250  250 a\rb\nmore\n"},
        {"250 a\r\r\n250 b\r\n", "250  250 a\n250  250 b\nmore\n"},
        {"550 no\r250 yes\r\n", "bad replies with nothing but a CR between them\n"},
        {"550-no\r550 yes\r\n", "bad replies with nothing but a CR between them\n"},
        {"250\r250\r\n", "bad replies with nothing but a CR between them\n"},
        {"250 ok", "more\n"},
        {"250-a\r\n250 b\r\n", "250  250-a\n250 b\nmore\n"},
        {"250-a\n250-\r\n250\r\n", "250  250-a\n250-\n250\nmore\n"},
        {"250-a\r\n", "more\n"},
        {"220 a\r\n250 b\r\n", "220  220 a\n250  250 b\nmore\n"},
        {"550 5.1.1 x\r\n550-5.7.1 a\r\n550 5.1.1 b\r\n",
         "550 5.1.1 550 5.1.1 x\n550 5.7.1 550-5.7.1 a\n550 5.1.1 b\nmore\n"},
        {"550-first\r\n550-5.7.26 a\r\n550 5.1.1 b\r\n",
         "550 5.7.26 550-first\n550-5.7.26 a\n550 5.1.1 b\nmore\n"},
        {"599 x\r\n", "599  599 x\nmore\n"},
        {"354 go\r\n", "354  354 go\nmore\n"},
        /* a teaser, and then a refusal */
        {"220-a\r\n521 5.7.1 b\r\n", "521 5.7.1 220-a\n521 5.7.1 b\nmore\n"},
        {"220-a\r\n220-b\r\n421-4.3.2 c\r\n421 d\r\n220 e\r\n",
         "421 4.3.2 220-a\n220-b\n421-4.3.2 c\n421 d\n220  220 e\nmore\n"},
        /* the hostile ones */
        {"220-a\r\n250 b\r\n", "bad the lines of a reply have different codes\n"},
        {"220-a\r\n320 b\r\n", "bad the lines of a reply have different codes\n"},
        {"220-a\r\n620 b\r\n", "bad a line that is no reply\n"},
        {"220-a\r\n550-b\r\n551 c\r\n", "bad the lines of a reply have different codes\n"},
        {"220-a\r\n550-b\r\n220 c\r\n", "bad the lines of a reply have different codes\n"},
        {"199 x\r\n", "bad a line that is no reply\n"},
        {"600 x\r\n", "bad a line that is no reply\n"},
        {"25 x\r\n", "bad a line that is no reply\n"},
        {"250ok\r\n", "bad a line that is no reply\n"},
        {"2500 ok\r\n", "bad a line that is no reply\n"},
        {"250.\r\n", "bad a line that is no reply\n"},
        {" 250 ok\r\n", "bad a line that is no reply\n"},
        {"\r\n", "bad a line that is no reply\n"},
        {"\n", "bad a line that is no reply\n"},
        {"25\n", "bad a line that is no reply\n"},
        {"HTTP/1.1 400 Bad Request\r\n", "bad a line that is no reply\n"},
        {"\x16\x03\x01", "bad a line that is no reply\n"},
        {"250-a\r\nb\r\n250 c\r\n", "bad a line that is no reply\n"},
        {"250-a\r\n251 b\r\n", "bad the lines of a reply have different codes\n"},
        {"250-a\r\n550 b\r\n", "bad the lines of a reply have different codes\n"},
        {"250 ok\r\n250-a\r\n421 b\r\n",
         "250  250 ok\nbad the lines of a reply have different codes\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_stream(mxp_slice_str(cases[i].stream), cases[i].expected);
    check_stream(MXP_SLICE_LIT("250 o\0k\r\n"), "bad a NUL in a reply\n");
    check_stream(MXP_SLICE_LIT("2\0"), "bad a NUL in a reply\n");
}

/* One reply of n_lines lines of line_len octets without CRLF. */
static void check_size(size_t n_lines, size_t line_len, const char *end, const char *bad)
{
    struct mxp_buf stream, log;
    mxp_buf_init(&stream, 4 << 20);
    mxp_buf_init(&log, 4 << 20);
    for (size_t i = 0; i < n_lines; i++) {
        assert_int_equal(mxp_buf_add_str(&stream, i + 1 < n_lines ? "250-" : "250 "), 0);
        for (size_t k = 4; k < line_len; k++)
            assert_int_equal(mxp_buf_add_char(&stream, 'x'), 0);
        assert_int_equal(mxp_buf_add_str(&stream, end), 0);
    }
    static const long cuts[] = {-1, -2, 100, 2048, 2049, 8191, 8192, 8193};
    char *first = NULL;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        mxp_buf_clear(&log);
        read_stream(mxp_buf_slice(&stream), cuts[i], &log);
        const char *text = mxp_buf_slice(&log).ptr;
        if ((strncmp(text, "bad ", 4) == 0) != (bad != NULL) || (bad && !strstr(text, bad)))
            fail_msg("%zu lines of %zu, cut %ld: %.60s", n_lines, line_len, cuts[i], text);
        size_t whole = n_lines * (line_len + 1) - 1;
        if (!bad)
            assert_true(log.len - strlen("250  \nmore\n") <= MXP_REPLY_TEXT_MAX &&
                        (whole > MXP_REPLY_TEXT_MAX || log.len == whole + 11));
        if (!first)
            first = strdup(text);
        assert_string_equal(first, text);
    }
    free(first);
    mxp_buf_free(&stream);
    mxp_buf_free(&log);
}

static void test_sizes(void **state)
{
    (void)state;
    check_size(1, 2048, "\r\n", NULL);
    check_size(1, 2048, "\n", NULL);
    check_size(1, 2049, "\r\n", "too long");
    check_size(1, 2049, "\n", "too long");
    check_size(1, 2047, "\r\r\n", NULL);
    check_size(1, 2048, "\r\r\n", "too long");
    check_size(1, 2049, "", "too long"); /* an endless line */
    check_size(512, 40, "\r\n", NULL);
    check_size(513, 4, "\r\n", "too many");
    check_size(512, 2048, "\r\n", NULL);
    check_size(256, 31, "\r\n", NULL);
    check_size(300, 31, "\r\n", NULL); /* the cap right behind a line */
    check_size(300, 30, "\r\r\n", NULL);
}

/* A reply of one line that comes whole is lent from the input: no memory. */
static void test_one_line_needs_no_memory(void **state)
{
    (void)state;
    struct mxp_reply_reader reader;
    mxp_reply_reader_init(&reader);
    struct mxp_slice input = MXP_SLICE_LIT("250 2.1.5 ok\r\n550 no\r\n");
    const char *from = input.ptr;
    struct mxp_reply reply;
    assert_int_equal(mxp_reply_read(&reader, &input, &reply, NULL), MXP_REPLY_DONE);
    assert_ptr_equal(reply.text.ptr, from);
    assert_true(mxp_reply_reader_idle(&reader));
    assert_int_equal(mxp_reply_read(&reader, &input, &reply, NULL), MXP_REPLY_DONE);
    assert_ptr_equal(reply.text.ptr, from + 14);
    assert_null(reader.kept.ptr);
    mxp_reply_reader_free(&reader);
}

static void test_enhanced(void **state)
{
    (void)state;
    static const struct {
        const char *line, *enhanced;
    } cases[] = {
        {"550 5.1.1 no", "5.1.1"},
        {"550-5.1.1 no", "5.1.1"},
        {"550 5.1.1", "5.1.1"},
        {"550  5.1.1 no", "5.1.1"},
        {"421 4.7.0: Sender", "4.7.0"},
        {"550 5.7.0, Mail", "5.7.0"},
        {"550 5.7.606 Access", "5.7.606"},
        {"550 5.1.1. Gone", "5.1.1"},
        {"550 5.1.1<a@b>", "5.1.1"},
        {"550 #5.1.0 Address rejected.", "5.1.0"},
        {"550 5.0.0 -5.1.1 The email account", "5.0.0"},
        {"554 4.4.7 Message expired", "4.4.7"},
        {"250 2.1.5 ok", "2.1.5"},
        /* numbers that are no codes */
        {"550 5.7.8.9 is listed", ""},
        {"550 10.5.7.8 is listed", ""},
        {"550 5.7.8.", "5.7.8"},
        {"550 5.1 no", ""},
        {"550 5.1. no", ""},
        {"550 5..1 no", ""},
        {"550 3.1.1 no", ""},
        {"550 1.1.1 no", ""},
        {"550 55.1.1 no", ""},
        {"550 5.1.1000 no", ""},
        {"550 5.1000.1 no", ""},
        {"550 User 5.1.1 no", ""},
        {"550 500 seconds", ""},
        {"552 SMTP; 552-5.2.3", ""},
        {"550 <a@b>: 5.1.1", ""},
        {"550 permanent failure (addr:550 5.4.1 x)", ""},
        {"550", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_reply reply;
        char text[16];
        assert_int_equal(mxp_reply_parse(mxp_slice_str(cases[i].line), &reply), 0);
        if (strcmp(mxp_enhanced_text(reply.enhanced, text), cases[i].enhanced) != 0)
            fail_msg("'%s': '%s', not '%s'", cases[i].line, text, cases[i].enhanced);
    }
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        uint16_t code;
        const char *enhanced;
    } cases[] = {
        {"550 5.1.1 no", MXP_OK, 550, "5.1.1"},
        {"  550 5.1.1 no\r\n", MXP_OK, 550, "5.1.1"},
        {"421-4.7.28", MXP_OK, 421, "4.7.28"},
        {"550", MXP_OK, 550, ""},
        {"550: no", MXP_OK, 550, ""},
        {"550-a\r\n550 5.1.1 b", MXP_OK, 550, "5.1.1"},
        {"550-a\n550-5.7.1 b\n550 5.1.1 c", MXP_OK, 550, "5.7.1"},
        {"550-a 550 5.1.1 b", MXP_OK, 550, "5.1.1"},
        {"550-5.1.1 a 550 5.7.1 b", MXP_OK, 550, "5.1.1"},
        {"550-a 551 5.1.1 b", MXP_OK, 550, ""},
        {"550 a 550 5.1.1 b", MXP_OK, 550, ""}, /* not folded: a quoted reply */
        {"450-a\n550 b", MXP_OK, 550, ""},      /* the last line's counts */
        {"550 a\nsecond line", MXP_OK, 550, ""},
        {"5.1.1", MXP_ESYNTAX, 0, "5.1.1"},
        {"5.1.1 no such user", MXP_ESYNTAX, 0, "5.1.1"},
        {"no such user", MXP_ESYNTAX, 0, ""},
        {"no such user\n550 5.1.1 x", MXP_ESYNTAX, 0, ""},
        {"552@example.com: no", MXP_ESYNTAX, 0, ""},
        {"5500 no", MXP_ESYNTAX, 0, ""},
        {"650 no", MXP_ESYNTAX, 0, ""},
        {"", MXP_ESYNTAX, 0, ""},
        {" \r\n", MXP_ESYNTAX, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_reply reply;
        char text[16];
        int rc = mxp_reply_parse(mxp_slice_str(cases[i].text), &reply);
        if (rc != cases[i].rc || reply.code != cases[i].code ||
            strcmp(mxp_enhanced_text(reply.enhanced, text), cases[i].enhanced) != 0)
            fail_msg("'%s': rc %d, code %u, enhanced '%s'", cases[i].text, rc, reply.code, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_one_line_needs_no_memory),
        cmocka_unit_test(test_enhanced),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
