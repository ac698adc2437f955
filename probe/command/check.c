#include "probe/command/check.h"

#include "core/log.h"
#include "probe/result/escape.h"
#include "probe/list/list.h"
#include "probe/result/output.h"
#include "probe/result/result_row.h"
#include "probe/command/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Answers come in any order, but are printed in that of the arguments. */
struct check {
    const struct mxp_options *options;
    struct mxp_exclude *exclude;
    struct mxp_list *list;
    struct mxp_output *output;
    struct mxp_sink sink;
    struct mxp_run *run;
    char **lines; /* by argument; NULL: not answered yet */
    size_t n_printed;
    bool any_invalid, any_unknown;
};

static struct check *of_sink(struct mxp_sink *sink)
{
    return (struct check *)(void *)((char *)sink - offsetof(struct check, sink));
}

static int readable(const struct mxp_row *row, const struct mxp_result *result,
                    const struct mxp_value *values, struct mxp_buf *out)
{
    struct mxp_slice text = values[MXP_FIELD_text].text;
    struct mxp_slice mx = values[MXP_FIELD_mx].text;
    int err = mxp_escape(row->address, out); /* a line is a line */
    if (!err)
        err = mxp_buf_printf(out, ": %s (%s, %s)", mxp_verdict_name(result->verdict),
                             mxp_reason_name(result->reason), mxp_action_name(result->action));
    if (!err && mx.len)
        err = mxp_buf_printf(out, " %.*s", (int)mx.len, mx.ptr);
    if (!err && values[MXP_FIELD_ip].kind)
        err = mxp_buf_printf(out, " [%.*s]", (int)values[MXP_FIELD_ip].text.len,
                             values[MXP_FIELD_ip].text.ptr);
    if (!err && text.len)
        err = mxp_buf_printf(out, " %s: %.*s", mxp_stage_name(result->stage), (int)text.len,
                             text.ptr);
    if (!err && values[MXP_FIELD_suggestion].kind)
        err =
            mxp_buf_printf(out, " (did you mean %.*s?)", (int)values[MXP_FIELD_suggestion].text.len,
                           values[MXP_FIELD_suggestion].text.ptr);
    return err ? err : mxp_buf_add_char(out, '\n');
}

static int print_ready(struct check *check, struct mxp_why *why)
{
    while (check->n_printed < check->options->n_args && check->lines[check->n_printed]) {
        char *line = check->lines[check->n_printed++];
        int err = mxp_buf_add_str(mxp_output_buf(check->output), line);
        if (!err)
            err = mxp_output_flush(check->output, -1, why);
        if (err)
            return err;
    }
    return 0;
}

static int on_answer(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                     struct mxp_why *why)
{
    struct check *check = arg;
    struct mxp_value values[MXP_FIELD_COUNT];
    struct mxp_buf scratch, out;
    mxp_buf_init(&scratch, 1 << 20);
    mxp_buf_init(&out, 1 << 20);
    check->any_invalid = check->any_invalid || result->verdict == MXP_VERDICT_INVALID;
    check->any_unknown = check->any_unknown || result->verdict == MXP_VERDICT_UNKNOWN;
    int err = mxp_row_values(row, result, &scratch, values);
    if (!err)
        err =
            check->options->json ? mxp_row_json(values, &out) : readable(row, result, values, &out);
    mxp_buf_free(&scratch);
    if (err) {
        mxp_buf_free(&out);
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    }
    check->lines[row->line - 1] = out.ptr; /* the buffer's memory becomes the line's */
    return print_ready(check, why);
}

static int on_result(struct mxp_sink *sink, uint32_t id, const struct mxp_result *result,
                     struct mxp_why *why)
{
    return mxp_list_answer(of_sink(sink)->list, id, result, why);
}

static bool excluded(void *arg, struct mxp_slice local, const char *domain)
{
    const struct check *check = arg;
    return check->exclude && mxp_exclude_address(check->exclude, local, domain);
}

static void on_event(void *arg, const struct mxp_engine_event *event)
{
    const struct check *check = arg;
    if (!check->options->quiet && (event->kind != MXP_ENGINE_NOTE || check->options->verbose))
        mxp_log(MXP_LOG_WARN, "%s", event->text);
}

static int add_all(struct check *check, struct mxp_why *why)
{
    for (size_t i = 0; i < check->options->n_args; i++) {
        struct mxp_slice text = mxp_slice_str(check->options->args[i]);
        struct mxp_list_record record = {.line = i + 1, .fields = &text, .n_fields = 1};
        int err = mxp_list_add(check->list, &record, why);
        if (err)
            return err;
    }
    mxp_list_end(check->list);
    return 0;
}

static void interrupted(void *arg, int signum)
{
    struct check *check = arg;
    (void)signum;
    mxp_engine_stop(mxp_run_engine(check->run), 0);
}

/* What a run that could not go on left open is unknown, and says why. */
static int answer_rest(struct check *check, struct mxp_why *why)
{
    struct mxp_why words = *why;
    struct mxp_result result = {
        .verdict = MXP_VERDICT_UNKNOWN,
        .reason = MXP_REASON_NOT_PROBED,
        .action = mxp_reason_action(MXP_REASON_NOT_PROBED),
        .stage = MXP_STAGE_CONNECT,
        .text = mxp_slice_str(words.text),
        .catch_all = MXP_TRI_UNKNOWN,
        .exists = MXP_TRI_UNKNOWN,
    };
    return mxp_list_answer_rest(check->list, &result, why);
}

static int go(struct check *check, struct mxp_why *why)
{
    struct mxp_run_config config = {
        .options = check->options,
        .exclude = check->exclude,
        .source = mxp_list_source(check->list),
        .sink = &check->sink,
        .answer_all = true,
        .on_event = on_event,
        .arg = check,
    };
    int err = add_all(check, why);
    if (err)
        return err;
    check->run = mxp_run_new(&config, why);
    if (!check->run)
        return why->err;
    mxp_loop_on_signal(mxp_run_loop(check->run), SIGINT, interrupted, check);
    mxp_loop_on_signal(mxp_run_loop(check->run), SIGTERM, interrupted, check);
    err = mxp_run_go(check->run, why);
    if (err && err != MXP_EIO) {
        int rest = answer_rest(check, why);
        if (err == MXP_ENET)
            err = rest;
    }
    return err;
}

static int open_parts(struct check *check, struct mxp_why *why)
{
    const struct mxp_options *options = check->options;
    struct mxp_list_options list = {.excluded = excluded, .on_answer = on_answer, .arg = check};
    check->sink.result = on_result;
    check->lines = calloc(options->n_args + 1, sizeof *check->lines);
    if (!check->lines)
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    if (options->exclude) {
        check->exclude = mxp_exclude_load(options->exclude, why);
        if (!check->exclude)
            return why->err;
    }
    check->list = mxp_list_new(&list, why);
    if (!check->list)
        return why->err;
    struct mxp_output_options output = {.not_fd = -1};
    check->output = mxp_output_open(&output, why);
    return check->output ? 0 : why->err;
}

int mxp_check_run(const struct mxp_options *options, struct mxp_why *why)
{
    struct check check = {.options = options};
    int err = open_parts(&check, why);
    if (!err)
        err = go(&check, why);
    mxp_run_free(check.run);
    mxp_list_free(check.list);
    mxp_exclude_free(check.exclude);
    if (check.output) {
        int closed = mxp_output_close(check.output, true, err ? NULL : why);
        err = err ? err : closed;
    }
    for (size_t i = 0; check.lines && i < options->n_args; i++)
        free(check.lines[i]);
    free(check.lines);
    if (err)
        return err;
    return check.any_invalid ? 1 : check.any_unknown ? 2 : 0;
}
