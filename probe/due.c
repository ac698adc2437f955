#include "probe/due.h"

#include "core/err.h"

#include <stdlib.h>

static bool before(const struct mxp_due *a, const struct mxp_due *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct mxp_due_heap *heap, size_t at, struct mxp_due *due)
{
    heap->slots[at] = due;
    due->slot = at + 1;
}

static void sift_up(struct mxp_due_heap *heap, size_t at)
{
    struct mxp_due *due = heap->slots[at];
    while (at > 0 && before(due, heap->slots[(at - 1) / 2])) {
        place(heap, at, heap->slots[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(heap, at, due);
}

static void sift_down(struct mxp_due_heap *heap, size_t at)
{
    struct mxp_due *due = heap->slots[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->n)
            break;
        if (child + 1 < heap->n && before(heap->slots[child + 1], heap->slots[child]))
            child++;
        if (!before(heap->slots[child], due))
            break;
        place(heap, at, heap->slots[child]);
        at = child;
    }
    place(heap, at, due);
}

int mxp_due_set(struct mxp_due_heap *heap, struct mxp_due *due, uint64_t due_ms)
{
    if (heap->n == heap->size) {
        size_t size = heap->size ? heap->size * 2 : 64;
        struct mxp_due **slots = realloc(heap->slots, size * sizeof(*slots));
        if (!slots)
            return MXP_ENOMEM;
        heap->slots = slots;
        heap->size = size;
    }
    mxp_due_unset(heap, due);
    due->due_ms = due_ms;
    due->order = heap->next_order++;
    heap->slots[heap->n] = due;
    sift_up(heap, heap->n++);
    return MXP_OK;
}

void mxp_due_unset(struct mxp_due_heap *heap, struct mxp_due *due)
{
    if (!due->slot)
        return;
    size_t at = due->slot - 1;
    due->slot = 0;
    struct mxp_due *last = heap->slots[--heap->n];
    if (last == due)
        return;
    place(heap, at, last);
    sift_up(heap, at);
    sift_down(heap, last->slot - 1);
}

uint64_t mxp_due_next_ms(const struct mxp_due_heap *heap)
{
    return heap->n ? heap->slots[0]->due_ms : UINT64_MAX;
}

void mxp_due_fire(struct mxp_due_heap *heap, uint64_t now_ms)
{
    /* What a callback sets anew gets a later order, so that it waits for the next call. */
    uint64_t until = heap->next_order;
    while (heap->n && heap->slots[0]->due_ms <= now_ms && heap->slots[0]->order < until) {
        struct mxp_due *due = heap->slots[0];
        mxp_due_unset(heap, due);
        due->fire(due);
    }
}

void mxp_due_heap_free(struct mxp_due_heap *heap)
{
    free(heap->slots);
    *heap = (struct mxp_due_heap){0};
}
