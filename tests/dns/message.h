/*
 * DNS messages for tests, built record by record: what a server would send, and what only
 * a hostile one would.
 */
#ifndef MXP_TESTS_DNS_MESSAGE_H
#define MXP_TESTS_DNS_MESSAGE_H

#include "core/slice.h"

#include <stdint.h>

struct message {
    size_t len;
    uint8_t bytes[65535];
};

enum section { ANSWER = 3, AUTHORITY = 4, ADDITIONAL = 5 }; /* the header's 16-bit word */

/* A header (QR RD RA and the rcode) and one question. Names in the tests' notation: labels
 * with dots between, "." or "" the root, "\\046" an octet by number. */
void message_init(struct message *m, unsigned rcode, const char *name, unsigned type);
void message_flags(struct message *m, unsigned flags); /* the whole word */
void message_raw(struct message *m, const void *bytes, size_t len);
void message_u16(struct message *m, unsigned n);
void message_name(struct message *m, const char *name);

/* A record's head, its data by raw, and its length set at the end. */
size_t message_begin(struct message *m, enum section section, const char *owner, unsigned type,
                     uint32_t ttl);
void message_end(struct message *m, size_t begin);

void message_mx(struct message *m, const char *owner, uint32_t ttl, unsigned preference,
                const char *host);
void message_a(struct message *m, const char *owner, uint32_t ttl, const char *ip);
void message_cname(struct message *m, const char *owner, uint32_t ttl, const char *target);
void message_soa(struct message *m, const char *owner, uint32_t ttl, uint32_t minimum);
void message_ns(struct message *m, const char *owner, const char *host);
void message_opt(struct message *m, uint32_t ttl);

struct mxp_slice message_slice(const struct message *m);

#endif
