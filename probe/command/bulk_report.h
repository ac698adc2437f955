/*
 * [io] What a bulk run tells its user while it goes and at its end: counters, the progress
 * line, the summary.
 */
#ifndef MXP_PROBE_BULK_REPORT_H
#define MXP_PROBE_BULK_REPORT_H

#include "probe/report/counters.h"
#include "probe/list/list.h"
#include "probe/report/progress.h"
#include "probe/command/run.h"

struct mxp_bulk_report {
    struct mxp_counters counters;
    struct mxp_progress progress;
    uint64_t started_ms;
    double clock_speed;
    uint64_t n_before; /* lines that an earlier run answered */
    bool paused;
};

/* The run's clock starts; whether there is a terminal is looked for here. */
void mxp_bulk_report_start(struct mxp_bulk_report *report, const struct mxp_options *options,
                           struct mxp_loop *loop);
/* The progress line, if it is time for one; last: the run is over. all_read: list->n_rows is the
 * whole list. */
void mxp_bulk_report_show(struct mxp_bulk_report *report, struct mxp_run *run,
                          const struct mxp_list_stats *list, bool all_read, bool last);
/* The closing summary to standard error, with what was learned about providers. */
void mxp_bulk_report_end(struct mxp_bulk_report *report, struct mxp_run *run,
                         const struct mxp_list_stats *list, bool unfinished, bool interrupted);

#endif
