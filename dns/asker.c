#include "dns/asker.h"

#include "dns/name.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define TRIES          4
#define PAUSE_MS       500   /* before all servers are tried again, where none was silent */
#define SILENT_MAX     3     /* failures in a row: the server is left out */
#define LEFT_OUT_MS    10000 /* for so long */
#define ALL_SERVERS(n) (UINT32_MAX >> (32 - (n)))

struct question {
    struct question *prev, *next;
    struct mxp_asker *asker;
    mxp_dns_cb cb;
    void *arg;
    uint64_t due_ms;
    enum mxp_rr_type type;
    enum mxp_dns_status said; /* the most telling failure so far */
    uint32_t tried;           /* servers of this round, a bit each */
    uint32_t spoke;           /* servers that answered by an error of their own */
    uint8_t server, round;
    bool plain, once_more; /* the same server, without EDNS */
    char name[];
};

struct server {
    uint64_t out_until_ms;
    uint32_t n_silent;
    bool edns_works, edns_chokes;
};

struct mxp_asker {
    struct mxp_transport transport;
    struct mxp_asker_options options;
    struct mxp_question_gate gate;
    struct question *queue; /* ready */
    struct question *later; /* by due_ms */
    struct mxp_asker_stats stats;
    uint32_t turn;
    bool ticking, closing;
    struct server servers[];
};

struct mxp_asker *mxp_asker_new(const struct mxp_asker_options *options,
                                const struct mxp_transport *transport)
{
    if (options->n_servers == 0 || options->n_servers > MXP_ASKER_SERVERS_MAX)
        return NULL;
    struct mxp_asker *asker =
        calloc(1, sizeof *asker + options->n_servers * sizeof *asker->servers);
    if (!asker)
        return NULL;
    asker->transport = *transport;
    asker->options = *options;
    if (!asker->options.tries)
        asker->options.tries = TRIES;
    if (!asker->options.max_inflight)
        asker->options.max_inflight = MXP_ASKER_INFLIGHT;
    if (asker->options.max_inflight > MXP_ASKER_INFLIGHT_MAX)
        asker->options.max_inflight = MXP_ASKER_INFLIGHT_MAX;
    mxp_question_gate_init(&asker->gate, options->rate, transport->now_ms(transport->arg));
    return asker;
}

static uint64_t now_of(const struct mxp_asker *asker)
{
    return asker->transport.now_ms(asker->transport.arg);
}

static void wake(struct mxp_asker *asker, uint64_t ms)
{
    if (!asker->ticking && !asker->closing)
        asker->transport.wake(asker->transport.arg, ms);
}

static void give(struct question *question, enum mxp_dns_status status, struct mxp_slice message)
{
    question->cb(question->arg, status, message);
    free(question);
}

void mxp_asker_close(struct mxp_asker *asker)
{
    asker->closing = true;
    DL_CONCAT(asker->queue, asker->later);
    asker->later = NULL;
    while (asker->queue) {
        struct question *question = asker->queue;
        DL_DELETE(asker->queue, question);
        give(question, MXP_DNS_CANCELED, MXP_SLICE_NONE);
    }
}

struct mxp_asker *mxp_asker_free(struct mxp_asker *asker)
{
    free(asker);
    return NULL;
}

int mxp_asker_ask(struct mxp_asker *asker, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
                  void *arg)
{
    if (!mxp_name_is_host(name) || asker->closing)
        return MXP_EINVAL;
    size_t len = strlen(name);
    struct question *question = calloc(1, sizeof *question + len + 1);
    if (!question)
        return MXP_ENOMEM;
    memcpy(question->name, name, len + 1);
    question->asker = asker;
    question->cb = cb;
    question->arg = arg;
    question->type = type;
    question->said = MXP_DNS_OK;
    asker->stats.n_asked++;
    DL_APPEND(asker->queue, question);
    wake(asker, 0);
    return 0;
}

/* The next server in turn that this question may go to, or n_servers. */
static uint32_t in_turn(struct mxp_asker *asker, uint32_t not_these, bool any, uint64_t now)
{
    uint32_t n = asker->options.n_servers;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t server = (asker->turn + i) % n;
        if (not_these & UINT32_C(1) << server)
            continue;
        if (any || asker->servers[server].out_until_ms <= now) {
            asker->turn = (server + 1) % n;
            return server;
        }
    }
    return n;
}

static void choose_server(struct question *question, uint64_t now)
{
    struct mxp_asker *asker = question->asker;
    uint32_t not_these = question->tried | question->spoke;
    uint32_t server = in_turn(asker, not_these, false, now);
    if (server == asker->options.n_servers)
        server = in_turn(asker, not_these, true, now);
    question->server = (uint8_t)server;
    /* A server of which nothing was heard yet may be one that drops what it does not know. */
    const struct server *chosen = &asker->servers[server];
    question->plain = chosen->edns_chokes || (!chosen->edns_works && question->round % 2 == 1);
}

static void hold_off(struct question *question)
{
    struct mxp_asker *asker = question->asker;
    question->due_ms = now_of(asker) + PAUSE_MS;
    DL_APPEND(asker->later, question);
    if (!asker->queue)
        wake(asker, PAUSE_MS);
}

static void again(struct question *question)
{
    DL_PREPEND(question->asker->queue, question);
    wake(question->asker, 0);
}

/* What a try tells of the server. */
static void learn(struct server *server, const struct question *question,
                  enum mxp_dns_status status, bool silent, uint64_t now)
{
    if (silent || status == MXP_DNS_REFUSED) {
        if (++server->n_silent >= SILENT_MAX)
            server->out_until_ms = now + LEFT_OUT_MS;
    } else {
        server->n_silent = 0;
        server->out_until_ms = 0;
    }
    if (silent || status == MXP_DNS_FORMERR)
        return;
    if (!question->plain)
        server->edns_works = true;
    else if (!server->edns_works)
        server->edns_chokes = true;
}

/* Another try, or the end. */
static void failed(struct question *question, enum mxp_dns_status status, bool silent)
{
    struct mxp_asker *asker = question->asker;
    uint32_t bit = UINT32_C(1) << question->server;
    uint32_t all = ALL_SERVERS(asker->options.n_servers);
    if (status == MXP_DNS_FORMERR && !question->plain) {
        question->plain = question->once_more = true;
        again(question);
        return;
    }
    if (question->said == MXP_DNS_OK || !silent)
        question->said = status;
    if (silent)
        question->tried |= bit;
    else
        question->spoke |= bit;
    if ((question->tried | question->spoke) != all) {
        again(question);
        return;
    }
    question->tried = 0;
    if (question->spoke == all || ++question->round >= asker->options.tries)
        give(question, question->said, MXP_SLICE_NONE);
    else if (status == MXP_DNS_TIMEOUT)
        again(question);
    else
        hold_off(question);
}

static void done(void *arg, enum mxp_dns_status status, struct mxp_slice message)
{
    struct question *question = arg;
    struct mxp_asker *asker = question->asker;
    asker->stats.n_inflight--;
    if (asker->closing || status == MXP_DNS_CANCELED) {
        give(question, MXP_DNS_CANCELED, MXP_SLICE_NONE);
        return;
    }
    bool silent = status == MXP_DNS_TIMEOUT || (status == MXP_DNS_FAILED && !message.len);
    if (!silent)
        asker->stats.n_answered++;
    learn(&asker->servers[question->server], question, status, silent, now_of(asker));
    if (status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN)
        give(question, status, message);
    else
        failed(question, status, silent);
    if (asker->queue)
        wake(asker, 0);
}

static void send_one(struct mxp_asker *asker, struct question *question, uint64_t now)
{
    DL_DELETE(asker->queue, question);
    if (!question->once_more)
        choose_server(question, now);
    question->once_more = false;
    asker->stats.n_inflight++;
    asker->stats.n_sent++;
    asker->transport.send(asker->transport.arg, question->server, question->plain, question->name,
                          question->type, done, question);
}

void mxp_asker_tick(struct mxp_asker *asker)
{
    uint64_t now = now_of(asker), wait_ms = 0;
    asker->ticking = true;
    while (asker->later && asker->later->due_ms <= now) {
        struct question *question = asker->later;
        DL_DELETE(asker->later, question);
        DL_APPEND(asker->queue, question);
    }
    while (!asker->closing && asker->queue && !wait_ms &&
           asker->stats.n_inflight < asker->options.max_inflight) {
        wait_ms = mxp_question_gate_take(&asker->gate, now);
        if (!wait_ms)
            send_one(asker, asker->queue, now);
    }
    asker->ticking = false;
    if (asker->queue && wait_ms)
        wake(asker, wait_ms);
    else if (asker->later && !asker->queue)
        wake(asker, asker->later->due_ms > now ? asker->later->due_ms - now : 0);
}

void mxp_asker_stats(const struct mxp_asker *asker, struct mxp_asker_stats *ret)
{
    *ret = asker->stats;
}
