/* Replies in log lines, bounces and events as mail servers and services write them. */
#include "probe/explain/log_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct line {
    const char *line;
    const char *reply; /* its whole text */
    const char *format, *stage;
    const char *host; /* one that must be found; "": none; NULL: whatever */
};

#define ANY "unknown"

static const struct line lines[] = {
    /* Postfix */
    {"Nov 24 10:00:01 mail postfix/smtp[4711]: 4XyZ: to=<bob@example.com>, "
     "relay=aspmx.l.google.com[192.0.2.26]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=5.1.1, "
     "status=bounced (host aspmx.l.google.com[192.0.2.26] said: 550-5.1.1 The email account that "
     "you tried to reach does not exist. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser "
     "a1si2.30 - gsmtp (in reply to RCPT TO command))",
     "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 "
     "https://support.google.com/mail/?p=NoSuchUser a1si2.30 - gsmtp",
     "postfix", "rcpt", "aspmx.l.google.com"},
    {"postfix/smtp[1]: A1: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, dsn=4.7.1, "
     "status=deferred (host mx.example.org[192.0.2.1] said: 450 4.7.1 <x@example.org>: Recipient "
     "address rejected: Greylisted (see http://example.org/g) (in reply to RCPT TO command))",
     "450 4.7.1 <x@example.org>: Recipient address rejected: Greylisted (see http://example.org/g)",
     "postfix", "rcpt", "mx.example.org"},
    {"postfix/smtp[1]: A1: host mx.t-online.de[192.0.2.1] refused to talk to me: 554 IP=192.0.2.9 "
     "- None/bad reputation. (NOWL)",
     "554 IP=192.0.2.9 - None/bad reputation. (NOWL)", "postfix", "greeting", "mx.t-online.de"},
    {"A1: to=<x@example.org>, relay=mx[192.0.2.1]:25, dsn=4.0.0, status=deferred (host "
     "mx[192.0.2.1] refused to talk to me: 421 Too many connections)",
     "421 Too many connections", "postfix", "greeting", ""},
    {"A1: to=<x@example.org>, relay=none, delay=30, dsn=4.4.1, status=deferred (connect to "
     "mx.example.org[192.0.2.1]:25: Connection timed out)",
     "4.4.1 connect to mx.example.org[192.0.2.1]:25: Connection timed out", "postfix", ANY,
     "mx.example.org"},
    {"A1: to=<x@nx.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found. "
     "Name service error for name=nx.example type=AAAA: Host not found)",
     "5.4.4 Host or domain name not found. Name service error for name=nx.example type=AAAA: Host "
     "not found",
     "postfix", ANY, "nx.example"},
    {"A1: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, dsn=2.0.0, status=sent (250 "
     "2.0.0 "
     "Ok: queued as 4XyZ)",
     "250 2.0.0 Ok: queued as 4XyZ", "postfix", ANY, "mx.example.org"},
    {"A1: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, dsn=4.4.2, status=deferred (lost "
     "connection with mx.example.org[192.0.2.1] while sending RCPT TO)",
     "4.4.2 lost connection with mx.example.org[192.0.2.1] while sending RCPT TO", "postfix",
     "rcpt", "mx.example.org"},
    {"postfix/smtp[1]: A1: to=<x@e.org>, relay=mx.e.org[192.0.2.1]:25, dsn=5.7.1, status=bounced "
     "(host mx.e.org[192.0.2.1] said: 554 5.7.1 Spam (in reply to end of DATA command))",
     "554 5.7.1 Spam", "postfix", "data", "mx.e.org"},
    {"postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <x@e.org>: Relay "
     "access denied; from=<a@b.example> to=<x@e.org> proto=ESMTP helo=<h>",
     "554 5.7.1 <x@e.org>: Relay access denied", "postfix", "rcpt", ""},
    /* a verification that quotes another server */
    {"status=bounced (host mx.e.org[192.0.2.1] said: 550 5.1.1 <x@e.org>: Recipient address "
     "rejected: undeliverable address: host in.e.org[192.0.2.2] said: 550 No such user (in reply "
     "to RCPT TO command) (in reply to RCPT TO command))",
     "550 5.1.1 <x@e.org>: Recipient address rejected: undeliverable address: host "
     "in.e.org[192.0.2.2] said: 550 No such user (in reply to RCPT TO command)",
     "postfix", "rcpt", "mx.e.org"},
    /* Exim */
    {"2026-11-24 10:00:01 1tABCD-000001-2x ** bob@example.com R=dnslookup T=remote_smtp "
     "H=mx.example.com [192.0.2.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes: SMTP error from "
     "remote mail server after RCPT TO:<bob@example.com>: 550 Unrouteable address",
     "550 Unrouteable address", "exim", "rcpt", "mx.example.com"},
    {"2026-11-24 10:00:01 1tABCD-000001-2x == bob@example.com R=dnslookup T=remote_smtp defer "
     "(-44) "
     "H=mx.example.com [192.0.2.1]: SMTP error from remote mail server after RCPT "
     "TO:<552@example.com>: 451 4.7.1 Greylisting in action, please come back in 00:04:32",
     "451 4.7.1 Greylisting in action, please come back in 00:04:32", "exim", "rcpt",
     "mx.example.com"},
    {"1tA-01-2x ** x@e.org R=r T=t H=mx.e.org [192.0.2.1]: SMTP error from remote mail server "
     "after "
     "initial connection: 554 5.7.1 blocked using zen.spamhaus.org",
     "554 5.7.1 blocked using zen.spamhaus.org", "exim", "greeting", "mx.e.org"},
    {"1tA-01-2x ** x@e.org R=r T=t H=mx.e.org [192.0.2.1]: SMTP error from remote mail server "
     "after "
     "pipelined MAIL FROM:<a@b.example> SIZE=3012: 550 5.1.8 Bad sender",
     "550 5.1.8 Bad sender", "exim", "mail", "mx.e.org"},
    {"1tA-01-2x ** x@e.org H=mx.e.org [192.0.2.1]: SMTP error from remote mail server after end of "
     "data: 550-5.7.26 Unauthenticated\\n550 5.7.26 email",
     "550-5.7.26 Unauthenticated\\n550 5.7.26 email", "exim", "data", "mx.e.org"},
    {"SMTP error from remote mailer after RCPT TO:<x@e.org>: host mx.e.org [192.0.2.1]: 550 5.1.1 "
     "unknown",
     "550 5.1.1 unknown", "exim", "rcpt", "mx.e.org"},
    /* Sendmail */
    {"Nov 24 10:00:01 mail sm-mta[123]: 5AOA: to=<bob@example.com>, ctladdr=<a@b.example> (0/0), "
     "delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=120456, relay=mx.example.com. "
     "[192.0.2.1], dsn=5.1.1, stat=User unknown",
     "5.1.1 User unknown", "sendmail", ANY, "mx.example.com"},
    {"sm-mta[1]: 5AOA: to=<x@e.org>, mailer=esmtp, relay=mx.e.org. [192.0.2.1], dsn=4.0.0, "
     "stat=Deferred: 421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred",
     "421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred", "sendmail", ANY, "mx.e.org"},
    {"sm-mta[1]: ruleset=check_rcpt, arg1=<x@e.org>, relay=h.example [192.0.2.9], reject=550 5.7.1 "
     "<x@e.org>... Relaying denied",
     "550 5.7.1 <x@e.org>... Relaying denied", "sendmail", ANY, "h.example"},
    {"... while talking to mx.e.org.:\n>>> RCPT To:<x@e.org>\n<<< 550 5.1.1 <x@e.org>... User "
     "unknown\n550 5.1.1 <x@e.org>... User unknown",
     "550 5.1.1 <x@e.org>... User unknown\n550 5.1.1 <x@e.org>... User unknown", "transcript",
     "rcpt", "mx.e.org"},
    /* qmail */
    {"@4000000065a1b2c3 delivery 12: failure: "
     "192.0.2.1_does_not_like_recipient./Remote_host_said:_550_5.1.1_<x@e.org>:_user_unknown/"
     "Giving_up_on_192.0.2.1./",
     "550 5.1.1 <x@e.org>: user unknown", "qmail", "rcpt", NULL},
    {"delivery 3: deferral: "
     "192.0.2.1_failed_after_I_sent_the_message./Remote_host_said:_451-4.7.1_try/451_4.7.1_later/",
     "451-4.7.1 try\n451 4.7.1 later", "qmail", "data", NULL},
    {"delivery 3: failure: Connected_to_192.0.2.1_but_sender_was_rejected./"
     "Remote_host_said:_553_see_http://e.org/a_b/Giving_up_on_192.0.2.1./",
     "553 see http://e.org/a b", "qmail", "mail", NULL},
    /* OpenSMTPD */
    {"smtpd[1]: 3f2a mta delivery evpid=9e from=<a@b.example> to=<x@e.org> rcpt=<-> "
     "source=\"192.0.2.9\" relay=\"192.0.2.1 (mx.e.org)\" delay=1s result=\"PermFail\" "
     "stat=\"550 5.1.1 <x@e.org>: Recipient address rejected\"",
     "550 5.1.1 <x@e.org>: Recipient address rejected", "opensmtpd", ANY, "mx.e.org"},
    {"smtpd[1]: 3f2a smtp failed-command command=\"RCPT TO:<x@e.org>\" result=\"550 Invalid "
     "recipient\"",
     "550 Invalid recipient", "opensmtpd", "rcpt", ""},
    {"mta delivery relay=\"192.0.2.1 (mx.e.org)\" result=\"TempFail\" stat=\"Network error on "
     "destination MXs\"",
     "Network error on destination MXs", "opensmtpd", ANY, "mx.e.org"},
    /* Exchange and its reports */
    {"Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient x@e.org doesn't "
     "exist'",
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient x@e.org doesn't exist", "exchange", ANY,
     ""},
    {"[{LED=450 4.7.0 Proxy session setup failed};{MSG=};{FQDN=mx.e.org};{IP=192.0.2.1};{LRT=}]",
     "450 4.7.0 Proxy session setup failed", "exchange", ANY, "mx.e.org"},
    {"mx1.e.org #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
     "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", "other", ANY, "mx1.e.org"},
    {"mx1.e.org #< #5.1.1 smtp; 550 5.1.1 user unknown> #SMTP#", "550 5.1.1 user unknown> #SMTP#",
     "dsn", ANY, "mx1.e.org"},
    /* delivery status notifications */
    {"Diagnostic-Code: smtp; 550-5.2.1 The user is receiving\n 550 5.2.1 mail at a rate",
     "550-5.2.1 The user is receiving\n 550 5.2.1 mail at a rate", "dsn", ANY, ""},
    /* PowerMTA */
    {"b,2026-11-24 10:00:01+0000,2026-11-24 10:00:00+0000,a@b.example,x@e.org,,failed,5.1.1 (bad "
     "destination mailbox address),\"smtp;550 5.1.1 <x@e.org>: \"\"x\"\" unknown\",mx.e.org "
     "(192.0.2.1),bad-mailbox",
     "550 5.1.1 <x@e.org>: \"x\" unknown", "powermta", ANY, "mx.e.org"},
    {"b,2026-11-24 10:00:01+0000,2026,a@b.example,x@e.org,,failed,5.0.0,smtp;550 no,mx.e.org "
     "(192.0.2.1)",
     "550 no", "powermta", ANY, "mx.e.org"},
    /* events */
    {"{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
     "\"bouncedRecipients\":[{\"emailAddress\":\"x@e.org\",\"status\":\"5.1.1\","
     "\"diagnosticCode\":\"smtp; 550 5.1.1 <x@e.org>... User unknown\"}],\"reportingMTA\":\"dsn; "
     "a8-1.smtp-out.amazonses.com\"}}",
     "550 5.1.1 <x@e.org>... User unknown", "json", ANY, ""},
    {"{\"email\":\"x@e.org\",\"event\":\"bounce\",\"reason\":\"550 5.1.1 user \\\"x\\\" unknown\","
     "\"status\":\"5.1.1\",\"type\":\"bounce\"}",
     "550 5.1.1 user \"x\" unknown", "json", ANY, ""},
    {"{\"event\":\"failed\",\"delivery-status\":{\"code\":550,\"message\":\"5.1.1 The email "
     "account "
     "does not exist\",\"mx-host\":\"aspmx.l.google.com\"}}",
     "550 5.1.1 The email account does not exist", "json", ANY, "aspmx.l.google.com"},
    {"{\"type\":\"TransientFailure\",\"response\":{\"code\":451,\"content\":\"later\",\"command\":"
     "\"RCPT TO:<x@e.org>\"},\"peer_address\":{\"name\":\"mx.e.org\"}}",
     "451 later", "json", "rcpt", "mx.e.org"},
    {"{\"raw_reason\":\"550 5.7.1 no\",\"reason\":\"550 5.7.1 hidden\",\"mx\":\"mx.e.org\"}",
     "550 5.7.1 no", "json", ANY, "mx.e.org"},
    {"postal: {\"event\":\"MessageDelayed\",\"payload\":{\"details\":\"Temporary SMTP delivery "
     "error\",\"output\":\"451 4.7.1 Please try again later\"}}",
     "451 4.7.1 Please try again later", "json", ANY, ""},
    /* others */
    {"An error occurred: the server said \"550 5.1.1 no such user\" and hung up",
     "550 5.1.1 no such user\" and hung up", "other", ANY, ""},
    {" <-  554 5.7.1 rejected", "554 5.7.1 rejected", "other", ANY, ""},
    /* no log: the reply itself, or words */
    {"550 5.1.1 no such user", "550 5.1.1 no such user", NULL, ANY, ""},
    {"421-4.7.28", "421-4.7.28", NULL, ANY, ""},
    {"550: user unknown", "550 user unknown", NULL, ANY, ""},
    {"mailbox is full", "mailbox is full", NULL, ANY, ""},
    {"5.1.1", "5.1.1", NULL, ANY, ""},
    {"", "", NULL, ANY, ""},
    /* numbers that are no codes */
    {"552@example.com waited for 500 seconds", "552@example.com waited for 500 seconds", NULL, ANY,
     ""},
    {"size: 535 KB at 10.5.7.8, id=550, 2026", "size: 535 KB at 10.5.7.8, id=550, 2026", NULL, ANY,
     ""},
    {"delay: 550 seconds", "delay: 550 seconds", NULL, ANY, ""},
};

/* Whether the host is one of those found; of "", whether there is none. */
static bool has_host(const struct mxp_log_reply *found, const char *wanted)
{
    struct mxp_slice host;
    size_t n = 0;
    for (size_t at = 0; mxp_log_reply_host(found, &at, &host); n++)
        if (mxp_slice_eq(host, mxp_slice_str(wanted)))
            return true;
    return n == 0 && !*wanted;
}

static void test_lines(void **state)
{
    (void)state;
    size_t n_bad = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *c = &lines[i];
        struct mxp_log_reply found;
        assert_int_equal(mxp_log_reply_find(mxp_slice_str(c->line), &found), 0);
        bool same = (!found.format && !c->format) ||
                    (found.format && c->format && strcmp(found.format, c->format) == 0);
        bool good = mxp_slice_eq(found.reply, mxp_slice_str(c->reply)) && same &&
                    strcmp(mxp_stage_name(found.stage), c->stage) == 0 &&
                    (!c->host || has_host(&found, c->host));
        if (!good) {
            print_error("%s\n  gives: %.*s\n  %s, %s\n", c->line, (int)found.reply.len,
                        found.reply.ptr, found.format ? found.format : "-",
                        mxp_stage_name(found.stage));
            n_bad++;
        }
        mxp_log_reply_free(&found);
    }
    assert_int_equal(n_bad, 0);
}

/* Every octet string is read without harm; the fuzz target has the rest. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (size_t len = 0; len <= strlen(lines[i].line); len++) {
            struct mxp_log_reply found;
            struct mxp_slice cut = {lines[i].line, len};
            assert_int_equal(mxp_log_reply_find(cut, &found), 0);
            assert_true(found.reply.len <= len + 32);
            (void)has_host(&found, "-");
            mxp_log_reply_free(&found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
