#include "probe/engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

static uint16_t rank_of(const struct mxp_sess *sess)
{
    return sess->lane->hops[sess->hop].rank;
}

static struct mxp_random *find(struct mxp_domain *domain, uint16_t rank)
{
    struct mxp_random *random;
    LL_FOREACH(domain->randoms, random)
    {
        if (random->rank == rank)
            return random;
    }
    random = calloc(1, sizeof *random);
    if (!random)
        return NULL;
    random->rank = rank;
    LL_PREPEND(domain->randoms, random);
    return random;
}

/* Letters and digits that nobody has: 16 of 36 are 82 bits. It starts with a letter. */
static void make_local(struct mxp_engine *engine, char ret[static MXP_RANDOM_LEN + 1])
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (int i = 0; i < MXP_RANDOM_LEN; i++)
        ret[i] = set[mxp_engine_random(engine) % (i ? 36 : 26)];
    ret[MXP_RANDOM_LEN] = '\0';
}

static void settle_one(struct mxp_task *task, enum mxp_random_state state,
                       const struct mxp_evidence *evidence)
{
    struct mxp_evidence said = *evidence;
    enum mxp_tri catch_all = state == MXP_RANDOM_REFUSED    ? MXP_TRI_NO
                             : state == MXP_RANDOM_ACCEPTED ? MXP_TRI_YES
                                                            : MXP_TRI_UNKNOWN;
    if (state == MXP_RANDOM_GIVEN_UP) {
        said.what.verdict = MXP_VERDICT_UNKNOWN;
        said.what.action = MXP_ACTION_REVIEW;
    }
    mxp_outcome_result(task, &said, catch_all);
}

static void settle(struct mxp_random *random, enum mxp_random_state state)
{
    if (random->task)
        mxp_task_free(random->task);
    random->task = NULL;
    random->state = (uint8_t)state;
    struct mxp_task *held;
    while ((held = random->held)) {
        DL_DELETE(random->held, held);
        settle_one(held, state, held->evidence);
    }
}

static bool open_question(struct mxp_domain *domain, struct mxp_random *random)
{
    random->task = mxp_task_new(domain, MXP_NO_ITEM);
    if (!random->task)
        return false;
    random->task->random = random;
    random->state = MXP_RANDOM_OPEN;
    if (!*random->local)
        make_local(domain->engine, random->local);
    mxp_domain_want_random(domain, random);
    return true;
}

static bool hold(struct mxp_random *random, struct mxp_task *task,
                 const struct mxp_evidence *evidence)
{
    struct mxp_evidence *kept = task->evidence;
    if (kept != evidence) {
        kept = mxp_evidence_keep(evidence);
        if (!kept)
            return false;
        mxp_evidence_free(task->evidence);
        task->evidence = kept;
    }
    DL_APPEND(random->held, task);
    return true;
}

static bool is_asked(const struct mxp_sess *sess)
{
    const struct mxp_provider *row = sess->lane->carrier->row;
    return !sess->engine->options->no_catch_all && !(row && row->catch_all_never);
}

/* Without memory it is not asked yet: that is told when the acceptance is. */
void mxp_catchall_foresee(struct mxp_sess *sess, const struct mxp_task *task)
{
    struct mxp_random *random = is_asked(sess) ? find(task->domain, rank_of(sess)) : NULL;
    if (random && random->state == MXP_RANDOM_UNASKED)
        (void)open_question(task->domain, random);
}

void mxp_catchall_accepted(struct mxp_sess *sess, struct mxp_task *task,
                           const struct mxp_evidence *evidence)
{
    struct mxp_engine *engine = sess->engine;
    if (!is_asked(sess)) {
        mxp_outcome_result(task, evidence, MXP_TRI_UNKNOWN);
        return;
    }
    struct mxp_random *random = find(task->domain, rank_of(sess));
    if (!random) {
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        mxp_retry_now(task);
        return;
    }
    if (random->state == MXP_RANDOM_UNASKED && !open_question(task->domain, random)) {
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        mxp_retry_now(task);
        return;
    }
    if (random->state != MXP_RANDOM_OPEN) {
        settle_one(task, random->state, evidence);
    } else if (!hold(random, task, evidence)) {
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        mxp_retry_now(task);
    }
}

/* The question was answered by MX hosts of another preference than those that accepted: the
 * answer counts for them, and who waits is asked again, there. */
static void moved(struct mxp_random *random, struct mxp_random *other, enum mxp_random_state state)
{
    random->task = NULL; /* ended by the caller */
    random->state = MXP_RANDOM_UNASKED;
    if (other->state == MXP_RANDOM_UNASKED)
        other->state = (uint8_t)state;
    struct mxp_task *held;
    while ((held = random->held)) {
        DL_DELETE(random->held, held);
        if (held->attempts < held->engine->options->max_attempts)
            mxp_retry_now(held);
        else
            settle_one(held, MXP_RANDOM_GIVEN_UP, held->evidence);
    }
}

void mxp_catchall_answered(struct mxp_sess *sess, struct mxp_task *task,
                           const struct mxp_evidence *evidence)
{
    struct mxp_random *random = task->random;
    enum mxp_random_state state = MXP_RANDOM_GIVEN_UP;
    if (evidence->what.verdict == MXP_VERDICT_VALID)
        state = MXP_RANDOM_ACCEPTED;
    else if (evidence->what.reason == MXP_REASON_MAILBOX_NOT_FOUND)
        state = MXP_RANDOM_REFUSED;
    else if (mxp_retry_later(task, evidence))
        return;
    if (random->rank == rank_of(sess) || state == MXP_RANDOM_GIVEN_UP) {
        settle(random, state);
        return;
    }
    struct mxp_random *other = find(task->domain, rank_of(sess));
    if (!other) {
        settle(random, MXP_RANDOM_GIVEN_UP);
        return;
    }
    moved(random, other, state);
    mxp_task_free(task);
}

void mxp_catchall_give_up(struct mxp_random *random)
{
    settle(random, MXP_RANDOM_GIVEN_UP);
}
