/*
 * What an address tells by itself: a role ("info@"), a disposable domain, a free mail
 * service, and the big domain that a mistyped one probably means. Tables in
 * probe/result/address_facts.def; nothing is asked of anyone.
 */
#ifndef MXP_PROBE_ADDRESS_FACTS_H
#define MXP_PROBE_ADDRESS_FACTS_H

#include "core/slice.h"

struct mxp_address_facts {
    bool role, disposable, free;
    const char *suggestion; /* a domain, or NULL; static */
};

/* local as on the wire; domain: lower-case A-labels. */
void mxp_address_facts(struct mxp_slice local, struct mxp_slice domain,
                       struct mxp_address_facts *ret);

#endif
