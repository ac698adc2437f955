#include "probe/result/address_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe/result/address_facts.def"

static void test_facts(void **state)
{
    (void)state;
    static const struct {
        const char *local, *domain;
        bool role, disposable, free;
        const char *suggestion;
    } cases[] = {
        {"bob", "example.org", false, false, false, NULL},
        {"info", "example.org", true, false, false, NULL},
        {"INFO", "example.org", true, false, false, NULL},
        {"info+x", "example.org", true, false, false, NULL},
        {"info2", "example.org", false, false, false, NULL},
        {"no-reply", "gmail.com", true, false, true, NULL},
        {"", "example.org", false, false, false, NULL},
        {"abuse", "mailinator.com", true, true, false, NULL},
        {"zzz", "0-mail.com", false, true, false, NULL},
        {"bob", "zoho.com", false, false, true, NULL},
        /* one slip of a finger: a letter more, less, other, swapped */
        {"bob", "gmaill.com", false, false, false, "gmail.com"},
        {"bob", "gmai.com", false, false, false, "gmail.com"},
        {"bob", "gnail.com", false, false, false, "gmail.com"},
        {"bob", "gmial.com", false, false, false, "gmail.com"},
        {"bob", "gmail.con", false, false, false, "gmail.com"},
        {"bob", "gmail.co", false, false, false, "gmail.com"},
        {"bob", "hotmial.com", false, false, false, "hotmail.com"},
        {"bob", "yaho.com", false, false, false, "yahoo.com"},
        /* two, or none */
        {"bob", "gmal.con", false, false, false, NULL},
        {"bob", "gmail.com", false, false, true, NULL},
        /* close to a big one, and on their own account */
        {"bob", "ymail.com", false, false, true, NULL},
        {"bob", "mail.com", false, false, true, NULL},
        {"bob", "email.com", false, false, true, NULL},
        {"bob", "gmx.com", false, false, true, NULL},
        {"bob", "web.com", false, false, false, NULL},
        {"bob", "aon.com", false, false, false, NULL},
        {"bob", "man.com", false, false, false, NULL},
        {"bob", "hotmail.gr", false, false, false, NULL},
        {"bob", "hotmail.cm", false, false, false, "hotmail.com"},
        {"bob", "mail.gmail.com", false, false, false, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_address_facts facts;
        mxp_address_facts(mxp_slice_str(cases[i].local), mxp_slice_str(cases[i].domain), &facts);
        const char *suggestion = cases[i].suggestion ? cases[i].suggestion : "";
        if (facts.role != cases[i].role || facts.disposable != cases[i].disposable ||
            facts.free != cases[i].free ||
            strcmp(facts.suggestion ? facts.suggestion : "", suggestion) != 0)
            fail_msg("%s@%s: role %d, disposable %d, free %d, suggestion %s", cases[i].local,
                     cases[i].domain, facts.role, facts.disposable, facts.free,
                     facts.suggestion ? facts.suggestion : "none");
    }
}

#define X(text) text,
static const char *const roles[] = {MXP_ROLE_MAP(X)};
static const char *const free_domains[] = {MXP_FREE_MAP(X)};
static const char *const disposable[] = {MXP_DISPOSABLE_MAP(X)};
static const char *const big[] = {MXP_BIG_MAP(X)};
#undef X

/* The tables are searched by halves. */
static void check_sorted(const char *const *table, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(table[i - 1], table[i]) >= 0)
            fail_msg("'%s' stands behind '%s'", table[i], table[i - 1]);
}

static void test_tables(void **state)
{
    (void)state;
    check_sorted(roles, sizeof roles / sizeof *roles);
    check_sorted(free_domains, sizeof free_domains / sizeof *free_domains);
    check_sorted(disposable, sizeof disposable / sizeof *disposable);
    /* No big domain is taken for a slip of another one. */
    for (size_t i = 0; i < sizeof big / sizeof *big; i++) {
        struct mxp_address_facts facts;
        mxp_address_facts(MXP_SLICE_LIT("bob"), mxp_slice_str(big[i]), &facts);
        if (!facts.free || facts.suggestion)
            fail_msg("%s: free %d, suggestion %s", big[i], facts.free,
                     facts.suggestion ? facts.suggestion : "none");
    }
}

/* Names of any length. */
static void test_long(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'a', sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        struct mxp_address_facts facts;
        struct mxp_slice name = {text, n};
        mxp_address_facts(name, name, &facts);
        assert_false(facts.role || facts.free || facts.disposable || facts.suggestion);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts), cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
