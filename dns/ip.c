#include "dns/ip.h"

#include "core/err.h"

#include <arpa/inet.h>
#include <string.h>

int mxp_ip_parse(struct mxp_slice text, struct mxp_ip *ret)
{
    char buf[MXP_IP_TEXT_MAX];
    *ret = (struct mxp_ip){0};
    if (text.len == 0 || text.len >= sizeof buf || mxp_slice_find(text, '\0') != text.len)
        return MXP_ESYNTAX;
    memcpy(buf, text.ptr, text.len);
    buf[text.len] = '\0';
    if (inet_pton(AF_INET, buf, ret->bytes) == 1) {
        ret->family = 4;
        return 0;
    }
    if (inet_pton(AF_INET6, buf, ret->bytes) == 1) {
        ret->family = 6;
        return 0;
    }
    return MXP_ESYNTAX;
}

const char *mxp_ip_text(const struct mxp_ip *ip, char ret[static MXP_IP_TEXT_MAX])
{
    ret[0] = '\0';
    if (ip->family)
        inet_ntop(ip->family == 6 ? AF_INET6 : AF_INET, ip->bytes, ret, MXP_IP_TEXT_MAX);
    return ret;
}

bool mxp_ip_eq(const struct mxp_ip *a, const struct mxp_ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 6 ? 16 : 4) == 0;
}

struct range {
    uint8_t bytes[16];
    uint8_t bits;
};

/* IANA IPv4 Special-Purpose Address Registry, and multicast and class E. */
static const struct range ranges4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 4},
    {{240}, 4},
};

/* IANA IPv6 Special-Purpose Address Registry, within the global unicast space. */
static const struct range ranges6[] = {
    {{0x20, 0x01}, 23},             /* IETF protocols: Teredo, benchmarking, ORCHID .. */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},             /* documentation */
};
static const struct range global6 = {{0x20}, 3}; /* the only one that is given out */

/* IPv6 prefixes with an IPv4 address behind them, and where. */
static const struct disguise {
    struct range prefix;
    uint8_t at;
} disguises[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* IPv4-mapped (RFC 4291, 2.5.5.2) */
    {{{0}, 96}, 12},                        /* IPv4-compatible (2.5.5.1) */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* NAT64 (RFC 6052) */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4 (RFC 3056) */
};

static bool within(const uint8_t *ip, const struct range *range)
{
    unsigned whole = range->bits / 8u, rest = range->bits % 8u;
    if (memcmp(ip, range->bytes, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return !rest || (ip[whole] & mask) == (range->bytes[whole] & mask);
}

static bool is_public4(const uint8_t *ip)
{
    for (size_t i = 0; i < sizeof ranges4 / sizeof *ranges4; i++)
        if (within(ip, &ranges4[i]))
            return false;
    return true;
}

/* The IPv4 address that ip is or stands for; NULL: none. */
static const uint8_t *four_in(const struct mxp_ip *ip, const struct disguise **ret_disguise)
{
    *ret_disguise = NULL;
    if (ip->family == 4)
        return ip->bytes;
    for (size_t i = 0; ip->family == 6 && i < sizeof disguises / sizeof *disguises; i++) {
        if (within(ip->bytes, &disguises[i].prefix)) {
            *ret_disguise = &disguises[i];
            return ip->bytes + disguises[i].at;
        }
    }
    return NULL;
}

/* Mapped and compatible: no such addresses on the wire. */
static bool never_sent(const struct disguise *disguise)
{
    return disguise && disguise->prefix.bits == 96 && disguise->prefix.bytes[1] == 0;
}

bool mxp_ip_is_public(const struct mxp_ip *ip)
{
    const struct disguise *disguise;
    const uint8_t *four = four_in(ip, &disguise);
    if (never_sent(disguise))
        return false;
    if (four)
        return is_public4(four);
    if (ip->family != 6 || !within(ip->bytes, &global6))
        return false;
    for (size_t i = 0; i < sizeof ranges6 / sizeof *ranges6; i++)
        if (within(ip->bytes, &ranges6[i]))
            return false;
    return true;
}

bool mxp_ip_reaches(const struct mxp_ip *ip, const struct mxp_ip *host)
{
    const struct disguise *disguise;
    const uint8_t *four = four_in(ip, &disguise);
    if (mxp_ip_eq(ip, host))
        return true;
    return host->family == 4 && four && memcmp(four, host->bytes, 4) == 0;
}

bool mxp_ip_is_host(const struct mxp_ip *ip)
{
    static const uint8_t loopback[16] = {[15] = 1};
    const struct disguise *disguise;
    const uint8_t *four = four_in(ip, &disguise);
    if (ip->family == 6 && memcmp(ip->bytes, loopback, 16) == 0)
        return true;
    if (never_sent(disguise))
        return false;
    if (four)
        return four[0] != 0 && four[0] < 224;
    return ip->family == 6 && ip->bytes[0] != 0xff;
}
