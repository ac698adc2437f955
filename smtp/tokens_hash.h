/*
 * The hash of a word: over sixteen octets at a time, with NULs behind the last. Its upper bits are
 * made of all octets, the lower ones are not.
 */
#ifndef MXP_SMTP_TOKENS_HASH_H
#define MXP_SMTP_TOKENS_HASH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MXP_TOKEN_PIECE 16

/* hash: of the octets before; at first 0. */
static inline uint64_t mxp_token_mix(uint64_t hash, uint64_t first, uint64_t second)
{
    uint64_t turned = second << 32 | second >> 32;
    uint64_t piece = first * 0x9e3779b97f4a7c15u + turned * 0xc2b2ae3d27d4eb4fu;
    return hash * 0xff51afd7ed558ccdu + piece;
}

static inline uint64_t mxp_token_finish(uint64_t hash)
{
    return hash | 1;
}

/* Six octets at least can be read. */
static inline bool mxp_token_is_temporary(const char *word)
{
    return memcmp(word, "tempor", 6) == 0;
}

#endif
