#include "smtp/session_internal.h"

#include "core/err.h"
#include "smtp/command.h"

#include <stddef.h>

static const char why_code[] = "a reply code that the command cannot have";
static const char why_another[] = "a reply that names another recipient";

/* 250, 251 and 252 are all that RFC 5321, 4.3.2 allows. A 220 or 221 here is a greeting
 * or a goodbye out of its place, and must never pass for a yes. */
static bool is_good(const struct mxp_reply *reply)
{
    return reply->code / 10 == 25;
}

static bool is_refusal(const struct mxp_reply *reply)
{
    return reply->code >= 400;
}

static void on_odd_code(struct mxp_smtp_session *s)
{
    mxp_smtp_session_doubt(s, MXP_SMTP_SYNC_BROKEN);
    mxp_smtp_session_end(s, MXP_SMTP_CAUSE_PROTOCOL, NULL, why_code);
}

/* A command was added to out (rc 0), or could not be. */
static bool was_sent(struct mxp_smtp_session *s, int rc)
{
    if (rc) {
        mxp_smtp_session_fail(s, rc == MXP_ENOMEM ? rc : MXP_EBUG);
        return false;
    }
    s->n_awaited++;
    return true;
}

static void send_verb(struct mxp_smtp_session *s, enum mxp_verb verb, struct mxp_slice argument)
{
    s->to_send = false;
    (void)was_sent(s, mxp_command_add(s->out, verb, argument));
}

/* ---- up to the point where work can be done ---- */

static void on_greeting(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (reply->code == 220)
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_EHLO);
    else if (is_refusal(reply))
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
    else
        on_odd_code(s);
}

static void send_ehlo(struct mxp_smtp_session *s)
{
    s->ehlo = (struct mxp_ehlo){.size_max = 0};
    send_verb(s, MXP_VERB_EHLO, mxp_slice_str(s->policy->ehlo_name));
}

/* What was offered is known: on to STARTTLS or to work. */
static void offered(struct mxp_smtp_session *s)
{
    bool wanted = !s->tls_up && !s->no_tls && s->policy->tls != MXP_SMTP_TLS_NONE;
    if (wanted && s->ehlo.starttls)
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_STARTTLS);
    else if (wanted && s->policy->tls == MXP_SMTP_TLS_ENCRYPT)
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_TLS, NULL,
                                  "the server does not offer STARTTLS");
    else
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_WORK);
}

/* The codes that say "I don't know this command", and 550, which old proxies say. */
static bool says_no_ehlo(uint16_t code)
{
    return code == 500 || code == 501 || code == 502 || code == 504 || code == 550;
}

static void on_ehlo(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (is_good(reply)) {
        mxp_ehlo_parse(reply->text, &s->ehlo);
        s->ehlo.pipelining = s->ehlo.pipelining && !s->one_at_a_time;
        offered(s);
    } else if (says_no_ehlo(reply->code)) {
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_HELO);
    } else if (is_refusal(reply)) {
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
    } else {
        on_odd_code(s);
    }
}

static void send_helo(struct mxp_smtp_session *s)
{
    send_verb(s, MXP_VERB_HELO, mxp_slice_str(s->policy->ehlo_name));
}

static void on_helo(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (is_good(reply))
        offered(s);
    else if (is_refusal(reply))
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
    else
        on_odd_code(s);
}

static void send_starttls(struct mxp_smtp_session *s)
{
    send_verb(s, MXP_VERB_STARTTLS, MXP_SLICE_NONE);
}

static void on_starttls(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (reply->code == 220) {
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_TLS);
    } else if (!is_refusal(reply)) {
        on_odd_code(s);
    } else {
        s->starttls_refused = true;
        if (s->policy->tls == MXP_SMTP_TLS_ENCRYPT)
            mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_TLS, reply, "the server refused STARTTLS");
        else
            mxp_smtp_session_enter(s, MXP_SMTP_STATE_WORK);
    }
}

/* ---- a transaction ---- */

static bool may_send(const struct mxp_smtp_session *s)
{
    return s->ehlo.pipelining || s->n_awaited == 0;
}

static bool needs_smtputf8(const struct mxp_smtp_session *s)
{
    bool needed = s->batch.mail_from_utf8;
    for (uint16_t i = 0; i < s->batch.n_rcpts && !needed; i++)
        needed = s->batch.rcpts[i].utf8;
    return needed && s->ehlo.smtputf8;
}

static void send_rcpts(struct mxp_smtp_session *s)
{
    bool refill = s->window <= MXP_SMTP_WINDOW / 2;
    for (; refill && s->sent < s->batch.n_rcpts; s->sent++) {
        const struct mxp_smtp_rcpt *rcpt = &s->batch.rcpts[s->sent];
        if (mxp_smtp_session_is_eai(s, s->sent))
            continue;
        uint32_t len = (uint32_t)MXP_COMMAND_RCPT_EXTRA + rcpt->len;
        if (!may_send(s) || s->window + len > MXP_SMTP_WINDOW || !mxp_smtp_session_is_quiet(s))
            break;
        struct mxp_slice path = {rcpt->address, rcpt->len};
        if (!was_sent(s, mxp_command_rcpt(s->out, path)))
            return;
        s->window += len;
    }
}

/* As much of RSET, MAIL and the RCPTs as may be in flight now. */
static void send_transaction(struct mxp_smtp_session *s)
{
    if (s->opened && !s->rset_sent && !s->mail_sent) {
        s->rset_sent = true;
        if (!was_sent(s, mxp_command_add(s->out, MXP_VERB_RSET, MXP_SLICE_NONE)))
            return;
    }
    if (!s->mail_sent && may_send(s)) {
        s->mail_sent = true;
        if (!was_sent(s, mxp_command_mail(s->out, s->batch.mail_from, needs_smtputf8(s))))
            return;
    }
    if (s->mail_sent)
        send_rcpts(s);
}

/* A server without a working RSET is good for one transaction. What was asked behind it
 * is answered as lost, for another session to ask. */
static void on_rset(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (is_good(reply)) {
        s->opened = false;
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_MAIL);
    } else if (is_refusal(reply)) {
        mxp_smtp_session_take_goodbye(s, reply); /* for such it is, or a recipient's, given twice */
        mxp_smtp_session_end_quit(s, MXP_SMTP_CAUSE_CLOSED, NULL, "the server refused RSET");
    } else {
        on_odd_code(s);
    }
}

static void on_mail(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (is_good(reply)) {
        s->opened = true;
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_RCPT);
    } else if (is_refusal(reply)) {
        while (s->batch.n_rcpts) {
            mxp_smtp_session_skip_eai(s);
            if (s->batch.n_rcpts)
                mxp_smtp_session_answer(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
        }
        mxp_smtp_session_enter(s, s->n_awaited ? MXP_SMTP_STATE_DRAIN : MXP_SMTP_STATE_WORK);
    } else {
        on_odd_code(s);
    }
}

static void on_rcpt(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (!is_good(reply) && !is_refusal(reply)) {
        on_odd_code(s);
        return;
    }
    bool named;
    if (mxp_smtp_session_names_another(s, reply, &named)) {
        mxp_smtp_session_doubt(s, MXP_SMTP_SYNC_BROKEN);
        mxp_smtp_session_end(s, MXP_SMTP_CAUSE_PROTOCOL, NULL, why_another);
        return;
    }
    s->window -= (uint32_t)MXP_COMMAND_RCPT_EXTRA + s->batch.rcpts[s->next].len;
    s->named = named;
    mxp_smtp_session_answer(s, MXP_SMTP_CAUSE_REPLY, reply, NULL);
    s->named = false;
    mxp_smtp_session_skip_eai(s);
    if (!s->batch.n_rcpts)
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_WORK);
}

/* A recipient accepted behind a refused MAIL: there is a transaction after all. */
static void on_drain(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    if (is_good(reply))
        s->opened = true;
    else if (!is_refusal(reply)) {
        on_odd_code(s);
        return;
    }
    if (s->n_awaited == 0)
        mxp_smtp_session_enter(s, MXP_SMTP_STATE_WORK);
}

static void send_quit(struct mxp_smtp_session *s)
{
    send_verb(s, MXP_VERB_QUIT, MXP_SLICE_NONE);
}

#define AFTER(field) offsetof(struct mxp_smtp_policy, field)
#define NEVER        SIZE_MAX

const struct mxp_smtp_state_row *mxp_smtp_state_row(enum mxp_smtp_state state)
{
    static const struct mxp_smtp_state_row table[MXP_SMTP_STATE_COUNT] = {
        [MXP_SMTP_STATE_CONNECT] = {MXP_STAGE_CONNECT, MXP_SMTP_WANT_READ, NEVER, NULL, NULL},
        [MXP_SMTP_STATE_GREETING] = {MXP_STAGE_GREETING, MXP_SMTP_WANT_READ, AFTER(greeting_ms),
                                     NULL, on_greeting},
        [MXP_SMTP_STATE_EHLO] = {MXP_STAGE_EHLO, MXP_SMTP_WANT_READ, AFTER(ehlo_ms), send_ehlo,
                                 on_ehlo},
        [MXP_SMTP_STATE_HELO] = {MXP_STAGE_EHLO, MXP_SMTP_WANT_READ, AFTER(ehlo_ms), send_helo,
                                 on_helo},
        [MXP_SMTP_STATE_STARTTLS] = {MXP_STAGE_STARTTLS, MXP_SMTP_WANT_READ, AFTER(starttls_ms),
                                     send_starttls, on_starttls},
        [MXP_SMTP_STATE_TLS] = {MXP_STAGE_TLS, MXP_SMTP_WANT_TLS, AFTER(tls_ms), NULL, NULL},
        [MXP_SMTP_STATE_WORK] = {MXP_STAGE_MAIL, MXP_SMTP_WANT_WORK, NEVER, NULL, NULL},
        [MXP_SMTP_STATE_RSET] = {MXP_STAGE_MAIL, MXP_SMTP_WANT_READ, AFTER(mail_ms),
                                 send_transaction, on_rset},
        [MXP_SMTP_STATE_MAIL] = {MXP_STAGE_MAIL, MXP_SMTP_WANT_READ, AFTER(mail_ms),
                                 send_transaction, on_mail},
        [MXP_SMTP_STATE_RCPT] = {MXP_STAGE_RCPT, MXP_SMTP_WANT_READ, AFTER(rcpt_ms),
                                 send_transaction, on_rcpt},
        [MXP_SMTP_STATE_DRAIN] = {MXP_STAGE_RCPT, MXP_SMTP_WANT_READ, AFTER(rcpt_ms), NULL,
                                  on_drain},
        [MXP_SMTP_STATE_QUIT] = {MXP_STAGE_QUIT, MXP_SMTP_WANT_READ, AFTER(quit_ms), send_quit,
                                 NULL},
        [MXP_SMTP_STATE_CLOSED] = {MXP_STAGE_UNKNOWN, MXP_SMTP_WANT_CLOSE, NEVER, NULL, NULL},
    };
    return &table[state];
}
