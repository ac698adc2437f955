#include "smtp/extract.h"
#include "smtp/extract_internal.h"

#define WORDS_AHEAD 6 /* of a number: "in about a quarter of an hour" */

struct named {
    const char *text;
    uint8_t len;
    uint32_t value;
};

/* What is written in other letters has endings, or no blank behind it. */
static const struct unit {
    const char *text;
    uint8_t len;
    bool stem;
    uint32_t seconds;
} foreign_units[] = {
#define WORD(s, seconds)                                                                           \
    {                                                                                              \
        s, sizeof(s) - 1, false, seconds                                                           \
    }
#define STEM(s, seconds)                                                                           \
    {                                                                                              \
        s, sizeof(s) - 1, true, seconds                                                            \
    }
    WORD("sekunder", 1),  WORD("sekuntia", 1),   WORD("seconden", 1),   WORD("sekundy", 1),
    WORD("sekundi", 1),   WORD("saniye", 1),     WORD("másodperc", 1),  STEM("секунд", 1),
    STEM("сек", 1),       STEM("秒", 1),         STEM("초", 1),         WORD("minuter", 60),
    WORD("minutter", 60), WORD("minuuttia", 60), WORD("minuty", 60),    WORD("minuta", 60),
    WORD("minutę", 60),   WORD("dakika", 60),    WORD("perc", 60),      STEM("минут", 60),
    STEM("мин", 60),      STEM("хвилин", 60),    STEM("分", 60),        STEM("분", 60),
    WORD("uur", 3600),    WORD("uren", 3600),    WORD("timme", 3600),   WORD("timmar", 3600),
    WORD("tuntia", 3600), WORD("godziny", 3600), WORD("godzinę", 3600), WORD("hodin", 3600),
    WORD("hodiny", 3600), WORD("hodinu", 3600),  WORD("saat", 3600),    WORD("óra", 3600),
    WORD("ora", 3600),    STEM("час", 3600),     STEM("годин", 3600),   STEM("小时", 3600),
    STEM("小時", 3600),   STEM("時間", 3600),    STEM("시간", 3600),    WORD("tag", 86400),
    WORD("tage", 86400),  WORD("tagen", 86400),  WORD("jour", 86400),   WORD("jours", 86400),
    WORD("dias", 86400),  WORD("días", 86400),   WORD("giorno", 86400), WORD("giorni", 86400),
    WORD("dag", 86400),   WORD("dagen", 86400),  WORD("dagar", 86400),  WORD("dni", 86400),
    STEM("дней", 86400),  STEM("день", 86400),   STEM("дня", 86400),    STEM("天", 86400),
    STEM("日", 86400),    STEM("일", 86400),
};

#define NAMED(s, value)                                                                            \
    {                                                                                              \
        s, sizeof(s) - 1, value                                                                    \
    }
static const struct named numbers[] = {
    NAMED("a", 1),          NAMED("an", 1),         NAMED("one", 1),        NAMED("ein", 1),
    NAMED("eine", 1),       NAMED("einer", 1),      NAMED("einem", 1),      NAMED("einen", 1),
    NAMED("une", 1),        NAMED("un", 1),         NAMED("una", 1),        NAMED("uno", 1),
    NAMED("um", 1),         NAMED("uma", 1),        NAMED("een", 1),        NAMED("en", 1),
    NAMED("et", 1),         NAMED("ett", 1),        NAMED("two", 2),        NAMED("zwei", 2),
    NAMED("deux", 2),       NAMED("dos", 2),        NAMED("due", 2),        NAMED("dois", 2),
    NAMED("duas", 2),       NAMED("twee", 2),       NAMED("två", 2),        NAMED("to", 2),
    NAMED("three", 3),      NAMED("drei", 3),       NAMED("trois", 3),      NAMED("tres", 3),
    NAMED("tre", 3),        NAMED("três", 3),       NAMED("drie", 3),       NAMED("four", 4),
    NAMED("vier", 4),       NAMED("quatre", 4),     NAMED("cuatro", 4),     NAMED("quattro", 4),
    NAMED("quatro", 4),     NAMED("fyra", 4),       NAMED("fire", 4),       NAMED("five", 5),
    NAMED("fünf", 5),       NAMED("fuenf", 5),      NAMED("funf", 5),       NAMED("cinq", 5),
    NAMED("cinco", 5),      NAMED("cinque", 5),     NAMED("vijf", 5),       NAMED("fem", 5),
    NAMED("six", 6),        NAMED("sechs", 6),      NAMED("seis", 6),       NAMED("sei", 6),
    NAMED("zes", 6),        NAMED("sex", 6),        NAMED("seks", 6),       NAMED("seven", 7),
    NAMED("sieben", 7),     NAMED("sept", 7),       NAMED("siete", 7),      NAMED("sette", 7),
    NAMED("sete", 7),       NAMED("zeven", 7),      NAMED("eight", 8),      NAMED("acht", 8),
    NAMED("huit", 8),       NAMED("ocho", 8),       NAMED("otto", 8),       NAMED("oito", 8),
    NAMED("nine", 9),       NAMED("neun", 9),       NAMED("neuf", 9),       NAMED("nueve", 9),
    NAMED("nove", 9),       NAMED("negen", 9),      NAMED("ten", 10),       NAMED("zehn", 10),
    NAMED("dix", 10),       NAMED("diez", 10),      NAMED("dieci", 10),     NAMED("dez", 10),
    NAMED("tien", 10),      NAMED("tio", 10),       NAMED("ti", 10),        NAMED("twelve", 12),
    NAMED("zwölf", 12),     NAMED("zwoelf", 12),    NAMED("douze", 12),     NAMED("doce", 12),
    NAMED("dodici", 12),    NAMED("doze", 12),      NAMED("twaalf", 12),    NAMED("tolv", 12),
    NAMED("fifteen", 15),   NAMED("fünfzehn", 15),  NAMED("fuenfzehn", 15), NAMED("quinze", 15),
    NAMED("quince", 15),    NAMED("quindici", 15),  NAMED("vijftien", 15),  NAMED("femton", 15),
    NAMED("femten", 15),    NAMED("twenty", 20),    NAMED("zwanzig", 20),   NAMED("vingt", 20),
    NAMED("veinte", 20),    NAMED("venti", 20),     NAMED("vinte", 20),     NAMED("twintig", 20),
    NAMED("tjugo", 20),     NAMED("tyve", 20),      NAMED("thirty", 30),    NAMED("dreißig", 30),
    NAMED("dreissig", 30),  NAMED("trente", 30),    NAMED("treinta", 30),   NAMED("trenta", 30),
    NAMED("trinta", 30),    NAMED("dertig", 30),    NAMED("trettio", 30),   NAMED("tredive", 30),
    NAMED("forty", 40),     NAMED("vierzig", 40),   NAMED("quarante", 40),  NAMED("cuarenta", 40),
    NAMED("quaranta", 40),  NAMED("quarenta", 40),  NAMED("veertig", 40),   NAMED("fifty", 50),
    NAMED("fünfzig", 50),   NAMED("fuenfzig", 50),  NAMED("cinquante", 50), NAMED("cincuenta", 50),
    NAMED("cinquanta", 50), NAMED("cinquenta", 50), NAMED("vijftig", 50),   NAMED("sixty", 60),
    NAMED("sechzig", 60),   NAMED("soixante", 60),  NAMED("sesenta", 60),   NAMED("sessanta", 60),
    NAMED("sessenta", 60),  NAMED("zestig", 60),    NAMED("ninety", 90),    NAMED("neunzig", 90),
    NAMED("noventa", 90),   NAMED("novanta", 90),   NAMED("negentig", 90),
};

/* Parts of a unit: by what it is divided. */
static const struct named parts[] = {
    NAMED("half", 2),   NAMED("halbe", 2),   NAMED("halben", 2),  NAMED("halber", 2),
    NAMED("demi", 2),   NAMED("demie", 2),   NAMED("media", 2),   NAMED("medio", 2),
    NAMED("mezza", 2),  NAMED("mezz", 2),    NAMED("meia", 2),    NAMED("halv", 2),
    NAMED("halvt", 2),  NAMED("quarter", 4), NAMED("viertel", 4), NAMED("quart", 4),
    NAMED("cuarto", 4), NAMED("quarto", 4),  NAMED("kwart", 4),   NAMED("kvart", 4),
};

static const struct named joined_units[] = {
    NAMED("mezzora", 1800),
    NAMED("halfuur", 1800),
    NAMED("viertelstunde", 900),
    NAMED("kwartier", 900),
};

/* Before a number that is a wait; not "messages a minute". */
static const struct named leads[] = {
    NAMED("in", 1),      NAMED("after", 1),     NAMED("for", 1),
    NAMED("within", 1),  NAMED("wait", 1),      NAMED("least", 1),
    NAMED("about", 1),   NAMED("around", 1),    NAMED("approximately", 1),
    NAMED("another", 1), NAMED("nach", 1),      NAMED("warten", 1),
    NAMED("sie", 1),     NAMED("fuer", 1),      NAMED("für", 1),
    NAMED("dans", 1),    NAMED("après", 1),     NAMED("apres", 1),
    NAMED("pendant", 1), NAMED("attendre", 1),  NAMED("attendez", 1),
    NAMED("en", 1),      NAMED("dentro", 1),    NAMED("de", 1),
    NAMED("espere", 1),  NAMED("esperar", 1),   NAMED("tras", 1),
    NAMED("em", 1),      NAMED("após", 1),      NAMED("apos", 1),
    NAMED("aguarde", 1), NAMED("tra", 1),       NAMED("fra", 1),
    NAMED("dopo", 1),    NAMED("attendere", 1), NAMED("attenda", 1),
    NAMED("over", 1),    NAMED("na", 1),        NAMED("wacht", 1),
    NAMED("om", 1),      NAMED("efter", 1),
};

static const struct named fillers[] = {
    NAMED("of", 1),  NAMED("d", 1),     NAMED("de", 1),     NAMED("la", 1),
    NAMED("the", 1), NAMED("about", 1), NAMED("around", 1), NAMED("some", 1),
};

#define LETTER(c) (1u << ((c) - 'a'))

/* With which letters the units of other languages begin. */
#define FIRST_LETTERS                                                                              \
    (LETTER('d') | LETTER('g') | LETTER('h') | LETTER('j') | LETTER('m') | LETTER('o') |           \
     LETTER('p') | LETTER('s') | LETTER('t') | LETTER('u'))
#define MAY_BEGIN(lower) ((lower) >= 'a' && (lower) <= 'z' && FIRST_LETTERS >> ((lower) - 'a') & 1)

static bool in_word(char c)
{
    return mxp_is_alnum(c) || (unsigned char)c >= 0x80;
}

/* 0: it is not in the table. */
static uint32_t value_of(const struct named *table, size_t n, struct mxp_slice word)
{
    char first = mxp_lower(word.ptr[0]);
    for (size_t i = 0; i < n; i++)
        if (table[i].len == word.len && table[i].text[0] == first &&
            mxp_slice_ieq(word, (struct mxp_slice){table[i].text, table[i].len}))
            return table[i].value;
    return 0;
}

#define VALUE_OF(table, word) value_of(table, sizeof(table) / sizeof *(table), word)

/* The word at or behind *at, and *at behind it; empty: none before the line's or sentence's end. */
static struct mxp_slice next_word(struct mxp_slice text, size_t *at)
{
    while (*at < text.len && !in_word(text.ptr[*at])) {
        if (text.ptr[*at] == '.' || text.ptr[*at] == ';' || text.ptr[*at] == ',')
            return MXP_SLICE_NONE;
        ++*at;
    }
    size_t from = *at;
    while (*at < text.len && in_word(text.ptr[*at]))
        ++*at;
    return mxp_slice_sub(text, from, *at - from);
}

uint32_t mxp_extract_foreign_unit_at(struct mxp_slice text, size_t at, size_t *ret_end)
{
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '-'))
        at++;
    unsigned first = at < text.len ? (unsigned char)mxp_lower(text.ptr[at]) : 0;
    if (first < 0x80 && !MAY_BEGIN(first))
        return 0;
    for (size_t i = 0; i < sizeof foreign_units / sizeof *foreign_units; i++) {
        const struct unit *unit = &foreign_units[i];
        size_t end = at + unit->len;
        if ((char)first != unit->text[0] || end > text.len ||
            (!unit->stem && end < text.len && in_word(text.ptr[end])) ||
            !mxp_slice_ieq(mxp_slice_sub(text, at, unit->len),
                           (struct mxp_slice){unit->text, unit->len}))
            continue;
        *ret_end = end;
        return unit->seconds;
    }
    return 0;
}

/* From behind a lead: "ten minutes", "a quarter of an hour". */
static uint64_t number_behind(struct mxp_slice text, size_t at)
{
    uint64_t n = 0;
    uint32_t part = 1;
    for (int i = 0; i < WORDS_AHEAD; i++) {
        size_t begin = at, end;
        struct mxp_slice word = next_word(text, &at);
        if (!word.len)
            return 0;
        begin = (size_t)(word.ptr - text.ptr);
        uint32_t value = VALUE_OF(numbers, word), unit = VALUE_OF(joined_units, word);
        if (unit)
            return unit * (n ? n : 1);
        if (VALUE_OF(fillers, word))
            continue;
        if (value && n >= 20 && value < 10)
            n += value;
        else if (value)
            n = value;
        else if (part == 1 && (value = VALUE_OF(parts, word)))
            part = value;
        else if ((n || part > 1) && ((unit = mxp_extract_unit_at(text, begin, &end)) ||
                                     (unit = mxp_extract_foreign_unit_at(text, begin, &end))))
            return (n ? n : 1) * unit / part;
        else
            return 0;
    }
    return 0;
}

uint32_t mxp_extract_spoken_wait_s(struct mxp_slice text)
{
    text = mxp_slice_sub(text, 0, MXP_EXTRACT_MAX);
    if (!mxp_extract_asks_wait(text) && !mxp_extract_asks_foreign(text))
        return 0;
    for (size_t at = 0; at < text.len;) {
        while (at < text.len && !in_word(text.ptr[at]))
            at++;
        struct mxp_slice word = next_word(text, &at);
        uint64_t seconds = word.len && VALUE_OF(leads, word) ? number_behind(text, at) : 0;
        if (seconds)
            return mxp_extract_at_most_a_day(seconds);
    }
    return 0;
}

bool mxp_extract_asks_foreign(struct mxp_slice text)
{
    static const struct mxp_slice words[] = {
        MXP_SLICE_LIT("opnieuw"),   MXP_SLICE_LIT("igen"),     MXP_SLICE_LIT("uudelleen"),
        MXP_SLICE_LIT("ponownie"),  MXP_SLICE_LIT("znovu"),    MXP_SLICE_LIT("tekrar"),
        MXP_SLICE_LIT("riprova"),   MXP_SLICE_LIT("ritenta"),  MXP_SLICE_LIT("nuevamente"),
        MXP_SLICE_LIT("novamente"), MXP_SLICE_LIT("reintent"), MXP_SLICE_LIT("vuelva"),
        MXP_SLICE_LIT("повтор"),    MXP_SLICE_LIT("через"),    MXP_SLICE_LIT("позже"),
        MXP_SLICE_LIT("重试"),      MXP_SLICE_LIT("重試"),     MXP_SLICE_LIT("再"),
        MXP_SLICE_LIT("后"),        MXP_SLICE_LIT("後"),       MXP_SLICE_LIT("다시"),
        MXP_SLICE_LIT("später"),    MXP_SLICE_LIT("réessay"),  MXP_SLICE_LIT("wacht"),
    };
    for (size_t at = 0; at < text.len; at++) {
        struct mxp_slice rest = mxp_slice_sub(text, at, text.len);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (mxp_slice_istarts(rest, words[i]))
                return true;
    }
    return false;
}

/* The word that ends before at, blanks between passed over. */
static struct mxp_slice word_before(struct mxp_slice text, size_t at)
{
    while (at > 0 && text.ptr[at - 1] == ' ')
        at--;
    size_t end = at;
    while (at > 0 && text.ptr[at - 1] > ' ')
        at--;
    return mxp_slice_sub(text, at, end - at);
}

static bool is_date(struct mxp_slice word)
{
    size_t digits = 0, marks = 0;
    for (size_t i = 0; i < word.len; i++) {
        digits += mxp_is_digit(word.ptr[i]);
        marks += word.ptr[i] == '-' || word.ptr[i] == '/' || word.ptr[i] == '.';
    }
    return digits >= 4 && (marks >= 2 || digits == word.len);
}

bool mxp_extract_is_time_of_day(struct mxp_slice text, size_t at, size_t end)
{
    static const struct named zones[] = {
        NAMED("utc", 1), NAMED("gmt", 1),  NAMED("z", 1),   NAMED("am", 1),  NAMED("pm", 1),
        NAMED("cet", 1), NAMED("cest", 1), NAMED("est", 1), NAMED("edt", 1), NAMED("cst", 1),
        NAMED("cdt", 1), NAMED("pst", 1),  NAMED("pdt", 1), NAMED("msk", 1), NAMED("jst", 1),
        NAMED("bst", 1), NAMED("uhr", 1)};
    static const struct named points[] = {NAMED("at", 1),  NAMED("until", 1),  NAMED("till", 1),
                                          NAMED("til", 1), NAMED("before", 1), NAMED("um", 1),
                                          NAMED("bis", 1), NAMED("by", 1)};
    struct mxp_slice before = word_before(text, at);
    bool zone = at > 1 && (text.ptr[at - 1] == '+' || text.ptr[at - 1] == '-') &&
                mxp_is_digit(text.ptr[at - 2]);
    if (zone || is_date(before) || (before.len && VALUE_OF(points, before)))
        return true;
    if (end < text.len && (text.ptr[end] == '+' || text.ptr[end] == '-'))
        return true;
    struct mxp_slice behind = next_word(text, &end);
    return behind.len && VALUE_OF(zones, behind);
}
