/* Waits, blocklists and addresses read from texts. */
#include "smtp/extract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_waits(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } cases[] = {
        {"451 greylisted, try again in 300 seconds", 300},
        {"451 Greylisted for 5 minutes", 300},
        {"450 try again in 1 hour(s) 25 minute(s) and see", 5100},
        {"450 please retry in 1 hour 25 min", 5100},
        {"451 come back in 00:05:00", 300},
        {"451 Greylisting in action, please come back in 04:59", 299},
        {"450 Retry in 6 min", 360},
        {"450 retry after 15min", 900},
        {"450 wait 10m before you retry", 600},
        {"450 try again in 30s", 30},
        {"421 try again in 2 hours", 7200},
        {"421 try again in 3 days", 86400},
        {"421 try again in 9999999 hours", 86400},
        {"451 defer 1 day 2 hours", 86400},
        {"450 try again in 5 minutes and 3 seconds", 303},
        {"451 bitte in 10 Minuten erneut versuchen", 600},
        {"451 reessayez dans 5 minutes", 300},
        {"451-greylisted\n451 retry in 60 seconds", 60},
        {"450 blocked for 60 seconds", 60},
        {"450 rate limit reached (retry-after=90)", 90},
        {"450 4.7.1 Retry-After: 300", 300},
        {"450 retry-after:45", 45},
        {"450 retry-after: 5 minutes", 300},
        {"450 retry-after:5 minutes", 300},
        {"450 rate exceeded; next attempt allowed in 00:05:00", 300},
        {"451 try again in 4m59s", 299},
        {"451 try again in 1h0m0s", 3600},
        {"450 wait 300 secs before retrying", 300},
        {"450 retry in 5 min.", 300},
        {"450 greylisted (300 seconds)", 300},
        {"450 try again in 5-10 minutes", 600},
        /* in other languages */
        {"450 försök igen om 5 minuter", 300},
        {"450 spróbuj ponownie za 5 minut", 300},
        {"450 spróbuj ponownie za 2 godziny", 7200},
        {"450 Повторите попытку через 15 минут", 900},
        {"451 повторите через 1 час", 3600},
        {"450 请5分钟后重试", 300},
        {"450 30秒後に再度お試しください", 30},
        {"450 10분 후 다시 시도하십시오", 600},
        /* no number, a point in time, something else */
        {"450 try again in a few minutes", 0},
        {"450 try again in some minutes", 0},
        {"450 bitte in einigen Minuten erneut versuchen", 0},
        {"450 tente novamente em alguns minutos", 0},
        {"450 only ten messages a minute, try later", 0},
        {"450 one message per minute, try later", 0},
        {"450 retry after 2026-11-27 10:05:00", 0},
        {"450 retry after 27.11.2026 10:05", 0},
        {"450 retry after 2026-11-27T10:05:00Z", 0},
        {"450 try again at 10:05", 0},
        {"450 try again after 10:05 UTC", 0},
        {"450 try again after 10:05:00 PM", 0},
        {"450 try again after 10:05+02:00", 0},
        {"450 try again in ten", 0},
        {"450 try again in half", 0},
        {"450 in an", 0},
        {"450 retry-after=90x", 0},
        {"450 try again later", 0},
        {"450 try again in a few minutes", 0},
        {"452 message of 300 seconds ago", 0},
        {"550 535 KB is too big, try again", 0},
        {"450 10.20.30.40 try later (#4.3.0)", 0},
        {"421 too many at 12:75, try later", 0},
        {"451 try again, ticket 300s5", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t seconds = mxp_extract_wait_s(mxp_slice_str(cases[i].text));
        if (seconds != cases[i].seconds)
            print_error("%s: %u, not %u\n", cases[i].text, seconds, cases[i].seconds);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void test_spoken_waits(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } cases[] = {
        {"450 please try again in ten minutes", 600},
        {"450 try again in twenty-five minutes", 1500},
        {"450 come back in half an hour", 1800},
        {"450 try again in about a quarter of an hour", 900},
        {"450 please retry after an hour", 3600},
        {"450 blocked for one day", 86400},
        {"450 wait at least five minutes", 300},
        {"450 Bitte versuchen Sie es in einer Stunde erneut", 3600},
        {"450 Bitte in einer halben Stunde erneut versuchen", 1800},
        {"450 Bitte in einer Viertelstunde erneut versuchen", 900},
        {"450 Bitte warten Sie zehn Minuten", 600},
        {"450 veuillez reessayer dans une heure", 3600},
        {"450 veuillez réessayer dans une demi-heure", 1800},
        {"450 veuillez reessayer dans un quart d'heure", 900},
        {"450 intente nuevamente en una hora", 3600},
        {"450 vuelva a intentarlo dentro de media hora", 1800},
        {"450 tente novamente em dez minutos", 600},
        {"450 riprova tra un'ora", 3600},
        {"450 riprova tra dieci minuti", 600},
        {"450 probeer het over een uur opnieuw", 3600},
        {"450 try again in a few minutes", 0},
        {"450 try again in some minutes", 0},
        {"450 bitte in einigen Minuten erneut versuchen", 0},
        {"450 tente novamente em alguns minutos", 0},
        {"450 only ten messages a minute, try later", 0},
        {"450 one message per minute, try later", 0},
        {"450 try again in ten", 0},
        {"450 try again in half", 0},
        {"450 message of an hour ago, in an hour", 0},
        {"450 try in an", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t seconds = mxp_extract_spoken_wait_s(mxp_slice_str(cases[i].text));
        if (seconds != cases[i].seconds)
            print_error("%s: %u, not %u\n", cases[i].text, seconds, cases[i].seconds);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void must_find(struct mxp_slice (*find)(struct mxp_slice), const char *text,
                      const char *wanted)
{
    struct mxp_slice is = find(mxp_slice_str(text));
    bool same = mxp_slice_eq(is, mxp_slice_str(wanted));
    if (!same)
        print_error("%s: \"%.*s\", not \"%s\"\n", text, (int)is.len, is.len ? is.ptr : "", wanted);
    assert_true(same);
}

static void test_blocklists(void **state)
{
    static const char *const cases[][2] = {
        {"554 blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
         "zen.spamhaus.org"},
        {"554 see https://www.spamhaus.org/query/ip/192.0.2.1, blocked using zen.spamhaus.org.",
         "zen.spamhaus.org"},
        {"550 192.0.2.1 is listed at bl.spamcop.net", "bl.spamcop.net"},
        {"554 blocked using Barracuda Reputation", "Barracuda"},
        {"550 listed in SPAMHAUS", "SPAMHAUS"},
        {"550 blocked using b.barracudacentral.org", "b.barracudacentral.org"},
        {"554 see http://www.spamcop.net/bl.shtml?1.2.3.4", "www.spamcop.net"},
        {"550 rejected by dnsbl-1.uceprotect.net", "dnsbl-1.uceprotect.net"},
        {"550 your IP is blocked", ""},
        /* lists that nobody here has heard of, behind the words that lead to them */
        {"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using list.example.net",
         "list.example.net"},
        {"554 blocked using list.example.net=127.0.0.2; see http://www.example.net/",
         "list.example.net"},
        {"550 192.0.2.1 is listed at lists.example.org.", "lists.example.org"},
        {"550 Your host is listed in 'hosts.example.org', go away", "hosts.example.org"},
        {"550 host listed on the black.example.org list", "black.example.org"},
        {"550-rejected because 192.0.2.1 is in a black list at\n550 bad.example.com",
         "bad.example.com"},
        {"554 found in ip.example.com (127.0.0.2)", "ip.example.com"},
        {"554 see https://check.example.com/lookup?ip=192.0.2.1", "check.example.com"},
        {"550 rejected, http://mail.example.com/rbl/?ip=192.0.2.1", "mail.example.com"},
        {"550 Blocked - see https://support.example.com/dnsbl-lookup.cgi?ip=192.0.2.1",
         "support.example.com"},
        {"554 (RTR:BL) http://postmaster.example.com/errors/554rtrbl.html", ""},
        {"550 5.7.1 listed by jane@example.org", ""},
        {"550 5.7.1 blocked using 192.0.2.9", ""},
        {"550 5.7.1 blocked using local policy", ""},
        {"550 5.7.1 blocked using policy. See http://postmaster.example.com/errors", ""},
        {"550 listed at a.b1", ""},
        {"554 blocked using", ""},
        {"554 blocked using https://", ""},
        {"550 disturbing", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_find(mxp_extract_blocklist, cases[i][0], cases[i][1]);
}

/* Each word is found, in capitals and behind enough to stand in any block. */
static void test_words(void **state)
{
    static const char *const lists[] = {"abuseat",
                                        "abusix",
                                        "Barracudacentral",
                                        "backscatterer",
                                        "blocklist.de",
                                        "cloudmark",
                                        "barracuda reputation",
                                        "blocklist.zap",
                                        "bl.x",
                                        "blacklist.woody",
                                        "dnswl",
                                        "dnsbl",
                                        "dnsrbl",
                                        "dbl.x",
                                        "dronebl",
                                        "hostkarma",
                                        "invaluement",
                                        "JUSTSPAM",
                                        "manitu",
                                        "mailspike",
                                        "nixspam",
                                        "psbl",
                                        "rbl.x",
                                        "spamhaus",
                                        "spamcop",
                                        "sorbs",
                                        "surbl",
                                        "surriel",
                                        "spamrats",
                                        "senderscore",
                                        "spfbl",
                                        "senderbase",
                                        "spameatingmonkey",
                                        "truncate.gbudb",
                                        "Trend Micro",
                                        "trendmicro",
                                        "uceprotect",
                                        "URIBL",
                                        "zen.x"};
    static const char *const waits[] = {
        "retry",    "AGAIN",     "later",  "wait",      "greylist", "graylist",  "grey list",
        "deferred", "come back", "delay",  "Reconnect", "resend",   "retries",   "blocked for",
        "penalty",  "attendre",  "warten", "esperar",   "erneut",   "reessayez", "Next attempt"};
    char text[400];
    (void)state;
    for (int before = 0; before < 130; before++) {
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
            snprintf(text, sizeof text, "%*s %s y", before, "", lists[i]);
            if (!mxp_extract_blocklist(mxp_slice_str(text)).len)
                fail_msg("%d blanks, %s", before, lists[i]);
        }
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
            snprintf(text, sizeof text, "%*s %s: 5 minutes", before, "", waits[i]);
            if (mxp_extract_wait_s(mxp_slice_str(text)) != 300)
                fail_msg("%d blanks, %s", before, waits[i]);
        }
    }
}

static void test_addresses(void **state)
{
    static const char *const cases[][2] = {
        {"551 User not local; please try <jane.doe+x@example.net>", "jane.doe+x@example.net"},
        {"551 jane@example.org has moved to doe@example.net.", "doe@example.net"},
        {"551 5.1.6 moved, new address: o'neil@example.net", "o'neil@example.net"},
        {"551 moved to <j\xc3\xb6rg@ex\xc3\xa4mple.org>", "j\xc3\xb6rg@ex\xc3\xa4mple.org"},
        {"551 moved @ somewhere", ""},
        {"551 a@b @", "a@b"},
        {"551 @", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_find(mxp_extract_address, cases[i][0], cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits),      cmocka_unit_test(test_spoken_waits),
        cmocka_unit_test(test_blocklists), cmocka_unit_test(test_words),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
