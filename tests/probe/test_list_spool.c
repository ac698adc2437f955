#include "probe/list/list_spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mxp_spool *open_spool(void)
{
    struct mxp_why why = {0};
    struct mxp_spool *spool = mxp_spool_new(&why);
    if (!spool)
        fail_msg("%s", why.text);
    return spool;
}

/* Octets that no other entry has at its start. */
static void fill(char *text, size_t len, unsigned n)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(n * 31 + i * (n % 7 + 1) + i / 256);
}

#define BIG (3u << 20)
#define N   4000u

static size_t size_of(unsigned n)
{
    static const size_t sizes[] = {0, 1, 100, 507, 508, 509, 512, 4096, 20000};
    return n == 1000 ? BIG : sizes[n % 9];
}

/* Many entries, some of them in memory and the rest in the file, in any order. */
static void test_entries(void **state)
{
    (void)state;
    static char text[BIG];
    static uint64_t at[N];
    struct mxp_spool *spool = open_spool();
    struct mxp_slice got;
    for (unsigned n = 0; n < N; n++) {
        fill(text, size_of(n), n);
        assert_int_equal(mxp_spool_put(spool, (struct mxp_slice){text, size_of(n)}, &at[n], NULL),
                         0);
        assert_int_equal(mxp_spool_get(spool, at[n], &got, NULL), 0); /* the newest */
        assert_int_equal(got.len, size_of(n));
    }
    for (unsigned i = 0; i < N; i++) {
        unsigned n = i * 1237 % N;
        fill(text, size_of(n), n);
        assert_int_equal(mxp_spool_get(spool, at[n], &got, NULL), 0);
        assert_int_equal(got.len, size_of(n));
        assert_memory_equal(got.ptr, text, got.len);
    }
    assert_null(mxp_spool_free(spool));
    assert_null(mxp_spool_free(NULL));
}

static void test_too_big(void **state)
{
    (void)state;
    struct mxp_spool *spool = open_spool();
    struct mxp_why why = {0};
    uint64_t at = 99;
    char *text = calloc(1, MXP_SPOOL_ENTRY_MAX + 1);
    assert_non_null(text);
    struct mxp_slice bytes = {text, MXP_SPOOL_ENTRY_MAX + 1};
    assert_int_equal(mxp_spool_put(spool, bytes, &at, &why), MXP_ETOOBIG);
    assert_int_equal(why.err, MXP_ETOOBIG);
    assert_int_equal(at, 99);
    bytes.len = MXP_SPOOL_ENTRY_MAX;
    assert_int_equal(mxp_spool_put(spool, bytes, &at, &why), 0);
    struct mxp_slice got;
    assert_int_equal(mxp_spool_get(spool, at, &got, &why), 0);
    assert_int_equal(got.len, bytes.len);
    free(text);
    mxp_spool_free(spool);
}

/* Behind the end there is nothing; why says what could not be read. */
static void test_no_entry(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct mxp_spool *spool = open_spool();
    struct mxp_why why = {0};
    struct mxp_slice got;
    uint64_t at;
    assert_int_equal(mxp_spool_put(spool, (struct mxp_slice){text, sizeof text}, &at, &why), 0);
    memset(text, 0xff, 8);
    assert_int_equal(mxp_spool_put(spool, (struct mxp_slice){text, sizeof text}, &at, &why), 0);
    assert_int_equal(mxp_spool_get(spool, at + 4, &got, &why), MXP_EIO); /* "a length" */
    assert_int_equal(why.err, MXP_EIO);
    assert_non_null(strstr(why.text, "temporary file"));
    mxp_spool_free(spool);
}

static void test_no_place(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    assert_int_equal(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    assert_null(mxp_spool_new(&why));
    assert_int_equal(why.err, MXP_EIO);
    assert_non_null(strstr(why.text, "TMPDIR"));
    assert_int_equal(setenv("TMPDIR", "", 1), 0); /* as if it were not set */
    mxp_spool_free(open_spool());
    unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_no_entry),
        cmocka_unit_test(test_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
