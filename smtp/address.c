#include "smtp/address.h"

#include <arpa/inet.h>
#include <string.h>

#define LOCAL_MAX   64
#define LABEL_MAX   63
#define DOMAIN_MAX  255
#define ADDRESS_MAX 254 /* a path of 256 octets (RFC 5321, 4.5.3.1.3) without its brackets */

/* The length of the UTF-8 sequence at the front of s (RFC 3629) and its code point;
 * 0 when it is malformed. */
static size_t utf8_at(struct mxp_slice s, uint32_t *ret_point)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)s.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len == 0 || lead > 0xf4 || len > s.len)
        return 0;
    uint32_t point = len == 1 ? lead : lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (c & 0x3f);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *ret_point = point;
    return len;
}

/* All of the text at once, so that the rest may trust it: no control character (C0, DEL,
 * C1), and well-formed UTF-8. */
static enum mxp_address_status check_octets(struct mxp_slice text)
{
    enum mxp_address_status status = MXP_ADDRESS_OK;
    for (size_t i = 0, len; i < text.len; i += len) {
        uint32_t point = 0;
        len = utf8_at(mxp_slice_sub(text, i, text.len), &point);
        if (len == 0) {
            status = MXP_ADDRESS_UTF8;
            len = 1;
        } else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            return MXP_ADDRESS_CONTROL;
        }
    }
    return status;
}

static bool is_high(char c)
{
    return (unsigned char)c >= 0x80;
}

static bool has_high(struct mxp_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_high(s.ptr[i]))
            return true;
    return false;
}

/* atext of RFC 5322, 3.2.3, with RFC 6531's UTF-8. */
static bool is_atext(char c)
{
    return mxp_is_alnum(c) || is_high(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_dot_string(struct mxp_slice s)
{
    bool dot = true;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' ? dot : !is_atext(s.ptr[i]))
            return false;
        dot = s.ptr[i] == '.';
    }
    return !dot;
}

static enum mxp_address_status check_local_plain(struct mxp_slice local)
{
    bool dots = false;
    for (size_t i = 0; i < local.len; i++) {
        char c = local.ptr[i];
        if (c == '"')
            return MXP_ADDRESS_LOCAL_QUOTES;
        if (c != '.' && !is_atext(c))
            return MXP_ADDRESS_LOCAL_SYNTAX;
        if (c == '.' && (i == 0 || i + 1 == local.len || local.ptr[i - 1] == '.'))
            dots = true;
    }
    return dots ? MXP_ADDRESS_LOCAL_DOTS : MXP_ADDRESS_OK;
}

/* The offset behind the closing quote of a text that starts with one; 0: there is none. */
static size_t quoted_end(struct mxp_slice text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '"')
            return i + 1;
        if (text.ptr[i] == '\\')
            i++;
    }
    return 0;
}

/* A backslash may stand before ASCII only (RFC 5321, quoted-pairSMTP). */
static enum mxp_address_status check_local_quoted(struct mxp_slice local)
{
    for (size_t i = 1; i + 1 < local.len; i++)
        if (local.ptr[i] == '\\' && is_high(local.ptr[++i]))
            return MXP_ADDRESS_LOCAL_SYNTAX;
    return MXP_ADDRESS_OK;
}

static size_t last_at(struct mxp_slice text)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == '@')
            return i - 1;
    return text.len;
}

static enum mxp_address_status parse_local(struct mxp_slice text, struct mxp_slice *ret_local)
{
    bool quoted = text.ptr[0] == '"';
    size_t at = quoted ? quoted_end(text) : last_at(text);
    if (quoted && (at == 0 || (at < text.len && text.ptr[at] != '@')))
        return mxp_slice_find(text, '@') == text.len ? MXP_ADDRESS_NO_AT : MXP_ADDRESS_LOCAL_QUOTES;
    if (at == text.len)
        return MXP_ADDRESS_NO_AT;
    *ret_local = mxp_slice_sub(text, 0, at);
    if (at == 0)
        return MXP_ADDRESS_LOCAL_EMPTY;
    if (at > LOCAL_MAX)
        return MXP_ADDRESS_LOCAL_TOO_LONG;
    return quoted ? check_local_quoted(*ret_local) : check_local_plain(*ret_local);
}

/* The full stop and those that IDNA maps to it (RFC 3490, 3.1; UTS #46). */
static bool is_dot(uint32_t point)
{
    return point == '.' || point == 0x3002 || point == 0xff0e || point == 0xff61;
}

struct label {
    size_t n_points; /* characters, not octets: an A-label is never shorter than that */
    bool numeric;    /* digits only */
    char last;
};

/* One character more in a label, or the label's end. */
static enum mxp_address_status add_point(struct label *label, uint32_t point)
{
    char c = (char)(point < 0x80 ? point : 'u');
    if (is_dot(point))
        return label->n_points == 0 || label->last == '-' ? MXP_ADDRESS_DOMAIN_LABEL
                                                          : MXP_ADDRESS_OK;
    if (point < 0x80 && !mxp_is_alnum(c) && c != '-' && c != '_')
        return MXP_ADDRESS_DOMAIN_SYNTAX;
    if ((label->n_points == 0 && c == '-') || label->n_points == LABEL_MAX)
        return MXP_ADDRESS_DOMAIN_LABEL;
    label->numeric = (label->n_points == 0 || label->numeric) && mxp_is_digit(c);
    label->last = c;
    label->n_points++;
    return MXP_ADDRESS_OK;
}

/* Host names as the world writes them: an underscore is no reason to refuse. A wrong
 * character is told before a wrong label. *ret_len counts characters: with U-labels the
 * octets on the wire are known only after their conversion. */
static enum mxp_address_status check_domain(struct mxp_slice domain, size_t *ret_len)
{
    enum mxp_address_status status = MXP_ADDRESS_OK;
    struct label label = {0, false, '\0'};
    bool dot = false;
    *ret_len = 0;
    for (size_t i = 0, len; i < domain.len; i += len, ++*ret_len) {
        uint32_t point = 0;
        len = utf8_at(mxp_slice_sub(domain, i, domain.len), &point);
        enum mxp_address_status s = add_point(&label, point);
        if (s == MXP_ADDRESS_DOMAIN_SYNTAX)
            return s;
        if (s != MXP_ADDRESS_OK)
            status = s;
        if (is_dot(point)) {
            label = (struct label){0, false, '\0'};
            dot = true;
        }
    }
    if (*ret_len > DOMAIN_MAX)
        return MXP_ADDRESS_DOMAIN_TOO_LONG;
    if (status == MXP_ADDRESS_OK)
        status = add_point(&label, '.');
    if (status != MXP_ADDRESS_OK)
        return status;
    if (label.numeric)
        return MXP_ADDRESS_DOMAIN_NUMERIC;
    return dot ? MXP_ADDRESS_OK : MXP_ADDRESS_DOMAIN_NO_DOT;
}

/* IPv4-address-literal: four times one to three decimal digits. */
static bool parse_ipv4(struct mxp_slice s, uint8_t ret[static 4])
{
    for (size_t part = 0; part < 4; part++) {
        unsigned number = 0;
        size_t n = 0;
        for (; n < s.len && n < 3 && mxp_is_digit(s.ptr[n]); n++)
            number = number * 10 + (unsigned)(s.ptr[n] - '0');
        if (n == 0 || number > 255)
            return false;
        ret[part] = (uint8_t)number;
        if (part < 3 && (n == s.len || s.ptr[n++] != '.'))
            return false;
        s = mxp_slice_sub(s, n, s.len);
    }
    return s.len == 0;
}

static bool parse_ipv6(struct mxp_slice s, uint8_t ret[static 16])
{
    char text[INET6_ADDRSTRLEN];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET6, text, ret) == 1;
}

static enum mxp_address_status parse_literal(struct mxp_slice domain, struct mxp_address *address)
{
    static const struct mxp_slice tag = {"IPv6:", 5};
    if (domain.len < 2 || domain.ptr[domain.len - 1] != ']')
        return MXP_ADDRESS_LITERAL_SYNTAX;
    struct mxp_slice ip = mxp_slice_sub(domain, 1, domain.len - 2);
    bool is_ipv6 = mxp_slice_istarts(ip, tag);
    if (is_ipv6)
        ip = mxp_slice_sub(ip, tag.len, ip.len);
    address->kind = is_ipv6 ? MXP_ADDRESS_IPV6_LITERAL : MXP_ADDRESS_IPV4_LITERAL;
    address->domain = ip;
    bool ok = is_ipv6 ? parse_ipv6(ip, address->ip) : parse_ipv4(ip, address->ip);
    return ok ? MXP_ADDRESS_OK : MXP_ADDRESS_LITERAL_SYNTAX;
}

enum mxp_address_status mxp_address_parse(struct mxp_slice text, struct mxp_address *ret)
{
    struct mxp_address address = {.kind = MXP_ADDRESS_DOMAIN};
    if (text.len == 0)
        return MXP_ADDRESS_EMPTY;
    enum mxp_address_status status = check_octets(text);
    if (status == MXP_ADDRESS_OK)
        status = parse_local(text, &address.local);
    if (status != MXP_ADDRESS_OK)
        return status;
    struct mxp_slice domain = mxp_slice_sub(text, address.local.len + 1, text.len);
    if (domain.len == 0)
        return MXP_ADDRESS_DOMAIN_EMPTY;
    address.domain = domain;
    size_t domain_len = domain.len;
    if (domain.ptr[0] == '[')
        status = parse_literal(domain, &address);
    else
        status = check_domain(domain, &domain_len);
    if (status != MXP_ADDRESS_OK)
        return status;
    if (address.local.len + 1 + domain_len > ADDRESS_MAX)
        return MXP_ADDRESS_TOO_LONG;
    address.local_utf8 = has_high(address.local);
    address.domain_utf8 = has_high(address.domain);
    *ret = address;
    return MXP_ADDRESS_OK;
}

const char *mxp_address_status_text(enum mxp_address_status status)
{
    static const char *const text[MXP_ADDRESS_COUNT] = {
#define X(name, words) words,
        MXP_ADDRESS_MAP(X)
#undef X
    };
    return status < MXP_ADDRESS_COUNT ? text[status] : "?";
}

size_t mxp_address_local_wire(const struct mxp_address *address, char ret[static 65])
{
    struct mxp_slice local = address->local;
    size_t len = 0;
    bool quoted = local.len >= 2 && local.ptr[0] == '"';
    for (size_t i = quoted ? 1 : 0; i < local.len - quoted && len < LOCAL_MAX; i++) {
        if (quoted && local.ptr[i] == '\\')
            i++;
        ret[len++] = local.ptr[i];
    }
    if (quoted && !is_dot_string((struct mxp_slice){ret, len})) {
        char plain[LOCAL_MAX];
        size_t n = len;
        memcpy(plain, ret, n);
        len = 0;
        ret[len++] = '"';
        for (size_t i = 0; i < n && len < LOCAL_MAX - 1; i++) {
            if ((plain[i] == '"' || plain[i] == '\\') && len < LOCAL_MAX - 2)
                ret[len++] = '\\';
            ret[len++] = plain[i];
        }
        ret[len++] = '"';
    }
    ret[len] = '\0';
    return len;
}
