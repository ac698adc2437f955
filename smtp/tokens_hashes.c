#include "smtp/octets.h"
#include "smtp/tokens.h"
#include "smtp/tokens_hash.h"
#include "smtp/tokens_skip.h"

#include <string.h>

/* Sixty-four octets of the text and the sixteen behind them, which can be read in any case: the
 * last ones of a text are a copy, with NULs behind. */
struct block {
    const char *text; /* where it begins there */
    const char *octets;
    struct mxp_octets is;
};

#define BLOCK_READ (MXP_OCTETS + MXP_TOKEN_PIECE)

static inline struct block read_block(const char *text, const char *end, char tail[BLOCK_READ])
{
    size_t left = (size_t)(end - text);
    struct block block = {.text = text, .octets = text};
    if (left < BLOCK_READ) {
        memset(tail, 0, BLOCK_READ);
        if (left)
            memcpy(tail, text, left);
        block.octets = tail;
    }
    block.is = mxp_octets_read(block.octets);
    return block;
}

/* The hash of one to sixteen letters and digits, as take_word and seal of tokens.c would have it:
 * the bit 0x20 is all that tells the cases apart. False: it is a form of "temporary". */
static inline bool hash_plain(const char *from, size_t len, uint64_t *ret)
{
    static const unsigned char keep[2 * MXP_TOKEN_PIECE] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                            255, 255, 255, 255, 255, 255, 255, 255};
    static const uint64_t lower = UINT64_C(0x2020202020202020);
    uint64_t piece[2], mask[2];
    memcpy(piece, from, sizeof piece);
    memcpy(mask, keep + MXP_TOKEN_PIECE - len, sizeof mask);
    piece[0] = (piece[0] | lower) & mask[0];
    piece[1] = (piece[1] | lower) & mask[1];
    *ret = mxp_token_finish(mxp_token_mix(0, piece[0], piece[1]));
    return !mxp_token_is_temporary((const char *)piece);
}

/* Positions in a block, and what may be taken there as common words. */
struct run {
    size_t off;            /* of what is not taken yet */
    size_t special;        /* the first octet from off on that is a join or mark; 64: none */
    uint64_t starts, ends; /* of words between: the last may have no end */
};

static inline uint64_t from_bit(size_t bit)
{
    return bit < MXP_OCTETS ? UINT64_MAX << bit : 0;
}

static inline struct run run_of(const struct block *block, size_t off)
{
    uint64_t word = block->is.word & from_bit(off);
    uint64_t special = (block->is.join | block->is.mark) & from_bit(off);
    struct run run = {off, special ? (size_t)__builtin_ctzll(special) : MXP_OCTETS, 0, 0};
    uint64_t before = ~from_bit(run.special);
    run.starts = word & ~(word << 1) & before;
    /* A word ends at a mark, but goes on at a join. */
    run.ends = ~word & word << 1 & (before | (block->is.mark & (special & -special)));
    return run;
}

/* Takes common words: letters and digits alone, at most sixteen, none of them at or behind limit,
 * where an address may begin. */
static inline size_t take_run(struct run *run, const struct block *block, const char *limit,
                              uint64_t *ret, size_t n)
{
    size_t i = 0;
    for (; i < n && run->ends; i++) {
        size_t start = (size_t)__builtin_ctzll(run->starts);
        size_t end = (size_t)__builtin_ctzll(run->ends);
        const char *from = block->octets + start;
        if (end - start > MXP_TOKEN_PIECE || block->text + start >= limit ||
            (mxp_is_digit(*from) && block->octets[end] == '.') ||
            !hash_plain(from, end - start, &ret[i]))
            break;
        run->starts &= run->starts - 1;
        run->ends &= run->ends - 1;
        run->off = end;
    }
    return i;
}

/* What may be between common words. */
static inline bool pass_special(struct mxp_tokens *tokens, const char *octet)
{
    tokens->line_start = *octet == '\n';
    return *octet == '\n' || *octet == '\'' || (*octet == ':' && octet[1] != '/');
}

/* Common words up to the next other one, which is for mxp_tokens_next, or the end of a line. */
static inline size_t plain_words(struct mxp_tokens *tokens, struct block *block,
                                 char tail[BLOCK_READ], uint64_t *ret, size_t n)
{
    size_t i = 0, off = (size_t)(tokens->at - block->text);
    while (i < n && !tokens->line_start) {
        struct run run = run_of(block, off);
        i += take_run(&run, block, tokens->address, ret + i, n - i);
        off = run.off;
        const char *next = NULL;
        if (i == n)
            break;
        if (run.starts) { /* a word that is not common, or that may go on in the next block */
            off = (size_t)__builtin_ctzll(run.starts);
            if (run.ends || run.special < MXP_OCTETS || off == 0)
                break;
            next = block->text + off;
        } else if (run.special < MXP_OCTETS) {
            off = run.special;
            if (!pass_special(tokens, block->octets + off))
                break;
            off++;
            continue;
        } else {
            next = block->text + (off < MXP_OCTETS ? MXP_OCTETS : off);
            if (next >= tokens->end)
                next = tokens->end;
        }
        off = (size_t)(next - block->text);
        if (next == tokens->end)
            break;
        *block = read_block(next, tokens->end, tail);
        off = 0;
    }
    tokens->at = block->text + off;
    return i;
}

size_t mxp_tokens_hashes(struct mxp_tokens *tokens, uint64_t *ret, size_t n)
{
    char tail[BLOCK_READ];
    struct mxp_token token;
    struct block block = read_block(tokens->at, tokens->end, tail);
    size_t i = 0;
    while (i < n) {
        if (tokens->line_start)
            tokens->at = mxp_tokens_skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        if (!tokens->url)
            i += plain_words(tokens, &block, tail, ret + i, n - i);
        if (tokens->line_start)
            continue;
        if (i == n || !mxp_tokens_next(tokens, &token))
            break;
        ret[i++] = token.hash;
    }
    return i;
}
