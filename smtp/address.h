/*
 * The mailbox grammar of RFC 5321 section 4.1.2, with its length limits (4.5.3.1),
 * quoted local parts, address literals, and the SMTPUTF8 extension (RFC 6531, 3.3).
 *
 * Works on a borrowed slice, allocates nothing and asks no DNS. The domain is
 * checked as written (labels, lengths, UTF-8); turning U-labels into A-labels is
 * dns/name.h's. What parses holds no CR, LF, NUL or other control byte, so nothing
 * can be smuggled into a command line.
 */
#ifndef MXP_SMTP_ADDRESS_H
#define MXP_SMTP_ADDRESS_H

#include "core/slice.h"

#define MXP_ADDRESS_MAP(X)                                                                         \
    X(OK, "well-formed")                                                                           \
    X(EMPTY, "empty")                                                                              \
    X(NO_AT, "no @")                                                                               \
    X(LOCAL_EMPTY, "nothing before the @")                                                         \
    X(LOCAL_TOO_LONG, "more than 64 octets before the @")                                          \
    X(LOCAL_SYNTAX, "a character before the @ needs quotes")                                       \
    X(LOCAL_DOTS, "a dot at the start, the end, or next to another, before the @")                 \
    X(LOCAL_QUOTES, "unbalanced or misplaced quotes before the @")                                 \
    X(DOMAIN_EMPTY, "nothing after the @")                                                         \
    X(DOMAIN_TOO_LONG, "more than 255 octets after the @")                                         \
    X(DOMAIN_LABEL, "a label of the domain is empty, too long or starts or ends with a hyphen")    \
    X(DOMAIN_SYNTAX, "a character that no domain may have")                                        \
    X(DOMAIN_NUMERIC, "the domain is a bare IP address or has a numeric top level")                \
    X(DOMAIN_NO_DOT, "the domain has no dot")                                                      \
    X(LITERAL_SYNTAX, "a malformed address literal")                                               \
    X(TOO_LONG, "more than 254 octets in all")                                                     \
    X(CONTROL, "a control character")                                                              \
    X(UTF8, "malformed UTF-8")

enum mxp_address_status {
#define X(name, text) MXP_ADDRESS_##name,
    MXP_ADDRESS_MAP(X)
#undef X
        MXP_ADDRESS_COUNT
};

enum mxp_address_kind { MXP_ADDRESS_DOMAIN, MXP_ADDRESS_IPV4_LITERAL, MXP_ADDRESS_IPV6_LITERAL };

struct mxp_address {
    struct mxp_slice local;  /* as written, quotes included */
    struct mxp_slice domain; /* as written; for a literal the bare IP text, no brackets or tag */
    enum mxp_address_kind kind;
    bool local_utf8;  /* the local part has bytes over 127: SMTPUTF8 is needed */
    bool domain_utf8; /* the domain has U-labels: convert before any use */
    uint8_t ip[16];   /* literals: network order, 4 or 16 bytes used */
};

/* Parse text (leading and trailing blanks are the caller's to trim). The slices of
 * *ret point into text. Returns MXP_ADDRESS_OK or why it is no address; *ret is
 * untouched then. */
enum mxp_address_status mxp_address_parse(struct mxp_slice text, struct mxp_address *ret);

/* What is wrong, for a person; static. */
const char *mxp_address_status_text(enum mxp_address_status status);

/* The local part as it goes on the wire: quotes and backslashes dropped where the
 * content is a dot-string, kept in canonical form otherwise (RFC 5321, 4.1.2 asks
 * for the plain form). Writes at most 64 octets and a NUL to ret; returns the length. */
size_t mxp_address_local_wire(const struct mxp_address *address, char ret[static 65]);

#endif
