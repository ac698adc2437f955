#include "dns/question_rate.h"

#define BURST_SHARE 20 /* of n, so that the rest, evenly spread, is 19 of 20 */
#define TICKS_MS    2  /* and no less than comes between two looks at the clock */

/* One costs per_ms; a millisecond brings n - burst + 1: after a burst at 0, the others of
 * the first per_ms come before its end, and the one after them does not. */
static uint64_t share(const struct mxp_question_gate *gate)
{
    return (uint64_t)gate->rate.n - gate->burst + 1;
}

static void fill(struct mxp_question_gate *gate, uint64_t now_ms)
{
    uint64_t most = (uint64_t)gate->burst * gate->rate.per_ms;
    uint64_t passed_ms = now_ms - gate->filled_ms;
    gate->filled_ms = now_ms;
    bool full = passed_ms > most / share(gate) || gate->credit + passed_ms * share(gate) >= most;
    gate->credit = full ? most : gate->credit + passed_ms * share(gate);
}

void mxp_question_gate_init(struct mxp_question_gate *gate, struct mxp_question_rate rate,
                            uint64_t now_ms)
{
    uint64_t burst = rate.n / BURST_SHARE;
    uint64_t ticks = rate.per_ms ? (uint64_t)rate.n * TICKS_MS / rate.per_ms : 0;
    if (burst < ticks)
        burst = ticks;
    if (burst > rate.n)
        burst = rate.n;
    *gate = (struct mxp_question_gate){.rate = rate, .filled_ms = now_ms};
    gate->burst = burst ? (uint32_t)burst : 1;
    gate->credit = (uint64_t)gate->burst * rate.per_ms;
}

uint64_t mxp_question_gate_take(struct mxp_question_gate *gate, uint64_t now_ms)
{
    if (gate->rate.n == 0)
        return 0;
    fill(gate, now_ms);
    if (gate->credit >= gate->rate.per_ms) {
        gate->credit -= gate->rate.per_ms;
        return 0;
    }
    return (gate->rate.per_ms - gate->credit + share(gate) - 1) / share(gate);
}
