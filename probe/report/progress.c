#include "probe/report/progress.h"

#include <inttypes.h>
#include <string.h>

#include "core/buf.h"
#include "core/say.h"
#include "probe/options/duration.h"

#define LINE_CAP     1024
#define SAMPLE_MS    1000
#define RATE_SPAN_MS 30000
#define COLUMNS      80
#define ETA_MAX_MS   (100ull * 86400000)

enum mxp_progress_mode mxp_progress_choose(const struct mxp_options *options, bool is_terminal)
{
    if (options->quiet)
        return MXP_PROGRESS_OFF;
    if (options->progress)
        return MXP_PROGRESS_LINES;
    return is_terminal ? MXP_PROGRESS_TERMINAL : MXP_PROGRESS_OFF;
}

void mxp_progress_init(struct mxp_progress *progress, enum mxp_progress_mode mode, unsigned columns,
                       FILE *out)
{
    *progress =
        (struct mxp_progress){.mode = mode, .columns = columns ? columns : COLUMNS, .out = out};
}

/* A sample a second at most; the oldest go when there are too many or they are too old. */
static void sample(struct mxp_progress *progress, uint64_t n_done, uint64_t now_ms)
{
    size_t n = progress->n_samples, old = 0;
    if (n && now_ms < progress->samples[n - 1].at_ms + SAMPLE_MS)
        return;
    while (old + 1 < n && now_ms - progress->samples[old].at_ms > RATE_SPAN_MS)
        old++;
    if (n - old == MXP_PROGRESS_SAMPLES)
        old++;
    memmove(progress->samples, progress->samples + old, (n - old) * sizeof *progress->samples);
    n -= old;
    progress->samples[n].at_ms = now_ms;
    progress->samples[n].n_done = n_done;
    progress->n_samples = n + 1;
}

/* Lines a second over the samples; negative: nothing to tell from yet. */
static double rate(const struct mxp_progress *progress, uint64_t n_done, uint64_t now_ms)
{
    if (!progress->n_samples || now_ms <= progress->samples[0].at_ms ||
        n_done < progress->samples[0].n_done || n_done == 0)
        return -1;
    return 1000.0 * (double)(n_done - progress->samples[0].n_done) /
           (double)(now_ms - progress->samples[0].at_ms);
}

static void add_done(const struct mxp_progress_view *view, double per_s, struct mxp_buf *line)
{
    (void)mxp_buf_printf(line, "%" PRIu64, view->n_done);
    if (view->n_total && view->n_total >= view->n_done)
        (void)mxp_buf_printf(line, "/%s%" PRIu64 " (%.1f%%)", view->total_is_guess ? "~" : "",
                             view->n_total, 100.0 * (double)view->n_done / (double)view->n_total);
    if (per_s >= 0)
        (void)mxp_buf_printf(line, per_s < 10 ? ", %.1f/s" : ", %.0f/s", per_s);
}

static void add_eta(const struct mxp_progress_view *view, double per_s, struct mxp_buf *line)
{
    char words[MXP_DURATION_TEXT_MAX];
    uint64_t left = view->n_total > view->n_done ? view->n_total - view->n_done : 0;
    /* What waits for a retry is not done at this speed. */
    left = left > view->n_retries ? left - view->n_retries : 0;
    if (left == 0 || per_s <= 0)
        return;
    double ms = 1000.0 * (double)left / per_s;
    if (ms < (double)ETA_MAX_MS)
        (void)mxp_buf_printf(line, ", ETA %s", mxp_duration_words((uint64_t)ms, words));
}

/* What a run that does nothing at the moment waits for. */
static void add_retries(const struct mxp_progress_view *view, double per_s, uint64_t now_ms,
                        struct mxp_buf *line)
{
    char words[MXP_DURATION_TEXT_MAX];
    bool idle = view->n_sessions == 0 && view->n_done < view->n_total;
    bool due = view->next_retry_ms != UINT64_MAX && view->next_retry_ms > now_ms;
    if (view->n_retries)
        (void)mxp_buf_printf(
            line, idle ? ", waiting for %" PRIu64 " retries" : ", %" PRIu64 " retries later",
            view->n_retries);
    idle = idle && (view->n_retries || per_s <= 0); /* DNS needs no session */
    if (!view->n_retries && idle && due)
        (void)mxp_buf_add_str(line, ", waiting for limits");
    if (idle && due)
        (void)mxp_buf_printf(line, ", next in %s",
                             mxp_duration_words(view->next_retry_ms - now_ms, words));
}

/* Cannot fail but for memory; then the line is shorter. */
static void compose(const struct mxp_progress_view *view, double per_s, uint64_t now_ms,
                    struct mxp_buf *line)
{
    const uint64_t *verdicts = view->counters->verdicts;
    add_done(view, per_s, line);
    (void)mxp_buf_printf(
        line, ", valid %" PRIu64 " invalid %" PRIu64 " unknown %" PRIu64 ", %" PRIu32 " sessions",
        verdicts[MXP_VERDICT_VALID], verdicts[MXP_VERDICT_INVALID], verdicts[MXP_VERDICT_UNKNOWN],
        view->n_sessions);
    if (view->paused)
        (void)mxp_buf_add_str(line, ", paused: the network is away");
    else
        add_eta(view, per_s, line);
    add_retries(view, per_s, now_ms, line);
}

/* A line for a terminal that stopped, or for a pipe that is full, is none. */
static bool is_read(const struct mxp_progress *progress)
{
    int fd = fileno(progress->out); /* -1: memory */
    return fd < 0 || mxp_say_ready(fd, 0);
}

void mxp_progress_show(struct mxp_progress *progress, const struct mxp_progress_view *view,
                       uint64_t now_ms, bool last)
{
    struct mxp_buf line;
    bool terminal = progress->mode == MXP_PROGRESS_TERMINAL;
    if (progress->mode == MXP_PROGRESS_OFF)
        return;
    sample(progress, view->n_done, now_ms);
    if ((!last && now_ms < progress->next_ms) || !is_read(progress))
        return;
    progress->next_ms = now_ms + (terminal ? MXP_PROGRESS_TERMINAL_MS : MXP_PROGRESS_LINES_MS);
    mxp_buf_init(&line, LINE_CAP);
    compose(view, rate(progress, view->n_done, now_ms), now_ms, &line);
    struct mxp_slice text = mxp_buf_slice(&line);
    if (terminal && text.len >= progress->columns)
        text.len = progress->columns - 1; /* a wrapped line is not written over */
    /* Nothing is lost when nobody can see the progress: write errors are passed over. */
    if (terminal)
        (void)fprintf(progress->out, "\r%.*s\033[K", (int)text.len, text.ptr);
    else
        (void)fprintf(progress->out, "mxprobe: %.*s\n", (int)text.len, text.ptr);
    (void)fflush(progress->out);
    progress->shown = terminal;
    mxp_buf_free(&line);
}

void mxp_progress_clear(struct mxp_progress *progress)
{
    if (!progress->shown || !is_read(progress))
        return;
    (void)fputs("\r\033[K", progress->out);
    (void)fflush(progress->out);
    progress->shown = false;
    progress->next_ms = 0;
}
