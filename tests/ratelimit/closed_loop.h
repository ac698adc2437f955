/*
 * The limiter against a server with limits of its own, on virtual time and without sockets:
 * sessions ask in batches as the engine does, the server counts and refuses in one of several
 * ways. What comes out is what a referee would say: how much was refused, how long it took.
 */
#ifndef MXP_TESTS_CLOSED_LOOP_H
#define MXP_TESTS_CLOSED_LOOP_H

#include "ratelimit/limiter.h"

#include <stdio.h>

enum loop_counting {
    LOOP_SLIDING, /* accepted in the last 60 s */
    LOOP_FIXED,   /* accepted in this minute of the clock */
    LOOP_BUCKET,  /* a token bucket, deep as a quarter of its time */
    LOOP_ALL      /* all that was asked in the last 60 s, refused ones too: as Postfix' anvil */
};

struct loop_server {
    enum loop_counting counting;
    double per_minute; /* recipients; 0: no limit */
    double connects_per_minute;
    double per_hour; /* recipients, counted in the same way; no change touches it; 0: no limit */
    uint32_t connections, per_session, per_transaction; /* 0: no limit */
    uint32_t latency_ms;
    uint64_t lock_ms;   /* after one recipient too many refuses all of them for so long */
    uint64_t change_ms; /* from then on .. */
    double factor;      /* .. the limits per minute are multiplied by this; 0: no change */
    bool spaced;        /* its bucket is one recipient deep */
    bool words;         /* its replies name the limit that was hit */
    FILE *trace;        /* a line a minute and one an event go there; or NULL */
};

struct loop_outcome {
    uint64_t took_ms;
    uint32_t n_answered, n_throttled, n_refused, n_sessions, n_events, peak;
    uint32_t most_asked;  /* recipients in any 60 s */
    uint32_t most_opened; /* connections in any 60 s */
};

/* Ask n recipients; the outcome into ret. Gives up after a virtual week. */
void closed_loop_run(const struct loop_server *server, const struct mxp_budget *ceilings,
                     uint32_t n, struct loop_outcome *ret);

/* The time that n recipients take at the lesser of both limits, in ms. */
double closed_loop_bound_ms(const struct loop_server *server, const struct mxp_budget *ceilings,
                            uint32_t n);

#endif
