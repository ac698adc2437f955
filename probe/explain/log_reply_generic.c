#include "probe/explain/log_reply_internal.h"

#include <string.h>

size_t mxp_log_find_text(struct mxp_slice text, size_t from, const char *word)
{
    size_t len = strlen(word);
    char first = mxp_lower(word[0]);
    for (size_t at = from; len && at + len <= text.len; at++)
        if (mxp_lower(text.ptr[at]) == first &&
            mxp_slice_ieq((struct mxp_slice){text.ptr + at, len}, (struct mxp_slice){word, len}))
            return at;
    return text.len;
}

size_t mxp_log_find_last(struct mxp_slice text, const char *word)
{
    size_t last = text.len;
    for (size_t at = mxp_log_find_text(text, 0, word); at < text.len;
         at = mxp_log_find_text(text, at + 1, word))
        last = at;
    return last;
}

bool mxp_log_code_at(struct mxp_slice text, size_t at)
{
    if (text.len < at + 3 || text.ptr[at] < '2' || text.ptr[at] > '5' ||
        !mxp_is_digit(text.ptr[at + 1]) || !mxp_is_digit(text.ptr[at + 2]))
        return false;
    char after = text.len > at + 3 ? text.ptr[at + 3] : ' ';
    return after == ' ' || after == '-' || after == '\n' || after == '\r' || after == '\t';
}

/* A class, a point, a digit: good enough behind a code. */
static bool enhanced_behind(struct mxp_slice text, size_t at)
{
    at += 4;
    if (at < text.len && text.ptr[at] == '#')
        at++;
    return text.len >= at + 5 && strchr("245", text.ptr[at]) && text.ptr[at] &&
           text.ptr[at + 1] == '.' && mxp_is_digit(text.ptr[at + 2]);
}

/* A quantity is no code: "500 seconds". */
static bool unit_behind(struct mxp_slice text, size_t at)
{
    static const char *const units[] = {"s",       "sec", "secs", "second",   "seconds",   "min",
                                        "minutes", "ms",  "kb",   "mb",       "bytes",     "octets",
                                        "times",   "of",  "mail", "messages", "recipients"};
    struct mxp_slice word = mxp_slice_sub(text, at + 4, text.len);
    size_t len = 0;
    while (len < word.len && mxp_is_alpha(word.ptr[len]))
        len++;
    word.len = len;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (mxp_slice_ieq(word, mxp_slice_str(units[i])))
            return true;
    return false;
}

static bool may_stand_behind(char before, bool weak)
{
    if (before && strchr(":\"'(;>[{<", before))
        return true;
    return !weak && before && strchr(" \t\n#=|,_", before);
}

/* What stands before `at`, blanks left out. */
static char char_before(struct mxp_slice text, size_t at)
{
    while (at > 0 && text.ptr[at - 1] == ' ')
        at--;
    return at ? text.ptr[at - 1] : ':';
}

size_t mxp_log_find_code(struct mxp_slice text, bool weak)
{
    size_t best = text.len;
    for (size_t at = 0; at < text.len; at++) {
        if (!mxp_log_code_at(text, at) || (at && mxp_is_alnum(text.ptr[at - 1])))
            continue;
        bool blank = at == 0 || may_stand_behind(text.ptr[at - 1], false);
        if (blank && enhanced_behind(text, at))
            return at;
        bool word = text.len > at + 4 &&
                    (mxp_is_alpha(text.ptr[at + 4]) || strchr("<[(#", text.ptr[at + 4]));
        if (weak && best == text.len && blank && word && !unit_behind(text, at) &&
            may_stand_behind(char_before(text, at), true))
            best = at;
    }
    return best;
}

struct mxp_slice mxp_log_close(struct mxp_slice reply)
{
    size_t depth = 0, quotes = 0;
    reply = mxp_slice_trim(reply);
    for (size_t i = 0; i < reply.len; i++) {
        char c = reply.ptr[i];
        quotes += c == '"';
        if (c == '(')
            depth++;
        else if (c == ')' && depth)
            depth--;
        else if (c == ')' && i + 1 == reply.len)
            reply.len--;
    }
    if (reply.len && quotes % 2 && reply.ptr[reply.len - 1] == '"')
        reply.len--;
    return mxp_slice_trim(reply);
}
