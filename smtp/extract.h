/*
 * What else a reply's text tells, read without rules: a stated wait, a blocklist's name, a
 * new address.
 */
#ifndef MXP_SMTP_EXTRACT_H
#define MXP_SMTP_EXTRACT_H

#include "core/slice.h"

/* "try again in 5 minutes", "greylisted for 300 seconds": in seconds, at most 24 h; 0: none. */
uint32_t mxp_extract_wait_s(struct mxp_slice text);

/* A DNS blocklist: the zone ("zen.spamhaus.org") or the name of its operator, within text. */
struct mxp_slice mxp_extract_blocklist(struct mxp_slice text);

/* The first address in angle brackets or bare behind "try" or "forward": within text. */
struct mxp_slice mxp_extract_address(struct mxp_slice text);

#endif
