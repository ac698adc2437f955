/*
 * Memory that runs out on demand: in a test declared with mxp_test_failing_alloc (CMake) the
 * allocations of the program and of the test itself, not those of libraries, go through here.
 * Test programs are single-threaded.
 */
#ifndef MXP_TESTS_FAILING_ALLOC_H
#define MXP_TESTS_FAILING_ALLOC_H

/* Allocations (malloc, calloc, realloc) until one fails; negative: none does, or it has. Volatile,
 * for the compiler takes it that malloc reads no variable of ours. */
extern volatile long failing_after;

#endif
