/*
 * A small world for tests of the whole engine, in one process and on one loop: a DNS zone (see
 * tests/dns/fake.h) and one mail server on loopback, whose replies are the test's. Everything that
 * the program does in it is real but for the resolver.
 */
#ifndef MXP_TESTS_ENGINE_WORLD_H
#define MXP_TESTS_ENGINE_WORLD_H

#include "../dns/fake.h"
#include "probe/engine/engine.h"

#include <uv.h>

#define WORLD_ADDRESSES 16

struct world_result {
    unsigned n;
    enum mxp_verdict verdict;
    enum mxp_reason reason;
    uint16_t code, attempts;
};

struct world {
    struct mxp_options options; /* world_init parses some; free to change before a run */
    const struct mxp_rules *rules;
    const char *const *zone;      /* ends with NULL; every MX host is at 127.0.0.1 */
    const char *const *addresses; /* ends with NULL */
    /* The reply to a line of the client, "" for the greeting; NULL: silence. */
    const char *(*reply)(struct world *world, const char *line);
    void *arg;
    uint64_t wait_ms; /* of the loop's time, before the source has its second address */

    struct world_result results[WORLD_ADDRESSES];
    unsigned n_rcpts;                  /* RCPT lines that the server saw .. */
    unsigned n_asked[WORLD_ADDRESSES]; /* .. of each address */
    int err;                           /* of the run; 1: it never ended */
    struct fake fake;                  /* private from here */
    struct mxp_loop *loop;
    struct mxp_engine *engine;
    struct mxp_timer *timer;
    struct mxp_source source;
    struct mxp_sink sink;
    uv_tcp_t server;
    uv_idle_t idle;
    uv_timer_t guard;
    uint32_t n_pulled;
    char wire[256];
    struct world_client *clients;
};

/* args: options of the command line besides what the world needs; ends with NULL. */
void world_init(struct world *world, const char *const *args);
void world_free(struct world *world);

/* A run of all addresses, from the first allocation of the loop on to the last free. */
void world_run(struct world *world);

#endif
