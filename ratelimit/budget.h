/*
 * What one provider is asked at most: the configured ceilings. Adaptation moves
 * below them, never above. 0 means no limit of that kind.
 */
#ifndef MXP_RATELIMIT_BUDGET_H
#define MXP_RATELIMIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct mxp_rate {
    uint32_t n;      /* events; 0: unlimited */
    uint32_t per_ms; /* in this time */
};

struct mxp_budget {
    uint32_t connections;             /* at once, per identity */
    uint32_t host_connections;        /* at once at one MX host or server address, all identities */
    struct mxp_rate connect_rate;     /* new connections, per identity */
    struct mxp_rate rcpt_rate;        /* recipients, per identity */
    struct mxp_rate domain_rcpt_rate; /* recipients of one domain, all identities */
    uint32_t rcpts_per_session;
    uint32_t rcpts_per_transaction;
    uint32_t rcpts_per_hour;  /* only as a thing learned (a ceiling an hour is a rcpt_rate) */
    uint32_t unknown_percent; /* share of unknown recipients among the last answers of a site
                                 above which it is paced (footprint); 0: not bounded */
    bool shares_network;      /* what its server's /24 (/64) takes counts as one site too: for
                                 providers that no table knows */
};

#endif
