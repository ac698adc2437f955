#include "smtp/extract.h"

#include "smtp/extract_internal.h"

#include <string.h>

#define DAY_S 86400

struct word {
    const char *text;
    uint8_t len;
};

#define WORD(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static struct mxp_slice bounded(struct mxp_slice text)
{
    if (text.len > MXP_EXTRACT_MAX)
        text.len = MXP_EXTRACT_MAX;
    return text;
}

static inline bool word_at(struct mxp_slice text, size_t at, const struct word *word)
{
    if (text.len - at < word->len || mxp_lower(text.ptr[at]) != word->text[0] ||
        (word->len > 1 && mxp_lower(text.ptr[at + 1]) != word->text[1]))
        return false;
    for (size_t i = 2; i < word->len; i++)
        if (mxp_lower(text.ptr[at + i]) != word->text[i])
            return false;
    return true;
}

static bool starts_word(struct mxp_slice text, size_t at)
{
    return mxp_is_alnum(text.ptr[at]) && (at == 0 || !mxp_is_alnum(text.ptr[at - 1]));
}

uint32_t mxp_extract_unit_at(struct mxp_slice text, size_t at, size_t *ret_end)
{
    static const struct {
        struct word word;
        uint32_t seconds;
    } units[] = {
        {WORD("seconds"), 1},    {WORD("second"), 1},    {WORD("secs"), 1},
        {WORD("sec"), 1},        {WORD("sekunden"), 1},  {WORD("secondes"), 1},
        {WORD("segundos"), 1},   {WORD("secondi"), 1},   {WORD("sekund"), 1},
        {WORD("minutes"), 60},   {WORD("minute"), 60},   {WORD("minuten"), 60},
        {WORD("minutos"), 60},   {WORD("minuti"), 60},   {WORD("minut"), 60},
        {WORD("mins"), 60},      {WORD("min"), 60},      {WORD("hours"), 3600},
        {WORD("hour"), 3600},    {WORD("hrs"), 3600},    {WORD("hr"), 3600},
        {WORD("stunden"), 3600}, {WORD("stunde"), 3600}, {WORD("heures"), 3600},
        {WORD("heure"), 3600},   {WORD("horas"), 3600},  {WORD("hora"), 3600},
        {WORD("ore"), 3600},     {WORD("godzin"), 3600}, {WORD("days"), DAY_S},
        {WORD("day"), DAY_S},    {WORD("s"), 1},         {WORD("m"), 60},
        {WORD("h"), 3600},       {WORD("d"), DAY_S},
    };
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '-' || text.ptr[at] == '\n'))
        at++;
    static const char firsts[] = "smhdog";
    if (at >= text.len || !memchr(firsts, mxp_lower(text.ptr[at]), sizeof firsts - 1))
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t end = at + units[i].word.len;
        if (!word_at(text, at, &units[i].word) || (end < text.len && mxp_is_alpha(text.ptr[end])))
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
static uint64_t span_at(struct mxp_slice text, size_t at, size_t *ret_end)
{
    uint64_t sum = 0;
    uint32_t last = UINT32_MAX;
    bool joined = false;
    static const struct word and = WORD("and ");
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
        *ret_end = end;
        joined = end < text.len && mxp_is_digit(text.ptr[end]);
        for (at = end; at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == ',');)
            at++;
        if (at < text.len && word_at(text, at, &and))
            at += and.len;
    }
}

bool mxp_extract_asks_wait(struct mxp_slice text)
{
    static const struct word words[] = {
        WORD("retry"),        WORD("again"),       WORD("later"),     WORD("wait"),
        WORD("greylist"),     WORD("graylist"),    WORD("grey list"), WORD("defer"),
        WORD("come"),         WORD("delay"),       WORD("reconnect"), WORD("resend"),
        WORD("retries"),      WORD("blocked for"), WORD("penalty"),   WORD("attendre"),
        WORD("warten"),       WORD("esper"),       WORD("erneut"),    WORD("reessay"),
        WORD("next attempt"),
    };
    static const char firsts[] = "rglwdcbpaen";
    for (size_t at = 0; at < text.len; at++) {
        char c = mxp_lower(text.ptr[at]);
        if (!starts_word(text, at) || !memchr(firsts, c, sizeof firsts - 1))
            continue;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (word_at(text, at, &words[i]))
                return true;
    }
    return false;
}

/* "retry-after=90", "Retry-After: 300": seconds without a unit, as HTTP has them. */
static uint64_t bare_at(struct mxp_slice text, size_t at)
{
    static const struct word words[] = {WORD("retry-after"), WORD("retry_after")};
    size_t from = at;
    while (from > 0 && (text.ptr[from - 1] == ' ' || text.ptr[from - 1] == '"'))
        from--;
    if (from == 0 || (text.ptr[from - 1] != '=' && text.ptr[from - 1] != ':'))
        return 0;
    from--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t end, len = words[i].len;
        if (from < len || !word_at(text, from - len, &words[i]))
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
    bool asked = false;
    for (size_t at = 0; at < text.len; at++) {
        bool start = mxp_is_digit(text.ptr[at]) &&
                     (at == 0 || (!mxp_is_alnum(text.ptr[at - 1]) && text.ptr[at - 1] != '.' &&
                                  text.ptr[at - 1] != ':'));
        start = start || (mxp_is_digit(text.ptr[at]) && bare_at(text, at));
        if (!start)
            continue;
        size_t end = at;
        uint64_t seconds = span_at(text, at, &end);
        if (seconds == 0)
            seconds = clock_at(text, at);
        if (seconds == 0)
            seconds = bare_at(text, at);
        if (seconds &&
            (asked = asked || mxp_extract_asks_wait(text) || mxp_extract_asks_foreign(text)))
            return mxp_extract_at_most_a_day(seconds);
        if (seconds)
            return 0;
        (void)number_at(text, at, &end);
        at = end > at ? end - 1 : at;
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
    static const struct word lists[] = {
        /* by first letter */
        WORD("abuseat"),        WORD("abusix"),        WORD("barracudacentral"),
        WORD("backscatterer"),  WORD("blocklist.de"),  WORD("blacklist.woody"),
        WORD("barracuda rep"),  WORD("blocklist.zap"), WORD("bl."),
        WORD("cloudmark"),      WORD("dnswl"),         WORD("dnsbl"),
        WORD("dnsrbl"),         WORD("dbl."),          WORD("dronebl"),
        WORD("hostkarma"),      WORD("invaluement"),   WORD("justspam"),
        WORD("manitu"),         WORD("mailspike"),     WORD("nixspam"),
        WORD("psbl"),           WORD("rbl."),          WORD("spamhaus"),
        WORD("spamcop"),        WORD("sorbs"),         WORD("surbl"),
        WORD("surriel"),        WORD("spamrats"),      WORD("senderscore"),
        WORD("spfbl"),          WORD("senderbase"),    WORD("spameatingmonkey"),
        WORD("truncate.gbudb"), WORD("trend micro"),   WORD("trendmicro"),
        WORD("uceprotect"),     WORD("uribl"),         WORD("zen."),
    };
    /* where the words of a letter begin */
    static const uint8_t begins[27] = {0,  2,  9,  10, 15, 15, 15, 15, 16, 17, 18, 18, 18, 20,
                                       21, 21, 22, 22, 23, 33, 36, 38, 38, 38, 38, 38, 39};
    struct mxp_slice best = MXP_SLICE_NONE;
    text = bounded(text);
    bool inside = false;
    for (size_t at = 0; at < text.len; at++) {
        unsigned letter = (unsigned)(unsigned char)(text.ptr[at] | 0x20) - 'a';
        bool start = !inside && letter < 26;
        inside = letter < 26 || mxp_is_digit(text.ptr[at]);
        if (!start || begins[letter] == begins[letter + 1] || !starts_word(text, at))
            continue;
        for (size_t i = begins[letter]; i < begins[letter + 1]; i++) {
            if (!word_at(text, at, &lists[i]))
                continue;
            struct mxp_slice name = name_around(text, at);
            if (is_zone(text, name))
                return name;
            if (!best.len)
                best = name;
            break;
        }
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
