/*
 * What a server offers in its reply to EHLO (RFC 5321, 4.1.1.1): keywords to flags.
 * Knows nothing of the session; unknown keywords and malformed parameters are passed
 * over. Case plays no part. Borrowed input, no allocation.
 */
#ifndef MXP_SMTP_EHLO_H
#define MXP_SMTP_EHLO_H

#include "core/slice.h"

struct mxp_ehlo {
    bool pipelining;     /* RFC 2920 */
    bool starttls;       /* RFC 3207 */
    bool smtputf8;       /* RFC 6531 */
    bool eightbitmime;   /* RFC 6152 */
    bool size;           /* RFC 1870 */
    uint64_t size_max;   /* octets; 0: not told, or no fixed maximum */
    uint32_t mail_max;   /* RFC 9422 LIMITS: transactions per session; 0: not told */
    uint32_t rcpt_max;   /* recipients per transaction; 0: not told */
    uint32_t domain_max; /* RCPTDOMAINMAX, domains per transaction; 0: not told */
};

/* Read the text of a positive reply to EHLO, as in struct mxp_reply. The first line is
 * the server's name and never a keyword. */
void mxp_ehlo_parse(struct mxp_slice text, struct mxp_ehlo *ret);

#endif
