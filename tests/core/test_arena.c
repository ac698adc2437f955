#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 65536 /* as arena.c has it */

static void test_aligned_and_zeroed(void **state)
{
    (void)state;
    struct mxp_arena arena;
    mxp_arena_init(&arena);
    for (size_t i = 1; i < 3000; i += 7) {
        unsigned char *ptr = mxp_arena_alloc(&arena, i * 13);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < i * 13; k++)
            assert_int_equal(ptr[k], 0);
        memset(ptr, 0xff, i * 13);
    }
    mxp_arena_free(&arena);
    assert_int_equal(arena.used, 0);
}

static void test_strdup(void **state)
{
    (void)state;
    struct mxp_arena arena;
    mxp_arena_init(&arena);
    /* Of a multiple of the alignment, so that a missing NUL would be the next one's octet. */
    char *first = mxp_arena_strdup(&arena, MXP_SLICE_LIT("0123456789abcdef0123456789abcdef"));
    char *second = mxp_arena_strdup(&arena, MXP_SLICE_LIT("x@y"));
    assert_string_equal(first, "0123456789abcdef0123456789abcdef");
    assert_string_equal(second, "x@y");
    assert_string_equal(mxp_arena_strdup(&arena, MXP_SLICE_NONE), "");
    mxp_arena_free(&arena);
}

/* Many small ones share blocks; a big one costs its own size, and leaves the block in use as it
 * is. */
static void test_memory(void **state)
{
    (void)state;
    struct mxp_arena arena;
    mxp_arena_init(&arena);
    assert_non_null(mxp_arena_alloc(&arena, 16));
    size_t one = arena.used;
    assert_in_range(one, BLOCK, BLOCK + 64);
    for (size_t i = 1; i < BLOCK / 16; i++)
        assert_non_null(mxp_arena_alloc(&arena, 16));
    assert_int_equal(arena.used, one); /* to the last octet */
    assert_non_null(mxp_arena_alloc(&arena, 1));
    assert_int_equal(arena.used, 2 * one);
    char *before = mxp_arena_alloc(&arena, 16);
    assert_non_null(mxp_arena_alloc(&arena, 1000000));
    assert_in_range(arena.used, 2 * one + 1000000, 2 * one + 1000064);
    char *behind = mxp_arena_alloc(&arena, 16);
    assert_ptr_equal(behind, before + 16);
    mxp_arena_free(&arena);
}

static void test_too_big(void **state)
{
    (void)state;
    struct mxp_arena arena;
    mxp_arena_init(&arena);
    assert_null(mxp_arena_alloc(&arena, SIZE_MAX));
    assert_null(mxp_arena_alloc(&arena, SIZE_MAX - 4));
    assert_int_equal(arena.used, 0);
    assert_non_null(mxp_arena_alloc(&arena, 1));
    mxp_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_and_zeroed),
        cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
