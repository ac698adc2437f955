/*
 * Two ways to spread bits. Fast, the same on every machine, and no defence: who chooses the input
 * can choose the output.
 */
#ifndef MXP_CORE_HASH_H
#define MXP_CORE_HASH_H

#include "core/slice.h"

/* FNV-1a, 64 bits. */
uint64_t mxp_hash(struct mxp_slice bytes);

/* One step of splitmix64: numbers that differ by little become unlike. As a generator, add
 * MXP_MIX_STEP to z after each. */
#define MXP_MIX_STEP 0x9e3779b97f4a7c15u
uint64_t mxp_mix(uint64_t z);

#endif
