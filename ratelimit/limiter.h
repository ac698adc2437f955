/*
 * All levels of politeness in one place, on virtual time: run, identity, provider,
 * MX host, server address and its /24 (/64 for IPv6), domain. A question is answered
 * with a grant, or with a time to wait until and the reasons; feedback comes in as
 * it was read from the replies. Nothing polls; every call is O(log n) at worst.
 *
 * The limiter knows no sockets, replies, or names beyond opaque keys. One owner, one
 * thread; the caller's monotonic now_ms is an argument of every call.
 *
 * GLOSSARY
 *   identity  a set of source IP, EHLO name and MAIL FROM, by index
 *   site      one provider as seen by one identity: the unit of speed, breaker, footprint
 *   lease     one connection granted, until it is closed
 */
#ifndef MXP_RATELIMIT_LIMITER_H
#define MXP_RATELIMIT_LIMITER_H

#include "core/err.h"
#include "ratelimit/budget.h"

#include <stddef.h>

struct mxp_limiter;
struct mxp_lim_provider; /* lives as long as the limiter */
struct mxp_lease;

enum mxp_lim_event_kind {
    MXP_LIM_BREAKER_OPENED,  /* a site refuses us: what is left there waits or is not probed */
    MXP_LIM_BREAKER_CLOSED,  /* the half-open trial was answered normally */
    MXP_LIM_FOOTPRINT_STOP,  /* they took us for a harvester: the site is over for this run */
    MXP_LIM_IDENTITY_LISTED, /* blocks_to_stop providers refuse the same identity */
    MXP_LIM_SLOWED,          /* a learned limit went down .. */
    MXP_LIM_RAISED           /* .. or up */
};

struct mxp_lim_event {
    enum mxp_lim_event_kind kind;
    uint32_t identity;
    const struct mxp_lim_provider *provider; /* NULL where the event has none */
    const char *what;                        /* static: which limit, "connections" .. */
    uint64_t until_ms;                       /* breaker: the half-open trial; UINT64_MAX: never */
};

struct mxp_limiter_options {
    uint32_t max_sessions;                   /* the run's connections at once */
    uint32_t n_identities;                   /* at least 1 */
    struct mxp_rate connect_rate, rcpt_rate; /* the run's .. */
    struct mxp_rate identity_connect_rate, identity_rcpt_rate;
    uint32_t identity_connections; /* .. and each identity's, at all providers */
    uint32_t blocks_to_stop;       /* providers blocking one identity = listed; 0: 3 */
    uint32_t breaker_trial_ms;     /* until a half-open trial; 0: 30 min, doubled at each failure */
    bool off;                      /* no budgets, breakers or footprint: only what servers say of
                                      recipients per session and transaction is obeyed */
    void (*on_event)(void *arg, const struct mxp_lim_event *event); /* may be NULL */
    void *arg;
    uint64_t seed;
};

struct mxp_limiter *mxp_limiter_new(const struct mxp_limiter_options *options);
struct mxp_limiter *mxp_limiter_free(struct mxp_limiter *limiter); /* NULL; leases are void */

/* The provider called key (interned, copied); the budget counts at the first call only. */
struct mxp_lim_provider *mxp_limiter_provider(struct mxp_limiter *limiter, const char *key,
                                              const struct mxp_budget *budget);
const char *mxp_lim_provider_key(const struct mxp_lim_provider *provider);

/* Where a connection would go. The strings are copied where kept. */
struct mxp_route {
    uint32_t identity;
    struct mxp_lim_provider *provider;
    const char *host; /* MX host name */
    uint8_t ip[16];   /* network order */
    uint8_t ip_len;   /* 4 or 16 */
};

enum mxp_wait_reason {
    MXP_WAIT_RUN = 1 << 0, /* the run's connections or rate */
    MXP_WAIT_IDENTITY = 1 << 1,
    MXP_WAIT_PROVIDER = 1 << 2, /* connections at once */
    MXP_WAIT_CONNECT_RATE = 1 << 3,
    MXP_WAIT_RCPT_RATE = 1 << 4,
    MXP_WAIT_HOST = 1 << 5,
    MXP_WAIT_SERVER = 1 << 6, /* server address or its /24 */
    MXP_WAIT_DOMAIN = 1 << 7,
    MXP_WAIT_PENALTY = 1 << 8, /* they told us to slow down */
    MXP_WAIT_BREAKER = 1 << 9,
    MXP_WAIT_FOOTPRINT = 1 << 10,
    MXP_WAIT_SESSION = 1 << 11 /* this session has used up its recipients: close it */
};

struct mxp_wait {
    uint64_t until_ms; /* ask again then; UINT64_MAX: when a lease of the same run, provider or
                          host is closed, or never (reasons has BREAKER or FOOTPRINT) */
    uint32_t reasons;  /* of enum mxp_wait_reason */
};

/* May a connection be opened now? MXP_OK and a lease; MXP_EAGAIN and *ret_wait; MXP_ENOMEM.
 * Also usable as a question before addresses are known: ip_len 0 leaves out that level
 * (then call mxp_lease_address before connecting). */
int mxp_limiter_open(struct mxp_limiter *limiter, const struct mxp_route *route, uint64_t now_ms,
                     struct mxp_lease **ret_lease, struct mxp_wait *ret_wait);

/* The lease turns to this server address: MXP_OK, or MXP_EAGAIN and *ret_wait (its server or
 * /24 is at its limit; the lease stays as it was: try another address or close it). */
int mxp_lease_address(struct mxp_lease *lease, const uint8_t *ip, uint8_t ip_len, uint64_t now_ms,
                      struct mxp_wait *ret_wait);

/* How many of wanted recipients of this domain the next transaction may ask; they count
 * as asked. 0: *ret_wait says until when (SESSION: close and open a new one). */
uint32_t mxp_lease_take(struct mxp_lease *lease, const char *domain, uint32_t wanted,
                        uint64_t now_ms, struct mxp_wait *ret_wait);

/* Recipients taken but never sent are given back. */
void mxp_lease_untake(struct mxp_lease *lease, uint32_t n, uint64_t now_ms);

/* What an answer means for our speed. */
enum mxp_feedback {
    MXP_FB_OK,            /* a normal answer about a recipient (also tempfails about it) */
    MXP_FB_UNKNOWN_USER,  /* normal, and it was mailbox_not_found: counts for the footprint */
    MXP_FB_THROTTLED,     /* slow down; limit and retry_after_ms where stated */
    MXP_FB_BLOCKED,       /* refuses our identity */
    MXP_FB_FOOTPRINT,     /* they took us for a harvester */
    MXP_FB_TOO_MANY_RCPTS /* 452 4.5.3 or a refused second recipient: n_ok were taken before */
};

enum mxp_fb_limit {
    MXP_FB_ANY,
    MXP_FB_CONNECTIONS,
    MXP_FB_SESSION,
    MXP_FB_TRANSACTION,
    MXP_FB_RATE
};

struct mxp_feedback_info {
    enum mxp_fb_limit limit; /* which limit the words name, or ANY */
    uint64_t retry_after_ms; /* a stated wait; 0: none */
    uint32_t n_ok;           /* recipients answered normally before, in this transaction */
    uint32_t latency_ms;     /* from command to reply; 0: not known */
};

/* info may be NULL. One call per answered recipient; one for a refused greeting, EHLO or MAIL. */
void mxp_lease_feedback(struct mxp_lease *lease, enum mxp_feedback kind,
                        const struct mxp_feedback_info *info, uint64_t now_ms);

enum mxp_lease_end {
    MXP_LEASE_QUIT,            /* orderly */
    MXP_LEASE_CONNECT_REFUSED, /* RST or ICMP */
    MXP_LEASE_CONNECT_TIMEOUT,
    MXP_LEASE_DROPPED, /* closed on us, after the session's recipients asked so far */
    MXP_LEASE_TIMEOUT, /* went silent */
    MXP_LEASE_CANCELED /* our own doing: no feedback */
};

/* Ends and frees the lease. */
void mxp_lease_close(struct mxp_lease *lease, enum mxp_lease_end how, uint64_t now_ms);

/* What is in force at a site just now, for reports and the progress line. */
struct mxp_site_state {
    struct mxp_budget now; /* the ceilings as lowered by what was learned */
    uint32_t open;         /* connections just now */
    bool breaker, footprint_stopped;
    uint64_t n_sessions, n_rcpts, n_throttled, n_unknown, n_blocked;
};
void mxp_limiter_site(const struct mxp_limiter *limiter, const struct mxp_lim_provider *provider,
                      uint32_t identity, struct mxp_site_state *ret);

/* Each site that was used, in no order; learned: something below its ceilings is known. */
void mxp_limiter_each_site(const struct mxp_limiter *limiter,
                           void (*cb)(void *arg, const char *key, uint32_t identity, bool learned,
                                      const struct mxp_site_state *state),
                           void *arg);

/* What an earlier run learned of a site: fields that are 0 are not known. Before its first
 * lease. 0, MXP_EINVAL (no such identity) or MXP_ENOMEM. */
int mxp_limiter_teach(struct mxp_lim_provider *provider, uint32_t identity,
                      const struct mxp_budget *learned, uint64_t now_ms);

#endif
