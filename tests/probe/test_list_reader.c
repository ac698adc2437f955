#include "probe/list/list_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OUT_CAP (1 << 20)

/* Records as text: "LINE#COLUMN<field|field>", a cut one with "!" before it; at the end the
 * columns, "names<..>", or the error's first words. */
struct seen {
    struct mxp_buf out;
    uint64_t last_line;
};

static int on_record(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct seen *seen = arg;
    (void)why;
    assert_true(record->line > seen->last_line);
    assert_true(record->n_fields > 0);
    seen->last_line = record->line;
    mxp_buf_printf(&seen->out, "%s%llu#%zu<", record->cut ? "!" : "",
                   (unsigned long long)record->line, record->column + 1);
    for (size_t i = 0; i < record->n_fields; i++) {
        mxp_buf_add_str(&seen->out, i ? "|" : "");
        mxp_buf_add_slice(&seen->out, record->fields[i]);
    }
    return mxp_buf_add_char(&seen->out, '>');
}

static int feed(struct mxp_list_reader *reader, const char *bytes, size_t len, size_t piece,
                struct mxp_why *why)
{
    int err = 0;
    for (size_t at = 0; at < len && !err; at += piece) {
        /* A copy of its own size: what reads past it is seen by the sanitizer. */
        size_t n = len - at < piece ? len - at : piece;
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, bytes + at, n);
        err = mxp_list_reader_feed(reader, (struct mxp_slice){copy, n}, why);
        free(copy);
    }
    return err ? err : mxp_list_reader_end(reader, why);
}

/* What the list reads as, in pieces of this size. */
static void read_list(const char *bytes, size_t len, const char *column, size_t piece,
                      struct mxp_buf *ret)
{
    struct seen seen = {0};
    struct mxp_why why = {0};
    struct mxp_list_choice_options options = {
        .column = column, .on_record = on_record, .arg = &seen};
    size_t n = 0;
    mxp_buf_init(&seen.out, OUT_CAP);
    struct mxp_list_reader *reader = mxp_list_reader_new(&options);
    assert_non_null(reader);
    int err = feed(reader, bytes, len, piece, &why);
    const char *const *names = mxp_list_reader_columns(reader, &n);
    if (err) {
        assert_int_equal(err, MXP_EDATA);
        mxp_buf_printf(&seen.out, "error: %s", why.text);
    } else if (names) {
        mxp_buf_add_str(&seen.out, "names<");
        for (size_t i = 0; i < n; i++)
            mxp_buf_printf(&seen.out, "%s%s", i ? "|" : "", names[i]);
        mxp_buf_add_char(&seen.out, '>');
    } else if (n) {
        mxp_buf_printf(&seen.out, "%zu columns", n);
    }
    mxp_list_reader_free(reader);
    *ret = seen.out;
}

/* expected ends in "..": what follows is not compared. */
static bool as_expected(struct mxp_slice got, const char *expected)
{
    size_t len = strlen(expected);
    if (len >= 2 && strcmp(expected + len - 2, "..") == 0)
        return mxp_slice_istarts(got, (struct mxp_slice){expected, len - 2});
    return mxp_slice_eq(got, mxp_slice_str(expected));
}

static void check_list(const char *bytes, size_t len, const char *column, const char *expected)
{
    static const size_t pieces[] = {1, 2, 3, 7, 1000000};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct mxp_buf got;
        read_list(bytes, len, column, pieces[i], &got);
        if (!as_expected(mxp_buf_slice(&got), expected))
            fail_msg("in pieces of %zu, --column %s:\n%.*s\ngives\n%s\nnot\n%s", pieces[i],
                     column ? column : "-", (int)len, bytes, mxp_buf_slice(&got).ptr, expected);
        mxp_buf_free(&got);
    }
}

struct list_case {
    const char *list, *expected, *column;
};

static void check_cases(const struct list_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_list(cases[i].list, strlen(cases[i].list), cases[i].column, cases[i].expected);
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof *(cases))

static void test_plain(void **state)
{
    (void)state;
    static const struct list_case cases[] = {
        {"", "", NULL},
        {"\n\n", "", NULL},
        {"a@x.de\nb@x.de\n", "1#1<a@x.de>2#1<b@x.de>", NULL},
        {"a@x.de\nb@x.de", "1#1<a@x.de>2#1<b@x.de>", NULL},
        {"a@x.de\r\nb@x.de\r\n", "1#1<a@x.de>2#1<b@x.de>", NULL},
        {"a@x.de\rb@x.de\r", "1#1<a@x.de>2#1<b@x.de>", NULL},
        {"a@x.de\r\n\rb@x.de\n\nc@x.de", "1#1<a@x.de>3#1<b@x.de>5#1<c@x.de>", NULL},
        {"a@x.de\r\r\nb@x.de", "1#1<a@x.de>3#1<b@x.de>", NULL},
        {"\xef\xbb\xbf"
         "a@x.de\n",
         "1#1<a@x.de>", NULL},
        {"  \n\t\na@x.de\n", "3#1<a@x.de>", NULL},
        {" a@x.de \n", "1#1< a@x.de >", NULL},
        {"nonsense\na@x.de\n", "1#1<nonsense>2#1<a@x.de>", NULL},
        {"Bob <b@x.de>\n", "1#1<Bob <b@x.de>>", NULL},
        {"\"Doe, John\" <j@x.de>\nb@x.de", "1#1<\"Doe, John\" <j@x.de>>2#1<b@x.de>", NULL},
        {"\"a b\"@x.de\n\"c,d\"@x.de\n", "1#1<\"a b\"@x.de>2#1<\"c,d\"@x.de>", NULL},
        {"a@x.de\nb@x.de,Bob\n", "1#1<a@x.de>2#1<b@x.de,Bob>", NULL},
        {"a@x.de\n\"\n", "1#1<a@x.de>2#1<\">", NULL},
        {"a@x.de\n\xff\xfe\n", "1#1<a@x.de>2#1<\xff\xfe>", NULL},
    };
    CHECK(cases);
    check_list("a@x.de\nb\0@x.de\n", 15, NULL, "1#1<a@x.de>2#1<b..");
}

static void test_csv(void **state)
{
    (void)state;
    static const struct list_case cases[] = {
        {"id,email\n1,a@x.de\n2,b@x.de\n", "2#2<1|a@x.de>3#2<2|b@x.de>names<id|email>", NULL},
        {"1,a@x.de\n2,b@x.de\n", "1#2<1|a@x.de>2#2<2|b@x.de>2 columns", NULL},
        {"name;mail\nBob;b@x.de\n", "2#2<Bob|b@x.de>names<name|mail>", NULL},
        {"name\tmail\nBob\tb@x.de\n", "2#2<Bob|b@x.de>names<name|mail>", NULL},
        {"name|mail\nBob|b@x.de\n", "2#2<Bob|b@x.de>names<name|mail>", NULL},
        /* a header broken within quotes; and a first record */
        {"\"Full\nname\";\"E-Mail\"\nBob;b@x.de\n", "3#2<Bob|b@x.de>names<Full\nname|E-Mail>",
         NULL},
        {"\"a,\r\n\r\nb\"\tb@x.de\r\nx\ty@x.de", "1#2<a,\r\n\r\nb|b@x.de>4#2<x|y@x.de>2 columns",
         NULL},
        {"\"Full\nname\";E-Mail\nBob;b@x.de\n", "3#2<Bob|b@x.de>names<Full\nname|E-Mail>",
         "e-mail"},
        /* lines above the table are no header, and tell no separator */
        {"Our customers\n\nname;mail\nBob;b@x.de\n",
         "1#2<Our customers>4#2<Bob|b@x.de>names<name|mail>", NULL},
        {"Customers, May 2024\nBob;b@x.de\n", "1#2<Customers, May 2024>2#2<Bob|b@x.de>2 columns",
         NULL},
        {"5\" pipes\nname\tmail\nBob\tb@x.de\n", "1#2<5\" pipes>3#2<Bob|b@x.de>names<name|mail>",
         NULL},
        {"Our customers\nname,mail\n", "1#1<Our customers>2#1<name,mail>", NULL},
        {"mail\nb@x.de;\nc@x.de\n", "2#1<b@x.de;>3#1<c@x.de>names<mail>", NULL},
        {"\xef\xbb\xbf\"E-Mail\",x\r\nb@x.de,\r\n", "2#1<b@x.de|>names<E-Mail|x>", NULL},
        /* the separator is not looked for within quotes */
        {"\"Doe, John\";mail\nx;b@x.de\n", "2#2<x|b@x.de>names<Doe, John|mail>", NULL},
        {"email\na@x.de\n", "2#1<a@x.de>names<email>", NULL},
        {"Meine Mailadresse\na@x.de\n", "2#1<a@x.de>names<Meine Mailadresse>", NULL},
        {"email\n\"a@x.de\"\n", "2#1<a@x.de>names<email>", NULL},
        {"\"a@x.de\"\n\"b@x.de\"\n", "1#1<a@x.de>2#1<b@x.de>1 columns", NULL},
        /* one column: a quoted local part is no quoted field */
        {"email\n\"a b\"@x.de\n", "2#1<\"a b\"@x.de>names<email>", NULL},
        {"email\n\"a\\\"b\"@x.de\nc@x.de\n", "2#1<\"a\\\"b\"@x.de>3#1<c@x.de>names<email>", NULL},
        {"email\n\"a\\\",b\"@x.de\nc@x.de\n", "2#1<\"a\\\",b\"@x.de>3#1<c@x.de>names<email>", NULL},
        {"email,n\n", "names<email|n>", NULL},
        {"email,n", "names<email|n>", NULL},
        /* quoted fields */
        {"n,email\n\"a,\"\"b\"\"\",b@x.de\n", "2#2<a,\"b\"|b@x.de>names<n|email>", NULL},
        {"n,email\n\"a\nb\",b@x.de\nx,c@x.de\n", "2#2<a\nb|b@x.de>4#2<x|c@x.de>names<n|email>",
         NULL},
        {"n,email\r\n\"a\r\n\r\nb\",b@x.de\r\nx,c@x.de\r\n",
         "2#2<a\r\n\r\nb|b@x.de>5#2<x|c@x.de>names<n|email>", NULL},
        {"n,email\r\"a\rb\",b@x.de\r", "2#2<a\rb|b@x.de>names<n|email>", NULL},
        /* a quote that is not closed costs its own line */
        {"n,email\n\"a,b@x.de\nx,c@x.de\n", "2#2<\"a|b@x.de>3#2<x|c@x.de>names<n|email>", NULL},
        {"n,email\nx,c@x.de\n\"a,b@x.de", "2#2<x|c@x.de>3#2<\"a|b@x.de>names<n|email>", NULL},
        {"n,email\n\"\"\"a,b@x.de\n\"b,d@x.de\n",
         "2#2<\"\"\"a|b@x.de>3#2<\"b|d@x.de>names<n|email>", NULL},
        {"email\n\"", "2#1<\">names<email>", NULL},
        /* short, long and empty records */
        {"n,email\nx\n", "2#2<x>names<n|email>", NULL},
        {"n,email\nx,b@x.de,y,z\n", "2#2<x|b@x.de|y|z>names<n|email>", NULL},
        {"n,email\n,\n\"\"\n\n  \nx,b@x.de\n", "2#2<|>3#2<>6#2<x|b@x.de>names<n|email>", NULL},
        {";;\nn;email;x\n1;b@x.de;2\n", "1#2<||>3#2<1|b@x.de|2>names<n|email|x>", NULL},
    };
    CHECK(cases);
}

/* Which column holds the addresses. */
static void test_looking(void **state)
{
    (void)state;
    static const struct list_case cases[] = {
        /* the postal address is not the mail address */
        {"id,address,email\n1,Main St. 1,b@x.de\n",
         "2#3<1|Main St. 1|b@x.de>names<id|address|email>", NULL},
        {"address,mailbox\nMain St. 1,b@x.de\n", "2#2<Main St. 1|b@x.de>names<address|mailbox>",
         NULL},
        {"address,n\nb@x.de,1\n", "2#1<b@x.de|1>names<address|n>", NULL},
        {"mail_sent,contact\nyes,b@x.de\n", "2#2<yes|b@x.de>names<mail_sent|contact>", NULL},
        {"email_ok,email\n1,b@x.de\n", "2#2<1|b@x.de>names<email_ok|email>", NULL},
        {"Email,Email Address\nyes,b@x.de\n", "2#2<yes|b@x.de>names<Email|Email Address>", NULL},
        {"email,from\nbroken,b@x.de\n", "2#1<broken|b@x.de>names<email|from>", NULL},
        {"email,from\n,b@x.de\nc@x.de,\n", "2#1<|b@x.de>3#1<c@x.de|>names<email|from>", NULL},
        {"n,email\nb@x.de\nx,c@x.de\n", "2#2<b@x.de>3#2<x|c@x.de>names<n|email>", NULL},
        {"n,EMAIL\nx,\ny,b@x.de\n", "2#2<x|>3#2<y|b@x.de>names<n|EMAIL>", NULL},
        {"n,who\nx,\ny,b@x.de\n", "2#2<x|>3#2<y|b@x.de>names<n|who>", NULL},
        {"mailing,who\nx,y\n", "2#1<x|y>names<mailing|who>", NULL},
        {"n,who\nx,Bob <b@x.de>\n", "2#2<x|Bob <b@x.de>>names<n|who>", NULL},
        {"1,\"Doe, John <j@x.de>\"\n", "1#2<1|Doe, John <j@x.de>>2 columns", NULL},
        {"n,who\nx,y\n", "error: no column with addresses..", NULL},
        {"n,who\n", "names<n|who>", NULL},
        {"1,a@,b@x.de\n2,c@x.de,d@x.de\n", "1#3<1|a@|b@x.de>2#3<2|c@x.de|d@x.de>3 columns", NULL},
        /* by name and number */
        {"a,b\nb@x.de,c@x.de\n", "2#2<b@x.de|c@x.de>names<a|b>", "2"},
        {"a,b\nb@x.de,c@x.de\n", "2#2<b@x.de|c@x.de>names<a|b>", " B "},
        {"a, \"B b\" \nb@x.de,c@x.de\n", "2#2<b@x.de|c@x.de>names<a|B b>", "b B"},
        {"2,1\nb@x.de,c@x.de\n", "2#2<b@x.de|c@x.de>names<2|1>", "1"},
        {"b@x.de,c@x.de\n", "1#2<b@x.de|c@x.de>2 columns", "2"},
        {"broken,c@x.de\n", "1#1<broken|c@x.de>2 columns", "1"},
        {"nonsense\nb@x.de\n", "1#1<nonsense>2#1<b@x.de>1 columns", "1"},
        {"email\nb@x.de\n", "2#1<b@x.de>names<email>", "1"},
        {"a,b\nb@x.de,c@x.de\n", "error: --column 3: the list has 2 columns..", "3"},
        {"a,b\nb@x.de,c@x.de\n", "error: --column 0: ..", "0"},
        {"a,b\nb@x.de,c@x.de\n", "error: --column c: the list has no such column, but: a, b", "c"},
        {"a@x.de\n", "error: --column c: the list has no such column..", "c"},
        {"a,b,A\nb@x.de,c@x.de,d@x.de\n", "error: --column a: columns 1 and 3..", "a"},
    };
    CHECK(cases);
}

/* A column of flags that is called "email", beside ten addresses. */
static void test_belied_name(void **state)
{
    (void)state;
    static const char header[] = "email,contact\n";
    char list[2000];
    for (size_t n = 9; n <= 60; n++) {
        struct mxp_buf got;
        size_t len = (size_t)snprintf(list, sizeof list, "%s", header);
        for (size_t i = 0; i < n; i++)
            len += (size_t)snprintf(list + len, sizeof list - len, "yes,b%zu@x.de\n", i);
        read_list(list, len, NULL, 100, &got);
        if (strncmp(got.ptr, n < 10 ? "2#1<yes|" : "2#2<yes|", 8) != 0)
            fail_msg("%zu records: %s", n, got.ptr);
        mxp_buf_free(&got);
    }
}

static void test_not_text(void **state)
{
    (void)state;
    static const struct {
        struct mxp_slice bytes;
        const char *expected;
    } cases[] = {
        {MXP_SLICE_LIT("\xff\xfe"
                       "a\0@\0x\0\n\0"),
         "error: the list is UTF-16.."},
        {MXP_SLICE_LIT("\xfe\xff\0a\0@\0x\0\n"), "error: the list is UTF-16.."},
        {MXP_SLICE_LIT("a\0@\0x\0.\0d\0e\0\n\0"), "error: the list is UTF-16.."},
        {MXP_SLICE_LIT("\0a\0@\0x\0.\0d\0e\0\n"), "error: the list is UTF-16.."},
        {MXP_SLICE_LIT("PK\x03\x04xxxxxx"), "error: the list is a ZIP archive or an Excel.."},
        {MXP_SLICE_LIT("\x1f\x8b\x08\0xxxx"), "error: the list is compressed.."},
        {MXP_SLICE_LIT("\x28\xb5\x2f\xfdxxxx"), "error: the list is compressed.."},
        {MXP_SLICE_LIT("\xd0\xcf\x11\xe0xxxx"), "error: the list is an old Excel.."},
        {MXP_SLICE_LIT("%PDF-1.4"), "error: the list is a PDF.."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_list(cases[i].bytes.ptr, cases[i].bytes.len, NULL, cases[i].expected);
    /* A NUL alone makes no UTF-16. */
    static const struct mxp_slice texts[] = {MXP_SLICE_LIT("a\0bc@x.de\n"),
                                             MXP_SLICE_LIT("\0abc@x.de\n"),
                                             MXP_SLICE_LIT("ab\0c@x.de\n"),
                                             MXP_SLICE_LIT("abc\0@x.de\n"),
                                             MXP_SLICE_LIT("\0\0bc@x.de\n"),
                                             MXP_SLICE_LIT("a\0\0c@x.de\n"),
                                             MXP_SLICE_LIT("\0a\0\0@x.de\n"),
                                             MXP_SLICE_LIT("\0\0\0\0@x.de\n"),
                                             MXP_SLICE_LIT("a\0b")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_list(texts[i].ptr, texts[i].len, NULL, "1#1<..");
}

/* first, then n times c, then last. */
static char *long_text(const char *first, char c, size_t n, const char *last, size_t *ret_len)
{
    size_t a = strlen(first), b = strlen(last);
    char *text = malloc(a + n + b);
    assert_non_null(text);
    memcpy(text, first, a);
    memset(text + a, c, n);
    memcpy(text + a + n, last, b);
    *ret_len = a + n + b;
    return text;
}

static void check_long(const char *first, char c, size_t n, const char *last, size_t piece,
                       const char *starts, const char *ends)
{
    size_t len;
    struct mxp_buf got;
    char *text = long_text(first, c, n, last, &len);
    read_list(text, len, NULL, piece, &got);
    free(text);
    struct mxp_slice all = mxp_buf_slice(&got);
    assert_true(all.len < 3 * MXP_LIST_LINE_MAX);
    if (!mxp_slice_istarts(all, mxp_slice_str(starts)) ||
        !mxp_slice_iends(all, mxp_slice_str(ends)))
        fail_msg("'%s' and %zu times '%c' and '%s': '%.40s' .. '%s'", first, n, c, last, all.ptr,
                 all.ptr + (all.len > 60 ? all.len - 60 : 0));
    mxp_buf_free(&got);
}

/* Lines of ten million octets cost their own record, and no memory. */
static void test_long_lines(void **state)
{
    (void)state;
    for (size_t piece = 4096; piece <= 1 << 20; piece *= 256) {
        size_t many = piece > 4096 ? 10 * 1000 * 1000 : 200 * 1000;
        check_long("a@x.de\nb@", 'x', many, "\nc@x.de\n", piece, "1#1<a@x.de>!2#1<b@xxx",
                   "3#1<c@x.de>");
        check_long("", 'x', many, "\nc@x.de\n", piece, "!1#1<xxx", "2#1<c@x.de>");
        check_long("email,n\nb@x.de,", 'x', many, "\nc@x.de,\n", piece, "!2#1<b@x.de|xxx",
                   "3#1<c@x.de|>names<email|n>");
        /* the closing quote is cut off */
        check_long("email,n\nb@x.de,\"", 'x', many, "\"\nc@x.de,\n", piece, "!2#1<b@x.de|\"xxx",
                   "3#1<c@x.de|>names<email|n>");
        check_long("email\n\"", '\n', 100 * 1000, "", piece, "2#1<\">", "2#1<\">names<email>");
    }
    check_long("a@x.de\n", '\r', 1000 * 1000, "c@x.de\n", 65536, "1#1<a@x.de>1000002#1<c@x.de>",
               ">");
    check_long("n,email\n", ',', 1000 * 1000, "\n1,c@x.de\n", 65536, "!2#2<|||",
               "3#2<1|c@x.de>names<n|email>");
    check_long("", ',', 511, "\n", 65536, "1#1<|||", "|||>");
    check_long("a", ',', 512, "\n", 65536, "error: the list has more than 512 columns", "columns");
}

/* A quoted field may have 64 lines, and no more. */
static void test_record_lines(void **state)
{
    (void)state;
    check_long("n,email\n\"", '\n', 63, "\",c@x.de\n1,d@x.de\n", 1000, "2#2<\n\n",
               "|c@x.de>66#2<1|d@x.de>names<n|email>");
    check_long("n,email\n\"", '\n', 64, "\",c@x.de\n1,d@x.de\n", 1000, "2#2<\">66#2<\"|c@x.de>",
               "67#2<1|d@x.de>names<n|email>");
}

static int refuse(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    int *n = arg;
    (void)record;
    return ++*n == 2 ? mxp_why_set(why, MXP_EIO, "no more") : 0;
}

static void test_callback_error(void **state)
{
    (void)state;
    int n = 0;
    struct mxp_why why = {0};
    struct mxp_list_choice_options options = {.on_record = refuse, .arg = &n};
    struct mxp_list_reader *reader = mxp_list_reader_new(&options);
    assert_int_equal(mxp_list_reader_feed(reader, MXP_SLICE_LIT("a@x\nb@x\nc@x\n"), &why), MXP_EIO);
    assert_string_equal(why.text, "no more");
    assert_int_equal(n, 2);
    mxp_list_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_looking),      cmocka_unit_test(test_belied_name),
        cmocka_unit_test(test_not_text),     cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_record_lines), cmocka_unit_test(test_callback_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
