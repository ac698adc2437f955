/*
 * The SMTP client without I/O: events and bytes in; bytes, wants and answers out;
 * time is an argument. No socket, TLS, clock, log or global inside; the same input
 * gives the same output however the server's bytes are cut between two of our
 * commands (RFC 5321; 2920 pipelining; 3207 STARTTLS; 6531 SMTPUTF8).
 *
 * Life: init -> step(CONNECTED) -> .. -> want WORK -> give(batch) or quit -> step()
 * -> answers through the callback -> want WORK again -> .. -> want CLOSE -> free.
 * Recipients are bound to a session only when it is ready for MAIL, so a host that
 * refuses to greet us costs no recipient anything; how it ended is in the step's
 * result then.
 *
 * DATA, BDAT, VRFY and EXPN do not exist here.
 *
 * Rules that must hold (docs/design.md, 3): a reply answers only a command of an
 * earlier step, all else but a 421 voids the session (protocol_error; never repeated
 * in clear); nothing may follow the STARTTLS 220 in the same input, and the first
 * byte after it must be a TLS record type (20..23); EHLO is repeated and its flags
 * dropped after TLS; HELO only after EHLO got 500, 501, 502, 504 or 550; a 421, a
 * close or a timeout ends all pending recipients with the same cause, and each
 * recipient gets exactly one answer; where MAIL is refused its reply answers the
 * whole batch and pipelined RCPT replies are dropped.
 */
#ifndef MXP_SMTP_SESSION_H
#define MXP_SMTP_SESSION_H

#include "core/buf.h"
#include "core/verdict.h"
#include "smtp/reply.h"

#define MXP_SMTP_OUT_CAP 65536 /* a sane cap for the out buffer given to step() */

enum mxp_smtp_tls { MXP_SMTP_TLS_MAY, MXP_SMTP_TLS_ENCRYPT, MXP_SMTP_TLS_NONE };

/* Shared by many sessions, const while they live. Times in ms, each for one reply,
 * absolute (bytes that trickle in do not extend them; RFC 5321, 4.5.3.2). */
struct mxp_smtp_policy {
    const char *ehlo_name; /* a domain or address literal, checked by the caller */
    enum mxp_smtp_tls tls;
    uint32_t greeting_ms, ehlo_ms, starttls_ms, tls_ms, mail_ms, rcpt_ms, quit_ms;
};

enum mxp_smtp_event {
    MXP_SMTP_CONNECTED,
    MXP_SMTP_BYTES,
    MXP_SMTP_TLS_UP,
    MXP_SMTP_TLS_DOWN, /* the handshake failed */
    MXP_SMTP_EOF,      /* orderly close or reset */
    MXP_SMTP_TIMEOUT,  /* the deadline passed */
    MXP_SMTP_GO,       /* a batch was given, or quit asked for */
    MXP_SMTP_CANCEL    /* the run ends: answer all pending as cancelled, close */
};

enum mxp_smtp_want {
    MXP_SMTP_WANT_READ, /* bytes, EOF or the deadline */
    MXP_SMTP_WANT_TLS,  /* send out first, then start the handshake */
    MXP_SMTP_WANT_WORK, /* nothing under way: give a batch, or ask to quit, then GO. Until then
                           bytes and EOF may still arrive (a 421, an idle close) */
    MXP_SMTP_WANT_CLOSE /* send out, then close; the session takes no more events */
};

enum mxp_smtp_cause {
    MXP_SMTP_CAUSE_NONE,   /* orderly: QUIT was sent */
    MXP_SMTP_CAUSE_REPLY,  /* the server's reply decided (a refused greeting, EHLO, 421 ..) */
    MXP_SMTP_CAUSE_CLOSED, /* connection_lost */
    MXP_SMTP_CAUSE_TIMEOUT,
    MXP_SMTP_CAUSE_TLS,      /* tls_failed: handshake failed, or refused under ENCRYPT */
    MXP_SMTP_CAUSE_PROTOCOL, /* protocol_error: detail says what */
    MXP_SMTP_CAUSE_EAI,      /* this recipient needs SMTPUTF8 and the server has none; not asked */
    MXP_SMTP_CAUSE_CANCELED
};

struct mxp_smtp_rcpt {
    const char *address; /* wire form without angle brackets, at most 254 octets, no controls */
    uint16_t len;
    bool utf8; /* SMTPUTF8 is needed */
};

/* One transaction. Borrowed by the session until its last answer. */
struct mxp_smtp_batch {
    struct mxp_slice mail_from; /* "" is the null sender */
    bool mail_from_utf8;
    const struct mxp_smtp_rcpt *rcpts;
    uint16_t n_rcpts; /* at least 1 */
};

/* Whether the replies of a session were those of the commands that they were taken for.
 * Replies carry no number; one left out or given twice shifts all that follow, and in a session
 * that breaks off nothing needs to show it: what it breaks off with may be the last recipient's. */
enum mxp_smtp_sync {
    MXP_SMTP_SYNC_OK,     /* it lives, or said its goodbye in its place */
    MXP_SMTP_SYNC_UNSURE, /* it ended otherwise: 421, a close, silence, garbage */
    MXP_SMTP_SYNC_BROKEN  /* a reply too many was seen, or one that does not fit: any answer of
                             the session may have been another command's */
};

struct mxp_smtp_answer {
    uint16_t rcpt; /* index in the batch */
    enum mxp_smtp_cause cause;
    enum mxp_stage
        stage;  /* of the command that the answer is to (MAIL or RCPT), or where it ended */
    bool asked; /* this recipient's own RCPT was sent */
    bool named; /* the reply quotes <this recipient>, so it is its own beyond doubt */
    enum mxp_smtp_sync sync; /* of the session, as it ends; OK while it lives */
    struct mxp_reply reply;  /* code 0 where no server replied; text until the callback returns */
    const char *detail;      /* static words, or NULL */
};

/* Called from inside step(), once per recipient of a batch, in the batch's order.
 * Must not call back into the session. */
typedef void (*mxp_smtp_answer_cb)(void *arg, const struct mxp_smtp_answer *answer);

struct mxp_smtp_step {
    enum mxp_smtp_want want;
    uint64_t deadline_ms; /* absolute, on the caller's clock; UINT64_MAX: none */
    /* With CLOSE: how it ended. An answer of cause CLOSED may stand beside a QUIT: a server
     * that refuses RSET loses the next batch, to be asked in another session. A greeting or EHLO
     * refusal, an EOF before any work, a failed handshake: all there is to know is here. */
    enum mxp_smtp_cause cause;
    enum mxp_stage stage;
    enum mxp_smtp_sync sync;
    struct mxp_reply reply; /* text until the next call */
    const char *detail;
};

struct mxp_smtp_session; /* opaque; one allocation */

/* no_tls: never STARTTLS in this session (it failed here before, policy MAY only).
 * NULL when memory is out. policy must outlive the session. */
struct mxp_smtp_session *mxp_smtp_session_new(const struct mxp_smtp_policy *policy, bool no_tls,
                                              mxp_smtp_answer_cb on_answer, void *arg);
struct mxp_smtp_session *mxp_smtp_session_free(struct mxp_smtp_session *session); /* NULL */

/* One command at a time from now on, whatever is offered, and before each RCPT nothing may have
 * been heard for silence_ms: a reply given twice shows itself as one too many, if it comes
 * within that time, and the answers before it are their recipients' own. Before the greeting is
 * read, or while the session wants work. */
void mxp_smtp_session_one_at_a_time(struct mxp_smtp_session *session, uint32_t silence_ms);

/* Take an event; bytes only with MXP_SMTP_BYTES (replies given in answers and in *ret may
 * point into them). A TIMEOUT before the deadline is passed over. Bytes to send are appended to out
 * (on CLOSE too). 0, or MXP_ENOMEM / MXP_EBUG: then treat as CLOSE with CANCELED,
 * all recipients answered. */
int mxp_smtp_session_step(struct mxp_smtp_session *session, enum mxp_smtp_event event,
                          struct mxp_slice bytes, uint64_t now_ms, struct mxp_buf *out,
                          struct mxp_smtp_step *ret);

/* Only after WANT_WORK, followed by step(GO). MXP_EINVAL: the batch is empty or holds an
 * address that no command line can carry (too long, control bytes, blanks or angle brackets
 * outside quotes, octets over 127 without its utf8 flag); nothing was taken. */
int mxp_smtp_session_give(struct mxp_smtp_session *session, const struct mxp_smtp_batch *batch);
void mxp_smtp_session_quit(struct mxp_smtp_session *session);

/* What was learned of the server; valid once WANT_WORK was seen. */
bool mxp_smtp_session_pipelining(const struct mxp_smtp_session *session);
bool mxp_smtp_session_smtputf8(const struct mxp_smtp_session *session);
bool mxp_smtp_session_starttls_refused(const struct mxp_smtp_session *session);

/* The server's LIMITS (RFC 9422), which are hints: recipients per transaction and
 * transactions per session; 0: not told. */
uint32_t mxp_smtp_session_rcpt_max(const struct mxp_smtp_session *session);
uint32_t mxp_smtp_session_mail_max(const struct mxp_smtp_session *session);

/* Whether the first bytes behind the STARTTLS 220 can be TLS: their first one is a record
 * type, 20 to 23 (true for none). The driver asks this of what it would feed to TLS first;
 * where the answer is no it gives those bytes to the session, for which BYTES while it
 * wants TLS are a protocol_error. */
bool mxp_smtp_tls_record_ok(struct mxp_slice first_bytes);

/* Octets held by the session just now, for the memory report. */
size_t mxp_smtp_session_memory(const struct mxp_smtp_session *session);

/* A name for transcripts and logs; static. */
const char *mxp_smtp_cause_name(enum mxp_smtp_cause cause);

#endif
