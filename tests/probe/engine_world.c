#include "engine_world.h"

#include "failing_alloc.h"
#include "options_util.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GUARD_MS 60000 /* real time; a run that takes so long hangs */

struct world_client {
    uv_tcp_t tcp;
    struct world *world;
    struct world_client *next;
    size_t len;
    char line[1024], read[4096];
};

static void say(struct world_client *client, const char *line)
{
    const char *text = client->world->reply(client->world, line);
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, text ? (unsigned)strlen(text) : 0);
    if (text)
        (void)uv_try_write((uv_stream_t *)&client->tcp, &buf, 1);
}

static void client_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void hang_up(struct world_client *client)
{
    struct world_client **at = &client->world->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    uv_close((uv_handle_t *)&client->tcp, client_closed);
}

static void count(struct world *world, const char *line)
{
    if (strncmp(line, "RCPT TO:<", 9) != 0)
        return;
    world->n_rcpts++;
    for (unsigned i = 0; world->addresses[i]; i++) {
        size_t len = strlen(world->addresses[i]);
        if (strncmp(line + 9, world->addresses[i], len) == 0 && line[9 + len] == '>')
            world->n_asked[i]++;
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct world_client *client = stream->data;
    for (ssize_t i = 0; i < n; i++) {
        if (buf->base[i] != '\n') {
            assert_true(client->len + 1 < sizeof client->line);
            client->line[client->len++] = buf->base[i];
            continue;
        }
        client->line[client->len] = '\0';
        client->len = 0;
        count(client->world, client->line);
        say(client, client->line);
    }
    if (n < 0)
        hang_up(client);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct world_client *client = handle->data;
    (void)suggested;
    *buf = uv_buf_init(client->read, sizeof client->read);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct world *world = server->data;
    long hold = failing_after;
    failing_after = -1; /* the server is not what is tested */
    struct world_client *client = calloc(1, sizeof *client);
    failing_after = hold;
    assert_int_equal(status, 0);
    assert_non_null(client);
    if (!client)
        return;
    client->world = world;
    client->next = world->clients;
    world->clients = client;
    uv_tcp_init(server->loop, &client->tcp);
    client->tcp.data = client;
    assert_int_equal(uv_accept(server, (uv_stream_t *)&client->tcp), 0);
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
    say(client, "");
}

static void answer_dns(uv_idle_t *idle)
{
    struct world *world = idle->data;
    (void)fake_answer(&world->fake);
}

static void too_long(uv_timer_t *timer)
{
    struct world *world = timer->data;
    world->err = 1;
    mxp_loop_stop(world->loop);
}

static int pull(struct mxp_source *self, struct mxp_item *ret, struct mxp_why *why)
{
    struct world *world = (struct world *)(void *)((char *)self - offsetof(struct world, source));
    const char *address = world->addresses[world->n_pulled];
    (void)why;
    if (!address)
        return MXP_EEOF;
    if (world->n_pulled == 1 && mxp_loop_now_ms(world->loop) < world->wait_ms) {
        mxp_timer_set(world->timer, world->wait_ms);
        return MXP_EAGAIN;
    }
    *ret = (struct mxp_item){.id = world->n_pulled++, .domain = strrchr(address, '@') + 1};
    return 0;
}

static void waited(void *arg)
{
    struct world *world = arg;
    mxp_engine_wake(world->engine);
}

static int wire(struct mxp_source *self, uint32_t id, const char **ret_address, size_t *ret_len,
                bool *ret_utf8)
{
    const struct world *world =
        (struct world *)(void *)((char *)self - offsetof(struct world, source));
    *ret_utf8 = false;
    *ret_address = world->addresses[id];
    *ret_len = strlen(world->addresses[id]);
    for (size_t i = 0; i < *ret_len; i++)
        *ret_utf8 = *ret_utf8 || (unsigned char)world->addresses[id][i] >= 0x80;
    return 0;
}

static int on_result(struct mxp_sink *sink, uint32_t id, const struct mxp_result *result,
                     struct mxp_why *why)
{
    struct world *world = (struct world *)(void *)((char *)sink - offsetof(struct world, sink));
    struct world_result *got = &world->results[id];
    (void)why;
    got->n++;
    got->verdict = result->verdict;
    got->reason = result->reason;
    got->code = result->code;
    got->attempts = result->attempts;
    return 0;
}

static void on_done(void *arg, int err, const struct mxp_why *why)
{
    struct world *world = arg;
    (void)why;
    world->err = err;
    mxp_loop_stop(world->loop);
}

static void open_server(struct world *world)
{
    struct uv_loop_s *uv = mxp_loop_uv(world->loop);
    struct sockaddr_in address = {.sin_family = AF_INET};
    int len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    uv_tcp_init(uv, &world->server);
    uv_idle_init(uv, &world->idle);
    uv_timer_init(uv, &world->guard);
    world->server.data = world->idle.data = world->guard.data = world;
    assert_int_equal(uv_tcp_bind(&world->server, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&world->server, 128, on_connection), 0);
    uv_tcp_getsockname(&world->server, (struct sockaddr *)&address, &len);
    world->options.port = ntohs(address.sin_port);
    uv_idle_start(&world->idle, answer_dns);
    uv_timer_start(&world->guard, too_long, GUARD_MS, 0);
}

void world_init(struct world *world, const char *const *args)
{
    static const char *const own[] = {"bulk",
                                      "-",
                                      "--ehlo",
                                      "probe.test",
                                      "--mail-from",
                                      "probe@probe.test",
                                      "--allow-private-mx",
                                      "--tls",
                                      "none"};
    const char *all[32];
    size_t n = sizeof own / sizeof *own;
    struct mxp_why why = {0};
    memcpy(all, own, sizeof own);
    for (; *args; args++)
        all[n++] = *args;
    all[n] = NULL;
    *world = (struct world){.rules = NULL};
    util_must(NULL, all, &world->options);
    world->rules = mxp_rules_new(NULL, &why);
    if (!world->rules)
        fail_msg("%s", why.text);
}

void world_free(struct world *world)
{
    mxp_rules_free((struct mxp_rules *)(uintptr_t)world->rules);
    mxp_options_free(&world->options);
}

static void run_engine(struct world *world)
{
    struct mxp_why why = {0};
    struct mxp_engine_config config = {
        .loop = world->loop,
        .options = &world->options,
        .resolver = &world->fake.resolver,
        .rules = world->rules,
        .source = &world->source,
        .sink = &world->sink,
        .seed = 1,
        .on_done = on_done,
        .arg = world,
    };
    struct mxp_engine *engine = world->engine = mxp_engine_new(&config, &why);
    world->err = why.err;
    world->timer = mxp_timer_new(world->loop, waited, world);
    if (!world->timer) {
        world->err = MXP_ENOMEM;
        engine = mxp_engine_free(engine);
    }
    if (engine) {
        mxp_engine_start(engine);
        mxp_loop_run(world->loop);
    }
    fake_cancel_all(&world->fake);
    mxp_engine_free(engine);
    mxp_timer_free(world->timer);
}

void world_run(struct world *world)
{
    memset(world->results, 0, sizeof world->results);
    memset(world->n_asked, 0, sizeof world->n_asked);
    world->n_rcpts = world->n_pulled = 0;
    world->source = (struct mxp_source){pull, wire};
    world->sink = (struct mxp_sink){on_result};
    fake_init(&world->fake, world->zone);
    world->err = MXP_ENOMEM;
    world->loop = mxp_loop_new(world->options.clock_speed);
    if (world->loop) {
        open_server(world);
        run_engine(world);
        while (world->clients)
            hang_up(world->clients);
        uv_close((uv_handle_t *)&world->server, NULL);
        uv_close((uv_handle_t *)&world->idle, NULL);
        uv_close((uv_handle_t *)&world->guard, NULL);
        mxp_loop_free(world->loop);
    }
    fake_free(&world->fake);
}
