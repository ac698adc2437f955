/*
 * A resolver of the tests: answers by a table of text, one question after the other, when
 * told to; and a clock that only the test moves.
 *
 *   "a.test MX 300 10 mx.a.test, 20 mx2.a.test"   "mx.a.test A 60 192.0.2.1"
 *   "b.test MX NXDOMAIN"  "b.test * SERVFAIL"     "c.test A CNAME d.test" (not followed)
 *
 * What no line speaks of is NODATA, with a SOA of 60 s.
 */
#ifndef MXP_TESTS_DNS_FAKE_H
#define MXP_TESTS_DNS_FAKE_H

#include "dns/resolver.h"

#include "message.h"

struct fake_question {
    char name[256];
    enum mxp_rr_type type;
    mxp_dns_cb cb;
    void *arg;
};

struct fake {
    struct mxp_resolver resolver;
    const char *const *zone; /* ends with NULL */
    struct fake_question *questions;
    size_t n, next, size; /* asked; the next to answer */
    size_t refuse_from;   /* ask number n fails with MXP_ENOMEM from here on; 0: never */
    uint64_t now_ms;
    struct message message;
};

void fake_init(struct fake *fake, const char *const *zone);
void fake_free(struct fake *fake);
/* Answer the oldest question; false: there is none. */
bool fake_answer(struct fake *fake);
void fake_answer_all(struct fake *fake);
void fake_cancel_all(struct fake *fake);
uint64_t fake_now(void *arg);
size_t fake_count(const struct fake *fake, enum mxp_rr_type type);

#endif
