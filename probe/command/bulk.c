#include "probe/command/bulk.h"

#include "core/log.h"
#include "probe/command/bulk_files.h"
#include "probe/command/bulk_flow.h"
#include "probe/command/bulk_report.h"
#include "probe/list/input.h"
#include "probe/list/list.h"
#include "probe/result/output.h"
#include "probe/result/result_row.h"
#include "probe/result/resume.h"
#include "probe/command/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_MS   9000 /* for what is in flight when interrupted: 10 s in all */
#define FLUSH_MS   1000
#define ROW_CAP    (32 * 1024 * 1024)
#define PULL_SLICE 16 /* pieces of the list read in one go where few of its lines are items */

struct bulk {
    const struct mxp_options *options;
    struct mxp_exclude *exclude;
    struct mxp_seen *seen;
    struct mxp_resume *resume;
    struct mxp_list_reader *reader;
    struct mxp_list *list;
    struct mxp_input *input;
    struct mxp_output *output;
    struct mxp_bulk_flow flow;
    struct mxp_source source;
    struct mxp_sink sink;
    struct mxp_run *run;
    struct mxp_timer *timer;
    struct mxp_buf scratch;
    struct mxp_bulk_report report;
    uint64_t flushed_ms;
    unsigned n_signals;
    size_t n_unread; /* lines that nobody took */
    bool header_done, input_ended, resumed, resume_checked;
};

static struct bulk *of_source(struct mxp_source *source)
{
    return (struct bulk *)(void *)((char *)source - offsetof(struct bulk, source));
}

static struct bulk *of_sink(struct mxp_sink *sink)
{
    return (struct bulk *)(void *)((char *)sink - offsetof(struct bulk, sink));
}

static int put_header(struct bulk *bulk)
{
    size_t n;
    if (bulk->header_done || bulk->options->format != MXP_FORMAT_CSV)
        return 0;
    bulk->header_done = true;
    const char *const *own = mxp_list_reader_columns(bulk->reader, &n);
    return mxp_row_header(own, n, mxp_output_buf(bulk->output));
}

static int put_row(struct bulk *bulk, const struct mxp_row *row, const struct mxp_result *result)
{
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf *out = mxp_output_buf(bulk->output);
    size_t n_own;
    mxp_list_reader_columns(bulk->reader, &n_own);
    int err = put_header(bulk);
    if (!err)
        err = mxp_row_values(row, result, &bulk->scratch, values);
    if (!err)
        err = bulk->options->format == MXP_FORMAT_CSV ? mxp_row_csv(row, n_own, values, out)
                                                      : mxp_row_json(values, out);
    return err;
}

static int on_answer(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                     struct mxp_why *why)
{
    struct bulk *bulk = arg;
    mxp_counters_add(&bulk->report.counters, result);
    int err = put_row(bulk, row, result);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    return mxp_bulk_flow_put(&bulk->flow, why);
}

static int on_result(struct mxp_sink *sink, uint32_t id, const struct mxp_result *result,
                     struct mxp_why *why)
{
    return mxp_list_answer(of_sink(sink)->list, id, result, why);
}

static bool excluded(void *arg, struct mxp_slice local, const char *domain)
{
    const struct bulk *bulk = arg;
    return bulk->exclude && mxp_exclude_address(bulk->exclude, local, domain);
}

static int skip(void *arg, uint64_t line, struct mxp_slice entry, struct mxp_why *why)
{
    struct bulk *bulk = arg;
    int answered = bulk->resumed ? mxp_resume_has(bulk->resume, line, entry, why) : 0;
    bulk->report.n_before += answered > 0;
    return answered;
}

/* What stands in the output must go with the list, before anything is added to it. */
static int check_resumed(struct bulk *bulk, struct mxp_why *why)
{
    struct mxp_buf header;
    size_t n;
    bool begun = bulk->resume && mxp_resume_is_begun(bulk->resume);
    if (bulk->resume_checked || !begun || bulk->options->format != MXP_FORMAT_CSV)
        return 0;
    bulk->resume_checked = true;
    const char *const *own = mxp_list_reader_columns(bulk->reader, &n);
    mxp_buf_init(&header, ROW_CAP);
    int err = mxp_row_header(own, n, &header);
    if (err)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    else
        err = mxp_resume_check_header(bulk->resume, mxp_buf_slice(&header), why);
    mxp_buf_free(&header);
    return err;
}

static int on_record(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct bulk *bulk = arg;
    int err = check_resumed(bulk, why);
    return err ? err : mxp_list_add(bulk->list, record, why);
}

static void input_ready(void *arg)
{
    struct bulk *bulk = arg;
    mxp_engine_wake(mxp_run_engine(bulk->run));
}

static int read_more(struct bulk *bulk, struct mxp_why *why)
{
    struct mxp_slice piece;
    int err = mxp_input_read(bulk->input, mxp_run_loop(bulk->run), input_ready, bulk, &piece, why);
    if (err == MXP_EEOF) {
        bulk->input_ended = true;
        err = mxp_list_reader_end(bulk->reader, why);
        mxp_list_end(bulk->list);
        return err;
    }
    return err ? err : mxp_list_reader_feed(bulk->reader, piece, why);
}

/* The list is read no further ahead of the engine than one piece. */
static int pull(struct mxp_source *self, struct mxp_item *ret, struct mxp_why *why)
{
    struct bulk *bulk = of_source(self);
    struct mxp_source *list = mxp_list_source(bulk->list);
    for (int i = 0; i < PULL_SLICE; i++) {
        int err = list->pull(list, ret, why);
        if (err != MXP_EAGAIN || bulk->input_ended || bulk->flow.held)
            return err;
        err = read_more(bulk, why);
        if (err)
            return err;
    }
    mxp_engine_wake(mxp_run_engine(bulk->run));
    return MXP_EAGAIN;
}

static int wire(struct mxp_source *self, uint32_t id, const char **ret_address, size_t *ret_len,
                bool *ret_utf8)
{
    struct mxp_source *list = mxp_list_source(of_source(self)->list);
    return list->wire(list, id, ret_address, ret_len, ret_utf8);
}

static void on_event(void *arg, const struct mxp_engine_event *event)
{
    struct bulk *bulk = arg;
    if (event->kind == MXP_ENGINE_NETWORK_LOST || event->kind == MXP_ENGINE_NETWORK_BACK)
        bulk->report.paused = event->kind == MXP_ENGINE_NETWORK_LOST;
    bool wanted = event->kind != MXP_ENGINE_NOTE || bulk->options->verbose;
    if (!wanted || bulk->options->quiet)
        return;
    mxp_progress_clear(&bulk->report.progress);
    mxp_log(MXP_LOG_WARN, "%s", event->text);
}

static void show(struct bulk *bulk, bool last)
{
    struct mxp_list_stats list;
    mxp_list_stats(bulk->list, &list);
    mxp_bulk_report_show(&bulk->report, bulk->run, &list, bulk->input_ended, last);
}

static void on_timer(void *arg)
{
    struct bulk *bulk = arg;
    struct mxp_loop *loop = mxp_run_loop(bulk->run);
    uint64_t now = mxp_loop_now_ms(loop);
    show(bulk, false);
    if (now - bulk->flushed_ms >= FLUSH_MS) {
        bulk->flushed_ms = now;
        mxp_bulk_flow_flush(&bulk->flow);
    }
    mxp_timer_set(bulk->timer, now + MXP_PROGRESS_TERMINAL_MS);
}

static void interrupted(void *arg, int signum)
{
    struct bulk *bulk = arg;
    (void)signum;
    bulk->flow.interrupted = true;
    if (bulk->flow.ending)
        return; /* it waits for a reader only */
    if (bulk->n_signals++) {
        mxp_engine_stop(mxp_run_engine(bulk->run), 0);
        return;
    }
    mxp_progress_clear(&bulk->report.progress);
    if (!bulk->options->quiet)
        mxp_log(MXP_LOG_WARN, "stopping: what is in flight is finished, at most 10 s");
    double speed = bulk->options->clock_speed > 0 ? bulk->options->clock_speed : 1;
    mxp_engine_stop(mxp_run_engine(bulk->run), (uint64_t)(GRACE_MS * speed));
}

static int open_list(struct bulk *bulk, struct mxp_why *why)
{
    const struct mxp_options *options = bulk->options;
    struct mxp_list_choice_options reader = {
        .column = options->column, .on_record = on_record, .arg = bulk};
    bulk->input = mxp_input_open(options->n_args ? options->args[0] : "-", why);
    if (!bulk->input)
        return why->err;
    if (options->exclude) {
        bulk->exclude = mxp_exclude_load(options->exclude, why);
        if (!bulk->exclude)
            return why->err;
    }
    bulk->seen = mxp_seen_load(options->seen.names, options->seen.n, why);
    if (!bulk->seen)
        return why->err;
    struct mxp_list_options list = {.skip = skip,
                                    .excluded = excluded,
                                    .on_answer = on_answer,
                                    .arg = bulk,
                                    .seen = bulk->seen};
    bulk->list = mxp_list_new(&list, why);
    bulk->reader = mxp_list_reader_new(&reader);
    if (!bulk->list)
        return why->err;
    return bulk->reader ? 0 : mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

static int load_resume(struct bulk *bulk, struct mxp_why *why)
{
    const struct mxp_options *options = bulk->options;
    if (!options->resume || !options->output)
        return 0;
    bulk->resume = mxp_resume_load(options->output, options->format, why);
    if (!bulk->resume)
        return why->err;
    bulk->resumed = mxp_resume_count(bulk->resume) > 0;
    bulk->header_done = bulk->resumed;
    return 0;
}

static int open_output(struct bulk *bulk, struct mxp_why *why)
{
    struct mxp_output_options output = {
        .path = bulk->options->output,
        .keep = bulk->resumed ? mxp_resume_end(bulk->resume) : 0,
        .not_fd = mxp_input_fd(bulk->input),
    };
    bulk->output = mxp_output_open(&output, why);
    return bulk->output ? 0 : why->err;
}

static int go(struct bulk *bulk, struct mxp_why *why)
{
    struct mxp_run_config config = {
        .options = bulk->options,
        .exclude = bulk->exclude,
        .source = &bulk->source,
        .sink = &bulk->sink,
        .on_event = on_event,
        .arg = bulk,
    };
    bulk->source = (struct mxp_source){.pull = pull, .wire = wire};
    bulk->sink.result = on_result;
    bulk->run = mxp_run_new(&config, why);
    if (!bulk->run)
        return why->err;
    struct mxp_loop *loop = mxp_run_loop(bulk->run);
    bulk->timer = mxp_timer_new(loop, on_timer, bulk);
    if (!bulk->timer || mxp_bulk_flow_init(&bulk->flow, bulk->output, bulk->run))
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    mxp_timer_set(bulk->timer, 0);
    mxp_loop_on_signal(loop, SIGINT, interrupted, bulk);
    mxp_loop_on_signal(loop, SIGTERM, interrupted, bulk);
    struct sigaction hangup;
    if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN) /* as nohup has it */
        mxp_loop_on_signal(loop, SIGHUP, interrupted, bulk);
    mxp_bulk_report_start(&bulk->report, bulk->options, loop);
    int err = mxp_run_go(bulk->run, why);
    if (!err && !bulk->header_done)
        err = check_resumed(bulk, why); /* of a list without records */
    if (!err && put_header(bulk))
        err = mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    mxp_bulk_flow_end(&bulk->flow);
    if (bulk->flow.failed && bulk->flow.why.err && (!err || err == MXP_ECANCELED)) {
        *why = bulk->flow.why;
        err = why->err;
    }
    bulk->n_unread = mxp_output_lines_pending(bulk->output);
    if (!err && bulk->n_unread)
        err = MXP_ECANCELED;
    return err;
}

static void tell_end(struct bulk *bulk, int err, struct mxp_why *why)
{
    struct mxp_list_stats list;
    mxp_list_stats(bulk->list, &list);
    bool begun = list.n_rows || bulk->report.n_before; /* else there is nothing to sum up */
    show(bulk, true);
    /* Who reads no results any more (| head) wants no report either. */
    bool unread = bulk->flow.failed && !bulk->options->output;
    if (!bulk->options->quiet && !unread && (begun || !err))
        mxp_bulk_report_end(&bulk->report, bulk->run, &list, err != 0, bulk->flow.interrupted);
    if (err != MXP_ECANCELED && err != MXP_ENET)
        return;
    char unread_words[80];
    snprintf(unread_words, sizeof unread_words,
             "interrupted; nobody reads, so that %zu results are lost", bulk->n_unread);
    const char *words = err == MXP_ENET ? why->text : bulk->n_unread ? unread_words : "interrupted";
    struct mxp_why full = {0};
    mxp_why_set(&full, err,
                bulk->options->output ? "%s; %llu lines are answered: go on with the same command "
                                        "and --resume"
                                      : "%s; %llu lines are answered (with -o FILE, --resume could "
                                        "go on from here)",
                words,
                (unsigned long long)(list.n_answered + bulk->report.n_before - bulk->n_unread));
    *why = full;
}

static void close_all(struct bulk *bulk)
{
    mxp_input_close(bulk->input);
    if (bulk->timer)
        mxp_timer_free(bulk->timer);
    mxp_bulk_flow_free(&bulk->flow);
    mxp_run_free(bulk->run);
    mxp_list_reader_free(bulk->reader);
    mxp_list_free(bulk->list);
    mxp_exclude_free(bulk->exclude);
    mxp_seen_free(bulk->seen);
    mxp_resume_free(bulk->resume);
    mxp_buf_free(&bulk->scratch);
    mxp_counters_free(&bulk->report.counters);
}

int mxp_bulk_run(const struct mxp_options *options, struct mxp_why *why)
{
    struct bulk *bulk = calloc(1, sizeof *bulk);
    if (!bulk)
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    bulk->options = options;
    mxp_buf_init(&bulk->scratch, ROW_CAP);
    int err = open_list(bulk, why);
    err = err ? err : mxp_bulk_files_check(options, mxp_input_fd(bulk->input), why);
    err = err ? err : load_resume(bulk, why);
    err = err ? err : open_output(bulk, why);
    err = err ? err : go(bulk, why);
    if (bulk->output) {
        struct mxp_why closing = {0};
        int closed = mxp_output_close(bulk->output, !err, &closing);
        bulk->flow.failed = bulk->flow.failed || closed;
        if (closed && (!err || err == MXP_ECANCELED)) {
            *why = closing;
            err = closed;
        }
    }
    if (bulk->run)
        tell_end(bulk, err, why);
    close_all(bulk);
    free(bulk);
    return err;
}
