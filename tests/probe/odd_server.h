/*
 * A mail server of the tests whose replies may not fit the commands: given twice, left out, late,
 * or followed by the end. It takes one command after the other, as they come, and its replies
 * quote nobody unless told so.
 */
#ifndef MXP_TESTS_ODD_SERVER_H
#define MXP_TESTS_ODD_SERVER_H

#include "world.h"

enum odd_end { ODD_END_421, ODD_END_CLOSE, ODD_END_SILENCE, ODD_END_GARBAGE, ODD_N_ENDS };

/* What it does is a function of the seed, the connection's number and the command. */
struct odd_server {
    bool pipelining;
    bool punishes_pipelining;            /* it ends where a RCPT comes before the reply to MAIL */
    bool (*exists)(const char *address); /* mailboxes that are there; all others get a 550 */
    uint64_t seed;
    unsigned latency_ms;       /* for each command: half of it to all of it */
    unsigned twice_percent;    /* replies given twice .. */
    unsigned twice_after_ms;   /* .. the second at most so long behind the first */
    unsigned twice_nth;        /* of a session's RCPT replies, this one; 0: none */
    bool twice_exactly;        /* .. so long, not less */
    unsigned lost_percent;     /* replies left out */
    unsigned lost_nth;         /* of a session's RCPT replies, this one; 0: none */
    unsigned named_percent;    /* replies that quote their recipient */
    unsigned end_percent;      /* commands, instead of whose reply it ends */
    unsigned end_after_nth;    /* RCPT, the session ends at the next command; 0: no */
    unsigned end_after_errors; /* likewise; 0: no */
    enum odd_end end;          /* how; ODD_N_ENDS: at random */
    /* what it has seen */
    unsigned n_sessions, n_rcpts;
    unsigned n_asked; /* sessions with a RCPT */
};

void odd_server_in(struct odd_server *odd, struct world *world);

#endif
