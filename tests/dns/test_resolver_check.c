#include "dns/resolver_check.h"

#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fake fake;

struct got {
    int n;
    enum mxp_resolver_health health;
    char text[300];
};

static void on_checked(void *arg, enum mxp_resolver_health health, const char *text)
{
    struct got *got = arg;
    got->n++;
    got->health = health;
    (void)snprintf(got->text, sizeof got->text, "%s", text);
}

/* Two servers, a question to each; the names are random, so the zone is made for them. */
static void test_health(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        enum mxp_resolver_health health; /* -1: no call */
        const char *words;
    } cases[] = {
        {"NXDOMAIN", "NXDOMAIN", MXP_RESOLVER_FINE, "answers"},
        {"NODATA", "NXDOMAIN", MXP_RESOLVER_FINE, "answers"},
        {"SERVFAIL", "SERVFAIL", MXP_RESOLVER_DOWN, "SERVFAIL"},
        {"300 8.8.8.8", "NXDOMAIN", MXP_RESOLVER_HIJACKING, "invents"},
        {"NXDOMAIN", "300 10.0.0.1", MXP_RESOLVER_HIJACKING, "invents"},
        {"TIMEOUT", "300 8.8.8.8", MXP_RESOLVER_HIJACKING, "invents"},
        {"TIMEOUT", "NXDOMAIN", MXP_RESOLVER_FINE, "answers"},
        {"TIMEOUT", "TIMEOUT", MXP_RESOLVER_DOWN, "timeout"},
        {"REFUSED", "REFUSED", MXP_RESOLVER_DOWN, "REFUSED"},
        {"FAILED", "FAILED", MXP_RESOLVER_DOWN, "no usable answer"},
        {"CANCELED", "CANCELED", (enum mxp_resolver_health) - 1, ""},
        {"NXDOMAIN", "CANCELED", (enum mxp_resolver_health) - 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lines[2][300];
        const char *zone[] = {lines[0], lines[1], NULL};
        struct got got = {0};
        fake_init(&fake, zone);
        assert_int_equal(mxp_resolver_check(&fake.resolver, 2, 4711, on_checked, &got), 0);
        assert_int_equal(fake.n, 2);
        assert_string_not_equal(fake.questions[0].name, fake.questions[1].name);
        for (int k = 0; k < 2; k++) {
            const char *what = k ? cases[i].second : cases[i].first;
            assert_int_equal(fake.questions[k].type, MXP_RR_A);
            (void)snprintf(lines[k], sizeof lines[k], "%s%s A %s", fake.questions[k].name,
                           strcmp(what, "NODATA") == 0 ? "x" : "", what);
        }
        fake_answer_all(&fake);
        print_message("%s, %s: %s\n", cases[i].first, cases[i].second, got.text);
        assert_int_equal(got.n, *cases[i].words != '\0');
        if (got.n) {
            assert_int_equal(got.health, cases[i].health);
            assert_non_null(strstr(got.text, cases[i].words));
        }
        fake_free(&fake);
    }
}

static void test_cannot_ask(void **state)
{
    (void)state;
    struct got got = {0};
    fake_init(&fake, NULL);
    fake.refuse_from = 1;
    assert_int_equal(mxp_resolver_check(&fake.resolver, 3, 1, on_checked, &got), MXP_ENOMEM);
    fake.refuse_from = 3; /* two are better than none */
    assert_int_equal(mxp_resolver_check(&fake.resolver, 3, 1, on_checked, &got), 0);
    fake_answer_all(&fake);
    assert_int_equal(got.n, 1);
    fake_free(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_cannot_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
