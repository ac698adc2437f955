/* The session against well-behaved servers, and ones that refuse. */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Up to the point where work can be done, with PIPELINING and without. */
#define UP_PIPELINING                                                                              \
    "S: 220 mx.test ESMTP", "C: EHLO probe.test", "S: 250-mx.test", "S: 250-SIZE 1000",            \
        "S: 250 pipelining", "W: work"
#define UP_PLAIN "S: 220 mx.test ESMTP", "C: EHLO probe.test", "S: 250 mx.test", "W: work"
#define BYE      "! quit", "C: QUIT", "W: read", "! deadline 5000", "S: 221 bye", "W: close none quit"

static const struct script scripts[] = {
    {"one recipient", MXP_SMTP_TLS_MAY, false, false,
     LINES("W: read", "! deadline 60000", UP_PLAIN, "! give a@x.test",
           "C: MAIL FROM:<probe@me.test>", "! deadline 30000", "S: 250 ok", "C: RCPT TO:<a@x.test>",
           "S: 250 2.1.5 ok", "A: 0 reply rcpt asked 250 2.1.5 ok", "W: work", BYE)},
    {"no pipelining: one command at a time", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 550-5.1.1 no", "S: 550 5.1.1 such user",
           "A: 0 reply rcpt asked 550-5.1.1 no|550 5.1.1 such user", "C: RCPT TO:<b@x.test>",
           "S: 451 later", "A: 1 reply rcpt asked 451 later", "W: work", "! give c@x.test",
           "C: RSET", "S: 250 ok", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<c@x.test>", "S: 252 maybe", "A: 0 reply rcpt asked 252 maybe", BYE)},
    {"pipelining, two transactions", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test b@x.test c@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>", "C: RCPT TO:<c@x.test>", "S: 250 ok",
           "S: 250 a", "S: 550 b", "S: 452 4.5.3 c", "A: 0 reply rcpt asked 250 a",
           "A: 1 reply rcpt asked 550 b", "A: 2 reply rcpt asked 452 4.5.3 c", "W: work",
           "! give d@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<d@x.test>",
           "S: 250 flushed", "S: 250 ok", "S: 503 5.5.1 d", "A: 0 reply rcpt asked 503 5.5.1 d",
           "W: work", BYE)},
    {"all recipients refused: RSET all the same", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "S: 554 no", "A: 0 reply rcpt asked 554 no",
           "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<b@x.test>",
           "S: 250 ok", "S: 250 ok", "S: 554 no", "A: 0 reply rcpt asked 554 no", BYE)},
    {"pipelined MAIL refused answers all; no RSET", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>", "S: 550 5.7.1 go away",
           "A: 0 reply mail asked 550 5.7.1 go away", "A: 1 reply mail asked 550 5.7.1 go away",
           "W: read", "S: 503 need MAIL", "W: read", "S: 503 need MAIL", "W: work",
           "! give c@x.test", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<c@x.test>", "S: 250 ok",
           "S: 250 ok", "A: 0 reply rcpt asked 250 ok", BYE)},
    {"a recipient accepted behind a refused MAIL", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 451 later", "S: 250 ok", "A: 0 reply mail asked 451 later",
           "W: work", "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<b@x.test>", "S: 250 ok", "S: 250 ok", "S: 250 ok",
           "A: 0 reply rcpt asked 250 ok", BYE)},
    {"RSET, then a refused MAIL: nothing is open", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<b@x.test>",
           "S: 250 ok", "S: 450 no", "S: 503 no", "A: 0 reply mail asked 450 no", "W: work",
           "! give c@x.test", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<c@x.test>", "S: 250 ok",
           "S: 250 ok", "A: 0 reply rcpt asked 250 ok", BYE)},
    {"MAIL refused, no pipelining: recipients unasked", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 452 busy",
           "A: 0 reply mail unasked 452 busy", "A: 1 reply mail unasked 452 busy", "W: work",
           "! give a@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok", "C: RCPT TO:<a@x.test>",
           "S: 250 ok", "A: 0 reply rcpt asked 250 ok", BYE)},
    {"RSET refused, no pipelining", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "A: 0 reply rcpt asked 250 ok", "! give b@x.test",
           "C: RSET", "S: 502 what", "A: 0 closed mail unasked (the server refused RSET)",
           "C: QUIT", "W: close closed mail (the server refused RSET)")},
    {"a teaser greeting is unfinished", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220-mx.test teaser", "W: read", "! wait 6000", "! deadline 54000",
           "S: 220 mx.test ESMTP", "C: EHLO probe.test", "! deadline 30000", "S: 250 mx.test",
           "W: work", BYE)},
    {"greeting 554", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 554-no service", "S: 554 for you", "C: QUIT",
           "W: close reply greeting 554-no service|554 for you")},
    {"greeting 421", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 421 too busy", "W: close reply greeting 421 too busy")},
    {"greeting 450", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 450 4.3.2 wait", "C: QUIT", "W: close reply greeting 450 4.3.2 wait")},
    {"HELO after 502", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 502 what", "C: HELO probe.test", "S: 250 mx",
           "W: work", "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "C: RCPT TO:<b@x.test>", "S: 250 ok", "A: 1 reply rcpt asked 250 ok", BYE)},
    {"HELO after 550, refused", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 550 what", "C: HELO probe.test", "S: 550 no",
           "C: QUIT", "W: close reply ehlo 550 no")},
    {"no HELO after 554", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 554 no", "C: QUIT",
           "W: close reply ehlo 554 no")},
    {"no HELO after 451", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 451 no", "C: QUIT",
           "W: close reply ehlo 451 no")},
    {"EHLO 421", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 421 no", "W: close reply ehlo 421 no")},
    {"421 to a RCPT answers it and the rest", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test b@x.test c@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>", "C: RCPT TO:<c@x.test>", "S: 250 ok",
           "S: 250 a", "S: 421 4.7.0 slow down", "A: 0 reply rcpt asked 250 a",
           "A: 1 reply rcpt asked 421 4.7.0 slow down", "A: 2 reply rcpt asked 421 4.7.0 slow down",
           "W: close reply rcpt 421 4.7.0 slow down")},
    {"421 to a RCPT, the rest not asked", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 421 bye", "A: 0 reply rcpt asked 421 bye",
           "A: 1 reply rcpt unasked 421 bye", "W: close reply rcpt 421 bye")},
    {"421 behind an answer in one read: nothing more is sent", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "S: 550 no", "S: 421 bye",
           "A: 0 reply rcpt asked 550 no", "W: close reply mail 421 bye")},
    {"421 while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "S: 421 idle too long", "W: close reply mail 421 idle too long")},
    {"421 while a refused MAIL is drained", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 550 no", "S: 421 bye", "A: 0 reply mail asked 550 no",
           "W: close reply rcpt 421 bye")},
    {"closed in the middle of a batch", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>", "S: 250 ok", "S: 550 no",
           "s: 550 half a re", "! eof", "A: 0 reply rcpt asked 550 no", "A: 1 closed rcpt asked",
           "W: close closed rcpt")},
    {"silence in the middle of a batch", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "C: RCPT TO:<b@x.test>", "! timeout", "A: 1 timeout rcpt asked",
           "W: close timeout rcpt")},
    {"fewer replies than recipients", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>", "S: 250 ok", "S: 250 both",
           "A: 0 reply rcpt asked 250 both", "! wait 29999", "! deadline 1", "! timeout",
           "A: 1 timeout rcpt asked", "W: close timeout rcpt")},
    {"closed while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! eof", "W: close closed mail")},
    {"closed before the greeting", MXP_SMTP_TLS_MAY, false, false,
     LINES("! eof", "W: close closed greeting")},
    {"QUIT is not answered", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "! timeout", "W: close none quit")},
    {"QUIT is answered by a close", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "! eof", "W: close none quit")},
    {"cancelled in the middle of a batch", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "! cancel", "A: 0 canceled rcpt asked",
           "A: 1 canceled rcpt unasked", "W: close canceled rcpt")},
    {"cancelled while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! cancel", "C: QUIT", "W: close canceled mail")},
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        script_run_all(&scripts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
