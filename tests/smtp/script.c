#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RCPTS_MAX   32
#define ANSWERS_MAX 256
#define TEXT_MAX    4096

enum { CUT_NEVER = -1, CUT_ALWAYS = -2 };

struct run {
    const struct script *script;
    long cut; /* offset in all that the server sends, or CUT_* */
    size_t line;
    long fed;
    struct mxp_smtp_policy policy;
    struct mxp_smtp_session *session;
    struct mxp_buf out, server, all_out;
    struct mxp_smtp_step step;
    char step_text[TEXT_MAX];
    uint64_t now_ms;
    char *answers[ANSWERS_MAX];
    size_t n_answers, n_checked;
    char batch_text[TEXT_MAX];
    struct mxp_smtp_rcpt rcpts[RCPTS_MAX];
    struct mxp_smtp_batch batch;
    unsigned answered[RCPTS_MAX];
    uint16_t n_open; /* size of the batch under way */
};

#define FAIL(run, ...) fail_at((run), __LINE__, __VA_ARGS__)

__attribute__((format(printf, 3, 4))) static void fail_at(struct run *run, int at, const char *fmt,
                                                          ...)
{
    char text[2 * TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fail_msg("%s, cut %ld, line %zu '%s' (script.c:%d): %s", run->script->name, run->cut, run->line,
             run->script->lines[run->line] ? run->script->lines[run->line] : "end", at, text);
}

const char *script_bad_output(struct mxp_slice out)
{
    static const char *const forbidden[] = {"DATA", "BDAT", "VRFY", "EXPN"};
    while (out.len) {
        size_t len = mxp_slice_find(out, '\n') + 1;
        struct mxp_slice line = mxp_slice_sub(out, 0, len);
        if (len > out.len || len < 3 || line.ptr[len - 2] != '\r')
            return "a line without CRLF";
        if (len > 512)
            return "a line over 512 octets";
        if (mxp_slice_find(line, '\r') != len - 2 || mxp_slice_find(line, '\0') != len)
            return "a CR or NUL inside a line";
        for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
            if (mxp_slice_istarts(line, mxp_slice_str(forbidden[i])))
                return forbidden[i];
        out = mxp_slice_sub(out, len, out.len);
    }
    return NULL;
}

/* The reply with | for LF, or (detail), or nothing. */
static void put_text(char *to, size_t size, const struct mxp_reply *reply, const char *detail)
{
    if (reply->text.len)
        (void)snprintf(to, size, " %.*s", (int)reply->text.len, reply->text.ptr);
    else if (detail)
        (void)snprintf(to, size, " (%s)", detail);
    else
        to[0] = '\0';
    for (char *p = to; *p; p++)
        if (*p == '\n')
            *p = '|';
}

static void on_answer(void *arg, const struct mxp_smtp_answer *answer)
{
    struct run *run = arg;
    char text[TEXT_MAX], line[TEXT_MAX + 100];
    if (answer->rcpt >= run->n_open)
        FAIL(run, "an answer to recipient %u of %u", answer->rcpt, run->n_open);
    if (run->answered[answer->rcpt]++)
        FAIL(run, "recipient %u is answered again", answer->rcpt);
    if (answer->rcpt > 0 && !run->answered[answer->rcpt - 1])
        FAIL(run, "recipient %u is answered out of order", answer->rcpt);
    put_text(text, sizeof text, &answer->reply, answer->detail);
    (void)snprintf(line, sizeof line, "%u %s %s %s%s", answer->rcpt,
                   mxp_smtp_cause_name(answer->cause), mxp_stage_name(answer->stage),
                   answer->named   ? "named"
                   : answer->asked ? "asked"
                                   : "unasked",
                   text);
    if (run->n_answers == ANSWERS_MAX)
        FAIL(run, "too many answers");
    run->answers[run->n_answers++] = strdup(line);
}

static void step(struct run *run, enum mxp_smtp_event event, struct mxp_slice bytes)
{
    size_t before = run->out.len;
    int rc = mxp_smtp_session_step(run->session, event, bytes, run->now_ms, &run->out, &run->step);
    if (rc)
        FAIL(run, "step returned %d", rc);
    assert_int_equal(mxp_buf_add(&run->all_out, run->out.ptr + before, run->out.len - before), 0);
    char text[TEXT_MAX - 100];
    put_text(text, sizeof text, &run->step.reply, run->step.detail);
    static const char *const wants[] = {"read", "tls", "work", "close"};
    if (run->step.want == MXP_SMTP_WANT_CLOSE)
        (void)snprintf(run->step_text, sizeof run->step_text, "close %s %s%s",
                       mxp_smtp_cause_name(run->step.cause), mxp_stage_name(run->step.stage), text);
    else
        (void)snprintf(run->step_text, sizeof run->step_text, "%s", wants[run->step.want]);
}

/* An exact copy, gone after the step, so that the sanitizer sees who keeps it. */
static void feed(struct run *run, const char *bytes, size_t len)
{
    if (run->step.want == MXP_SMTP_WANT_CLOSE)
        return; /* the driver reads no more */
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    /* The driver's part: what follows the STARTTLS 220 is TLS or a violation. */
    if (run->step.want == MXP_SMTP_WANT_TLS &&
        mxp_smtp_tls_record_ok((struct mxp_slice){copy, len}))
        FAIL(run, "TLS records are not for scripts");
    step(run, MXP_SMTP_BYTES, (struct mxp_slice){copy, len});
    free(copy);
}

static void flush(struct run *run)
{
    const char *ptr = run->server.ptr;
    size_t len = run->server.len;
    if (len && run->out.len)
        FAIL(run, "the client sent more: '%s'", run->out.ptr);
    while (len) {
        size_t take = len;
        if (run->cut == CUT_ALWAYS)
            take = 1;
        else if (run->cut > run->fed && (size_t)(run->cut - run->fed) < len)
            take = (size_t)(run->cut - run->fed);
        feed(run, ptr, take);
        run->fed += (long)take;
        ptr += take;
        len -= take;
    }
    mxp_buf_clear(&run->server);
}

static void check_client(struct run *run, const char *expected)
{
    struct mxp_slice out = mxp_buf_slice(&run->out);
    size_t len = mxp_slice_find(out, '\n');
    if (len == out.len || !len ||
        !mxp_slice_eq(mxp_slice_sub(out, 0, len - 1), mxp_slice_str(expected)))
        FAIL(run, "the client sent '%.*s'", (int)len, out.ptr);
    mxp_buf_consume(&run->out, len + 1);
}

static void all_answered(struct run *run)
{
    for (uint16_t i = 0; i < run->n_open; i++)
        if (run->answered[i] != 1)
            FAIL(run, "recipient %u has %u answers", i, run->answered[i]);
    memset(run->answered, 0, sizeof run->answered);
    run->n_open = 0;
}

static void give(struct run *run, const char *list)
{
    all_answered(run);
    (void)snprintf(run->batch_text, sizeof run->batch_text, "%s", list);
    run->batch = (struct mxp_smtp_batch){MXP_SLICE_LIT("probe@me.test"), false, run->rcpts, 0};
    char *save = NULL;
    for (char *word = strtok_r(run->batch_text, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        bool from = strncmp(word, "from:", 5) == 0;
        word += from ? 5 : 0;
        bool utf8 = strncmp(word, "utf8:", 5) == 0;
        word += utf8 ? 5 : 0;
        if (from) {
            run->batch.mail_from = mxp_slice_str(word);
            run->batch.mail_from_utf8 = utf8;
            continue;
        }
        assert_true(run->batch.n_rcpts < RCPTS_MAX);
        run->rcpts[run->batch.n_rcpts++] =
            (struct mxp_smtp_rcpt){word, (uint16_t)strlen(word), utf8};
    }
    run->n_open = run->batch.n_rcpts;
    int rc = mxp_smtp_session_give(run->session, &run->batch);
    if (rc)
        FAIL(run, "give returned %d", rc);
    step(run, MXP_SMTP_GO, MXP_SLICE_NONE);
}

static void command(struct run *run, const char *text)
{
    static const struct {
        const char *word;
        enum mxp_smtp_event event;
    } events[] = {
        {"tls up", MXP_SMTP_TLS_UP},   {"tls down", MXP_SMTP_TLS_DOWN},
        {"eof", MXP_SMTP_EOF},         {"cancel", MXP_SMTP_CANCEL},
        {"timeout", MXP_SMTP_TIMEOUT}, {"stale timeout", MXP_SMTP_TIMEOUT},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(text, events[i].word) == 0) {
            if (strcmp(text, "timeout") == 0)
                run->now_ms = run->step.deadline_ms;
            step(run, events[i].event, MXP_SLICE_NONE);
            return;
        }
    }
    if (strncmp(text, "give ", 5) == 0) {
        give(run, text + 5);
    } else if (strncmp(text, "one at a time", 13) == 0) {
        mxp_smtp_session_one_at_a_time(run->session, (uint32_t)strtoul(text + 13, NULL, 10));
    } else if (strcmp(text, "quit") == 0) {
        mxp_smtp_session_quit(run->session);
        step(run, MXP_SMTP_GO, MXP_SLICE_NONE);
    } else if (strncmp(text, "wait ", 5) == 0) {
        run->now_ms += strtoul(text + 5, NULL, 10);
    } else if (strncmp(text, "deadline ", 9) == 0) {
        uint64_t away = run->step.deadline_ms - run->now_ms;
        if (away != strtoul(text + 9, NULL, 10))
            FAIL(run, "the deadline is %llu ms away", (unsigned long long)away);
    } else {
        FAIL(run, "no such command");
    }
}

static void check_answer(struct run *run, const char *expected)
{
    if (run->n_checked == run->n_answers)
        FAIL(run, "no answer");
    const char *answer = run->answers[run->n_checked++];
    if (strcmp(answer, expected) != 0)
        FAIL(run, "the answer is '%s'", answer);
}

static void check_sync(struct run *run, const char *expected)
{
    static const char *const names[] = {"ok", "unsure", "broken"};
    if (strcmp(names[run->step.sync], expected) != 0)
        FAIL(run, "the replies are %s", names[run->step.sync]);
}

static void do_line(struct run *run, const char *line)
{
    const char *text = line + (line[0] == '!' ? 2 : 3);
    if (line[0] == 'S' || line[0] == 's') {
        assert_int_equal(mxp_buf_add_str(&run->server, text), 0);
        if (line[0] == 'S')
            assert_int_equal(mxp_buf_add_str(&run->server, "\r\n"), 0);
        return;
    }
    flush(run);
    if (line[0] == 'C')
        check_client(run, text);
    else if (line[0] == 'A')
        check_answer(run, text);
    else if (line[0] == 'Y')
        check_sync(run, text);
    else if (line[0] == '!')
        command(run, text);
    else if (strcmp(run->step_text, text) != 0)
        FAIL(run, "the step said '%s'", run->step_text);
}

static void check_end(struct run *run)
{
    flush(run);
    if (run->out.len)
        FAIL(run, "the client sent more: '%s'", run->out.ptr);
    if (run->n_checked < run->n_answers)
        FAIL(run, "one more answer: '%s'", run->answers[run->n_checked]);
    all_answered(run);
    const char *why = script_bad_output(mxp_buf_slice(&run->all_out));
    if (why)
        FAIL(run, "output: %s", why);
    if (mxp_smtp_session_memory(run->session) > 1024 + 2 * MXP_REPLY_TEXT_MAX)
        FAIL(run, "%zu octets held", mxp_smtp_session_memory(run->session));
}

/* Returns how many octets the server sent. */
static long run_once(const struct script *script, long cut)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->script = script;
    run->cut = cut;
    run->now_ms = 1000000;
    run->policy = (struct mxp_smtp_policy){
        .ehlo_name = "probe.test",
        .tls = script->tls,
        .greeting_ms = SCRIPT_GREETING_MS,
        .ehlo_ms = SCRIPT_POLICY_MS,
        .starttls_ms = SCRIPT_POLICY_MS,
        .tls_ms = SCRIPT_POLICY_MS,
        .mail_ms = SCRIPT_POLICY_MS,
        .rcpt_ms = SCRIPT_POLICY_MS,
        .quit_ms = 5000,
    };
    mxp_buf_init(&run->out, MXP_SMTP_OUT_CAP);
    mxp_buf_init(&run->all_out, 16 * MXP_SMTP_OUT_CAP);
    mxp_buf_init(&run->server, 16 * MXP_SMTP_OUT_CAP);
    run->session = mxp_smtp_session_new(&run->policy, script->no_tls, on_answer, run);
    assert_non_null(run->session);
    step(run, MXP_SMTP_CONNECTED, MXP_SLICE_NONE);
    for (; script->lines[run->line]; run->line++)
        do_line(run, script->lines[run->line]);
    check_end(run);
    long fed = run->fed;
    run->session = mxp_smtp_session_free(run->session);
    mxp_buf_free(&run->out);
    mxp_buf_free(&run->all_out);
    mxp_buf_free(&run->server);
    for (size_t i = 0; i < run->n_answers; i++)
        free(run->answers[i]);
    free(run);
    return fed;
}

void script_run_all(const struct script *script)
{
    long len = run_once(script, CUT_NEVER);
    if (script->whole)
        return;
    (void)run_once(script, CUT_ALWAYS);
    for (long cut = 1; cut < len; cut++)
        (void)run_once(script, cut);
}
