/*
 * A reply, the stage at which it came and the provider -> verdict, reason, action,
 * and what else the reply tells. The rules are data (smtp/rules/); this is the
 * engine that applies them in the order of docs/classification.md.
 *
 * Never a false invalid: see mxp_reason_may_be_invalid and the verdict rule there.
 * No allocation, no clock, linear in the reply's length; the compiled rules are
 * const and may be shared by threads.
 */
#ifndef MXP_SMTP_CLASSIFY_H
#define MXP_SMTP_CLASSIFY_H

#include "core/err.h"
#include "core/verdict.h"
#include "smtp/reply.h"

struct mxp_rules; /* opaque: compiled rules */

enum mxp_limit_kind {
    MXP_LIMIT_NONE,
    MXP_LIMIT_CONNECTIONS, /* "connections" */
    MXP_LIMIT_MESSAGES,    /* "messages": per connection */
    MXP_LIMIT_RECIPIENTS,  /* "recipients": per transaction, session or time */
    MXP_LIMIT_RATE         /* "rate" */
};

struct mxp_classified {
    enum mxp_verdict verdict;
    enum mxp_reason reason;
    enum mxp_action action;
    enum mxp_tri exists;          /* YES: the mailbox is alive (full, busy, restricted) */
    enum mxp_limit_kind limit;    /* whose limit was hit */
    bool footprint;               /* they took us for a harvester: stop this site */
    bool throttle;                /* slow this provider down (a 421 without other words, a 4xx
                                     with that meaning, and 5xx whose words say so) */
    bool blocks_us;               /* refuses our IP, EHLO name or sender as such, not this one
                                     recipient: opens the breaker */
    uint32_t retry_after_s;       /* a stated wait, at most 24 h; 0: none */
    struct mxp_slice blocklist;   /* its name, within the reply's text; empty: none */
    struct mxp_slice new_address; /* offered by a 251 or 551, within the reply's text */
    const char *rule;             /* which rule decided ("google.rules:12"), lives with the rules */
};

/* The built-in rules, compiled; user_file (may be NULL) is tried first. On error
 * NULL, and why names file and line. Free with mxp_rules_free. */
struct mxp_rules *mxp_rules_new(const char *user_file, struct mxp_why *why);
struct mxp_rules *mxp_rules_free(struct mxp_rules *rules); /* NULL */

/* The rules' number of a provider name ("google", "microsoft365" .., as in the
 * corpus); 0 for "-" and every name that no rule mentions. */
uint16_t mxp_rules_provider(const struct mxp_rules *rules, struct mxp_slice name);

/* Classify. A reply with code 0 and no text gives unclassified. */
void mxp_classify(const struct mxp_rules *rules, enum mxp_stage stage, uint16_t provider,
                  const struct mxp_reply *reply, struct mxp_classified *ret);

const char *mxp_limit_name(enum mxp_limit_kind kind); /* NULL for NONE */

#endif
