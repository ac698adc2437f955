#include "probe/command/bulk_report.h"

#include "core/say.h"
#include "probe/report/summary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MOMENT_MS   1000 /* for a reader, where the run was interrupted */
#define LEARNED_MAX 50   /* lines about limits in the summary */

void mxp_bulk_report_start(struct mxp_bulk_report *report, const struct mxp_options *options,
                           struct mxp_loop *loop)
{
    struct winsize size = {0};
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (terminal)
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    report->started_ms = mxp_loop_now_ms(loop);
    report->clock_speed = options->clock_speed;
    mxp_progress_init(&report->progress, mxp_progress_choose(options, terminal), size.ws_col,
                      stderr);
}

void mxp_bulk_report_show(struct mxp_bulk_report *report, struct mxp_run *run,
                          const struct mxp_list_stats *list, bool all_read, bool last)
{
    struct mxp_engine_stats engine;
    mxp_engine_stats(mxp_run_engine(run), &engine);
    struct mxp_progress_view view = {
        .counters = &report->counters,
        .n_done = list->n_answered,
        .n_total = all_read ? list->n_rows : 0,
        .n_sessions = engine.n_sessions,
        .n_retries = engine.n_retries_pending,
        .next_retry_ms = engine.next_due_ms,
        .paused = report->paused,
    };
    mxp_progress_show(&report->progress, &view, mxp_loop_now_ms(mxp_run_loop(run)), last);
}

struct learned {
    char *lines[LEARNED_MAX];
    size_t n;
};

static void add_limit(struct mxp_buf *line, const char *what, uint32_t n)
{
    if (n)
        mxp_buf_printf(line, ", %u %s", n, what);
}

static void add_site(void *arg, const char *key, uint32_t identity, bool is_learned,
                     const struct mxp_site_state *state)
{
    struct learned *learned = arg;
    struct mxp_buf line;
    if (!is_learned || learned->n >= LEARNED_MAX)
        return;
    const struct mxp_budget *now = &state->now;
    mxp_buf_init(&line, 4096);
    mxp_buf_printf(&line, "%s", key);
    if (identity)
        mxp_buf_printf(&line, " (identity %u)", identity + 1);
    mxp_buf_printf(&line, ": throttled %llu of %llu", (unsigned long long)state->n_throttled,
                   (unsigned long long)state->n_rcpts);
    add_limit(&line, "connections at once", now->connections);
    add_limit(&line, "recipients a minute", now->rcpt_rate.per_ms == 60000 ? now->rcpt_rate.n : 0);
    add_limit(&line, "recipients an hour", now->rcpts_per_hour);
    add_limit(&line, "recipients a session", now->rcpts_per_session);
    add_limit(&line, "recipients a transaction", now->rcpts_per_transaction);
    if (line.ptr)
        learned->lines[learned->n++] = line.ptr; /* the buffer's memory becomes the line's */
}

void mxp_bulk_report_end(struct mxp_bulk_report *report, struct mxp_run *run,
                         const struct mxp_list_stats *list, bool unfinished, bool interrupted)
{
    char *text = NULL;
    size_t len = 0;
    struct learned learned = {0};
    struct mxp_engine_stats engine;
    mxp_engine_stats(mxp_run_engine(run), &engine);
    mxp_limiter_each_site(mxp_engine_limiter(mxp_run_engine(run)), add_site, &learned);
    struct mxp_summary summary = {
        .counters = &report->counters,
        .duration_ms = mxp_loop_now_ms(mxp_run_loop(run)) - report->started_ms,
        .clock_speed = report->clock_speed,
        .n_sessions = engine.n_sessions_total,
        .n_rcpts = engine.n_rcpts,
        .n_duplicates = list->n_duplicates,
        .n_before = report->n_before,
        .unfinished = unfinished,
        .n_left = unfinished ? list->n_rows - list->n_answered : 0,
        .learned = (const char *const *)learned.lines,
        .n_learned = learned.n,
    };
    FILE *file = open_memstream(&text, &len);
    if (file) {
        mxp_summary_print(&summary, file);
        if (fclose(file) == 0)
            (void)mxp_say(STDERR_FILENO, text, len, interrupted ? MOMENT_MS : -1);
        free(text);
    }
    for (size_t i = 0; i < learned.n; i++)
        free(learned.lines[i]);
}
