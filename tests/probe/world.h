/*
 * A world in memory for the engine: a clock that jumps to what is due next, connections that end
 * at servers of the test, DNS by a table. Stands in for loop.c and conn.c, so that hours of many
 * sessions pass in milliseconds and repeat themselves.
 */
#ifndef MXP_TESTS_WORLD_H
#define MXP_TESTS_WORLD_H

#include "probe/engine/engine.h"

#define WORLD_ITEMS_MAX 400

struct world_conn; /* a connection, as its server sees it */

struct world_server {
    void (*connected)(struct world_conn *conn, void *arg);
    void (*line)(struct world_conn *conn, void *arg, const char *line); /* without its end */
    void *arg;
};

struct world_result {
    unsigned n; /* results that it got */
    enum mxp_verdict verdict;
    enum mxp_reason reason;
    enum mxp_tri catch_all;
    uint64_t at_ms;
};

struct world {
    const char *const *zone;      /* tests/dns/fake.h */
    const char *const *options;   /* of the command line, NULL-ended; static, few different ones */
    const char *const *addresses; /* NULL-ended; local@domain */
    struct world_server server;   /* at every address */
    uint64_t seed;
    uint64_t stop_ms; /* the run is interrupted then, if it still goes on; 0: never */
    uint64_t grace_ms;
    /* when it has run */
    struct world_result results[WORLD_ITEMS_MAX];
    unsigned n_addresses, n_connections;
    uint64_t took_ms;
    bool stopped;
};

/* Until the engine is done; fails the test where it never is. */
void world_run(struct world *world);

uint64_t world_now(const struct world_conn *conn);
void **world_state(struct world_conn *conn); /* the server's own; it comes from malloc */
/* It arrives at that time; what is said for the same time comes in the order of saying. */
void world_say(struct world_conn *conn, uint64_t at_ms, const char *text);
/* At that time, or after all that was said; what is said later never arrives. */
void world_close(struct world_conn *conn, uint64_t at_ms);

#endif
