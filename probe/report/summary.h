/*
 * The closing summary for a person: verdicts and reasons, providers, the bounce rate to
 * expect, what the run took, what was learned about limits. Text that came from servers
 * or lists is printed with control bytes escaped.
 */
#ifndef MXP_PROBE_SUMMARY_H
#define MXP_PROBE_SUMMARY_H

#include "probe/report/counters.h"

#include <stdio.h>

#define MXP_SUMMARY_PROVIDERS 15 /* rows printed; the rest in one line */

struct mxp_summary {
    const struct mxp_counters *counters;
    uint64_t duration_ms;
    double clock_speed; /* of a simulation: all times are those of its clock; 0 or 1: it is real */
    uint64_t n_sessions, n_rcpts;
    uint64_t n_duplicates;      /* lines answered by another line's probe */
    uint64_t n_before;          /* lines that an earlier run answered */
    bool unfinished;            /* interrupted, or stopped by a breaker: not all lines are judged */
    uint64_t n_left;            /* addresses without a result; 0: none, or not known */
    const char *const *learned; /* lines about limits; may be NULL */
    size_t n_learned;
};

/* 0, MXP_ENOMEM or MXP_EIO. */
int mxp_summary_print(const struct mxp_summary *summary, FILE *out);

#endif
