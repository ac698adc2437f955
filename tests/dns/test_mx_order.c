#include "dns/mx_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mxp_mxset *order(const struct mxp_answer_mx *mx, size_t n, bool more, uint64_t seed)
{
    struct mxp_answer answer = {
        .n_mx = (uint16_t)n, .more = more, .mx = (struct mxp_answer_mx *)(uintptr_t)mx};
    struct mxp_mxset *set = mxp_mx_order(&answer, seed);
    assert_non_null(set);
    assert_int_equal(set->refs, 1);
    assert_false(set->implicit);
    return set;
}

/* "5 b, 10 a" */
static const char *text_of(const struct mxp_mxset *set, char ret[static 512])
{
    size_t n = 0;
    ret[0] = '\0';
    for (uint16_t i = 0; i < set->n_hosts; i++)
        n += (size_t)snprintf(ret + n, 512 - n, "%s%u %s", i ? ", " : "",
                              (unsigned)set->hosts[i].preference, set->hosts[i].name);
    return ret;
}

static void test_sets(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct mxp_answer_mx mx[5];
        size_t n;
        bool more;
        enum mxp_mx_status status;
        const char *hosts, *group;
    } cases[] = {
        {"by preference",
         {{20, "a"}, {5, "c"}, {10, "b"}},
         3,
         false,
         MXP_MX_OK,
         "5 c, 10 b, 20 a",
         "a b c"},
        {"twice, the better one last",
         {{20, "b"}, {10, "a"}, {5, "b"}},
         3,
         false,
         MXP_MX_OK,
         "5 b, 10 a",
         "a b"},
        {"twice, the better one first",
         {{5, "b"}, {10, "a"}, {20, "b"}},
         3,
         false,
         MXP_MX_OK,
         "5 b, 10 a",
         "a b"},
        {"three times",
         {{9, "b"}, {3, "b"}, {7, "b"}, {4, "a"}},
         4,
         false,
         MXP_MX_OK,
         "3 b, 4 a",
         "a b"},
        {"one", {{0, "a"}}, 1, false, MXP_MX_OK, "0 a", "a"},
        {"the root beside others", {{0, ""}, {10, "a"}}, 2, false, MXP_MX_OK, "10 a", "a"},
        {"the root alone", {{7, ""}}, 1, false, MXP_MX_NULL, "", ""},
        {"the root twice", {{0, ""}, {7, ""}}, 2, false, MXP_MX_NULL, "", ""},
        {"records left out",
         {{10, "a"}, {20, "b"}},
         2,
         true,
         MXP_MX_OK,
         "10 a, 20 b, 20 ...",
         "... a b"},
        {"the root, and records left out", {{0, ""}}, 1, true, MXP_MX_ERROR, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct mxp_mxset *set = order(cases[i].mx, cases[i].n, cases[i].more, 1);
        print_message("%s: %s\n", cases[i].what, text_of(set, text));
        assert_int_equal(set->status, cases[i].status);
        assert_string_equal(text, cases[i].hosts);
        assert_string_equal(set->group, cases[i].group);
        assert_int_equal(set->detail != NULL, cases[i].status == MXP_MX_ERROR);
        assert_null(mxp_mxset_unref(set));
    }
}

/* Equal hosts come first in about equal shares, whatever the order of the answer; the others stay
 * where their preference puts them. */
static void test_shuffle(void **state)
{
    (void)state;
    static const struct mxp_answer_mx mx[] = {{5, "b1"}, {5, "b2"}, {5, "b3"},
                                              {1, "a"},  {9, "c1"}, {9, "c2"}};
    static const struct mxp_answer_mx turned[] = {{9, "c2"}, {1, "a"},  {5, "b3"},
                                                  {9, "c1"}, {5, "b1"}, {5, "b2"}};
    unsigned first[3] = {0}, last[2] = {0};
    for (uint64_t seed = 0; seed < 3000; seed++) {
        char text[512], again[512];
        struct mxp_mxset *set = order(mx, 6, false, seed), *other = order(turned, 6, false, seed);
        assert_string_equal(text_of(set, text), text_of(other, again));
        assert_string_equal(set->group, "a b1 b2 b3 c1 c2");
        assert_string_equal(set->hosts[0].name, "a");
        for (int i = 1; i < 6; i++)
            assert_int_equal(set->hosts[i].name[0], i < 4 ? 'b' : 'c');
        first[set->hosts[1].name[1] - '1']++;
        last[set->hosts[5].name[1] - '1']++;
        mxp_mxset_unref(set);
        mxp_mxset_unref(other);
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(first[i], 900, 1100);
    assert_in_range(last[0], 1400, 1600);
}

static void test_too_many(void **state)
{
    (void)state;
    static struct mxp_answer_mx mx[MXP_ANSWER_MAX];
    static char names[MXP_ANSWER_MAX][8];
    for (unsigned i = 0; i < MXP_ANSWER_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "m%03u", i);
        mx[i] = (struct mxp_answer_mx){(uint16_t)i, names[i]};
    }
    static const struct {
        size_t n;
        bool more;
        uint16_t n_hosts; /* with the rest, where there is one */
        bool rest;
        uint16_t rest_preference;
    } cases[] = {
        {63, false, 63, false, 0}, {64, false, 64, false, 0},
        {65, false, 64, true, 62}, {MXP_ANSWER_MAX, true, 64, true, 62},
        {63, true, 64, true, 62},  {64, true, 64, true, 62},
        {62, true, 63, true, 61},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_mxset *set = order(mx, cases[i].n, cases[i].more, 1);
        print_message("%zu%s\n", cases[i].n, cases[i].more ? " and more" : "");
        assert_int_equal(set->n_hosts, cases[i].n_hosts);
        const struct mxp_mx_host *last = &set->hosts[set->n_hosts - 1];
        assert_int_equal(strcmp(last->name, MXP_MX_ORDER_REST) == 0, cases[i].rest);
        if (cases[i].rest)
            assert_int_equal(last->preference, cases[i].rest_preference);
        mxp_mxset_unref(set);
    }
}

static void test_without_records(void **state)
{
    (void)state;
    char text[512];
    struct mxp_mxset *set = mxp_mx_order_implicit("a.test");
    assert_string_equal(text_of(set, text), "0 a.test");
    assert_string_equal(set->group, "a.test");
    assert_true(set->implicit);
    assert_ptr_equal(mxp_mxset_ref(set), set);
    assert_null(mxp_mxset_unref(set));
    assert_string_equal(set->hosts[0].name, "a.test"); /* one of two references is left */
    mxp_mxset_unref(set);
    set = mxp_mx_order_none(MXP_MX_ERROR, "why");
    assert_int_equal(set->status, MXP_MX_ERROR);
    assert_string_equal(set->detail, "why");
    assert_int_equal(set->n_hosts, 0);
    assert_string_equal(set->group, "");
    mxp_mxset_unref(set);
    assert_null(mxp_mxset_unref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_without_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
