#include "probe/command/bulk_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_check(void **state)
{
    (void)state;
    char list[] = "/tmp/test_bulk_files-XXXXXX", out[] = "/tmp/test_bulk_files-XXXXXX";
    int fd = mkstemp(list), out_fd = mkstemp(out);
    assert_true(fd >= 0 && out_fd >= 0);
    const struct {
        const char *transcript, *limits, *output, *words; /* NULL: fine */
    } cases[] = {
        {NULL, NULL, NULL, NULL},
        {"-", "/nonexistent/a", out, NULL},
        {"/dev/null", NULL, "/dev/null", NULL},
        {list, NULL, NULL, "--transcript|is the list itself"},
        {NULL, list, out, "--limits-file|is the list itself"},
        {out, NULL, out, "--transcript|is the output itself"},
        {"/nonexistent/a", NULL, "/nonexistent/a", "is the output itself"},
        {"/nonexistent/a", "/nonexistent/b", "/nonexistent/c", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options options = {.transcript = cases[i].transcript,
                                      .limits_file = cases[i].limits,
                                      .output = cases[i].output};
        struct mxp_why why = {0};
        int err = mxp_bulk_files_check(&options, fd, &why);
        const char *words = cases[i].words, *bar = words ? strchr(words, '|') : NULL;
        if (err != (words ? MXP_EUSAGE : 0) || (words && !strstr(why.text, bar ? bar + 1 : words)))
            fail_msg("case %zu: %d, %s", i, err, why.text);
        if (bar)
            assert_memory_equal(why.text, words, (size_t)(bar - words));
    }
    (void)close(fd);
    (void)close(out_fd);
    (void)unlink(list);
    (void)unlink(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
