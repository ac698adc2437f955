/*
 * The way of results out of a bulk run. Where nobody reads them (a pipe to a program that
 * stopped, a terminal after ^S), the engine is held and goes on with the reader, so that memory
 * stays bounded, signals are heard, and no line is lost.
 */
#ifndef MXP_PROBE_BULK_FLOW_H
#define MXP_PROBE_BULK_FLOW_H

#include "probe/result/output.h"
#include "probe/command/run.h"

struct mxp_bulk_flow {
    struct mxp_output *output;
    struct mxp_run *run;
    struct mxp_timer *timer; /* while held, and in the end */
    struct mxp_why why;      /* what went wrong while none was asked */
    unsigned n_idle;         /* looks on end without a reader */
    bool failed, held, ending;
    bool interrupted; /* set by the owner: the end waits no longer than a moment */
};

/* 0 or MXP_ENOMEM. The output and the run stay the caller's, and outlive the flow. */
int mxp_bulk_flow_init(struct mxp_bulk_flow *flow, struct mxp_output *output, struct mxp_run *run);

/* Lines were added to the output: write them if there are enough, and hold the run if nobody takes
 * them. 0 or MXP_EIO. */
int mxp_bulk_flow_put(struct mxp_bulk_flow *flow, struct mxp_why *why);

/* Write what somebody takes now; a failure stops the engine, and is in why. */
void mxp_bulk_flow_flush(struct mxp_bulk_flow *flow);

/* After the run: wait for the reader. What is pending then (an interrupted run, a failure) will not
 * be written. */
void mxp_bulk_flow_end(struct mxp_bulk_flow *flow);
void mxp_bulk_flow_free(struct mxp_bulk_flow *flow);

#endif
