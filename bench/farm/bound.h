/*
 * The fluid bound: the least time in which a provider's share could have been asked, by
 * the hidden limits and the prober's configured ceilings together. docs/farm.md derives it.
 */
#ifndef MXP_FARM_BOUND_H
#define MXP_FARM_BOUND_H

#include "probe/options/options.h"
#include "site.h"

/* Seconds for n recipients, from the universe's start. ceilings: of the provider's table row. */
double farm_bound_s(const struct farm_provider *provider, const struct mxp_budget *ceilings,
                    double n);

#endif
