/*
 * The address in an entry of a list: as people and mail programs write it, parsed and made
 * ready for use. No DNS, no allocation.
 *
 * An entry that is no mailbox (smtp/address.h) may still hold one beyond doubt: blanks, also
 * invisible ones, around it, "Bob <bob@example.org>", "<bob@example.org>",
 * "mailto:bob@example.org", quotes around the whole, a comma or semicolon behind it. Then that
 * mailbox is meant; calling such an entry invalid would lose a person who can be reached.
 */
#ifndef MXP_PROBE_LIST_ADDRESS_H
#define MXP_PROBE_LIST_ADDRESS_H

#include "core/slice.h"
#include "dns/name.h"

#define MXP_LIST_ADDRESS_MAX 400

struct mxp_list_address {
    char normalized[MXP_LIST_ADDRESS_MAX]; /* local@domain as on the wire, NUL-terminated */
    char domain[MXP_NAME_MAX];             /* lower-case A-labels; the bare IP text of a literal */
    size_t len, local_len;
    bool literal;
    bool utf8;       /* the local part needs SMTPUTF8 */
    const char *bad; /* why there is none, static; NULL: there is one */
};

void mxp_list_address_parse(struct mxp_slice entry, struct mxp_list_address *ret);

#endif
