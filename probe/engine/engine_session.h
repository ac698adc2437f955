/*
 * Sessions, from the walk over MX hosts that leads to one, over what it asks, to what the
 * answers mean: the second half of engine_internal.h, which includes it.
 */
#ifndef MXP_PROBE_ENGINE_SESSION_H
#define MXP_PROBE_ENGINE_SESSION_H

#include "probe/engine/engine_internal.h"

enum mxp_sess_state {
    MXP_SESS_LOOKUP,  /* waiting for a host's addresses */
    MXP_SESS_CONNECT, /* TCP */
    MXP_SESS_OPENING, /* greeting to EHLO */
    MXP_SESS_BUSY,    /* a transaction is under way */
    MXP_SESS_IDLE,    /* ready, waits */
    MXP_SESS_QUITTING
};

struct mxp_sess {
    struct mxp_sess *prev, *next; /* all sessions */
    struct mxp_sess *idle_prev, *idle_next;
    struct mxp_engine *engine;
    struct mxp_lane *lane;
    struct mxp_lease *lease;
    struct mxp_conn *conn;
    struct mxp_smtp_session *smtp;
    struct mxp_host_addrs *addrs;
    struct mxp_evidence *best;         /* of the walk so far, not invalid; kept */
    struct mxp_evidence *best_invalid; /* a host that says it takes no mail; kept */
    struct mxp_evidence *refusal; /* of us, at a host's door, while other hosts may do better: the
                                     limiter was not told yet; kept */
    struct mxp_batch *batch;
    struct mxp_task *accepted; /* the last ones, catch-all questions among them, and .. */
    struct mxp_task *doubts;   /* .. invalid ones, unless the session's end tells otherwise */
    struct mxp_due due;        /* end of idling */
    uint64_t number;
    uint64_t walk_until_ms, busy_until_ms;
    uint64_t started_ms; /* of this walk */
    uint64_t sent_ms;    /* when the last command went out */
    uint64_t idle_since_ms;
    uint64_t tried;  /* hops, as bits: those that had no room, too */
    uint64_t walked; /* and those that are done with */
    uint16_t hop, ip, busy_rank;
    uint8_t state;
    bool busy;      /* some host was at its limit and not tried */
    bool host_busy; /* this one, at some of its addresses */
    uint32_t n_transactions;
    uint32_t n_doubts, n_accepted, n_accepted_before; /* the last: this transaction */
    uint8_t care;                                     /* enum mxp_care, engine_doubt.h */
    bool was_ready, progress, looking, dead, in_idle;
    bool one_by_one; /* a batch could not be sent as a whole */
};

/* One transaction: recipients and their text in one allocation. */
struct mxp_batch {
    struct mxp_smtp_batch smtp;
    struct mxp_domain *domain;
    struct mxp_random *random; /* not NULL: this asks the catch-all question */
    uint16_t n, n_answered, n_ok;
    bool told; /* a refusal of them all, to the limiter */
    bool throttled;
    struct mxp_task **tasks;
    struct mxp_smtp_rcpt *rcpts;
};

/* engine_walk_pick.c: the best hop not tried yet, at random among equals, hosts that failed lately
 * last; -1: none */
int mxp_walk_pick(const struct mxp_lane *lane, uint64_t tried);

/* engine_walk.c: from a lane to a ready session */
void mxp_walk_start(struct mxp_lane *lane, uint16_t hop, struct mxp_lease *lease);
/* A reply that refused us before the session was ready, for the limiter. */
void mxp_walk_refused(struct mxp_sess *sess, const struct mxp_evidence *evidence);
/* This server would not have us: the next address, or host. how ends the lease if it must go. */
void mxp_walk_failed(struct mxp_sess *sess, const struct mxp_evidence *evidence,
                     enum mxp_lease_end how);
/* Once more at the same host, in clear. */
void mxp_walk_in_clear(struct mxp_sess *sess);

/* engine_driver.c: one session on one connection */
int mxp_driver_connect(struct mxp_sess *sess, const struct mxp_ip *ip);
void mxp_driver_go(struct mxp_sess *sess); /* after a batch was given or quit was asked for */
void mxp_driver_cancel(struct mxp_sess *sess);

/* engine_sess.c: a session's birth and end */
struct mxp_sess *mxp_sess_new(struct mxp_lane *lane, struct mxp_lease *lease); /* takes lease */
void mxp_sess_place(const struct mxp_sess *sess, struct mxp_place *ret);
void mxp_sess_ready(struct mxp_sess *sess); /* its server would have us */
/* Wait; hungry: for work, which mxp_batch_idle_kick announces, not for its turn. */
void mxp_sess_idle(struct mxp_sess *sess, uint64_t until_ms, bool hungry);
void mxp_sess_unidle(struct mxp_sess *sess);
void mxp_sess_drop_conn(struct mxp_sess *sess);
void mxp_sess_free(struct mxp_sess *sess); /* without a word to anyone */
void mxp_sess_end(struct mxp_sess *sess, enum mxp_lease_end how);

/* engine_batch.c: what a ready session asks next */
void mxp_batch_next(struct mxp_sess *sess);
void mxp_batch_idle_kick(struct mxp_sess *sess); /* there is work again */

/* engine_batch_new.c: of these tasks, or the catch-all question (tasks[0] alone), for one
 * transaction; perhaps only of the first ones, with the order of tasks changed. The tasks in it are
 * its own then. NULL: no memory, which the engine was told. */
struct mxp_batch *mxp_batch_new(struct mxp_engine *engine, struct mxp_domain *domain,
                                struct mxp_random *random, struct mxp_task **tasks, uint16_t n);
void mxp_batch_free(struct mxp_batch *batch);

/* engine_outcome.c: what an answer means for an address */
void mxp_outcome_reply(struct mxp_sess *sess, enum mxp_stage stage, const struct mxp_reply *reply,
                       struct mxp_evidence *ret);
void mxp_outcome_answer(void *arg, const struct mxp_smtp_answer *answer);
/* An answer that is believed to be this task's own; takes the task. evidence may be its own. */
void mxp_outcome_judge(struct mxp_sess *sess, struct mxp_task *task,
                       const struct mxp_evidence *evidence);
/* The server refused us before any recipient: tell the limiter. */
void mxp_outcome_refusal(struct mxp_sess *sess, const struct mxp_evidence *evidence);
void mxp_outcome_result(struct mxp_task *task, const struct mxp_evidence *evidence,
                        enum mxp_tri catch_all); /* ends the task */
void mxp_outcome_item(struct mxp_engine *engine, uint32_t id, const struct mxp_evidence *evidence,
                      enum mxp_tri catch_all, uint16_t attempts, uint64_t started_ms);

/* engine_retry.c: what is tried again, and when */
bool mxp_retry_is_temporary(const struct mxp_evidence *evidence);
/* When to try again what was refused n times since then, or UINT64_MAX: no more. */
uint64_t mxp_retry_at(const struct mxp_engine *engine, const struct mxp_evidence *evidence,
                      uint64_t since_ms, uint32_t n);
/* Put the task where it waits for its next attempt; false: it had its last one. */
bool mxp_retry_later(struct mxp_task *task, const struct mxp_evidence *evidence);
void mxp_retry_now(struct mxp_task *task);        /* unjudged, to be asked again in its turn */
void mxp_retries_free(struct mxp_engine *engine); /* of those that wait for their time */

/* engine_catchall.c: would they take any recipient? */
/* Someone was accepted; the question may be asked, whatever becomes of that. */
void mxp_catchall_foresee(struct mxp_sess *sess, const struct mxp_task *task);
void mxp_catchall_accepted(struct mxp_sess *sess, struct mxp_task *task,
                           const struct mxp_evidence *evidence);
void mxp_catchall_answered(struct mxp_sess *sess, struct mxp_task *task,
                           const struct mxp_evidence *evidence);
void mxp_catchall_give_up(struct mxp_random *random);

/* engine_network.c: is it them, or our own position? */
/* A domain was looked up: with an answer of whatever kind, or not. */
void mxp_network_dns(struct mxp_engine *engine, bool answered);
void mxp_network_init(struct mxp_engine *engine);
void mxp_network_cancel(struct mxp_engine *engine);
void mxp_network_success(struct mxp_sess *sess);
/* A walk failed with this (may be NULL). True: it is not believed just now. */
bool mxp_network_failure(struct mxp_sess *sess, const struct mxp_evidence *evidence);
void mxp_network_refused(struct mxp_carrier *carrier, bool footprint); /* nothing more there */
void mxp_network_listed(struct mxp_engine *engine, uint32_t identity);

#endif
