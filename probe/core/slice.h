/*
 * Borrowed bytes: a pointer and a length, no terminator, no ownership. A slice
 * lives as long as what it points into. All comparisons of case are ASCII only;
 * the locale plays no part.
 */
#ifndef MXP_CORE_SLICE_H
#define MXP_CORE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mxp_slice {
    const char *ptr;
    size_t len;
};

#define MXP_SLICE_LIT(lit) ((struct mxp_slice){(lit), sizeof(lit) - 1})
#define MXP_SLICE_NONE     ((struct mxp_slice){NULL, 0})

struct mxp_slice mxp_slice_str(const char *str); /* NULL gives the empty slice */
bool mxp_slice_eq(struct mxp_slice a, struct mxp_slice b);
bool mxp_slice_ieq(struct mxp_slice a, struct mxp_slice b);
bool mxp_slice_istarts(struct mxp_slice s, struct mxp_slice prefix);
bool mxp_slice_iends(struct mxp_slice s, struct mxp_slice suffix);
struct mxp_slice mxp_slice_trim(struct mxp_slice s); /* spaces and tabs, CR and LF, both ends */
struct mxp_slice mxp_slice_sub(struct mxp_slice s, size_t from, size_t len); /* clipped */

/* The offset of the first c, or s.len. */
size_t mxp_slice_find(struct mxp_slice s, char c);

/* A decimal number that fills the slice: 0, MXP_ESYNTAX, or MXP_ETOOBIG over max. */
int mxp_slice_number(struct mxp_slice s, uint64_t max, uint64_t *ret_number);

/* ASCII only, whatever the locale. */
static inline char mxp_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) : c;
}
static inline bool mxp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool mxp_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool mxp_is_alnum(char c)
{
    return mxp_is_digit(c) || mxp_is_alpha(c);
}

#endif
