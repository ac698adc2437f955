/*
 * What a run has seen, counted in one place: the progress line, the closing summary and
 * a later report all read from here. One per run, fed with one result per line of the
 * list (duplicates count, for they would be mailed). Not thread safe.
 *
 * Memory is bounded: the first MXP_COUNTERS_PROVIDERS providers have a row of their own,
 * all later ones share one that is called "(others)".
 */
#ifndef MXP_PROBE_COUNTERS_H
#define MXP_PROBE_COUNTERS_H

#include "core/err.h"
#include "probe/engine/result.h"

#define MXP_COUNTERS_PROVIDERS 5000

struct mxp_provider_counts {
    const char *name; /* "(none)": no mail server was found or needed */
    uint64_t n;
    uint64_t verdicts[MXP_VERDICT_COUNT];
    uint64_t about_us; /* answers that refuse or slow us, whatever the address */
};

struct mxp_counters {
    uint64_t n; /* results */
    uint64_t verdicts[MXP_VERDICT_COUNT];
    uint64_t reasons[MXP_REASON_COUNT][MXP_VERDICT_COUNT];
    uint64_t actions[MXP_ACTION_COUNT];
    uint64_t groups[3];       /* of reasons: about the address, about us, about the moment */
    uint64_t with_tls, asked; /* results that rest on a reply under TLS; on any server's reply */
    uint64_t attempts;        /* sum */
    uint64_t catch_all_yes;   /* domains' answer, counted by address */
    struct mxp_provider_index *index; /* private */
};

/* Zero-initialised counters are ready. */
void mxp_counters_free(struct mxp_counters *counters);

/* One answered line. 0 or MXP_ENOMEM (all was counted but the provider's row). */
int mxp_counters_add(struct mxp_counters *counters, const struct mxp_result *result);

/* The rows by number of results, greatest first, equal ones by name; *ret_n of them. The
 * array is the caller's to free(), the rows live as the counters do. NULL: there is none,
 * or no memory. */
const struct mxp_provider_counts **mxp_counters_providers(const struct mxp_counters *counters,
                                                          size_t *ret_n);

/* The hard bounces to expect if the list is mailed as it is, as shares from 0 to 1. least:
 * those known to be invalid. likely: the unknown bounce as the judged do. most: all unknown
 * bounce. All 0 without results. */
struct mxp_bounce {
    double least, likely, most;
    uint64_t judged; /* valid and invalid: what likely rests on */
};
void mxp_counters_bounce(const struct mxp_counters *counters, struct mxp_bounce *ret);

#endif
