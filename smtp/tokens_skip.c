#include "smtp/tokens_skip.h"

#include "core/slice.h"
#include "smtp/octets.h"

#include <string.h>

static bool digit_at(const char *at, const char *end)
{
    return at < end && mxp_is_digit(*at);
}

/* "5.1.1" at at: behind it, or at where there is none. */
static const char *skip_enhanced(const char *at, const char *end)
{
    const char *p = at;
    if (end - at < 5 || (*p != '2' && *p != '4' && *p != '5') || p[1] != '.')
        return at;
    p += 2;
    for (int part = 0; part < 2; part++) {
        if (!digit_at(p, end))
            return at;
        while (digit_at(p, end))
            p++;
        if (part == 0 && (p >= end || *p++ != '.'))
            return at;
    }
    return p < end && (*p == '.' || mxp_is_alnum(*p)) ? at : p;
}

const char *mxp_tokens_skip_codes(const char *at, const char *end)
{
    for (int i = 0; i < 3; i++) {
        while (at < end && (*at == ' ' || *at == '\t' || *at == '#' || (*at == '-' && i > 0)))
            at++;
        const char *p = at;
        if (end - p >= 3 && p[0] >= '2' && p[0] <= '5' && mxp_is_digit(p[1]) &&
            mxp_is_digit(p[2]) && (end - p == 3 || p[3] == ' ' || p[3] == '-' || p[3] == '\n'))
            p += end - p == 3 ? 3 : 4;
        const char *q = skip_enhanced(p, end);
        if (q == at)
            break;
        at = q;
    }
    return at;
}

const char *mxp_tokens_skip_ip(const char *at, const char *end)
{
    const char *p = at;
    for (int part = 0; part < 4; part++) {
        int n = 0;
        while (digit_at(p, end) && n < 3) {
            p++;
            n++;
        }
        if (n == 0 || (part < 3 && (p >= end || *p++ != '.')))
            return NULL;
    }
    return p < end && (mxp_is_alnum(*p) || (*p == '.' && digit_at(p + 1, end))) ? NULL : p;
}

static inline bool in_address(char c)
{
    return mxp_octet(c) > MXP_OCTET_HIGH || mxp_octet(c) == MXP_OCTET_INNER;
}

const char *mxp_tokens_find_address(const char *at, const char *end, const char **ret_sign)
{
    while (at < end) {
        const char *sign = memchr(at, '@', (size_t)(end - at)), *from = sign;
        if (!sign)
            break;
        while (from > at && in_address(from[-1]) && sign - from < MXP_TOKENS_LOCAL - 1)
            from--;
        if (from < sign)
            return *ret_sign = sign, from;
        at = sign + 1;
    }
    return end;
}

const char *mxp_tokens_skip_address(const char *sign, const char *end)
{
    const char *p = sign + 1, *limit = end - p > MXP_TOKENS_LOCAL ? p + MXP_TOKENS_LOCAL : end;
    if (p < limit && *p == '[') {
        while (p < limit && *p != ']' && *p != ' ' && *p != '\n')
            p++;
        return p;
    }
    while (p < limit && in_address(*p) && !(*p == '.' && p + 1 < end && p[1] == '.'))
        p++;
    return p;
}
