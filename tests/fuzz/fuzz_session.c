/*
 * A session driven by the input. Its first octet chooses the policy and the size of the
 * pieces ('0'..'5': single octets), then:
 *   S text LF  the server sends text LF as one read; + text LF  the same read goes on
 *   s N ..     N raw octets as one read
 *   G N        batch N, where work is wanted      Q  quit, there
 *   O          one at a time from now on, with a second of silence, there
 *   U D E T C W   TLS up, TLS down, EOF, timeout, cancel, a second passes
 * All else is passed over. Each input runs twice, with reads whole and in pieces. The two
 * must agree, unless a read holds replies to commands that only its cut brings out.
 */
#include "core/buf.h"
#include "core/err.h"
#include "smtp/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RCPTS_MAX 150

struct run {
    struct mxp_smtp_session *session;
    struct mxp_smtp_step step;
    struct mxp_buf out, log;
    uint64_t now_ms;
    uint16_t n_rcpts, n_answers;
    size_t piece;    /* feed so many at once; 0: all */
    bool not_causal; /* a command went out in the middle of a read */
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static const struct mxp_smtp_rcpt few[] = {
    {"a@x.test", 8, false}, {"\xc3\xa9@x.test", 9, true}, {"\"a >\"@x.test", 12, false},
    {"b@x.test", 8, false}, {"\xc3\xa8@x.test", 9, true},
};

static char long_path[254];
static struct mxp_smtp_rcpt many[RCPTS_MAX]; /* more than a window */

static void make_many(void)
{
    memset(long_path, 'a', sizeof long_path);
    long_path[1] = '@';
    for (size_t i = 0; i < RCPTS_MAX; i++)
        many[i] = (struct mxp_smtp_rcpt){long_path, sizeof long_path, i % 7 == 3};
}

static const struct mxp_smtp_batch batches[] = {
    {{"p@me.test", 9}, false, few, 1},
    {{"p@me.test", 9}, false, few, 5},
    {{"", 0}, false, few + 1, 1},
    {{"\xc3\xa9@me.test", 10}, true, few, 3},
    {{"p@me.test", 9}, false, many, RCPTS_MAX},
    {{"p@me.test", 9}, false, few + 2, 2},
};

static void on_answer(void *arg, const struct mxp_smtp_answer *answer)
{
    struct run *run = arg;
    must(answer->rcpt == run->n_answers && answer->rcpt < run->n_rcpts);
    run->n_answers++;
    must((answer->cause == MXP_SMTP_CAUSE_REPLY) == (answer->reply.code != 0));
    must(answer->cause != MXP_SMTP_CAUSE_NONE);
    must(answer->cause != MXP_SMTP_CAUSE_REPLY || answer->reply.code >= 400 ||
         (answer->reply.code < 300 && answer->stage == MXP_STAGE_RCPT && answer->asked));
    must(mxp_buf_printf(&run->log, "%u %s %s %d %s %.*s\n", answer->rcpt,
                        mxp_smtp_cause_name(answer->cause), mxp_stage_name(answer->stage),
                        answer->asked, answer->detail ? answer->detail : "",
                        (int)answer->reply.text.len, answer->reply.text.ptr) == MXP_OK);
}

/* Whole lines of commands that we know, none too long. */
static void check_out(struct mxp_slice out)
{
    static const char *const known[] = {"EHLO probe.test\r\n",
                                        "HELO probe.test\r\n",
                                        "STARTTLS\r\n",
                                        "RSET\r\n",
                                        "QUIT\r\n",
                                        "MAIL FROM:<",
                                        "RCPT TO:<"};
    while (out.len) {
        struct mxp_slice line = mxp_slice_sub(out, 0, mxp_slice_find(out, '\n') + 1);
        must(line.len >= 3 && line.len <= 512 && line.ptr[line.len - 1] == '\n');
        must(mxp_slice_find(line, '\r') == line.len - 2);
        size_t i = 0;
        while (i < sizeof known / sizeof *known &&
               strncmp(line.ptr, known[i], strlen(known[i])) != 0)
            i++;
        must(i < sizeof known / sizeof *known);
        out = mxp_slice_sub(out, line.len, out.len);
    }
}

static void step(struct run *run, enum mxp_smtp_event event, struct mxp_slice bytes)
{
    mxp_buf_clear(&run->out);
    int rc = mxp_smtp_session_step(run->session, event, bytes, run->now_ms, &run->out, &run->step);
    must(rc == MXP_OK);
    must(run->out.len <= 16384 + 600);
    check_out(mxp_buf_slice(&run->out));
    must(mxp_smtp_session_memory(run->session) < 1024 + 2 * MXP_REPLY_TEXT_MAX);
    must(mxp_buf_add_slice(&run->log, mxp_buf_slice(&run->out)) == MXP_OK);
    if (run->step.want == MXP_SMTP_WANT_WORK || run->step.want == MXP_SMTP_WANT_CLOSE)
        must(run->n_answers == run->n_rcpts);
    if (run->step.want == MXP_SMTP_WANT_READ || run->step.want == MXP_SMTP_WANT_TLS)
        must(run->step.deadline_ms != UINT64_MAX);
    if (run->step.want == MXP_SMTP_WANT_CLOSE)
        must(mxp_buf_printf(&run->log, "close %s %s %s %.*s\n",
                            mxp_smtp_cause_name(run->step.cause), mxp_stage_name(run->step.stage),
                            run->step.detail ? run->step.detail : "", (int)run->step.reply.text.len,
                            run->step.reply.text.ptr) == MXP_OK);
}

static void feed(struct run *run, struct mxp_slice bytes)
{
    if (run->step.want == MXP_SMTP_WANT_TLS && mxp_smtp_tls_record_ok(bytes))
        return; /* TLS's own */
    while (bytes.len && run->step.want != MXP_SMTP_WANT_CLOSE) {
        size_t piece = run->piece && run->piece < bytes.len ? run->piece : bytes.len;
        char *copy = malloc(piece);
        must(copy != NULL && bytes.ptr != NULL);
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): must ends the process */
        memcpy(copy, bytes.ptr, piece);
        bytes = mxp_slice_sub(bytes, piece, bytes.len);
        if (run->step.want == MXP_SMTP_WANT_TLS && copy[0] >= 20 && copy[0] <= 23)
            run->not_causal = true; /* whole, it stood in the same read as the 220 */
        step(run, MXP_SMTP_BYTES, (struct mxp_slice){copy, piece});
        free(copy);
        if (bytes.len && run->out.len && run->step.want != MXP_SMTP_WANT_CLOSE)
            run->not_causal = true;
    }
}

static void give(struct run *run, unsigned n)
{
    const struct mxp_smtp_batch *batch = &batches[n % (sizeof batches / sizeof *batches)];
    run->n_rcpts = batch->n_rcpts;
    run->n_answers = 0;
    must(mxp_smtp_session_give(run->session, batch) == MXP_OK);
    step(run, MXP_SMTP_GO, MXP_SLICE_NONE);
}

static void event(struct run *run, char op)
{
    bool work = run->step.want == MXP_SMTP_WANT_WORK;
    bool tls = run->step.want == MXP_SMTP_WANT_TLS;
    if (op == 'O' && work) {
        mxp_smtp_session_one_at_a_time(run->session, 1000);
    } else if (op == 'Q' && work) {
        mxp_smtp_session_quit(run->session);
        step(run, MXP_SMTP_GO, MXP_SLICE_NONE);
    } else if (op == 'U' && tls) {
        step(run, MXP_SMTP_TLS_UP, MXP_SLICE_NONE);
    } else if (op == 'D' && tls) {
        step(run, MXP_SMTP_TLS_DOWN, MXP_SLICE_NONE);
    } else if (op == 'E') {
        step(run, MXP_SMTP_EOF, MXP_SLICE_NONE);
    } else if (op == 'C') {
        step(run, MXP_SMTP_CANCEL, MXP_SLICE_NONE);
    } else if (op == 'T' && run->step.deadline_ms != UINT64_MAX) {
        run->now_ms = run->step.deadline_ms;
        step(run, MXP_SMTP_TIMEOUT, MXP_SLICE_NONE);
    } else if (op == 'W') {
        run->now_ms += 1000;
    }
}

/* The read at the front of *input, behind its 'S'. */
static void feed_lines(struct run *run, struct mxp_slice *input)
{
    struct mxp_buf bytes;
    mxp_buf_init(&bytes, 1 << 24);
    do {
        struct mxp_slice line = mxp_slice_sub(*input, 0, mxp_slice_find(*input, '\n'));
        *input = mxp_slice_sub(*input, line.len + 1, input->len);
        must(mxp_buf_add_slice(&bytes, line) == MXP_OK);
        must(mxp_buf_add_char(&bytes, '\n') == MXP_OK);
        bool more = input->len && input->ptr[0] == '+';
        if (!more)
            break;
        *input = mxp_slice_sub(*input, 1, input->len);
    } while (true);
    feed(run, mxp_buf_slice(&bytes));
    mxp_buf_free(&bytes);
}

static void drive(struct run *run, struct mxp_slice input)
{
    while (input.len && run->step.want != MXP_SMTP_WANT_CLOSE) {
        char op = input.ptr[0];
        unsigned char next = input.len > 1 ? (unsigned char)input.ptr[1] : 0;
        input = mxp_slice_sub(input, 1, input.len);
        if (op == 'S') {
            feed_lines(run, &input);
        } else if (op == 's') {
            struct mxp_slice raw = mxp_slice_sub(input, 1, next);
            input = mxp_slice_sub(input, 1u + next, input.len);
            if (raw.len)
                feed(run, raw);
        } else if (op == 'G' && run->step.want == MXP_SMTP_WANT_WORK) {
            give(run, next);
        } else {
            event(run, op);
        }
    }
}

static void run_input(struct run *run, const struct mxp_smtp_policy *policy, bool no_tls,
                      struct mxp_slice input)
{
    run->now_ms = 5000;
    mxp_buf_init(&run->out, MXP_SMTP_OUT_CAP);
    mxp_buf_init(&run->log, 1 << 26);
    run->session = mxp_smtp_session_new(policy, no_tls, on_answer, run);
    must(run->session != NULL);
    step(run, MXP_SMTP_CONNECTED, MXP_SLICE_NONE);
    drive(run, input);
    if (run->step.want != MXP_SMTP_WANT_CLOSE)
        step(run, MXP_SMTP_EOF, MXP_SLICE_NONE);
    must(run->step.want == MXP_SMTP_WANT_CLOSE);
    (void)mxp_smtp_session_free(run->session);
    mxp_buf_free(&run->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!many[0].address)
        make_many();
    unsigned kind = data[0] % 6u;
    const struct mxp_smtp_policy policy = {
        "probe.test", (enum mxp_smtp_tls)(kind % 3), 60000, 30000, 30000, 30000, 30000, 30000,
        5000};
    struct mxp_slice input = {(const char *)data + 1, size - 1};
    struct run whole = {.piece = 0}, cut = {.piece = 1 + (data[0] / 6u + 2) % 5};
    run_input(&whole, &policy, kind > 2, input);
    run_input(&cut, &policy, kind > 2, input);
    if (!cut.not_causal)
        must(whole.log.len == cut.log.len && memcmp(whole.log.ptr, cut.log.ptr, cut.log.len) == 0);
    mxp_buf_free(&whole.log);
    mxp_buf_free(&cut.log);
    return 0;
}
