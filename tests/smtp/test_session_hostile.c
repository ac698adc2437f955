/* Servers that lie, babble, drip and say too much. */
#include "script.h"

#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINES(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define UP_PIPELINING "S: 220 mx", "C: EHLO probe.test", "S: 250-mx", "S: 250 PIPELINING", "W: work"
#define UP_PLAIN      "S: 220 mx", "C: EHLO probe.test", "S: 250 mx", "W: work"
#define TWO                                                                                        \
    UP_PIPELINING, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",                     \
        "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>"
#define NO_REPLY    "(a line that is no reply)"
#define ODD_CODE    "(a reply code that the command cannot have)"
#define TOO_MANY    "(a reply to no command)"
#define OTHER_RCPT  "(a reply that names another recipient)"
#define OTHER_CODES "(the lines of a reply have different codes)"

static const struct script scripts[] = {
    {"greeting 250", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 250 mx", "W: close protocol greeting " ODD_CODE)},
    {"greeting 354", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 354 mx", "W: close protocol greeting " ODD_CODE)},
    {"greeting of another protocol", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: SSH-2.0-OpenSSH_9.2", "W: close protocol greeting " NO_REPLY)},
    {"greeting teaser, then a refusal", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220-mx", "S: 554 mx", "C: QUIT", "W: close reply greeting 220-mx|554 mx")},
    {"greeting teaser, then another code", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220-mx", "S: 250 mx", "W: close protocol greeting " OTHER_CODES)},
    {"a greeting that drips", MXP_SMTP_TLS_MAY, false, false,
     LINES("s: 220-a", "! wait 20000", "! deadline 40000", "s: b", "! wait 39999", "! deadline 1",
           "s: c", "! stale timeout", "W: read", "! timeout", "W: close timeout greeting")},
    {"an EHLO reply that drips", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 a", "C: EHLO probe.test", "! wait 10000", "S: 250-mx", "! wait 10000",
           "S: 250-b", "! deadline 10000", "! timeout", "W: close timeout ehlo")},
    {"replies that drip, each in time", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "! wait 29999", "S: 250 ok", "! deadline 30000", "! wait 29999", "S: 250 a",
           "A: 0 reply rcpt asked 250 a", "! deadline 30000", "s: 25", "! wait 29999",
           "! deadline 1", "! timeout", "A: 1 timeout rcpt asked", "W: close timeout rcpt")},
    {"an early EHLO reply", MXP_SMTP_TLS_MAY, false, true,
     LINES("S: 220 mx", "S: 250-mx", "S: 250 PIPELINING", "W: close protocol ehlo " TOO_MANY)},
    {"the start of an early reply", MXP_SMTP_TLS_MAY, false, true,
     LINES("S: 220 mx", "s: 25", "W: close protocol ehlo " TOO_MANY)},
    {"what may become a 421 holds the next command", MXP_SMTP_TLS_MAY, false, true,
     LINES("S: 220 mx", "s: 42", "W: read", "! deadline 30000", "S: 1 no",
           "W: close reply ehlo "
           "421 no")},
    {"and does not", MXP_SMTP_TLS_MAY, false, true,
     LINES("S: 220 mx", "s: 42", "W: read", "S: 0 no", "W: close protocol ehlo " TOO_MANY)},
    {"and never ends", MXP_SMTP_TLS_MAY, false, true,
     LINES("S: 220 mx", "s: 421 half", "W: read", "! timeout", "W: close timeout ehlo")},
    {"half a 421 while idle, then work", MXP_SMTP_TLS_MAY, false, true,
     LINES(UP_PLAIN, "s: 421 by", "W: work", "! give a@x.test b@x.test", "W: read",
           "! deadline 30000", "S: e", "A: 0 reply mail unasked 421 bye",
           "A: 1 reply mail unasked 421 bye", "W: close reply mail 421 bye")},
    {"half a 421 while idle, then QUIT, then silence", MXP_SMTP_TLS_MAY, false, true,
     LINES(UP_PLAIN, "s: 421 by", "! quit", "W: read", "! timeout", "W: close none quit")},
    {"a RCPT answered before it was sent", MXP_SMTP_TLS_MAY, false, true,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "S: 550 5.1.1 no such user", "A: 0 protocol rcpt unasked " TOO_MANY,
           "A: 1 protocol rcpt unasked " TOO_MANY, "W: close protocol rcpt " TOO_MANY)},
    {"a 421 before the RCPT was sent", MXP_SMTP_TLS_MAY, false, true,
     LINES(UP_PLAIN, "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "S: 421 bye", "A: 0 reply rcpt unasked 421 bye", "A: 1 reply rcpt unasked 421 bye",
           "W: close reply rcpt 421 bye")},
    {"unsolicited while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "S: 250 hello?", "W: close protocol mail " TOO_MANY)},
    {"unsolicited 450 while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "S: 450 hello?", "W: close protocol mail " TOO_MANY)},
    {"unsolicited 420 while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "S: 420 hello?", "W: close protocol mail " TOO_MANY)},
    {"unsolicited and no 421 by its third octet", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "s: 42", "W: work", "s: 0", "W: close protocol mail " TOO_MANY)},
    {"unsolicited 421 with a line of another code", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "S: 421-bye", "S: 250 ok", "W: close protocol mail " TOO_MANY)},
    {"half a 4yz while idle", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "s: 4x", "W: close protocol mail " TOO_MANY)},
    {"more replies than recipients", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 250 a", "S: 250 b", "S: 250 c", "A: 0 reply rcpt asked 250 a",
           "A: 1 reply rcpt asked 250 b", "W: close protocol mail " TOO_MANY)},
    {"more replies than a refused MAIL left", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 550 no", "S: 503 a", "S: 503 b", "S: 503 c", "A: 0 reply mail asked 550 no",
           "A: 1 reply mail asked 550 no", "W: close protocol mail " TOO_MANY)},
    {"a reply left out: the next one names another recipient", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 5.1.1 <B@x.test>: unknown",
           "A: 0 protocol rcpt asked " OTHER_RCPT, "A: 1 protocol rcpt asked " OTHER_RCPT,
           "W: close protocol rcpt " OTHER_RCPT)},
    {"a reply given twice, with names", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550 <a@x.test>: no", "S: 550-<a@x.test>:", "S: 550 no",
           "A: 0 reply rcpt named 550 <a@x.test>: no", "A: 1 protocol rcpt asked " OTHER_RCPT,
           "W: close protocol rcpt " OTHER_RCPT)},
    {"replies that name their own recipient, or nobody of the batch", MXP_SMTP_TLS_MAY, false,
     false,
     LINES(TWO, "S: 250 ok", "S: 550 <b@x.test> is not <A@X.test>",
           "S: 550 ask <postmaster@x.test> <> <b <",
           "A: 0 reply rcpt named 550 <b@x.test> is not "
           "<A@X.test>",
           "A: 1 reply rcpt asked 550 ask <postmaster@x.test> <> <b <", "W: work")},
    {"a 551 may name another", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 551 try <b@x.test>", "S: 251 to <a@x.test>",
           "A: 0 reply rcpt asked 551 try <b@x.test>", "A: 1 reply rcpt asked 251 to <a@x.test>",
           "W: work")},
    {"RCPT 354", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 354 go ahead", "A: 0 protocol rcpt asked " ODD_CODE,
           "A: 1 protocol rcpt asked " ODD_CODE, "W: close protocol rcpt " ODD_CODE)},
    {"RCPT 150", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 150 eh", "A: 0 protocol rcpt asked " NO_REPLY,
           "A: 1 protocol rcpt asked " NO_REPLY, "W: close protocol rcpt " NO_REPLY)},
    {"RCPT 300 behind a refused MAIL", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 550 no", "S: 354 go ahead", "A: 0 reply mail asked 550 no",
           "A: 1 reply mail asked 550 no", "W: close protocol rcpt " ODD_CODE)},
    {"RCPT 221: it says goodbye, not yes", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 221 closing", "A: 0 protocol rcpt asked " ODD_CODE,
           "A: 1 protocol rcpt asked " ODD_CODE, "W: close protocol rcpt " ODD_CODE)},
    {"a second greeting for the EHLO reply", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 220 mx", "W: close protocol ehlo " ODD_CODE)},
    {"MAIL 220", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 220 mx", "A: 0 protocol mail asked " ODD_CODE,
           "A: 1 protocol mail asked " ODD_CODE, "W: close protocol mail " ODD_CODE)},
    {"MAIL 354", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 354 ok", "A: 0 protocol mail asked " ODD_CODE,
           "A: 1 protocol mail asked " ODD_CODE, "W: close protocol mail " ODD_CODE)},
    {"EHLO 354", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 354 x", "W: close protocol ehlo " ODD_CODE)},
    {"HELO 354", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 500 x", "C: HELO probe.test", "S: 354 x",
           "W: close protocol ehlo " ODD_CODE)},
    {"RSET 354", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<b@x.test>",
           "S: 354 no", "A: 0 protocol mail asked " ODD_CODE, "W: close protocol mail " ODD_CODE)},
    {"RSET refused, pipelined: what comes behind counts for nothing", MXP_SMTP_TLS_MAY, false,
     false,
     LINES(UP_PIPELINING, "! give a@x.test", "C: MAIL FROM:<probe@me.test>",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<b@x.test>",
           "S: 500 no", "S: 503 nested", "S: 550 5.1.1 no",
           "A: 0 closed mail asked (the server refused RSET)", "C: QUIT",
           "W: close closed mail (the server refused RSET)")},
    {"RSET 421", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! give a@x.test", "C: MAIL FROM:<probe@me.test>", "S: 250 ok",
           "C: RCPT TO:<a@x.test>", "S: 250 ok", "A: 0 reply rcpt asked 250 ok", "! give b@x.test",
           "C: RSET", "S: 421 enough", "A: 0 reply mail unasked 421 enough",
           "W: close reply mail 421 enough")},
    {"lines of different codes", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 250-a", "S: 550 a", "A: 0 protocol rcpt asked " OTHER_CODES,
           "A: 1 protocol rcpt asked " OTHER_CODES, "W: close protocol rcpt " OTHER_CODES)},
    {"a line that is none between replies", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 250 a", "S: debug: rcpt b", "S: 550 b",
           "A: 0 reply rcpt asked 250 a", "A: 1 protocol rcpt asked " NO_REPLY,
           "W: close protocol rcpt " NO_REPLY)},
    {"an empty line", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: ", "A: 0 protocol rcpt asked " NO_REPLY,
           "A: 1 protocol rcpt asked " NO_REPLY, "W: close protocol rcpt " NO_REPLY)},
    {"closed in the middle of a line", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "s: 550 5.1.1 no such user", "! eof", "A: 0 closed rcpt asked",
           "A: 1 closed rcpt asked", "W: close closed rcpt")},
    {"closed in the middle of a reply", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "S: 550-5.1.1 no such user", "! eof", "A: 0 closed rcpt asked",
           "A: 1 closed rcpt asked", "W: close closed rcpt")},
    {"bare LF throughout", MXP_SMTP_TLS_MAY, false, false,
     LINES("s: 220 mx\n", "C: EHLO probe.test", "s: 250-mx\n250 PIPELINING\n",
           "! give a@x.test b@x.test", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<a@x.test>",
           "C: RCPT TO:<b@x.test>", "s: 250 ok\n250 a\n550-b\n550 b\n",
           "A: 0 reply rcpt asked 250 a", "A: 1 reply rcpt asked 550-b|550 b", "W: work")},
    {"babble behind the QUIT's reply", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "S: 221 bye", "S: 250 more", "W: close none quit")},
    {"babble for the QUIT's reply", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "S: bye bye", "W: close none quit")},
    {"421 for the QUIT's reply", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "S: 421 bye", "W: close none quit")},
    {"cancelled after QUIT", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP_PLAIN, "! quit", "C: QUIT", "! cancel", "W: close none quit")},
    {"closed after the batch was given", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "! eof", "A: 0 closed mail asked", "A: 1 closed mail asked",
           "W: close closed mail")},
    {"cancelled while pipelining", MXP_SMTP_TLS_MAY, false, false,
     LINES(TWO, "S: 250 ok", "! cancel", "A: 0 canceled rcpt asked", "A: 1 canceled rcpt asked",
           "C: QUIT", "W: close canceled rcpt")},
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        script_run_all(&scripts[i]);
}

struct count {
    unsigned n;
    enum mxp_smtp_cause last;
};

static void count_answer(void *arg, const struct mxp_smtp_answer *answer)
{
    struct count *count = arg;
    count->n++;
    count->last = answer->cause;
}

static const struct mxp_smtp_policy policy = {
    "probe.test", MXP_SMTP_TLS_MAY, 60000, 30000, 30000, 30000, 30000, 30000, 5000};

/* The same octets for ever, one at a time: the session must end, soon, in little memory. */
static void check_flood(struct mxp_slice octets, const char *detail)
{
    struct count count = {0, MXP_SMTP_CAUSE_NONE};
    struct mxp_smtp_session *s = mxp_smtp_session_new(&policy, false, count_answer, &count);
    struct mxp_smtp_step step;
    struct mxp_buf out;
    mxp_buf_init(&out, MXP_SMTP_OUT_CAP);
    assert_non_null(s);
    assert_int_equal(mxp_smtp_session_step(s, MXP_SMTP_CONNECTED, MXP_SLICE_NONE, 0, &out, &step),
                     0);
    size_t n = 0;
    for (; step.want == MXP_SMTP_WANT_READ && n < 2000000; n++) {
        struct mxp_slice one = mxp_slice_sub(octets, n % octets.len, 1);
        assert_int_equal(mxp_smtp_session_step(s, MXP_SMTP_BYTES, one, 0, &out, &step), 0);
        assert_true(mxp_smtp_session_memory(s) < 1024 + 2 * MXP_REPLY_TEXT_MAX);
    }
    assert_int_equal(step.want, MXP_SMTP_WANT_CLOSE);
    assert_int_equal(step.cause, MXP_SMTP_CAUSE_PROTOCOL);
    assert_string_equal(step.detail, detail);
    assert_int_equal(out.len, 0);
    assert_true(n <= (size_t)MXP_REPLY_LINES_MAX * (MXP_REPLY_LINE_MAX + 2));
    mxp_buf_free(&out);
    (void)mxp_smtp_session_free(s);
}

static void test_floods(void **state)
{
    (void)state;
    char line[2050];
    memset(line, 'x', sizeof line);
    memcpy(line, "220-", 4);
    line[2048] = '\r';
    line[2049] = '\n';
    check_flood((struct mxp_slice){line, sizeof line}, "a reply has too many lines");
    check_flood((struct mxp_slice){line, 2048}, "a reply line is too long");
    check_flood(MXP_SLICE_LIT("220-\r\n"), "a reply has too many lines");
    check_flood(MXP_SLICE_LIT("220-x\0y\r\n"), "a NUL in a reply");
    check_flood(MXP_SLICE_LIT("\0"), "a NUL in a reply");
    check_flood(MXP_SLICE_LIT("\r\n"), "a line that is no reply");
}

/* What no command line can carry is refused before anything is taken. */
static void test_bad_batches(void **state)
{
    (void)state;
    static const struct mxp_smtp_rcpt rcpts[] = {
        {"a@x.test", 8, false},   {"a\r\nb@x.test", 11, false}, {"a\0b@x.test", 10, false},
        {"", 0, false},           {"a@x.test> X", 11, false},   {"\xc3\xa9@x.test", 9, false},
        {"\x7f@x.test", 8, true},
    };
    struct count count = {0, MXP_SMTP_CAUSE_NONE};
    struct mxp_smtp_session *s = mxp_smtp_session_new(&policy, false, count_answer, &count);
    struct mxp_smtp_step step;
    struct mxp_buf out;
    mxp_buf_init(&out, MXP_SMTP_OUT_CAP);
    (void)mxp_smtp_session_step(s, MXP_SMTP_CONNECTED, MXP_SLICE_NONE, 0, &out, &step);
    (void)mxp_smtp_session_step(s, MXP_SMTP_BYTES, MXP_SLICE_LIT("220 x\n"), 0, &out, &step);
    (void)mxp_smtp_session_step(s, MXP_SMTP_BYTES,
                                MXP_SLICE_LIT("250-x\n250 LIMITS RCPTMAX=7 MAILMAX=3\n"), 0, &out,
                                &step);
    assert_int_equal(step.want, MXP_SMTP_WANT_WORK);
    assert_int_equal(mxp_smtp_session_rcpt_max(s), 7);
    assert_int_equal(mxp_smtp_session_mail_max(s), 3);
    assert_false(mxp_smtp_session_pipelining(s) || mxp_smtp_session_smtputf8(s));
    struct mxp_smtp_batch batch = {MXP_SLICE_NONE, false, rcpts, 0};
    assert_int_equal(mxp_smtp_session_give(s, &batch), MXP_EINVAL);
    for (size_t i = 1; i < sizeof rcpts / sizeof *rcpts; i++) {
        struct mxp_smtp_rcpt two[2] = {rcpts[0], rcpts[i]};
        batch = (struct mxp_smtp_batch){MXP_SLICE_NONE, false, two, 2};
        assert_int_equal(mxp_smtp_session_give(s, &batch), MXP_EINVAL);
    }
    batch = (struct mxp_smtp_batch){MXP_SLICE_LIT("a\nb"), false, rcpts, 1};
    assert_int_equal(mxp_smtp_session_give(s, &batch), MXP_EINVAL);
    /* Given, and the run ends before GO. */
    batch = (struct mxp_smtp_batch){MXP_SLICE_NONE, false, rcpts, 1};
    assert_int_equal(mxp_smtp_session_give(s, &batch), 0);
    (void)mxp_smtp_session_step(s, MXP_SMTP_EOF, MXP_SLICE_NONE, 0, &out, &step);
    assert_int_equal(count.n, 1);
    assert_int_equal(count.last, MXP_SMTP_CAUSE_CLOSED);
    /* A closed session takes no more events. */
    assert_int_equal(mxp_smtp_session_step(s, MXP_SMTP_GO, MXP_SLICE_NONE, 0, &out, &step), 0);
    assert_int_equal(step.want, MXP_SMTP_WANT_CLOSE);
    mxp_buf_free(&out);
    (void)mxp_smtp_session_free(s);
}

/* Events out of their place are a bug of the driver's: one session is lost, no more. */
static void test_misuse(void **state)
{
    (void)state;
    static const enum mxp_smtp_event events[] = {MXP_SMTP_CONNECTED, MXP_SMTP_TLS_UP, MXP_SMTP_GO};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        static const struct mxp_smtp_rcpt rcpt = {"a@x.test", 8, false};
        static const struct mxp_smtp_batch batch = {{"", 0}, false, &rcpt, 1};
        struct count count = {0, MXP_SMTP_CAUSE_NONE};
        struct mxp_smtp_session *s = mxp_smtp_session_new(&policy, false, count_answer, &count);
        struct mxp_smtp_step step;
        struct mxp_buf out;
        mxp_buf_init(&out, MXP_SMTP_OUT_CAP);
        (void)mxp_smtp_session_step(s, MXP_SMTP_CONNECTED, MXP_SLICE_NONE, 0, &out, &step);
        assert_int_equal(mxp_smtp_session_give(s, &batch), MXP_EBUG);
        (void)mxp_smtp_session_step(s, MXP_SMTP_BYTES, MXP_SLICE_LIT("220 x\n"), 0, &out, &step);
        (void)mxp_smtp_session_step(s, MXP_SMTP_BYTES, MXP_SLICE_LIT("250-x\n250 STARTTLS\n"), 0,
                                    &out, &step);
        (void)mxp_smtp_session_step(s, MXP_SMTP_BYTES, MXP_SLICE_LIT("454 x\n"), 0, &out, &step);
        assert_true(mxp_smtp_session_starttls_refused(s));
        assert_int_equal(mxp_smtp_session_give(s, &batch), 0);
        if (events[i] == MXP_SMTP_GO) /* once is right, twice is not */
            assert_int_equal(mxp_smtp_session_step(s, events[i], MXP_SLICE_NONE, 0, &out, &step),
                             0);
        assert_int_equal(mxp_smtp_session_step(s, events[i], MXP_SLICE_NONE, 0, &out, &step),
                         MXP_EBUG);
        assert_int_equal(step.want, MXP_SMTP_WANT_CLOSE);
        assert_int_equal(step.cause, MXP_SMTP_CAUSE_CANCELED);
        assert_int_equal(count.n, 1);
        mxp_buf_free(&out);
        (void)mxp_smtp_session_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_bad_batches),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
