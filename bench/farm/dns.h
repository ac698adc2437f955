/*
 * The DNS of the simulated internet: one UDP socket on 127.0.0.1, authoritative for the
 * universe; all other names do not exist.
 */
#ifndef MXP_FARM_DNS_H
#define MXP_FARM_DNS_H

#include "universe.h"

#include <uv.h>

struct farm_dns;

/* port 0: any. NULL and why on failure. */
struct farm_dns *farm_dns_new(uv_loop_t *loop, const struct farm_universe *universe, uint16_t port,
                              struct mxp_why *why);
uint16_t farm_dns_port(const struct farm_dns *dns);
uint64_t farm_dns_n_asked(const struct farm_dns *dns);
struct farm_dns *farm_dns_free(struct farm_dns *dns); /* NULL; after the loop has ended */

/* The answer to a message, into ret of size octets; its length, 0: none is due. For tests. */
size_t farm_dns_answer(const struct farm_universe *universe, const uint8_t *message, size_t len,
                       uint8_t *ret, size_t size);

#endif
