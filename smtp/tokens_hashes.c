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
#define TAIL       48

/* A text, and room for the copy of its end. */
struct blocks {
    const char *begin, *end;
    char tail[BLOCK_READ];
};

/* The block that begins at text, or for the last octets of a text of TAIL or more before; so that
 * so many are copied, which takes no loop. */
static inline struct block read_block(struct blocks *blocks, const char *text)
{
    size_t left = (size_t)(blocks->end - text);
    struct block block = {.text = text, .octets = text};
    if (left < BLOCK_READ) {
        memset(blocks->tail, 0, BLOCK_READ);
        block.octets = blocks->tail;
        if (left <= TAIL && blocks->end - blocks->begin >= TAIL) {
            block.text = blocks->end - TAIL;
            memcpy(blocks->tail, block.text, TAIL);
        } else if (left) {
            memcpy(blocks->tail, text, left);
        }
    }
    block.is = mxp_octets_read(block.octets);
    return block;
}

struct pieces {
    uint64_t first, second;
};

/* The first len of sixteen octets, letters and digits, in lower case: the bit 0x20 is all that
 * tells the cases apart. */
static inline struct pieces take_pieces(const char *from, size_t len)
{
    static const unsigned char keep[2 * MXP_TOKEN_PIECE] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                            255, 255, 255, 255, 255, 255, 255, 255};
    static const uint64_t lower = UINT64_C(0x2020202020202020);
    struct pieces pieces, mask;
    memcpy(&pieces, from, sizeof pieces);
    memcpy(&mask, keep + MXP_TOKEN_PIECE - len, sizeof mask);
    pieces.first = (pieces.first | lower) & mask.first;
    pieces.second = (pieces.second | lower) & mask.second;
    return pieces;
}

static inline uint64_t hash_pieces(const struct pieces *pieces)
{
    return mxp_token_finish(mxp_token_mix(0, pieces->first, pieces->second));
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

/* A common word: letters and digits alone, at most sixteen, and it can be no IP address, nor the
 * beginning of an address, as it is before limit. */
static inline bool is_common(const struct block *block, size_t start, size_t end, const char *limit)
{
    return end - start <= MXP_TOKEN_PIECE && block->text + start < limit &&
           !(mxp_is_digit(block->octets[start]) && block->octets[end] == '.');
}

static inline size_t take_run(struct run *run, const struct block *block, const char *limit,
                              uint64_t *ret, size_t n)
{
    size_t i = 0;
    for (; i < n && run->ends; i++) {
        size_t start = (size_t)__builtin_ctzll(run->starts);
        size_t end = (size_t)__builtin_ctzll(run->ends);
        if (!is_common(block, start, end, limit))
            break;
        struct pieces pieces = take_pieces(block->octets + start, end - start);
        if (mxp_token_is_temporary((const char *)&pieces))
            break;
        ret[i] = hash_pieces(&pieces);
        run->starts &= run->starts - 1;
        run->ends &= run->ends - 1;
        run->off = end;
    }
    return i;
}

/* The same inside of a URL, whose words have a slash before them. False in *ret_url: it ends. */
static inline size_t take_url_run(struct run *run, const struct block *block, const char *limit,
                                  uint64_t *ret, size_t n, bool *ret_url)
{
    size_t i = 0;
    for (; i < n && run->ends; i++) {
        size_t start = (size_t)__builtin_ctzll(run->starts);
        size_t end = (size_t)__builtin_ctzll(run->ends);
        while (run->off < start && !mxp_octet_ends_url(block->octets[run->off]))
            run->off++;
        *ret_url = run->off == start;
        if (!*ret_url || start == 0 || end - start == MXP_TOKEN_PIECE ||
            !is_common(block, start, end, limit))
            break;
        struct pieces pieces = take_pieces(block->octets + start - 1, end - start + 1);
        *(char *)&pieces = '/';
        ret[i] = hash_pieces(&pieces);
        run->starts &= run->starts - 1;
        run->ends &= run->ends - 1;
        run->off = end;
    }
    return i;
}

/* To behind a run in which nothing is left but separators, perhaps the beginning of a word: false:
 * there is something else, or the text ends. */
static inline bool go_on(struct mxp_tokens *tokens, struct blocks *blocks, struct block *block,
                         const struct run *run, size_t *ret_off)
{
    size_t off = run->starts ? (size_t)__builtin_ctzll(run->starts) : run->special;
    const char *next = block->text + off;
    *ret_off = off;
    if (run->ends || run->special < MXP_OCTETS) {
        char c = block->octets[off];
        if (run->starts || (c != '\n' && c != '\''))
            return false;
        tokens->line_start = c == '\n';
        return ++*ret_off, !tokens->line_start;
    }
    if (next >= blocks->end) {
        *ret_off = (size_t)(blocks->end - block->text);
        return false;
    }
    if (off == 0)
        return false; /* a word longer than a block */
    *block = read_block(blocks, next);
    *ret_off = (size_t)(next - block->text);
    return true;
}

/* Common words up to the next other one, which is for mxp_tokens_next, or the end of a line. */
static inline size_t common_words(struct mxp_tokens *tokens, struct blocks *blocks,
                                  struct block *block, uint64_t *ret, size_t n)
{
    size_t i = 0, off = (size_t)(tokens->at - block->text);
    if (off >= MXP_OCTETS) {
        *block = read_block(blocks, tokens->at);
        off = (size_t)(tokens->at - block->text);
    }
    while (i < n) {
        struct run run = run_of(block, off);
        bool url = tokens->url;
        if (url)
            i += take_url_run(&run, block, tokens->address, ret + i, n - i, &tokens->url);
        else
            i += take_run(&run, block, tokens->address, ret + i, n - i);
        off = run.off;
        if (tokens->url || i == n)
            break;
        if (!url && !go_on(tokens, blocks, block, &run, &off))
            break;
    }
    tokens->at = block->text + off;
    return i;
}

size_t mxp_tokens_hashes(struct mxp_tokens *tokens, uint64_t *ret, size_t n)
{
    struct blocks blocks;
    struct mxp_token token;
    blocks.begin = tokens->at;
    blocks.end = tokens->end;
    struct block block = read_block(&blocks, tokens->at);
    size_t i = 0;
    while (i < n) {
        if (tokens->line_start)
            tokens->at = mxp_tokens_skip_codes(tokens->at, tokens->end);
        tokens->line_start = false;
        i += common_words(tokens, &blocks, &block, ret + i, n - i);
        if (tokens->line_start)
            continue;
        if (i == n || !mxp_tokens_next(tokens, &token))
            break;
        ret[i++] = token.hash;
    }
    return i;
}
