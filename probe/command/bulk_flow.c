#include "probe/command/bulk_flow.h"

#define STALLED   (1024 * 1024) /* octets that wait for a reader before the run is held */
#define LOOK_MS   20
#define WAIT_MS   5  /* for a reader that is only a little late */
#define IDLE_LAST 40 /* looks without a reader: a second, when interrupted */

static void look_again(struct mxp_bulk_flow *flow)
{
    mxp_timer_set(flow->timer, mxp_loop_now_ms(mxp_run_loop(flow->run)) + LOOK_MS);
}

static void fail(struct mxp_bulk_flow *flow, const struct mxp_why *why)
{
    flow->failed = true;
    flow->why = *why;
    mxp_engine_stop(mxp_run_engine(flow->run), 0);
}

static void try_to_write(struct mxp_bulk_flow *flow, int wait_ms)
{
    struct mxp_why why = {0};
    size_t before = mxp_output_pending(flow->output);
    if (!flow->failed && mxp_output_flush(flow->output, wait_ms, &why))
        fail(flow, &why);
    flow->n_idle = mxp_output_pending(flow->output) < before ? 0 : flow->n_idle + 1;
}

static void look(void *arg)
{
    struct mxp_bulk_flow *flow = arg;
    try_to_write(flow, WAIT_MS);
    size_t left = mxp_output_pending(flow->output);
    if (flow->held && (flow->failed || left < STALLED / 2)) {
        flow->held = false;
        mxp_engine_hold(mxp_run_engine(flow->run), false);
    }
    bool over = !left || flow->failed || (flow->interrupted && flow->n_idle >= IDLE_LAST);
    if (flow->ending && over)
        mxp_loop_stop(mxp_run_loop(flow->run));
    else if (flow->ending || flow->held)
        look_again(flow);
}

int mxp_bulk_flow_init(struct mxp_bulk_flow *flow, struct mxp_output *output, struct mxp_run *run)
{
    *flow = (struct mxp_bulk_flow){.output = output, .run = run};
    flow->timer = mxp_timer_new(mxp_run_loop(run), look, flow);
    return flow->timer ? 0 : MXP_ENOMEM;
}

int mxp_bulk_flow_put(struct mxp_bulk_flow *flow, struct mxp_why *why)
{
    int err = mxp_output_put(flow->output, why);
    flow->failed = flow->failed || err;
    if (!err && !flow->held && mxp_output_pending(flow->output) >= STALLED) {
        flow->held = true;
        mxp_engine_hold(mxp_run_engine(flow->run), true);
        look_again(flow);
    }
    return err;
}

void mxp_bulk_flow_flush(struct mxp_bulk_flow *flow)
{
    try_to_write(flow, 0);
}

void mxp_bulk_flow_end(struct mxp_bulk_flow *flow)
{
    try_to_write(flow, 0);
    if (flow->failed || !mxp_output_pending(flow->output))
        return;
    flow->ending = true;
    flow->n_idle = 0;
    look_again(flow);
    mxp_loop_run(mxp_run_loop(flow->run));
}

void mxp_bulk_flow_free(struct mxp_bulk_flow *flow)
{
    if (flow->timer)
        mxp_timer_free(flow->timer);
    flow->timer = NULL;
}
