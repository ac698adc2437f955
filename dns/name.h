/*
 * Domain names: U-labels to A-labels (libidn2, UTS #46 non-transitional, RFC 5891),
 * lengths (RFC 1035, 2.3.4), and the registrable domain (libpsl).
 */
#ifndef MXP_DNS_NAME_H
#define MXP_DNS_NAME_H

#include "core/slice.h"

#define MXP_NAME_MAX 254 /* 253 octets of text, no final dot, and a NUL */

/* The lower-case A-label form, no final dot. 0, or MXP_ESYNTAX (not a domain name,
 * or IDNA refuses it) or MXP_ETOOBIG. ASCII names take a path without libidn2; their
 * underscores are allowed, since hosts with them exist. */
int mxp_name_to_ascii(struct mxp_slice name, char ret[static MXP_NAME_MAX]);

/* Whether name can be a host's: labels of letters, digits, hyphens and underscores, the last
 * one not all digits (that would be an IP address), no final dot, within the lengths. */
bool mxp_name_is_host(const char *name);

/* The registrable domain of an A-label name ("mx.a.example.co.uk" -> "example.co.uk"),
 * a suffix of name itself; the name as it is where the list knows none. */
const char *mxp_name_registrable(const char *name);

#endif
