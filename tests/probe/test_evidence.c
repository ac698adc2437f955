#include "probe/engine/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct mxp_place place = {.provider = "example", .mx = "mx.example"};

static void expect_slice(const char *what, struct mxp_slice s, const char *words)
{
    if (!mxp_slice_eq(s, mxp_slice_str(words)))
        fail_msg("%s: '%.*s', not '%s'", what, (int)s.len, s.len ? s.ptr : "", words);
}

/* A kept one lives on when the reply that it was made of is overwritten, with the parts of its
 * text that it names. */
static void test_keep(void **state)
{
    char text[] = "550 5.7.1 listed at zen.example; now at new@example.org";
    struct mxp_reply reply = {550, {5, 7, 1}, mxp_slice_str(text)};
    struct mxp_classified what = {
        .verdict = MXP_VERDICT_UNKNOWN,
        .reason = MXP_REASON_IP_BLOCKLISTED,
        .action = MXP_ACTION_FIX_SENDER,
        .blocklist = mxp_slice_sub(reply.text, 20, 11),
        .new_address = mxp_slice_sub(reply.text, 40, 15),
    };
    struct mxp_evidence borrowed;
    struct mxp_result result;
    (void)state;
    mxp_evidence_reply(&borrowed, &place, MXP_STAGE_RCPT, &reply, &what);
    struct mxp_evidence *kept = mxp_evidence_keep(&borrowed);
    assert_non_null(kept);
    struct mxp_evidence *again = mxp_evidence_keep(kept);
    assert_non_null(again);
    memset(text, 'x', sizeof text - 1);
    assert_null(mxp_evidence_free(kept));
    mxp_evidence_result(again, &result);
    expect_slice("text", result.text, "550 5.7.1 listed at zen.example; now at new@example.org");
    expect_slice("blocklist", result.blocklist, "zen.example");
    expect_slice("new address", result.new_address, "new@example.org");
    assert_int_equal(result.code, 550);
    assert_int_equal(result.enhanced.detail, 1);
    assert_int_equal(result.stage, MXP_STAGE_RCPT);
    assert_int_equal(result.reason, MXP_REASON_IP_BLOCKLISTED);
    assert_int_equal(result.catch_all, MXP_TRI_UNKNOWN);
    assert_string_equal(result.mx, "mx.example");
    mxp_evidence_free(again);
    assert_null(mxp_evidence_free(NULL));
}

/* A long reply is cut, and what it named behind the cut is not there any more. */
static void test_cut(void **state)
{
    char text[MXP_EVIDENCE_TEXT_MAX + 40];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "550 ", 4);
    struct mxp_reply reply = {550, {0, 0, 0}, {text, sizeof text}};
    for (size_t at = MXP_EVIDENCE_TEXT_MAX - 20; at < sizeof text - 9; at++) {
        struct mxp_classified what = {.blocklist = mxp_slice_sub(reply.text, at, 10)};
        struct mxp_evidence borrowed;
        mxp_evidence_reply(&borrowed, &place, MXP_STAGE_RCPT, &reply, &what);
        struct mxp_evidence *kept = mxp_evidence_keep(&borrowed);
        assert_non_null(kept);
        assert_int_equal(kept->text.len, MXP_EVIDENCE_TEXT_MAX);
        assert_int_equal(kept->text.ptr[kept->text.len], '\0');
        size_t len = at + 10 <= MXP_EVIDENCE_TEXT_MAX ? 10 : 0;
        if (kept->what.blocklist.len != len)
            fail_msg("at %zu: %zu octets", at, kept->what.blocklist.len);
        if (len)
            assert_ptr_equal(kept->what.blocklist.ptr, kept->text.ptr + at);
        mxp_evidence_free(kept);
    }
}

/* How a session ended without a reply never judges an address. */
static void test_causes(void **state)
{
    static const struct {
        enum mxp_smtp_cause cause;
        enum mxp_reason reason;
        int rank;
    } cases[] = {
        {MXP_SMTP_CAUSE_NONE, MXP_REASON_CONNECTION_LOST, 5},
        {MXP_SMTP_CAUSE_REPLY, MXP_REASON_SERVER_UNAVAILABLE, 0},
        {MXP_SMTP_CAUSE_CLOSED, MXP_REASON_CONNECTION_LOST, 5},
        {MXP_SMTP_CAUSE_TIMEOUT, MXP_REASON_TIMEOUT, 4},
        {MXP_SMTP_CAUSE_TLS, MXP_REASON_TLS_FAILED, 5},
        {MXP_SMTP_CAUSE_PROTOCOL, MXP_REASON_PROTOCOL_ERROR, 5},
        {MXP_SMTP_CAUSE_EAI, MXP_REASON_EAI_UNSUPPORTED, 0},
        {MXP_SMTP_CAUSE_CANCELED, MXP_REASON_NOT_PROBED, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int detailed = 0; detailed < 2; detailed++) {
            struct mxp_evidence e;
            mxp_evidence_cause(&e, &place, MXP_STAGE_MAIL, cases[i].cause,
                               detailed ? "words" : NULL);
            if (e.what.reason != cases[i].reason || e.what.verdict != MXP_VERDICT_UNKNOWN ||
                e.what.action != mxp_reason_action(cases[i].reason) || e.code ||
                e.what.exists != MXP_TRI_UNKNOWN || mxp_evidence_rank(&e) != cases[i].rank)
                fail_msg("%s: reason %d, rank %d", mxp_smtp_cause_name(cases[i].cause),
                         e.what.reason, mxp_evidence_rank(&e));
            assert_true(e.text.len > 0);
            if (detailed)
                expect_slice("detail", e.text, "words");
        }
    }
}

/* A server's word tells more than silence, silence more than no server at all. */
static void test_rank(void **state)
{
    static const enum mxp_reason reasons[] = {MXP_REASON_UNCLASSIFIED, MXP_REASON_MX_REFUSED,
                                              MXP_REASON_DNS_ERROR,    MXP_REASON_CONNECT_FAILED,
                                              MXP_REASON_TIMEOUT,      MXP_REASON_CONNECTION_LOST};
    struct mxp_evidence e;
    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        mxp_evidence_event(&e, &place, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN, reasons[i], "why");
        assert_int_equal(mxp_evidence_rank(&e), i);
    }
    struct mxp_reply reply = {421, {0, 0, 0}, mxp_slice_str("421 busy")};
    struct mxp_classified what = {.reason = MXP_REASON_UNCLASSIFIED};
    mxp_evidence_reply(&e, &place, MXP_STAGE_GREETING, &reply, &what);
    assert_int_equal(mxp_evidence_rank(&e), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_causes),
        cmocka_unit_test(test_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
