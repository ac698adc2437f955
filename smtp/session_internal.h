/*
 * Private to session.c and session_states.c: the session's memory, and what the two
 * need of each other. session.c takes events, counts replies against commands and
 * answers recipients; session_states.c says what each state sends and what a reply
 * does in it.
 */
#ifndef MXP_SMTP_SESSION_INTERNAL_H
#define MXP_SMTP_SESSION_INTERNAL_H

#include "smtp/ehlo.h"
#include "smtp/session.h"

/* Octets of RCPT commands in flight: what a peer's socket buffers take at any rate, so
 * that neither side can be stuck in writing (RFC 2920, 3.1). Sent again from half. */
#define MXP_SMTP_WINDOW 16384

#define MXP_SMTP_STATE_MAP(X)                                                                      \
    X(CONNECT)  /* not connected */                                                                \
    X(GREETING) /* waits for the 220 */                                                            \
    X(EHLO)                                                                                        \
    X(HELO)                                                                                        \
    X(STARTTLS)                                                                                    \
    X(TLS)   /* the driver shakes hands */                                                         \
    X(WORK)  /* nothing under way */                                                               \
    X(RSET)  /* a transaction's commands are sent as far as allowed; RSET's reply is next */       \
    X(MAIL)  /* MAIL's is next */                                                                  \
    X(RCPT)  /* that of the recipient batch.rcpts[next] is next */                                 \
    X(DRAIN) /* MAIL was refused; replies to pipelined RCPTs are dropped */                        \
    X(QUIT)                                                                                        \
    X(CLOSED)

enum mxp_smtp_state {
#define X(name) MXP_SMTP_STATE_##name,
    MXP_SMTP_STATE_MAP(X)
#undef X
        MXP_SMTP_STATE_COUNT
};

struct mxp_smtp_session {
    const struct mxp_smtp_policy *policy;
    mxp_smtp_answer_cb on_answer;
    void *arg;
    struct mxp_reply_reader reader;
    struct mxp_ehlo ehlo;
    struct mxp_smtp_batch batch; /* n_rcpts 0: none */
    uint64_t now_ms, deadline_ms;
    uint64_t heard_ms;   /* when the last reply was read */
    struct mxp_buf *out; /* within a step only */
    int error;           /* our own failure within a step */

    enum mxp_smtp_state state;
    uint16_t n_awaited;  /* commands sent (or the greeting), their replies not read */
    uint16_t next;       /* the first recipient without an answer */
    uint16_t sent;       /* recipients before it were sent, or need no RCPT */
    uint32_t window;     /* octets of RCPT commands in flight */
    uint32_t silence_ms; /* before each RCPT */
    bool no_tls, tls_up, starttls_refused;
    bool opened;    /* a MAIL was accepted since the last RSET */
    bool rset_sent; /* of this batch */
    bool mail_sent; /* of this batch */
    bool quit;
    bool to_send;       /* the state was entered and its command is not sent */
    bool early;         /* the reply under way began when nothing was awaited */
    bool one_at_a_time; /* no pipelining */
    bool listening;     /* the deadline is the end of a silence */
    bool goodbye;       /* the server said so */
    bool named;         /* the RCPT reply at hand quotes its recipient */
    uint8_t sync;       /* enum mxp_smtp_sync */

    /* How it ended. */
    enum mxp_smtp_cause cause;
    enum mxp_stage stage;
    struct mxp_reply reply;
    const char *detail;
};

/* One row per state. */
struct mxp_smtp_state_row {
    enum mxp_stage stage;
    enum mxp_smtp_want want;
    size_t timeout; /* offset of its time in struct mxp_smtp_policy; SIZE_MAX: none */
    /* Send what the state has to send; called at the end of a step. NULL: nothing. */
    void (*send)(struct mxp_smtp_session *s);
    /* A reply that was awaited; never a 421. NULL: none can come. */
    void (*on_reply)(struct mxp_smtp_session *s, const struct mxp_reply *reply);
};

const struct mxp_smtp_state_row *mxp_smtp_state_row(enum mxp_smtp_state state);

/* The only way from one state to another; sets the state's deadline. */
void mxp_smtp_session_enter(struct mxp_smtp_session *s, enum mxp_smtp_state state);

/* The deadline of the state's next reply, from now. */
void mxp_smtp_session_rearm(struct mxp_smtp_session *s);

/* ---- session_sync.c ---- */

/* The replies may not be whose they seemed to be; nothing takes it back. */
void mxp_smtp_session_doubt(struct mxp_smtp_session *s, enum mxp_smtp_sync sync);

/* It ends: without a goodbye, nothing tells that each reply was its command's. */
void mxp_smtp_session_doubt_end(struct mxp_smtp_session *s);

/* What was said to QUIT, or to a RSET that was refused. */
void mxp_smtp_session_take_goodbye(struct mxp_smtp_session *s, const struct mxp_reply *reply);

/* Whether a RCPT may be sent as far as silence goes; if not, the deadline is when it may. */
bool mxp_smtp_session_is_quiet(struct mxp_smtp_session *s);

/* The reply at hand, to RCPT, quotes another recipient of the batch and not its own. */
bool mxp_smtp_session_names_another(const struct mxp_smtp_session *s, const struct mxp_reply *reply,
                                    bool *ret_own);

/* ---- session.c ---- */

/* End here: all pending recipients get cause and reply (NULL: none), then CLOSE. */
void mxp_smtp_session_end(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                          const struct mxp_reply *reply, const char *detail);

/* The same, with a QUIT whose reply is not waited for. */
void mxp_smtp_session_end_quit(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                               const struct mxp_reply *reply, const char *detail);

/* Give the next recipient its answer. */
void mxp_smtp_session_answer(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                             const struct mxp_reply *reply, const char *detail);

/* Whether a close in this state is a failed handshake. TLS 1.3 is up for us before the server has
 * seen our side of it: a refusal (of our having no certificate, say) comes when EHLO is under
 * way. Some servers hang up at STARTTLS itself. */
bool mxp_smtp_session_closed_for_tls(const struct mxp_smtp_session *s);

/* Answer the recipients at the front that can't be asked for want of SMTPUTF8. */
void mxp_smtp_session_skip_eai(struct mxp_smtp_session *s);

/* Whether recipient i needs SMTPUTF8 (itself or the sender) and the server has none. */
bool mxp_smtp_session_is_eai(const struct mxp_smtp_session *s, uint16_t i);

/* Our own failure (an MXP_E*): voids the session. */
void mxp_smtp_session_fail(struct mxp_smtp_session *s, int error);

#endif
