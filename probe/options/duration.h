/*
 * Durations and rates as people write them: "90s", "6m", "500ms", "0"; "20/1m", "20/m".
 * One number and one unit (ms, s, m, h, d); no locale, no fractions, no silent overflow.
 */
#ifndef MXP_PROBE_DURATION_H
#define MXP_PROBE_DURATION_H

#include "core/slice.h"
#include "ratelimit/budget.h"

#define MXP_DURATION_TEXT_MAX 32 /* with the NUL */
#define MXP_RATE_TEXT_MAX     48

/* A number with its unit; "0" needs none. 0, MXP_ESYNTAX, or MXP_ETOOBIG over max_ms. */
int mxp_duration_parse(struct mxp_slice text, uint64_t max_ms, uint64_t *ret_ms);

/* In the largest unit that holds it exactly: what parse takes. Returns ret. */
const char *mxp_duration_text(uint64_t ms, char ret[static MXP_DURATION_TEXT_MAX]);

/* For people: rounded, two units at most ("2 h 5 min"), not to be parsed. Returns ret. */
const char *mxp_duration_words(uint64_t ms, char ret[static MXP_DURATION_TEXT_MAX]);

/* Events per time, "N/DURATION" or "N/UNIT"; "0" is unlimited. 0, MXP_ESYNTAX (a time of 0
 * too) or MXP_ETOOBIG. */
int mxp_rate_parse(struct mxp_slice text, struct mxp_rate *ret);
const char *mxp_rate_text(const struct mxp_rate *rate, char ret[static MXP_RATE_TEXT_MAX]);

#endif
