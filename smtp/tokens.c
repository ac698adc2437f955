#include "smtp/tokens.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What an octet is: its lower case where it is a letter or digit; HIGH above 127; else it
 * separates words, and INNER may stand in an address. */
enum { OTHER, INNER, HIGH };

#define LITTLE_ENDIAN_HERE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define BIT_20             UINT64_C(0x2020202020202020)
#define TEMPOR             UINT64_C(0x726f706d6574) /* "tempor" in the lower octets */

static const unsigned char letters[256] = {
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   1,
    0,   1,   0,   0,   1,   1,   0,   1,   1,   1,   '0', '1', '2', '3', '4', '5', '6', '7', '8',
    '9', 0,   0,   0,   1,   0,   0,   0,   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k',
    'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0,   0,   0,   0,
    1,   0,   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q',
    'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0,   0,   0,   1,   0,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,
    2,   2,   2,   2,   2,   2,   2,   2,   2,
};

/* U+00C0 to U+017F without their accents; '-' is no letter. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
                                 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                                 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static inline unsigned char letter(char c)
{
    return letters[(unsigned char)c];
}

void mxp_tokens_init(struct mxp_tokens *tokens, struct mxp_slice text, bool reply)
{
    const char *end = text.ptr + text.len;
    bool has_address = text.len && memchr(text.ptr, '@', text.len);
    *tokens = (struct mxp_tokens){text.ptr, end, has_address ? text.ptr : end, true, reply, false};
}

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

/* Codes at the start of a line, as often as a relay has put them there. */
static const char *skip_codes(const char *at, const char *end)
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

static inline bool in_address(char c)
{
    return letter(c) > HIGH || letter(c) == INNER;
}

/* An address at at: behind it, or NULL. At most 320 octets are looked at. */
static const char *skip_address(const char *at, const char *end)
{
    const char *p = at;
    const char *limit = end - at > 320 ? at + 320 : end;
    while (p < limit && in_address(*p))
        p++;
    if (p == at || p >= limit || *p != '@')
        return NULL;
    p++;
    if (p < limit && *p == '[') {
        while (p < limit && *p != ']' && *p != ' ' && *p != '\n')
            p++;
        return p;
    }
    while (p < limit && in_address(*p) && !(*p == '.' && p + 1 < end && p[1] == '.'))
        p++;
    return p;
}

/* An IPv4 address at at: behind it, or NULL. */
static const char *skip_ip(const char *at, const char *end)
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
               (in_word || (at + 1 < end && letter(at[1]) > HIGH))) {
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
    return *at == '\'' && at + 1 < end && letter(at[1]) >= HIGH;
}

static void stem(struct mxp_token *token)
{
    if (token->len < 7 || memcmp(token->text, "tempor", 6) != 0)
        return;
    token->len = 0;
    set(token, "temporar");
}

static void take_word(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *from = tokens->at, *p = from, *end = tokens->end;
    uint32_t len = ret->len;
    for (;;) {
        unsigned char c = OTHER;
        while (p < end && (c = letter(*p)) > HIGH) {
            ret->text[len] = (char)c;
            len += len < MXP_TOKEN_MAX;
            p++;
        }
        int octets = 1;
        if (p < end && c == HIGH) {
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

/* Octets that may end a word of an address: the search for an @ is made once per run. */
static bool special(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *next = mxp_is_digit(*tokens->at) ? skip_ip(tokens->at, tokens->end) : NULL;
    const char *word = "ip";
    if (!next && tokens->no_at <= tokens->at) {
        next = skip_address(tokens->at, tokens->end);
        word = "addr";
        if (!next) {
            const char *p = tokens->at;
            const char *limit = tokens->end - p > 320 ? p + 320 : tokens->end;
            while (p < limit && in_address(*p))
                p++;
            tokens->no_at = p;
        }
    }
    if (!next)
        return false;
    set(ret, word);
    tokens->at = next;
    return true;
}

static inline uint64_t mix(uint64_t hash, uint64_t piece)
{
    hash = (hash ^ piece) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static inline void seal(struct mxp_token *token)
{
    uint64_t hash = token->len, piece;
    memset(token->text + token->len, 0, 8);
    for (uint32_t at = 0; at < token->len; at += 8) {
        memcpy(&piece, token->text + at, 8);
        hash = mix(hash, piece);
    }
    token->hash = (hash ^ hash >> 32) | 1;
}

/* What separates words may begin or end a URL; a rule marks the words of one by a slash. */
static void take_separator(struct mxp_tokens *tokens)
{
    const char *at = tokens->at, *end = tokens->end;
    tokens->at++;
    if (*at == ' ') {
        tokens->url = false;
        return;
    }
    tokens->line_start = *at == '\n';
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
    case '\t':
    case '\r':
    case '\n':
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

/* How many of the sixteen octets at at are letters and digits before the first that is none;
 * without a loop, whose end no processor can foresee. */
static inline size_t word_len(const char *at)
{
#ifdef __SSE2__
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i alpha = _mm_sub_epi8(_mm_or_si128(octets, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i digit = _mm_sub_epi8(octets, _mm_set1_epi8('0'));
    __m128i is_alpha = _mm_cmpeq_epi8(_mm_min_epu8(alpha, _mm_set1_epi8(25)), alpha);
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    unsigned word = (unsigned)_mm_movemask_epi8(_mm_or_si128(is_alpha, is_digit));
    return (size_t)__builtin_ctz(~word);
#else
    size_t n = 0;
    while (n < 16 && letter(at[n]) > HIGH)
        n++;
    return n;
#endif
}

/* The common word, letters and digits alone and fewer than seventeen: in two registers, whose
 * octets are those that take_word and seal would have. Of letters and digits the bit 0x20 is
 * all that tells the cases apart. False: it is another one, or near the end of the text. */
static inline bool take_plain(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *from = tokens->at;
    if (!LITTLE_ENDIAN_HERE || tokens->end - from <= 16)
        return false;
    size_t n = word_len(from);
    if (letter(from[n]) >= HIGH || from[n] == '\'')
        return false;
    uint64_t first, second;
    memcpy(&first, from, 8);
    memcpy(&second, from + 8, 8);
    first = (first | BIT_20) & (n < 8 ? UINT64_MAX >> (64 - 8 * n) : UINT64_MAX);
    second = n <= 8 ? 0 : (second | BIT_20) & UINT64_MAX >> (128 - 8 * n);
    memcpy(ret->text, &first, 8);
    memcpy(ret->text + 8, &second, 8);
    if (n >= 7 && (first & UINT64_MAX >> 16) == TEMPOR)
        return false;
    tokens->at = from + n;
    ret->len = (uint32_t)n;
    uint64_t hash = mix(n, first);
    if (n > 8)
        hash = mix(hash, second);
    ret->hash = (hash ^ hash >> 32) | 1;
    return true;
}

bool mxp_tokens_next(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    ret->len = 0;
    while (tokens->at < tokens->end) {
        if (tokens->line_start && tokens->reply)
            tokens->at = skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        if (tokens->at >= tokens->end)
            return false;
        if (letter(*tokens->at) < HIGH) {
            take_separator(tokens);
            continue;
        }
        if (tokens->url)
            put(ret, '/');
        if (!tokens->reply || !special(tokens, ret)) {
            if (!tokens->url && take_plain(tokens, ret))
                return true;
            take_word(tokens, ret);
        }
        seal(ret);
        return true;
    }
    return false;
}
