#include "probe/engine/engine_doubt.h"
#include "probe/engine/engine_internal.h"
#include "probe/engine/engine_ips.h"

#include <stdlib.h>

static void idle_over(struct mxp_due *due)
{
    struct mxp_sess *sess = MXP_OWNER(due, struct mxp_sess, due);
    mxp_batch_next(sess);
}

struct mxp_sess *mxp_sess_new(struct mxp_lane *lane, struct mxp_lease *lease)
{
    struct mxp_engine *engine = lane->engine;
    struct mxp_sess *sess = calloc(1, sizeof *sess);
    if (!sess)
        return NULL;
    sess->engine = engine;
    sess->lane = lane;
    sess->lease = lease;
    sess->number = ++engine->n_sess_numbers;
    sess->started_ms = mxp_engine_now(engine);
    sess->due.fire = idle_over;
    DL_APPEND(engine->sesses, sess);
    lane->n_sess++;
    lane->carrier->n_sess++;
    engine->stats.n_sessions++;
    return sess;
}

void mxp_sess_place(const struct mxp_sess *sess, struct mxp_place *ret)
{
    const struct mxp_lane *lane = sess->lane;
    *ret = (struct mxp_place){
        .provider = lane->carrier->name,
        .mx = lane->hops[sess->hop].host->name,
    };
    if (sess->addrs && sess->ip < sess->addrs->n_ips)
        ret->ip = sess->addrs->ips[sess->ip];
    if (sess->conn)
        ret->tls = mxp_conn_tls_version(sess->conn);
}

void mxp_sess_ready(struct mxp_sess *sess)
{
    struct mxp_lane *lane = sess->lane;
    sess->was_ready = true;
    sess->best = mxp_evidence_free(sess->best);
    sess->best_invalid = mxp_evidence_free(sess->best_invalid);
    sess->refusal = mxp_evidence_free(sess->refusal);
    if (lane->n_ready++)
        lane->alone_wait_ms = 0; /* it bears two after all */
    lane->worked_ms = mxp_engine_now(sess->engine);
    lane->hops[sess->hop].host->failed_until_ms = 0;
    mxp_ips_walk_broke_off(lane, false);
    mxp_walk_anew(lane);
    sess->engine->stats.n_sessions_total++;
    mxp_trouble_clear(&lane->trouble);
    lane->broken_off = mxp_evidence_free(lane->broken_off);
}

void mxp_sess_idle(struct mxp_sess *sess, uint64_t until_ms, bool hungry)
{
    struct mxp_lane *lane = sess->lane;
    if (sess->state != MXP_SESS_IDLE) {
        sess->state = MXP_SESS_IDLE;
        sess->idle_since_ms = mxp_engine_now(sess->engine);
    }
    if (hungry && !sess->in_idle) {
        sess->in_idle = true;
        DL_APPEND2(lane->idle, sess, idle_prev, idle_next);
    }
    mxp_engine_due(sess->engine, &sess->due, until_ms);
}

void mxp_sess_unidle(struct mxp_sess *sess)
{
    struct mxp_lane *lane = sess->lane;
    mxp_due_unset(&sess->engine->dues, &sess->due);
    if (sess->in_idle) {
        sess->in_idle = false;
        DL_DELETE2(lane->idle, sess, idle_prev, idle_next);
    }
}

void mxp_sess_drop_conn(struct mxp_sess *sess)
{
    sess->smtp = mxp_smtp_session_free(sess->smtp);
    if (sess->conn)
        mxp_conn_close(sess->conn);
    sess->conn = NULL;
}

void mxp_sess_free(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    if (!sess->dead) {
        mxp_sess_unidle(sess);
        mxp_batch_free(sess->batch);
        sess->batch = NULL;
        mxp_doubt_free(sess);
        mxp_sess_drop_conn(sess);
        sess->addrs = mxp_host_addrs_unref(sess->addrs);
        mxp_evidence_free(sess->best);
        mxp_evidence_free(sess->best_invalid);
        mxp_evidence_free(sess->refusal);
        DL_DELETE(engine->sesses, sess);
        engine->stats.n_sessions--;
        sess->lane->n_sess--;
        sess->lane->carrier->n_sess--;
        if (sess->was_ready) {
            sess->lane->n_ready--;
            sess->lane->worked_ms = mxp_engine_now(engine);
        }
        sess->dead = true;
        DL_APPEND(engine->ghosts, sess);
        if (sess->looking)
            return; /* the answer of DNS frees it */
    }
    DL_DELETE(engine->ghosts, sess); /* NOLINT(clang-analyzer-core.NullDereference) */
    free(sess);
}

void mxp_sess_end(struct mxp_sess *sess, enum mxp_lease_end how)
{
    struct mxp_lane *lane = sess->lane;
    struct mxp_engine *engine = sess->engine;
    if (sess->lease)
        mxp_lease_close(sess->lease, how, mxp_engine_now(engine));
    sess->lease = NULL;
    mxp_sess_free(sess);
    mxp_lane_update(lane);
    mxp_dispatch_closed(lane->carrier);
    mxp_engine_poke(engine);
}
