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

/* IANA IPv6 Special-Purpose Address Registry, and what is not global unicast. */
static const struct range ranges6[] = {
    {{0x01, 0x00}, 64},             /* discard */
    {{0x20, 0x01, 0x00, 0x02}, 48}, /* benchmarking */
    {{0x20, 0x01, 0x00, 0x10}, 28}, /* ORCHID */
    {{0x20, 0x01, 0x00, 0x20}, 28}, /* ORCHIDv2 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},             /* documentation */
    {{0x5f, 0x00}, 16},             /* segment routing */
    {{0xfc}, 7},                    /* unique local */
    {{0xfe, 0x80}, 10},             /* link-local */
    {{0xfe, 0xc0}, 10},             /* site-local */
    {{0xff}, 8},                    /* multicast */
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

static bool is_public6(const uint8_t *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const uint8_t zero[12] = {0};
    if (!memcmp(ip, mapped, 12) || !memcmp(ip, nat64, 12) || !memcmp(ip, zero, 12))
        return memcmp(ip, zero, 12) != 0 && is_public4(ip + 12);
    if (ip[0] == 0x20 && ip[1] == 0x02)
        return is_public4(ip + 2); /* 6to4 */
    if (ip[0] == 0x20 && ip[1] == 0x01 && ip[2] == 0 && ip[3] == 0)
        return false; /* Teredo: the way back leads through somebody's NAT */
    for (size_t i = 0; i < sizeof ranges6 / sizeof *ranges6; i++)
        if (within(ip, &ranges6[i]))
            return false;
    return true;
}

bool mxp_ip_is_public(const struct mxp_ip *ip)
{
    if (ip->family == 4)
        return is_public4(ip->bytes);
    return ip->family == 6 && is_public6(ip->bytes);
}

bool mxp_ip_is_host(const struct mxp_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const uint8_t *four = ip->family == 4 ? ip->bytes : NULL;
    if (ip->family == 6 && !memcmp(ip->bytes, mapped, 12))
        four = ip->bytes + 12;
    if (four)
        return four[0] != 0 && four[0] < 224;
    static const uint8_t unspecified[16] = {0};
    return ip->family == 6 && ip->bytes[0] != 0xff && memcmp(ip->bytes, unspecified, 16) != 0;
}
