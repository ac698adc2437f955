#include "core/slice.h"

#include "core/err.h"

#include <string.h>

struct mxp_slice mxp_slice_str(const char *str)
{
    return (struct mxp_slice){str, str ? strlen(str) : 0};
}

bool mxp_slice_eq(struct mxp_slice a, struct mxp_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool mxp_slice_ieq(struct mxp_slice a, struct mxp_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (mxp_lower(a.ptr[i]) != mxp_lower(b.ptr[i]))
            return false;
    return true;
}

bool mxp_slice_istarts(struct mxp_slice s, struct mxp_slice prefix)
{
    return s.len >= prefix.len && mxp_slice_ieq(mxp_slice_sub(s, 0, prefix.len), prefix);
}

bool mxp_slice_iends(struct mxp_slice s, struct mxp_slice suffix)
{
    return s.len >= suffix.len &&
           mxp_slice_ieq(mxp_slice_sub(s, s.len - suffix.len, suffix.len), suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mxp_slice mxp_slice_trim(struct mxp_slice s)
{
    while (s.len && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct mxp_slice mxp_slice_sub(struct mxp_slice s, size_t from, size_t len)
{
    if (from >= s.len)
        return (struct mxp_slice){s.ptr ? s.ptr + s.len : NULL, 0};
    if (len > s.len - from)
        len = s.len - from;
    return (struct mxp_slice){s.ptr + from, len};
}

size_t mxp_slice_find(struct mxp_slice s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

int mxp_slice_number(struct mxp_slice s, uint64_t max, uint64_t *ret_number)
{
    uint64_t n = 0;
    if (s.len == 0)
        return MXP_ESYNTAX;
    for (size_t i = 0; i < s.len; i++) {
        if (!mxp_is_digit(s.ptr[i]))
            return MXP_ESYNTAX;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (digit > max || n > (max - digit) / 10)
            return MXP_ETOOBIG;
        n = n * 10 + digit;
    }
    *ret_number = n;
    return MXP_OK;
}
