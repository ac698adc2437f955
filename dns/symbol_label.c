#include "dns/symbol_label.h"

#include "core/err.h"

#include <string.h>

/* Blocks whose characters UTS #46 leaves as they are. */
static const uint32_t symbols[][2] = {
    {0x2190, 0x2328}, {0x232b, 0x23ff},   {0x2500, 0x27bf},   {0x2900, 0x297f},
    {0x2b00, 0x2bff}, {0x1f1e6, 0x1f1ff}, {0x1f300, 0x1faff},
};

static bool is_symbol(uint32_t c)
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (c >= symbols[i][0] && c <= symbols[i][1])
            return true;
    return false;
}

/* One character of UTF-8 of up to four octets, no longer than it needs; 0: none. */
static uint32_t next_char(struct mxp_slice *rest)
{
    const unsigned char *p = (const unsigned char *)rest->ptr;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    if (len > rest->len || (p[0] >= 0x80 && p[0] < 0xc0) || p[0] >= 0xf8)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    *rest = mxp_slice_sub(*rest, len, rest->len);
    return c < least[len] ? 0 : c;
}

/* The characters, at most MXP_LABEL_MAX of them. */
static int read_chars(struct mxp_slice label, uint32_t ret[MXP_LABEL_MAX], size_t *ret_n)
{
    size_t n = 0;
    bool any = false;
    while (label.len) {
        uint32_t c = next_char(&label);
        if (c == 0xfe0e || c == 0xfe0f)
            continue;
        if (c == 0 || (c >= 0x80 && !is_symbol(c)))
            return MXP_ESYNTAX;
        if (n == MXP_LABEL_MAX)
            return MXP_ETOOBIG;
        any = any || c >= 0x80;
        ret[n++] = c < 0x80 ? (unsigned char)mxp_lower((char)c) : c;
    }
    *ret_n = n;
    return any ? 0 : MXP_ESYNTAX;
}

struct encoder {
    char *ret;
    size_t len;
    uint32_t bias, delta, n_done, n_basic;
};

static void put(struct encoder *e, char c)
{
    if (e->len <= MXP_LABEL_MAX)
        e->ret[e->len] = c;
    e->len++;
}

/* RFC 3492, 6.1: base 36, tmin 1, tmax 26, skew 38, damp 700. */
static void adapt(struct encoder *e)
{
    uint32_t delta = e->n_done == e->n_basic ? e->delta / 700 : e->delta / 2, k = 0;
    delta += delta / (e->n_done + 1);
    for (; delta > 35 * 26 / 2; k += 36)
        delta /= 35;
    e->bias = k + 36 * delta / (delta + 38);
}

/* The delta as a number of variable length (RFC 3492, 3.3). */
static void put_delta(struct encoder *e)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint32_t rest = e->delta;
    for (uint32_t k = 36;; k += 36) {
        uint32_t t = k <= e->bias ? 1 : k >= e->bias + 26 ? 26 : k - e->bias;
        if (rest < t)
            break;
        put(e, digits[t + (rest - t) % (36 - t)]);
        rest = (rest - t) / (36 - t);
    }
    put(e, digits[rest]);
    adapt(e);
    e->delta = 0;
    e->n_done++;
}

/* At most 63 characters up to 0x1faff: no sum overflows. */
static void encode(struct encoder *e, const uint32_t *chars, size_t n)
{
    uint32_t code = 0x80;
    for (size_t i = 0; i < n; i++)
        if (chars[i] < 0x80)
            put(e, (char)chars[i]);
    e->n_basic = e->n_done = (uint32_t)e->len - 4;
    if (e->n_basic)
        put(e, '-');
    while (e->n_done < n) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < n; i++)
            if (chars[i] >= code && chars[i] < next)
                next = chars[i];
        e->delta += (next - code) * (e->n_done + 1);
        for (size_t i = 0; i < n; i++) {
            e->delta += chars[i] < next;
            if (chars[i] == next)
                put_delta(e);
        }
        e->delta++;
        code = next + 1;
    }
}

int mxp_symbol_label(struct mxp_slice label, char ret[static MXP_LABEL_MAX + 1])
{
    uint32_t chars[MXP_LABEL_MAX];
    char text[MXP_LABEL_MAX + 1] = "xn--";
    size_t n = 0;
    int err = read_chars(label, chars, &n);
    if (err)
        return err;
    struct encoder encoder = {.ret = text, .len = 4, .bias = 72};
    encode(&encoder, chars, n);
    if (encoder.len > MXP_LABEL_MAX)
        return MXP_ETOOBIG;
    text[encoder.len] = '\0';
    memcpy(ret, text, encoder.len + 1);
    return 0;
}
