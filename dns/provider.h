/*
 * Who runs an MX host: a table of host suffixes matched on label boundaries (host ==
 * suffix or ends in "." suffix), gateways before providers, the longest suffix first
 * otherwise. The table's rows come from the caller (ratelimit/providers.yaml and the
 * user's config); see the provider notes in docs/limits.md.
 */
#ifndef MXP_DNS_PROVIDER_H
#define MXP_DNS_PROVIDER_H

#include "core/slice.h"

struct mxp_provider_map;

struct mxp_provider_map *mxp_provider_map_new(void);                          /* NULL: memory */
struct mxp_provider_map *mxp_provider_map_free(struct mxp_provider_map *map); /* NULL */

/* Map suffix (lower-cased, leading and final dots dropped; a "*" label matches one
 * label: "inbound-smtp.*.amazonaws.com") to the caller's id; gateway rows win over
 * others, later rows over equal earlier ones. 0, MXP_EINVAL or MXP_ENOMEM. */
int mxp_provider_map_add(struct mxp_provider_map *map, const char *suffix, uint32_t id,
                         bool gateway);

/* The id, or -1. host: A-labels in any case, a final dot or none. */
int64_t mxp_provider_map_find(const struct mxp_provider_map *map, const char *host);

#endif
