#include "probe/engine/engine_doubt.h"
#include "probe/engine/engine_internal.h"

#define TURN_TRIES  32   /* domains offered to one session before it waits */
#define FIRST_BATCH 2    /* recipients of the first transaction at a host */
#define LINGER_MS   1000 /* a session without work waits for that still being looked up */
#define DOUBTS_MAX  256  /* answers that rest with one session till its end */

static void quit(struct mxp_sess *sess)
{
    sess->state = MXP_SESS_QUITTING;
    mxp_smtp_session_quit(sess->smtp);
    mxp_driver_go(sess);
}

/* A session that has asked nothing yet takes what there is: it must not have come in vain. */
static bool takes_any(const struct mxp_sess *sess)
{
    return sess->n_transactions == 0;
}

static const struct mxp_ehost *host_of(const struct mxp_sess *sess)
{
    return sess->lane->hops[sess->hop].host;
}

static struct mxp_random *wanted_random(const struct mxp_sess *sess,
                                        const struct mxp_domain *domain)
{
    struct mxp_random *random;
    LL_FOREACH(domain->randoms, random)
    {
        if (random->wanted && mxp_task_suits(random->task, host_of(sess), takes_any(sess)))
            return random;
    }
    return NULL;
}

/* An address that no command line can carry: our own grammar let it through. */
static void cannot_send(struct mxp_sess *sess, struct mxp_task *task)
{
    struct mxp_place place;
    struct mxp_evidence evidence;
    mxp_sess_place(sess, &place);
    mxp_evidence_event(&evidence, &place, MXP_STAGE_SYNTAX, MXP_VERDICT_UNKNOWN,
                       MXP_REASON_UNCLASSIFIED, "the address does not fit a command line");
    mxp_outcome_result(task, &evidence, MXP_TRI_UNKNOWN);
}

/* The session would not take the batch: one bad address must not spoil the others. */
static void take_apart(struct mxp_sess *sess)
{
    struct mxp_batch *batch = sess->batch;
    sess->batch = NULL;
    mxp_lease_untake(sess->lease, batch->n, mxp_engine_now(sess->engine));
    sess->one_by_one = true;
    for (uint16_t i = 0; i < batch->n; i++) {
        struct mxp_task *task = batch->tasks[i];
        batch->tasks[i] = NULL;
        if (batch->random)
            mxp_catchall_give_up(batch->random);
        else if (batch->n == 1)
            cannot_send(sess, task);
        else
            mxp_domain_add_ready(batch->domain, task);
    }
    mxp_batch_free(batch);
}

/* A server that takes one recipient a transaction would refuse all others of the first: it is asked
 * for two, and from then on for so many more than what it took at most twice. */
static uint32_t dares(const struct mxp_sess *sess)
{
    return FIRST_BATCH + 2u * host_of(sess)->widest;
}

static uint32_t wanted(const struct mxp_sess *sess, const struct mxp_domain *domain)
{
    const struct mxp_identity *identity = &sess->engine->options->identities[sess->lane->identity];
    uint32_t hint = mxp_smtp_session_rcpt_max(sess->smtp);
    uint32_t own = mxp_turn_room(domain);
    uint32_t n = own < MXP_BATCH_MAX ? own : MXP_BATCH_MAX;
    if (hint && n > hint)
        n = hint;
    if (n > dares(sess) && !sess->engine->options->limits_off)
        n = dares(sess);
    /* A bounce has one recipient: servers refuse the null sender with several. */
    bool alone = sess->one_by_one || sess->care == MXP_CARE_ONE_BY_ONE;
    return alone || !*identity->mail_from ? 1 : n;
}

static bool give(struct mxp_sess *sess, struct mxp_batch *batch)
{
    struct mxp_engine *engine = sess->engine;
    const struct mxp_identity *identity = &engine->options->identities[sess->lane->identity];
    sess->batch = batch;
    batch->smtp = (struct mxp_smtp_batch){
        .mail_from = mxp_slice_str(identity->mail_from),
        .mail_from_utf8 = identity->mail_from_utf8,
        .rcpts = batch->rcpts,
        .n_rcpts = batch->n,
    };
    for (uint16_t i = 0; i < batch->n; i++)
        mxp_doubt_remember(sess, batch->tasks[i]);
    if (mxp_smtp_session_give(sess->smtp, &batch->smtp)) {
        take_apart(sess);
        return false;
    }
    uint64_t started = sess->n_transactions++ ? mxp_engine_now(engine) : sess->started_ms;
    for (uint16_t i = 0; i < batch->n; i++)
        if (!batch->tasks[i]->started_ms)
            batch->tasks[i]->started_ms = started;
    sess->n_accepted_before = sess->n_accepted;
    sess->state = MXP_SESS_BUSY;
    mxp_lane_update(sess->lane);
    mxp_driver_go(sess);
    return true;
}

/* Up to n recipients of the domain, or its catch-all question, become the next transaction. */
static bool ask(struct mxp_sess *sess, struct mxp_domain *domain, struct mxp_random *random,
                uint32_t n)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_task *tasks[MXP_BATCH_MAX];
    uint16_t taken = 0;
    if (random) {
        mxp_domain_take_random(domain, random);
        tasks[taken++] = random->task;
    }
    while (!random && taken < n &&
           (tasks[taken] = mxp_domain_take(domain, host_of(sess), takes_any(sess))))
        taken++;
    struct mxp_batch *batch = taken ? mxp_batch_new(engine, domain, random, tasks, taken) : NULL;
    uint16_t asked = batch ? batch->n : 0;
    if (asked < n)
        mxp_lease_untake(sess->lease, n - asked, mxp_engine_now(engine));
    for (uint16_t i = asked; i < taken; i++)
        mxp_retry_now(tasks[i]);
    return batch && give(sess, batch);
}

/* Catch-all questions, whose answer should be "unknown", are mixed evenly into the rest: soon
 * after the recipient that raised them, and one at a time. */
static bool random_is_due(const struct mxp_lane *lane)
{
    return lane->asking && lane->n_since_random;
}

/* The next domain and what of it: a catch-all question, or *ret_random NULL and addresses. The
 * domain goes to the back, but for the catch-all question of one that is not in turn. */
static struct mxp_domain *choose(const struct mxp_sess *sess, bool other,
                                 struct mxp_random **ret_random)
{
    struct mxp_lane *lane = sess->lane;
    struct mxp_domain *domain = random_is_due(lane) ? lane->asking : NULL;
    for (int i = 0; i < TURN_TRIES && domain; i++, domain = domain->asking_next)
        if ((*ret_random = wanted_random(sess, domain)))
            return domain;
    domain = mxp_turn_next(lane, other);
    *ret_random = domain->n_work == domain->n_wanted ? wanted_random(sess, domain) : NULL;
    return domain;
}

/* A turn. True: something was asked. */
static bool offer(struct mxp_sess *sess, bool other, struct mxp_wait *ret_wait)
{
    struct mxp_lane *lane = sess->lane;
    struct mxp_random *random = NULL;
    struct mxp_domain *domain = choose(sess, other, &random);
    uint32_t n = random ? 1 : wanted(sess, domain);
    if (n == 0)
        return false; /* its question waits for another host */
    n = mxp_lease_take(sess->lease, domain->name, n, mxp_engine_now(sess->engine), ret_wait);
    if (n == 0)
        return false;
    ret_wait->reasons = 0;
    lane->n_since_random = random ? 0 : lane->n_since_random + n;
    return ask(sess, domain, random, n);
}

/* There is work, but not now. */
static void wait_turn(struct mxp_sess *sess, const struct mxp_wait *wait)
{
    struct mxp_engine *engine = sess->engine;
    uint64_t now = mxp_engine_now(engine);
    uint64_t idle_end = (sess->state == MXP_SESS_IDLE ? sess->idle_since_ms : now) + MXP_IDLE_MS;
    bool own = wait->reasons & MXP_WAIT_SESSION;
    struct mxp_carrier *carrier = sess->lane->carrier;
    if (wait->reasons == MXP_WAIT_DOMAIN && wait->until_ms != UINT64_MAX)
        mxp_lane_park(sess->lane, wait->until_ms);
    else if (wait->reasons && !own && !mxp_due_is_set(&carrier->due))
        mxp_dispatch_park(carrier, wait);
    if (own || wait->until_ms > idle_end) {
        quit(sess);
        return;
    }
    mxp_sess_idle(sess, wait->until_ms > now ? wait->until_ms : now + 1, false);
}

/* There is nothing to ask: go, unless what is being looked up may end here. */
static void wait_work(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    uint64_t now = mxp_engine_now(engine);
    bool more = !engine->source_ended || engine->n_resolving || engine->new_head;
    uint64_t end = (sess->state == MXP_SESS_IDLE ? sess->idle_since_ms : now) + LINGER_MS;
    if (!more || now >= end || mxp_turn_first(sess->lane) || sess->lane->carrier->turn)
        quit(sess);
    else
        mxp_sess_idle(sess, end, true);
}

/* It has waited, and nothing came. */
static void note_silence(struct mxp_sess *sess)
{
    uint64_t now = mxp_engine_now(sess->engine);
    if (sess->state == MXP_SESS_IDLE && now - sess->idle_since_ms >= MXP_SILENCE_MS)
        mxp_doubt_quiet(sess);
}

/* Its one recipient was asked: listen for a moment, then go. */
static bool listens(struct mxp_sess *sess)
{
    if (sess->care < MXP_CARE_ONE_BY_ONE || !sess->n_transactions || sess->state == MXP_SESS_IDLE)
        return false;
    mxp_sess_idle(sess, mxp_engine_now(sess->engine) + MXP_SILENCE_MS, false);
    return true;
}

/* Nobody takes results: wait a while, for the reader may be back before the server is bored. */
static void wait_reader(struct mxp_sess *sess)
{
    uint64_t now = mxp_engine_now(sess->engine);
    uint64_t end = (sess->state == MXP_SESS_IDLE ? sess->idle_since_ms : now) + MXP_IDLE_MS;
    if (now >= end)
        quit(sess);
    else
        mxp_sess_idle(sess, end, false);
}

/* Nothing more is to be asked in this session. */
static bool has_enough(const struct mxp_sess *sess)
{
    uint32_t most = mxp_smtp_session_mail_max(sess->smtp);
    if (sess->care == MXP_CARE_ONE_BY_ONE && sess->n_transactions)
        return true;
    return sess->lane->carrier->over || (most && sess->n_transactions >= most) ||
           sess->n_doubts >= DOUBTS_MAX;
}

/* Interrupted: what was accepted waits for its domain's catch-all question only. It is asked
 * still, or those answers would be lost, and their addresses asked again in the next run. */
static bool ask_last(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_domain *domain;
    struct mxp_wait wait;
    if (engine->err != MXP_ECANCELED)
        return false;
    DL_FOREACH2(sess->lane->asking, domain, asking_next)
    {
        struct mxp_random *random = wanted_random(sess, domain);
        if (random && mxp_lease_take(sess->lease, domain->name, 1, mxp_engine_now(engine), &wait))
            return ask(sess, domain, random, 1);
    }
    return false;
}

void mxp_batch_next(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_lane *lane = sess->lane;
    note_silence(sess);
    if (!engine->stopping && listens(sess))
        return;
    bool enough = has_enough(sess) || !mxp_doubt_take_care(sess);
    if (engine->stopping || engine->paused || enough) {
        if (enough || !engine->stopping || !ask_last(sess))
            quit(sess);
        return;
    }
    if (engine->held) {
        wait_reader(sess);
        return;
    }
    struct mxp_wait wait = {0};
    for (int i = 0; i < TURN_TRIES && mxp_turn_first(lane) && !engine->err; i++) {
        if (offer(sess, i % 2, &wait))
            return;
        if (wait.reasons & ~(uint32_t)MXP_WAIT_DOMAIN)
            break;
    }
    if (engine->err)
        quit(sess);
    else if (mxp_turn_first(lane) && wait.reasons)
        wait_turn(sess, &wait);
    else
        wait_work(sess);
}

void mxp_batch_idle_kick(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    mxp_sess_unidle(sess);
    mxp_engine_due(engine, &sess->due, 0);
}
