/*
 * Octets of a DNS message (RFC 1035, 4.1), read one after the other. Hostile input is the
 * normal case: every octet is checked, compression pointers only lead backwards. What is
 * read past the first fault is zero or empty.
 */
#ifndef MXP_DNS_WIRE_H
#define MXP_DNS_WIRE_H

#include "dns/name.h"

struct mxp_wire {
    const uint8_t *ptr;
    size_t len, at;
    bool bad;
};

struct mxp_wire_record {
    uint16_t type, class_;
    uint32_t ttl_s; /* as it stands: in an OPT record it is something else */
    size_t at, len; /* of its data */
    char owner[MXP_NAME_MAX];
};

uint16_t mxp_wire_u16(struct mxp_wire *wire);
uint32_t mxp_wire_u32(struct mxp_wire *wire);

/* A name, in lower case, no final dot; "" is the root. Octets that no host name has are
 * escaped as in a zone file ("\032", "\."), and a name that grows past MXP_NAME_MAX by that
 * is cut: with a backslash in it, it is no host's in any case. */
void mxp_wire_name(struct mxp_wire *wire, char ret[static MXP_NAME_MAX]);

/* Owner, fixed part and where the data is; the reader stands behind the data then. */
void mxp_wire_record(struct mxp_wire *wire, struct mxp_wire_record *ret);

/* The data of a record as a reader of its own: names in it may point anywhere before. */
struct mxp_wire mxp_wire_data(const struct mxp_wire *wire, const struct mxp_wire_record *record);

#endif
