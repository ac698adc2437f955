/*
 * A few words that are looked for in a text as it stands, each where a word of the text begins.
 * Case does not matter. For many words and phrases there are the rules (rules.h).
 */
#ifndef MXP_SMTP_VOCABULARY_H
#define MXP_SMTP_VOCABULARY_H

#include "core/slice.h"
#include "smtp/octets.h"

struct mxp_vocable {
    const char *text; /* lower case; its first two are letters, or '.' as the second */
    uint8_t len;
};

#define MXP_VOCABLE(s)                                                                             \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

struct mxp_vocabulary {
    const struct mxp_vocable *words; /* by first letter */
    uint8_t begins[27];              /* where those of each letter begin, and the end */
    uint32_t seconds[26];            /* by first letter: MXP_SECOND of their second letters */
};

#define MXP_SECOND(c) (UINT32_C(1) << ((c)&31))

static inline bool mxp_vocable_at(struct mxp_slice text, size_t at, const struct mxp_vocable *word)
{
    if (text.len - at < word->len)
        return false;
    for (size_t i = 0; i < word->len; i++)
        if (mxp_lower(text.ptr[at + i]) != word->text[i])
            return false;
    return true;
}

/* The next start from where starts is that begins with one of the words; false: none. */
bool mxp_vocabulary_next(const struct mxp_vocabulary *vocabulary, struct mxp_octets_starts *starts,
                         size_t *ret_at);

#endif
