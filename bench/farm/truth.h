/*
 * What is true of each address: a pure function of the universe, so that a list of any
 * size can be made, and judged afterwards.
 */
#ifndef MXP_FARM_TRUTH_H
#define MXP_FARM_TRUTH_H

#include "universe.h"

#include <stdio.h>

enum farm_truth {
    FARM_EXISTS,
    FARM_UNKNOWN_USER,
    FARM_FULL,
    FARM_DISABLED,
    FARM_ANY, /* in a catch-all domain: nothing can be known */
    FARM_NO_DOMAIN,
    FARM_NO_MAIL,
    FARM_UNREACHABLE,
    FARM_NOT_OURS,
    FARM_TRUTHS
};

const char *farm_truth_name(enum farm_truth truth);
enum farm_truth farm_truth_of(const struct farm_universe *universe, struct mxp_slice address);

/* A domain that takes everybody. */
bool farm_is_catch_all(const struct farm_universe *universe, const struct farm_provider *provider,
                       uint32_t domain);

/* n addresses, one a line, in random order by share. */
void farm_list(const struct farm_universe *universe, uint32_t n, FILE *out);

/* Read results (CSV or JSON lines) and print verdicts against the truth. The number of false
 * verdicts (valid or invalid), one more where there are not n results (n 0: any number); or -1
 * and why. */
int farm_score(const struct farm_universe *universe, const char *path, uint64_t n, FILE *out,
               struct mxp_why *why);

#endif
