#include "world.h"

#include "fake.h"
#include "options_util.h"
#include "probe/io/conn.h"
#include "probe/engine/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <utlist.h>

#define OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define TURNS_MAX                2000000
#define OPTIONS_MAX              8
#define CONNECT_MS               2

struct mxp_loop {
    uint64_t now_ms;
    struct mxp_due_heap dues;
    struct mxp_conn *conns;
    struct world *world;
    struct fake fake;
    struct mxp_source source;
    struct mxp_sink sink;
    unsigned n_pulled;
    bool done;
    int err;
};

struct mxp_timer {
    struct mxp_due due;
    struct mxp_loop *loop;
    void (*cb)(void *arg);
    void *arg;
};

struct mxp_waker {
    char unused;
};

/* Something on its way to us: octets, or with none the end. */
struct arrival {
    struct mxp_due due;
    struct arrival *prev, *next;
    struct mxp_conn *conn;
    size_t len;
    char bytes[];
};

struct mxp_conn {
    struct mxp_conn *prev, *next;
    struct mxp_due connected, deadline;
    struct mxp_loop *loop;
    struct arrival *arrivals;
    uint64_t last_at_ms;
    mxp_conn_cb cb;
    void *arg;
    void *state;
    bool closed, hung_up;
    char line[1024];
    size_t len;
};

struct world_conn {
    struct mxp_conn conn;
};

/* ---- loop.h ---- */

uint64_t mxp_loop_now_ms(const struct mxp_loop *loop)
{
    return loop->now_ms;
}

uint64_t mxp_loop_unix_s(const struct mxp_loop *loop)
{
    return loop->now_ms / 1000;
}

static void timer_fired(struct mxp_due *due)
{
    struct mxp_timer *timer = OWNER(due, struct mxp_timer, due);
    timer->cb(timer->arg);
}

struct mxp_timer *mxp_timer_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg)
{
    struct mxp_timer *timer = calloc(1, sizeof *timer);
    assert_non_null(timer);
    timer->loop = loop;
    timer->cb = cb;
    timer->arg = arg;
    timer->due.fire = timer_fired;
    return timer;
}

void mxp_timer_set(struct mxp_timer *timer, uint64_t due_ms)
{
    mxp_due_unset(&timer->loop->dues, &timer->due);
    if (due_ms != UINT64_MAX)
        mxp_due_set(&timer->loop->dues, &timer->due, due_ms);
}

struct mxp_timer *mxp_timer_free(struct mxp_timer *timer)
{
    if (timer)
        mxp_due_unset(&timer->loop->dues, &timer->due);
    free(timer);
    return NULL;
}

struct mxp_waker *mxp_waker_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg)
{
    (void)loop, (void)cb, (void)arg;
    return calloc(1, sizeof(struct mxp_waker));
}

void mxp_waker_wake(struct mxp_waker *waker)
{
    (void)waker;
}

struct mxp_waker *mxp_waker_free(struct mxp_waker *waker)
{
    free(waker);
    return NULL;
}

/* ---- conn.h ---- */

static void conn_connected(struct mxp_due *due)
{
    struct mxp_conn *conn = OWNER(due, struct mxp_conn, connected);
    struct world *world = conn->loop->world;
    world->n_connections++;
    world->server.connected((struct world_conn *)conn, world->server.arg);
    conn->cb(conn->arg, MXP_CONN_CONNECTED, MXP_SLICE_NONE);
}

static void conn_timeout(struct mxp_due *due)
{
    struct mxp_conn *conn = OWNER(due, struct mxp_conn, deadline);
    conn->cb(conn->arg, MXP_CONN_TIMEOUT, MXP_SLICE_NONE);
}

int mxp_conn_open(struct mxp_loop *loop, const struct mxp_conn_options *options, mxp_conn_cb cb,
                  void *arg, struct mxp_conn **ret_conn)
{
    struct world_conn *made = calloc(1, sizeof *made);
    assert_non_null(made);
    struct mxp_conn *conn = &made->conn;
    conn->loop = loop;
    conn->cb = cb;
    conn->arg = arg;
    conn->connected.fire = conn_connected;
    conn->deadline.fire = conn_timeout;
    DL_APPEND(loop->conns, conn);
    mxp_due_set(&loop->dues, &conn->connected, loop->now_ms + CONNECT_MS);
    mxp_conn_deadline(conn, options->deadline_ms);
    *ret_conn = conn;
    return 0;
}

int mxp_conn_send(struct mxp_conn *conn, struct mxp_slice bytes)
{
    const struct world_server *server = &conn->loop->world->server;
    for (size_t i = 0; i < bytes.len && !conn->hung_up; i++) {
        assert_true(conn->len < sizeof conn->line);
        conn->line[conn->len++] = bytes.ptr[i];
        if (bytes.ptr[i] != '\n')
            continue;
        conn->line[conn->len - 2] = '\0';
        conn->len = 0;
        server->line((struct world_conn *)conn, server->arg, conn->line);
    }
    return 0;
}

int mxp_conn_start_tls(struct mxp_conn *conn, const char *host)
{
    (void)conn, (void)host;
    return MXP_ETLS;
}

void mxp_conn_deadline(struct mxp_conn *conn, uint64_t deadline_ms)
{
    mxp_due_unset(&conn->loop->dues, &conn->deadline);
    if (deadline_ms != UINT64_MAX)
        mxp_due_set(&conn->loop->dues, &conn->deadline, deadline_ms);
}

void mxp_conn_close(struct mxp_conn *conn)
{
    struct arrival *arrival, *next;
    struct mxp_loop *loop = conn->loop;
    DL_FOREACH_SAFE(conn->arrivals, arrival, next)
    {
        mxp_due_unset(&loop->dues, &arrival->due);
        free(arrival);
    }
    mxp_due_unset(&loop->dues, &conn->connected);
    mxp_due_unset(&loop->dues, &conn->deadline);
    DL_DELETE(loop->conns, conn);
    free(conn->state);
    free(conn);
}

const char *mxp_conn_tls_version(const struct mxp_conn *conn)
{
    (void)conn;
    return NULL;
}

const char *mxp_conn_tls_verify(const struct mxp_conn *conn)
{
    (void)conn;
    return NULL;
}

bool mxp_conn_tls_plaintext(const struct mxp_conn *conn)
{
    (void)conn;
    return false;
}

const char *mxp_conn_error(const struct mxp_conn *conn)
{
    (void)conn;
    return "";
}

/* ---- what servers can do ---- */

uint64_t world_now(const struct world_conn *conn)
{
    return conn->conn.loop->now_ms;
}

void **world_state(struct world_conn *conn)
{
    return &conn->conn.state;
}

static void arrived(struct mxp_due *due)
{
    struct arrival *arrival = OWNER(due, struct arrival, due);
    struct mxp_conn *conn = arrival->conn;
    DL_DELETE(conn->arrivals, arrival);
    struct mxp_slice bytes = {arrival->bytes, arrival->len};
    conn->cb(conn->arg, bytes.len ? MXP_CONN_BYTES : MXP_CONN_EOF, bytes);
    free(arrival);
}

void world_say(struct world_conn *conn, uint64_t at_ms, const char *text)
{
    struct mxp_conn *c = &conn->conn;
    size_t len = strlen(text);
    if (c->hung_up)
        return;
    struct arrival *arrival = calloc(1, sizeof *arrival + len);
    assert_non_null(arrival);
    memcpy(arrival->bytes, text, len);
    arrival->len = len;
    arrival->conn = c;
    arrival->due.fire = arrived;
    c->last_at_ms = at_ms > c->last_at_ms ? at_ms : c->last_at_ms;
    DL_APPEND(c->arrivals, arrival);
    mxp_due_set(&c->loop->dues, &arrival->due, at_ms);
}

void world_close(struct world_conn *conn, uint64_t at_ms)
{
    uint64_t last = conn->conn.last_at_ms;
    world_say(conn, at_ms > last ? at_ms : last, "");
    conn->conn.hung_up = true;
}

/* ---- the engine's doors ---- */

static int pull(struct mxp_source *self, struct mxp_item *ret, struct mxp_why *why)
{
    struct mxp_loop *loop = OWNER(self, struct mxp_loop, source);
    (void)why;
    const char *address = loop->world->addresses[loop->n_pulled];
    if (!address)
        return MXP_EEOF;
    *ret = (struct mxp_item){.id = loop->n_pulled++, .domain = strchr(address, '@') + 1};
    return 0;
}

static int wire(struct mxp_source *self, uint32_t id, const char **ret_address, size_t *ret_len,
                bool *ret_utf8)
{
    const struct mxp_loop *loop = OWNER(self, struct mxp_loop, source);
    *ret_address = loop->world->addresses[id];
    *ret_len = strlen(*ret_address);
    *ret_utf8 = false;
    return 0;
}

static int take_result(struct mxp_sink *self, uint32_t id, const struct mxp_result *result,
                       struct mxp_why *why)
{
    const struct mxp_loop *loop = OWNER(self, struct mxp_loop, sink);
    struct world_result *to = &loop->world->results[id];
    (void)why;
    to->n++;
    to->verdict = result->verdict;
    to->reason = result->reason;
    to->catch_all = result->catch_all;
    to->at_ms = loop->now_ms;
    return 0;
}

static void on_done(void *arg, int err, const struct mxp_why *why)
{
    struct mxp_loop *loop = arg;
    (void)why;
    loop->done = true;
    loop->err = err;
}

/* With WORLD_TRACE in the environment, for a person to look at. */
static void on_line(void *arg, uint64_t session, char dir, struct mxp_slice bytes)
{
    const struct mxp_loop *loop = arg;
    printf("%8llu %3llu %c %.*s\n", (unsigned long long)loop->now_ms, (unsigned long long)session,
           dir, (int)bytes.len, bytes.ptr);
}

/* ---- life ---- */

static const struct mxp_rules *rules(void)
{
    static struct mxp_rules *made;
    struct mxp_why why;
    if (!made)
        made = mxp_rules_new(NULL, &why);
    assert_non_null(made);
    return made;
}

/* What a command line says, parsed once: worlds are many, their options few. */
static const struct mxp_options *options_of(const struct world *world)
{
    static struct {
        const char *const *words;
        struct mxp_options options;
    } known[OPTIONS_MAX];
    static size_t n_known;
    for (size_t i = 0; i < n_known; i++)
        if (known[i].words == world->options)
            return &known[i].options;
    assert_true(n_known < OPTIONS_MAX);
    const char *args[20] = {"check",     "a@b.test",    "--allow-private-mx", "--tls",
                            "none",      "--mail-from", "probe@probe.test",   "--ehlo",
                            "probe.test"};
    size_t n = 9;
    for (size_t i = 0; world->options && world->options[i]; i++)
        args[n++] = world->options[i];
    known[n_known].words = world->options;
    util_must(NULL, args, &known[n_known].options);
    return &known[n_known++].options;
}

static void stop_in_time(struct mxp_loop *loop, struct mxp_engine *engine)
{
    struct world *world = loop->world;
    if (!world->stop_ms || world->stopped || loop->now_ms < world->stop_ms)
        return;
    world->stopped = true;
    mxp_engine_stop(engine, world->grace_ms);
}

static void live(struct mxp_loop *loop, struct mxp_engine *engine)
{
    mxp_engine_start(engine);
    for (unsigned turns = 0; !loop->done; turns++) {
        stop_in_time(loop, engine);
        fake_answer_all(&loop->fake);
        uint64_t next = mxp_due_next_ms(&loop->dues);
        if (next == UINT64_MAX || turns == TURNS_MAX)
            fail_msg("seed %llu: it hangs", (unsigned long long)loop->world->seed);
        loop->now_ms = next > loop->now_ms ? next : loop->now_ms;
        loop->fake.now_ms = loop->now_ms;
        mxp_due_fire(&loop->dues, loop->now_ms);
    }
}

void world_run(struct world *world)
{
    struct mxp_loop *loop = calloc(1, sizeof *loop);
    struct mxp_why why;
    assert_non_null(loop);
    loop->now_ms = 1;
    loop->world = world;
    loop->source = (struct mxp_source){pull, wire};
    loop->sink = (struct mxp_sink){take_result};
    fake_init(&loop->fake, world->zone);
    memset(world->results, 0, sizeof world->results);
    world->n_connections = world->n_addresses = 0;
    world->stopped = false;
    while (world->addresses[world->n_addresses])
        assert_true(++world->n_addresses < WORLD_ITEMS_MAX);
    struct mxp_engine_config config = {
        .loop = loop,
        .options = options_of(world),
        .resolver = &loop->fake.resolver,
        .rules = rules(),
        .source = &loop->source,
        .sink = &loop->sink,
        .seed = world->seed,
        .on_done = on_done,
        .on_line = getenv("WORLD_TRACE") ? on_line : NULL,
        .arg = loop,
    };
    struct mxp_engine *engine = mxp_engine_new(&config, &why);
    assert_non_null(engine);
    live(loop, engine);
    assert_int_equal(loop->err, world->stopped ? MXP_ECANCELED : 0);
    world->took_ms = loop->now_ms;
    mxp_engine_free(engine);
    assert_null(loop->conns);
    fake_free(&loop->fake);
    free(loop);
}
