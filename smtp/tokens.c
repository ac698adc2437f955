#include "smtp/tokens.h"

#include <string.h>

enum { OTHER, LETTER, DIGIT, HIGH, UPPER };

static inline int kind(unsigned char c)
{
    if (c >= 'a' && c <= 'z')
        return LETTER;
    if (c >= 'A' && c <= 'Z')
        return UPPER;
    if (c >= '0' && c <= '9')
        return DIGIT;
    return c >= 0x80 ? HIGH : OTHER;
}

void mxp_tokens_init(struct mxp_tokens *tokens, struct mxp_slice text, bool reply)
{
    *tokens = (struct mxp_tokens){text.ptr, text.ptr + text.len, text.ptr, true, reply};
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
        while (at < end && (*at == ' ' || *at == '\t' || *at == '#'))
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
    return mxp_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '=' ||
           c == '%' || c == '/' || c == '\'' || c == '~' || c == '*';
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
    token->hash = (token->hash ^ (unsigned char)c) * 16777619u;
}

static void set(struct mxp_token *token, const char *word)
{
    for (; *word; word++)
        put(token, *word);
}

static void take_word(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    const char *p = tokens->at, *end = tokens->end;
    while (p < end) {
        int k = kind((unsigned char)*p);
        if (k == UPPER)
            put(ret, (char)(*p + ('a' - 'A')));
        else if (k == LETTER || k == DIGIT)
            put(ret, *p);
        else if (*p != '\'' || p + 1 >= end || kind((unsigned char)p[1]) == OTHER)
            break;
        p++;
    }
    tokens->at = p;
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

bool mxp_tokens_next(struct mxp_tokens *tokens, struct mxp_token *ret)
{
    ret->len = 0;
    ret->hash = 2166136261u;
    while (tokens->at < tokens->end) {
        if (tokens->line_start && tokens->reply)
            tokens->at = skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        if (tokens->at >= tokens->end)
            return false;
        int k = kind((unsigned char)*tokens->at);
        if (k == OTHER) {
            tokens->line_start = *tokens->at == '\n';
            tokens->at++;
            continue;
        }
        if (k == HIGH)
            put(ret, *tokens->at++);
        else if (!tokens->reply || !special(tokens, ret))
            take_word(tokens, ret);
        return true;
    }
    return false;
}
