#include "sink.h"

#include "core/buf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_LEN 1024
#define OUT_CAP      (256 * 1024)

struct sink_client {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct sink *sink;
    struct sink_client *next_held, *next_in_step;
    SSL *ssl;
    struct mxp_buf out; /* replies, in clear, that were not sent yet */
    size_t line_len;
    unsigned n_handles;
    bool shaking, over, held, to_shake, in_step;
    char line[LINE_MAX_LEN];
};

struct queued {
    uv_write_t req;
    char bytes[];
};

static void handle_closed(uv_handle_t *handle)
{
    struct sink_client *client = handle->data;
    if (--client->n_handles)
        return;
    SSL_free(client->ssl);
    mxp_buf_free(&client->out);
    free(client);
}

static void hang_up(struct sink_client *client)
{
    client->over = true;
    if (client->held || uv_is_closing((uv_handle_t *)&client->tcp))
        return; /* one that is held is closed by its release */
    uv_close((uv_handle_t *)&client->tcp, handle_closed);
    uv_close((uv_handle_t *)&client->timer, handle_closed);
}

static void written(uv_write_t *req, int status)
{
    (void)status;
    free(req);
}

static void write_raw(struct sink_client *client, const char *bytes, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
    client->sink->counts.n_writes++;
    client->sink->counts.n_octets_out += len;
    int n = uv_try_write((uv_stream_t *)&client->tcp, &buf, 1);
    size_t done = n > 0 ? (size_t)n : 0;
    struct queued *queued = done < len ? malloc(sizeof *queued + len - done) : NULL;
    if (!queued)
        return;
    memcpy(queued->bytes, bytes + done, len - done);
    buf = uv_buf_init(queued->bytes, (unsigned)(len - done));
    if (uv_write(&queued->req, (uv_stream_t *)&client->tcp, &buf, 1, written))
        free(queued);
}

static void flush_cipher(struct sink_client *client)
{
    char *ptr;
    BIO *bio = SSL_get_wbio(client->ssl);
    long len = BIO_get_mem_data(bio, &ptr);
    if (len > 0)
        write_raw(client, ptr, (size_t)len);
    (void)BIO_reset(bio);
}

static void send_now(struct sink_client *client)
{
    if (client->over || !client->out.len)
        return;
    if (client->ssl && !client->to_shake) {
        SSL_write(client->ssl, client->out.ptr, (int)client->out.len);
        flush_cipher(client);
    } else {
        write_raw(client, client->out.ptr, client->out.len);
    }
    mxp_buf_free(&client->out);
    client->to_shake = false;
}

static void delay_over(uv_timer_t *timer)
{
    send_now(timer->data);
}

static void reply(struct sink_client *client)
{
    uint32_t delay = client->sink->options.delay_ms;
    if (client->held)
        return;
    if (delay)
        uv_timer_start(&client->timer, delay_over, delay, 0);
    else
        send_now(client);
}

static void say(struct sink_client *client, const char *line)
{
    mxp_buf_add_str(&client->out, line);
}

static void start_tls(struct sink_client *client)
{
    client->ssl = SSL_new(client->sink->ctx);
    SSL_set_bio(client->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(client->ssl);
    client->shaking = client->to_shake = true;
    say(client, "220 2.0.0 Ready\r\n");
}

static void on_ehlo(struct sink_client *client)
{
    const struct sink_options *options = &client->sink->options;
    say(client, "250-mx.sink.test\r\n");
    if (options->pipelining)
        say(client, "250-PIPELINING\r\n");
    if (options->tls_version && !client->ssl)
        say(client, "250-STARTTLS\r\n");
    if (options->rcpt_max)
        mxp_buf_printf(&client->out, "250-LIMITS RCPTMAX=%u\r\n", options->rcpt_max);
    say(client, "250-SIZE 36700160\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
}

static void hold(struct sink_client *client)
{
    struct sink *sink = client->sink;
    if (!sink->options.hold || sink->released || client->held)
        return;
    client->held = true;
    client->next_held = sink->held;
    sink->held = client;
    if (++sink->n_held == sink->options.hold)
        puts("held");
}

static void on_rcpt(struct sink_client *client, struct mxp_slice line)
{
    client->sink->counts.n_rcpts++;
    hold(client);
    bool known = mxp_slice_istarts(line, MXP_SLICE_LIT("RCPT TO:<user"));
    say(client,
        known ? "250 2.1.5 Ok\r\n" : "550 5.1.1 Recipient address rejected: User unknown\r\n");
}

static void on_line(struct sink_client *client, struct mxp_slice line)
{
    client->sink->counts.n_commands++;
    if (mxp_slice_istarts(line, MXP_SLICE_LIT("RCPT ")))
        on_rcpt(client, line);
    else if (mxp_slice_istarts(line, MXP_SLICE_LIT("EHLO ")))
        on_ehlo(client);
    else if (mxp_slice_istarts(line, MXP_SLICE_LIT("MAIL ")) ||
             mxp_slice_ieq(line, MXP_SLICE_LIT("RSET")))
        say(client, "250 2.1.0 Ok\r\n");
    else if (mxp_slice_ieq(line, MXP_SLICE_LIT("STARTTLS")) && client->sink->ctx && !client->ssl)
        start_tls(client);
    else if (mxp_slice_ieq(line, MXP_SLICE_LIT("QUIT")))
        say(client, "221 2.0.0 Bye\r\n");
    else
        say(client, "502 5.5.2 Command not recognized\r\n");
}

static void take(struct sink_client *client, struct mxp_slice bytes)
{
    while (bytes.len) {
        size_t end = mxp_slice_find(bytes, '\n');
        size_t n = end < bytes.len ? end : bytes.len;
        if (n > sizeof client->line - client->line_len)
            n = sizeof client->line - client->line_len;
        memcpy(client->line + client->line_len, bytes.ptr, n);
        client->line_len += n;
        if (end == bytes.len)
            break;
        on_line(client, mxp_slice_trim((struct mxp_slice){client->line, client->line_len}));
        client->line_len = 0;
        bytes = mxp_slice_sub(bytes, end + 1, bytes.len);
    }
    if (client->out.len)
        reply(client);
}

static void shake(struct sink_client *client)
{
    int n = SSL_do_handshake(client->ssl);
    flush_cipher(client);
    if (n == 1) {
        client->shaking = false;
        client->sink->counts.n_handshakes++;
        client->sink->counts.n_resumed += (uint64_t)SSL_session_reused(client->ssl);
    } else if (SSL_get_error(client->ssl, n) != SSL_ERROR_WANT_READ) {
        hang_up(client);
    }
}

static void go_on(struct sink_client *client)
{
    char plain[16384];
    int n;
    if (client->shaking)
        shake(client);
    if (client->shaking)
        return;
    while (!client->over && (n = SSL_read(client->ssl, plain, sizeof plain)) > 0)
        take(client, (struct mxp_slice){plain, (size_t)n});
}

/* The handshakes wait for one another after each flight of the client's. */
static void shake_in_step(struct sink_client *client)
{
    struct sink *sink = client->sink;
    if (client->in_step)
        return;
    client->in_step = true;
    client->next_in_step = sink->in_step;
    sink->in_step = client;
    if (++sink->n_in_step < sink->options.hold)
        return;
    client = sink->in_step;
    sink->in_step = NULL;
    sink->n_in_step = 0;
    for (; client; client = client->next_in_step) {
        client->in_step = false;
        go_on(client);
    }
}

static void take_cipher(struct sink_client *client, const char *bytes, size_t len)
{
    BIO_write(SSL_get_rbio(client->ssl), bytes, (int)len);
    if (client->shaking && client->sink->options.in_step)
        shake_in_step(client);
    else
        go_on(client);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sink_client *client = handle->data;
    (void)suggested;
    *buf = uv_buf_init(client->sink->read, sizeof client->sink->read);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct sink_client *client = stream->data;
    if (nread == 0 || client->over)
        return;
    if (nread < 0) {
        hang_up(client);
        return;
    }
    client->sink->counts.n_reads++;
    client->sink->counts.n_octets_in += (uint64_t)nread;
    if (client->ssl)
        take_cipher(client, buf->base, (size_t)nread);
    else
        take(client, (struct mxp_slice){buf->base, (size_t)nread});
}

static bool is_loopback(const struct sink_client *client)
{
    struct sockaddr_in address = {0};
    int len = sizeof address;
    return !uv_tcp_getsockname(&client->tcp, (struct sockaddr *)&address, &len) &&
           ntohl(address.sin_addr.s_addr) >> 24 == 127;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct sink *sink = server->data;
    struct sink_client *client = status ? NULL : calloc(1, sizeof *client);
    if (!client)
        return;
    client->sink = sink;
    mxp_buf_init(&client->out, OUT_CAP);
    uv_tcp_init(server->loop, &client->tcp);
    uv_timer_init(server->loop, &client->timer);
    client->tcp.data = client->timer.data = client;
    client->n_handles = 2;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) || !is_loopback(client)) {
        fprintf(stderr, "mxprobe-sink: a connection was not taken\n");
        hang_up(client);
        return;
    }
    sink->counts.n_connections++;
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
    say(client, "220 mx.sink.test ESMTP\r\n");
    reply(client);
}

void sink_smtp_release(struct sink *sink)
{
    sink->released = true;
    while (sink->held) {
        struct sink_client *client = sink->held;
        sink->held = client->next_held;
        client->held = false;
        if (client->over)
            hang_up(client);
        else
            reply(client);
    }
}

int sink_smtp_open(struct sink *sink)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int len = sizeof address;
    /* All of 127/8, each MX host at an address of its own; others are turned away. */
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    uv_tcp_init(sink->loop, &sink->tcp);
    sink->tcp.data = sink;
    int err = uv_tcp_bind(&sink->tcp, (const struct sockaddr *)&address, 0);
    if (!err)
        err = uv_listen((uv_stream_t *)&sink->tcp, 4096, on_connection);
    if (err)
        return fprintf(stderr, "mxprobe-sink: SMTP: %s\n", uv_strerror(err)), -1;
    uv_tcp_getsockname(&sink->tcp, (struct sockaddr *)&address, &len);
    sink->port_smtp = ntohs(address.sin_port);
    return 0;
}
