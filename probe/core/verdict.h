/*
 * The words in which the project answers: verdicts, reasons, actions, stages.
 * Their names are a contract with users; see docs/design.md, Contract.
 *
 * Only the reasons whose last column is true can stand beside an invalid verdict.
 */
#ifndef MXP_CORE_VERDICT_H
#define MXP_CORE_VERDICT_H

#include "core/slice.h"

#define MXP_VERDICT_MAP(X) X(VALID, "valid") X(INVALID, "invalid") X(UNKNOWN, "unknown")

#define MXP_ACTION_MAP(X)                                                                          \
    X(KEEP, "keep")                                                                                \
    X(REMOVE, "remove")                                                                            \
    X(RETRY, "retry")                                                                              \
    X(SUPPRESS_IF_REPEATED, "suppress_if_repeated")                                                \
    X(SLOW_DOWN, "slow_down")                                                                      \
    X(FIX_SENDER, "fix_sender")                                                                    \
    X(REVIEW, "review")

/* In the order in which an exchange meets them; DATA only in logs and explain. */
#define MXP_STAGE_MAP(X)                                                                           \
    X(UNKNOWN, "unknown")                                                                          \
    X(SYNTAX, "syntax")                                                                            \
    X(DNS, "dns")                                                                                  \
    X(CONNECT, "connect")                                                                          \
    X(GREETING, "greeting")                                                                        \
    X(EHLO, "ehlo")                                                                                \
    X(STARTTLS, "starttls")                                                                        \
    X(TLS, "tls")                                                                                  \
    X(MAIL, "mail")                                                                                \
    X(RCPT, "rcpt")                                                                                \
    X(DATA, "data")                                                                                \
    X(QUIT, "quit")

/* X(name, text, default action, group, may be invalid): group A = about the address, U = about us,
 * M = about the moment. */
#define MXP_REASON_MAP(X)                                                                          \
    X(ACCEPTED, "accepted", KEEP, 'A', false)                                                      \
    X(CATCH_ALL, "catch_all", REVIEW, 'A', false)                                                  \
    X(CANNOT_VERIFY, "cannot_verify", REVIEW, 'A', false)                                          \
    X(BAD_SYNTAX, "bad_syntax", REMOVE, 'A', true)                                                 \
    X(MAILBOX_NOT_FOUND, "mailbox_not_found", REMOVE, 'A', true)                                   \
    X(MAILBOX_DISABLED, "mailbox_disabled", REMOVE, 'A', true)                                     \
    X(MAILBOX_FULL, "mailbox_full", SUPPRESS_IF_REPEATED, 'A', false)                              \
    X(ADDRESS_MOVED, "address_moved", REMOVE, 'A', true)                                           \
    X(RECIPIENT_RESTRICTED, "recipient_restricted", REVIEW, 'A', false)                            \
    X(DOMAIN_NOT_FOUND, "domain_not_found", REMOVE, 'A', true)                                     \
    X(DOMAIN_NOT_ACCEPTING, "domain_not_accepting", REMOVE, 'A', true)                             \
    X(EAI_UNSUPPORTED, "eai_unsupported", REVIEW, 'A', false)                                      \
    X(IP_BLOCKLISTED, "ip_blocklisted", FIX_SENDER, 'U', false)                                    \
    X(DOMAIN_BLOCKLISTED, "domain_blocklisted", FIX_SENDER, 'U', false)                            \
    X(POLICY_BLOCKED, "policy_blocked", REVIEW, 'U', false)                                        \
    X(AUTH_FAILURE, "auth_failure", FIX_SENDER, 'U', false)                                        \
    X(SENDER_REJECTED, "sender_rejected", FIX_SENDER, 'U', false)                                  \
    X(RDNS_HELO, "rdns_helo", FIX_SENDER, 'U', false)                                              \
    X(RELAY_DENIED, "relay_denied", REVIEW, 'U', false)                                            \
    X(AUTH_REQUIRED, "auth_required", REVIEW, 'U', false)                                          \
    X(TLS_REQUIRED, "tls_required", REVIEW, 'U', false)                                            \
    X(RATE_LIMITED, "rate_limited", SLOW_DOWN, 'U', false)                                         \
    X(TOO_MANY_RECIPIENTS, "too_many_recipients", SLOW_DOWN, 'U', false)                           \
    X(SPAM_CONTENT, "spam_content", REVIEW, 'U', false)                                            \
    X(CONTENT_REJECTED, "content_rejected", REVIEW, 'U', false)                                    \
    X(MESSAGE_TOO_BIG, "message_too_big", REVIEW, 'U', false)                                      \
    X(GREYLISTED, "greylisted", RETRY, 'M', false)                                                 \
    X(SERVER_UNAVAILABLE, "server_unavailable", RETRY, 'M', false)                                 \
    X(ROUTING_ERROR, "routing_error", RETRY, 'M', false)                                           \
    X(DNS_ERROR, "dns_error", RETRY, 'M', false)                                                   \
    X(CONNECT_FAILED, "connect_failed", RETRY, 'M', false)                                         \
    X(CONNECTION_LOST, "connection_lost", RETRY, 'M', false)                                       \
    X(TIMEOUT, "timeout", RETRY, 'M', false)                                                       \
    X(TLS_FAILED, "tls_failed", REVIEW, 'M', false)                                                \
    X(PROTOCOL_ERROR, "protocol_error", REVIEW, 'M', false)                                        \
    X(MX_REFUSED, "mx_refused", REVIEW, 'M', false)                                                \
    X(NOT_PROBED, "not_probed", RETRY, 'M', false)                                                 \
    X(UNCLASSIFIED, "unclassified", REVIEW, 'M', false)

enum mxp_verdict {
#define X(name, text) MXP_VERDICT_##name,
    MXP_VERDICT_MAP(X)
#undef X
        MXP_VERDICT_COUNT
};

enum mxp_action {
#define X(name, text) MXP_ACTION_##name,
    MXP_ACTION_MAP(X)
#undef X
        MXP_ACTION_COUNT
};

enum mxp_stage {
#define X(name, text) MXP_STAGE_##name,
    MXP_STAGE_MAP(X)
#undef X
        MXP_STAGE_COUNT
};

enum mxp_reason {
#define X(name, text, action, group, may_be_invalid) MXP_REASON_##name,
    MXP_REASON_MAP(X)
#undef X
        MXP_REASON_COUNT
};

/* Yes, no, or not known; JSON null. */
enum mxp_tri { MXP_TRI_UNKNOWN = -1, MXP_TRI_NO = 0, MXP_TRI_YES = 1 };

/* Names; static, never NULL ("?" for a value out of range). */
const char *mxp_verdict_name(enum mxp_verdict v);
const char *mxp_action_name(enum mxp_action a);
const char *mxp_stage_name(enum mxp_stage s);
const char *mxp_reason_name(enum mxp_reason r);

/* The value of a name, or _COUNT. */
enum mxp_reason mxp_reason_find(struct mxp_slice name);
enum mxp_stage mxp_stage_find(struct mxp_slice name);

enum mxp_action mxp_reason_action(enum mxp_reason r);

/* 'A' about the address, 'U' about us, 'M' about the moment. */
char mxp_reason_group(enum mxp_reason r);

/* Whether this reason can stand beside an invalid verdict at all. */
bool mxp_reason_may_be_invalid(enum mxp_reason r);

#endif
