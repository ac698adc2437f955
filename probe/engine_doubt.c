#include "probe/engine_doubt.h"

/*
 * IMPLEMENTATION NOTES. Replies carry no number. A server (or a filter before it) that gives
 * one twice or leaves one out makes a living mailbox invalid, and shows it, if at all, later:
 * by a reply too many, or by what it says to QUIT. So an invalid rests with its session until
 * that has ended well, unless its reply quotes the recipient. Where it did not end well, the
 * recipients are asked again with more care: first without pipelining, which shows a loss
 * for what it is; then one to a session, where a moment's silence shows a surplus.
 */

#define LOCKSTEP_MS 600000 /* a host is asked one command at a time for so long */

uint8_t mxp_doubt_care(const struct mxp_sess *sess)
{
    const struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    if (host->one_by_one)
        return MXP_CARE_ONE_BY_ONE;
    return host->lockstep_until_ms > mxp_engine_now(sess->engine) ? MXP_CARE_LOCKSTEP
                                                                  : MXP_CARE_NONE;
}

void mxp_doubt_hold(struct mxp_sess *sess, struct mxp_task *task,
                    const struct mxp_evidence *evidence)
{
    struct mxp_evidence *kept = mxp_evidence_keep(evidence);
    if (!kept) {
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        mxp_retry_now(task); /* an invalid that nothing has borne out is no result */
        return;
    }
    mxp_evidence_free(task->evidence);
    task->evidence = kept;
    DL_APPEND(sess->doubts, task);
    sess->n_doubts++;
}

bool mxp_doubt_asks_again(const struct mxp_sess *sess, const struct mxp_smtp_answer *answer)
{
    if (answer->sync == MXP_SMTP_SYNC_BROKEN)
        return sess->care < MXP_CARE_ONE_BY_ONE;
    return answer->sync == MXP_SMTP_SYNC_UNSURE && answer->cause == MXP_SMTP_CAUSE_TIMEOUT &&
           sess->care < MXP_CARE_LOCKSTEP;
}

/* What the host is to be asked with from now on; true: there was a reason. */
static bool raise_care(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    struct mxp_ehost *host = sess->lane->hops[sess->hop].host;
    bool timeout = step->cause == MXP_SMTP_CAUSE_TIMEOUT;
    bool at_stake = sess->n_doubts > sess->n_doubts_before;
    switch (step->sync) {
    case MXP_SMTP_SYNC_OK:
        return false;
    case MXP_SMTP_SYNC_UNSURE:
        if (timeout || at_stake)
            host->lockstep_until_ms = mxp_engine_now(sess->engine) + LOCKSTEP_MS;
        return at_stake;
    case MXP_SMTP_SYNC_BROKEN:
        break;
    }
    host->one_by_one = true;
    /* Alone in its session, and after a moment of silence, an answer stands, whatever is
     * said to QUIT; not so when there was a reply too many. */
    return sess->care < MXP_CARE_ONE_BY_ONE || step->cause == MXP_SMTP_CAUSE_PROTOCOL;
}

static void cannot_tell(struct mxp_sess *sess, struct mxp_task *task)
{
    struct mxp_place place;
    struct mxp_evidence evidence;
    mxp_sess_place(sess, &place);
    mxp_evidence_event(&evidence, &place, MXP_STAGE_RCPT, MXP_VERDICT_UNKNOWN,
                       MXP_REASON_PROTOCOL_ERROR,
                       "more replies than commands: which one was the recipient's?");
    mxp_outcome_result(task, &evidence, MXP_TRI_UNKNOWN);
}

void mxp_doubt_settle(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    bool canceled = step->cause == MXP_SMTP_CAUSE_CANCELED;
    bool doubtful = canceled || raise_care(sess, step);
    bool only_batch = !canceled && step->sync == MXP_SMTP_SYNC_UNSURE;
    struct mxp_task *task;
    for (uint32_t i = 0; (task = sess->doubts); i++) {
        DL_DELETE(sess->doubts, task);
        if (!doubtful || (only_batch && i < sess->n_doubts_before)) {
            mxp_outcome_result(task, task->evidence, MXP_TRI_UNKNOWN);
        } else if (!canceled && sess->care == MXP_CARE_ONE_BY_ONE) {
            cannot_tell(sess, task);
        } else {
            task->evidence = mxp_evidence_free(task->evidence);
            mxp_retry_now(task);
        }
    }
    sess->n_doubts = sess->n_doubts_before = 0;
}

void mxp_doubt_free(struct mxp_sess *sess)
{
    struct mxp_task *task;
    while ((task = sess->doubts)) {
        DL_DELETE(sess->doubts, task);
        mxp_task_free(task);
    }
}
