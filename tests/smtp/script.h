/*
 * SMTP dialogues as tests. A script is a list of lines:
 *   "S: text"   the server sends text CRLF          "s: text"  the same without CRLF
 *   "C: text"   the client must have sent this line next
 *   "W: want .." what the last step must have wanted: "W: read", "W: tls", "W: work", or
 *               "W: close CAUSE STAGE TEXT", TEXT being the reply (LF shown as |) or (detail)
 *   "A: INDEX CAUSE STAGE asked|named|unasked TEXT"  the next answer; named: it quotes its own
 *   "Y: ok|unsure|broken"  whether the replies were those of their commands, so far
 *   "! give ADDR.." a batch and GO ("utf8:" before an address, "from:" for the sender)
 *   "! quit", "! tls up", "! tls down", "! eof", "! timeout", "! cancel"
 *   "! one at a time MS"  no pipelining, and so long a silence before each RCPT
 *   "! stale timeout"  a TIMEOUT at once, whatever the deadline
 *   "! wait MS"  time passes      "! deadline MS" the deadline is this far away
 * CONNECTED comes by itself at the start. What the server sends between two other lines
 * is cut in every way that the variant says. At the end nothing may be left over, no
 * line may be over 512 octets or a DATA, and each recipient has exactly one answer.
 */
#ifndef MXP_TESTS_SMTP_SCRIPT_H
#define MXP_TESTS_SMTP_SCRIPT_H

#include "smtp/session.h"

struct script {
    const char *name;
    enum mxp_smtp_tls tls;
    bool no_tls;
    bool whole;               /* cutting would change what the server does: run it only uncut */
    const char *const *lines; /* NULL-terminated */
};

#define SCRIPT_POLICY_MS   30000 /* all times of the scripts' policy but the greeting's */
#define SCRIPT_GREETING_MS 60000

/* Run it whole, octet by octet, and cut at each single place; fails the test. */
void script_run_all(const struct script *script);

/* What was sent is whole lines, none too long, none forbidden; returns why not, or NULL. */
const char *script_bad_output(struct mxp_slice out);

#endif
