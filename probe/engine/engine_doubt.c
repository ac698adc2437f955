#include "probe/engine/engine_doubt.h"

/*
 * IMPLEMENTATION NOTES. Replies carry no number. A server (or a filter before it) that gives
 * one twice or leaves one out makes a living mailbox invalid, and shows it, if at all, later:
 * by a reply too many, or by what it says to QUIT. So a verdict rests with its session until
 * that has said its goodbye, or a later reply has quoted its recipient.
 *
 * A session that breaks off proves nothing, neither way: many servers say 421 after some errors.
 * What it made invalid is asked again, with a silence before each recipient. What a reply given
 * twice leaves behind shows itself in that silence, so the answers stand however such a session
 * breaks off: a host of that kind costs a second question for a session's invalid recipients,
 * and is slower then; its sessions stay as long. Acceptances are asked again only where a reply
 * among several was left out.
 *
 * Where a surplus was seen nothing of that session is believed, and a session for each recipient
 * remains; where it is seen there too, nobody can tell.
 */

/* A host is asked with pauses for so long, and longer while its sessions go on like that. Where
 * replies to pipelined commands did not come it costs a timeout to try that again. */
#define CARE_MS     120000
#define LOSSY_MS    600000
#define DOUBTED_MAX 4 /* then it stays unknown: many hosts, all of them odd */
/* As many rest as a transaction may have: most often a shift shows itself at its end. */
#define ACCEPTED_MAX MXP_BATCH_MAX

static struct mxp_ehost *host_of(const struct mxp_sess *sess)
{
    return sess->lane->hops[sess->hop].host;
}

static void take_care(struct mxp_sess *sess, enum mxp_care care)
{
    if (sess->care >= care)
        return;
    sess->care = (uint8_t)care;
    mxp_smtp_session_one_at_a_time(sess->smtp, MXP_SILENCE_MS);
}

bool mxp_doubt_take_care(struct mxp_sess *sess)
{
    const struct mxp_ehost *host = host_of(sess);
    if (host->one_by_one) {
        if (sess->n_transactions)
            return sess->care == MXP_CARE_ONE_BY_ONE;
        take_care(sess, MXP_CARE_ONE_BY_ONE);
    } else if (host->paused_until_ms > mxp_engine_now(sess->engine)) {
        take_care(sess, MXP_CARE_PAUSED);
    }
    return true;
}

void mxp_doubt_remember(struct mxp_sess *sess, const struct mxp_task *task)
{
    if (task->doubted)
        take_care(sess, MXP_CARE_PAUSED);
}

/* What can make nobody invalid: acceptances, and the answer to the catch-all question. */
static bool is_harmless(const struct mxp_task *task)
{
    return task->random || task->evidence->what.verdict == MXP_VERDICT_VALID;
}

/* Verdicts, and what decides about a domain's acceptances. */
static bool decides(const struct mxp_task *task, const struct mxp_evidence *evidence)
{
    const struct mxp_classified *what = &evidence->what;
    return what->verdict != MXP_VERDICT_UNKNOWN ||
           (task->random && what->reason == MXP_REASON_MAILBOX_NOT_FOUND);
}

static void believe(struct mxp_sess *sess, struct mxp_task **list, struct mxp_task *task)
{
    DL_DELETE(*list, task);
    mxp_outcome_judge(sess, task, task->evidence);
}

static void believe_oldest(struct mxp_sess *sess)
{
    believe(sess, &sess->accepted, sess->accepted);
    sess->n_accepted--;
    if (sess->n_accepted_before)
        sess->n_accepted_before--;
}

bool mxp_doubt_holds(struct mxp_sess *sess, struct mxp_task *task, bool named,
                     const struct mxp_evidence *evidence)
{
    if (named || !decides(task, evidence))
        return false;
    struct mxp_evidence *kept = mxp_evidence_keep(evidence);
    if (!kept) {
        mxp_engine_fail(sess->engine, MXP_ENOMEM, NULL);
        mxp_retry_now(task); /* a verdict that nothing has borne out is no result */
        return true;
    }
    mxp_evidence_free(task->evidence);
    task->evidence = kept;
    task->care = sess->care;
    if (!is_harmless(task)) {
        DL_APPEND(sess->doubts, task);
        sess->n_doubts++;
        return true;
    }
    if (!task->random)
        mxp_catchall_foresee(sess, task);
    DL_APPEND(sess->accepted, task);
    if (sess->n_accepted++ == ACCEPTED_MAX)
        believe_oldest(sess);
    return true;
}

void mxp_doubt_quiet(struct mxp_sess *sess)
{
    while (sess->accepted)
        believe_oldest(sess);
}

void mxp_doubt_vouched(struct mxp_sess *sess)
{
    mxp_doubt_quiet(sess);
    while (sess->doubts)
        believe(sess, &sess->doubts, sess->doubts);
    sess->n_doubts = 0;
}

/* It ended while commands were in flight, as it was with the host so far: perhaps because of them,
 * whatever it has offered. */
static bool is_punished(const struct mxp_sess *sess)
{
    return sess->n_transactions && !host_of(sess)->pipelines && sess->smtp &&
           mxp_smtp_session_pipelining(sess->smtp);
}

bool mxp_doubt_asks_again(const struct mxp_sess *sess, struct mxp_task *task,
                          const struct mxp_smtp_answer *answer)
{
    bool lost = answer->sync == MXP_SMTP_SYNC_UNSURE && answer->cause == MXP_SMTP_CAUSE_TIMEOUT &&
                mxp_smtp_session_pipelining(sess->smtp);
    bool again = answer->sync == MXP_SMTP_SYNC_BROKEN
                     ? sess->care < MXP_CARE_ONE_BY_ONE
                     : lost || (answer->sync == MXP_SMTP_SYNC_UNSURE && is_punished(sess));
    if (!again || task->doubted == DOUBTED_MAX)
        return false;
    task->doubted++;
    return true;
}

/* A reply to one of several commands did not come: those read may be of the ones behind it. */
static bool is_lossy(const struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    return step->sync == MXP_SMTP_SYNC_UNSURE && step->cause == MXP_SMTP_CAUSE_TIMEOUT &&
           sess->smtp && mxp_smtp_session_pipelining(sess->smtp);
}

static bool is_doubtful(const struct mxp_task *task, enum mxp_smtp_sync sync)
{
    if (sync == MXP_SMTP_SYNC_UNSURE)
        return task->care < MXP_CARE_PAUSED && !is_harmless(task);
    return sync == MXP_SMTP_SYNC_BROKEN;
}

static void ask_slowly(struct mxp_sess *sess, uint64_t ms)
{
    struct mxp_ehost *host = host_of(sess);
    uint64_t until = mxp_engine_now(sess->engine) + ms;
    if (host->paused_until_ms < until)
        host->paused_until_ms = until;
}

/* What the host is to be asked with from now on; how far the held ones are to be believed. */
static enum mxp_smtp_sync raise_care(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    switch (step->sync) {
    case MXP_SMTP_SYNC_OK:
        break;
    case MXP_SMTP_SYNC_UNSURE:
        if (is_lossy(sess, step) || is_punished(sess))
            ask_slowly(sess, LOSSY_MS);
        else if (sess->doubts)
            ask_slowly(sess, CARE_MS);
        break;
    case MXP_SMTP_SYNC_BROKEN:
        host_of(sess)->one_by_one = true;
        /* Alone in its session, and after a moment of silence, an answer stands, whatever is
         * said to QUIT; not so when there was a reply too many. */
        if (sess->care == MXP_CARE_ONE_BY_ONE && step->cause != MXP_SMTP_CAUSE_PROTOCOL)
            return MXP_SMTP_SYNC_OK;
        break;
    }
    return step->sync;
}

void mxp_doubt_no_answer(const struct mxp_sess *sess, struct mxp_evidence *ret)
{
    struct mxp_place place;
    mxp_sess_place(sess, &place);
    mxp_evidence_event(ret, &place, MXP_STAGE_RCPT, MXP_VERDICT_UNKNOWN, MXP_REASON_PROTOCOL_ERROR,
                       "replies that do not fit the commands: which one was the recipient's?");
}

static void cannot_tell(struct mxp_sess *sess, struct mxp_task *task)
{
    struct mxp_evidence evidence;
    if (task->random) {
        mxp_catchall_give_up(task->random);
        return;
    }
    mxp_doubt_no_answer(sess, &evidence);
    mxp_outcome_result(task, &evidence, MXP_TRI_UNKNOWN);
}

static void ask_again(struct mxp_sess *sess, struct mxp_task **list, struct mxp_task *task)
{
    DL_DELETE(*list, task);
    if (sess->care == MXP_CARE_ONE_BY_ONE || task->doubted == DOUBTED_MAX ||
        task->attempts >= sess->engine->options->max_attempts) {
        cannot_tell(sess, task);
        return;
    }
    task->doubted++;
    task->evidence = mxp_evidence_free(task->evidence);
    mxp_retry_now(task);
}

static void settle_list(struct mxp_sess *sess, struct mxp_task **list, enum mxp_smtp_sync sync)
{
    struct mxp_task *task;
    while ((task = *list)) {
        if (is_doubtful(task, sync))
            ask_again(sess, list, task);
        else
            believe(sess, list, task);
    }
}

/* Given up by us, in mid-session: nothing is known, nothing was its host's fault. */
static void give_back(struct mxp_task **list)
{
    struct mxp_task *task;
    while ((task = *list)) {
        DL_DELETE(*list, task);
        task->evidence = mxp_evidence_free(task->evidence);
        mxp_retry_now(task);
    }
}

void mxp_doubt_settle(struct mxp_sess *sess, const struct mxp_smtp_step *step)
{
    if (step->cause == MXP_SMTP_CAUSE_CANCELED) {
        give_back(&sess->accepted);
        give_back(&sess->doubts);
    } else {
        enum mxp_smtp_sync sync = raise_care(sess, step);
        bool lossy = is_lossy(sess, step);
        while (lossy && sess->n_accepted_before)
            believe_oldest(sess); /* a loss stops a batch: those before had none */
        settle_list(sess, &sess->accepted, lossy ? MXP_SMTP_SYNC_BROKEN : sync);
        settle_list(sess, &sess->doubts, sync);
    }
    sess->n_doubts = sess->n_accepted = sess->n_accepted_before = 0;
}

void mxp_doubt_free(struct mxp_sess *sess)
{
    struct mxp_task *task;
    while ((task = sess->accepted)) {
        DL_DELETE(sess->accepted, task);
        if (!task->random) /* its domain's */
            mxp_task_free(task);
    }
    while ((task = sess->doubts)) {
        DL_DELETE(sess->doubts, task);
        mxp_task_free(task);
    }
}
