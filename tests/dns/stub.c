#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    uv_tcp_t tcp;
    struct stub *stub;
    uint8_t bytes[4096];
    size_t len;
};

struct writing {
    uv_write_t request;
    size_t len;
    uint8_t bytes[];
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "stub: %s\n", what);
        abort();
    }
}

static bool read_query(struct stub_query *query, const uint8_t *bytes, size_t len, bool tcp)
{
    size_t at = 12, n = 0;
    if (len < 17 || (bytes[2] & 0x80))
        return false;
    while (at < len && bytes[at]) {
        size_t label = bytes[at];
        if (label > 63 || at + label + 1 >= len || n + label + 2 > sizeof query->name)
            return false;
        for (size_t i = 0; i < label; i++)
            query->name[n++] = mxp_lower((char)bytes[at + 1 + i]);
        query->name[n++] = '.';
        at += label + 1;
    }
    if (at + 5 > len)
        return false;
    query->name[n ? n - 1 : 0] = '\0';
    query->type = (unsigned)(bytes[at + 1] << 8 | bytes[at + 2]);
    query->edns = bytes[11] != 0;
    query->tcp = tcp;
    query->bytes = bytes;
    query->len = len;
    query->question_end = at + 5;
    return true;
}

void stub_begin(struct stub *stub, const struct stub_query *query, unsigned rcode)
{
    struct message *m = &stub->reply;
    m->len = 0;
    message_raw(m, query->bytes, query->question_end);
    memset(m->bytes + 6, 0, 6);
    message_flags(m, 0x8180 | rcode);
}

void stub_send_now(struct stub *stub, uv_udp_t *from)
{
    uv_buf_t out = uv_buf_init((char *)stub->reply.bytes, (unsigned)stub->reply.len);
    uv_udp_try_send(from, &out, 1, (const struct sockaddr *)&stub->from);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stub *stub = handle->data;
    (void)suggested;
    *buf = uv_buf_init(stub->read, sizeof stub->read);
}

static void on_udp(uv_udp_t *udp, ssize_t nread, const uv_buf_t *buf, const struct sockaddr *from,
                   unsigned flags)
{
    struct stub *stub = udp->data;
    struct stub_query query;
    (void)flags;
    if (nread <= 0 || !from || !read_query(&query, (uint8_t *)buf->base, (size_t)nread, false))
        return;
    memcpy(&stub->from, from, sizeof(struct sockaddr_in));
    stub->n_udp++;
    if (stub->answer(stub, &query) == STUB_SEND)
        stub_send_now(stub, udp);
}

static void client_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void send_tcp(struct client *client, const struct message *reply)
{
    struct writing *writing = calloc(1, sizeof *writing + reply->len + 2);
    must(writing != NULL, "memory");
    writing->bytes[0] = (uint8_t)(reply->len >> 8);
    writing->bytes[1] = (uint8_t)reply->len;
    memcpy(writing->bytes + 2, reply->bytes, reply->len);
    uv_buf_t out = uv_buf_init((char *)writing->bytes, (unsigned)reply->len + 2);
    uv_write(&writing->request, (uv_stream_t *)&client->tcp, &out, 1, written);
}

static void client_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *client = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)client->bytes + client->len,
                       (unsigned)(sizeof client->bytes - client->len));
}

static void client_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    struct stub *stub = client->stub;
    (void)buf;
    bool close = nread < 0;
    client->len += close ? 0 : (size_t)nread;
    while (!close && client->len >= 2) {
        size_t len = (size_t)client->bytes[0] << 8 | client->bytes[1];
        struct stub_query query;
        if (client->len < len + 2)
            break;
        if (read_query(&query, client->bytes + 2, len, true)) {
            stub->n_tcp++;
            enum stub_reply reply = stub->answer(stub, &query);
            close = reply == STUB_CLOSE;
            if (reply == STUB_SEND)
                send_tcp(client, &stub->reply);
        }
        client->len -= len + 2;
        memmove(client->bytes, client->bytes + len + 2, client->len);
    }
    if (close)
        uv_close((uv_handle_t *)stream, client_closed);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct stub *stub = server->data;
    struct client *client = calloc(1, sizeof *client);
    must(status == 0 && client, "connection");
    client->stub = stub;
    uv_tcp_init(server->loop, &client->tcp);
    client->tcp.data = client;
    must(uv_accept(server, (uv_stream_t *)&client->tcp) == 0, "accept");
    uv_read_start((uv_stream_t *)&client->tcp, client_alloc, client_read);
}

static int bind_both(struct stub *stub, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int len = sizeof address;
    uv_udp_init(loop, &stub->udp);
    uv_tcp_init(loop, &stub->tcp);
    stub->udp.data = stub->tcp.data = stub;
    uv_ip4_addr("127.0.0.1", 0, &address);
    must(uv_tcp_bind(&stub->tcp, (struct sockaddr *)&address, 0) == 0, "TCP port");
    must(uv_listen((uv_stream_t *)&stub->tcp, 16, on_connection) == 0, "listen");
    uv_tcp_getsockname(&stub->tcp, (struct sockaddr *)&address, &len);
    stub->port = ntohs(address.sin_port);
    return uv_udp_bind(&stub->udp, (struct sockaddr *)&address, 0);
}

void stub_open(struct stub *stub, uv_loop_t *loop,
               enum stub_reply (*answer)(struct stub *stub, const struct stub_query *query))
{
    struct sockaddr_in any;
    int size = 4 << 20;
    memset(stub, 0, sizeof *stub);
    stub->answer = answer;
    for (int i = 0; bind_both(stub, loop); i++) {
        must(i < 20, "no port for both UDP and TCP");
        uv_close((uv_handle_t *)&stub->udp, NULL);
        uv_close((uv_handle_t *)&stub->tcp, NULL);
        uv_run(loop, UV_RUN_NOWAIT);
    }
    uv_ip4_addr("127.0.0.1", 0, &any);
    uv_udp_init(loop, &stub->liar);
    must(uv_udp_bind(&stub->liar, (struct sockaddr *)&any, 0) == 0, "second UDP port");
    uv_recv_buffer_size((uv_handle_t *)&stub->udp, &size);
    uv_udp_recv_start(&stub->udp, on_alloc, on_udp);
    (void)snprintf(stub->address, sizeof stub->address, "127.0.0.1:%u", stub->port);
}

void stub_close(struct stub *stub)
{
    uv_close((uv_handle_t *)&stub->udp, NULL);
    uv_close((uv_handle_t *)&stub->liar, NULL);
    uv_close((uv_handle_t *)&stub->tcp, NULL);
}
