/*
 * Whether replies were those of the recipients that they were taken for. An invalid rests
 * with its session until that has ended well; where it has not, its recipients are asked
 * again with more care, and at last told unknown. Of the engine's files only.
 */
#ifndef MXP_PROBE_ENGINE_DOUBT_H
#define MXP_PROBE_ENGINE_DOUBT_H

#include "probe/engine_internal.h"

/* How carefully a host is asked, after replies that may not have been whose they seemed. */
enum mxp_care {
    MXP_CARE_NONE,
    MXP_CARE_LOCKSTEP,   /* no pipelining */
    MXP_CARE_ONE_BY_ONE, /* one recipient in a session */
};

/* How the session's host is to be asked now: an enum mxp_care. */
uint8_t mxp_doubt_care(const struct mxp_sess *sess);

/* Invalid, but for how the session ends. Takes the task; without memory it goes back unjudged. */
void mxp_doubt_hold(struct mxp_sess *sess, struct mxp_task *task,
                    const struct mxp_evidence *evidence);

/* Left without a reply where the replies did not fit: to be asked again with more care. */
bool mxp_doubt_asks_again(const struct mxp_sess *sess, const struct mxp_smtp_answer *answer);

/* It has ended, as step says: believe what was held, or ask again. */
void mxp_doubt_settle(struct mxp_sess *sess, const struct mxp_smtp_step *step);

/* The tasks with it. */
void mxp_doubt_free(struct mxp_sess *sess);

#endif
