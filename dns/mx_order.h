/*
 * The MX records of an answer as a set of hosts in the order to try (RFC 5321, 5.1): each
 * host once with its best preference, equal ones shuffled.
 *
 * Names that no host can have (an IP address, odd octets) stay in the set: they have no
 * address that anybody could ask for, which is no proof that the domain takes no mail.
 */
#ifndef MXP_DNS_MX_ORDER_H
#define MXP_DNS_MX_ORDER_H

#include "dns/answer.h"
#include "dns/mxset.h"

/* Hosts of a set at most; of more, the last one is called MXP_MX_ORDER_REST. */
#define MXP_MX_ORDER_MAX  64
#define MXP_MX_ORDER_REST "..."

/* answer: has MX records. The same seed gives the same order, whatever that of the answer.
 * Status MXP_MX_NULL where all they name is the root (RFC 7505). refs 1. NULL: no memory. */
struct mxp_mxset *mxp_mx_order(const struct mxp_answer *answer, uint64_t seed);

/* A set of the domain itself: implicit MX. NULL: no memory. */
struct mxp_mxset *mxp_mx_order_implicit(const char *domain);

/* A set without hosts. detail: static. NULL: no memory. */
struct mxp_mxset *mxp_mx_order_none(enum mxp_mx_status status, const char *detail);

#endif
