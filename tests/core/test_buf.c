#include "core/buf.h"

#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What it holds, and the NUL behind it. */
static void expect(const struct mxp_buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_string_equal(mxp_buf_slice(buf).ptr, text);
}

static void test_every_way_in(void **state)
{
    (void)state;
    struct mxp_buf buf;
    mxp_buf_init(&buf, 1000);
    assert_null(buf.ptr);
    expect(&buf, "");
    assert_int_equal(mxp_buf_add(&buf, "ab!", 2), MXP_OK);
    assert_int_equal(mxp_buf_add_str(&buf, "cd"), MXP_OK);
    assert_int_equal(mxp_buf_add_char(&buf, 'e'), MXP_OK);
    assert_int_equal(mxp_buf_add_slice(&buf, MXP_SLICE_LIT("fg")), MXP_OK);
    assert_int_equal(mxp_buf_add_slice(&buf, MXP_SLICE_NONE), MXP_OK);
    assert_int_equal(mxp_buf_printf(&buf, "%d%s", 12, "h"), MXP_OK);
    assert_int_equal(mxp_buf_printf(&buf, "%s", ""), MXP_OK);
    expect(&buf, "abcdefg12h");
    mxp_buf_clear(&buf);
    expect(&buf, "");
    assert_int_equal(mxp_buf_add_str(&buf, "x"), MXP_OK);
    expect(&buf, "x");
    mxp_buf_free(&buf);
    assert_null(buf.ptr);
    mxp_buf_clear(&buf);
    assert_int_equal(mxp_buf_add_str(&buf, "again"), MXP_OK);
    expect(&buf, "again");
    mxp_buf_free(&buf);
}

/* Up to each cap, and not an octet further; a refusal changes nothing. */
static void test_cap(void **state)
{
    (void)state;
    static const size_t caps[] = {0, 1, 5, 62, 63, 64, 65, 127, 128, 1000};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        struct mxp_buf buf;
        char text[1001] = "";
        mxp_buf_init(&buf, caps[i]);
        for (size_t n = 0; n < caps[i]; n++) {
            text[n] = (char)('a' + n % 26);
            assert_int_equal(mxp_buf_add_char(&buf, text[n]), MXP_OK);
            expect(&buf, text);
        }
        assert_int_equal(mxp_buf_add_char(&buf, '!'), MXP_ETOOBIG);
        assert_int_equal(mxp_buf_printf(&buf, "%d", 7), MXP_ETOOBIG);
        assert_int_equal(mxp_buf_reserve(&buf, SIZE_MAX), MXP_ETOOBIG);
        assert_int_equal(mxp_buf_add_str(&buf, ""), MXP_OK);
        expect(&buf, text);
        mxp_buf_free(&buf);
        assert_int_equal(mxp_buf_add(&buf, text, caps[i]), MXP_OK); /* all at once, too */
        expect(&buf, text);
        mxp_buf_free(&buf);
    }
}

/* A session a buffer, ten thousand sessions: no more than twice what is needed. */
static void test_memory(void **state)
{
    (void)state;
    struct mxp_buf buf;
    mxp_buf_init(&buf, 1 << 20);
    for (size_t n = 1; n < 5000; n++) {
        assert_int_equal(mxp_buf_add_char(&buf, 'x'), MXP_OK);
        assert_true(buf.size > buf.len); /* the NUL */
        assert_true(buf.size <= 64 || buf.size <= 2 * (buf.len + 1));
    }
    mxp_buf_free(&buf);
    mxp_buf_init(&buf, 100);
    assert_int_equal(mxp_buf_reserve(&buf, 65), MXP_OK);
    assert_int_equal(buf.size, 101); /* the cap and the NUL, not the next power of two */
    memset(buf.ptr, 'y', 65);
    buf.len += 65;
    assert_int_equal(mxp_buf_reserve(&buf, 35), MXP_OK);
    assert_int_equal(mxp_buf_reserve(&buf, 36), MXP_ETOOBIG);
    mxp_buf_free(&buf);
}

static void test_consume(void **state)
{
    (void)state;
    struct mxp_buf buf;
    mxp_buf_init(&buf, 5);    /* its memory ends with the NUL */
    mxp_buf_consume(&buf, 1); /* nothing there */
    mxp_buf_add_str(&buf, "abcde");
    mxp_buf_consume(&buf, 0);
    expect(&buf, "abcde");
    mxp_buf_consume(&buf, 2);
    expect(&buf, "cde");
    mxp_buf_add_char(&buf, 'f');
    mxp_buf_consume(&buf, 3);
    expect(&buf, "f");
    mxp_buf_consume(&buf, 1);
    expect(&buf, "");
    mxp_buf_add_str(&buf, "gh");
    mxp_buf_consume(&buf, 99);
    expect(&buf, "");
    mxp_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_in),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_consume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
