/*
 * At most n in any stretch of per_ms, bursts included. Whole numbers only: nothing is
 * lost or gained by rounding over a long run.
 */
#ifndef MXP_DNS_QUESTION_RATE_H
#define MXP_DNS_QUESTION_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct mxp_question_rate {
    uint32_t n, per_ms; /* n 0: no limit */
};

struct mxp_question_gate {
    struct mxp_question_rate rate;
    uint32_t burst;
    uint64_t credit, filled_ms;
};

/* What comes together after a pause is a twentieth of n. */
void mxp_question_gate_init(struct mxp_question_gate *gate, struct mxp_question_rate rate,
                            uint64_t now_ms);

/* Take one: 0, or the milliseconds to wait before asking again. now_ms never goes back. */
uint64_t mxp_question_gate_take(struct mxp_question_gate *gate, uint64_t now_ms);

#endif
