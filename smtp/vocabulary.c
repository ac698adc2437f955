#include "smtp/vocabulary.h"

bool mxp_vocabulary_next(const struct mxp_vocabulary *vocabulary, struct mxp_octets_starts *starts,
                         size_t *ret_at)
{
    struct mxp_slice text = starts->text;
    size_t at;
    while (mxp_octets_next_start(starts, &at)) {
        unsigned letter = (unsigned)(unsigned char)(text.ptr[at] | 0x20) - 'a';
        if (letter >= 26 || at + 1 >= text.len ||
            !(vocabulary->seconds[letter] & MXP_SECOND(text.ptr[at + 1])))
            continue;
        for (size_t i = vocabulary->begins[letter]; i < vocabulary->begins[letter + 1]; i++)
            if (mxp_vocable_at(text, at, &vocabulary->words[i]))
                return *ret_at = at, true;
    }
    return false;
}
