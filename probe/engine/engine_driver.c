#include "probe/engine/engine_doubt.h"
#include "probe/engine/engine_internal.h"

#include <stdio.h>

static void tell_line(const struct mxp_sess *sess, char dir, struct mxp_slice bytes)
{
    const struct mxp_engine_config *config = &sess->engine->config;
    if (config->on_line)
        config->on_line(config->arg, sess->number, dir, bytes);
}

static void tell_words(const struct mxp_sess *sess, const char *what, const char *words)
{
    if (!sess->engine->config.on_line)
        return;
    struct mxp_place place;
    char ip[MXP_IP_TEXT_MAX], line[512];
    mxp_sess_place(sess, &place);
    int n = snprintf(line, sizeof line, "%s %s [%s]%s%s", what, place.mx,
                     place.ip.family ? mxp_ip_text(&place.ip, ip) : "?", *words ? ": " : "", words);
    if (n > 0)
        tell_line(sess, '*', mxp_slice_str(line));
}

static enum mxp_lease_end lease_end(enum mxp_smtp_cause cause)
{
    if (cause == MXP_SMTP_CAUSE_CLOSED)
        return MXP_LEASE_DROPPED;
    if (cause == MXP_SMTP_CAUSE_TIMEOUT)
        return MXP_LEASE_TIMEOUT;
    if (cause == MXP_SMTP_CAUSE_CANCELED)
        return MXP_LEASE_CANCELED;
    return MXP_LEASE_QUIT;
}

/* Closed before it was ever ready: what does that say of this server? */
static void refused(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    struct mxp_place place;
    struct mxp_evidence evidence;
    mxp_sess_place(sess, &place);
    if (step->cause == MXP_SMTP_CAUSE_CANCELED) {
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        return;
    }
    bool handshake = step->cause == MXP_SMTP_CAUSE_TLS;
    if (handshake && sess->engine->options->tls == MXP_SMTP_TLS_MAY) {
        mxp_walk_in_clear(sess);
        return;
    }
    if (step->cause == MXP_SMTP_CAUSE_REPLY) {
        mxp_outcome_reply(sess, step->stage, &step->reply, &evidence);
        mxp_walk_refused(sess, &evidence);
    } else {
        const char *detail = handshake && sess->conn && step->stage == MXP_STAGE_TLS
                                 ? mxp_conn_error(sess->conn)
                                 : step->detail;
        mxp_evidence_cause(&evidence, &place, step->stage, step->cause, detail);
    }
    struct mxp_evidence *kept = mxp_evidence_keep(&evidence); /* it points into the session */
    if (!kept) {
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        return;
    }
    mxp_walk_failed(sess, kept, lease_end(step->cause));
    mxp_evidence_free(kept);
}

static void closed(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    tell_words(sess, "closed", step->cause ? mxp_smtp_cause_name(step->cause) : "");
    mxp_batch_free(sess->batch);
    sess->batch = NULL;
    mxp_doubt_settle(sess, step);
    if (!sess->was_ready) {
        refused(sess, step);
        return;
    }
    bool busy = sess->state == MXP_SESS_BUSY;
    if (step->cause == MXP_SMTP_CAUSE_REPLY && !busy) {
        struct mxp_evidence evidence;
        mxp_outcome_reply(sess, step->stage, &step->reply, &evidence);
        mxp_outcome_refusal(sess, &evidence);
    }
    bool idle_close = step->cause == MXP_SMTP_CAUSE_CLOSED && !busy;
    mxp_sess_end(sess, idle_close ? MXP_LEASE_QUIT : lease_end(step->cause));
}

static void act(struct mxp_sess *sess, const struct mxp_smtp_step *step);

static void step_with(struct mxp_sess *sess, enum mxp_smtp_event event, struct mxp_slice bytes)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_buf *out = &engine->out;
    struct mxp_smtp_step step = {0};
    uint64_t now = mxp_engine_now(engine);
    mxp_buf_clear(out);
    int err = mxp_smtp_session_step(sess->smtp, event, bytes, now, out, &step);
    if (out->len) {
        tell_line(sess, '>', mxp_buf_slice(out));
        sess->sent_ms = now;
        if (mxp_conn_send(sess->conn, mxp_buf_slice(out)))
            mxp_engine_fail(engine, MXP_ENOMEM, NULL);
    }
    if (err) {
        mxp_engine_fail(engine, err, NULL);
        step.want = MXP_SMTP_WANT_CLOSE;
        step.cause = MXP_SMTP_CAUSE_CANCELED;
    }
    act(sess, &step);
}

static void start_tls(struct mxp_sess *sess)
{
    int err = mxp_conn_start_tls(sess->conn, sess->lane->hops[sess->hop].host->name);
    if (err == MXP_ENOMEM)
        mxp_engine_fail(sess->engine, err, NULL);
    if (err)
        step_with(sess, err == MXP_ENOMEM ? MXP_SMTP_CANCEL : MXP_SMTP_TLS_DOWN, MXP_SLICE_NONE);
}

static void act(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    switch (step->want) {
    case MXP_SMTP_WANT_READ:
        mxp_conn_deadline(sess->conn, step->deadline_ms);
        break;
    case MXP_SMTP_WANT_TLS:
        mxp_conn_deadline(sess->conn, step->deadline_ms);
        start_tls(sess);
        break;
    case MXP_SMTP_WANT_WORK:
        mxp_conn_deadline(sess->conn, UINT64_MAX);
        mxp_batch_free(sess->batch);
        sess->batch = NULL;
        if (!sess->was_ready)
            mxp_sess_ready(sess);
        mxp_batch_next(sess);
        break;
    case MXP_SMTP_WANT_CLOSE:
        closed(sess, step);
        break;
    }
}

static void connected(struct mxp_sess *sess)
{
    const struct mxp_engine *engine = sess->engine;
    bool no_tls =
        sess->lane->hops[sess->hop].host->no_tls && engine->options->tls == MXP_SMTP_TLS_MAY;
    tell_words(sess, "connected to", "");
    mxp_network_success(sess);
    sess->state = MXP_SESS_OPENING;
    sess->smtp = mxp_smtp_session_new(&engine->policies[sess->lane->identity], no_tls,
                                      mxp_outcome_answer, sess);
    if (!sess->smtp) {
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        return;
    }
    sess->care = MXP_CARE_NONE; /* another host's, perhaps */
    (void)mxp_doubt_take_care(sess);
    step_with(sess, MXP_SMTP_CONNECTED, MXP_SLICE_NONE);
}

static void connect_failed(struct mxp_sess *sess, bool timeout)
{
    struct mxp_place place;
    struct mxp_evidence evidence;
    mxp_sess_place(sess, &place);
    tell_words(sess, "no connection to", mxp_conn_error(sess->conn));
    mxp_evidence_event(&evidence, &place, MXP_STAGE_CONNECT, MXP_VERDICT_UNKNOWN,
                       timeout ? MXP_REASON_TIMEOUT : MXP_REASON_CONNECT_FAILED,
                       mxp_conn_error(sess->conn));
    struct mxp_evidence *kept = mxp_evidence_keep(&evidence); /* its words go with conn */
    if (!kept) {
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        return;
    }
    mxp_walk_failed(sess, kept, timeout ? MXP_LEASE_CONNECT_TIMEOUT : MXP_LEASE_CONNECT_REFUSED);
    mxp_evidence_free(kept);
}

static void on_conn(void *arg, enum mxp_conn_event event, struct mxp_slice bytes)
{
    struct mxp_sess *sess = arg;
    bool connecting = sess->state == MXP_SESS_CONNECT;
    switch (event) {
    case MXP_CONN_CONNECTED:
        connected(sess);
        break;
    case MXP_CONN_REFUSED:
    case MXP_CONN_LOCAL_ERROR:
        connect_failed(sess, false);
        break;
    case MXP_CONN_BYTES:
        tell_line(sess, '<', bytes);
        mxp_sess_unidle(sess);
        step_with(sess, MXP_SMTP_BYTES, bytes);
        break;
    case MXP_CONN_TLS_UP:
        tell_words(sess, mxp_conn_tls_version(sess->conn), mxp_conn_tls_verify(sess->conn));
        step_with(sess, MXP_SMTP_TLS_UP, MXP_SLICE_NONE);
        break;
    case MXP_CONN_TLS_FAILED:
        tell_words(sess, "TLS failed", mxp_conn_error(sess->conn));
        if (mxp_conn_tls_plaintext(sess->conn))
            step_with(sess, MXP_SMTP_BYTES, MXP_SLICE_LIT("?"));
        else
            step_with(sess, MXP_SMTP_TLS_DOWN, MXP_SLICE_NONE);
        break;
    case MXP_CONN_EOF:
        mxp_sess_unidle(sess);
        step_with(sess, MXP_SMTP_EOF, MXP_SLICE_NONE);
        break;
    case MXP_CONN_TIMEOUT:
        if (connecting)
            connect_failed(sess, true);
        else
            step_with(sess, MXP_SMTP_TIMEOUT, MXP_SLICE_NONE);
        break;
    }
}

int mxp_driver_connect(struct mxp_sess *sess, const struct mxp_ip *ip)
{
    struct mxp_engine *engine = sess->engine;
    const struct mxp_options *options = engine->options;
    struct mxp_conn_options conn = {
        .ip = *ip,
        .port = options->port,
        .source = options->identities[sess->lane->identity].source,
        .deadline_ms = mxp_engine_now(engine) + options->connect_ms,
        .tls = engine->tls,
    };
    sess->state = MXP_SESS_CONNECT;
    return mxp_conn_open(engine->loop, &conn, on_conn, sess, &sess->conn);
}

void mxp_driver_go(struct mxp_sess *sess)
{
    mxp_sess_unidle(sess);
    step_with(sess, MXP_SMTP_GO, MXP_SLICE_NONE);
}

void mxp_driver_cancel(struct mxp_sess *sess)
{
    if (sess->smtp)
        step_with(sess, MXP_SMTP_CANCEL, MXP_SLICE_NONE);
    else
        mxp_sess_end(sess, MXP_LEASE_CANCELED);
}
