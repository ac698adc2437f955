/*
 * What a stub resolver decides: which question goes when to which server, and what another
 * try is worth. No sockets and no clock of its own: the transport sends, the caller ticks.
 *
 * - Servers take turns. One that stays silent or unreachable is left out for a while as
 *   long as there is another one.
 * - Silence and broken connections: the other servers, then all of them again, tries times.
 *   SERVFAIL, REFUSED, FORMERR, answers of no use: each server once.
 * - A server that chokes on EDNS (RFC 6891, 6.2.2 and 7) is asked without it.
 * - At most max_inflight at once, at most rate.n sent in any rate.per_ms, retries included;
 *   what may not go yet waits in order, and retries go first.
 */
#ifndef MXP_DNS_ASKER_H
#define MXP_DNS_ASKER_H

#include "dns/question_rate.h"
#include "dns/resolver.h"

struct mxp_transport {
    /* One try. done exactly once, perhaps inside; the message valid as in mxp_dns_cb. With
     * MXP_DNS_FAILED, a message means that the server sent one that is of no use. */
    void (*send)(void *arg, uint32_t server, bool plain, const char *name, enum mxp_rr_type type,
                 mxp_dns_cb done, void *done_arg);
    void (*wake)(void *arg, uint64_t ms); /* call mxp_asker_tick then; the last word counts */
    uint64_t (*now_ms)(void *arg);
    void *arg;
};

struct mxp_asker_options {
    uint32_t n_servers;    /* 1 to MXP_ASKER_SERVERS_MAX */
    uint32_t tries;        /* 0: 4 */
    uint32_t max_inflight; /* 0: MXP_ASKER_INFLIGHT; MXP_ASKER_INFLIGHT_MAX at the most */
    struct mxp_question_rate rate;
};

#define MXP_ASKER_SERVERS_MAX  32
#define MXP_ASKER_INFLIGHT     1000  /* the default */
#define MXP_ASKER_INFLIGHT_MAX 10000 /* ids have 16 bits */

struct mxp_asker;

/* Both are copied. NULL: no memory, or a number of servers that cannot be. */
struct mxp_asker *mxp_asker_new(const struct mxp_asker_options *options,
                                const struct mxp_transport *transport);

/* Questions that wait get MXP_DNS_CANCELED, and so does what comes in from then on. */
void mxp_asker_close(struct mxp_asker *asker);
/* After mxp_asker_close, when nothing is in flight. */
struct mxp_asker *mxp_asker_free(struct mxp_asker *asker); /* NULL */

/* As mxp_resolver.ask; cb never runs inside. MXP_EINVAL after mxp_asker_close, too. */
int mxp_asker_ask(struct mxp_asker *asker, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
                  void *arg);
/* Send what may go by now; to be called when transport.wake says so. */
void mxp_asker_tick(struct mxp_asker *asker);

struct mxp_asker_stats {
    uint64_t n_asked;    /* questions */
    uint64_t n_sent;     /* with all their tries */
    uint64_t n_answered; /* tries that a server answered, in whatever way */
    uint32_t n_inflight;
};
void mxp_asker_stats(const struct mxp_asker *asker, struct mxp_asker_stats *ret);

#endif
