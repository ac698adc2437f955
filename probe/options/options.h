/*
 * Everything a run was told, by the command line and the configuration file: parsed
 * once, const afterwards. Owner of all its strings.
 */
#ifndef MXP_PROBE_OPTIONS_H
#define MXP_PROBE_OPTIONS_H

#include "core/arena.h"
#include "core/err.h"
#include "dns/ip.h"
#include "dns/mx_lookup.h"
#include "ratelimit/budget.h"
#include "smtp/session.h"

enum mxp_command {
    MXP_CMD_CHECK,
    MXP_CMD_BULK,
    MXP_CMD_EXPLAIN,
    MXP_CMD_BOUNCES,
    MXP_CMD_VERSION,
    MXP_CMD_HELP
};

struct mxp_identity {
    const char *ehlo_name; /* never NULL */
    const char *mail_from; /* wire form; "" is the null sender */
    bool mail_from_utf8;
    struct mxp_ip source; /* family 0: the system's choice */
};

/* One row of the provider table: ratelimit/providers.yaml, then the user's overrides. */
struct mxp_provider {
    const char *name;
    const char *const *mx; /* host suffixes */
    size_t n_mx;
    bool gateway;
    bool catch_all_never; /* catch_all: never */
    bool probe_none;      /* probe: none -> cannot_verify without asking */
    struct mxp_budget budget;
};

enum mxp_format { MXP_FORMAT_CSV, MXP_FORMAT_JSONL };

struct mxp_paths {
    const char *const *names;
    size_t n;
};

struct mxp_options {
    struct mxp_arena arena; /* owns every string below */
    enum mxp_command command;
    const char *const *args; /* addresses, the list's path, replies .. */
    size_t n_args;

    /* output */
    bool json, quiet, verbose, progress, batch, resume;
    const char *output; /* NULL: stdout */
    enum mxp_format format;
    const char *column;     /* NULL: found by looking */
    const char *transcript; /* NULL: none */
    const char *exclude;    /* NULL: none */
    struct mxp_paths seen;  /* results of earlier runs */
    const char *rules;      /* user's classification rules */
    const char *limits_file;
    const char *config;

    /* network */
    const char *const *resolvers; /* n_resolvers 0: the system's */
    size_t n_resolvers;
    struct mxp_rate dns_rate; /* questions, bursts included; n 0: unlimited */
    uint16_t port;
    enum mxp_ip_choice ip;
    bool allow_private_mx;
    double clock_speed; /* 1; only with allow_private_mx */

    /* identity */
    struct mxp_identity *identities; /* at least one in check and bulk */
    size_t n_identities;

    /* policy */
    enum mxp_smtp_tls tls;
    uint32_t max_sessions, loops;
    struct mxp_rate connect_rate, rcpt_rate; /* of the run */
    struct mxp_rate identity_connect_rate, identity_rcpt_rate;
    uint32_t identity_connections;
    uint64_t retry_for_ms, retry_after_ms;
    uint32_t max_attempts; /* per address, whatever happens */
    bool no_catch_all, limits_off;
    bool go_on_when_listed;      /* do not stop the run when the identity is blocklisted */
    uint32_t connect_ms;         /* time-outs; the SMTP ones are in policy */
    uint32_t mx_total_ms;        /* for all MX hosts of one attempt */
    struct mxp_smtp_policy smtp; /* ehlo_name is set per identity */

    struct mxp_provider *providers;
    size_t n_providers;
    struct mxp_budget default_budget;
};

/* Parse argv and the configuration file it names. 0; MXP_EUSAGE (exit 64), MXP_ECONFIG (78),
 * MXP_ENOMEM: why is set. The result must be freed in any case. Raises the soft limit of open
 * files to the hard one. For version and help only command and args are set. */
int mxp_options_parse(int argc, char **argv, struct mxp_options *ret, struct mxp_why *why);

/* What the options need to know of the machine; an argument for the tests' sake. */
struct mxp_machine {
    int (*own_fqdn)(char *ret, size_t size); /* 0, or there is none; NULL: there is none */
    uint64_t max_files;
};
int mxp_options_parse_on(const struct mxp_machine *machine, int argc, char **argv,
                         struct mxp_options *ret, struct mxp_why *why);

void mxp_options_free(struct mxp_options *options);

#endif
