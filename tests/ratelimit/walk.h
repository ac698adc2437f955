/*
 * A walk over the limiter's interface that any bytes can steer: opens, takes, answers, closes
 * and jumps of time at random, over many providers, hosts, networks and identities. After each
 * step a model that only counts holds what must always hold; a breach aborts with words.
 */
#ifndef MXP_TESTS_WALK_H
#define MXP_TESTS_WALK_H

#include <stddef.h>
#include <stdint.h>

/* The next byte of what steers; called for ever. */
typedef uint8_t walk_byte(void *arg);

struct walk_sums {
    uint64_t seed; /* the caller's: named where a walk fails */
    uint64_t n_opened, n_waited, n_taken, n_answered, n_events, n_recovered;
};

/* n_steps steps, then all leases are closed and every site must get on again. */
void walk_limiter(walk_byte *byte, void *arg, uint32_t n_steps, struct walk_sums *ret);

#endif
