/*
 * Who we say we are: the EHLO name, MAIL FROM and source address of each identity, from
 * the options, the configuration file, or the machine's own name. Nothing is made up: an
 * identity that is not complete is an error that says what to set.
 */
#ifndef MXP_PROBE_IDENTITY_H
#define MXP_PROBE_IDENTITY_H

#include "core/err.h"
#include "core/slice.h"

struct mxp_settings;

/* Whether text can be an EHLO name: a domain with a dot, U-labels allowed, or an address
 * literal with its brackets (RFC 5321, 4.1.3). 0, or MXP_EINVAL and why (static). */
int mxp_identity_check_ehlo(struct mxp_slice text, const char **ret_detail);

/* Likewise for MAIL FROM: "<>", or an address. */
int mxp_identity_check_sender(struct mxp_slice text, const char **ret_detail);

/* Make options->identities of the settings. own_fqdn: the machine's name, or NULL where it
 * has none that is fully qualified. 0, MXP_ECONFIG and why, or MXP_ENOMEM. */
int mxp_identity_make(struct mxp_settings *settings, const char *own_fqdn, struct mxp_why *why);

#endif
