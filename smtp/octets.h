/*
 * What the octets of a reply are: letters, digits, or what separates them. For one octet by a
 * table; for 64 at once as bit masks, so that the ends of words are found without a loop over
 * their letters, whose end no processor foresees.
 */
#ifndef MXP_SMTP_OCTETS_H
#define MXP_SMTP_OCTETS_H

#include "core/slice.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MXP_OCTETS 64 /* of one block */

/* An octet's lower case where it is a letter or digit of ASCII; HIGH above 127; else it separates
 * words, and INNER may stand in an address. */
enum { MXP_OCTET_OTHER, MXP_OCTET_INNER, MXP_OCTET_HIGH };
extern const unsigned char mxp_octet_letters[256];

static inline unsigned char mxp_octet(char c)
{
    return mxp_octet_letters[(unsigned char)c];
}

/* Of those that separate words; the others, as / ? = & . -, may stand in a URL. */
static inline bool mxp_octet_ends_url(char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case '<':
    case '>':
    case '"':
    case '(':
    case ')':
    case '[':
    case ']':
    case ',':
        return true;
    default:
        return false;
    }
}

/* Bit i is of octet i. */
struct mxp_octets {
    uint64_t word; /* letters and digits of ASCII */
    uint64_t join; /* above 127, or an apostrophe: a word may go on there */
    uint64_t mark; /* \n, and the colon of :/ */
};

#ifdef __SSE2__

static inline __m128i mxp_octets_up_to(__m128i octets, char from, char count)
{
    __m128i from_0 = _mm_sub_epi8(octets, _mm_set1_epi8(from));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_0, _mm_set1_epi8((char)(count - 1))), from_0);
}

static inline void mxp_octets_16(const char *at, unsigned shift, struct mxp_octets *ret)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i alpha = mxp_octets_up_to(_mm_or_si128(octets, _mm_set1_epi8(0x20)), 'a', 26);
    __m128i word = _mm_or_si128(alpha, mxp_octets_up_to(octets, '0', 10));
    __m128i join = _mm_or_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('\'')), octets);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(at + 1));
    __m128i mark = _mm_and_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8(':')),
                                 _mm_cmpeq_epi8(next, _mm_set1_epi8('/')));
    mark = _mm_or_si128(mark, _mm_cmpeq_epi8(octets, _mm_set1_epi8('\n')));
    ret->word |= (uint64_t)(unsigned)_mm_movemask_epi8(word) << shift;
    ret->join |= (uint64_t)(unsigned)_mm_movemask_epi8(join) << shift; /* the upper bit counts */
    ret->mark |= (uint64_t)(unsigned)_mm_movemask_epi8(mark) << shift;
}

#else

static inline void mxp_octets_16(const char *at, unsigned shift, struct mxp_octets *ret)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned char is = mxp_octet(at[i]);
        ret->word |= (uint64_t)(is > MXP_OCTET_HIGH) << (shift + i);
        ret->join |= (uint64_t)(is == MXP_OCTET_HIGH || at[i] == '\'') << (shift + i);
        ret->mark |= (uint64_t)(at[i] == '\n' || (at[i] == ':' && at[i + 1] == '/')) << (shift + i);
    }
}

#endif

/* at: MXP_OCTETS of them and one can be read. */
static inline struct mxp_octets mxp_octets_read(const char *at)
{
    struct mxp_octets octets = {0, 0, 0};
    for (unsigned i = 0; i < MXP_OCTETS; i += 16)
        mxp_octets_16(at + i, i, &octets);
    return octets;
}

/* Where words begin in a text: at letters and digits of ASCII that have none before them. */
struct mxp_octets_starts {
    struct mxp_slice text;
    size_t block, next; /* the block, and the one behind it */
    uint64_t starts;    /* in the block, as far as they are not told yet */
    uint64_t inside;    /* 1: the block ends within a word */
};

static inline bool mxp_octets_next_start(struct mxp_octets_starts *starts, size_t *ret_at)
{
    while (!starts->starts) {
        char tail[MXP_OCTETS + 1] = {0};
        if (starts->next >= starts->text.len)
            return false;
        const char *at = starts->text.ptr + starts->next;
        size_t left = starts->text.len - starts->next;
        if (left <= MXP_OCTETS)
            at = memcpy(tail, at, left);
        uint64_t word = mxp_octets_read(at).word;
        starts->starts = word & ~(word << 1 | starts->inside);
        starts->inside = word >> (MXP_OCTETS - 1);
        starts->block = starts->next;
        starts->next += MXP_OCTETS;
    }
    *ret_at = starts->block + (size_t)__builtin_ctzll(starts->starts);
    starts->starts &= starts->starts - 1;
    return true;
}

#endif
