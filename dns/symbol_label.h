/*
 * Labels with symbols (emoji, arrows, dingbats), which UTS #46 takes, IDNA 2008 disallows,
 * and some registries have sold: people have mailboxes there. Punycode (RFC 3492).
 */
#ifndef MXP_DNS_SYMBOL_LABEL_H
#define MXP_DNS_SYMBOL_LABEL_H

#include "core/slice.h"

#define MXP_LABEL_MAX 63

/* label: UTF-8, without dots. ASCII is lower-cased and variation selectors dropped, as UTS #46
 * maps them. 0; MXP_ESYNTAX: another character than ASCII and those symbols, or none of the
 * latter; MXP_ETOOBIG. */
int mxp_symbol_label(struct mxp_slice label, char ret[static MXP_LABEL_MAX + 1]);

#endif
