#include "probe/result/resume.h"

#include "probe/result/output.h"
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

static const struct mxp_result result = {.reason = MXP_REASON_ACCEPTED,
                                         .catch_all = MXP_TRI_UNKNOWN,
                                         .exists = MXP_TRI_UNKNOWN,
                                         .text = {"250, \"ok\"\r\n", 11}};

/* A file without a name; path names it while fd is open. */
static int file_of(struct mxp_slice text, char path[static 40])
{
    int fd = memfd_create("out", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    (void)snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

/* Output of ours, as a run writes it: own columns, then a result of each address. */
static void put(struct mxp_buf *out, enum mxp_format format, uint64_t line, const char *own,
                struct mxp_slice address)
{
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch;
    struct mxp_slice field = mxp_slice_str(own);
    struct mxp_row row = {.line = line, .fields = &field, .n_fields = 1, .address = address};
    mxp_buf_init(&scratch, CAP);
    assert_int_equal(mxp_row_values(&row, &result, &scratch, values), 0);
    int err =
        format == MXP_FORMAT_CSV ? mxp_row_csv(&row, 1, values, out) : mxp_row_json(values, out);
    assert_int_equal(err, 0);
    mxp_buf_free(&scratch);
}

static const struct {
    uint64_t line;
    const char *own;
    struct mxp_slice address;
} rows[] = {
    {2, "plain", MXP_SLICE_LIT("a@x.de")},
    {9, "two\nlines, \"quoted\"", MXP_SLICE_LIT("Bob <b@x.de>")},
    {3, "mxprobe_line", MXP_SLICE_LIT("")},
    {1000000, "", MXP_SLICE_LIT("nul\0\"and\n\xff@x.de")},
    {12, "\"", MXP_SLICE_LIT("c@x.de")},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static const char *const names[] = {"line", "mxprobe_line"};

static void make(struct mxp_buf *out, enum mxp_format format, size_t ends[static N_ROWS])
{
    mxp_buf_init(out, CAP);
    if (format == MXP_FORMAT_CSV)
        assert_int_equal(mxp_row_header(names, 1, out), 0);
    for (size_t i = 0; i < N_ROWS; i++) {
        put(out, format, rows[i].line, rows[i].own, rows[i].address);
        ends[i] = out->len;
    }
}

/* Cut anywhere, as a kill does: the whole results before the cut are known, no other is. */
static void check_cut(enum mxp_format format)
{
    struct mxp_buf out;
    size_t ends[N_ROWS];
    make(&out, format, ends);
    for (size_t cut = 0; cut <= out.len; cut++) {
        struct mxp_why why = {0};
        char path[40];
        size_t n = 0;
        int fd = file_of((struct mxp_slice){out.ptr, cut}, path);
        struct mxp_resume *resume = mxp_resume_load(path, format, &why);
        if (!resume)
            fail_msg("cut at %zu: %s", cut, why.text);
        while (n < N_ROWS && ends[n] <= cut)
            n++;
        if (mxp_resume_count(resume) != n || (n && mxp_resume_end(resume) != ends[n - 1]))
            fail_msg("cut at %zu: %llu results to %llu, not %zu", cut,
                     (unsigned long long)mxp_resume_count(resume),
                     (unsigned long long)mxp_resume_end(resume), n);
        for (size_t i = 0; i < N_ROWS; i++)
            assert_int_equal(mxp_resume_has(resume, rows[i].line, rows[i].address, &why), i < n);
        assert_int_equal(mxp_resume_has(resume, 1, rows[0].address, &why), 0);
        assert_int_equal(mxp_resume_has(resume, UINT64_MAX, rows[0].address, &why), 0);
        mxp_resume_free(resume);
        close(fd);
    }
    mxp_buf_free(&out);
}

static void test_cut_csv(void **state)
{
    (void)state;
    check_cut(MXP_FORMAT_CSV);
}

static void test_cut_jsonl(void **state)
{
    (void)state;
    check_cut(MXP_FORMAT_JSONL);
}

static void test_another_list(void **state)
{
    (void)state;
    struct mxp_buf out, header;
    struct mxp_why why = {0};
    size_t ends[N_ROWS];
    char path[40];
    make(&out, MXP_FORMAT_CSV, ends);
    int fd = file_of(mxp_buf_slice(&out), path);
    struct mxp_resume *resume = mxp_resume_load(path, MXP_FORMAT_CSV, &why);
    assert_non_null(resume);
    assert_int_equal(mxp_resume_has(resume, 2, MXP_SLICE_LIT("z@x.de"), &why), MXP_EDATA);
    assert_non_null(strstr(why.text, "line 2 "));
    mxp_buf_init(&header, CAP);
    assert_int_equal(mxp_row_header(names, 1, &header), 0);
    assert_int_equal(mxp_resume_check_header(resume, mxp_buf_slice(&header), &why), 0);
    mxp_buf_clear(&header);
    assert_int_equal(mxp_row_header(names, 2, &header), 0);
    assert_int_equal(mxp_resume_check_header(resume, mxp_buf_slice(&header), &why), MXP_EDATA);
    mxp_buf_free(&header);
    mxp_buf_free(&out);
    mxp_resume_free(resume);
    close(fd);
}

static void test_not_ours(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mxp_format format;
        const char *words; /* NULL: an empty set */
    } cases[] = {
        {"", MXP_FORMAT_CSV, NULL},
        {"", MXP_FORMAT_JSONL, NULL},
        {"a,b\n1,2\n", MXP_FORMAT_CSV, ":1: no result of mxprobe"},
        {"{\"line\":1,\"address\":\"a@x.de\"}\n", MXP_FORMAT_CSV, ":1: no result"},
        {"{\"line\":1,\"address\":\"a@x.de\"}\n\n", MXP_FORMAT_JSONL, ":2: no result"},
        {"{\"line\":0,\"address\":\"a@x.de\"}\n", MXP_FORMAT_JSONL, ":1: no result"},
        {"{\"line\":1}\n", MXP_FORMAT_JSONL, ":1: no result"},
        {"{\"line\":99999999999999,\"address\":\"a@x.de\"}\n", MXP_FORMAT_JSONL, ":1: no result"},
        {"[1]\n", MXP_FORMAT_JSONL, ":1: no result"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why = {0};
        char path[40];
        int fd = file_of(mxp_slice_str(cases[i].text), path);
        struct mxp_resume *resume = mxp_resume_load(path, cases[i].format, &why);
        if (cases[i].words ? resume || why.err != MXP_EDATA || !strstr(why.text, cases[i].words)
                           : !resume || mxp_resume_count(resume))
            fail_msg("'%s': %s", cases[i].text, why.text);
        mxp_resume_free(resume);
        close(fd);
    }
    struct mxp_resume *none = mxp_resume_load("/nonexistent/out", MXP_FORMAT_CSV, NULL);
    assert_non_null(none);
    mxp_resume_free(none);
}

/* A file without a whole result is begun anew: it must be one of ours, or it is left alone. */
static void test_no_whole_result(void **state)
{
    (void)state;
    static const char *const own[] = {"mail"};
    struct mxp_buf header;
    mxp_buf_init(&header, CAP);
    assert_int_equal(mxp_row_header(own, 1, &header), 0);
    static const struct {
        enum mxp_format format;
        const char *text;
        bool loads, fits;
    } cases[] = {
        {MXP_FORMAT_JSONL, "", true, true},
        {MXP_FORMAT_JSONL, "{\"li", true, true},
        {MXP_FORMAT_JSONL, "{\"line\":1,\"address\":\"a@x.de\",\"norm", true, true},
        {MXP_FORMAT_JSONL, "{\"name\": 1}", false, false},
        {MXP_FORMAT_JSONL, "my notes", false, false},
        {MXP_FORMAT_JSONL, "a@x.de", false, false},
        {MXP_FORMAT_CSV, "", true, true},
        {MXP_FORMAT_CSV, "mai", true, true},
        {MXP_FORMAT_CSV, "HEADER", true, true},
        {MXP_FORMAT_CSV, "HEADER\"a\nb,1", true, true},
        {MXP_FORMAT_CSV, "a@x.de", true, false},
        {MXP_FORMAT_CSV, "name,line,addr", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_why why = {0};
        char path[40];
        struct mxp_buf text;
        bool whole = strncmp(cases[i].text, "HEADER", 6) == 0;
        mxp_buf_init(&text, CAP);
        assert_int_equal(mxp_buf_add_slice(&text, whole ? mxp_buf_slice(&header) : MXP_SLICE_NONE),
                         0);
        assert_int_equal(mxp_buf_add_str(&text, cases[i].text + (whole ? 6 : 0)), 0);
        int fd = file_of(mxp_buf_slice(&text), path);
        mxp_buf_free(&text);
        struct mxp_resume *resume = mxp_resume_load(path, cases[i].format, &why);
        if (!resume != !cases[i].loads)
            fail_msg("case %zu: %s", i, why.text);
        if (resume && cases[i].format == MXP_FORMAT_CSV &&
            (mxp_resume_check_header(resume, mxp_buf_slice(&header), &why) == 0) != cases[i].fits)
            fail_msg("case %zu: the header: %s", i, why.text);
        if (resume)
            assert_int_equal(mxp_resume_is_begun(resume), *cases[i].text != '\0');
        mxp_resume_free(resume);
        (void)close(fd);
    }
    mxp_buf_free(&header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_whole_result), cmocka_unit_test(test_cut_csv),
        cmocka_unit_test(test_cut_jsonl), cmocka_unit_test(test_another_list),
        cmocka_unit_test(test_not_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
