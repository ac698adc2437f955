/*
 * IP addresses as values, and which of them may be probed. No sockets.
 */
#ifndef MXP_DNS_IP_H
#define MXP_DNS_IP_H

#include "core/slice.h"

#define MXP_IP_TEXT_MAX 46 /* with the NUL */

struct mxp_ip {
    uint8_t family;    /* 4 or 6; 0: none */
    uint8_t bytes[16]; /* network order; 4 used for IPv4 */
};

/* Dotted quad or RFC 4291 text, nothing else (no zone, no brackets): 0 or MXP_ESYNTAX. */
int mxp_ip_parse(struct mxp_slice text, struct mxp_ip *ret);
/* "" for family 0. Returns ret. */
const char *mxp_ip_text(const struct mxp_ip *ip, char ret[static MXP_IP_TEXT_MAX]);
bool mxp_ip_eq(const struct mxp_ip *a, const struct mxp_ip *b);

/* False for loopback, private, link-local, shared (100.64/10), multicast, reserved,
 * documentation, benchmarking and unspecified addresses, their 6to4 and NAT64 disguises
 * included; IPv4-mapped ones, Teredo, and IPv6 outside of 2000::/3 (IANA special-purpose
 * registries, RFC 6890). */
bool mxp_ip_is_public(const struct mxp_ip *ip);

/* Whether a connection to ip may end at host: they are equal, or ip is host's IPv4 address
 * in an IPv6 one. */
bool mxp_ip_reaches(const struct mxp_ip *ip, const struct mxp_ip *host);

/* False for what no host can have: unspecified and "this network" (0/8, which Linux takes for
 * loopback), multicast, broadcast, class E; an IPv4 address in IPv6's clothes, to which the kernel
 * would connect without asking whether that one may be probed. Not even a lab's MX may be there. */
bool mxp_ip_is_host(const struct mxp_ip *ip);

#endif
