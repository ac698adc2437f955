#include "smtp/extract.h"

#include <string.h>

#define DAY_S 86400

static bool word_at(struct mxp_slice text, size_t at, const char *word)
{
    size_t len = strlen(word);
    return text.len - at >= len &&
           mxp_slice_ieq(mxp_slice_sub(text, at, len), (struct mxp_slice){word, len});
}

/* The unit behind a number, in seconds; 0: it is none. */
static uint32_t unit_at(struct mxp_slice text, size_t at)
{
    static const struct {
        const char *word;
        uint32_t seconds;
    } units[] = {
        {"seconds", 1},  {"second", 1},  {"secs", 1},     {"sec", 1},        {"sekunden", 1},
        {"minutes", 60}, {"minute", 60}, {"minuten", 60}, {"mins", 60},      {"min", 60},
        {"hours", 3600}, {"hour", 3600}, {"hrs", 3600},   {"stunden", 3600}, {"heures", 3600},
        {"s", 1},        {"m", 60},      {"h", 3600},
    };
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '-' || text.ptr[at] == '\n'))
        at++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t end = at + strlen(units[i].word);
        if (word_at(text, at, units[i].word) && (end == text.len || !mxp_is_alnum(text.ptr[end])))
            return units[i].seconds;
    }
    return 0;
}

/* "00:04:32" or "04:32" behind "in" or "for". */
static uint32_t clock_at(struct mxp_slice text, size_t at)
{
    uint32_t parts[3] = {0}, n = 0;
    while (n < 3 && at < text.len && mxp_is_digit(text.ptr[at])) {
        for (int digits = 0; at < text.len && mxp_is_digit(text.ptr[at]) && digits < 5; digits++)
            parts[n] = parts[n] * 10 + (uint32_t)(text.ptr[at++] - '0');
        n++;
        if (at >= text.len || text.ptr[at] != ':')
            break;
        at++;
    }
    if (n == 3)
        return parts[0] * 3600 + parts[1] * 60 + parts[2];
    return n == 2 ? parts[0] * 60 + parts[1] : 0;
}

static bool says_wait(struct mxp_slice text)
{
    static const char *const words[] = {"retry",     "again",    "later",     "wait",
                                        "greylist",  "graylist", "grey list", "defer",
                                        "come back", "delay",    "reconnect", "resend"};
    for (size_t at = 0; at < text.len; at++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (word_at(text, at, words[i]))
                return true;
    return false;
}

uint32_t mxp_extract_wait_s(struct mxp_slice text)
{
    if (text.len > 1024)
        text.len = 1024;
    if (!says_wait(text))
        return 0;
    for (size_t at = 0; at < text.len; at++) {
        bool start = mxp_is_digit(text.ptr[at]) &&
                     (at == 0 || (!mxp_is_alnum(text.ptr[at - 1]) && text.ptr[at - 1] != '.' &&
                                  text.ptr[at - 1] != ':'));
        if (!start)
            continue;
        uint64_t n = 0;
        size_t end = at;
        while (end < text.len && mxp_is_digit(text.ptr[end]) && end - at < 7)
            n = n * 10 + (uint64_t)(text.ptr[end++] - '0');
        uint32_t unit = unit_at(text, end);
        uint64_t seconds = unit ? n * unit : clock_at(text, at);
        if (seconds)
            return seconds > DAY_S ? DAY_S : (uint32_t)seconds;
        at = end;
    }
    return 0;
}

static bool in_name(char c)
{
    return mxp_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* The whole domain name around at. */
static struct mxp_slice name_around(struct mxp_slice text, size_t at)
{
    size_t from = at, to = at;
    while (from > 0 && in_name(text.ptr[from - 1]))
        from--;
    while (to < text.len && in_name(text.ptr[to]))
        to++;
    while (to > from && (text.ptr[to - 1] == '.' || text.ptr[to - 1] == '-'))
        to--;
    return mxp_slice_sub(text, from, to - from);
}

struct mxp_slice mxp_extract_blocklist(struct mxp_slice text)
{
    static const char *const lists[] = {"spamhaus",    "spamcop",       "barracudacentral",
                                        "sorbs",       "uceprotect",    "manitu",
                                        "abuseat",     "surbl",         "uribl",
                                        "invaluement", "backscatterer", "psbl",
                                        "mailspike",   "spamrats",      "senderscore",
                                        "cloudmark",   "truncate",      "dnswl",
                                        "spfbl",       "nixspam",       "justspam",
                                        "hostkarma",   "rbl.",          ".rbl",
                                        "dnsbl",       "blocklist.de",  "blacklist.woody"};
    if (text.len > 2048)
        text.len = 2048;
    for (size_t at = 0; at < text.len; at++) {
        char c = mxp_lower(text.ptr[at]);
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            if (lists[i][0] == c && word_at(text, at, lists[i]))
                return name_around(text, at);
    }
    return MXP_SLICE_NONE;
}

struct mxp_slice mxp_extract_address(struct mxp_slice text)
{
    size_t at = mxp_slice_find(text, '@');
    /* The first one is often the address that was asked; the last one is where it went. */
    for (size_t i = at + 1; i < text.len && i < 2048; i++)
        if (text.ptr[i] == '@')
            at = i;
    if (at >= text.len || at == 0)
        return MXP_SLICE_NONE;
    size_t from = at, to = at + 1;
    while (from > 0 && (in_name(text.ptr[from - 1]) || text.ptr[from - 1] == '+'))
        from--;
    while (to < text.len && in_name(text.ptr[to]))
        to++;
    while (to > at + 1 && text.ptr[to - 1] == '.')
        to--;
    if (from == at || to == at + 1)
        return MXP_SLICE_NONE;
    return mxp_slice_sub(text, from, to - from);
}
