#include "smtp/tokens.h"

#include "smtp/octets.h"
#include "smtp/tokens_hash.h"
#include "smtp/tokens_skip.h"

#include <string.h>

/* U+00C0 to U+017F without their accents; '-' is no letter. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
                                 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                                 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

void mxp_tokens_init(struct mxp_tokens *tokens, struct mxp_slice text, bool reply)
{
    const char *end = text.ptr + text.len;
    tokens->at = text.ptr;
    tokens->end = end;
    tokens->address = reply ? mxp_tokens_find_address(text.ptr, end, &tokens->sign) : end;
    tokens->line_start = tokens->reply = reply;
    tokens->url = false;
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

/* UTF-8 that somebody took for Latin-1 and made UTF-8 of once more ("Ã©"). */
static inline bool encoded_twice(const char *at, const char *end)
{
    return end - at > 3 && at[0] == '\xc3' && (unsigned char)at[1] >= 0x83 &&
           (unsigned char)at[1] <= 0x85 && at[2] == '\xc2' && continues(at + 3, end);
}

/* The accented Latin letter at at, without its accent, and how many octets it takes; 0: none.
 * A single Latin-1 octet is one only beside a plain letter. */
static char accented(const char *at, const char *end, bool in_word, int *ret_octets)
{
    unsigned char c = (unsigned char)*at;
    char plain = '-';
    *ret_octets = 2;
    if (encoded_twice(at, end)) {
        *ret_octets = 4;
        plain = unaccented[((unsigned char)at[1] - 0x83) * 64 + ((unsigned char)at[3] & 0x3f)];
    } else if (c >= 0xc3 && c <= 0xc5 && continues(at + 1, end)) {
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

/* U+2019 */
static inline bool curly_apostrophe(const char *at, const char *end)
{
    return end - at > 3 && memcmp(at, "\xe2\x80\x99", 3) == 0 && mxp_octet(at[3]) >= MXP_OCTET_HIGH;
}

static void stem(struct mxp_token *token)
{
    if (token->len < 7 || !mxp_token_is_temporary(token->text))
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
            if (!plain && (p == from || !curly_apostrophe(p, end)))
                break;
            octets = plain ? octets : 3;
            ret->text[len] = plain;
            len += plain && len < MXP_TOKEN_MAX;
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

static void seal(struct mxp_token *token)
{
    uint64_t hash = 0, first, second;
    memset(token->text + token->len, 0, MXP_TOKEN_PIECE);
    for (uint32_t at = 0; at < token->len; at += MXP_TOKEN_PIECE) {
        memcpy(&first, token->text + at, 8);
        memcpy(&second, token->text + at + 8, 8);
        hash = mxp_token_mix(hash, first, second);
    }
    token->hash = mxp_token_finish(hash);
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
    default:
        if (*at == '\n')
            tokens->line_start = tokens->reply;
        if (mxp_octet_ends_url(*at))
            tokens->url = false;
        break;
    }
}

/* To the next word; false: there is none. */
static bool seek(struct mxp_tokens *tokens)
{
    for (;;) {
        if (tokens->line_start)
            tokens->at = mxp_tokens_skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        if (tokens->at >= tokens->end)
            return false;
        if (mxp_octet(*tokens->at) >= MXP_OCTET_HIGH)
            return true;
        take_separator(tokens);
    }
}

/* "addr" and "ip". */
static bool take_special(struct mxp_tokens *tokens, struct mxp_token *ret)
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

bool mxp_tokens_next(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    ret->len = 0;
    if (!seek(tokens))
        return false;
    if (tokens->url)
        put(ret, '/');
    if (tokens->reply && take_special(tokens, ret))
        return true;
    take_word(tokens, ret);
    seal(ret);
    return true;
}
