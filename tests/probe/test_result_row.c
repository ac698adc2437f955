#include "probe/result/result_row.h"

#include "probe/result/escape.h"
#include "probe/result/result_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define CAP (1 << 20)

static const char fields[] =
    "line,address,normalized,verdict,reason,action,provider,mx,ip,stage,code,enhanced,text,"
    "catch_all,role,disposable,free,suggestion,tls,attempts,duration_ms,checked_at,retry_after_s,"
    "blocklist,new_address,exists,limit,footprint";

static const struct mxp_result plain = {
    .verdict = MXP_VERDICT_VALID,
    .reason = MXP_REASON_ACCEPTED,
    .action = MXP_ACTION_KEEP,
    .provider = "example",
    .mx = "mx.example.org",
    .stage = MXP_STAGE_RCPT,
    .code = 250,
    .catch_all = MXP_TRI_NO,
    .exists = MXP_TRI_UNKNOWN,
    .attempts = 1,
    .duration_ms = 42,
    .checked_at = 1700000000,
};

static struct mxp_row row_of(const char *address, const struct mxp_slice *own, size_t n)
{
    static const struct mxp_slice none = {"info@example.org", 16};
    return (struct mxp_row){
        .line = 7,
        .fields = own,
        .n_fields = n,
        .address = mxp_slice_str(address),
        .normalized = none,
        .domain = mxp_slice_str(none.ptr + 5),
    };
}

static void csv_of(const struct mxp_row *row, size_t n_own, const struct mxp_result *result,
                   struct mxp_buf *ret)
{
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch;
    mxp_buf_init(&scratch, CAP);
    mxp_buf_init(ret, CAP);
    assert_int_equal(mxp_row_values(row, result, &scratch, values), 0);
    assert_int_equal(mxp_row_csv(row, n_own, values, ret), 0);
    mxp_buf_free(&scratch);
}

static void test_whole_row(void **state)
{
    (void)state;
    struct mxp_buf out;
    struct mxp_row row = row_of("info@EXAMPLE.org", NULL, 0);
    csv_of(&row, 0, &plain, &out);
    assert_string_equal(out.ptr, "7,info@EXAMPLE.org,info@example.org,valid,accepted,keep,example,"
                                 "mx.example.org,,rcpt,250,,,false,true,false,false,,,1,42,"
                                 "2023-11-14T22:13:20Z,,,,,,\n");
    mxp_buf_free(&out);
}

/* Every field of the contract with something in it, as CSV and as JSON; the same buffers serve row
 * after row. */
static void test_every_field(void **state)
{
    (void)state;
    struct mxp_result result = {
        .verdict = MXP_VERDICT_INVALID,
        .reason = MXP_REASON_ADDRESS_MOVED,
        .action = MXP_ACTION_REMOVE,
        .provider = "google",
        .mx = "mx.example.com",
        .ip = {.family = 4, .bytes = {192, 0, 2, 7}},
        .stage = MXP_STAGE_DATA,
        .code = 551,
        .enhanced = {5, 1, 6},
        .text = MXP_SLICE_LIT("551 5.1.6 moved\n"),
        .catch_all = MXP_TRI_YES,
        .tls = "TLSv1.3",
        .attempts = 3,
        .duration_ms = 4000000000,
        .checked_at = 0,
        .retry_after_s = 60,
        .blocklist = MXP_SLICE_LIT("zen.test"),
        .new_address = MXP_SLICE_LIT("b@x.test"),
        .exists = MXP_TRI_NO,
        .limit = "rate",
        .footprint = true,
    };
    struct mxp_row row = {.line = UINT64_C(1) << 40,
                          .address = MXP_SLICE_LIT("Bob@gmial.com"),
                          .normalized = MXP_SLICE_LIT("Bob@gmial.com"),
                          .domain = MXP_SLICE_LIT("gmial.com")};
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch, out;
    mxp_buf_init(&scratch, CAP);
    mxp_buf_init(&out, CAP);
    for (int i = 0; i < 2; i++) {
        mxp_buf_clear(&out);
        assert_int_equal(mxp_row_values(&row, &result, &scratch, values), 0);
        assert_int_equal(mxp_row_csv(&row, 0, values, &out), 0);
        assert_string_equal(
            out.ptr,
            "1099511627776,Bob@gmial.com,Bob@gmial.com,invalid,address_moved,remove,google,"
            "mx.example.com,192.0.2.7,data,551,5.1.6,551 5.1.6 moved\\n,true,false,false,"
            "false,gmail.com,TLSv1.3,3,4000000000,1970-01-01T00:00:00Z,60,zen.test,"
            "b@x.test,false,rate,true\n");
    }
    mxp_buf_clear(&out);
    assert_int_equal(mxp_row_json(values, &out), 0);
    assert_string_equal(
        out.ptr,
        "{\"line\":1099511627776,\"address\":\"Bob@gmial.com\",\"normalized\":\"Bob@gmial.com\","
        "\"verdict\":\"invalid\",\"reason\":\"address_moved\",\"action\":\"remove\","
        "\"provider\":\"google\",\"mx\":\"mx.example.com\",\"ip\":\"192.0.2.7\",\"stage\":\"data\","
        "\"code\":551,\"enhanced\":\"5.1.6\",\"text\":\"551 5.1.6 moved\\\\n\",\"catch_all\":true,"
        "\"role\":false,\"disposable\":false,\"free\":false,\"suggestion\":\"gmail.com\","
        "\"tls\":\"TLSv1.3\",\"attempts\":3,\"duration_ms\":4000000000,"
        "\"checked_at\":\"1970-01-01T00:00:00Z\",\"retry_after_s\":60,\"blocklist\":\"zen.test\","
        "\"new_address\":\"b@x.test\",\"exists\":false,\"limit\":\"rate\",\"footprint\":true}\n");
    mxp_buf_free(&scratch);
    mxp_buf_free(&out);
}

/* Names in the contract's order; a name of the list's own is never given twice. */
static void test_header(void **state)
{
    (void)state;
    static const struct {
        const char *own[4];
        size_t n;
        const char *expected;
    } cases[] = {
        {{0}, 0, "line,address,"},
        {{"id", "a,\"b\""}, 2, "id,\"a,\"\"b\"\"\",line,address,"},
        {{"Line", " address"}, 2, "Line,\" address\",mxprobe_line,mxprobe_address,normalized"},
        {{"line", "mxprobe_line", "MXPROBE_MXPROBE_LINE"},
         3,
         "line,mxprobe_line,MXPROBE_MXPROBE_LINE,mxprobe_mxprobe_mxprobe_line,address"},
        {{"", "a\nb"}, 2, ",\"a\nb\",line"},
    };
    struct mxp_buf out;
    mxp_buf_init(&out, CAP);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mxp_buf_clear(&out);
        assert_int_equal(mxp_row_header(cases[i].own, cases[i].n, &out), 0);
        if (strncmp(out.ptr, cases[i].expected, strlen(cases[i].expected)) != 0)
            fail_msg("'%s' does not start with '%s'", out.ptr, cases[i].expected);
    }
    mxp_buf_clear(&out);
    assert_int_equal(mxp_row_header(NULL, 2, &out), 0);
    assert_true(strncmp(out.ptr, "column1,column2,line,", 21) == 0);
    mxp_buf_clear(&out);
    assert_int_equal(mxp_row_header(NULL, 0, &out), 0);
    assert_int_equal(out.len, sizeof fields);
    assert_memory_equal(out.ptr, fields, sizeof fields - 1);
    mxp_buf_free(&out);
}

static void test_own_columns(void **state)
{
    (void)state;
    static const struct {
        struct mxp_slice own[4];
        size_t n, n_own;
        const char *expected;
    } cases[] = {
        {{{"x", 1}, {"y", 1}}, 2, 2, "x,y,7,"},
        {{{"x", 1}}, 1, 3, "x,,,7,"},
        {{{"x", 1}, {"y", 1}, {"z", 1}}, 3, 2, "x,\"y,z\",7,"},
        {{{" x", 2}, {"a\"b", 3}, {"c\r", 2}, {"=1+1", 4}},
         4,
         4,
         "\" x\",\"a\"\"b\",\"c\r\",=1+1,7,"},
        {{{"\xff\x01", 2}}, 1, 1, "\xff\x01,7,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_buf out;
        struct mxp_row row = row_of("a@x.de", cases[i].own, cases[i].n);
        csv_of(&row, cases[i].n_own, &plain, &out);
        if (strncmp(out.ptr, cases[i].expected, strlen(cases[i].expected)) != 0)
            fail_msg("case %zu: '%s' does not start with '%s'", i, out.ptr, cases[i].expected);
        mxp_buf_free(&out);
    }
}

static void test_escape(void **state)
{
    (void)state;
    static const struct {
        struct mxp_slice text;
        const char *all, *utf8;
    } cases[] = {
        {MXP_SLICE_LIT("plain \xc3\xbc \xf0\x9f\x92\xa9"), "plain \xc3\xbc \xf0\x9f\x92\xa9",
         "plain \xc3\xbc \xf0\x9f\x92\xa9"},
        {MXP_SLICE_LIT("a\r\n\tb\\"), "a\\x0d\\n\\tb\\\\", "a\r\n\tb\\"},
        {MXP_SLICE_LIT("\x1b[31m\x7f"), "\\x1b[31m\\x7f", "\x1b[31m\x7f"},
        {MXP_SLICE_LIT("\xc2\x9b"
                       "31m\xc2\xa0"),
         "\\xc2\\x9b31m\xc2\xa0",
         "\xc2\x9b"
         "31m\xc2\xa0"},
        {MXP_SLICE_LIT("\xff\xc3"), "\\xff\\xc3", "\\xff\\xc3"},
        {MXP_SLICE_LIT("\xed\xa0\x80\xc0\x80"), "\\xed\\xa0\\x80\\xc0\\x80",
         "\\xed\\xa0\\x80\\xc0\\x80"},
    };
    struct mxp_buf out;
    mxp_buf_init(&out, CAP);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mxp_buf_clear(&out);
        assert_int_equal(mxp_escape(cases[i].text, &out), 0);
        assert_string_equal(out.ptr, cases[i].all);
        mxp_buf_clear(&out);
        assert_int_equal(mxp_escape_utf8(cases[i].text, &out), 0);
        assert_string_equal(out.ptr, cases[i].utf8);
    }
    mxp_buf_clear(&out);
    assert_int_equal(mxp_escape_terminal(MXP_SLICE_LIT("\x1b[2J\xff \\x0a \xc3\xbc\n"), &out), 0);
    assert_string_equal(out.ptr, "\\x1b[2J\\xff \\x0a \xc3\xbc\\n");
    mxp_buf_free(&out);
}

/* Octets of every kind in everything that others write: JSON that parses, with all fields in
 * their order, and CSV that reads back. */
static void test_hostile(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[8] = {'"', (char)c, ',', (char)c, '"', '\n', (char)c, 'x'};
        char name[3] = {'m', (char)(c ? c : 1), '\0'};
        struct mxp_slice slice = {text, sizeof text};
        struct mxp_result result = plain;
        struct mxp_value values[MXP_FIELD_COUNT];
        struct mxp_buf scratch, out;
        struct mxp_row row = row_of("", &slice, 1);
        row.address = result.text = result.blocklist = result.new_address = slice;
        result.provider = result.mx = name;
        mxp_buf_init(&scratch, CAP);
        mxp_buf_init(&out, CAP);
        assert_int_equal(mxp_row_values(&row, &result, &scratch, values), 0);
        if (mxp_row_json(values, &out))
            fail_msg("octet %02x: no JSON", (unsigned)c);
        json_t *object = json_loadb(out.ptr, out.len, JSON_ALLOW_NUL, NULL);
        if (!object || json_object_size(object) != MXP_FIELD_COUNT)
            fail_msg("octet %02x: %s", (unsigned)c, out.ptr);
        assert_memory_equal(out.ptr, "{\"line\":7,\"address\":", 20);
        assert_null(memchr(out.ptr, '\n', out.len - 1));
        mxp_buf_clear(&out);
        assert_int_equal(mxp_row_header(NULL, 1, &out), 0);
        assert_int_equal(mxp_row_csv(&row, 1, values, &out), 0);
        struct mxp_result_csv *csv = mxp_result_csv_new();
        struct mxp_slice bytes = mxp_buf_slice(&out);
        assert_int_equal(mxp_result_csv_next(csv, &bytes), 0);
        struct mxp_slice address = mxp_result_csv_field(csv, MXP_FIELD_address);
        assert_true(mxp_slice_eq(mxp_result_csv_field(csv, MXP_FIELD_line), MXP_SLICE_LIT("7")));
        struct mxp_slice typed = values[MXP_FIELD_address].text;
        if (!mxp_slice_eq(address, typed) || bytes.len || mxp_result_csv_end(csv) != out.len ||
            json_string_length(json_object_get(object, "address")) != typed.len)
            fail_msg("octet %02x: '%.*s' reads back as '%.*s'", (unsigned)c, (int)typed.len,
                     typed.ptr, (int)address.len, address.ptr);
        mxp_result_csv_free(csv);
        json_decref(object);
        mxp_buf_free(&scratch);
        mxp_buf_free(&out);
    }
}

/* What was typed is never null, be it nothing. */
static void test_empty_address(void **state)
{
    (void)state;
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch, out;
    struct mxp_row row = row_of("", NULL, 0);
    mxp_buf_init(&scratch, CAP);
    mxp_buf_init(&out, CAP);
    assert_int_equal(mxp_row_values(&row, &plain, &scratch, values), 0);
    assert_int_equal(mxp_row_json(values, &out), 0);
    assert_non_null(strstr(out.ptr, "\"address\":\"\","));
    mxp_buf_free(&scratch);
    mxp_buf_free(&out);
}

static void test_facts_of_literals(void **state)
{
    (void)state;
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch;
    struct mxp_row row = {.line = 1,
                          .address = MXP_SLICE_LIT("info@[192.0.2.1]"),
                          .normalized = MXP_SLICE_LIT("info@[192.0.2.1]"),
                          .domain = MXP_SLICE_LIT("192.0.2.1"),
                          .literal = true};
    mxp_buf_init(&scratch, CAP);
    assert_int_equal(mxp_row_values(&row, &plain, &scratch, values), 0);
    assert_int_equal(values[MXP_FIELD_role].kind, MXP_KIND_BOOL);
    assert_int_equal(values[MXP_FIELD_role].number, 1);
    mxp_buf_free(&scratch);
}

/* What is not ours is not taken for ours. */
static void test_not_ours(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n", "\n", "line,address\n", "\"x\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mxp_result_csv *csv = mxp_result_csv_new();
        struct mxp_slice bytes = mxp_slice_str(texts[i]);
        int err = mxp_result_csv_next(csv, &bytes);
        if (err != (i == 3 ? MXP_EAGAIN : MXP_EDATA))
            fail_msg("'%s': %d", texts[i], err);
        assert_int_equal(mxp_result_csv_end(csv), 0);
        mxp_result_csv_free(csv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_row),     cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_header),        cmocka_unit_test(test_own_columns),
        cmocka_unit_test(test_escape),        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_empty_address), cmocka_unit_test(test_facts_of_literals),
        cmocka_unit_test(test_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
