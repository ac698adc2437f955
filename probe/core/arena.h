/*
 * A bump arena: many small allocations that die together. Not thread safe; what
 * it gives is aligned for any type and lives until mxp_arena_free.
 */
#ifndef MXP_CORE_ARENA_H
#define MXP_CORE_ARENA_H

#include "core/slice.h"

struct mxp_arena_block;

struct mxp_arena {
    struct mxp_arena_block *head; /* private */
    size_t used;                  /* read only: bytes held, for the memory report */
};

void mxp_arena_init(struct mxp_arena *arena);
void mxp_arena_free(struct mxp_arena *arena);

/* Zeroed memory, or NULL when there is none. */
void *mxp_arena_alloc(struct mxp_arena *arena, size_t size);

/* A NUL-terminated copy of s, or NULL. */
char *mxp_arena_strdup(struct mxp_arena *arena, struct mxp_slice s);

#endif
