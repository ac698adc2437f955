/*
 * The progress line of a bulk run. On a terminal one line that is written over; with
 * --progress elsewhere, plain lines now and then; else nothing. Time is an argument; it
 * counts what it is shown and asks nobody.
 */
#ifndef MXP_PROBE_PROGRESS_H
#define MXP_PROBE_PROGRESS_H

#include "probe/report/counters.h"
#include "probe/options/options.h"

#include <stdio.h>

#define MXP_PROGRESS_TERMINAL_MS 250
#define MXP_PROGRESS_LINES_MS    10000
#define MXP_PROGRESS_SAMPLES     32 /* of the rate: the last 30 s */

enum mxp_progress_mode { MXP_PROGRESS_OFF, MXP_PROGRESS_TERMINAL, MXP_PROGRESS_LINES };

struct mxp_progress {
    enum mxp_progress_mode mode;
    unsigned columns; /* of the terminal; 0: 80 */
    FILE *out;
    uint64_t next_ms; /* private from here */
    bool shown;       /* a line without its end stands on the terminal */
    struct {
        uint64_t at_ms, n_done;
    } samples[MXP_PROGRESS_SAMPLES];
    size_t n_samples;
};

/* What is shown. */
struct mxp_progress_view {
    const struct mxp_counters *counters;
    uint64_t n_done, n_total; /* lines; n_total 0: not known yet */
    bool total_is_guess;      /* from the part of the file read so far */
    uint32_t n_sessions;
    uint64_t n_retries, next_retry_ms; /* waiting, and when the next is due (absolute) */
    bool paused;                       /* the network is away */
};

enum mxp_progress_mode mxp_progress_choose(const struct mxp_options *options, bool is_terminal);

void mxp_progress_init(struct mxp_progress *progress, enum mxp_progress_mode mode, unsigned columns,
                       FILE *out);

/* Show the state if it is time, or if it is the last one. */
void mxp_progress_show(struct mxp_progress *progress, const struct mxp_progress_view *view,
                       uint64_t now_ms, bool last);

/* Take the line off the terminal: before anything else is written there, and at the end. */
void mxp_progress_clear(struct mxp_progress *progress);

#endif
