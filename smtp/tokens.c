#include "smtp/tokens.h"

#include "smtp/tokens_skip.h"

#include <string.h>

#define PIECE 16 /* octets of a word that are taken at once */

/* U+00C0 to U+017F without their accents; '-' is no letter. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
                                 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                                 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* The masks of what stands at at. The last octets of a text are read from a copy with NULs behind
 * them, so that nothing is read behind the text. False: nothing is left. */
static bool read_block(struct mxp_tokens *tokens, const char *at)
{
    size_t left = (size_t)(tokens->end - at);
    if (left < MXP_OCTETS && at != tokens->tail) {
        bool has_address = tokens->address < tokens->end;
        memset(tokens->tail, 0, sizeof tokens->tail);
        if (left)
            memcpy(tokens->tail, at, left);
        at = tokens->tail;
        tokens->end = at + left;
        tokens->safe = at + MXP_OCTETS;
        tokens->address =
            has_address ? mxp_tokens_find_address(at, tokens->end, &tokens->sign) : tokens->end;
    }
    tokens->at = tokens->block = at;
    tokens->octets = mxp_octets_read(at);
    return left > 0;
}

void mxp_tokens_init(struct mxp_tokens *tokens, struct mxp_slice text, bool reply)
{
    const char *end = text.ptr + text.len;
    tokens->at = text.ptr;
    tokens->end = end;
    tokens->safe = text.len < MXP_OCTETS ? text.ptr : end - PIECE;
    tokens->address = reply ? mxp_tokens_find_address(text.ptr, end, &tokens->sign) : end;
    tokens->line_start = tokens->reply = reply;
    tokens->url = false;
    if (reply)
        read_block(tokens, text.ptr);
}

static inline void put(struct mxp_token *token, char c)
{
    if (token->len < MXP_TOKEN_MAX)
        token->text[token->len++] = c;
}

static void set(struct mxp_token *token, const char *word)
{
    for (; *word; word++)
        put(token, *word);
}

static inline bool continues(const char *at, const char *end)
{
    return at < end && ((unsigned char)*at & 0xc0) == 0x80;
}

/* The accented Latin letter at at, without its accent, and how many octets it takes; 0: none.
 * A single Latin-1 octet is one only beside a plain letter. */
static char accented(const char *at, const char *end, bool in_word, int *ret_octets)
{
    unsigned char c = (unsigned char)*at;
    char plain = '-';
    *ret_octets = 2;
    if (c >= 0xc3 && c <= 0xc5 && continues(at + 1, end)) {
        plain = unaccented[(c - 0xc3) * 64 + ((unsigned char)at[1] & 0x3f)];
    } else if (c >= 0xc0 && !continues(at + 1, end) &&
               (in_word || (at + 1 < end && mxp_octet(at[1]) > MXP_OCTET_HIGH))) {
        *ret_octets = 1;
        plain = unaccented[c - 0xc0];
    }
    return plain == '-' ? '\0' : plain;
}

/* A character above 127 that is no Latin letter, or an octet that is no character. */
static void take_character(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *p = tokens->at, *end = tokens->end;
    unsigned char lead = (unsigned char)*p;
    int octets = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    for (int i = 1; i < octets; i++)
        if (!continues(p + i, end))
            octets = 1;
    tokens->at = p + octets;
    if (octets == 2 && lead == 0xd0 && (unsigned char)p[1] >= 0x90 && (unsigned char)p[1] < 0xb0) {
        unsigned char next = (unsigned char)p[1]; /* a Cyrillic capital */
        put(ret, next < 0xa0 ? p[0] : (char)0xd1);
        put(ret, (char)(next < 0xa0 ? next + 0x20 : next - 0x20));
        return;
    }
    for (int i = 0; i < octets; i++)
        put(ret, p[i]);
}

static inline bool apostrophe(const char *at, const char *end)
{
    return *at == '\'' && at + 1 < end && mxp_octet(at[1]) >= MXP_OCTET_HIGH;
}

static inline bool is_temporary(const char *text)
{
    return memcmp(text, "tempor", 6) == 0;
}

static void stem(struct mxp_token *token)
{
    if (token->len < 7 || !is_temporary(token->text))
        return;
    token->len = 0;
    set(token, "temporar");
}

static void take_word(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *from = tokens->at, *p = from, *end = tokens->end;
    uint32_t len = ret->len;
    for (;;) {
        unsigned char c = MXP_OCTET_OTHER;
        while (p < end && (c = mxp_octet(*p)) > MXP_OCTET_HIGH) {
            ret->text[len] = (char)c;
            len += len < MXP_TOKEN_MAX;
            p++;
        }
        int octets = 1;
        if (p < end && c == MXP_OCTET_HIGH) {
            char plain = accented(p, end, p > from, &octets);
            if (!plain)
                break;
            ret->text[len] = plain;
            len += len < MXP_TOKEN_MAX;
        } else if (p >= end || !apostrophe(p, end)) {
            break;
        }
        p += octets;
    }
    tokens->at = p;
    ret->len = len;
    if (p == from)
        take_character(tokens, ret);
    else
        stem(ret);
}

/* The hash is of sixteen octets at a time, NULs behind the last. */
static inline uint64_t mix(uint64_t hash, uint64_t first, uint64_t second)
{
    uint64_t piece = first * 0x9e3779b97f4a7c15u + (second ^ second >> 31) * 0xc2b2ae3d27d4eb4fu;
    hash = hash * 0xff51afd7ed558ccdu + piece;
    return hash ^ hash >> 29;
}

static inline uint64_t finish(uint64_t hash)
{
    return (hash ^ hash >> 32) | 1;
}

static void seal(struct mxp_token *token)
{
    uint64_t hash = 0, first, second;
    memset(token->text + token->len, 0, PIECE);
    for (uint32_t at = 0; at < token->len; at += PIECE) {
        memcpy(&first, token->text + at, 8);
        memcpy(&second, token->text + at + 8, 8);
        hash = mix(hash, first, second);
    }
    token->hash = finish(hash);
}

/* What separates words may begin or end a URL; a rule marks the words of one by a slash. */
static void take_separator(struct mxp_tokens *tokens)
{
    const char *at = tokens->at, *end = tokens->end;
    tokens->at++;
    switch (*at) {
    case ':':
        if (tokens->reply && end - at > 3 && at[1] == '/' && at[2] == '/') {
            tokens->url = true;
            tokens->at += 2;
        }
        break;
    case '/':
        tokens->url = tokens->url || !tokens->reply;
        break;
    case '\n':
        tokens->line_start = tokens->reply;
        tokens->url = false;
        break;
    case ' ':
    case '\t':
    case '\r':
    case '<':
    case '>':
    case '"':
    case '(':
    case ')':
    case '[':
    case ']':
    case ',':
        tokens->url = false;
        break;
    default:
        break;
    }
}

/* To the next word; false: there is none. Outside of URLs no separator but ':' and '\n' matters. */
static inline bool seek(struct mxp_tokens *tokens)
{
    for (;;) {
        if (tokens->line_start)
            tokens->at = mxp_tokens_skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        if (tokens->url || !tokens->reply) {
            if (tokens->at >= tokens->end)
                return false;
            if (mxp_octet(*tokens->at) >= MXP_OCTET_HIGH)
                return true;
            take_separator(tokens);
            continue;
        }
        size_t off = (size_t)(tokens->at - tokens->block);
        if (off >= MXP_OCTETS) {
            if (!read_block(tokens, tokens->at))
                return false;
            continue;
        }
        uint64_t rest = (tokens->octets.word | tokens->octets.odd) >> off;
        if (!rest) {
            if (tokens->end - tokens->block <= MXP_OCTETS ||
                !read_block(tokens, tokens->block + MXP_OCTETS))
                return false;
            continue;
        }
        tokens->at += __builtin_ctzll(rest);
        if (mxp_octet(*tokens->at) >= MXP_OCTET_HIGH)
            return true;
        take_separator(tokens);
    }
}
/* "addr" and "ip". */
static inline bool take_special(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *behind = NULL, *word = "ip";
    if (mxp_is_digit(*tokens->at))
        behind = mxp_tokens_skip_ip(tokens->at, tokens->end);
    if (!behind && tokens->at >= tokens->address) {
        if (tokens->at > tokens->sign)
            tokens->address = mxp_tokens_find_address(tokens->at, tokens->end, &tokens->sign);
        if (tokens->at >= tokens->address) {
            behind = mxp_tokens_skip_address(tokens->sign, tokens->end);
            word = "addr";
        }
    }
    if (!behind)
        return false;
    set(ret, word);
    seal(ret);
    tokens->at = behind;
    return true;
}

/* How many letters and digits stand at at, when the block holds one octet more than these, and
 * sixteen octets can be read. */
static inline size_t plain_len(struct mxp_tokens *tokens)
{
    size_t off = (size_t)(tokens->at - tokens->block);
    uint64_t others = ~(tokens->octets.word >> off);
    size_t len = others ? (size_t)__builtin_ctzll(others) : MXP_OCTETS;
    if (off + len < MXP_OCTETS && tokens->at <= tokens->safe)
        return len;
    read_block(tokens, tokens->at);
    others = ~tokens->octets.word;
    return others ? (size_t)__builtin_ctzll(others) : MXP_OCTETS;
}

/* The common word, of one to sixteen letters and digits, in two registers, whose octets are those
 * that take_word and seal would have: the bit 0x20 is all that tells the cases apart. False: it
 * is another one. */
static inline bool take_plain(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    static const unsigned char keep[2 * PIECE] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                  255, 255, 255, 255, 255, 255, 255, 255};
    static const uint64_t lower = UINT64_C(0x2020202020202020);
    size_t len = plain_len(tokens);
    const char *from = tokens->at;
    if (len == 0 || len > PIECE || from[len] == '\'' || mxp_octet(from[len]) == MXP_OCTET_HIGH)
        return false;
    uint64_t first, second, keep_first, keep_second;
    memcpy(&keep_first, keep + PIECE - len, 8);
    memcpy(&keep_second, keep + PIECE - len + 8, 8);
    memcpy(&first, from, 8);
    memcpy(&second, from + 8, 8);
    first = (first | lower) & keep_first;
    second = (second | lower) & keep_second;
    memcpy(ret->text, &first, 8);
    memcpy(ret->text + 8, &second, 8);
    if (is_temporary(ret->text))
        return false;
    tokens->at = from + len;
    ret->len = (uint32_t)len;
    ret->hash = finish(mix(0, first, second));
    return true;
}

bool mxp_tokens_next(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    ret->len = 0;
    if (!seek(tokens))
        return false;
    if (tokens->url)
        put(ret, '/');
    if (tokens->reply && take_special(tokens, ret))
        return true;
    if (tokens->reply && !tokens->url && take_plain(tokens, ret))
        return true;
    take_word(tokens, ret);
    seal(ret);
    return true;
}
