/*
 * "Did you mean": the nearest of some names to a mistyped one, by edits (insertions,
 * deletions, changes and swaps of neighbours).
 */
#ifndef MXP_PROBE_NEAREST_H
#define MXP_PROBE_NEAREST_H

#include "core/slice.h"

#define MXP_NEAREST_LEN 40 /* longer names and words are never near */

/* Edits from a to b; SIZE_MAX where one is too long to be compared. */
size_t mxp_nearest_distance(struct mxp_slice a, struct mxp_slice b);

/* A search: zero-initialise, offer each name, read best (NULL: none was near enough). */
struct mxp_nearest {
    struct mxp_slice typed;
    const char *best;
    size_t distance;
};
void mxp_nearest_offer(struct mxp_nearest *nearest, const char *name);

#endif
