/*
 * What else a reply's text tells, read without rules: a stated wait, a blocklist's name, a
 * new address. All of it in one pass each, over at most MXP_EXTRACT_MAX octets.
 */
#ifndef MXP_SMTP_EXTRACT_H
#define MXP_SMTP_EXTRACT_H

#include "core/slice.h"

#define MXP_EXTRACT_MAX 2048

/* "try again in 5 minutes", "greylisted for 300 seconds", "in 1 hour(s) 25 minute(s)", "4m59s",
 * "come back in 00:04:32", "retry in 6min", in some twenty languages: in seconds, at most 24 h; 0:
 * none, a point in time (no clock is known here), or no word in the text asks to come back. */
uint32_t mxp_extract_wait_s(struct mxp_slice text);

/* The same for a wait whose number is a word: "in ten minutes", "half an hour", "dans une heure".
 * "A few minutes" is no number. */
uint32_t mxp_extract_spoken_wait_s(struct mxp_slice text);

/* A DNS blocklist: the zone ("zen.spamhaus.org"), else the name of its operator or the host of
 * its page, within text; empty: none. */
struct mxp_slice mxp_extract_blocklist(struct mxp_slice text);

/* For lists that mxp_extract_blocklist does not know: the name behind "blocked using", "listed
 * at", where it looks like a domain; and the host of a page whose path says that a list is asked
 * there ("https://X/lookup?ip="). Within text; empty: none. */
struct mxp_slice mxp_extract_zone(struct mxp_slice text);
struct mxp_slice mxp_extract_list_page(struct mxp_slice text);

/* The last address (the first is often the one that was asked): within text; empty: none. */
struct mxp_slice mxp_extract_address(struct mxp_slice text);

#endif
