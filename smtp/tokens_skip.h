/*
 * What a reply's words are not: codes, addresses, IP addresses. Each function answers where the
 * thing at at ends; tokens.c puts a word in its place, or none.
 */
#ifndef MXP_SMTP_TOKENS_SKIP_H
#define MXP_SMTP_TOKENS_SKIP_H

#include <stdbool.h>

/* Behind the codes and enhanced codes at the start of a line, as often as a relay has put them
 * there; at where there are none. */
const char *mxp_tokens_skip_codes(const char *at, const char *end);

/* Behind an IPv4 address, or NULL. */
const char *mxp_tokens_skip_ip(const char *at, const char *end);

/* The next mail address from at on: where it begins and, in *ret_sign, its @; end: there is none.
 * What stands before an @ is looked at once, and no more than MXP_TOKENS_LOCAL of it. */
#define MXP_TOKENS_LOCAL 320
const char *mxp_tokens_find_address(const char *at, const char *end, const char **ret_sign);

/* Behind the mail address whose @ is at sign. */
const char *mxp_tokens_skip_address(const char *sign, const char *end);

#endif
