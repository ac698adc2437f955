#include "probe/explain/explain_match.h"

#include <stdio.h>
#include <string.h>

/* At most three digits; how many. */
static size_t number_at(struct mxp_slice text, uint16_t *ret)
{
    size_t n = 0;
    *ret = 0;
    while (n < 3 && n < text.len && mxp_is_digit(text.ptr[n]))
        *ret = (uint16_t)(*ret * 10 + (text.ptr[n++] - '0'));
    return n == text.len || !mxp_is_digit(text.ptr[n]) ? n : 0;
}

bool mxp_explain_enhanced_at(struct mxp_slice text, struct mxp_enhanced *ret, size_t *ret_len)
{
    struct mxp_enhanced enhanced;
    size_t at = text.len && text.ptr[0] == '#';
    if (at == text.len || !(mxp_lower(text.ptr[at]) == 'x' || text.ptr[at] == '2' ||
                            text.ptr[at] == '4' || text.ptr[at] == '5'))
        return false;
    enhanced.klass =
        mxp_lower(text.ptr[at]) == 'x' ? MXP_EXPLAIN_ANY : (uint16_t)(text.ptr[at] - '0');
    at++;
    uint16_t *const parts[] = {&enhanced.subject, &enhanced.detail};
    for (int i = 0; i < 2; i++) {
        if (at >= text.len || text.ptr[at] != '.')
            return false;
        size_t n = number_at(mxp_slice_sub(text, at + 1, text.len), parts[i]);
        if (n == 0)
            return false;
        at += 1 + n;
    }
    /* 5.7.1.2 is an address or a version */
    if (at + 1 < text.len && text.ptr[at] == '.' && mxp_is_digit(text.ptr[at + 1]))
        return false;
    *ret = enhanced;
    *ret_len = at;
    return true;
}

static int pattern_part(struct mxp_slice part, struct mxp_explain_entry *entry)
{
    size_t len;
    uint16_t number;
    if (mxp_explain_enhanced_at(part, &entry->enhanced, &len)) {
        struct mxp_slice rest = mxp_slice_sub(part, len, part.len);
        if (entry->enhanced.klass == MXP_EXPLAIN_ANY)
            entry->enhanced.klass = 0;
        entry->detail_to = entry->enhanced.detail;
        if (rest.len == 0)
            return MXP_OK;
        if (rest.ptr[0] != '-' || number_at(mxp_slice_sub(rest, 1, rest.len), &number) == 0 ||
            number < entry->enhanced.detail)
            return MXP_ESYNTAX;
        entry->detail_to = number;
        return MXP_OK;
    }
    if (part.len != 3 || number_at(part, &number) != 3 || number < 200 || number > 599)
        return MXP_ESYNTAX;
    entry->code = number;
    return MXP_OK;
}

int mxp_explain_pattern(struct mxp_slice text, struct mxp_explain_entry *entry)
{
    size_t blank = mxp_slice_find(text, ' ');
    int err = pattern_part(mxp_slice_sub(text, 0, blank), entry);
    if (!err && blank < text.len)
        err = pattern_part(mxp_slice_sub(text, blank + 1, text.len), entry);
    return err;
}

const char *mxp_explain_pattern_text(const struct mxp_explain_entry *entry, char ret[static 64])
{
    const struct mxp_enhanced *e = &entry->enhanced;
    char code[8] = "", klass[8] = "x", range[8] = "";
    if (entry->code)
        (void)snprintf(code, sizeof code, "%u", (unsigned)entry->code);
    if (e->subject == MXP_EXPLAIN_ANY) {
        (void)snprintf(ret, 64, "%s", code);
        return ret;
    }
    if (e->klass)
        (void)snprintf(klass, sizeof klass, "%u", (unsigned)e->klass);
    if (entry->detail_to != e->detail)
        (void)snprintf(range, sizeof range, "-%u", (unsigned)entry->detail_to);
    (void)snprintf(ret, 64, "%s%s%s.%u.%u%s", code, *code ? " " : "", klass, (unsigned)e->subject,
                   (unsigned)e->detail, range);
    return ret;
}

bool mxp_explain_codes_fit(const struct mxp_explain_entry *entry, uint16_t code,
                           struct mxp_enhanced enhanced)
{
    const struct mxp_enhanced *e = &entry->enhanced;
    if (entry->code && entry->code != code)
        return false;
    if (e->subject == MXP_EXPLAIN_ANY)
        return true;
    return enhanced.klass &&
           (!e->klass || enhanced.klass == MXP_EXPLAIN_ANY || e->klass == enhanced.klass) &&
           e->subject == enhanced.subject && enhanced.detail >= e->detail &&
           enhanced.detail <= entry->detail_to;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_range(const char *token)
{
    return token[0] == '[' && mxp_is_digit(token[1]) && token[2] == '-' && mxp_is_digit(token[3]) &&
           token[4] == ']';
}

/* The token from at on; *ret_end is where it ends. A "*" takes all that it can, so that the
 * search stays linear. */
static bool token_at(struct mxp_slice text, size_t at, const char *token, size_t *ret_end)
{
    for (; *token; token++) {
        if (*token == '*') {
            while (at < text.len && mxp_is_alnum(text.ptr[at]))
                at++;
            continue;
        }
        if (at == text.len)
            return false;
        char c = text.ptr[at++];
        if (is_range(token)) {
            if (c < token[1] || c > token[3])
                return false;
            token += 4;
        } else if (*token == '?'   ? !mxp_is_digit(c)
                   : *token == ' ' ? !is_blank(c)
                                   : mxp_lower(c) != mxp_lower(*token)) {
            return false;
        }
    }
    *ret_end = at;
    return true;
}

bool mxp_explain_token_in(struct mxp_slice text, const char *token, struct mxp_slice *ret_found)
{
    size_t len = strlen(token), end;
    bool word_before = len && mxp_is_alnum(token[0]);
    bool word_after = len && (mxp_is_alnum(token[len - 1]) || token[len - 1] == '?');
    bool literal = len && !strchr("?*[ ", token[0]);
    char first = mxp_lower(token[0]);
    for (size_t at = 0; len && at < text.len; at++) {
        if (literal && mxp_lower(text.ptr[at]) != first)
            continue;
        if (word_before && at && mxp_is_alnum(text.ptr[at - 1]))
            continue;
        if (!token_at(text, at, token, &end) ||
            (word_after && end < text.len && mxp_is_alnum(text.ptr[end])))
            continue;
        if (ret_found)
            *ret_found = mxp_slice_sub(text, at, end - at);
        return true;
    }
    return false;
}

/* What stands behind the code and enhanced code of a line. */
static struct mxp_slice behind_codes(struct mxp_slice line)
{
    uint16_t number;
    struct mxp_enhanced enhanced;
    size_t len;
    if (line.len < 4 || number_at(mxp_slice_sub(line, 0, 3), &number) != 3 || number < 200 ||
        (line.ptr[3] != '-' && line.ptr[3] != ' '))
        return line;
    line = mxp_slice_sub(line, 4, line.len);
    if (line.len && line.ptr[0] != '#' && mxp_explain_enhanced_at(line, &enhanced, &len))
        line = mxp_slice_sub(line, len, line.len);
    return mxp_slice_trim(line);
}

int mxp_explain_flatten(struct mxp_slice text, struct mxp_buf *out)
{
    int err = MXP_OK;
    for (bool first = true; text.len && !err; first = false) {
        size_t end = mxp_slice_find(text, '\n');
        struct mxp_slice line = mxp_slice_trim(mxp_slice_sub(text, 0, end));
        if (!first)
            err = mxp_buf_add_char(out, ' ');
        err = err ? err : mxp_buf_add_slice(out, first ? line : behind_codes(line));
        text = mxp_slice_sub(text, end < text.len ? end + 1 : end, text.len);
    }
    return err;
}

int mxp_explain_unfold(struct mxp_slice text, struct mxp_buf *out)
{
    struct mxp_enhanced enhanced;
    size_t len = 0;
    bool folded = text.len > 4 && text.ptr[3] == '-' &&
                  mxp_explain_enhanced_at(mxp_slice_sub(text, 4, text.len), &enhanced, &len);
    struct mxp_slice code = mxp_slice_sub(text, 0, 3);
    struct mxp_slice status = mxp_slice_sub(text, 4, len);
    int err = MXP_OK;
    for (size_t at = 0; at < text.len && !err; at++) {
        bool again = folded && text.ptr[at] == ' ' && text.len - at > 5 + len &&
                     mxp_slice_eq(mxp_slice_sub(text, at + 1, 3), code) &&
                     (text.ptr[at + 4] == '-' || text.ptr[at + 4] == ' ') &&
                     mxp_slice_eq(mxp_slice_sub(text, at + 5, len), status);
        err = mxp_buf_add_char(out, (char)(again ? '\n' : text.ptr[at]));
    }
    return err;
}
