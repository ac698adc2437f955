/* Large batches: the window, the order of the answers, and memory that runs out. */
#include "script.h"

#include "core/err.h"

#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RCPTS 1000

static const struct mxp_smtp_policy policy = {
    "probe.test", MXP_SMTP_TLS_NONE, 60000, 30000, 30000, 30000, 30000, 30000, 5000};

struct bulk {
    struct mxp_smtp_session *session;
    struct mxp_smtp_step step;
    struct mxp_buf out, all_out, server;
    char text[RCPTS][260];
    struct mxp_smtp_rcpt rcpts[RCPTS];
    struct mxp_smtp_batch batch;
    unsigned n_answers, n_wrong;
    bool all_replies; /* every answer must be the reply to its own RCPT */
    size_t n_steps, most_in_flight;
    int rc;
};

static void on_answer(void *arg, const struct mxp_smtp_answer *answer)
{
    struct bulk *b = arg;
    char expected[16];
    (void)snprintf(expected, sizeof expected, "250 %u", b->n_answers);
    if (answer->rcpt != b->n_answers++)
        b->n_wrong++;
    if (b->all_replies && !mxp_slice_eq(answer->reply.text, mxp_slice_str(expected)))
        b->n_wrong++;
}

static void step(struct bulk *b, enum mxp_smtp_event event, struct mxp_slice bytes)
{
    mxp_buf_clear(&b->out);
    b->rc = mxp_smtp_session_step(b->session, event, bytes, 0, &b->out, &b->step);
    if (b->out.len > b->most_in_flight)
        b->most_in_flight = b->out.len;
    b->n_steps += b->out.len > 0;
    if (failing_after < 0)
        assert_int_equal(mxp_buf_add_slice(&b->all_out, mxp_buf_slice(&b->out)), 0);
}

/* What a correct server says to the commands in out: "250 INDEX" to each RCPT. */
static void serve(struct bulk *b, unsigned *n_rcpts)
{
    struct mxp_slice out = mxp_buf_slice(&b->out);
    long hold = failing_after;
    failing_after = -1; /* the server is not what is tested */
    while (out.len) {
        struct mxp_slice line = mxp_slice_sub(out, 0, mxp_slice_find(out, '\n') + 1);
        out = mxp_slice_sub(out, line.len, out.len);
        char text[40];
        if (mxp_slice_istarts(line, MXP_SLICE_LIT("RCPT")))
            (void)snprintf(text, sizeof text, "250 %u\r\n", (*n_rcpts)++);
        else
            (void)snprintf(text, sizeof text, "250 ok\r\n");
        assert_int_equal(mxp_buf_add_str(&b->server, text), 0);
    }
    failing_after = hold;
}

static struct bulk *bulk_new(size_t address_len)
{
    struct bulk *b = calloc(1, sizeof *b);
    assert_non_null(b);
    mxp_buf_init(&b->out, MXP_SMTP_OUT_CAP);
    mxp_buf_init(&b->all_out, 1 << 20);
    mxp_buf_init(&b->server, 1 << 20);
    for (size_t i = 0; i < RCPTS; i++) {
        memset(b->text[i], 'a', address_len);
        b->text[i][1] = '@';
        b->rcpts[i] = (struct mxp_smtp_rcpt){b->text[i], (uint16_t)address_len, false};
    }
    b->batch = (struct mxp_smtp_batch){MXP_SLICE_LIT("p@me.test"), false, b->rcpts, RCPTS};
    return b;
}

static void bulk_free(struct bulk *b)
{
    (void)mxp_smtp_session_free(b->session);
    mxp_buf_free(&b->out);
    mxp_buf_free(&b->all_out);
    mxp_buf_free(&b->server);
    free(b);
}

/* From the connection to the batch's end; chunk: octets read at once. */
static void run(struct bulk *b, const char *ehlo, size_t chunk)
{
    b->session = mxp_smtp_session_new(&policy, false, on_answer, b);
    if (!b->session)
        return;
    step(b, MXP_SMTP_CONNECTED, MXP_SLICE_NONE);
    if (!b->rc)
        step(b, MXP_SMTP_BYTES, MXP_SLICE_LIT("220 mx\r\n"));
    if (!b->rc && b->step.want == MXP_SMTP_WANT_READ)
        step(b, MXP_SMTP_BYTES, mxp_slice_str(ehlo));
    if (b->rc || b->step.want != MXP_SMTP_WANT_WORK)
        return;
    assert_int_equal(mxp_smtp_session_give(b->session, &b->batch), 0);
    unsigned n_rcpts = 0;
    step(b, MXP_SMTP_GO, MXP_SLICE_NONE);
    serve(b, &n_rcpts);
    while (!b->rc && b->step.want == MXP_SMTP_WANT_READ && b->server.len) {
        size_t len = b->server.len < chunk ? b->server.len : chunk;
        long hold = failing_after;
        failing_after = -1;
        char *copy = malloc(len);
        assert_non_null(copy);
        failing_after = hold;
        memcpy(copy, b->server.ptr, len);
        mxp_buf_consume(&b->server, len);
        step(b, MXP_SMTP_BYTES, (struct mxp_slice){copy, len});
        free(copy);
        serve(b, &n_rcpts);
    }
}

static void test_window(void **state)
{
    (void)state;
    static const char pipelining[] = "250-mx\r\n250 PIPELINING\r\n";
    static const struct {
        size_t address_len, chunk, most_writes;
    } cases[] = {
        {254, 65536, 40}, {254, 7, 40}, {254, 1, 40}, {254, 1448, 40}, {8, 65536, 6}, {8, 1, 8},
    };
    struct mxp_buf first[2];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulk *b = bulk_new(cases[i].address_len);
        b->all_replies = true;
        run(b, pipelining, cases[i].chunk);
        if (b->n_answers != RCPTS || b->n_wrong || b->step.want != MXP_SMTP_WANT_WORK)
            fail_msg("case %zu: %u answers, %u wrong", i, b->n_answers, b->n_wrong);
        if (b->most_in_flight > 16384 + 64 || b->n_steps > cases[i].most_writes)
            fail_msg("case %zu: %zu octets in one of %zu writes", i, b->most_in_flight, b->n_steps);
        assert_null(script_bad_output(mxp_buf_slice(&b->all_out)));
        /* All in all the same is sent, whatever the chunks. */
        size_t kind = cases[i].address_len == 8;
        if (cases[i].chunk == 65536) {
            mxp_buf_init(&first[kind], 1 << 20);
            assert_int_equal(mxp_buf_add_slice(&first[kind], mxp_buf_slice(&b->all_out)), 0);
        }
        assert_string_equal(first[kind].ptr, b->all_out.ptr);
        bulk_free(b);
    }
    mxp_buf_free(&first[0]);
    mxp_buf_free(&first[1]);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct bulk *b = bulk_new(20);
    b->all_replies = true;
    run(b, "250 mx\r\n", 65536);
    assert_int_equal(b->n_answers, RCPTS);
    assert_int_equal(b->n_wrong, 0);
    assert_int_equal(b->n_steps, 2 + RCPTS); /* EHLO, MAIL and each RCPT in a write of its own */
    bulk_free(b);
}

/* Idle, a session is one block of less than a quarter KiB. */
static void test_memory_when_idle(void **state)
{
    (void)state;
    struct bulk *b = bulk_new(20);
    run(b, "250-mx\r\n250-SIZE 1000000\r\n250 PIPELINING\r\n", 3);
    assert_int_equal(b->step.want, MXP_SMTP_WANT_WORK);
    assert_true(mxp_smtp_session_memory(b->session) <= 256);
    bulk_free(b);
}

/* Whichever allocation fails, each recipient of a batch that was taken is answered once. */
static void test_no_memory(void **state)
{
    (void)state;
    bool ended_well = false;
    unsigned n_failed = 0;
    for (long n = 0; !ended_well && n < 4000; n++) {
        struct bulk *b = bulk_new(254);
        failing_after = n;
        run(b, "250-mx\r\n250-SIZE 1\r\n250 PIPELINING\r\n", n % 2 ? 700 : 3);
        ended_well = failing_after >= 0;
        failing_after = -1;
        bool given = b->n_answers > 0;
        if (b->n_wrong || (given && b->n_answers != RCPTS))
            fail_msg("allocation %ld: %u answers, %u wrong", n, b->n_answers, b->n_wrong);
        if (!ended_well && b->session) {
            n_failed++;
            bool ours = b->rc == MXP_ENOMEM && b->step.cause == MXP_SMTP_CAUSE_CANCELED;
            if (b->step.cause == MXP_SMTP_CAUSE_PROTOCOL || (!ours && !given))
                fail_msg("allocation %ld: rc %d, cause %s", n, b->rc,
                         mxp_smtp_cause_name(b->step.cause));
        }
        bulk_free(b);
    }
    assert_true(ended_well);
    assert_true(n_failed > 5);
}

/* An out buffer without room is our own failure, and costs one session. */
static void test_no_room(void **state)
{
    (void)state;
    struct bulk *b = bulk_new(254);
    mxp_buf_init(&b->out, 4000);
    run(b, "250-mx\r\n250 PIPELINING\r\n", 65536);
    assert_int_equal(b->rc, MXP_EBUG);
    assert_int_equal(b->step.want, MXP_SMTP_WANT_CLOSE);
    assert_int_equal(b->step.cause, MXP_SMTP_CAUSE_CANCELED);
    assert_int_equal(b->n_answers, RCPTS);
    assert_null(script_bad_output(mxp_buf_slice(&b->all_out)));
    bulk_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),           cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_memory_when_idle), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
