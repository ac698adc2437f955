#include "probe/engine/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define N 500

struct entry {
    struct mxp_due due;
    struct mxp_due_heap *heap;
    uint64_t again_ms;     /* set anew from its own callback, once */
    struct entry *to_drop; /* taken out from its callback */
    unsigned *n_fired, fired_as, n;
};

static void fire(struct mxp_due *due)
{
    struct entry *entry = (struct entry *)(void *)due; /* its first member */
    assert_false(mxp_due_is_set(due));
    entry->fired_as = (*entry->n_fired)++;
    entry->n++;
    if (entry->again_ms && entry->n == 1)
        mxp_due_set(entry->heap, due, entry->again_ms);
    if (entry->to_drop)
        mxp_due_unset(entry->heap, &entry->to_drop->due);
}

/* Entries of one heap count together how many of them fired. */
static void make(struct entry *entry, struct mxp_due_heap *heap,
                 unsigned *n_fired) /* NOLINT(readability-non-const-parameter) */
{
    *entry = (struct entry){.heap = heap, .n_fired = n_fired, .fired_as = UINT32_MAX};
    entry->due.fire = fire;
}

/* Always the same numbers. */
static uint64_t next(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* Nothing lies above what is due earlier, and the links fit; returns how many there are. */
static size_t check_below(const struct mxp_due *above)
{
    size_t n = 0;
    const struct mxp_due *prev = above;
    for (const struct mxp_due *due = above->child; due; prev = due, due = due->next) {
        assert_ptr_equal(due->prev, prev);
        assert_true(above->due_ms < due->due_ms ||
                    (above->due_ms == due->due_ms && above->order < due->order));
        n += 1 + check_below(due);
    }
    return n;
}

static size_t check_heap(const struct mxp_due_heap *heap)
{
    if (!heap->top)
        return 0;
    assert_ptr_equal(heap->top->prev, heap->top);
    assert_null(heap->top->next);
    return 1 + check_below(heap->top);
}

/* Sets, moves and takings-out at random; then they fire by time, equal ones as they were set. */
static void test_order(void **state)
{
    static struct entry entries[N];
    struct mxp_due_heap heap = {0};
    uint64_t random = 1, last_ms = 0;
    unsigned n_fired = 0, n_set = 0;
    (void)state;
    for (size_t i = 0; i < N; i++)
        make(&entries[i], &heap, &n_fired);
    for (int i = 0; i < 20 * N; i++) {
        struct entry *entry = &entries[next(&random) % N];
        if (next(&random) % 4 == 0)
            mxp_due_unset(&heap, &entry->due);
        else
            mxp_due_set(&heap, &entry->due, 1 + next(&random) % 50);
        if (i % 64 == 0)
            check_heap(&heap);
    }
    for (size_t i = 0; i < N; i++)
        n_set += mxp_due_is_set(&entries[i].due);
    assert_int_equal(check_heap(&heap), n_set);
    for (uint64_t now = 1; now <= 50; now++) {
        mxp_due_fire(&heap, now);
        assert_true(mxp_due_next_ms(&heap) > now);
    }
    assert_int_equal(n_fired, n_set);
    assert_true(mxp_due_next_ms(&heap) == UINT64_MAX);
    struct entry *by_fired[N] = {NULL};
    for (size_t i = 0; i < N; i++)
        if (entries[i].fired_as != UINT32_MAX)
            by_fired[entries[i].fired_as] = &entries[i];
    for (unsigned i = 0; i < n_set; i++) {
        assert_non_null(by_fired[i]);
        assert_true(by_fired[i]->due.due_ms >= last_ms);
        if (i && by_fired[i]->due.due_ms == last_ms)
            assert_true(by_fired[i]->due.order > by_fired[i - 1]->due.order);
        last_ms = by_fired[i]->due.due_ms;
    }
}

/* One that sets itself anew for a time already past waits for the next call: no endless turn. */
static void test_again(void **state)
{
    struct mxp_due_heap heap = {0};
    struct entry entry;
    unsigned n_fired = 0;
    (void)state;
    make(&entry, &heap, &n_fired);
    entry.again_ms = 1;
    mxp_due_set(&heap, &entry.due, 5);
    mxp_due_fire(&heap, 4);
    assert_int_equal(n_fired, 0);
    mxp_due_fire(&heap, 5);
    assert_int_equal(n_fired, 1);
    assert_int_equal(mxp_due_next_ms(&heap), 1);
    mxp_due_fire(&heap, 5);
    assert_int_equal(n_fired, 2);
}

/* One that takes another out, which was due at the same time. */
static void test_dropped(void **state)
{
    struct mxp_due_heap heap = {0};
    struct entry first, second;
    unsigned n_fired = 0;
    (void)state;
    make(&first, &heap, &n_fired);
    make(&second, &heap, &n_fired);
    first.to_drop = &second;
    mxp_due_set(&heap, &first.due, 5);
    mxp_due_set(&heap, &second.due, 5);
    mxp_due_fire(&heap, 5);
    assert_int_equal(n_fired, 1);
    assert_int_equal(second.n, 0);
    mxp_due_unset(&heap, &second.due); /* it may not be in it */
    assert_null(heap.top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
