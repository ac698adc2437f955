/*
 * The engine's own structures, shared by its files only.
 *
 * GLOSSARY
 *   item     an address by its number; fresh until it is first asked: then it costs four
 *            octets (its link in a domain's queue) and its domain's name
 *   task     an item that was asked, waits, or is held: what is known of it so far
 *   domain   the unit of DNS and of the catch-all question
 *   lane    domains that share their MX hosts (and identity): the unit of sessions
 *   carrier  a provider as the dispatcher sees it: lanes that want a session, in turn
 *   sess     one session and the walk over MX hosts that leads to it
 *
 * Who owns what: the engine owns domains, lanes, carriers and hosts for its whole life;
 * a task belongs to exactly one list at a time (a domain's ready list, a sess's batch, its
 * accepted or doubts, a domain's held list, or the heap of retries).
 */
#ifndef MXP_PROBE_ENGINE_INTERNAL_H
#define MXP_PROBE_ENGINE_INTERNAL_H

#include "core/arena.h"
#include "dns/mx_lookup.h"
#include "dns/provider.h"
#include "probe/io/conn.h"
#include "probe/engine/due.h"
#include "probe/engine/engine.h"
#include "probe/engine/evidence.h"
#include "probe/engine/netwatch.h"
#include "probe/io/tls.h"
#include "ratelimit/limiter.h"

#include <uthash.h>
#include <utlist.h>

/* The struct that holds member, from a pointer to that. */
#define MXP_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MXP_NO_ITEM      UINT32_MAX
#define MXP_IDLE_MS      20000 /* a session that waits for its turn is kept this long */
#define MXP_RANDOM_LEN   16    /* octets of the catch-all question's local part */
#define MXP_BATCH_MAX    100   /* RFC 5321, 4.5.3.1.8: servers must take 100 recipients */
#define MXP_HOPS_MAX     64u
#define MXP_LOST_RETRIES 3 /* at once, for a recipient that another's answer cut off */

/* What has gone wrong with all of a lane or domain so far, and since when. */
struct mxp_trouble {
    struct mxp_evidence *evidence; /* kept; NULL: none */
    uint64_t since_ms, last_ms;
    uint16_t n;
};

struct mxp_task {
    struct mxp_task *prev, *next;
    struct mxp_due due;
    struct mxp_engine *engine;
    struct mxp_domain *domain;
    struct mxp_evidence *evidence; /* kept: the last temporary refusal, or the acceptance */
    uint64_t started_ms;           /* the first attempt */
    uint64_t trouble_ms;           /* the first temporary refusal; 0: none */
    struct mxp_ehost *host;        /* said so: greylists are separate databases; NULL: any host */
    struct mxp_random *random;     /* the catch-all question that it is; NULL: an address */
    uint32_t id;                   /* MXP_NO_ITEM: the catch-all question */
    uint16_t attempts;
    uint16_t refusals; /* temporary ones, for the delay */
    uint8_t lost;
    uint8_t care;    /* enum mxp_care that it was asked with, engine_doubt.h; while held */
    uint8_t doubted; /* times that its answer was not believed */
};

/* The catch-all question of a domain, for the MX hosts of one preference (a backup MX may
 * accept what the first one refuses). */
enum mxp_random_state {
    MXP_RANDOM_UNASKED,
    MXP_RANDOM_OPEN,     /* wanted, asked, or waiting for its retry */
    MXP_RANDOM_REFUSED,  /* not a catch-all */
    MXP_RANDOM_ACCEPTED, /* a catch-all */
    MXP_RANDOM_GIVEN_UP
};

struct mxp_random {
    struct mxp_random *next;
    uint16_t rank; /* preference class, 0 the best */
    uint8_t state;
    bool wanted; /* to be asked now */
    char local[MXP_RANDOM_LEN + 1];
    struct mxp_task *task; /* while OPEN */
    struct mxp_task *held; /* accepted recipients that wait for the answer */
};

enum mxp_domain_state {
    MXP_DOMAIN_NEW,
    MXP_DOMAIN_RESOLVING,
    MXP_DOMAIN_READY,
    MXP_DOMAIN_OVER /* one answer for all: trouble.evidence */
};

/* Which of its lane's turns a domain waits in. */
enum mxp_turn {
    MXP_TURN_NONE,
    MXP_TURN_GOOD,
    MXP_TURN_SUSPECT /* all that it has to ask is likely unknown */
};

/* Fresh items, linked by the engine's next_item. */
struct mxp_queue {
    uint32_t head, tail, n; /* head and tail mean nothing where n is 0 */
};

struct mxp_domain {
    UT_hash_handle hh;
    struct mxp_domain *prev, *next;               /* in its lane's turn, while it has work */
    struct mxp_domain *next_new;                  /* in the queue of those to be resolved */
    struct mxp_domain *asking_prev, *asking_next; /* in its lane's list, while asking */
    struct mxp_engine *engine;
    struct mxp_lane *lane;
    struct mxp_task *ready; /* to be asked now, retries first */
    struct mxp_random *randoms;
    struct mxp_due due;         /* the next DNS try */
    struct mxp_trouble trouble; /* DNS */
    uint64_t expires_ms;        /* of what DNS said */
    struct mxp_queue fresh;
    struct mxp_queue suspects; /* fresh, too, and likely unknown */
    uint32_t n_counted;        /* of them, in lane->n_suspect */
    uint32_t n_work;           /* fresh + suspects + ready + catch-all questions wanted */
    uint8_t state, turn;
    uint8_t n_wanted; /* catch-all questions to be asked now */
    bool literal, queued;
    bool asking;
    bool suspect; /* mistyped or disposable, by its name: all are suspects */
    char name[];
};

struct mxp_ehost {
    UT_hash_handle hh;
    struct mxp_host_addrs *literal;    /* of an address literal; NULL otherwise */
    uint64_t failed_until_ms;          /* tried last until then */
    uint64_t paused_until_ms;          /* asked with pauses until then, engine_doubt.h */
    struct mxp_failed_ips *failed_ips; /* engine_ips.h; NULL: none */
    bool skip_failed;                  /* go on behind them */
    bool no_tls;                       /* STARTTLS failed here */
    bool one_by_one;                   /* a recipient a session: it gives more replies than due */
    bool pipelines;                    /* it has answered commands that came together */
    uint8_t widest;                    /* recipients that one transaction took, the most */
    const char *name;                  /* within key */
    char key[];
};

struct mxp_hop {
    struct mxp_ehost *host;
    uint16_t rank;
};

struct mxp_lane {
    UT_hash_handle hh;
    struct mxp_lane *prev, *next; /* in its carrier's turn, while it wants a session */
    struct mxp_engine *engine;
    struct mxp_carrier *carrier;
    struct mxp_domain *turn;         /* domains with work */
    struct mxp_domain *suspects;     /* those whose work is all likely unknown */
    struct mxp_domain *asking;       /* of them, those with a catch-all question to be asked now */
    struct mxp_sess *idle;           /* sessions that wait for work */
    struct mxp_due due;              /* parked until */
    struct mxp_trouble trouble;      /* no session could be had */
    struct mxp_evidence *broken_off; /* of a walk that our limits broke off; kept */
    uint64_t worked_ms;              /* a session was greeted, or a greeted one ended */
    uint64_t alone_ms;               /* a connection more than they bear was noticed .. */
    uint64_t alone_wait_ms;          /* .. so one session at a time, for so long */
    uint64_t walked;                 /* hops that such walks had done with, as bits; never all */
    uint32_t n_in_vain;              /* connections of such walks */
    struct mxp_lane *next_of_carrier;
    uint64_t n_work, n_suspect; /* both turns'; of it, likely unknown */
    uint32_t n_sess, n_ready;   /* walking or ready; ready ones */
    uint32_t identity;
    uint32_t n_since_random;  /* recipients asked since one of them */
    uint32_t n_since_suspect; /* recipients asked since one that was likely unknown */
    bool in_turn;
    uint16_t n_hops;
    struct mxp_hop *hops; /* by rank */
    char key[];
};

struct mxp_carrier {
    UT_hash_handle hh;
    struct mxp_carrier *prev, *next; /* in the engine's queue */
    struct mxp_engine *engine;
    struct mxp_lim_provider *limits;
    const struct mxp_provider *row; /* of the table; NULL: not in it */
    struct mxp_lane *turn;          /* lanes that want a session */
    struct mxp_lane *lanes;         /* all of them */
    struct mxp_due due;             /* parked until */
    struct mxp_trouble trouble;     /* throttled or blocked: the last evidence */
    struct mxp_trouble throttled;   /* since its last word about an address: nothing but these */
    uint64_t n_work;                /* of all its lanes */
    uint32_t n_sess;
    bool queued, for_close, over; /* for_close: parked until a lease is closed */
    bool ahead;                   /* it is, or was, in the engine's other queue */
    uint16_t rules_id;
    char name[];
};

struct mxp_engine {
    struct mxp_engine_config config;
    const struct mxp_options *options;
    struct mxp_loop *loop;
    struct mxp_timer *timer;
    struct mxp_waker *waker;
    struct mxp_due_heap dues;
    struct mxp_limiter *limiter;
    struct mxp_mx_lookup *lookup;
    struct mxp_provider_map *providers;
    struct mxp_tls_context *tls;
    struct mxp_smtp_policy *policies; /* one per identity */
    struct mxp_netwatch netwatch;
    struct mxp_buf out, scratch; /* shared by all sessions of the loop */

    struct mxp_domain *domains;
    struct mxp_domain *new_head, *new_tail;
    struct mxp_ehost *hosts;
    struct mxp_lane *lanes;
    struct mxp_carrier *carriers;
    struct mxp_carrier *queue; /* those that may want a session */
    struct mxp_carrier *ahead; /* of them, crowds that have none */
    struct mxp_sess *sesses;
    struct mxp_sess *ghosts; /* ended, but DNS still has an answer for them */
    struct mxp_arena arena;

    uint32_t *next_item; /* links of fresh items, by id */
    size_t n_next_item;
    uint32_t n_resolving;
    uint64_t random; /* state of the generator, seeded once */
    uint64_t n_sess_numbers;
    struct mxp_engine_stats stats;
    struct mxp_why why;
    int err;
    struct mxp_due stop_due, wind_down_due, trial_due;
    uint64_t armed_ms;          /* when the timer fires */
    struct mxp_ip last_good[3]; /* server addresses that answered, the newest first */
    uint64_t lost_since_ms;
    struct mxp_conn *trial;
    uint32_t n_trial;
    bool source_ended, stopping, cancelling, paused, held, run_full, done, poked;
    bool dns_ok;           /* some domain's questions were answered */
    uint32_t n_dns_failed; /* and so many could not be */
    char doubt[256];       /* what the check of the resolver found; "": nothing */
    bool sink_failed, lost_told;
    bool went_ahead;  /* the last carrier that was served came from there */
    bool site_closed; /* the limiter has just closed a site to us */
};

/* engine.c */
uint64_t mxp_engine_now(const struct mxp_engine *engine);
void mxp_engine_poke(struct mxp_engine *engine); /* something changed: look again soon */
void mxp_engine_fail(struct mxp_engine *engine, int err, const struct mxp_why *why);
void mxp_engine_tell(struct mxp_engine *engine, enum mxp_engine_event_kind kind, const char *fmt,
                     ...) __attribute__((format(printf, 3, 4)));
void mxp_engine_due(struct mxp_engine *engine, struct mxp_due *due, uint64_t due_ms);
uint64_t mxp_engine_random(struct mxp_engine *engine);

/* engine_domains.c: where addresses wait */
struct mxp_domain *mxp_domain_get(struct mxp_engine *engine, const char *name, bool literal);
void mxp_domain_add_fresh(struct mxp_domain *domain, uint32_t id, bool suspect);
void mxp_domain_add_ready(struct mxp_domain *domain, struct mxp_task *task);
/* The next to ask at this host. One that waits for another host stays, unless any is true or that
 * host failed lately. NULL: nothing for this host, or no memory. */
struct mxp_task *mxp_domain_take(struct mxp_domain *domain, const struct mxp_ehost *host, bool any);
void mxp_domain_want_random(struct mxp_domain *domain, struct mxp_random *random);
void mxp_domain_take_random(struct mxp_domain *domain, struct mxp_random *random);
void mxp_domain_resolve_some(struct mxp_engine *engine);
/* Every address of the domain that waits (held ones not) gets this answer. */
void mxp_domain_answer_all(struct mxp_domain *domain, const struct mxp_evidence *evidence,
                           const struct mxp_trouble *trouble);
void mxp_domain_over(struct mxp_domain *domain, struct mxp_evidence *kept);
void mxp_domains_free(struct mxp_engine *engine);
struct mxp_task *mxp_task_new(struct mxp_domain *domain, uint32_t id);
void mxp_task_free(struct mxp_task *task);
bool mxp_task_suits(const struct mxp_task *task, const struct mxp_ehost *host, bool any);

/* engine_turn.c: in which order, where some are likely unknown */
int mxp_turn_push(struct mxp_domain *domain, uint32_t id, bool suspect); /* 0 or MXP_ENOMEM */
/* The next fresh item, or MXP_NO_ITEM. It is no longer the domain's after pop. */
uint32_t mxp_turn_peek(struct mxp_domain *domain);
uint32_t mxp_turn_pop(struct mxp_domain *domain);
/* How many recipients its next transaction may have for that order's sake. */
uint32_t mxp_turn_room(const struct mxp_domain *domain);
/* Its work has changed: it enters, changes or leaves its lane's turns. */
void mxp_turn_place(struct mxp_domain *domain);
/* Any domain that has work, or NULL. */
struct mxp_domain *mxp_turn_first(const struct mxp_lane *lane);
/* The one in turn, which goes to the back; there must be one. other: the last one given could not
 * be asked, so none whose recipients are likely unknown, if there are others. */
struct mxp_domain *mxp_turn_next(struct mxp_lane *lane, bool other);

/* engine_lanes.c: where they go */
void mxp_lane_join(struct mxp_domain *domain, const struct mxp_mxset *set);
void mxp_lane_join_literal(struct mxp_domain *domain);
void mxp_lane_add_work(struct mxp_domain *domain, uint32_t n);
/* A catch-all question of the domain is to be asked now, or was taken. */
void mxp_lane_wants_random(struct mxp_domain *domain);
void mxp_lane_took_random(struct mxp_domain *domain);
/* n of the domain's work were taken, wherever it stands. */
void mxp_lane_drop_work(struct mxp_domain *domain, uint32_t n);
void mxp_lane_update(struct mxp_lane *lane); /* does it want a session now? */
void mxp_lane_park(struct mxp_lane *lane, uint64_t until_ms);
void mxp_lane_trouble(struct mxp_lane *lane, const struct mxp_evidence *evidence);
void mxp_lane_answer_all(struct mxp_lane *lane, const struct mxp_evidence *evidence);
void mxp_lanes_free(struct mxp_engine *engine);
void mxp_trouble_note(struct mxp_trouble *trouble, const struct mxp_evidence *evidence,
                      uint64_t now_ms);
void mxp_trouble_clear(struct mxp_trouble *trouble);

/* engine_carriers.c: who runs the MX hosts */
/* The table's provider of this host (its first, by preference and name), or the registrable
 * domain of its name; NULL: no memory. */
struct mxp_carrier *mxp_carrier_for(struct mxp_engine *engine, const char *host, bool literal);
/* Nothing more is asked there: what waits gets not_probed, with these words. */
void mxp_carrier_over(struct mxp_carrier *carrier, const char *words);
/* It has said nothing but "too fast" or "not now" for as long as is retried: that becomes the
 * answer for all that waits. True: it was so. */
bool mxp_carrier_worn_out(struct mxp_carrier *carrier);
void mxp_carriers_free(struct mxp_engine *engine);

/* engine_dispatch.c: who goes next */
void mxp_dispatch_kick(struct mxp_carrier *carrier);
void mxp_dispatch_run(struct mxp_engine *engine);
void mxp_dispatch_closed(struct mxp_carrier *carrier); /* a lease of it was closed */
void mxp_dispatch_park(struct mxp_carrier *carrier, const struct mxp_wait *wait);
/* A lease for the best hop of the lane that is not in *tried and has room; those of the same
 * rank that have none are added to *tried. The hop, or -1 and *ret_wait. */
int mxp_dispatch_lease(struct mxp_lane *lane, uint64_t *tried, struct mxp_lease **ret_lease,
                       struct mxp_wait *ret_wait);

#include "probe/engine/engine_session.h" /* the other half */

#endif
