#include "probe/io/conn.h"

#include "probe/io/conn_internal.h"
#include "probe/io/sockaddr.h"
#include "probe/io/tls.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_CAP      (256 * 1024) /* octets that the kernel would not take yet */
#define RESET_WORDS    "connection reset by the server"
#define CLOSE_GRACE_MS 1000 /* for what is queued when the caller closes */

struct queued_write {
    uv_write_t req;
    char bytes[];
};

static void handle_closed(uv_handle_t *handle)
{
    struct mxp_conn *conn = handle->data;
    if (--conn->n_handles)
        return;
    mxp_tls_free(conn->tls);
    free(conn);
}

static void close_handles(struct mxp_conn *conn)
{
    if (!uv_is_closing((uv_handle_t *)&conn->tcp))
        uv_close((uv_handle_t *)&conn->tcp, handle_closed);
    if (!uv_is_closing((uv_handle_t *)&conn->timer))
        uv_close((uv_handle_t *)&conn->timer, handle_closed);
}

void mxp_conn_set_error(struct mxp_conn *conn, const char *words)
{
    size_t len = strlen(words);
    if (len >= sizeof conn->error)
        len = sizeof conn->error - 1;
    memcpy(conn->error, words, len);
    conn->error[len] = '\0';
}

void mxp_conn_tell(struct mxp_conn *conn, enum mxp_conn_event event, struct mxp_slice bytes)
{
    if (!conn->closing)
        conn->cb(conn->arg, event, bytes);
}

void mxp_conn_fail(struct mxp_conn *conn, enum mxp_conn_event event, const char *words)
{
    if (conn->failed)
        return;
    conn->failed = true;
    mxp_conn_set_error(conn, words);
    if (conn->connected)
        uv_read_stop((uv_stream_t *)&conn->tcp);
    mxp_conn_tell(conn, event, MXP_SLICE_NONE);
}

static void timer_fired(uv_timer_t *timer);

static void arm(struct mxp_conn *conn, uint64_t due_ms)
{
    conn->armed_ms = due_ms;
    if (due_ms == UINT64_MAX)
        uv_timer_stop(&conn->timer);
    else
        uv_timer_start(&conn->timer, timer_fired, mxp_loop_delay_ms(conn->loop, due_ms), 0);
}

static void timer_fired(uv_timer_t *timer)
{
    struct mxp_conn *conn = timer->data;
    if (conn->closing) {
        close_handles(conn);
        return;
    }
    if (conn->has_pending) {
        conn->has_pending = false;
        conn->failed = true;
        mxp_conn_tell(conn, conn->pending, MXP_SLICE_NONE);
        return;
    }
    conn->armed_ms = UINT64_MAX;
    if (conn->deadline_ms == UINT64_MAX || conn->failed)
        return;
    if (mxp_loop_now_ms(conn->loop) < conn->deadline_ms) {
        arm(conn, conn->deadline_ms);
        return;
    }
    conn->deadline_ms = UINT64_MAX;
    if (!conn->connected) {
        mxp_conn_fail(conn, MXP_CONN_TIMEOUT, "no connection in time");
        return;
    }
    mxp_conn_set_error(conn, "no answer in time");
    mxp_conn_tell(conn, MXP_CONN_TIMEOUT, MXP_SLICE_NONE);
}

void mxp_conn_deadline(struct mxp_conn *conn, uint64_t deadline_ms)
{
    conn->deadline_ms = deadline_ms;
    /* A timer that fires early looks again: most deadlines move away before they are due. */
    if (deadline_ms < conn->armed_ms)
        arm(conn, deadline_ms);
}

/* What we may blame on our own machine. */
static bool is_local(int status)
{
    switch (status) {
    case UV_EMFILE:
    case UV_ENFILE:
    case UV_ENOBUFS:
    case UV_ENOMEM:
    case UV_EADDRNOTAVAIL:
    case UV_EADDRINUSE:
    case UV_EACCES:
    case UV_EPERM:
    case UV_EAFNOSUPPORT:
        return true;
    default:
        return false;
    }
}

static enum mxp_conn_event connect_event(int status)
{
    if (status == UV_ETIMEDOUT)
        return MXP_CONN_TIMEOUT;
    return is_local(status) ? MXP_CONN_LOCAL_ERROR : MXP_CONN_REFUSED;
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct mxp_conn *conn = stream->data;
    if (nread == 0 || conn->closing || conn->failed)
        return;
    if (nread > 0) {
        struct mxp_slice bytes = {buf->base, (size_t)nread};
        if (conn->tls_state == MXP_CONN_TLS_NONE)
            mxp_conn_tell(conn, MXP_CONN_BYTES, bytes);
        else
            mxp_conn_tls_read(conn, bytes);
        return;
    }
    const char *words = nread == UV_EOF          ? "connection closed by the server"
                        : nread == UV_ECONNRESET ? RESET_WORDS
                                                 : uv_strerror((int)nread);
    if (conn->tls_state == MXP_CONN_TLS_FIRST || conn->tls_state == MXP_CONN_TLS_HANDSHAKE)
        mxp_conn_handshake_failed(conn, words);
    else
        mxp_conn_fail(conn, MXP_CONN_EOF, words);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct mxp_conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init(conn->loop->read, sizeof conn->loop->read);
}

static void on_connect(uv_connect_t *req, int status)
{
    struct mxp_conn *conn = req->handle->data;
    free(req);
    if (conn->closing || conn->failed)
        return;
    /* A SYN that is answered with RST is "refused": a reset came after the handshake. */
    bool reset = status == UV_ECONNRESET;
    conn->connected = !status || reset;
    if (!status) {
        uv_tcp_nodelay(&conn->tcp, 1);
        status = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    }
    if (status && !reset) {
        conn->connected = false;
        mxp_conn_fail(conn, connect_event(status), uv_strerror(status));
        return;
    }
    conn->deadline_ms = UINT64_MAX;
    mxp_conn_tell(conn, MXP_CONN_CONNECTED, MXP_SLICE_NONE);
    if (reset)
        mxp_conn_fail(conn, MXP_CONN_EOF, RESET_WORDS);
}

static int bind_source(struct mxp_conn *conn, const struct mxp_ip *source)
{
    struct sockaddr_storage address;
    uv_os_fd_t fd;
    int on = 1;
    /* The port is chosen when the peer is known, so that one source address serves more than
     * 28,000 connections. */
    if (!uv_fileno((uv_handle_t *)&conn->tcp, &fd))
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    mxp_sockaddr_set(source, 0, &address);
    return uv_tcp_bind(&conn->tcp, (const struct sockaddr *)&address, 0);
}

static int start_connect(struct mxp_conn *conn, const struct mxp_conn_options *options)
{
    struct sockaddr_storage address;
    if (options->source.family && options->source.family == options->ip.family) {
        int err = bind_source(conn, &options->source);
        if (err)
            return err;
    }
    uv_connect_t *req = malloc(sizeof *req);
    if (!req)
        return UV_ENOMEM;
    mxp_sockaddr_set(&options->ip, options->port, &address);
    int err = uv_tcp_connect(req, &conn->tcp, (const struct sockaddr *)&address, on_connect);
    if (err)
        free(req);
    return err;
}

int mxp_conn_open(struct mxp_loop *loop, const struct mxp_conn_options *options, mxp_conn_cb cb,
                  void *arg, struct mxp_conn **ret_conn)
{
    struct mxp_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return MXP_ENOMEM;
    conn->loop = loop;
    conn->context = options->tls;
    conn->cb = cb;
    conn->arg = arg;
    conn->deadline_ms = conn->armed_ms = UINT64_MAX;
    unsigned family = options->ip.family == 6 ? AF_INET6 : AF_INET;
    uv_timer_init(&loop->uv, &conn->timer);
    int status = uv_tcp_init_ex(&loop->uv, &conn->tcp, family);
    conn->tcp.data = conn->timer.data = conn;
    conn->n_handles = 2;
    if (status) {
        /* No descriptor: the handle was not made, and a plain one stands in for closing. */
        uv_tcp_init(&loop->uv, &conn->tcp);
        conn->tcp.data = conn;
    } else {
        status = start_connect(conn, options);
    }
    if (status) {
        mxp_conn_set_error(conn, uv_strerror(status));
        conn->pending = connect_event(status);
        conn->has_pending = true;
        arm(conn, 0);
    } else {
        mxp_conn_deadline(conn, options->deadline_ms);
    }
    *ret_conn = conn;
    return 0;
}

static void written(uv_write_t *req, int status)
{
    (void)status; /* a peer that went away is told by the read side */
    free(req);
}

int mxp_conn_write(struct mxp_conn *conn, struct mxp_slice bytes)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    if (!bytes.len || !conn->connected || uv_is_closing((uv_handle_t *)stream))
        return 0;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.ptr, (unsigned)bytes.len);
    int n = uv_try_write(stream, &buf, 1);
    if (n < 0 && n != UV_EAGAIN)
        return 0;
    size_t done = n > 0 ? (size_t)n : 0;
    if (done == bytes.len)
        return 0;
    size_t rest = bytes.len - done;
    if (uv_stream_get_write_queue_size(stream) + rest > QUEUE_CAP)
        return MXP_ENOMEM;
    struct queued_write *queued = malloc(sizeof *queued + rest);
    if (!queued)
        return MXP_ENOMEM;
    memcpy(queued->bytes, bytes.ptr + done, rest);
    buf = uv_buf_init(queued->bytes, (unsigned)rest);
    if (uv_write(&queued->req, stream, &buf, 1, written))
        free(queued);
    return 0;
}

int mxp_conn_send(struct mxp_conn *conn, struct mxp_slice bytes)
{
    if (conn->closing || conn->failed)
        return 0;
    if (conn->tls_state != MXP_CONN_TLS_ON)
        return mxp_conn_write(conn, bytes);
    mxp_buf_clear(&conn->loop->cipher);
    int err = mxp_tls_write(conn->tls, bytes, &conn->loop->cipher);
    if (err == MXP_ENOMEM)
        return err;
    mxp_conn_flush_cipher(conn);
    return 0;
}

static void shut_down(uv_shutdown_t *req, int status)
{
    struct mxp_conn *conn = req->handle->data;
    (void)status;
    free(req);
    close_handles(conn);
}

void mxp_conn_close(struct mxp_conn *conn)
{
    if (conn->closing)
        return;
    if (conn->tls_state == MXP_CONN_TLS_ON && !conn->failed) {
        mxp_buf_clear(&conn->loop->cipher);
        mxp_tls_shutdown(conn->tls, &conn->loop->cipher);
        mxp_conn_flush_cipher(conn);
    }
    conn->closing = true;
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    if (!conn->connected || uv_stream_get_write_queue_size(stream) == 0) {
        close_handles(conn);
        return;
    }
    uv_read_stop(stream);
    uv_shutdown_t *req = malloc(sizeof *req);
    if (!req || uv_shutdown(req, stream, shut_down)) {
        free(req);
        close_handles(conn);
        return;
    }
    arm(conn, mxp_loop_now_ms(conn->loop) + CLOSE_GRACE_MS);
}

const char *mxp_conn_error(const struct mxp_conn *conn)
{
    return *conn->error ? conn->error : "no error";
}
