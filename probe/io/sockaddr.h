/*
 * An IP address and a port in the system's own shape.
 */
#ifndef MXP_PROBE_SOCKADDR_H
#define MXP_PROBE_SOCKADDR_H

#include "dns/ip.h"

#include <sys/socket.h>

/* Port in host order; a family other than 6 is taken for 4. */
void mxp_sockaddr_set(const struct mxp_ip *ip, uint16_t port, struct sockaddr_storage *ret);

#endif
