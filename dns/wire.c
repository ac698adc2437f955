#include "dns/wire.h"

#define NAME_OCTETS 255
#define TEXT_MAX    (MXP_NAME_MAX - 1)

uint16_t mxp_wire_u16(struct mxp_wire *wire)
{
    if (wire->bad || wire->at > wire->len || wire->len - wire->at < 2) {
        wire->bad = true;
        return 0;
    }
    uint16_t n = (uint16_t)(wire->ptr[wire->at] << 8 | wire->ptr[wire->at + 1]);
    wire->at += 2;
    return n;
}

uint32_t mxp_wire_u32(struct mxp_wire *wire)
{
    uint32_t high = mxp_wire_u16(wire);
    return high << 16 | mxp_wire_u16(wire);
}

struct text {
    char *ptr;
    size_t len;
};

static void put(struct text *text, char c)
{
    if (text->len < TEXT_MAX)
        text->ptr[text->len++] = c;
}

static void put_octet(struct text *text, uint8_t octet)
{
    char c = (char)octet;
    if (mxp_is_alnum(c) || c == '-' || c == '_') {
        put(text, mxp_lower(c));
        return;
    }
    put(text, '\\');
    if (c == '.' || c == '\\') {
        put(text, c);
        return;
    }
    put(text, (char)('0' + octet / 100));
    put(text, (char)('0' + octet / 10 % 10));
    put(text, (char)('0' + octet % 10));
}

/* Follow the compression pointer at *at: only backwards, so that it ends. */
static bool follow(const struct mxp_wire *wire, size_t *at, size_t *limit)
{
    if (*at + 1 >= wire->len)
        return false;
    size_t to = (size_t)(wire->ptr[*at] & 0x3f) << 8 | wire->ptr[*at + 1];
    if (to >= *limit)
        return false;
    *at = *limit = to;
    return true;
}

void mxp_wire_name(struct mxp_wire *wire, char ret[static MXP_NAME_MAX])
{
    struct text text = {ret, 0};
    size_t at = wire->at, limit = wire->at, octets = 1;
    bool jumped = false;
    while (!wire->bad) {
        uint8_t n = at < wire->len ? wire->ptr[at] : 0;
        bool whole = at < wire->len && n < wire->len - at;
        if (at < wire->len && (n & 0xc0) == 0xc0) {
            if (!jumped)
                wire->at = at + 2;
            jumped = true;
            wire->bad = !follow(wire, &at, &limit);
        } else if (!whole || n > 63 || octets + n + (n > 0) > NAME_OCTETS) {
            wire->bad = true;
        } else if (n == 0) {
            if (!jumped)
                wire->at = at + 1;
            break;
        } else {
            if (text.len)
                put(&text, '.');
            for (size_t i = 1; i <= n; i++)
                put_octet(&text, wire->ptr[at + i]);
            octets += n + 1u;
            at += n + 1u;
        }
    }
    ret[wire->bad ? 0 : text.len] = '\0';
}

void mxp_wire_record(struct mxp_wire *wire, struct mxp_wire_record *ret)
{
    mxp_wire_name(wire, ret->owner);
    ret->type = mxp_wire_u16(wire);
    ret->class_ = mxp_wire_u16(wire);
    ret->ttl_s = mxp_wire_u32(wire);
    ret->len = mxp_wire_u16(wire);
    ret->at = wire->at;
    if (wire->bad || wire->len - wire->at < ret->len)
        wire->bad = true;
    else
        wire->at += ret->len;
}

struct mxp_wire mxp_wire_data(const struct mxp_wire *wire, const struct mxp_wire_record *record)
{
    return (struct mxp_wire){wire->ptr, record->at + record->len, record->at, wire->bad};
}
