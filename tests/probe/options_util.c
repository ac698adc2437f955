#include "options_util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 20

static int fqdn(char *ret, size_t size)
{
    (void)snprintf(ret, size, "probe.example.org");
    return 0;
}

int util_parse(const char *config, const char *const *args, struct mxp_options *ret,
               struct mxp_why *why)
{
    static const struct mxp_machine machine = {.own_fqdn = fqdn, .max_files = 20000};
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "mxprobe"};
    char path[40];
    int argc = 1;
    const char *text = config ? config : "";
    int fd = memfd_create("config", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (; *args; args++) {
        assert_true(argc <= ARGS_MAX);
        argv[argc++] = strcmp(*args, "@") == 0 ? path : (char *)(uintptr_t)*args;
    }
    *why = (struct mxp_why){0};
    int err = mxp_options_parse_on(&machine, argc, argv, ret, why);
    (void)close(fd);
    return err;
}

void util_must(const char *config, const char *const *args, struct mxp_options *ret)
{
    struct mxp_why why;
    if (util_parse(config, args, ret, &why))
        fail_msg("%s\n%s", why.text, config ? config : "");
}

void util_words(const char *context, const char *text, const char *words)
{
    while (*words) {
        size_t len = strcspn(words, "|");
        if (!memmem(text, strlen(text), words, len))
            fail_msg("'%s' does not say '%.*s', of:\n%s", text, (int)len, words, context);
        words += len + (words[len] == '|');
    }
}
