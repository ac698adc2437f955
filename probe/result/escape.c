#include "probe/result/escape.h"

/* How long the UTF-8 sequence at s is, or 0 where it is none (RFC 3629). */
static size_t utf8_len(struct mxp_slice s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xc2 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4
                             : 0;
    if (n == 0 || n > s.len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
        return 0;
    return n;
}

enum escaped { NO_UTF8, CONTROLS, CONTROLS_AND_BACKSLASH };

/* Nothing that moves a cursor: C1 controls are two octets of UTF-8. */
static bool is_plain(struct mxp_slice text, size_t n, enum escaped what)
{
    unsigned char c = (unsigned char)text.ptr[0];
    if (n && what == NO_UTF8)
        return true;
    if (n == 1)
        return c >= 0x20 && c != 0x7f && (c != '\\' || what == CONTROLS);
    return n > 1 && !(c == 0xc2 && (unsigned char)text.ptr[1] < 0xa0);
}

static int escape_octet(char c, struct mxp_buf *out)
{
    switch (c) {
    case '\n':
        return mxp_buf_add_str(out, "\\n");
    case '\t':
        return mxp_buf_add_str(out, "\\t");
    case '\\':
        return mxp_buf_add_str(out, "\\\\");
    default:
        return mxp_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)c);
    }
}

static int escape(struct mxp_slice text, enum escaped what, struct mxp_buf *out)
{
    int err = 0;
    while (text.len && !err) {
        size_t n = utf8_len(text);
        bool plain = is_plain(text, n, what);
        n = n ? n : 1;
        if (plain)
            err = mxp_buf_add(out, text.ptr, n);
        for (size_t i = 0; !plain && i < n && !err; i++)
            err = escape_octet(text.ptr[i], out);
        text = mxp_slice_sub(text, n, text.len);
    }
    return err;
}

int mxp_escape(struct mxp_slice text, struct mxp_buf *out)
{
    return escape(text, CONTROLS_AND_BACKSLASH, out);
}

int mxp_escape_utf8(struct mxp_slice text, struct mxp_buf *out)
{
    return escape(text, NO_UTF8, out);
}

int mxp_escape_terminal(struct mxp_slice text, struct mxp_buf *out)
{
    return escape(text, CONTROLS, out);
}
