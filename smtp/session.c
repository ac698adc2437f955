#include "smtp/session_internal.h"

#include "core/err.h"
#include "core/require.h"
#include "smtp/command.h"

#include <stdlib.h>
#include <string.h>

/*
 * IMPLEMENTATION NOTES. A step first reads all of its input, then sends. So within a
 * step nothing that is sent can be answered by what was read, and n_awaited, the
 * replies owed to commands of earlier steps, is all there is to count: a reply that
 * begins when it is zero is early or unsolicited. Of those only a 421 may live
 * (RFC 5321, 3.8); while one might be under way nothing is sent.
 */

static const struct mxp_reply no_reply = {0, {0, 0, 0}, {"", 0}};
static const char why_unsolicited[] = "a reply to no command";
static const char why_cleartext[] = "clear text after STARTTLS";

bool mxp_smtp_tls_record_ok(struct mxp_slice first_bytes)
{
    return first_bytes.len == 0 || (first_bytes.ptr[0] >= 20 && first_bytes.ptr[0] <= 23);
}

struct mxp_smtp_session *mxp_smtp_session_new(const struct mxp_smtp_policy *policy, bool no_tls,
                                              mxp_smtp_answer_cb on_answer, void *arg)
{
    struct mxp_smtp_session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->policy = policy;
    s->no_tls = no_tls && policy->tls == MXP_SMTP_TLS_MAY;
    s->on_answer = on_answer;
    s->arg = arg;
    s->state = MXP_SMTP_STATE_CONNECT;
    s->deadline_ms = UINT64_MAX;
    mxp_reply_reader_init(&s->reader);
    return s;
}

struct mxp_smtp_session *mxp_smtp_session_free(struct mxp_smtp_session *session)
{
    if (session)
        mxp_reply_reader_free(&session->reader);
    free(session);
    return NULL;
}

void mxp_smtp_session_rearm(struct mxp_smtp_session *s)
{
    size_t offset = mxp_smtp_state_row(s->state)->timeout;
    s->deadline_ms = UINT64_MAX;
    if (offset == SIZE_MAX)
        return;
    uint32_t ms;
    memcpy(&ms, (const char *)s->policy + offset, sizeof ms);
    if (s->now_ms < UINT64_MAX - ms)
        s->deadline_ms = s->now_ms + ms;
}

void mxp_smtp_session_enter(struct mxp_smtp_session *s, enum mxp_smtp_state state)
{
    s->state = state;
    s->to_send = mxp_smtp_state_row(state)->send != NULL;
    mxp_smtp_session_rearm(s);
}

bool mxp_smtp_session_is_eai(const struct mxp_smtp_session *s, uint16_t i)
{
    return !s->ehlo.smtputf8 && (s->batch.mail_from_utf8 || s->batch.rcpts[i].utf8);
}

void mxp_smtp_session_answer(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                             const struct mxp_reply *reply, const char *detail)
{
    uint16_t rcpt = s->next++;
    bool asked = rcpt < s->sent && !mxp_smtp_session_is_eai(s, rcpt);
    struct mxp_smtp_answer answer = {
        .rcpt = rcpt,
        .cause = cause,
        .stage = mxp_smtp_state_row(s->state)->stage,
        .asked = asked,
        .named = s->named,
        .sync = (enum mxp_smtp_sync)s->sync,
        .reply = reply ? *reply : no_reply,
        .detail = detail,
    };
    s->on_answer(s->arg, &answer);
    if (s->next == s->batch.n_rcpts)
        s->batch.n_rcpts = s->next = 0;
}

void mxp_smtp_session_skip_eai(struct mxp_smtp_session *s)
{
    while (s->batch.n_rcpts && mxp_smtp_session_is_eai(s, s->next))
        mxp_smtp_session_answer(s, MXP_SMTP_CAUSE_EAI, NULL,
                                s->batch.mail_from_utf8 && !s->batch.rcpts[s->next].utf8
                                    ? "the sender's address needs SMTPUTF8"
                                    : "the server does not offer SMTPUTF8");
}

void mxp_smtp_session_end(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                          const struct mxp_reply *reply, const char *detail)
{
    mxp_smtp_session_doubt_end(s);
    while (s->batch.n_rcpts)
        mxp_smtp_session_answer(s, cause, reply, detail);
    s->cause = cause;
    s->stage = mxp_smtp_state_row(s->state)->stage;
    s->reply = reply ? *reply : no_reply;
    s->detail = detail;
    mxp_smtp_session_enter(s, MXP_SMTP_STATE_CLOSED);
}

void mxp_smtp_session_end_quit(struct mxp_smtp_session *s, enum mxp_smtp_cause cause,
                               const struct mxp_reply *reply, const char *detail)
{
    mxp_smtp_session_end(s, cause, reply, detail);
    /* A courtesy: without memory for it, the close alone has to do. */
    (void)mxp_command_add(s->out, MXP_VERB_QUIT, MXP_SLICE_NONE);
}

void mxp_smtp_session_fail(struct mxp_smtp_session *s, int error)
{
    s->error = error;
    mxp_smtp_session_end(s, MXP_SMTP_CAUSE_CANCELED, NULL, mxp_err_text(error));
}

static void void_session(struct mxp_smtp_session *s, const char *why)
{
    /* In QUIT all is said already: what comes after it changes nothing. */
    if (s->state == MXP_SMTP_STATE_QUIT)
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_NONE, NULL, NULL);
    else
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_PROTOCOL, NULL, why);
}

/* A reply that answers nothing. The ones before it may each have been the next command's. */
static void void_surplus(struct mxp_smtp_session *s)
{
    mxp_smtp_session_doubt(s, MXP_SMTP_SYNC_BROKEN);
    void_session(s, why_unsolicited);
}

/* In QUIT, which any reply ends. */
static void on_goodbye(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    mxp_smtp_session_take_goodbye(s, reply);
    mxp_smtp_session_end(s, MXP_SMTP_CAUSE_NONE, NULL, NULL);
}

/* One whole reply. */
static void on_reply(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (s->state == MXP_SMTP_STATE_QUIT) {
        on_goodbye(s, reply);
    } else if (reply->code == 421) {
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
    } else if (s->early) {
        void_surplus(s);
    } else {
        s->n_awaited--;
        s->heard_ms = s->now_ms;
        mxp_smtp_session_rearm(s);
        mxp_smtp_state_row(s->state)->on_reply(s, reply);
    }
}

/* Whether the reply under way, going on with bytes, may be a 421 as far as its code is seen. */
static bool may_be_421(const struct mxp_reply_reader *reader, struct mxp_slice bytes)
{
    struct mxp_slice rest = MXP_SLICE_LIT("421");
    if (reader->n_lines > 0)
        return true; /* its first line is one; the reader sees to the others */
    rest = mxp_slice_sub(rest, reader->line_len, rest.len);
    size_t len = bytes.len < rest.len ? bytes.len : rest.len;
    return memcmp(bytes.ptr, rest.ptr, len) == 0;
}

static void on_bytes(struct mxp_smtp_session *s, struct mxp_slice bytes)
{
    while (bytes.len && s->state != MXP_SMTP_STATE_CLOSED) {
        if (s->state == MXP_SMTP_STATE_TLS) {
            mxp_smtp_session_end(s, MXP_SMTP_CAUSE_PROTOCOL, NULL, why_cleartext);
            return;
        }
        if (mxp_reply_reader_idle(&s->reader))
            s->early = s->n_awaited == 0;
        if (s->early && !may_be_421(&s->reader, bytes)) {
            void_surplus(s);
            return;
        }
        struct mxp_reply reply;
        const char *why;
        switch (mxp_reply_read(&s->reader, &bytes, &reply, &why)) {
        case MXP_REPLY_DONE:
            on_reply(s, &reply);
            break;
        case MXP_REPLY_BAD:
            void_session(s, s->early ? why_unsolicited : why);
            break;
        case MXP_REPLY_NO_MEMORY:
            mxp_smtp_session_fail(s, MXP_ENOMEM);
            break;
        case MXP_REPLY_MORE:
            break;
        }
    }
}

static void on_eof(struct mxp_smtp_session *s)
{
    if (mxp_smtp_session_closed_for_tls(s)) {
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_TLS, NULL, "closed because of TLS");
        return;
    }
    switch (s->state) {
    case MXP_SMTP_STATE_QUIT:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_NONE, NULL, NULL);
        break;
    case MXP_SMTP_STATE_TLS:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_TLS, NULL, "closed during the TLS handshake");
        break;
    default:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_CLOSED, NULL, NULL);
        break;
    }
}

static void on_timeout(struct mxp_smtp_session *s)
{
    if (s->now_ms < s->deadline_ms && s->state != MXP_SMTP_STATE_CONNECT)
        return; /* of a deadline that has moved since */
    if (s->listening) {
        s->listening = false;
        mxp_smtp_session_rearm(s);
        return;
    }
    switch (s->state) {
    case MXP_SMTP_STATE_QUIT:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_NONE, NULL, NULL);
        break;
    case MXP_SMTP_STATE_TLS:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_TLS, NULL, "the TLS handshake took too long");
        break;
    default:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_TIMEOUT, NULL, NULL);
        break;
    }
}

/* A QUIT among commands in flight is allowed only where pipelining is. */
static void on_cancel(struct mxp_smtp_session *s)
{
    bool polite =
        s->state == MXP_SMTP_STATE_WORK ||
        (s->ehlo.pipelining && s->state > MXP_SMTP_STATE_WORK && s->state < MXP_SMTP_STATE_QUIT);
    if (s->state == MXP_SMTP_STATE_QUIT)
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_NONE, NULL, NULL);
    else if (polite)
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_CANCELED, NULL, NULL);
    else
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_CANCELED, NULL, NULL);
}

static void on_go(struct mxp_smtp_session *s)
{
    if (mxp_fails(s->state == MXP_SMTP_STATE_WORK && (s->batch.n_rcpts || s->quit))) {
        mxp_smtp_session_fail(s, MXP_EBUG);
        return;
    }
    if (!s->batch.n_rcpts) {
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_QUIT);
        return;
    }
    mxp_smtp_session_skip_eai(s);
    if (s->batch.n_rcpts)
        mxp_smtp_session_enter(s, s->opened ? MXP_SMTP_STATE_RSET : MXP_SMTP_STATE_MAIL);
}

/* An event that only one state may see. */
static void move(struct mxp_smtp_session *s, enum mxp_smtp_state from, enum mxp_smtp_state to)
{
    if (mxp_fails(s->state == from)) {
        mxp_smtp_session_fail(s, MXP_EBUG);
        return;
    }
    mxp_smtp_session_enter(s, to);
}

static void take_event(struct mxp_smtp_session *s, enum mxp_smtp_event event,
                       struct mxp_slice bytes)
{
    switch (event) {
    case MXP_SMTP_CONNECTED:
        move(s, MXP_SMTP_STATE_CONNECT, MXP_SMTP_STATE_GREETING);
        s->n_awaited = 1;
        break;
    case MXP_SMTP_BYTES:
        on_bytes(s, bytes);
        break;
    case MXP_SMTP_TLS_UP:
        s->tls_up = true;
        move(s, MXP_SMTP_STATE_TLS, MXP_SMTP_STATE_EHLO);
        break;
    case MXP_SMTP_TLS_DOWN:
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_TLS, NULL, "the TLS handshake failed");
        break;
    case MXP_SMTP_EOF:
        on_eof(s);
        break;
    case MXP_SMTP_TIMEOUT:
        on_timeout(s);
        break;
    case MXP_SMTP_GO:
        on_go(s);
        break;
    case MXP_SMTP_CANCEL:
        on_cancel(s);
        break;
    }
}

/* Send what the state is due to send, unless a 421 may be coming in. */
static void send_due(struct mxp_smtp_session *s)
{
    bool hold = s->early && !mxp_reply_reader_idle(&s->reader);
    const struct mxp_smtp_state_row *row = mxp_smtp_state_row(s->state);
    if (!s->to_send || hold || !row->send)
        return;
    row->send(s);
}

int mxp_smtp_session_step(struct mxp_smtp_session *session, enum mxp_smtp_event event,
                          struct mxp_slice bytes, uint64_t now_ms, struct mxp_buf *out,
                          struct mxp_smtp_step *ret)
{
    struct mxp_smtp_session *s = session;
    s->now_ms = now_ms;
    s->out = out;
    s->error = MXP_OK;
    if (s->state == MXP_SMTP_STATE_CLOSED)
        s->reply.text = no_reply.text; /* lived until this call */
    else
        take_event(s, event, bytes);
    send_due(s);
    if (s->state != MXP_SMTP_STATE_CLOSED && mxp_reply_reader_idle(&s->reader))
        mxp_reply_reader_free(&s->reader);
    s->out = NULL;
    *ret = (struct mxp_smtp_step){
        .want = mxp_smtp_state_row(s->state)->want,
        .deadline_ms = s->deadline_ms,
        .cause = s->cause,
        .stage = s->stage,
        .sync = (enum mxp_smtp_sync)s->sync,
        .reply = s->reply,
        .detail = s->detail,
    };
    return s->error;
}

static bool can_carry(struct mxp_slice path, bool utf8)
{
    for (size_t i = 0; i < path.len && !utf8; i++)
        if ((unsigned char)path.ptr[i] >= 0x80)
            return false;
    return mxp_command_path_ok(path);
}

int mxp_smtp_session_give(struct mxp_smtp_session *session, const struct mxp_smtp_batch *batch)
{
    if (mxp_fails(session->state == MXP_SMTP_STATE_WORK && !session->batch.n_rcpts))
        return MXP_EBUG;
    if (batch->n_rcpts == 0 || !can_carry(batch->mail_from, batch->mail_from_utf8))
        return MXP_EINVAL;
    for (uint16_t i = 0; i < batch->n_rcpts; i++) {
        struct mxp_slice path = {batch->rcpts[i].address, batch->rcpts[i].len};
        if (path.len == 0 || !can_carry(path, batch->rcpts[i].utf8))
            return MXP_EINVAL;
    }
    session->batch = *batch;
    session->next = session->sent = 0;
    session->window = 0;
    session->rset_sent = session->mail_sent = false;
    return MXP_OK;
}

void mxp_smtp_session_quit(struct mxp_smtp_session *session)
{
    session->quit = true;
}
