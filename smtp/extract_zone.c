#include "smtp/extract.h"

#include "smtp/octets.h"

#define NAME_MAX_LEN 255 /* RFC 1035 */

/* "listed at X", "found in X": the word before the one that leads to a zone's name. */
static const struct mxp_slice lists[] = {
    MXP_SLICE_LIT("listed"), MXP_SLICE_LIT("blacklisted"), MXP_SLICE_LIT("blocklisted"),
    MXP_SLICE_LIT("list"),   MXP_SLICE_LIT("blacklist"),   MXP_SLICE_LIT("blocklist"),
    MXP_SLICE_LIT("rbl"),    MXP_SLICE_LIT("dnsbl"),       MXP_SLICE_LIT("found"),
};

/* In the path of the page at which a list may be asked. */
static const struct mxp_slice page_words[] = {
    MXP_SLICE_LIT("rbl"),       MXP_SLICE_LIT("dnsbl"),  MXP_SLICE_LIT("lookup"),
    MXP_SLICE_LIT("query"),     MXP_SLICE_LIT("delist"), MXP_SLICE_LIT("remov"),
    MXP_SLICE_LIT("bl?"),       MXP_SLICE_LIT("bl/"),    MXP_SLICE_LIT("blacklist"),
    MXP_SLICE_LIT("blocklist"),
};

static bool in_name(char c)
{
    return mxp_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* The domain name at at: two labels and more, the last of letters, nobody's mailbox. */
static struct mxp_slice domain_at(struct mxp_slice text, size_t at)
{
    size_t end = at, last = at;
    if (at >= text.len || !mxp_is_alnum(text.ptr[at]))
        return MXP_SLICE_NONE;
    while (end < text.len && end - at < NAME_MAX_LEN && in_name(text.ptr[end]))
        end++;
    bool more = end < text.len && text.ptr[end] == '@';
    while (end > at && !mxp_is_alnum(text.ptr[end - 1]))
        end--;
    for (size_t i = at; i < end; i++)
        if (text.ptr[i] == '.')
            last = i + 1;
    bool letters = last > at + 1 && end > last + 1;
    for (size_t i = last; i < end; i++)
        letters = letters && mxp_is_alpha(text.ptr[i]);
    return letters && !more ? mxp_slice_sub(text, at, end - at) : MXP_SLICE_NONE;
}

static bool is_one_of(struct mxp_slice word, const char *twos)
{
    for (; *twos; twos += 2)
        if (mxp_lower(word.ptr[0]) == twos[0] && mxp_lower(word.ptr[1]) == twos[1])
            return true;
    return false;
}

static bool leads_to_name(struct mxp_slice before, struct mxp_slice word)
{
    if (word.len == 5)
        return mxp_slice_ieq(word, MXP_SLICE_LIT("using"));
    if (word.len != 2 || !is_one_of(word, "atinonby"))
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (mxp_slice_ieq(before, lists[i]))
            return true;
    return false;
}

/* "\n550-5.7.1 " at at: behind the codes of the next line. */
static size_t skip_line_end(struct mxp_slice text, size_t at)
{
    if (at >= text.len || text.ptr[at] != '\n')
        return at;
    size_t end = at + 1;
    while (end < text.len && (mxp_is_digit(text.ptr[end]) || text.ptr[end] == '.' ||
                              text.ptr[end] == '-' || text.ptr[end] == ' '))
        end++;
    return end < text.len && text.ptr[end - 1] != '.' && !mxp_is_digit(text.ptr[end - 1]) ? end
                                                                                          : at + 1;
}

/* How long what may stand between such a word and the name is; 0: there is none. */
static size_t opening_at(struct mxp_slice text, size_t at)
{
    static const struct mxp_slice openings[] = {
        MXP_SLICE_LIT("the "), MXP_SLICE_LIT("http://"), MXP_SLICE_LIT("https://"),
        MXP_SLICE_LIT("'"),    MXP_SLICE_LIT("\""),      MXP_SLICE_LIT("["),
        MXP_SLICE_LIT("("),    MXP_SLICE_LIT("<"),       MXP_SLICE_LIT(":"),
        MXP_SLICE_LIT(" "),
    };
    struct mxp_slice rest = mxp_slice_sub(text, at, text.len);
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (mxp_slice_istarts(rest, openings[i]))
            return openings[i].len;
    return 0;
}

static struct mxp_slice name_behind(struct mxp_slice text, size_t at)
{
    size_t len;
    while ((len = opening_at(text, at)) > 0)
        at += len;
    return domain_at(text, skip_line_end(text, at));
}

/* The whole word at at; empty at the text's end. */
static struct mxp_slice word_at(struct mxp_slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && mxp_is_alnum(text.ptr[end]))
        end++;
    return mxp_slice_sub(text, at, end - at);
}

/* As long as the words that lead to a name, or empty. */
static struct mxp_slice short_word_at(struct mxp_slice text, size_t at)
{
    char first = mxp_lower(text.ptr[at]);
    bool may = first == 'a' || first == 'b' || first == 'i' || first == 'o' || first == 'u';
    return may ? word_at(text, at) : MXP_SLICE_NONE;
}

struct mxp_slice mxp_extract_zone(struct mxp_slice text)
{
    text = mxp_slice_sub(text, 0, MXP_EXTRACT_MAX);
    struct mxp_octets_starts starts = {.text = text};
    size_t at, before = text.len;
    for (; mxp_octets_next_start(&starts, &at); before = at) {
        struct mxp_slice word = short_word_at(text, at);
        if (!word.len || !leads_to_name(word_at(text, before), word))
            continue;
        struct mxp_slice name = name_behind(text, at + word.len);
        if (name.len)
            return name;
    }
    return MXP_SLICE_NONE;
}

/* From the scheme's "://" on: a path or query that says that a list is asked there. */
static bool is_list_page(struct mxp_slice url)
{
    size_t path = 0;
    while (path < url.len && in_name(url.ptr[path]))
        path++;
    for (size_t at = path; at + 1 < url.len; at++) {
        if (mxp_is_alnum(url.ptr[at]))
            continue;
        struct mxp_slice word = mxp_slice_sub(url, at + 1, url.len);
        for (size_t i = 0; i < sizeof page_words / sizeof *page_words; i++)
            if (mxp_slice_istarts(word, page_words[i]))
                return true;
    }
    return false;
}

struct mxp_slice mxp_extract_list_page(struct mxp_slice text)
{
    text = mxp_slice_sub(text, 0, MXP_EXTRACT_MAX);
    size_t at = 0;
    while ((at += mxp_slice_find(mxp_slice_sub(text, at, text.len), ':')) + 3 < text.len) {
        at++;
        if (text.ptr[at] != '/' || text.ptr[at + 1] != '/')
            continue;
        size_t from = at + 2, end = from;
        while (end < text.len && (unsigned char)text.ptr[end] > ' ' && text.ptr[end] != '>' &&
               text.ptr[end] != ')')
            end++;
        if (is_list_page(mxp_slice_sub(text, from, end - from)))
            return domain_at(text, from);
        at = end;
    }
    return MXP_SLICE_NONE;
}
