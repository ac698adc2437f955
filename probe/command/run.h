/*
 * One run of the engine, from options to the end: what check and bulk have in common.
 * Makes the loop, resolver, rules and engine, and takes them down.
 */
#ifndef MXP_PROBE_RUN_H
#define MXP_PROBE_RUN_H

#include "probe/engine/engine.h"
#include "probe/list/exclude.h"
#include "ratelimit/limiter.h"

struct mxp_run;

struct mxp_run_config {
    const struct mxp_options *options;
    const struct mxp_exclude *exclude; /* may be NULL */
    struct mxp_source *source;
    struct mxp_sink *sink;
    bool answer_all; /* see mxp_engine_config */
    void (*on_event)(void *arg, const struct mxp_engine_event *event);
    void *arg;
};

/* NULL and why: MXP_ECONFIG, MXP_EDATA (rules) .. */
struct mxp_run *mxp_run_new(const struct mxp_run_config *config, struct mxp_why *why);

struct mxp_loop *mxp_run_loop(struct mxp_run *run);
struct mxp_engine *mxp_run_engine(struct mxp_run *run);

/* Until the engine is done. 0, or as mxp_engine_config.on_done tells. */
int mxp_run_go(struct mxp_run *run, struct mxp_why *why);

struct mxp_run *mxp_run_free(struct mxp_run *run); /* NULL */

#endif
