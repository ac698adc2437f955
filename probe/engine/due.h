/*
 * Things that fall due: a pairing heap of intrusive entries (Fredman et al., 1986), which
 * needs no memory of its own, so that setting a time cannot fail. Entries of equal time come
 * out in the order in which they were set, so that a run repeats itself. The heap owns no entry.
 */
#ifndef MXP_PROBE_DUE_H
#define MXP_PROBE_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mxp_due {
    uint64_t due_ms;
    uint64_t order;                    /* private */
    struct mxp_due *child, *next;      /* private: the first below it; its next sibling */
    struct mxp_due *prev;              /* private: the sibling before it or the one above; itself
                                          at the top; NULL: not in a heap */
    void (*fire)(struct mxp_due *due); /* set once by the owner */
};

struct mxp_due_heap {
    struct mxp_due *top;
    uint64_t next_order;
};

/* Put in, or move. */
void mxp_due_set(struct mxp_due_heap *heap, struct mxp_due *due, uint64_t due_ms);
void mxp_due_unset(struct mxp_due_heap *heap, struct mxp_due *due); /* may not be in it */
static inline bool mxp_due_is_set(const struct mxp_due *due)
{
    return due->prev != NULL;
}

/* The earliest time, or UINT64_MAX. */
uint64_t mxp_due_next_ms(const struct mxp_due_heap *heap);

/* Fire (after taking it out) each entry that was due at now_ms when the call began. */
void mxp_due_fire(struct mxp_due_heap *heap, uint64_t now_ms);

#endif
