#include "dns.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TTL_S 300

#define RECEIVE_BUFFER (8 << 20)

struct farm_dns {
    uv_udp_t udp;
    const struct farm_universe *universe;
    uint64_t n_asked;
    uint16_t port;
    char read[4096];
};

struct packet {
    uint8_t *ptr;
    size_t len, size;
};

static void put16(struct packet *p, unsigned n)
{
    if (p->len + 2 > p->size)
        return;
    p->ptr[p->len++] = (uint8_t)(n >> 8);
    p->ptr[p->len++] = (uint8_t)n;
}

static void put_name(struct packet *p, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        if (p->len + len + 2 > p->size)
            return;
        p->ptr[p->len++] = (uint8_t)len;
        memcpy(p->ptr + p->len, name, len);
        p->len += len;
        name += len + (name[len] == '.');
    }
    if (p->len < p->size)
        p->ptr[p->len++] = 0;
}

static void put_head(struct packet *p, unsigned type)
{
    put16(p, 0xc00c); /* the question's name */
    put16(p, type);
    put16(p, 1);
    put16(p, 0);
    put16(p, TTL_S);
}

static void put_mx(struct packet *p, unsigned preference, const char *host)
{
    put_head(p, 15);
    size_t at = p->len;
    put16(p, 0);
    put16(p, preference);
    put_name(p, host);
    size_t len = p->len - at - 2;
    p->ptr[at] = (uint8_t)(len >> 8);
    p->ptr[at + 1] = (uint8_t)len;
}

/* The MX records of a domain; the number of them, or minus the rcode. */
static int answer_domain(const struct farm_universe *universe, const char *name, unsigned type,
                         struct packet *p)
{
    uint32_t n;
    const struct farm_provider *provider = farm_find_domain(universe, name, &n);
    char host[256];
    if (!provider || provider->kind == FARM_NXDOMAIN)
        return -3;
    if (provider->kind == FARM_SERVFAIL)
        return -2;
    if (type != 15)
        return 0;
    if (provider->kind == FARM_NULL_MX) {
        put_mx(p, 0, "");
        return 1;
    }
    uint32_t hosts = farm_n_hosts(provider);
    for (uint32_t i = 0; i < hosts; i++) {
        farm_host_name(provider, n, i, host);
        put_mx(p, 10, host);
    }
    return (int)hosts;
}

static int answer_name(const struct farm_universe *universe, const char *name, unsigned type,
                       struct packet *p)
{
    struct mxp_ip ip;
    if (!farm_host_ip(universe, name, &ip))
        return answer_domain(universe, name, type, p);
    if (type != 1)
        return 0;
    put_head(p, 1);
    put16(p, 4);
    for (int i = 0; i < 4 && p->len < p->size; i++)
        p->ptr[p->len++] = ip.bytes[i];
    return 1;
}

size_t farm_dns_answer(const struct farm_universe *universe, const uint8_t *message, size_t len,
                       uint8_t *ret, size_t size)
{
    char name[256];
    size_t at = 12, n = 0;
    if (len < 17 || size < 512 || (message[2] & 0x80) || message[4] || message[5] != 1)
        return 0;
    while (at < len && message[at]) {
        size_t label = message[at];
        if (label > 63 || at + label + 1 >= len || n + label + 2 > sizeof name)
            return 0;
        for (size_t i = 0; i < label; i++)
            name[n++] = mxp_lower((char)message[at + 1 + i]);
        name[n++] = '.';
        at += label + 1;
    }
    name[n ? n - 1 : 0] = '\0';
    if (at + 5 > len)
        return 0;
    unsigned type = (unsigned)(message[at + 1] << 8 | message[at + 2]);
    size_t question = at + 5;
    struct packet p = {ret, question, size};
    memcpy(ret, message, question);
    memset(ret + 6, 0, 6);
    int count = answer_name(universe, name, type, &p);
    ret[2] = 0x84 | (message[2] & 1);
    ret[3] = (uint8_t)(0x80 | (count < 0 ? -count : 0));
    ret[6] = (uint8_t)((count > 0 ? count : 0) >> 8);
    ret[7] = (uint8_t)(count > 0 ? count : 0);
    return p.len;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct farm_dns *dns = handle->data;
    (void)suggested;
    *buf = uv_buf_init(dns->read, sizeof dns->read);
}

static void on_read(uv_udp_t *udp, ssize_t nread, const uv_buf_t *buf, const struct sockaddr *from,
                    unsigned flags)
{
    struct farm_dns *dns = udp->data;
    uint8_t answer[4096];
    (void)flags;
    if (nread <= 0 || !from)
        return;
    size_t len = farm_dns_answer(dns->universe, (const uint8_t *)buf->base, (size_t)nread, answer,
                                 sizeof answer);
    if (!len)
        return;
    dns->n_asked++;
    uv_buf_t out = uv_buf_init((char *)answer, (unsigned)len);
    uv_udp_try_send(udp, &out, 1, from);
}

/* Thousands of questions come at once; the default holds some 250 of them. Beyond the system's
 * limit only root may go. */
static void widen(uv_udp_t *udp)
{
    uv_os_fd_t fd;
    int size = RECEIVE_BUFFER;
    if (!uv_fileno((uv_handle_t *)udp, &fd) &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
        uv_recv_buffer_size((uv_handle_t *)udp, &size);
}

struct farm_dns *farm_dns_new(uv_loop_t *loop, const struct farm_universe *universe, uint16_t port,
                              struct mxp_why *why)
{
    struct farm_dns *dns = calloc(1, sizeof *dns);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int len = sizeof address, err = UV_ENOMEM;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (dns) {
        dns->universe = universe;
        uv_udp_init(loop, &dns->udp);
        dns->udp.data = dns;
        err = uv_udp_bind(&dns->udp, (const struct sockaddr *)&address, 0);
    }
    if (!err) {
        widen(&dns->udp);
        err = uv_udp_recv_start(&dns->udp, on_alloc, on_read);
    }
    if (err) {
        mxp_why_set(why, MXP_ENET, "DNS on port %u: %s", port, uv_strerror(err));
        return NULL;
    }
    uv_udp_getsockname(&dns->udp, (struct sockaddr *)&address, &len);
    dns->port = ntohs(address.sin_port);
    return dns;
}

uint16_t farm_dns_port(const struct farm_dns *dns)
{
    return dns->port;
}

uint64_t farm_dns_n_asked(const struct farm_dns *dns)
{
    return dns->n_asked;
}

struct farm_dns *farm_dns_free(struct farm_dns *dns)
{
    free(dns);
    return NULL;
}
