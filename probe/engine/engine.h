/*
 * The engine: takes addresses from a source, gives exactly one result for each to a
 * sink. Groups them by domain and MX, asks the limiter, runs sessions, retries what is
 * temporary, watches our own network. One engine per loop; a process may hold several.
 */
#ifndef MXP_PROBE_ENGINE_H
#define MXP_PROBE_ENGINE_H

#include "dns/resolver.h"
#include "probe/io/loop.h"
#include "probe/options/options.h"
#include "probe/engine/source.h"
#include "smtp/classify.h"

struct mxp_engine;
struct mxp_limiter;

enum mxp_engine_event_kind {
    MXP_ENGINE_PORT_BLOCKED, /* the first connections to several providers all failed: the run ends
                              */
    MXP_ENGINE_NETWORK_LOST, /* paused: no success across providers .. */
    MXP_ENGINE_NETWORK_BACK, /* .. and going on */
    MXP_ENGINE_BREAKER,      /* a provider refuses us; text is the evidence */
    MXP_ENGINE_FOOTPRINT,
    MXP_ENGINE_IDENTITY_LISTED,
    MXP_ENGINE_RESOLVER, /* DNS is down, or invents answers */
    MXP_ENGINE_NOTE      /* a slower or faster limit, for --verbose */
};

struct mxp_engine_event {
    enum mxp_engine_event_kind kind;
    const char *text; /* one line for a person, with the evidence */
};

struct mxp_engine_stats {
    uint64_t n_pulled, n_done;
    uint32_t n_sessions; /* open just now */
    uint64_t n_sessions_total, n_rcpts, n_retries_pending;
    uint64_t next_due_ms; /* when the next retry is due; UINT64_MAX: none */
    uint64_t memory;      /* octets held for sessions, as far as known */
};

struct mxp_engine_config {
    struct mxp_loop *loop;
    const struct mxp_options *options;
    struct mxp_resolver *resolver;
    const struct mxp_rules *rules;
    struct mxp_source *source;
    struct mxp_sink *sink;
    const struct mxp_ip *own; /* our machine's addresses, never probed; copied */
    size_t n_own;
    /* MX hosts that must not be probed; NULL: none. Domains that have one are not_probed. */
    bool (*host_excluded)(void *arg, const char *host);
    bool answer_all; /* answer every address, also where our own position is at fault: check */
    uint64_t seed;   /* of random local parts and of the order among equal MX hosts */
    void (*on_event)(void *arg, const struct mxp_engine_event *event); /* may be NULL */
    /* Once: err 0, all answered; MXP_ECANCELED, stopped from outside; MXP_ENET, our position lets
     * nothing be verified (port blocked, network lost, identity blocklisted): what is undecided
     * has no result; or the source's or sink's error. */
    void (*on_done)(void *arg, int err, const struct mxp_why *why);
    /* Each line of dialogue: dir '>' (ours), '<' (theirs), '*' (connected, TLS up, closed). */
    void (*on_line)(void *arg, uint64_t session, char dir,
                    struct mxp_slice bytes); /* may be NULL */
    void *arg;
};

/* config is copied; what it points to must outlive the engine. NULL and why: MXP_ENOMEM, or
 * MXP_ETLS (OpenSSL could not be set up). */
struct mxp_engine *mxp_engine_new(const struct mxp_engine_config *config, struct mxp_why *why);
/* Once. Nothing happens inside: the loop does the work. */
void mxp_engine_start(struct mxp_engine *engine);
/* The source has something again. From any thread. */
void mxp_engine_wake(struct mxp_engine *engine);

/* The check of the resolver failed. certain: so did everything else; otherwise some domains
 * that cannot be looked up, while none could be, confirm it. Told as an event; the run ends with
 * MXP_ENET unless all must be answered. */
void mxp_engine_doubt_resolver(struct mxp_engine *engine, const char *words, bool certain);

/* No new sessions; those in flight finish or are given up within grace_ms; on_done follows with
 * MXP_ECANCELED. What is undecided gets no result. */
void mxp_engine_stop(struct mxp_engine *engine, uint64_t grace_ms);
/* While held nothing is begun: no session, no question, nothing pulled. What is under way goes on,
 * and sessions that are ready wait their usual idle time. For a sink that nobody empties. */
void mxp_engine_hold(struct mxp_engine *engine, bool held);
void mxp_engine_stats(const struct mxp_engine *engine, struct mxp_engine_stats *ret);
/* For what was learned: reports, and to be taught before the start. */
struct mxp_limiter *mxp_engine_limiter(struct mxp_engine *engine);
struct mxp_engine *mxp_engine_free(struct mxp_engine *engine); /* NULL */

#endif
