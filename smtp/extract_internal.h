/*
 * What the files that read a stated wait share: extract.c (digits), extract_spoken.c (words, and
 * languages that extract.c's table of units does not have).
 */
#ifndef MXP_SMTP_EXTRACT_INTERNAL_H
#define MXP_SMTP_EXTRACT_INTERNAL_H

#include "core/slice.h"

/* The unit at at (blanks and a hyphen before it are passed over), in seconds, and where it ends;
 * 0: there is none. */
uint32_t mxp_extract_unit_at(struct mxp_slice text, size_t at, size_t *ret_end);
uint32_t mxp_extract_foreign_unit_at(struct mxp_slice text, size_t at, size_t *ret_end);

/* A word that asks to come back; _foreign: in other languages. */
bool mxp_extract_asks_wait(struct mxp_slice text);
bool mxp_extract_asks_foreign(struct mxp_slice text);

uint32_t mxp_extract_at_most_a_day(uint64_t seconds);

/* The clock at at, which ends at end, is the time of a day ("2026-11-27 10:05", "10:05 UTC",
 * "until 10:05"), no span. */
bool mxp_extract_is_time_of_day(struct mxp_slice text, size_t at, size_t end);

#endif
