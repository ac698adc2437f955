/*
 * The words of a reply, for the rules: runs of letters and digits in lower case, an
 * apostrophe inside dropped ("doesn't" is "doesnt"). Everything else separates.
 *
 * Letters with accents lose them, in UTF-8 and in Latin-1 alike ("Empfänger" is "empfanger").
 * Any other character above 127 is a word of its own, Cyrillic ones in lower case: scripts
 * without blanks, and stems of words, are matched character by character. Octets that are
 * no UTF-8 are words too.
 *
 * A word of a URL, from its host on, starts with a slash: "/spamhaus". Help pages are named
 * after all causes at once, so only rules that mean a URL shall find them.
 *
 * What says nothing is passed over: the code and enhanced code at the start of each line.
 * An address becomes the one word "addr", an IP address "ip"; so no word inside them is taken
 * for a cause. Every form of "temporary", in any language that has the stem, is "temporar".
 */
#ifndef MXP_SMTP_TOKENS_H
#define MXP_SMTP_TOKENS_H

#include "core/slice.h"

#define MXP_TOKEN_MAX 48 /* a longer word is in no rule: it is cut */

struct mxp_tokens {
    const char *at, *end;
    bool line_start, reply; /* reply: lines start with codes */
    /* private */
    bool url;                   /* inside of one */
    const char *address, *sign; /* the next mail address, from at on, and its @; end: none */
};

struct mxp_token {
    char text[MXP_TOKEN_MAX + 16]; /* padded with NULs to a multiple of sixteen */
    uint32_t len;
    uint64_t hash; /* never 0; no two words of any text are expected to share one */
};

/* text: a reply's lines, or with reply false, words alone. */
void mxp_tokens_init(struct mxp_tokens *tokens, struct mxp_slice text, bool reply);
bool mxp_tokens_next(struct mxp_tokens *tokens, struct mxp_token *ret);

/* tokens_hashes.c: the hashes of the next words of a reply, at most n; fewer: these
 * were the last. */
size_t mxp_tokens_hashes(struct mxp_tokens *tokens, uint64_t *ret, size_t n);

#endif
