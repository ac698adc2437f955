#include "probe/options/provider_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/provider.h"
#include "options_util.h"
#include "probe/options/duration.h"

static const char table[] = "default:\n  connections: 5\n  connect_rate: 20/1m\n"
                            "  rcpts_per_session: 50\n  unknown_percent: 30\n"
                            "providers:\n"
                            "  - name: big\n    mx: [big.example, .mx.big.test]\n"
                            "    connections: 3\n    catch_all: never\n"
                            "  - name: gate\n    mx: [\"in.*.gate.example\"]\n    gateway: true\n"
                            "    probe: none\n    rcpt_rate: 600/10s\n";

static void load(struct mxp_options *o, const char *text)
{
    struct mxp_why why = {0};
    *o = (struct mxp_options){0};
    mxp_arena_init(&o->arena);
    if (mxp_provider_table_parse(o, mxp_slice_str(text), "t.yaml", &why))
        fail_msg("%s", why.text);
}

static int apply(struct mxp_options *o, const char *text, struct mxp_why *why)
{
    struct mxp_arena arena;
    const struct mxp_yaml *root = NULL;
    mxp_arena_init(&arena);
    assert_int_equal(mxp_yaml_parse(mxp_slice_str(text), "u.yaml", &arena, &root, why), 0);
    const struct mxp_yaml *budget = NULL, *providers = NULL;
    for (const struct mxp_yaml *node = root->children; node; node = node->next) {
        if (strcmp(node->key, "default_budget") == 0)
            budget = node;
        else
            providers = node;
    }
    int err = mxp_provider_table_apply(o, budget, providers, "u.yaml", why);
    mxp_arena_free(&arena);
    return err;
}

static void test_reads(void **state)
{
    (void)state;
    struct mxp_options o;
    load(&o, table);
    assert_int_equal(o.n_providers, 2);
    assert_int_equal(o.default_budget.connections, 5);
    assert_int_equal(o.default_budget.connect_rate.n, 20);
    assert_int_equal(o.default_budget.connect_rate.per_ms, 60000);
    const struct mxp_provider *big = mxp_provider_table_find(&o, "big");
    assert_non_null(big);
    assert_int_equal(big->n_mx, 2);
    assert_string_equal(big->mx[1], ".mx.big.test");
    assert_true(big->catch_all_never && !big->gateway && !big->probe_none);
    assert_int_equal(big->budget.connections, 3);
    assert_int_equal(big->budget.rcpts_per_session, 50); /* the default's */
    const struct mxp_provider *gate = mxp_provider_table_find(&o, "gate");
    assert_true(gate->gateway && gate->probe_none && !gate->catch_all_never);
    assert_int_equal(gate->budget.rcpt_rate.n, 600);
    assert_int_equal(gate->budget.rcpt_rate.per_ms, 10000);
    assert_null(mxp_provider_table_find(&o, "none"));
    mxp_options_free(&o);
}

static void test_overrides(void **state)
{
    (void)state;
    struct mxp_options o;
    struct mxp_why why = {0};
    load(&o, table);
    assert_int_equal(apply(&o,
                           "default_budget: {connections: 1}\nproviders:\n"
                           "- {name: big, rcpts_per_session: 2, catch_all: ask}\n"
                           "- {name: mine, mx: [mine.example], unknown_percent: 0}\n",
                           &why),
                     0);
    assert_int_equal(o.n_providers, 3);
    const struct mxp_provider *big = mxp_provider_table_find(&o, "big");
    assert_int_equal(big->budget.rcpts_per_session, 2);
    assert_int_equal(big->budget.connections, 3); /* as it was */
    assert_int_equal(big->n_mx, 2);
    assert_false(big->catch_all_never);
    const struct mxp_provider *mine = mxp_provider_table_find(&o, "mine");
    assert_int_equal(mine->budget.connections, 1); /* the user's default */
    assert_int_equal(mine->budget.unknown_percent, 0);
    assert_int_equal(mine->budget.connect_rate.n, 20);
    assert_string_equal(mine->mx[0], "mine.example");
    assert_int_equal(o.default_budget.connections, 1);
    mxp_options_free(&o);
}

static void test_bad_rows(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"providers:\n- mx: [a.example]\n", "u.yaml:2: a provider without name"},
        {"providers:\n- name: new\n", "u.yaml:2: provider new is not in the built-in table|mx:"},
        {"providers:\n- name: new\n  mx: []\n", "u.yaml:2: |mx:"},
        {"providers:\n- name: Big\n", "u.yaml:2: name: expected lower-case"},
        {"providers:\n- name: \"a b\"\n", "u.yaml:2: name: expected"},
        {"providers:\n- name: ''\n", "u.yaml:2: name: expected"},
        {"providers:\n- name: [big]\n", "u.yaml:2: name: expected|not a list"},
        {"providers:\n- big\n", "u.yaml:2: providers: expected entries that are maps"},
        {"providers: big\n", "u.yaml:1: providers: expected a list of providers, not 'big'"},
        {"providers:\n- name: big\n  conections: 1\n",
         "u.yaml:3: conections: unknown key of a provider; did you mean connections?"},
        {"providers:\n- name: big\n  connections: -1\n",
         "u.yaml:3: connections: expected a number"},
        {"providers:\n- name: big\n  connections: 4294967297\n", "u.yaml:3: connections: "},
        {"providers:\n- name: big\n  connections: null\n", "u.yaml:3: connections: "},
        {"providers:\n- name: big\n  unknown_percent: 101\n",
         "u.yaml:3: |from 0 (not bounded) to 100"},
        {"providers:\n- name: big\n  connect_rate: 20\n", "u.yaml:3: connect_rate: expected|20/1m"},
        {"providers:\n- name: big\n  connect_rate: 20/0s\n", "u.yaml:3: connect_rate: "},
        {"providers:\n- name: big\n  connect_rate: 20/\n", "u.yaml:3: connect_rate: "},
        {"providers:\n- name: big\n  connect_rate: /1m\n", "u.yaml:3: connect_rate: "},
        {"providers:\n- name: big\n  gateway: yes please\n", "u.yaml:3: gateway: expected true or"},
        {"providers:\n- name: big\n  catch_all: always\n", "u.yaml:3: catch_all: expected never"},
        {"providers:\n- name: big\n  probe: some\n", "u.yaml:3: probe: expected none or all"},
        {"providers:\n- name: big\n  mx: a.example\n", "u.yaml:3: mx: expected a list"},
        {"providers:\n- name: big\n  mx: ['']\n", "u.yaml:3: mx: expected a host name's end"},
        {"providers:\n- name: big\n  mx: [a..b]\n", "u.yaml:3: mx: "},
        {"providers:\n- name: big\n  mx:\n  - a.example\n  - \"a b\"\n", "u.yaml:5: mx: |'a b'"},
        {"providers:\n- name: big\n  mx: [\"a*.example\"]\n", "u.yaml:3: mx: "},
        {"providers:\n- name: big\n  mx: [.]\n", "u.yaml:3: mx: "},
        {"providers:\n- name: big\n- name: big\n", "u.yaml:3: provider big is given twice|line 2"},
        {"default_budget: 5\n", "u.yaml:1: default_budget: expected a map"},
        {"default_budget:\n  mx: [a.example]\n", "u.yaml:2: mx: unknown key of a budget"},
        {"default_budget:\n  connections: x\n", "u.yaml:2: connections: expected|'x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options o;
        struct mxp_why why = {0};
        load(&o, table);
        int err = apply(&o, cases[i].text, &why);
        if (err != MXP_ECONFIG)
            fail_msg("%s of:\n%s", mxp_err_name(err), cases[i].text);
        util_words(cases[i].text, why.text, cases[i].words);
        mxp_options_free(&o);
    }
}

static void test_bad_tables(void **state)
{
    (void)state;
    static const char *const bad[] = {"- a\n", "other: 1\n", "default: 5\n", "providers: [1]\n",
                                      "providers:\n- {name: a, mx: [b]}\n- {name: a, mx: [c]}\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mxp_options o = {0};
        struct mxp_why why = {0};
        mxp_arena_init(&o.arena);
        assert_int_equal(mxp_provider_table_parse(&o, mxp_slice_str(bad[i]), "t.yaml", &why),
                         MXP_ECONFIG);
        util_words(bad[i], why.text, "t.yaml:");
        mxp_options_free(&o);
    }
}

/* The real file: it parses, says something of everyone, and the matcher takes its hosts. */
static void test_builtin(void **state)
{
    (void)state;
    struct mxp_options o = {0};
    struct mxp_why why = {0};
    mxp_arena_init(&o.arena);
    if (mxp_provider_table_builtin(&o, &why))
        fail_msg("%s", why.text);
    struct mxp_provider_map *map = mxp_provider_map_new();
    assert_non_null(map);
    assert_true(o.n_providers > 0);
    assert_true(o.default_budget.connections > 0);
    for (size_t i = 0; i < o.n_providers; i++) {
        const struct mxp_provider *row = &o.providers[i];
        assert_true(row->n_mx > 0);
        for (size_t j = 0; j < row->n_mx; j++)
            if (mxp_provider_map_add(map, row->mx[j], (uint32_t)i, row->gateway))
                fail_msg("%s: %s", row->name, row->mx[j]);
    }
    mxp_provider_map_free(map);
    mxp_options_free(&o);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max, ms;
        int err;
        const char *back;
    } cases[] = {
        {"0", UINT64_MAX, 0, 0, "0"},
        {"0s", UINT64_MAX, 0, 0, "0"},
        {"00", UINT64_MAX, 0, 0, "0"},
        {"90s", UINT64_MAX, 90000, 0, "90s"},
        {"60s", UINT64_MAX, 60000, 0, "1m"},
        {"6m", UINT64_MAX, 360000, 0, "6m"},
        {"24h", UINT64_MAX, 86400000, 0, "1d"},
        {"1500ms", UINT64_MAX, 1500, 0, "1500ms"},
        {"213503982334d", UINT64_MAX, 213503982334ull * 86400000, 0, "213503982334d"},
        {"213503982335d", UINT64_MAX, 0, MXP_ETOOBIG, NULL},
        {"18446744073709551616s", UINT64_MAX, 0, MXP_ETOOBIG, NULL},
        {"2s", 1999, 0, MXP_ETOOBIG, NULL},
        {"1s", 1999, 1000, 0, "1s"},
        {"", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"5", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"5 s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {" 5s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"5S", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"5sec", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"-5s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"+5s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
        {"1.5s", UINT64_MAX, 0, MXP_ESYNTAX, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t ms = 12345;
        char back[MXP_DURATION_TEXT_MAX];
        int err = mxp_duration_parse(mxp_slice_str(cases[i].text), cases[i].max, &ms);
        if (err != cases[i].err || ms != (err ? 12345 : cases[i].ms))
            fail_msg("%s: %d, %llu", cases[i].text, err, (unsigned long long)ms);
        if (!err)
            assert_string_equal(mxp_duration_text(ms, back), cases[i].back);
    }
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *words;
    } cases[] = {{0, "0.0 s"},           {59999, "59.9 s"},
                 {60000, "1 min 0 s"},   {3599999, "59 min 59 s"},
                 {3600000, "1 h 0 min"}, {86399999, "23 h 59 min"},
                 {90000000, "1 d 1 h"},  {UINT64_MAX, "213503982334 d 14 h"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[MXP_DURATION_TEXT_MAX];
        assert_string_equal(mxp_duration_words(cases[i].ms, words), cases[i].words);
    }
}

static void test_rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t n, per_ms;
        const char *back; /* NULL: refused */
    } cases[] = {
        {"20/1m", 20, 60000, "20/1m"},
        {"20/m", 20, 60000, "20/1m"},
        {"1/500ms", 1, 500, "1/500ms"},
        {"0", 0, 0, "0"},
        {"0/1m", 0, 0, "0"},
        {"4294967295/49d", 4294967295u, 4233600000u, "4294967295/49d"},
        {"4294967296/1m", 0, 0, NULL},
        {"1/50d", 0, 0, NULL},
        {"5", 0, 0, NULL},
        {"5/", 0, 0, NULL},
        {"/m", 0, 0, NULL},
        {"5/0s", 0, 0, NULL},
        {"5/0", 0, 0, NULL},
        {"5/1m/1", 0, 0, NULL},
        {"", 0, 0, NULL},
        {"-5/m", 0, 0, NULL},
        {"5/x", 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_rate rate = {1, 2};
        char back[MXP_RATE_TEXT_MAX];
        int err = mxp_rate_parse(mxp_slice_str(cases[i].text), &rate);
        if ((err == 0) != (cases[i].back != NULL))
            fail_msg("%s: %d", cases[i].text, err);
        if (err)
            continue;
        assert_int_equal(rate.n, cases[i].n);
        assert_int_equal(rate.per_ms, cases[i].per_ms);
        assert_string_equal(mxp_rate_text(&rate, back), cases[i].back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),    cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_bad_tables),
        cmocka_unit_test(test_builtin),  cmocka_unit_test(test_durations),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
