/*
 * A universe: the mail providers of a simulated internet, as one YAML file describes
 * them (docs/farm.md). Const once read.
 *
 * Provider number p owns the addresses 127.(2+p).h.10 for its MX hosts h = 1, 2 ..; a
 * provider of many servers ("servers: N") has one domain, one MX host and one address for
 * each, all in networks of their own.
 */
#ifndef MXP_FARM_UNIVERSE_H
#define MXP_FARM_UNIVERSE_H

#include "core/arena.h"
#include "core/err.h"
#include "dns/ip.h"

#define FARM_PROVIDERS_MAX 120
#define FARM_LONG_TAIL_MAX 8000

struct farm_limits {
    uint32_t connections; /* at once; 0: none, as for all of them */
    uint32_t connects_per_minute, rcpts_per_minute;
    uint32_t rcpts_per_session, rcpts_per_transaction;
};

struct farm_change {
    double at_s, factor; /* from then on the hidden limits are multiplied by it */
};

enum farm_kind { FARM_NORMAL, FARM_NXDOMAIN, FARM_NULL_MX, FARM_DEAD, FARM_SERVFAIL };

struct farm_provider {
    const char *name;
    enum farm_kind kind;
    double share; /* of the list, in percent */
    const char **domains, **mx;
    uint32_t n_domains, n_mx;
    uint32_t hosted; /* further domains, made up, at the same MX hosts */
    uint32_t servers;
    double unknown, full, disabled, catch_all; /* percent of mailboxes; of domains */
    uint32_t latency_ms, banner_ms, greylist_s, tarpit_ms;
    bool pipelining, blocks_at_once;
    struct farm_limits limits;
    uint32_t escalate_within_s; /* the time in which excesses are counted */
    uint32_t drop_after;        /* excesses before it drops connections; 0: never */
    uint32_t escalate_after;    /* excesses before a block; 0: never */
    uint32_t block_s;           /* the first block; each next one doubles */
    uint32_t harvest_after;     /* unknown recipients in a minute before a block; 0: never */
    struct farm_change changes[8];
    uint32_t n_changes;
    const char *unknown_text, *full_text, *disabled_text, *throttle_text, *connections_text,
        *block_text, *harvest_text, *rcpts_text;
};

struct farm_universe {
    struct mxp_arena arena;
    uint64_t seed;
    struct farm_provider providers[FARM_PROVIDERS_MAX];
    uint32_t n_providers;
};

/* NULL and why (FILE:LINE) on failure. */
struct farm_universe *farm_universe_read(const char *path, struct mxp_why *why);
/* Before it is used: from then on all hidden limits are multiplied; one provider refuses us from
 * the start (false: no such provider). */
void farm_universe_change(struct farm_universe *universe, const struct farm_change *change);
bool farm_universe_block(struct farm_universe *universe, const char *provider);
struct farm_universe *farm_universe_free(struct farm_universe *universe); /* NULL */

/* The n-th domain of the provider, n < farm_n_domains: into ret. */
void farm_domain_name(const struct farm_provider *provider, uint32_t n, char ret[static 256]);
uint32_t farm_n_domains(const struct farm_provider *provider);

/* The provider of a domain and its number there, or NULL. */
const struct farm_provider *farm_find_domain(const struct farm_universe *universe,
                                             const char *domain, uint32_t *ret_n);

/* MX hosts of the n-th domain: their number, and the name of each. */
uint32_t farm_n_hosts(const struct farm_provider *provider);
void farm_host_name(const struct farm_provider *provider, uint32_t domain, uint32_t host,
                    char ret[static 256]);
/* The address of a host name; false: no such host. */
bool farm_host_ip(const struct farm_universe *universe, const char *host, struct mxp_ip *ret);

/* Whose server has this address; *ret_server tells the servers of one provider apart. */
const struct farm_provider *farm_find_ip(const struct farm_universe *universe, const uint8_t ip[4],
                                         uint32_t *ret_server);

#endif
