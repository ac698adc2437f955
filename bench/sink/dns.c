#include "sink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL_S     3600
#define HOST_BASE 0x7f100000u /* 127.16.0.0 */
#define TYPE_A    1
#define TYPE_MX   15

static size_t put(uint8_t *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return len;
}

static size_t put16(uint8_t *to, unsigned n)
{
    uint8_t octets[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    return put(to, octets, 2);
}

static size_t put_head(uint8_t *to, unsigned type, unsigned len)
{
    size_t n = put16(to, 0xc00c); /* the question's name */
    n += put16(to + n, type);
    n += put16(to + n, 1);
    n += put16(to + n, 0);
    n += put16(to + n, TTL_S);
    return n + put16(to + n, len);
}

/* The MX host is "mx<N>" and a pointer to what follows the question's first label. */
static size_t put_mx(uint8_t *to, unsigned host, size_t first_label)
{
    char label[24];
    int n = snprintf(label, sizeof label, "mx%u", host);
    size_t at = put_head(to, TYPE_MX, (unsigned)(2 + 1 + n + 2));
    at += put16(to + at, 10);
    to[at++] = (uint8_t)n;
    at += put(to + at, label, (size_t)n);
    return at + put16(to + at, 0xc000u | (unsigned)(12 + 1 + first_label));
}

static size_t put_a(uint8_t *to, unsigned host)
{
    uint32_t ip = htonl(HOST_BASE + host);
    size_t at = put_head(to, TYPE_A, 4);
    return at + put(to + at, &ip, 4);
}

/* The number behind the prefix of the first label, or -1. */
static long number_of(const uint8_t *label, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    char digits[16];
    if (len <= n || len - n >= sizeof digits || memcmp(label, prefix, n) != 0)
        return -1;
    memcpy(digits, label + n, len - n);
    digits[len - n] = '\0';
    char *end;
    long number = strtol(digits, &end, 10);
    return *end ? -1 : number;
}

/* The answer to a message of at most 512 octets, in ret; its length, 0: none is due. */
static size_t answer(const struct sink *sink, const uint8_t *message, size_t len, uint8_t *ret)
{
    size_t end = 12;
    if (len < 17 || len > 512 || (message[2] & 0x80) || message[5] != 1)
        return 0;
    while (end < len && message[end])
        end += message[end] + 1u;
    if (end + 5 > len)
        return 0;
    unsigned type = (unsigned)(message[end + 1] << 8 | message[end + 2]);
    size_t at = put(ret, message, end + 5), label = message[12];
    memset(ret + 6, 0, 6);
    /* c-ares randomises the case of names only where it is told to, which we do not. */
    long domain = number_of(message + 13, label, "d"), host = number_of(message + 13, label, "mx");
    bool found = true;
    if (domain >= 0 && type == TYPE_MX)
        at += put_mx(ret + at, (unsigned)domain % sink->options.hosts, label);
    else if (host >= 0 && type == TYPE_A)
        at += put_a(ret + at, (unsigned)host);
    else
        found = false;
    ret[2] = 0x84 | (message[2] & 1);
    ret[3] = (uint8_t)(0x80 | (domain < 0 && host < 0 ? 3 : 0));
    ret[7] = found;
    return at;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sink *sink = handle->data;
    (void)suggested;
    *buf = uv_buf_init(sink->dns_read, sizeof sink->dns_read);
}

static void on_read(uv_udp_t *udp, ssize_t nread, const uv_buf_t *buf, const struct sockaddr *from,
                    unsigned flags)
{
    struct sink *sink = udp->data;
    uint8_t out[1024];
    (void)flags;
    if (nread <= 0 || !from)
        return;
    if (!sink->asked)
        puts("asked");
    sink->asked = true;
    sink->counts.n_dns++;
    size_t len = sink->going ? answer(sink, (const uint8_t *)buf->base, (size_t)nread, out) : 0;
    uv_buf_t reply = uv_buf_init((char *)out, (unsigned)len);
    if (len)
        uv_udp_try_send(udp, &reply, 1, from);
}

int sink_dns_open(struct sink *sink)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int len = sizeof address, size = 8 << 20;
    uv_os_fd_t fd;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    uv_udp_init(sink->loop, &sink->udp);
    sink->udp.data = sink;
    int err = uv_udp_bind(&sink->udp, (const struct sockaddr *)&address, 0);
    if (!err) {
        /* A resolver's questions come in bursts: root may pass net.core.rmem_max. */
        if (uv_fileno((uv_handle_t *)&sink->udp, &fd) ||
            setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
            uv_recv_buffer_size((uv_handle_t *)&sink->udp, &size);
        err = uv_udp_recv_start(&sink->udp, on_alloc, on_read);
    }
    if (err)
        return fprintf(stderr, "mxprobe-sink: DNS: %s\n", uv_strerror(err)), -1;
    uv_udp_getsockname(&sink->udp, (struct sockaddr *)&address, &len);
    sink->port_dns = ntohs(address.sin_port);
    return 0;
}
