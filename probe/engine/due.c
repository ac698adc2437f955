#include "probe/engine/due.h"

static bool before(const struct mxp_due *a, const struct mxp_due *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

/* Two trees, whose tops have no siblings, to one. */
static struct mxp_due *merge(struct mxp_due *a, struct mxp_due *b)
{
    if (before(b, a)) {
        struct mxp_due *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    a->child = b;
    return a;
}

/* The siblings from first on to one tree: in pairs, then these from the last to the first, which
 * keeps taking out at O(log n) on average. NULL: there are none. */
static struct mxp_due *merge_all(struct mxp_due *first)
{
    struct mxp_due *pairs = NULL, *all = NULL;
    while (first) {
        struct mxp_due *a = first, *b = a->next;
        first = b ? b->next : NULL;
        if (b)
            a = merge(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct mxp_due *next = pairs->next;
        pairs->next = NULL;
        all = all ? merge(all, pairs) : pairs;
        pairs = next;
    }
    return all;
}

static void set_top(struct mxp_due_heap *heap, struct mxp_due *top)
{
    heap->top = top;
    if (!top)
        return;
    top->prev = top;
    top->next = NULL;
}

void mxp_due_set(struct mxp_due_heap *heap, struct mxp_due *due, uint64_t due_ms)
{
    mxp_due_unset(heap, due);
    due->due_ms = due_ms;
    due->order = heap->next_order++;
    due->child = due->next = NULL;
    set_top(heap, heap->top ? merge(heap->top, due) : due);
}

void mxp_due_unset(struct mxp_due_heap *heap, struct mxp_due *due)
{
    if (!due->prev)
        return;
    struct mxp_due *below = merge_all(due->child);
    if (due == heap->top) {
        set_top(heap, below);
    } else {
        if (due->prev->child == due)
            due->prev->child = due->next;
        else
            due->prev->next = due->next;
        if (due->next)
            due->next->prev = due->prev;
        if (below)
            set_top(heap, merge(heap->top, below));
    }
    due->child = due->next = due->prev = NULL;
}

uint64_t mxp_due_next_ms(const struct mxp_due_heap *heap)
{
    return heap->top ? heap->top->due_ms : UINT64_MAX;
}

void mxp_due_fire(struct mxp_due_heap *heap, uint64_t now_ms)
{
    /* What a callback sets anew gets a later order, so that it waits for the next call. */
    uint64_t until = heap->next_order;
    while (heap->top && heap->top->due_ms <= now_ms && heap->top->order < until) {
        struct mxp_due *due = heap->top;
        mxp_due_unset(heap, due);
        due->fire(due);
    }
}
