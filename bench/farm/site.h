/*
 * One provider (or one server of the long tail) at work: its hidden limits on farm time,
 * how it escalates, and the referee's counts of what it was asked.
 */
#ifndef MXP_FARM_SITE_H
#define MXP_FARM_SITE_H

#include "universe.h"

struct farm_window {
    uint64_t *times; /* a ring of the last events, as many as the limit allows */
    uint32_t size, head, n;
};

struct farm_counts {
    uint64_t n_connections, n_refused, n_sessions, n_commands, n_rcpts, n_accepted, n_unknown;
    uint64_t n_throttled; /* recipients answered by a throttle */
    uint64_t n_over;      /* times that a hidden limit was exceeded */
    uint64_t n_drops;     /* connections reset or closed without a word */
    uint64_t n_blocks, n_harvests, n_data, n_protocol, n_no_quit, n_greylisted;
    uint32_t peak;
    uint64_t first_ms, last_ms;
};

struct farm_site {
    const struct farm_provider *provider;
    struct farm_window connects, rcpts, excesses, unknowns;
    uint32_t open;
    uint64_t blocked_until_ms, block_ms;
    struct farm_counts counts;
};

struct farm_site *farm_site_new(const struct farm_provider *provider); /* NULL: no memory */
struct farm_site *farm_site_free(struct farm_site *site);              /* NULL */

enum farm_answer { FARM_OK, FARM_THROTTLE, FARM_CONNECTIONS, FARM_DROP, FARM_BLOCK, FARM_TOO_MANY };

/* A new connection: OK, or how it is greeted (DROP: by a reset). It counts as open either way. */
enum farm_answer farm_site_connect(struct farm_site *site, uint64_t now_ms);
void farm_site_disconnect(struct farm_site *site);

/* A recipient, the n-th of its session and of its transaction (from 1). DROP: the session ends
 * without a word. */
enum farm_answer farm_site_rcpt(struct farm_site *site, uint32_t in_session,
                                uint32_t in_transaction, uint64_t now_ms);

/* One of them was unknown: true where that is one too many, and the site is blocked now. */
bool farm_site_unknown(struct farm_site *site, uint64_t now_ms);

/* The hidden limits as they stand now. */
void farm_site_limits(const struct farm_provider *provider, uint64_t now_ms,
                      struct farm_limits *ret);

#endif
