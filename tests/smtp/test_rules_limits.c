/* Rule files that are larger than any person writes: an error that names the line, or rules that
 * work; never a table that runs over. */
#include "smtp/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"

#define TEXT_CAP (8u << 20)
#define MOST     32768

/* first, n times part (%u is its number), last. */
struct growth {
    const char *what, *first, *part, *last;
    unsigned fine, much; /* so many must do, so many are an error */
};

static void add(struct mxp_buf *text, const char *part, unsigned n)
{
    char piece[100];
    const char *number = strstr(part, "%u");
    size_t before = number ? (size_t)(number - part) : strlen(part);
    (void)snprintf(piece, sizeof piece, "%u", n);
    mxp_buf_add(text, part, before);
    if (number) {
        mxp_buf_add_str(text, piece);
        mxp_buf_add_str(text, number + 2);
    }
}

static bool is_taken(const struct growth *growth, unsigned n)
{
    char path[] = "/tmp/mxp_rulesXXXXXX";
    struct mxp_buf text;
    struct mxp_why why = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    mxp_buf_init(&text, TEXT_CAP);
    mxp_buf_add_str(&text, growth->first);
    for (unsigned i = 0; i < n; i++)
        add(&text, growth->part, i);
    mxp_buf_add_str(&text, growth->last);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    close(fd);
    mxp_buf_free(&text);
    struct mxp_rules *rules = mxp_rules_new(path, &why);
    unlink(path);
    if (!rules && !strstr(why.text, path))
        fail_msg("%s, %u: '%s' does not name the file", growth->what, n, why.text);
    if (rules) {
        struct mxp_reply reply;
        struct mxp_classified what;
        (void)mxp_reply_parse(MXP_SLICE_LIT("550 5.1.1 user unknown"), &reply);
        mxp_classify(rules, MXP_STAGE_RCPT, 0, &reply, &what);
        assert_int_equal(what.reason, MXP_REASON_MAILBOX_NOT_FOUND);
    }
    mxp_rules_free(rules);
    return rules != NULL;
}

static void test_growth(void **state)
{
    (void)state;
    static const struct growth cases[] = {
        {"names", "", "let QUOKKA%u = quokka\n", "", 16, 256},
        {"codes", "mailbox_full code=550", ",550", " : quokka\n", 2, 1024},
        {"enhanced codes", "mailbox_full enh=5.1.1", ",5.1.1", " : quokka\n", 2, 1024},
        {"providers", "mailbox_full provider=a", ",a", " : quokka\n", 2, 1024},
        {"rules", "", "mailbox_full : quokka\n", "", 2048, 16384},
        {"phrases of a term", "mailbox_full : (quokka", "|quokka%u", ")\n", 1024, MOST},
        {"parentheses", "mailbox_full : quokka", " (emu|gnu)", "\n", 2, 64},
        {"pairs", "", "mailbox_full : quokka%u ~ emu\n", "", 4, 512},
        {"terms", "", "mailbox_full : quokka%u\n", "", 64, 8192},
        {"terms of a rule", "mailbox_full : quokka", " & emu%u", "\n", 2, 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned most = 0;
        bool taken = true;
        for (unsigned n = 1; n <= cases[i].much; n *= 2) {
            bool now = is_taken(&cases[i], n);
            if (now && !taken)
                fail_msg("%s: %u are taken, and fewer were not", cases[i].what, n);
            taken = now;
            most = now ? n : most;
        }
        print_message("%s: %u and not %u\n", cases[i].what, most, 2 * most);
        assert_true(most >= cases[i].fine && most < cases[i].much);
        /* The edge itself: every table must end where its check does. */
        unsigned lower = most, upper = 2 * most;
        while (upper - lower > 1) {
            unsigned middle = lower + (upper - lower) / 2;
            if (is_taken(&cases[i], middle))
                lower = middle;
            else
                upper = middle;
        }
    }
}

static void test_too_large_a_file(void **state)
{
    (void)state;
    static const struct growth comments = {"octets", "", "# %u\n", "", 0, 0};
    assert_true(is_taken(&comments, 1000));
    assert_false(is_taken(&comments, 600000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_too_large_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
