/*
 * The limiter's own structures, shared by its files only. A lease counts at up to two
 * sites: its provider's, and, where the provider is in no table, that of the network its
 * server is in, so that many names on one machine share one budget.
 */
#ifndef MXP_RATELIMIT_LIMITER_INTERNAL_H
#define MXP_RATELIMIT_LIMITER_INTERNAL_H

#include "core/slice.h"
#include "ratelimit/bucket.h"
#include "ratelimit/limiter.h"
#include "ratelimit/pace.h"

#include <uthash.h>

#define MXP_KEY_MAX      40 /* "net " and an address in hex */
#define MXP_N_ANSWERS    64 /* the last answers of a provider, for the share of unknowns */
#define MXP_ANSWERS_SEEN 25 /* before the share means anything */
#define MXP_UNPROVEN     2  /* connections at once to a site that has not answered yet */

/* Connections at once to one key: an MX host, a server address, a network. */
struct mxp_level {
    UT_hash_handle hh;
    uint32_t open;
    uint32_t proven; /* of them, those that were greeted */
    char key[];
};

/* A count that was learned: lowered when it hurt, tried one higher after a quiet that is the
 * longer the more often that was refused. */
struct mxp_learned {
    uint32_t n;   /* 0: nothing yet */
    uint32_t was; /* before it was raised */
    uint8_t n_again;
    uint64_t since_ms;
};

struct mxp_site {
    struct mxp_lim_provider *provider;
    struct mxp_pace connects, rcpts;
    uint32_t open;             /* leases */
    uint32_t proven;           /* of them, those that were greeted */
    uint32_t fresh;            /* of them, those that have not asked yet */
    uint32_t peak;             /* the most proven ones at once, without a throttle */
    uint32_t answered;         /* of the open ones, those that were answered normally .. */
    uint32_t width;            /* .. and the most of them at once, while replies were not delayed */
    uint32_t n_asked;          /* recipients that wait for their answers .. */
    uint64_t heard_ms;         /* .. and when the last one came, or the first was asked */
    struct mxp_learned window; /* connections at once */
    struct mxp_learned per_session, per_transaction; /* recipients */
    uint32_t longest;    /* the most recipients answered in one session */
    uint32_t last_end;   /* recipients after which a session was last cut off */
    uint16_t n_end;      /* so often in a row */
    uint16_t n_lost;     /* sessions broken off in a row */
    bool refused;        /* the identity, by a block: until its own trial is accepted */
    bool delays;         /* replies have become late: their mean, or the last one */
    bool cuts;           /* it says no by breaking off: sessions did so until it was slowed */
    uint16_t n_refused;  /* connections in a row */
    uint64_t closed_ms;  /* when a greeted one was last closed */
    uint64_t hold_ms;    /* no new connection before */
    uint64_t stated_ms;  /* nothing before: they said so */
    uint32_t latency_ms; /* the quickest reply */
    uint32_t slow_ms;    /* a running mean of replies */
    struct mxp_site_state state;
};

struct mxp_lim_provider {
    UT_hash_handle hh;
    struct mxp_limiter *limiter;
    struct mxp_budget budget;
    struct mxp_lim_provider *next;
    uint64_t breaker_ms; /* the half-open trial; 0: closed */
    uint64_t breaker_wait_ms;
    struct mxp_lease *trial; /* under way */
    uint64_t unknown_bits;   /* the last answers, 1: unknown user */
    uint32_t n_answers;
    uint32_t open;                         /* leases, over all identities */
    bool trial_asked;                      /* its one recipient; the answer decides */
    bool footprint, blocked_once, network; /* network: a stand-in for a /24 */
    struct mxp_domain_level *domains;      /* where the budget bounds a domain's recipients */
    uint32_t n_sites;
    struct mxp_site *sites; /* by identity; allocated when first used */
    char key[];
};

struct mxp_lease {
    struct mxp_limiter *limiter;
    struct mxp_site *site, *network; /* network may be NULL */
    struct mxp_level *host, *server;
    struct mxp_domain_level *domain; /* of the last take; may be NULL */
    uint64_t opened_ms, address_ms;  /* granted; counted at its network */
    uint32_t identity;
    uint32_t beside, beside_network; /* greeted ones when it was opened; 0: none at its server */
    uint32_t n_rcpts, n_answered, n_replied; /* asked; answered normally; answered at all */
    uint32_t n_asked;                        /* and not answered yet */
    bool proven, throttled;
};

struct mxp_identity_state {
    struct mxp_bucket connects, rcpts;
    uint32_t open, n_blocks;
    bool listed;
};

struct mxp_limiter {
    struct mxp_limiter_options options;
    struct mxp_lim_provider *providers, *first;
    struct mxp_level *hosts, *servers;
    struct mxp_identity_state *identities;
    struct mxp_bucket connects, rcpts;
    uint32_t open;
};

/* limiter_levels.c: the levels around a site */
int mxp_levels_wait(struct mxp_wait *ret, uint64_t until_ms, uint32_t reason); /* MXP_EAGAIN */
struct mxp_level *mxp_level_get(struct mxp_level **levels, const char *key);   /* NULL: no memory */
/* One holder (NULL: none) less; forgotten when nobody is left: a million domains have as many MX
 * hosts. */
void mxp_level_leave(struct mxp_level **levels, struct mxp_level *level, bool proven);
void mxp_levels_free(struct mxp_limiter *limiter);
void mxp_levels_free_domains(struct mxp_lim_provider *provider);
int mxp_levels_allow_open(struct mxp_limiter *limiter, uint32_t identity, uint64_t now_ms,
                          struct mxp_wait *ret);
/* The route's MX host: MXP_OK, MXP_EAGAIN (it has enough of us) or MXP_ENOMEM. */
int mxp_levels_host(struct mxp_limiter *limiter, const struct mxp_route *route,
                    struct mxp_level **ret_host, struct mxp_wait *ret);
void mxp_levels_opened(const struct mxp_lease *lease);
void mxp_levels_closed(const struct mxp_lease *lease);
uint32_t mxp_levels_allow_rcpts(struct mxp_lease *lease, const char *domain, uint32_t wanted,
                                uint64_t now_ms, struct mxp_wait *ret);
void mxp_levels_taken(const struct mxp_lease *lease, uint32_t n);
void mxp_levels_untaken(const struct mxp_lease *lease, uint32_t n);

/* limiter_site.c */
struct mxp_site *mxp_site_get(struct mxp_lim_provider *provider, uint32_t identity,
                              uint64_t now_ms); /* NULL: no memory */
void mxp_sites_free(struct mxp_lim_provider *provider);
uint32_t mxp_site_window(const struct mxp_site *site, uint64_t now_ms);
uint32_t mxp_site_per_session(const struct mxp_site *site);
uint32_t mxp_site_per_transaction(const struct mxp_site *site);
/* By what the share of unknown recipients divides the speed: 1, or more. */
double mxp_site_slow(const struct mxp_site *site);
void mxp_site_tell(const struct mxp_site *site, enum mxp_lim_event_kind kind, uint32_t identity,
                   const char *what);

/* limiter_breaker.c */
/* MXP_OK, or MXP_EAGAIN: the breaker or a footprint stop holds it. */
int mxp_breaker_allows(const struct mxp_site *site, const struct mxp_lease *lease, uint64_t now_ms,
                       struct mxp_wait *ret_wait);
void mxp_breaker_blocked(struct mxp_lease *lease, uint64_t now_ms);
void mxp_breaker_answered(struct mxp_lease *lease);
void mxp_breaker_footprint(struct mxp_lease *lease);
/* The lease becomes the half-open trial where one is due, and stops being it. */
void mxp_breaker_try(struct mxp_site *site, struct mxp_lease *lease, uint64_t now_ms);
/* Of n recipients a trial may ask one, and no more until it is answered. */
uint32_t mxp_breaker_takes(struct mxp_lease *lease, uint32_t n, uint64_t now_ms);
void mxp_breaker_asked(struct mxp_lease *lease, bool asked);
/* A trial that could not ask: the next one waits as long again. */
void mxp_breaker_failed(struct mxp_lease *lease, uint64_t now_ms);
void mxp_breaker_left(struct mxp_lim_provider *provider, const struct mxp_lease *lease);

/* limiter_delay.c */
/* A normal reply; latency_ms 0: not known. */
void mxp_delay_watch(struct mxp_site *site, uint32_t latency_ms, uint64_t now_ms);
/* No more connections at once than those that were answered without delay call for. */
bool mxp_delay_holds(const struct mxp_site *site, uint64_t now_ms);
/* So many recipients more wait for their answers, or fewer. */
void mxp_delay_asked(struct mxp_lease *lease, uint32_t n, uint64_t now_ms);
void mxp_delay_replied(struct mxp_lease *lease, uint32_t n, uint64_t now_ms);

/* limiter_adapt.c */
/* All that was learned to be borne is in use, and more is wanted: may one more be tried? */
bool mxp_adapt_widen(struct mxp_site *site, uint32_t identity, uint64_t now_ms);
/* More recipients are wanted than were learned to fit a session, or a transaction. */
void mxp_adapt_fill(const struct mxp_lease *lease, uint64_t now_ms);
bool mxp_adapt_lengthen(const struct mxp_lease *lease, uint64_t now_ms);
void mxp_adapt_proven(struct mxp_lease *lease, uint64_t now_ms);
void mxp_adapt_closed(struct mxp_lease *lease, enum mxp_lease_end how, uint64_t now_ms);

#endif
