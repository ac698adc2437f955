#include "core/err.h"
#include "dns/provider.h"
#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { GOOGLE = 1, GATEWAY, AMAZON, LATER, BRANCH, EDGE };

static struct mxp_provider_map *make(void)
{
    struct mxp_provider_map *map = mxp_provider_map_new();
    assert_non_null(map);
    static const struct {
        const char *suffix;
        uint32_t id;
        bool gateway;
    } rows[] = {
        {"google.com", GOOGLE, false},
        {".GoogleMail.COM.", GOOGLE, false},
        {"pphosted.com", GATEWAY, true},
        {"branch.pphosted.com", BRANCH, false},
        {"inbound-smtp.*.amazonaws.com", AMAZON, false},
        {"*.edge.test", EDGE, true},
        {"mx.a.edge.test", GOOGLE, false},
        {"same.test", GOOGLE, false},
        {"same.test", LATER, false},
        {"held.test", GATEWAY, true},
        {"held.test", LATER, false},
        {"deep.google.com", LATER, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(mxp_provider_map_add(map, rows[i].suffix, rows[i].id, rows[i].gateway), 0);
    return map;
}

static void test_find(void **state)
{
    (void)state;
    struct mxp_provider_map *map = make();
    static const struct {
        const char *host;
        int64_t id;
    } cases[] = {
        {"google.com", GOOGLE},
        {"aspmx.l.google.com", GOOGLE},
        {"ASPMX.L.Google.COM", GOOGLE},
        {"aspmx.l.google.com.", GOOGLE},
        {"google.com.evil.test", -1},
        {"notgoogle.com", -1},
        {"google.co", -1},
        {"oogle.com", -1},
        {"com", -1},
        {"google.com.", GOOGLE},
        {".google.com", GOOGLE},
        {"x.googlemail.com", GOOGLE},
        {"mx.deep.google.com", LATER},       /* the longest */
        {"mx.branch.pphosted.com", GATEWAY}, /* a gateway, though shorter */
        {"same.test", LATER},
        {"held.test", GATEWAY},
        {"inbound-smtp.us-east-1.amazonaws.com", AMAZON},
        {"x.inbound-smtp.us-east-1.amazonaws.com", AMAZON},
        {"inbound-smtp.a.b.amazonaws.com", -1},
        {"inbound-smtp.amazonaws.com", -1},
        {"inbound-smtp..amazonaws.com", -1},
        {"xinbound-smtp.us-east-1.amazonaws.com", -1},
        {"inbound-smtp.us-east-1.amazonaws.com.evil.test", -1},
        {"mx.a.edge.test", EDGE},
        {"edge.test", -1},
        {"", -1},
        {".", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = mxp_provider_map_find(map, cases[i].host);
        if (id != cases[i].id)
            fail_msg("%s: %d, expected %d", cases[i].host ? cases[i].host : "NULL", (int)id,
                     (int)cases[i].id);
    }
    char longest[400];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + sizeof longest - 12, ".google.com", 12);
    assert_int_equal(mxp_provider_map_find(map, longest), -1);
    assert_null(mxp_provider_map_free(map));
}

static void test_bad_rows(void **state)
{
    (void)state;
    struct mxp_provider_map *map = mxp_provider_map_new();
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *const bad[] = {"", ".", "mail*.test", "*mail.test", "a.**.test", longest};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        print_message("%s\n", bad[i]);
        assert_int_equal(mxp_provider_map_add(map, bad[i], 1, false), MXP_EINVAL);
    }
    assert_int_equal(mxp_provider_map_find(map, "mailx.test"), -1);
    mxp_provider_map_free(map);
    assert_null(mxp_provider_map_free(NULL));
}

/* Rows that could be added are found, the others are not there. */
static void test_no_memory(void **state)
{
    (void)state;
    bool whole = false;
    for (long nth = 1; !whole; nth++) {
        char suffix[16];
        int errs[40];
        failing_after = nth - 1;
        struct mxp_provider_map *map = mxp_provider_map_new();
        for (unsigned i = 0; map && i < 40; i++) {
            (void)snprintf(suffix, sizeof suffix, "p%u.test", i);
            errs[i] = mxp_provider_map_add(map, suffix, i, false);
        }
        whole = failing_after >= 0;
        failing_after = -1;
        for (unsigned i = 0; map && i < 40; i++) {
            (void)snprintf(suffix, sizeof suffix, "p%u.test", i);
            if (errs[i])
                assert_int_equal(errs[i], MXP_ENOMEM);
            assert_false(whole && errs[i]);
            assert_int_equal(mxp_provider_map_find(map, suffix), errs[i] ? -1 : (int64_t)i);
        }
        mxp_provider_map_free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
