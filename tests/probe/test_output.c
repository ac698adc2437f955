#include "probe/result/output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of its own; path becomes "folder/out". */
struct place {
    char dir[32], path[64];
};

static struct place make_place(void)
{
    struct place place = {.dir = "/tmp/test_output-XXXXXX"};
    assert_non_null(mkdtemp(place.dir));
    (void)snprintf(place.path, sizeof place.path, "%s/out", place.dir);
    return place;
}

static void leave(struct place *place)
{
    (void)unlink(place->path);
    assert_int_equal(rmdir(place->dir), 0);
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void must_hold(const char *path, const char *text)
{
    char got[200] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    (void)!fread(got, 1, sizeof got - 1, file);
    (void)fclose(file);
    assert_string_equal(got, text);
}

static struct mxp_output *must_open(const char *path, uint64_t keep)
{
    struct mxp_why why = {0};
    struct mxp_output_options options = {.path = path, .keep = keep, .not_fd = -1};
    struct mxp_output *output = mxp_output_open(&options, &why);
    if (!output)
        fail_msg("%s: %s", path, why.text);
    return output;
}

static void test_new_file(void **state)
{
    (void)state;
    struct place place = make_place();
    struct stat st;
    mode_t mask = umask(0);
    struct mxp_output *output = must_open(place.path, 0);
    (void)umask(mask);
    mxp_buf_add_str(mxp_output_buf(output), "one\n");
    assert_int_equal(mxp_output_put(output, NULL), 0);
    assert_int_equal(mxp_output_close(output, true, NULL), 0);
    assert_int_equal(stat(place.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    must_hold(place.path, "one\n");
    leave(&place);
}

/* What was there goes with the first write, or when the run is finished; not before. */
static void test_old_file(void **state)
{
    (void)state;
    static const struct {
        uint64_t keep;
        const char *add;
        bool finished;
        const char *expected;
    } cases[] = {
        {0, "", false, "old\nto"},        {0, "", true, ""},      {0, "new\n", false, "new\n"},
        {4, "", false, "old\nto"},        {4, "", true, "old\n"}, {4, "new\n", false, "old\nnew\n"},
        {6, "rn\n", true, "old\ntorn\n"},
    };
    struct place place = make_place();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_file(place.path, "old\nto");
        struct mxp_output *output = must_open(place.path, cases[i].keep);
        must_hold(place.path, "old\nto");
        mxp_buf_add_str(mxp_output_buf(output), cases[i].add);
        assert_int_equal(mxp_output_close(output, cases[i].finished, NULL), 0);
        must_hold(place.path, cases[i].expected);
    }
    leave(&place);
}

/* The list itself is never the output, by whatever name. */
static void test_same_file(void **state)
{
    (void)state;
    struct place place = make_place();
    struct mxp_why why = {0};
    char other[80];
    put_file(place.path, "a@x.de\n");
    (void)snprintf(other, sizeof other, "%s/link", place.dir);
    assert_int_equal(link(place.path, other), 0);
    int fd = open(place.path, O_RDONLY | O_CLOEXEC);
    struct mxp_output_options options = {.path = other, .not_fd = fd};
    assert_null(mxp_output_open(&options, &why));
    assert_int_equal(why.err, MXP_EUSAGE);
    assert_non_null(strstr(why.text, "is the list itself"));
    must_hold(place.path, "a@x.de\n");
    /* standard output is told by what it is, too */
    int saved = dup(STDOUT_FILENO);
    (void)fflush(stdout);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    options.path = NULL;
    struct mxp_output *output = mxp_output_open(&options, &why);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    assert_null(output);
    assert_int_equal(why.err, MXP_EUSAGE);
    (void)close(saved);
    (void)close(fd);
    assert_int_equal(unlink(other), 0);
    leave(&place);
}

static void test_cannot_create(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/out", "/", "/proc/1/nothing"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct mxp_why why = {0};
        struct mxp_output_options options = {.path = paths[i], .not_fd = -1};
        assert_null(mxp_output_open(&options, &why));
        assert_int_equal(why.err, MXP_ECANTCREAT);
        assert_true(strncmp(why.text, paths[i], strlen(paths[i])) == 0);
    }
}

static void test_cannot_write(void **state)
{
    (void)state;
    struct mxp_why why = {0};
    struct mxp_output *output = must_open("/dev/full", 0);
    mxp_buf_add_str(mxp_output_buf(output), "one\n");
    assert_int_equal(mxp_output_flush(output, 0, &why), MXP_EIO);
    assert_non_null(strstr(why.text, "/dev/full: cannot write: No space"));
    (void)mxp_output_close(output, true, NULL);
    output = must_open("/dev/null", 0); /* special, and fine */
    mxp_buf_add_str(mxp_output_buf(output), "one\n");
    assert_int_equal(mxp_output_close(output, true, NULL), 0);
}

/* A FIFO is written as it is, and one that nobody reads any more is an error. */
static void test_fifo(void **state)
{
    (void)state;
    struct place place = make_place();
    char got[16] = "";
    struct mxp_why why = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(mkfifo(place.path, 0600), 0);
    int fd = open(place.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    struct mxp_output *output = must_open(place.path, 0);
    mxp_buf_add_str(mxp_output_buf(output), "one\n");
    assert_int_equal(mxp_output_flush(output, 0, &why), 0);
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_string_equal(got, "one\n");
    (void)close(fd);
    mxp_buf_add_str(mxp_output_buf(output), "two\n");
    assert_int_equal(mxp_output_flush(output, 0, &why), MXP_EIO);
    assert_non_null(strstr(why.text, "Broken pipe"));
    (void)mxp_output_close(output, false, NULL);
    leave(&place);
}

/* A reader that does not read: what it does not take stays, in order, and is written later. */
static void test_stalled_reader(void **state)
{
    (void)state;
    static char got[1 << 20];
    struct place place = make_place();
    struct mxp_why why = {0};
    size_t n_got = 0;
    ssize_t n;
    assert_int_equal(mkfifo(place.path, 0600), 0);
    int fd = open(place.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct mxp_output *output = must_open(place.path, 0);
    for (int i = 0; i < 50000; i++)
        assert_int_equal(mxp_buf_printf(mxp_output_buf(output), "line %06d\n", i), 0);
    assert_int_equal(mxp_output_flush(output, 0, &why), 0);
    assert_true(mxp_output_pending(output) > 0 && mxp_output_lines_pending(output) < 50000);
    assert_int_equal(mxp_output_pending(output), 12 * mxp_output_lines_pending(output));
    while ((n = read(fd, got + n_got, sizeof got - n_got)) > 0) {
        n_got += (size_t)n;
        assert_int_equal(mxp_output_flush(output, 0, &why), 0);
    }
    assert_int_equal(mxp_output_pending(output), 0);
    assert_int_equal(n_got, 12 * 50000);
    for (int i = 0; i < 50000; i++)
        assert_int_equal(strtol(got + 12 * i + 5, NULL, 10), i);
    assert_int_equal(mxp_output_close(output, true, &why), 0);
    (void)close(fd);
    leave(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_file),       cmocka_unit_test(test_old_file),
        cmocka_unit_test(test_same_file),      cmocka_unit_test(test_cannot_create),
        cmocka_unit_test(test_cannot_write),   cmocka_unit_test(test_fifo),
        cmocka_unit_test(test_stalled_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
