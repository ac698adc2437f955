#include "smtp/extract.h"

#include "smtp/extract_internal.h"
#include "smtp/vocabulary.h"

#include <string.h>

#define DAY_S 86400

static struct mxp_slice bounded(struct mxp_slice text)
{
    if (text.len > MXP_EXTRACT_MAX)
        text.len = MXP_EXTRACT_MAX;
    return text;
}

uint32_t mxp_extract_unit_at(struct mxp_slice text, size_t at, size_t *ret_end)
{
    static const struct {
        struct mxp_vocable word;
        uint32_t seconds;
    } units[] = {
        {MXP_VOCABLE("seconds"), 1},   {MXP_VOCABLE("second"), 1},
        {MXP_VOCABLE("secs"), 1},      {MXP_VOCABLE("sec"), 1},
        {MXP_VOCABLE("sekunden"), 1},  {MXP_VOCABLE("secondes"), 1},
        {MXP_VOCABLE("segundos"), 1},  {MXP_VOCABLE("secondi"), 1},
        {MXP_VOCABLE("sekund"), 1},    {MXP_VOCABLE("minutes"), 60},
        {MXP_VOCABLE("minute"), 60},   {MXP_VOCABLE("minuten"), 60},
        {MXP_VOCABLE("minutos"), 60},  {MXP_VOCABLE("minuti"), 60},
        {MXP_VOCABLE("minut"), 60},    {MXP_VOCABLE("mins"), 60},
        {MXP_VOCABLE("min"), 60},      {MXP_VOCABLE("hours"), 3600},
        {MXP_VOCABLE("hour"), 3600},   {MXP_VOCABLE("hrs"), 3600},
        {MXP_VOCABLE("hr"), 3600},     {MXP_VOCABLE("stunden"), 3600},
        {MXP_VOCABLE("stunde"), 3600}, {MXP_VOCABLE("heures"), 3600},
        {MXP_VOCABLE("heure"), 3600},  {MXP_VOCABLE("horas"), 3600},
        {MXP_VOCABLE("hora"), 3600},   {MXP_VOCABLE("ore"), 3600},
        {MXP_VOCABLE("godzin"), 3600}, {MXP_VOCABLE("days"), DAY_S},
        {MXP_VOCABLE("day"), DAY_S},   {MXP_VOCABLE("s"), 1},
        {MXP_VOCABLE("m"), 60},        {MXP_VOCABLE("h"), 3600},
        {MXP_VOCABLE("d"), DAY_S},
    };
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '-' || text.ptr[at] == '\n'))
        at++;
    static const char firsts[] = "smhdog";
    if (at >= text.len || !memchr(firsts, mxp_lower(text.ptr[at]), sizeof firsts - 1))
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t end = at + units[i].word.len;
        if (!mxp_vocable_at(text, at, &units[i].word) ||
            (end < text.len && mxp_is_alpha(text.ptr[end])))
            continue;
        /* "4m59s": only letters are followed by the next number at once */
        if (end < text.len && mxp_is_digit(text.ptr[end]) && units[i].word.len > 1)
            continue;
        if (text.len - end >= 3 && memcmp(text.ptr + end, "(s)", 3) == 0)
            end += 3;
        *ret_end = end;
        return units[i].seconds;
    }
    return 0;
}

/* Digits at at, at most seven, and where they end. */
static uint64_t number_at(struct mxp_slice text, size_t at, size_t *ret_end)
{
    uint64_t n = 0;
    size_t end = at;
    while (end < text.len && mxp_is_digit(text.ptr[end]) && end - at < 7)
        n = n * 10 + (uint64_t)(text.ptr[end++] - '0');
    *ret_end = end;
    return n;
}

/* "00:04:32" or "04:32"; 0: it is none, or the time of a day. */
static uint64_t clock_at(struct mxp_slice text, size_t at)
{
    uint64_t parts[3] = {0};
    size_t from = at;
    int n = 0;
    while (n < 3 && at < text.len && mxp_is_digit(text.ptr[at])) {
        parts[n++] = number_at(text, at, &at);
        if (at >= text.len || text.ptr[at] != ':')
            break;
        at++;
    }
    if (n < 2 || parts[n - 1] > 59 || (n == 3 && parts[1] > 59) ||
        mxp_extract_is_time_of_day(text, from, at))
        return 0;
    return n == 3 ? parts[0] * 3600 + parts[1] * 60 + parts[2] : parts[0] * 60 + parts[1];
}

/* "1 hour 25 min", "5 minutes and 3 seconds", "4m59s": from the number at at. */
static uint64_t span_at(struct mxp_slice text, size_t at)
{
    uint64_t sum = 0;
    uint32_t last = UINT32_MAX;
    bool joined = false;
    static const struct mxp_vocable and = MXP_VOCABLE("and ");
    for (;;) {
        size_t end;
        uint64_t n = number_at(text, at, &end);
        uint32_t unit = end > at ? mxp_extract_unit_at(text, end, &end) : 0;
        if (unit == 0 && end > at && last == UINT32_MAX)
            unit = mxp_extract_foreign_unit_at(text, end, &end);
        if (unit == 0 || unit >= last)
            return joined ? 0 : sum;
        sum += n * unit;
        last = unit;
        joined = end < text.len && mxp_is_digit(text.ptr[end]);
        for (at = end; at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == ',');)
            at++;
        if (at < text.len && mxp_vocable_at(text, at, &and))
            at += and.len;
    }
}

bool mxp_extract_asks_wait(struct mxp_slice text)
{
    static const struct mxp_vocable words[] = {
        MXP_VOCABLE("again"),        MXP_VOCABLE("attendre"),  MXP_VOCABLE("blocked for"),
        MXP_VOCABLE("come"),         MXP_VOCABLE("defer"),     MXP_VOCABLE("delay"),
        MXP_VOCABLE("esper"),        MXP_VOCABLE("erneut"),    MXP_VOCABLE("greylist"),
        MXP_VOCABLE("graylist"),     MXP_VOCABLE("grey list"), MXP_VOCABLE("later"),
        MXP_VOCABLE("next attempt"), MXP_VOCABLE("penalty"),   MXP_VOCABLE("retry"),
        MXP_VOCABLE("reconnect"),    MXP_VOCABLE("resend"),    MXP_VOCABLE("retries"),
        MXP_VOCABLE("reessay"),      MXP_VOCABLE("wait"),      MXP_VOCABLE("warten"),
    };
    static const struct mxp_vocabulary vocabulary = {
        words,
        {0,  2,  3,  4,  6,  8,  8,  11, 11, 11, 11, 11, 12, 12,
         13, 13, 14, 14, 19, 19, 19, 19, 19, 21, 21, 21, 21},
        {['a' - 'a'] = MXP_SECOND('g') | MXP_SECOND('t'),
         ['b' - 'a'] = MXP_SECOND('l'),
         ['c' - 'a'] = MXP_SECOND('o'),
         ['d' - 'a'] = MXP_SECOND('e'),
         ['e' - 'a'] = MXP_SECOND('s') | MXP_SECOND('r'),
         ['g' - 'a'] = MXP_SECOND('r'),
         ['l' - 'a'] = MXP_SECOND('a'),
         ['n' - 'a'] = MXP_SECOND('e'),
         ['p' - 'a'] = MXP_SECOND('e'),
         ['r' - 'a'] = MXP_SECOND('e'),
         ['w' - 'a'] = MXP_SECOND('a')},
    };
    struct mxp_octets_starts starts = {.text = text};
    size_t at;
    return mxp_vocabulary_next(&vocabulary, &starts, &at);
}

/* "retry-after=90", "Retry-After: 300": seconds without a unit, as HTTP has them. */
static uint64_t bare_at(struct mxp_slice text, size_t at)
{
    static const struct mxp_vocable words[] = {MXP_VOCABLE("retry-after"),
                                               MXP_VOCABLE("retry_after")};
    size_t from = at;
    while (from > 0 && (text.ptr[from - 1] == ' ' || text.ptr[from - 1] == '"'))
        from--;
    if (from == 0 || (text.ptr[from - 1] != '=' && text.ptr[from - 1] != ':'))
        return 0;
    from--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t end, len = words[i].len;
        if (from < len || !mxp_vocable_at(text, from - len, &words[i]))
            continue;
        uint64_t n = number_at(text, at, &end);
        bool whole = end == text.len || (!mxp_is_alnum(text.ptr[end]) && text.ptr[end] != ':');
        return whole ? n : 0;
    }
    return 0;
}

uint32_t mxp_extract_at_most_a_day(uint64_t seconds)
{
    return seconds > DAY_S ? DAY_S : (uint32_t)seconds;
}

uint32_t mxp_extract_wait_s(struct mxp_slice text)
{
    text = bounded(text);
    struct mxp_octets_starts starts = {.text = text};
    size_t at;
    while (mxp_octets_next_start(&starts, &at)) {
        if (!mxp_is_digit(text.ptr[at]))
            continue;
        bool within = at > 0 && (text.ptr[at - 1] == '.' || text.ptr[at - 1] == ':');
        if (within && !bare_at(text, at))
            continue;
        uint64_t seconds = span_at(text, at);
        if (seconds == 0)
            seconds = clock_at(text, at);
        if (seconds == 0)
            seconds = bare_at(text, at);
        if (seconds == 0)
            continue;
        bool asked = mxp_extract_asks_wait(text) || mxp_extract_asks_foreign(text);
        return asked ? mxp_extract_at_most_a_day(seconds) : 0;
    }
    return 0;
}

static bool in_name(char c)
{
    return mxp_is_alnum(c) || c == '.' || c == '-' || c == '_' || (unsigned char)c >= 0x80;
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

/* A zone is asked by machines; "www.spamhaus.org" and what stands in a URL are pages. */
static bool is_zone(struct mxp_slice text, struct mxp_slice name)
{
    return mxp_slice_find(name, '.') < name.len &&
           !mxp_slice_istarts(name, MXP_SLICE_LIT("www.")) &&
           (name.ptr == text.ptr || (name.ptr[-1] != '/' && name.ptr[-1] != '@'));
}

static struct mxp_slice known_list(struct mxp_slice text)
{
    static const struct mxp_vocable lists[] = {
        /* by first letter */
        MXP_VOCABLE("abuseat"),
        MXP_VOCABLE("abusix"),
        MXP_VOCABLE("barracudacentral"),
        MXP_VOCABLE("backscatterer"),
        MXP_VOCABLE("blocklist.de"),
        MXP_VOCABLE("blacklist.woody"),
        MXP_VOCABLE("barracuda rep"),
        MXP_VOCABLE("blocklist.zap"),
        MXP_VOCABLE("bl."),
        MXP_VOCABLE("cloudmark"),
        MXP_VOCABLE("dnswl"),
        MXP_VOCABLE("dnsbl"),
        MXP_VOCABLE("dnsrbl"),
        MXP_VOCABLE("dbl."),
        MXP_VOCABLE("dronebl"),
        MXP_VOCABLE("hostkarma"),
        MXP_VOCABLE("invaluement"),
        MXP_VOCABLE("justspam"),
        MXP_VOCABLE("manitu"),
        MXP_VOCABLE("mailspike"),
        MXP_VOCABLE("nixspam"),
        MXP_VOCABLE("psbl"),
        MXP_VOCABLE("rbl."),
        MXP_VOCABLE("spamhaus"),
        MXP_VOCABLE("spamcop"),
        MXP_VOCABLE("sorbs"),
        MXP_VOCABLE("surbl"),
        MXP_VOCABLE("surriel"),
        MXP_VOCABLE("spamrats"),
        MXP_VOCABLE("senderscore"),
        MXP_VOCABLE("spfbl"),
        MXP_VOCABLE("senderbase"),
        MXP_VOCABLE("spameatingmonkey"),
        MXP_VOCABLE("truncate.gbudb"),
        MXP_VOCABLE("trend micro"),
        MXP_VOCABLE("trendmicro"),
        MXP_VOCABLE("uceprotect"),
        MXP_VOCABLE("uribl"),
        MXP_VOCABLE("zen."),
    };
    static const struct mxp_vocabulary vocabulary = {
        lists,
        {0,  2,  9,  10, 15, 15, 15, 15, 16, 17, 18, 18, 18, 20,
         21, 21, 22, 22, 23, 33, 36, 38, 38, 38, 38, 38, 39},
        {['a' - 'a'] = MXP_SECOND('b'),
         ['b' - 'a'] = MXP_SECOND('a') | MXP_SECOND('l'),
         ['c' - 'a'] = MXP_SECOND('l'),
         ['d' - 'a'] = MXP_SECOND('n') | MXP_SECOND('b') | MXP_SECOND('r'),
         ['h' - 'a'] = MXP_SECOND('o'),
         ['i' - 'a'] = MXP_SECOND('n'),
         ['j' - 'a'] = MXP_SECOND('u'),
         ['m' - 'a'] = MXP_SECOND('a'),
         ['n' - 'a'] = MXP_SECOND('i'),
         ['p' - 'a'] = MXP_SECOND('s'),
         ['r' - 'a'] = MXP_SECOND('b'),
         ['s' - 'a'] = MXP_SECOND('p') | MXP_SECOND('o') | MXP_SECOND('u') | MXP_SECOND('e'),
         ['t' - 'a'] = MXP_SECOND('r'),
         ['u' - 'a'] = MXP_SECOND('c') | MXP_SECOND('r'),
         ['z' - 'a'] = MXP_SECOND('e')},
    };
    struct mxp_slice best = MXP_SLICE_NONE;
    struct mxp_octets_starts starts = {.text = bounded(text)};
    size_t at;
    while (mxp_vocabulary_next(&vocabulary, &starts, &at)) {
        struct mxp_slice name = name_around(starts.text, at);
        if (is_zone(starts.text, name))
            return name;
        if (!best.len)
            best = name;
    }
    return best;
}

struct mxp_slice mxp_extract_blocklist(struct mxp_slice text)
{
    struct mxp_slice name = known_list(text);
    bool in_path =
        name.len && name.ptr - text.ptr > 1 && name.ptr[-1] == '/' && name.ptr[-2] != '/';
    if (name.len && !in_path)
        return name;
    name = mxp_extract_zone(text);
    return name.len ? name : mxp_extract_list_page(text);
}

struct mxp_slice mxp_extract_address(struct mxp_slice text)
{
    text = bounded(text);
    for (size_t at = text.len; at > 0; at--) {
        if (text.ptr[at - 1] != '@')
            continue;
        size_t from = at - 1, to = at;
        while (from > 0 && (in_name(text.ptr[from - 1]) || text.ptr[from - 1] == '+' ||
                            text.ptr[from - 1] == '=' || text.ptr[from - 1] == '\''))
            from--;
        while (to < text.len && in_name(text.ptr[to]))
            to++;
        while (to > at && (text.ptr[to - 1] == '.' || text.ptr[to - 1] == '-'))
            to--;
        if (from < at - 1 && to > at)
            return mxp_slice_sub(text, from, to - from);
    }
    return MXP_SLICE_NONE;
}
