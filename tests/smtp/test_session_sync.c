/* Servers that leave replies out or give them twice: what can still be believed. */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LINES(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define UP_PIPELINING "S: 220 mx", "C: EHLO probe.test", "S: 250-mx", "S: 250 PIPELINING", "W: work"
#define UP_PLAIN      "S: 220 mx", "C: EHLO probe.test", "S: 250 mx", "W: work"
#define TWO                                                                                        \
    UP_PIPELINING, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",                     \
        "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>"
#define ONE                                                                                        \
    UP_PLAIN, "! give a@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",                      \
        "C: RCPT TO:<a@x.test>"
#define TWO_PLAIN                                                                                  \
    UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",             \
        "C: RCPT TO:<a@x.test>"
#define QUIET_MAIL                                                                                 \
    "! one at a time 1000", UP_PIPELINING, "! give a@x.test b@x.test",                             \
        "C: MAIL FROM:<probe@me.test>"
#define QUIET    QUIET_MAIL, "S: 250 ok", "! deadline 1000", "! timeout", "C: RCPT TO:<a@x.test>"
#define TOO_MANY "(a reply to no command)"

static const struct script scripts[] = {
    {"all is well", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 no", "S: 250 yes", "A: 0 reply rcpt asked 550 no",
           "A: 1 reply rcpt asked 250 yes", "Y: ok", "! quit", "C: QUIT", "S: 221 bye",
           "W: close none quit", "Y: ok")},
    {"a reply given twice, in time to be seen", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 no", "S: 550 no", "S: 250 yes", "A: 0 reply rcpt asked 550 no",
           "A: 1 reply rcpt asked 550 no", "W: close protocol mail " TOO_MANY, "Y: broken")},
    {"and seen at the end", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 no", "S: 550 no", "A: 0 reply rcpt asked 550 no",
           "A: 1 reply rcpt asked 550 no", "Y: ok", "! quit", "C: QUIT", "S: 250 yes",
           "W: close none quit", "Y: broken")},
    {"without pipelining", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "W: work", "! quit", "C: QUIT",
           "S: 550 no", "W: close none quit", "Y: broken")},
    {"RSET is answered by what was the recipient's", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! give b@x.test", "C: RSET",
           "S: 550 no", "A: 0 closed mail unasked (the server refused RSET)", "C: QUIT",
           "W: close closed mail (the server refused RSET)", "Y: broken")},
    {"RSET is not known", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! give b@x.test", "C: RSET",
           "S: 502 what", "A: 0 closed mail unasked (the server refused RSET)", "C: QUIT",
           "W: close closed mail (the server refused RSET)", "Y: ok")},
    {"QUIT is not known", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "S: 500 what",
           "W: close none quit", "Y: ok")},
    {"QUIT is answered by 421", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "S: 421 bye",
           "W: close none quit", "Y: unsure")},
    {"QUIT is answered by what may be a recipient's", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "S: 501 what",
           "W: close none quit", "Y: unsure")},
    {"QUIT is answered by garbage", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "S: bye",
           "W: close none quit", "Y: unsure")},
    {"QUIT is answered by a close", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "! eof",
           "W: close none quit", "Y: unsure")},
    {"QUIT is answered by nothing", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! quit", "C: QUIT", "! timeout",
           "W: close none quit", "Y: unsure")},
    {"closed before anything was asked", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "! eof", "W: close closed ehlo", "Y: ok")},
    {"a close while idle: the last reply may have been one given twice", MXP_SMTP_TLS_MAY, false,
     false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! eof", "W: close closed mail",
           "Y: unsure")},
    {"a 421 while idle: it may be the last one's", MXP_SMTP_TLS_MAY, false, false,
     LINES(ONE, "S: 550 no", "A: 0 reply rcpt asked 550 no", "S: 421 enough",
           "W: close reply mail 421 enough", "Y: unsure")},
    {"given twice after the next command, then a 421", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO_PLAIN, "S: 550 no", "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>",
           "S: 550 no", "A: 1 reply rcpt asked 550 no", "W: work", "Y: ok", "! quit", "C: QUIT",
           "S: 421 too many errors", "W: close none quit", "Y: unsure")},
    {"and in mid-batch, then a 421, a close, silence, garbage", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO_PLAIN, "S: 550 no", "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>",
           "S: 421 too many errors", "A: 1 reply rcpt asked 421 too many errors",
           "W: close reply rcpt 421 too many errors", "Y: unsure")},
    {"a close", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO_PLAIN, "S: 550 no", "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>", "! eof",
           "A: 1 closed rcpt asked", "W: close closed rcpt", "Y: unsure")},
    {"silence", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO_PLAIN, "S: 550 no", "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>",
           "! timeout", "A: 1 timeout rcpt asked", "W: close timeout rcpt", "Y: unsure")},
    {"garbage", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO_PLAIN, "S: 550 no", "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>",
           "S: what?", "A: 1 protocol rcpt asked (a line that is no reply)",
           "W: close protocol rcpt (a line that is no reply)", "Y: unsure")},
    {"a silence before each recipient", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET, "! deadline 30000", "S: 550 no", "A: 0 reply rcpt asked 550 no", "W: read",
           "! deadline 1000", "! wait 999", "! stale timeout", "W: read", "! timeout",
           "C: RCPT TO:<b@x.test>", "S: 250 yes", "A: 1 reply rcpt asked 250 yes", "W: work",
           "! quit", "C: QUIT", "S: 221 bye", "W: close none quit", "Y: ok")},
    {"in which a surplus shows itself", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! wait 900", "S: 550 no",
           "A: 1 protocol rcpt unasked " TOO_MANY, "W: close protocol rcpt " TOO_MANY,
           "Y: broken")},
    {"of MAIL, too", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET_MAIL, "S: 250 ok", "! wait 10", "S: 250 ok",
           "A: 0 protocol rcpt unasked " TOO_MANY, "A: 1 protocol rcpt unasked " TOO_MANY,
           "W: close protocol rcpt " TOO_MANY, "Y: broken")},
    {"or a 421, which may come in pieces", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET, "S: 550 no", "A: 0 reply rcpt asked 550 no", "s: 42", "! timeout", "W: read",
           "! deadline 30000", "S: 1 enough", "A: 1 reply rcpt unasked 421 enough",
           "W: close reply rcpt 421 enough", "Y: unsure")},
    {"and stays unfinished", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET, "S: 550 no", "A: 0 reply rcpt asked 550 no", "s: 42", "! timeout", "W: read",
           "! timeout", "A: 1 timeout rcpt unasked", "W: close timeout rcpt", "Y: unsure")},
    {"or a close", MXP_SMTP_TLS_MAY, false, false,
     LINES(QUIET, "S: 550 no", "A: 0 reply rcpt asked 550 no", "! eof", "A: 1 closed rcpt unasked",
           "W: close closed rcpt", "Y: unsure")},
    {"asked for in mid-session", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 no", "S: 250 yes", "A: 0 reply rcpt asked 550 no",
           "A: 1 reply rcpt asked 250 yes", "W: work", "! one at a time 1000",
           "! give c@x.test d@x.test", "C: RSET", "S: 250 ok", "C: MAIL FROM:<probe@me.test>",
           "S: 250 ok", "! timeout", "C: RCPT TO:<c@x.test>", "S: 550 no",
           "A: 0 reply rcpt asked 550 no", "! timeout", "C: RCPT TO:<d@x.test>", "S: 250 yes",
           "A: 1 reply rcpt asked 250 yes", "W: work")},
    {"a reply left out, then silence", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 of b", "A: 0 reply rcpt asked 550 of b", "! timeout",
           "A: 1 timeout rcpt asked", "W: close timeout rcpt", "Y: unsure")},
    {"a reply left out, then a close", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 of b", "A: 0 reply rcpt asked 550 of b", "! eof",
           "A: 1 closed rcpt asked", "W: close closed rcpt", "Y: unsure")},
    {"a reply that quotes its recipient", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 <A@x.test>: no", "S: 551 <b@x.test>: try <a@x.test>",
           "A: 0 reply rcpt named 550 <A@x.test>: no",
           "A: 1 reply rcpt named 551 <b@x.test>: try <a@x.test>", "W: work", "! quit", "C: QUIT",
           "S: 221 bye", "W: close none quit", "Y: ok")},
    {"a goodbye for an answer", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 no", "S: 221 bye", "A: 0 reply rcpt asked 550 no",
           "A: 1 protocol rcpt asked (a reply code that the command cannot have)",
           "W: close protocol rcpt (a reply code that the command cannot have)", "Y: broken")},
    {"no pipelining, though offered", MXP_SMTP_TLS_MAY, false, false,
     LINES("! one at a time 0", UP_PIPELINING, "! give a@x.test b@x.test",
           "C: MAIL FROM:<probe@me.test>", "S: 250 ok", "C: RCPT TO:<a@x.test>", "S: 550 no",
           "A: 0 reply rcpt asked 550 no", "C: RCPT TO:<b@x.test>", "S: 250 yes",
           "A: 1 reply rcpt asked 250 yes", "W: work", "! quit", "C: QUIT", "S: 221 bye",
           "W: close none quit", "Y: ok")},
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        script_run_all(&scripts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scripts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
