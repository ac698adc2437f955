/*
 * Is it the servers that fail, or our own network? Pure counting, no I/O: connection
 * attempts go in by provider, a suspicion comes out.
 *
 *   BLOCKED  no connection ever succeeded, and those to several providers all failed: the
 *            port looks closed from here
 *   LOST     connections did succeed before, and since the last one several providers failed:
 *            the network may be gone; a trial at an address that did answer tells
 */
#ifndef MXP_PROBE_NETWATCH_H
#define MXP_PROBE_NETWATCH_H

#include <stdbool.h>
#include <stdint.h>

#define MXP_NETWATCH_PROVIDERS 5    /* different ones in a row make a suspicion */
#define MXP_NETWATCH_SETTLE_MS 3000 /* after the first attempt, for others to succeed */

enum mxp_netwatch_state { MXP_NET_FINE, MXP_NET_BLOCKED, MXP_NET_LOST };

struct mxp_netwatch {
    const void *failed[MXP_NETWATCH_PROVIDERS]; /* those that failed since the last success */
    uint32_t n_failed;
    uint64_t n_failures; /* since the last success */
    uint64_t first_ms;   /* the first attempt's end */
    bool ever;           /* any success so far */
    bool trusted;        /* a trial showed that the network is well */
};

/* A connection was made. */
void mxp_netwatch_success(struct mxp_netwatch *watch);

/* One to this provider (any key that tells providers apart) failed. */
enum mxp_netwatch_state mxp_netwatch_failure(struct mxp_netwatch *watch, const void *provider,
                                             uint64_t now_ms);

/* A trial succeeded: the failures so far are the servers' own. */
void mxp_netwatch_trust(struct mxp_netwatch *watch);

#endif
