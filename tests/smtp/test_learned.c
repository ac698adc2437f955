/* What else replies tell beside reason and verdict. */
#include "smtp/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { THROTTLE = 1, BLOCKS = 2, FOOTPRINT = 4, ALIVE = 8 };

static const struct {
    const char *stage, *reply, *reason;
    uint32_t wait_s;
    const char *blocklist, *new_address, *limit;
    unsigned flags, mask; /* of these, those in mask are asked */
    const char *action;
} cases[] = {
    {"rcpt", "451 4.7.1 Greylisted, try again in 300 seconds", "greylisted", 300, "", "", NULL, 0,
     THROTTLE | BLOCKS | FOOTPRINT, "retry"},
    {"rcpt", "450 mail bomb, try again in 1 hour(s) 25 minute(s)", "rate_limited", 5100, "", "",
     "messages", THROTTLE, THROTTLE | BLOCKS, "slow_down"},
    {"rcpt", "550 sending quota exceeded, retry in 00:10:00", "rate_limited", 600, "", "",
     "messages", THROTTLE, THROTTLE, "slow_down"},
    {"greeting", "421 4.7.0 Too many connections from 192.0.2.1", "rate_limited", 0, "", "",
     "connections", THROTTLE, THROTTLE | BLOCKS | FOOTPRINT, "slow_down"},
    {"mail", "421 too many messages in this connection", "rate_limited", 0, "", "", "messages",
     THROTTLE, THROTTLE | BLOCKS, "slow_down"},
    {"rcpt", "452 4.5.3 Too many recipients", "too_many_recipients", 0, "", "", "recipients", 0,
     BLOCKS | FOOTPRINT, "slow_down"},
    {"rcpt", "450 4.7.1 rate limit exceeded", "rate_limited", 0, "", "", "rate", THROTTLE,
     THROTTLE | BLOCKS, "slow_down"},
    {"rcpt", "550 Too many invalid recipients", "rate_limited", 0, "", "", "recipients",
     THROTTLE | FOOTPRINT, THROTTLE | FOOTPRINT | BLOCKS, "slow_down"},
    {"rcpt", "451 VS1-IP Excessive unknown recipients", "rate_limited", 0, "", "", "recipients",
     THROTTLE | FOOTPRINT, THROTTLE | FOOTPRINT, "slow_down"},
    {"mail", "550 SC-002 exhibited namespace mining behavior", "ip_blocklisted", 0, "", "", NULL,
     BLOCKS | FOOTPRINT, BLOCKS | FOOTPRINT, "fix_sender"},
    {"mail", "550 directory harvest attack from your address", "ip_blocklisted", 0, "", "", NULL,
     BLOCKS | FOOTPRINT, BLOCKS | FOOTPRINT, "fix_sender"},
    {"rcpt", "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", "ip_blocklisted",
     0, "zen.spamhaus.org", "", NULL, BLOCKS, BLOCKS | THROTTLE | FOOTPRINT, "fix_sender"},
    {"rcpt", "554 5.7.1 Helo command blocked using dbl.spamhaus.org", "domain_blocklisted", 0,
     "dbl.spamhaus.org", "", NULL, 0, FOOTPRINT, "fix_sender"},
    {"rcpt", "550 5.7.1 no reverse DNS", "rdns_helo", 0, "", "", NULL, BLOCKS, BLOCKS,
     "fix_sender"},
    {"rcpt", "551 User not local; please try <doe@example.net>", "address_moved", 0, "",
     "doe@example.net", NULL, 0, BLOCKS | THROTTLE, "remove"},
    {"rcpt", "251 User not local; will forward to <doe@example.net>", "accepted", 0, "",
     "doe@example.net", NULL, 0, BLOCKS | THROTTLE, "keep"},
    {"rcpt", "552 5.2.2 mailbox full", "mailbox_full", 0, "", "", NULL, ALIVE,
     ALIVE | BLOCKS | THROTTLE, "suppress_if_repeated"},
    {"rcpt", "550 5.2.1 The user is receiving mail at a rate that", "rate_limited", 0, "", "",
     "rate", ALIVE, ALIVE | BLOCKS, "slow_down"},
    {"rcpt", "550 5.7.1 recipient only accepts mail from members", "recipient_restricted", 0, "",
     "", NULL, ALIVE, ALIVE | BLOCKS, "review"},
    {"data", "552 5.2.3 message too large", "message_too_big", 0, "", "", NULL, ALIVE, ALIVE,
     "review"},
    {"rcpt", "550 5.1.1 user unknown", "mailbox_not_found", 0, "", "", NULL, 0,
     ALIVE | BLOCKS | THROTTLE | FOOTPRINT, "remove"},
    {"rcpt", "450 4.1.1 user unknown", "mailbox_not_found", 0, "", "", NULL, 0, ALIVE | BLOCKS,
     "review"},
    {"rcpt", "451 4.7.1 Greylisted, please come back in half an hour", "greylisted", 1800, "", "",
     NULL, 0, THROTTLE | BLOCKS, "retry"},
    {"rcpt", "450 zu schnell, bitte in einer Stunde erneut", "rate_limited", 3600, "", "", "rate",
     THROTTLE, THROTTLE | BLOCKS, "slow_down"},
    {"rcpt", "554 5.7.1 Client host [192.0.2.1] blocked using list.example.net", "ip_blocklisted",
     0, "list.example.net", "", NULL, BLOCKS, BLOCKS, "fix_sender"},
    {"rcpt", "421 4.3.2 Not now", "server_unavailable", 0, "", "", NULL, THROTTLE,
     THROTTLE | BLOCKS | FOOTPRINT, "retry"},
    {"ehlo", "421 4.3.2 Service shutting down", "server_unavailable", 0, "", "", NULL, THROTTLE,
     THROTTLE | BLOCKS, "retry"},
    {"mail", "421 4.3.0 Database error, try again in 5 minutes", "server_unavailable", 300, "", "",
     NULL, THROTTLE, THROTTLE | BLOCKS, "retry"},
    {"rcpt", "450 4.3.2 Not now", "server_unavailable", 0, "", "", NULL, 0, THROTTLE | BLOCKS,
     "retry"},
    {"rcpt", "550 5.2.1 mailbox temporarily disabled", "mailbox_disabled", 0, "", "", NULL, 0,
     ALIVE | BLOCKS, "retry"},
};

static int make_rules(void **state)
{
    struct mxp_why why;
    *state = mxp_rules_new(NULL, &why);
    return *state ? 0 : -1;
}

static int drop_rules(void **state)
{
    *state = mxp_rules_free(*state);
    return 0;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void test_each(void **state)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_reply reply;
        struct mxp_classified what;
        mxp_reply_parse(mxp_slice_str(cases[i].reply), &reply);
        mxp_classify(*state, mxp_stage_find(mxp_slice_str(cases[i].stage)), 0, &reply, &what);
        unsigned flags = (what.throttle ? THROTTLE : 0u) | (what.blocks_us ? BLOCKS : 0u) |
                         (what.footprint ? FOOTPRINT : 0u) |
                         (what.exists == MXP_TRI_YES ? ALIVE : 0u);
        bool ok = same(mxp_reason_name(what.reason), cases[i].reason) &&
                  what.retry_after_s == cases[i].wait_s &&
                  mxp_slice_eq(what.blocklist, mxp_slice_str(cases[i].blocklist)) &&
                  mxp_slice_eq(what.new_address, mxp_slice_str(cases[i].new_address)) &&
                  same(mxp_limit_name(what.limit), cases[i].limit) &&
                  (flags & cases[i].mask) == cases[i].flags &&
                  same(mxp_action_name(what.action), cases[i].action);
        if (!ok)
            print_error("%s: %s [%s] wait %u list \"%.*s\" new \"%.*s\" limit %s flags %u %s\n",
                        cases[i].reply, mxp_reason_name(what.reason), what.rule, what.retry_after_s,
                        (int)what.blocklist.len, what.blocklist.len ? what.blocklist.ptr : "",
                        (int)what.new_address.len, what.new_address.len ? what.new_address.ptr : "",
                        what.limit ? mxp_limit_name(what.limit) : "-", flags,
                        mxp_action_name(what.action));
        failed += !ok;
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
    };
    return cmocka_run_group_tests(tests, make_rules, drop_rules);
}
