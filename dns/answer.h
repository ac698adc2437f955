/*
 * A DNS message (RFC 1035, 4.1) read for what the way to a mail server needs: MX
 * records, addresses, and how long they hold. What is wrong with one record is wrong with
 * the message (the additional section excepted), and a message that cannot be believed is a
 * failure, never "no such record": a truncated one, a question sent back, an error that only EDNS
 * tells (RFC 6891, 6.1.3), a referral, a CNAME circle, nothing but records of a name that was not
 * asked for.
 *
 * Records of the type asked for count where they belong to the name in the question, or to one that
 * the answer's CNAMEs lead to: a recursive resolver has followed them.
 */
#ifndef MXP_DNS_ANSWER_H
#define MXP_DNS_ANSWER_H

#include "dns/ip.h"
#include "dns/name.h"
#include "dns/resolver.h"

struct mxp_answer_mx {
    uint16_t preference;
    const char *name; /* as mxp_wire_name gives it; "" is the root */
};

struct mxp_answer {
    enum mxp_dns_status status; /* OK without records is NODATA */
    uint32_t ttl_s;             /* the least of the records'; or of the SOA (RFC 2308, 5) */
    uint16_t n_mx, n_ips;
    bool more;     /* records were left out */
    bool doubtful; /* NODATA that no SOA confirms behind CNAMEs: perhaps nobody followed them */
    uint32_t refs;
    struct mxp_answer_mx *mx;
    struct mxp_ip *ips;
};

#define MXP_ANSWER_MAX     128 /* records that are kept */
#define MXP_NEGATIVE_TTL_S 60  /* where a negative answer has no SOA */

/* Parse; one allocation, refs 1. A message that is malformed, not to be believed, or of
 * another rcode than status says gives status MXP_DNS_FAILED. NULL: no memory. */
struct mxp_answer *mxp_answer_parse(enum mxp_dns_status status, struct mxp_slice message,
                                    enum mxp_rr_type type);
struct mxp_answer *mxp_answer_ref(struct mxp_answer *answer);
struct mxp_answer *mxp_answer_unref(struct mxp_answer *answer); /* NULL */

#endif
