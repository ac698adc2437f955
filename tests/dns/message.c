#include "message.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void message_raw(struct message *m, const void *bytes, size_t len)
{
    if (m->len + len > sizeof m->bytes)
        abort();
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

void message_u16(struct message *m, unsigned n)
{
    uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    message_raw(m, bytes, 2);
}

static void put32(struct message *m, uint32_t n)
{
    message_u16(m, n >> 16);
    message_u16(m, n & 0xffff);
}

void message_name(struct message *m, const char *name)
{
    uint8_t label[64];
    size_t len = 0;
    if (strcmp(name, ".") == 0)
        name = "";
    for (; *name; name++) {
        if (*name == '.') {
            label[0] = (uint8_t)len;
            message_raw(m, label, len + 1);
            len = 0;
            continue;
        }
        unsigned octet = (uint8_t)*name;
        if (*name == '\\') {
            octet = (unsigned)((name[1] - '0') * 100 + (name[2] - '0') * 10 + name[3] - '0');
            name += 3;
        }
        if (len == 63)
            abort();
        label[++len] = (uint8_t)octet;
    }
    label[0] = (uint8_t)len;
    if (len)
        message_raw(m, label, len + 1);
    message_raw(m, "", 1);
}

void message_init(struct message *m, unsigned rcode, const char *name, unsigned type)
{
    m->len = 0;
    message_u16(m, 0x1234);
    message_u16(m, 0x8180 | rcode);
    message_u16(m, 1);
    message_raw(m, "\0\0\0\0\0", 6);
    message_name(m, name);
    message_u16(m, type);
    message_u16(m, 1);
}

void message_flags(struct message *m, unsigned flags)
{
    m->bytes[2] = (uint8_t)(flags >> 8);
    m->bytes[3] = (uint8_t)flags;
}

size_t message_begin(struct message *m, enum section section, const char *owner, unsigned type,
                     uint32_t ttl)
{
    size_t count = 2 * (size_t)section;
    unsigned n = (unsigned)(m->bytes[count] << 8 | m->bytes[count + 1]) + 1;
    m->bytes[count] = (uint8_t)(n >> 8);
    m->bytes[count + 1] = (uint8_t)n;
    message_name(m, owner);
    message_u16(m, type);
    message_u16(m, 1);
    put32(m, ttl);
    message_u16(m, 0);
    return m->len;
}

void message_end(struct message *m, size_t begin)
{
    size_t len = m->len - begin;
    m->bytes[begin - 2] = (uint8_t)(len >> 8);
    m->bytes[begin - 1] = (uint8_t)len;
}

void message_mx(struct message *m, const char *owner, uint32_t ttl, unsigned preference,
                const char *host)
{
    size_t begin = message_begin(m, ANSWER, owner, 15, ttl);
    message_u16(m, preference);
    message_name(m, host);
    message_end(m, begin);
}

void message_a(struct message *m, const char *owner, uint32_t ttl, const char *ip)
{
    uint8_t bytes[16];
    size_t len = strchr(ip, ':') ? 16 : 4;
    if (inet_pton(len == 16 ? AF_INET6 : AF_INET, ip, bytes) != 1)
        abort();
    size_t begin = message_begin(m, ANSWER, owner, len == 16 ? 28 : 1, ttl);
    message_raw(m, bytes, len);
    message_end(m, begin);
}

void message_cname(struct message *m, const char *owner, uint32_t ttl, const char *target)
{
    size_t begin = message_begin(m, ANSWER, owner, 5, ttl);
    message_name(m, target);
    message_end(m, begin);
}

void message_soa(struct message *m, const char *owner, uint32_t ttl, uint32_t minimum)
{
    size_t begin = message_begin(m, AUTHORITY, owner, 6, ttl);
    message_name(m, "ns.test");
    message_name(m, "hostmaster.test");
    for (uint32_t i = 0; i < 4; i++)
        put32(m, 1000 + i);
    put32(m, minimum);
    message_end(m, begin);
}

void message_ns(struct message *m, const char *owner, const char *host)
{
    size_t begin = message_begin(m, AUTHORITY, owner, 2, 300);
    message_name(m, host);
    message_end(m, begin);
}

void message_opt(struct message *m, uint32_t ttl)
{
    size_t begin = message_begin(m, ADDITIONAL, "", 41, ttl);
    message_end(m, begin);
}

struct mxp_slice message_slice(const struct message *m)
{
    return (struct mxp_slice){(const char *)m->bytes, m->len};
}
