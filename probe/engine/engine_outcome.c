#include "probe/engine/engine_doubt.h"
#include "probe/engine/engine_internal.h"

#include <stdio.h>

void mxp_outcome_item(struct mxp_engine *engine, uint32_t id, const struct mxp_evidence *evidence,
                      enum mxp_tri catch_all, uint16_t attempts, uint64_t started_ms)
{
    struct mxp_result result;
    mxp_evidence_result(evidence, &result);
    uint64_t now = mxp_engine_now(engine);
    uint64_t took = now - started_ms;
    result.catch_all = catch_all;
    result.attempts = attempts;
    result.duration_ms = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    result.checked_at = mxp_loop_unix_s(engine->loop);
    if (catch_all == MXP_TRI_YES) {
        result.verdict = MXP_VERDICT_UNKNOWN;
        result.reason = MXP_REASON_CATCH_ALL;
        result.action = mxp_reason_action(MXP_REASON_CATCH_ALL);
    }
    engine->stats.n_done++;
    struct mxp_why why = {0};
    struct mxp_sink *sink = engine->config.sink;
    int err = engine->sink_failed ? 0 : sink->result(sink, id, &result, &why);
    if (err) {
        engine->sink_failed = true;
        mxp_engine_fail(engine, err, &why);
    }
    mxp_engine_poke(engine);
}

void mxp_outcome_result(struct mxp_task *task, const struct mxp_evidence *evidence,
                        enum mxp_tri catch_all)
{
    struct mxp_engine *engine = task->engine;
    uint64_t started = task->started_ms ? task->started_ms : mxp_engine_now(engine);
    mxp_outcome_item(engine, task->id, evidence, catch_all, task->attempts, started);
    mxp_task_free(task);
}

void mxp_outcome_reply(struct mxp_sess *sess, enum mxp_stage stage, const struct mxp_reply *reply,
                       struct mxp_evidence *ret)
{
    struct mxp_place place;
    struct mxp_classified what;
    mxp_sess_place(sess, &place);
    mxp_classify(sess->engine->config.rules, stage, sess->lane->carrier->rules_id, reply, &what);
    mxp_evidence_reply(ret, &place, stage, reply, &what);
}

static enum mxp_fb_limit limit_of(const struct mxp_classified *what)
{
    switch (what->limit) {
    case MXP_LIMIT_CONNECTIONS:
        return MXP_FB_CONNECTIONS;
    case MXP_LIMIT_MESSAGES:
        return MXP_FB_SESSION;
    case MXP_LIMIT_RATE:
        return MXP_FB_RATE;
    case MXP_LIMIT_RECIPIENTS:
    case MXP_LIMIT_NONE:
        break;
    }
    return MXP_FB_ANY;
}

static void tell_closed(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    struct mxp_carrier *carrier = sess->lane->carrier;
    struct mxp_engine *engine = sess->engine;
    bool footprint = evidence->what.footprint;
    mxp_trouble_note(&carrier->trouble, evidence, mxp_engine_now(engine));
    mxp_engine_tell(engine, footprint ? MXP_ENGINE_FOOTPRINT : MXP_ENGINE_BREAKER, "%s %s: %.*s",
                    carrier->name,
                    footprint ? "takes us for a harvester, and is left alone"
                              : "refuses us (not the addresses), and is left alone",
                    (int)evidence->text.len, evidence->text.ptr);
}

/* What the limiter is told of an answer. */
static enum mxp_feedback kind_of(const struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    const struct mxp_classified *what = &evidence->what;
    if (what->footprint)
        return MXP_FB_FOOTPRINT;
    if (what->blocks_us)
        return MXP_FB_BLOCKED;
    if (what->reason == MXP_REASON_TOO_MANY_RECIPIENTS && sess->batch && sess->batch->n_ok)
        return MXP_FB_TOO_MANY_RCPTS;
    if (what->throttle || what->reason == MXP_REASON_TOO_MANY_RECIPIENTS)
        return MXP_FB_THROTTLED;
    if (what->reason == MXP_REASON_MAILBOX_NOT_FOUND)
        return MXP_FB_UNKNOWN_USER;
    return MXP_FB_OK;
}

static void feed_back(struct mxp_sess *sess, enum mxp_feedback kind,
                      const struct mxp_evidence *evidence)
{
    struct mxp_engine *engine = sess->engine;
    uint64_t now = mxp_engine_now(engine);
    struct mxp_feedback_info info = {
        .limit = limit_of(&evidence->what),
        .retry_after_ms = evidence->what.retry_after_s * UINT64_C(1000),
        .n_ok = sess->batch ? sess->batch->n_ok : 0,
        .latency_ms = sess->sent_ms ? (uint32_t)(now - sess->sent_ms) : 0,
    };
    if (evidence->what.reason == MXP_REASON_TOO_MANY_RECIPIENTS)
        info.limit = sess->progress ? MXP_FB_SESSION : MXP_FB_RATE;
    engine->site_closed = false;
    mxp_lease_feedback(sess->lease, kind, &info, now);
    if (engine->site_closed)
        tell_closed(sess, evidence);
}

void mxp_outcome_refusal(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    enum mxp_feedback kind = kind_of(sess, evidence);
    if (kind != MXP_FB_OK && kind != MXP_FB_UNKNOWN_USER)
        feed_back(sess, kind, evidence);
}

static void took_one_more(struct mxp_sess *sess)
{
    struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    uint16_t n = ++sess->batch->n_ok;
    if (n > host->widest && n <= MXP_BATCH_MAX)
        host->widest = (uint8_t)n;
}

/* A reply to this recipient's own RCPT is told each time; one that ends them all, once. */
static void feed_back_answer(struct mxp_sess *sess, const struct mxp_smtp_answer *answer,
                             const struct mxp_evidence *evidence)
{
    struct mxp_batch *batch = sess->batch;
    enum mxp_feedback kind = kind_of(sess, evidence);
    bool own = answer->stage == MXP_STAGE_RCPT && answer->asked && answer->reply.code != 421;
    if (own) {
        feed_back(sess, kind, evidence);
        if (kind == MXP_FB_OK || kind == MXP_FB_UNKNOWN_USER)
            took_one_more(sess);
    } else if (!batch->told) {
        batch->told = true;
        if (kind != MXP_FB_OK && kind != MXP_FB_UNKNOWN_USER)
            feed_back(sess, kind, evidence);
    }
}

/* Throttled, time after time, without a word about any address. */
static void note_throttle(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    struct mxp_trouble *throttled = &sess->lane->carrier->throttled;
    bool too_many = evidence->what.reason == MXP_REASON_TOO_MANY_RECIPIENTS;
    if (!evidence->what.throttle && !too_many && evidence->code != 421) {
        mxp_trouble_clear(throttled);
        return;
    }
    if (sess->batch->throttled)
        return;
    sess->batch->throttled = true;
    mxp_trouble_note(throttled, evidence, mxp_engine_now(sess->engine));
    (void)mxp_carrier_worn_out(sess->lane->carrier);
}

/* It was asked, and nothing is known of it: once more, unless that was the last time. */
static bool asked_in_vain(struct mxp_task *task, const struct mxp_smtp_answer *answer)
{
    if (!answer->asked)
        return true;
    if (task->attempts + 1u >= task->engine->options->max_attempts)
        return false;
    task->attempts++;
    return true;
}

/* Not judged, through no fault of its own: back at once. */
static bool goes_back(struct mxp_sess *sess, struct mxp_task *task,
                      const struct mxp_smtp_answer *answer, struct mxp_evidence *evidence)
{
    const struct mxp_batch *batch = sess->batch;
    if (answer->cause == MXP_SMTP_CAUSE_CANCELED)
        return true;
    if (answer->cause == MXP_SMTP_CAUSE_EAI)
        return false;
    if (mxp_doubt_asks_again(sess, task, answer)) {
        if (asked_in_vain(task, answer))
            return true;
        if (answer->sync == MXP_SMTP_SYNC_BROKEN)
            mxp_doubt_no_answer(sess, evidence);
        return false;
    }
    bool ended = answer->cause != MXP_SMTP_CAUSE_REPLY || answer->reply.code == 421;
    if (ended && sess->progress && !answer->asked)
        return true;
    if (ended && sess->progress && task->lost < MXP_LOST_RETRIES) {
        task->lost++;
        return asked_in_vain(task, answer);
    }
    return evidence->what.reason == MXP_REASON_TOO_MANY_RECIPIENTS && batch->n_ok > 0;
}

void mxp_outcome_judge(struct mxp_sess *sess, struct mxp_task *task,
                       const struct mxp_evidence *evidence)
{
    if (task->random)
        mxp_catchall_answered(sess, task, evidence);
    else if (evidence->what.verdict == MXP_VERDICT_VALID)
        mxp_catchall_accepted(sess, task, evidence);
    else if (!mxp_retry_later(task, evidence))
        mxp_outcome_result(task, evidence, MXP_TRI_UNKNOWN);
}

/* What the server said to this recipient's own RCPT, or of it. */
static void judged(struct mxp_sess *sess, struct mxp_task *task,
                   const struct mxp_smtp_answer *answer)
{
    sess->progress = true;
    sess->engine->stats.n_rcpts++;
    task->host = sess->lane->hops[sess->hop].host;
    if (mxp_smtp_session_pipelining(sess->smtp))
        task->host->pipelines = true;
    if (answer->named)
        mxp_doubt_vouched(sess);
    else if (sess->care == MXP_CARE_PAUSED)
        mxp_doubt_quiet(sess); /* there was a silence before it was asked */
}

void mxp_outcome_answer(void *arg, const struct mxp_smtp_answer *answer)
{
    struct mxp_sess *sess = arg;
    struct mxp_batch *batch = sess->batch;
    struct mxp_task *task = batch->tasks[answer->rcpt];
    struct mxp_place place;
    struct mxp_evidence evidence;
    batch->tasks[answer->rcpt] = NULL;
    batch->n_answered++;
    mxp_sess_place(sess, &place);
    if (answer->cause == MXP_SMTP_CAUSE_REPLY) {
        mxp_outcome_reply(sess, answer->stage, &answer->reply, &evidence);
        feed_back_answer(sess, answer, &evidence);
        note_throttle(sess, &evidence);
    } else {
        mxp_evidence_cause(&evidence, &place, answer->stage, answer->cause, answer->detail);
    }
    if (goes_back(sess, task, answer, &evidence)) {
        mxp_retry_now(task);
        return;
    }
    task->attempts++;
    task->host = NULL;
    if (answer->cause == MXP_SMTP_CAUSE_REPLY && answer->reply.code != 421 &&
        answer->stage == MXP_STAGE_RCPT)
        judged(sess, task, answer);
    if (!mxp_doubt_holds(sess, task, answer->named, &evidence))
        mxp_outcome_judge(sess, task, &evidence);
}
