/* STARTTLS, and addresses that need SMTPUTF8. */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OFFERED                                                                                    \
    "S: 220 mx", "C: EHLO probe.test", "S: 250-mx", "S: 250-PIPELINING", "S: 250-SMTPUTF8",        \
        "S: 250 STARTTLS"
#define UP  OFFERED, "C: STARTTLS", "W: read", "S: 220 go on", "W: tls", "! deadline 30000"
#define BYE "! quit", "C: QUIT", "S: 221 bye", "W: close none quit"

static const struct script tls_scripts[] = {
    {"EHLO again after TLS, what was offered before forgotten", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "S: 250 mx", "W: work", "! give a@x.test b@x.test",
           "C: MAIL FROM:<probe@me.test>", "S: 250 ok", "C: RCPT TO:<a@x.test>", "S: 250 ok",
           "A: 0 reply rcpt asked 250 ok", "C: RCPT TO:<b@x.test>", "S: 250 ok",
           "A: 1 reply rcpt asked 250 ok", BYE)},
    {"STARTTLS offered again inside TLS is not asked for", MXP_SMTP_TLS_ENCRYPT, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "S: 250-mx", "S: 250 STARTTLS", "W: work", BYE)},
    {"HELO inside TLS", MXP_SMTP_TLS_ENCRYPT, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "S: 502 no", "C: HELO probe.test", "S: 250 mx",
           "W: work", "! give a@x.test utf8:\xc3\xa9@x.test", "C: MAIL FROM:<probe@me.test>",
           "S: 250 ok", "C: RCPT TO:<a@x.test>", "S: 250 ok", "A: 0 reply rcpt asked 250 ok",
           "A: 1 eai rcpt unasked (the server does not offer SMTPUTF8)", "W: work", BYE)},
    {"refused in may: goes on in clear", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 454 4.7.0 not now", "W: work", "! give a@x.test b@x.test",
           "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>",
           "S: 250 ok", "S: 250 ok", "S: 550 no", "A: 0 reply rcpt asked 250 ok",
           "A: 1 reply rcpt asked 550 no", BYE)},
    {"refused in encrypt", MXP_SMTP_TLS_ENCRYPT, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 454 4.7.0 not now", "C: QUIT",
           "W: close tls starttls 454 4.7.0 not now")},
    {"421 to STARTTLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 421 bye", "W: close reply starttls 421 bye")},
    {"250 to STARTTLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 250 ok",
           "W: close protocol starttls (a reply code that the command cannot have)")},
    {"not offered in may", MXP_SMTP_TLS_MAY, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx", "W: work", BYE)},
    {"not offered in encrypt", MXP_SMTP_TLS_ENCRYPT, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx", "C: QUIT",
           "W: close tls ehlo (the server does not offer STARTTLS)")},
    {"only HELO in encrypt", MXP_SMTP_TLS_ENCRYPT, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 500 what", "C: HELO probe.test", "S: 250 mx",
           "C: QUIT", "W: close tls ehlo (the server does not offer STARTTLS)")},
    {"never", MXP_SMTP_TLS_NONE, false, false, LINES(OFFERED, "W: work", BYE)},
    {"not in this session", MXP_SMTP_TLS_MAY, true, false, LINES(OFFERED, "W: work", BYE)},
    {"no_tls does not weaken encrypt", MXP_SMTP_TLS_ENCRYPT, true, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "S: 250 mx", "W: work", BYE)},
    {"the handshake fails", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! tls down", "W: close tls tls (the TLS handshake failed)")},
    {"closed in the handshake", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! eof", "W: close tls tls (closed during the TLS handshake)")},
    {"closed at STARTTLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "! eof", "W: close tls starttls (closed because of TLS)")},
    {"closed within the reply to STARTTLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "s: 45", "! eof", "W: close closed starttls")},
    {"TLS 1.3: the server refuses our side of it", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "! eof",
           "W: close tls ehlo (closed because of TLS)")},
    {"closed within the first reply in TLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "s: 250-mx", "! eof", "W: close closed ehlo")},
    {"closed later in TLS", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! tls up", "C: EHLO probe.test", "S: 502 no", "C: HELO probe.test", "! eof",
           "W: close closed ehlo")},
    {"silence in the handshake", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! timeout", "W: close tls tls (the TLS handshake took too long)")},
    {"cancelled in the handshake", MXP_SMTP_TLS_MAY, false, false,
     LINES(UP, "! cancel", "W: close canceled tls")},
    {"clear text behind the 220", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 220 go on", "S: 250-mx", "S: 250 PIPELINING",
           "W: close protocol tls (clear text after STARTTLS)")},
    {"one octet behind the 220", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 220 go on", "s: x",
           "W: close protocol tls (clear text after STARTTLS)")},
    {"a 421 behind the 220", MXP_SMTP_TLS_MAY, false, false,
     LINES(OFFERED, "C: STARTTLS", "S: 220 go on", "S: 421 bye",
           "W: close protocol tls (clear text after STARTTLS)")},
    {"even a TLS record in the same read as the 220", MXP_SMTP_TLS_MAY, false, true,
     LINES(OFFERED, "C: STARTTLS", "S: 220 go on", "s: \x16\x03\x01",
           "W: close protocol tls (clear text after STARTTLS)")},
};

static const struct script eai_scripts[] = {
    {"not offered: the others are asked", MXP_SMTP_TLS_NONE, false, false,
     LINES(
         "S: 220 mx", "C: EHLO probe.test", "S: 250-mx", "S: 250 PIPELINING",
         "! give utf8:\xc3\xa9@x.test a@x.test utf8:\xc3\xa8@x.test b@x.test utf8:\xc3\xa7@x.test",
         "A: 0 eai mail unasked (the server does not offer SMTPUTF8)",
         "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<a@x.test>", "C: RCPT TO:<b@x.test>",
         "S: 250 ok", "S: 250 a", "S: 550 b", "A: 1 reply rcpt asked 250 a",
         "A: 2 eai rcpt unasked (the server does not offer SMTPUTF8)",
         "A: 3 reply rcpt asked 550 b",
         "A: 4 eai rcpt unasked (the server does not offer SMTPUTF8)", "W: work", BYE)},
    {"not offered, one command at a time", MXP_SMTP_TLS_NONE, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx",
           "! give a@x.test utf8:\xc3\xa8@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",
           "S: 250 ok", "C: RCPT TO:<a@x.test>", "S: 250 a", "A: 0 reply rcpt asked 250 a",
           "A: 1 eai rcpt unasked (the server does not offer SMTPUTF8)", "C: RCPT TO:<b@x.test>",
           "S: 421 b", "A: 2 reply rcpt asked 421 b", "W: close reply rcpt 421 b")},
    {"not offered, nobody else", MXP_SMTP_TLS_NONE, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx", "! give utf8:\xc3\xa8@x.test", "W: work",
           "A: 0 eai mail unasked (the server does not offer SMTPUTF8)", "! give b@x.test",
           "C: MAIL FROM:<probe@me.test>", "S: 451 ok", "A: 0 reply mail unasked 451 ok", BYE)},
    {"not offered, MAIL refused", MXP_SMTP_TLS_NONE, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx",
           "! give a@x.test utf8:\xc3\xa8@x.test b@x.test", "C: MAIL FROM:<probe@me.test>",
           "S: 550 no", "A: 0 reply mail unasked 550 no",
           "A: 1 eai mail unasked (the server does not offer SMTPUTF8)",
           "A: 2 reply mail unasked 550 no", BYE)},
    {"the sender needs it", MXP_SMTP_TLS_NONE, false, false,
     LINES("S: 220 mx", "C: EHLO probe.test", "S: 250 mx",
           "! give from:utf8:\xc3\xa9@me.test a@x.test utf8:\xc3\xa8@x.test",
           "A: 0 eai mail unasked (the sender's address needs SMTPUTF8)",
           "A: 1 eai mail unasked (the server does not offer SMTPUTF8)", "W: work", BYE)},
    {"offered and needed", MXP_SMTP_TLS_NONE, false, false,
     LINES(OFFERED, "! give a@x.test utf8:\xc3\xa9@x.test", "C: MAIL FROM:<probe@me.test> SMTPUTF8",
           "C: RCPT TO:<a@x.test>", "C: RCPT TO:<\xc3\xa9@x.test>", "S: 250 ok", "S: 250 a",
           "S: 250 b", "A: 0 reply rcpt asked 250 a", "A: 1 reply rcpt asked 250 b",
           "! give b@x.test", "C: RSET", "C: MAIL FROM:<probe@me.test>", "C: RCPT TO:<b@x.test>",
           "S: 250 ok", "S: 250 ok", "S: 250 b", "A: 0 reply rcpt asked 250 b", BYE)},
    {"offered, the null sender", MXP_SMTP_TLS_NONE, false, false,
     LINES(OFFERED, "! give from: a@x.test", "C: MAIL FROM:<>", "C: RCPT TO:<a@x.test>",
           "S: 250 ok", "S: 250 a", "A: 0 reply rcpt asked 250 a", BYE)},
};

static void test_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tls_scripts / sizeof *tls_scripts; i++)
        script_run_all(&tls_scripts[i]);
}

static void test_eai(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof eai_scripts / sizeof *eai_scripts; i++)
        script_run_all(&eai_scripts[i]);
}

static void test_tls_record(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c;
        assert_int_equal(mxp_smtp_tls_record_ok((struct mxp_slice){&byte, 1}), c >= 20 && c <= 23);
    }
    assert_true(mxp_smtp_tls_record_ok(MXP_SLICE_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_eai),
        cmocka_unit_test(test_tls_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
