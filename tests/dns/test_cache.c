#include "dns/cache.h"

#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fake fake;

struct got {
    int n;
    uint16_t n_mx;
    enum mxp_dns_status status;
    uint64_t expires_ms;
    unsigned order;
};

static unsigned n_calls;

static void on_answer(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct got *got = arg;
    got->n++;
    got->n_mx = answer->n_mx;
    got->status = answer->status;
    got->expires_ms = expires_ms;
    got->order = ++n_calls;
}

static struct mxp_cache *make(const char *const *zone, size_t max)
{
    fake_init(&fake, zone);
    fake.now_ms = 1000000;
    struct mxp_cache *cache = mxp_cache_new(&fake.resolver, max, fake_now, &fake);
    assert_non_null(cache);
    return cache;
}

static void drop(struct mxp_cache *cache)
{
    assert_null(mxp_cache_free(cache));
    fake_free(&fake);
}

/* How long each kind of answer is kept: asked again at the end of it, and not before. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        uint64_t holds_s;
    } cases[] = {
        {"a.test MX 300 10 mx.test", 300},
        {"a.test MX 0 10 mx.test", MXP_CACHE_TTL_MIN_S},
        {"a.test MX 1 10 mx.test", MXP_CACHE_TTL_MIN_S},
        {"a.test MX 86401 10 mx.test", MXP_CACHE_TTL_MAX_S},
        {"a.test MX 2147483647 10 mx.test", MXP_CACHE_TTL_MAX_S},
        {"a.test MX NXDOMAIN", 60},
        {"b.test MX 1 10 mx.test", 60}, /* NODATA to a.test */
        {"a.test MX SERVFAIL", MXP_CACHE_ERROR_S},
        {"a.test MX REFUSED", MXP_CACHE_ERROR_S},
        {"a.test MX TIMEOUT", MXP_CACHE_ERROR_S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *zone[] = {cases[i].zone, NULL};
        struct mxp_cache *cache = make(zone, 10);
        struct got got = {0};
        print_message("%s\n", cases[i].zone);
        assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), 0);
        assert_int_equal(got.n, 0);
        fake_answer_all(&fake);
        assert_int_equal(got.n, 1);
        assert_int_equal(got.expires_ms, fake.now_ms + cases[i].holds_s * 1000);
        fake.now_ms += cases[i].holds_s * 1000 - 1;
        assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), 0);
        assert_int_equal(got.n, 2);
        assert_int_equal(fake.n, 1);
        fake.now_ms++;
        assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), 0);
        assert_int_equal(got.n, 2);
        assert_int_equal(fake.n, 2);
        fake_answer_all(&fake);
        assert_int_equal(got.n, 3);
        drop(cache);
    }
}

static void test_one_question(void **state)
{
    (void)state;
    static const char *const zone[] = {"a.test MX 300 10 mx.test", NULL};
    struct mxp_cache *cache = make(zone, 10);
    static struct got got[1000];
    memset(got, 0, sizeof got);
    n_calls = 0;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got[i]), 0);
    struct got other = {0};
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_A, on_answer, &other), 0);
    assert_int_equal(mxp_cache_get(cache, "aa.test", MXP_RR_MX, on_answer, &other), 0);
    assert_int_equal(fake.n, 3);
    fake_answer_all(&fake);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(got[i].n, 1);
        assert_int_equal(got[i].n_mx, 1);
        assert_int_equal(got[i].order, i + 1); /* first come, first served */
    }
    assert_int_equal(other.n, 2);
    struct mxp_cache_stats stats;
    mxp_cache_stats(cache, &stats);
    assert_int_equal(stats.n_asked_mx, 2);
    assert_int_equal(stats.n_asked_address, 1);
    assert_int_equal(stats.n_joined, 999);
    assert_int_equal(stats.n_hits, 0);
    drop(cache);
}

static void get(struct mxp_cache *cache, unsigned i, struct got *got)
{
    char name[32];
    (void)snprintf(name, sizeof name, "d%u.test", i);
    assert_int_equal(mxp_cache_get(cache, name, MXP_RR_MX, on_answer, got), 0);
}

static void test_bounded(void **state)
{
    (void)state;
    struct mxp_cache *cache = make(NULL, 100);
    struct got got = {0};
    for (unsigned i = 0; i < 150; i++) {
        get(cache, i, &got);
        fake_answer_all(&fake);
    }
    assert_int_equal(got.n, 150);
    for (unsigned i = 50; i < 150; i++)
        get(cache, i, &got);
    assert_int_equal(fake.n, 150); /* the last 100 are there */
    get(cache, 49, &got);
    assert_int_equal(fake.n, 151); /* the first 50 are not */
    drop(cache);
}

/* All in flight: none can go, all are answered, and room is found again afterwards. */
static void test_more_in_flight_than_room(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct mxp_cache *cache = make(NULL, 100);
    struct got got = {0};
    for (unsigned i = 0; i < MANY; i++)
        get(cache, i, &got);
    assert_int_equal(fake.n, MANY);
    fake_answer_all(&fake);
    assert_int_equal(got.n, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        get(cache, MANY + i, &got);
        fake_answer_all(&fake);
    }
    size_t asked = fake.n;
    get(cache, MANY - 1, &got);
    assert_int_equal(fake.n, asked + 1); /* gone with the others */
    drop(cache);
}

struct again {
    struct mxp_cache *cache;
    struct got got;
    int depth;
};

static void on_again(void *arg, struct mxp_answer *answer, uint64_t expires_ms)
{
    struct again *again = arg;
    on_answer(&again->got, answer, expires_ms);
    /* other names push this one's entry out while its waiters are called */
    for (unsigned i = 0; i < 5; i++)
        get(again->cache, 1000 + (unsigned)again->depth * 5 + i, &again->got);
    if (again->depth++ < 3)
        assert_int_equal(mxp_cache_get(again->cache, "a.test", MXP_RR_MX, on_again, again), 0);
}

static void test_callbacks_ask(void **state)
{
    (void)state;
    static const char *const zone[] = {"a.test MX 300 10 mx.test", NULL};
    struct mxp_cache *cache = make(zone, 2);
    struct again again = {.cache = cache}, second = {.cache = cache, .depth = 10};
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_again, &again), 0);
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_again, &second), 0);
    fake_answer_all(&fake);
    assert_int_equal(again.got.n, 4 + 20);
    assert_int_equal(second.got.n, 1 + 5);
    drop(cache);
}

static void test_refused_questions(void **state)
{
    (void)state;
    struct mxp_cache *cache = make(NULL, 10);
    struct got got = {0};
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[254] = '\0';
    assert_int_equal(mxp_cache_get(cache, "", MXP_RR_MX, on_answer, &got), MXP_EINVAL);
    assert_int_equal(mxp_cache_get(cache, longest, MXP_RR_MX, on_answer, &got), MXP_EINVAL);
    fake.refuse_from = 1;
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), MXP_ENOMEM);
    fake.refuse_from = 0;
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), 0);
    fake_answer_all(&fake);
    assert_int_equal(got.n, 1);
    fake.now_ms += 3600000; /* expired, and cannot be asked again */
    fake.refuse_from = 1;
    assert_int_equal(mxp_cache_get(cache, "a.test", MXP_RR_MX, on_answer, &got), MXP_ENOMEM);
    assert_int_equal(got.n, 1);
    drop(cache);
}

static void test_freed_while_asking(void **state)
{
    (void)state;
    struct mxp_cache *cache = make(NULL, 10);
    struct got got = {0};
    get(cache, 1, &got);
    get(cache, 2, &got);
    fake_cancel_all(&fake);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.status, MXP_DNS_CANCELED);
    get(cache, 3, &got);
    drop(cache);
    assert_null(mxp_cache_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_one_question),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_more_in_flight_than_room),
        cmocka_unit_test(test_callbacks_ask),
        cmocka_unit_test(test_refused_questions),
        cmocka_unit_test(test_freed_while_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
