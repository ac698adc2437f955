/*
 * Whether replies were those of the recipients that they were taken for. A verdict rests with
 * its session until that has ended well; where it has not, its recipients are asked again with
 * more care, and at last told unknown. Of the engine's files only.
 */
#ifndef MXP_PROBE_ENGINE_DOUBT_H
#define MXP_PROBE_ENGINE_DOUBT_H

#include "probe/engine/engine_internal.h"

/* How carefully a host is asked, after replies that may not have been whose they seemed. */
enum mxp_care {
    MXP_CARE_NONE,
    MXP_CARE_PAUSED,     /* no pipelining, and a silence before each recipient */
    MXP_CARE_ONE_BY_ONE, /* and one recipient in a session, with a silence behind it */
};

#define MXP_SILENCE_MS 1000

/* The session takes over how its host is to be asked now: before its greeting is read, or
 * between two transactions. False: it cannot, being one for many recipients. */
bool mxp_doubt_take_care(struct mxp_sess *sess);

/* This recipient was asked already, and its answer not believed: the session takes care. */
void mxp_doubt_remember(struct mxp_sess *sess, const struct mxp_task *task);

/* Takes the task, if its verdict is to rest with the session; without memory for it, it goes back
 * unjudged. */
bool mxp_doubt_holds(struct mxp_sess *sess, struct mxp_task *task, bool named,
                     const struct mxp_evidence *evidence);

/* An answer that is its recipient's own beyond doubt: so were those before it. */
void mxp_doubt_vouched(struct mxp_sess *sess);

/* All was answered, and for a moment nothing came: what was accepted is believed. What was
 * refused is not, for a server may do nothing at all after a reply given twice. */
void mxp_doubt_quiet(struct mxp_sess *sess);

/* Left without a reply where the replies did not fit: to be asked again with more care. */
bool mxp_doubt_asks_again(const struct mxp_sess *sess, struct mxp_task *task,
                          const struct mxp_smtp_answer *answer);

/* Nothing is known of it, and it may not be asked again. ret's words are static. */
void mxp_doubt_no_answer(const struct mxp_sess *sess, struct mxp_evidence *ret);

/* It has ended, as step says: believe what was held, or ask again. */
void mxp_doubt_settle(struct mxp_sess *sess, const struct mxp_smtp_step *step);

/* The tasks with it. */
void mxp_doubt_free(struct mxp_sess *sess);

#endif
