#include "probe/list/seen.h"

#include "probe/options/options.h"
#include "probe/result/result_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define CAP (1 << 22)

/* A file without a name; path names it while fd is open. */
static int file_of(struct mxp_slice text, char path[static 40])
{
    int fd = memfd_create("seen", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    (void)snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

static void put(struct mxp_buf *out, enum mxp_format format, const char *typed, const char *wire,
                enum mxp_verdict verdict)
{
    struct mxp_result result = {.verdict = verdict,
                                .reason = MXP_REASON_UNCLASSIFIED,
                                .catch_all = MXP_TRI_UNKNOWN,
                                .exists = MXP_TRI_UNKNOWN};
    struct mxp_row row = {.line = 7,
                          .address = mxp_slice_str(typed),
                          .normalized = mxp_slice_str(wire),
                          .domain = MXP_SLICE_LIT("x.de")};
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch;
    mxp_buf_init(&scratch, CAP);
    assert_int_equal(mxp_row_values(&row, &result, &scratch, values), 0);
    int err =
        format == MXP_FORMAT_CSV ? mxp_row_csv(&row, 0, values, out) : mxp_row_json(values, out);
    assert_int_equal(err, 0);
    mxp_buf_free(&scratch);
}

/* Results of ours: who, by local part, is dead, alive, in doubt, and no address at all. */
static void make(struct mxp_buf *out, enum mxp_format format)
{
    mxp_buf_init(out, CAP);
    if (format == MXP_FORMAT_CSV)
        assert_int_equal(mxp_row_header(NULL, 0, out), 0);
    put(out, format, "<Dead@X.de>", "Dead@x.de", MXP_VERDICT_INVALID);
    put(out, format, "alive@x.de", "alive@x.de", MXP_VERDICT_VALID);
    put(out, format, "doubt@x.de", "doubt@x.de", MXP_VERDICT_UNKNOWN);
    put(out, format, "no address", "", MXP_VERDICT_INVALID);
    put(out, format, "Dead@x.de", "Dead@x.de", MXP_VERDICT_INVALID);
}

static struct mxp_seen *load(const char *one, const char *two)
{
    const char *paths[] = {one, two};
    struct mxp_why why = {0};
    struct mxp_seen *seen = mxp_seen_load(paths, two ? 2 : 1, &why);
    if (!seen)
        fail_msg("%s", why.text);
    return seen;
}

static bool has(const struct mxp_seen *seen, const char *wire)
{
    return mxp_seen_has(seen, mxp_slice_str(wire));
}

/* Only what was invalid, and an address; by what is asked, not by what was typed. */
static void test_formats(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mxp_buf out;
        char path[40];
        make(&out, i ? MXP_FORMAT_JSONL : MXP_FORMAT_CSV);
        int fd = file_of(mxp_buf_slice(&out), path);
        struct mxp_seen *seen = load(path, NULL);
        assert_int_equal(mxp_seen_count(seen), 1);
        assert_true(has(seen, "Dead@x.de"));
        assert_false(has(seen, "dead@x.de") || has(seen, "alive@x.de") || has(seen, "doubt@x.de"));
        assert_false(has(seen, "") || has(seen, "no address"));
        mxp_seen_free(seen);
        mxp_buf_free(&out);
        close(fd);
    }
}

static void test_several_files(void **state)
{
    (void)state;
    struct mxp_buf csv, json;
    char one[40], two[40];
    make(&csv, MXP_FORMAT_CSV);
    mxp_buf_init(&json, CAP);
    for (int i = 0; i < 3000; i++) { /* more than one step of growth */
        char wire[32];
        (void)snprintf(wire, sizeof wire, "u%d@y.de", i);
        put(&json, MXP_FORMAT_JSONL, wire, wire, MXP_VERDICT_INVALID);
    }
    int fd = file_of(mxp_buf_slice(&csv), one), other = file_of(mxp_buf_slice(&json), two);
    struct mxp_seen *seen = load(one, two);
    assert_int_equal(mxp_seen_count(seen), 3001);
    assert_true(has(seen, "Dead@x.de") && has(seen, "u0@y.de") && has(seen, "u2999@y.de"));
    assert_false(has(seen, "u3000@y.de"));
    mxp_seen_free(seen);
    mxp_buf_free(&csv);
    mxp_buf_free(&json);
    close(fd);
    close(other);
}

static void test_nothing_seen(void **state)
{
    (void)state;
    assert_false(has(NULL, "a@x.de"));
    struct mxp_seen *none = mxp_seen_load(NULL, 0, NULL), *empty = load("/dev/null", NULL);
    assert_non_null(none);
    assert_false(has(none, "a@x.de") || has(empty, "a@x.de"));
    mxp_seen_free(none);
    mxp_seen_free(empty);
    assert_null(mxp_seen_free(NULL));
}

/* What a killed run tore apart at its end is no error: all before it counts. */
static void test_torn(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mxp_buf out;
        char path[40];
        make(&out, i ? MXP_FORMAT_JSONL : MXP_FORMAT_CSV);
        int fd = file_of((struct mxp_slice){out.ptr, out.len - 9}, path);
        struct mxp_seen *seen = load(path, NULL);
        assert_true(has(seen, "Dead@x.de"));
        mxp_seen_free(seen);
        mxp_buf_free(&out);
        close(fd);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"a@x.de\nb@x.de\n", ":1: no result of mxprobe"},
        {"line,address,verdict\n1,a@x.de,invalid\n", ":1: no result of mxprobe"},
        {"{\"line\":1,\"address\":\"a@x.de\"}\n", ":1: no result of mxprobe"},
        {"{\"line\":1,\"address\":\"a@x.de\",\"verdict\":\"valid\"}\n{}\n", ":2: no result of"},
        {"{\n", ":1: no result of mxprobe"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why = {0};
        char path[40];
        int fd = file_of(mxp_slice_str(cases[i].text), path);
        const char *paths[] = {path};
        assert_null(mxp_seen_load(paths, 1, &why));
        if (why.err != MXP_EDATA || !strstr(why.text, cases[i].said))
            fail_msg("'%s': %d, %s", cases[i].text, why.err, why.text);
        close(fd);
    }
    static const char *const unreadable[] = {"/no/such/file", "/tmp"};
    for (size_t i = 0; i < 2; i++) {
        struct mxp_why why = {0};
        assert_null(mxp_seen_load(&unreadable[i], 1, &why));
        assert_int_equal(why.err, MXP_ENOINPUT);
        assert_non_null(strstr(why.text, unreadable[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),      cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_nothing_seen), cmocka_unit_test(test_torn),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
