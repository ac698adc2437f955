/*
 * Providers' own codes in a reply: the entries of explain/families-*.yaml that fit it, and the
 * provider that they show.
 */
#ifndef MXP_PROBE_EXPLAIN_FAMILIES_H
#define MXP_PROBE_EXPLAIN_FAMILIES_H

#include "probe/explain/explain_lookup.h"

/* By ret's texts, codes and provider into ret->families; ret->provider, where it is not known yet.
 */
void mxp_explain_families_find(const struct mxp_explain_data *data, struct mxp_explained *ret);

/* Where one family's reason is the classifier's, those that say otherwise only mislead: dropped. */
void mxp_explain_families_agree(struct mxp_explained *ret);

#endif
