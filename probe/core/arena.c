#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536
#define ALIGN      _Alignof(max_align_t)

struct mxp_arena_block {
    struct mxp_arena_block *next;
    size_t len, size;
    max_align_t data[];
};

void mxp_arena_init(struct mxp_arena *arena)
{
    *arena = (struct mxp_arena){0};
}

void mxp_arena_free(struct mxp_arena *arena)
{
    struct mxp_arena_block *block = arena->head;
    while (block) {
        struct mxp_arena_block *next = block->next;
        free(block);
        block = next;
    }
    mxp_arena_init(arena);
}

static struct mxp_arena_block *block_new(struct mxp_arena *arena, size_t size)
{
    struct mxp_arena_block *block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    arena->used += sizeof *block + size;
    /* A block of its own for something big goes behind the head, which still has room. */
    if (arena->head && size != BLOCK_SIZE) {
        block->next = arena->head->next;
        arena->head->next = block;
    } else {
        block->next = arena->head;
        arena->head = block;
    }
    return block;
}

void *mxp_arena_alloc(struct mxp_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct mxp_arena_block *block = arena->head;
    if (!block || block->size - block->len < size)
        block = block_new(arena, size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE);
    if (!block)
        return NULL;
    void *ptr = (char *)block->data + block->len;
    block->len += size;
    return ptr;
}

char *mxp_arena_strdup(struct mxp_arena *arena, struct mxp_slice s)
{
    char *copy = mxp_arena_alloc(arena, s.len + 1);
    if (copy && s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}
