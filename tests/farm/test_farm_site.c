#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* 4 recipients a minute; 3 excesses within 5 min and it drops, 6 and it blocks for 2 min. */
static const struct farm_provider provider = {
    .name = "strict",
    .limits = {.rcpts_per_minute = 4, .connections = 2},
    .escalate_within_s = 300,
    .drop_after = 3,
    .escalate_after = 6,
    .block_s = 120,
};

static enum farm_answer ask(struct farm_site *site, double at_s)
{
    return farm_site_rcpt(site, 1, 1, (uint64_t)(at_s * 1000));
}

static enum farm_answer connect(struct farm_site *site, double at_s)
{
    enum farm_answer answer = farm_site_connect(site, (uint64_t)(at_s * 1000));
    farm_site_disconnect(site);
    return answer;
}

static struct farm_site *throttled(unsigned n_excesses)
{
    struct farm_site *site = farm_site_new(&provider);
    assert_non_null(site);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(ask(site, 1 + i), FARM_OK);
    for (unsigned i = 0; i < n_excesses; i++)
        assert_int_equal(ask(site, 10 + i), i < 3 ? FARM_THROTTLE : FARM_DROP);
    return site;
}

static void test_throttles_then_drops_then_block(void **state)
{
    struct farm_site *site = throttled(5);
    (void)state;
    assert_int_equal(connect(site, 20), FARM_DROP); /* the sixth */
    assert_int_equal(site->counts.n_blocks, 0);
    assert_int_equal(connect(site, 21), FARM_DROP); /* one too many */
    assert_int_equal(connect(site, 22), FARM_BLOCK);
    assert_int_equal(ask(site, 23), FARM_BLOCK);
    assert_int_equal(site->counts.n_throttled, 3);
    assert_int_equal(site->counts.n_drops, 4);
    assert_int_equal(site->counts.n_blocks, 1);
    farm_site_free(site);
}

static void test_who_goes_on_is_blocked_longer(void **state)
{
    struct farm_site *site = throttled(6);
    (void)state;
    assert_int_equal(connect(site, 20), FARM_DROP);
    assert_int_equal(connect(site, 20 + 119), FARM_BLOCK);
    assert_int_equal(connect(site, 20 + 120), FARM_DROP); /* the excesses are still counted */
    assert_int_equal(site->counts.n_blocks, 2);
    assert_int_equal(connect(site, 140 + 239), FARM_BLOCK);
    assert_int_equal(connect(site, 140 + 240), FARM_OK);
    farm_site_free(site);
}

static void test_who_listens_is_forgiven(void **state)
{
    struct farm_site *site = throttled(3);
    (void)state;
    assert_int_equal(ask(site, 10 + 300), FARM_OK);
    assert_int_equal(connect(site, 10 + 300), FARM_OK);
    assert_int_equal(site->counts.n_drops + site->counts.n_blocks, 0);
    farm_site_free(site);
}

static void test_drops_alone_never_block(void **state)
{
    struct farm_provider gentle = provider;
    gentle.escalate_after = 0;
    struct farm_site *site = farm_site_new(&gentle);
    (void)state;
    assert_non_null(site);
    for (unsigned i = 0; i < 7; i++)
        ask(site, 1);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(connect(site, 2 + i), FARM_DROP);
    assert_int_equal(site->counts.n_blocks, 0);
    assert_int_equal(site->counts.n_refused, 20);
    farm_site_free(site);
}

static void test_too_many_connections_are_excesses(void **state)
{
    struct farm_site *site = farm_site_new(&provider);
    (void)state;
    assert_non_null(site);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(farm_site_connect(site, 1000), i < 2 ? FARM_OK : FARM_CONNECTIONS);
    assert_int_equal(farm_site_connect(site, 1000), FARM_DROP);
    assert_int_equal(site->counts.n_over, 4);
    farm_site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttles_then_drops_then_block),
        cmocka_unit_test(test_who_goes_on_is_blocked_longer),
        cmocka_unit_test(test_who_listens_is_forgiven),
        cmocka_unit_test(test_drops_alone_never_block),
        cmocka_unit_test(test_too_many_connections_are_excesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
