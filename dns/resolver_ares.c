#include "dns/resolver_ares.h"

#include "core/buf.h"
#include "dns/answer.h"
#include "dns/name.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <uv.h>

#define TIMEOUT_MS  2500
#define EDNS_OCTETS 1232 /* no fragments on any path (DNS flag day 2020) */
#define TICK_MS     50   /* c-ares looks for what timed out this often, not after each packet */
#define N_CHANNELS  4
#define SOCK_RCVBUF (4 << 20) /* a thousand answers may come while the loop is busy elsewhere */

struct
try {
    struct ares *ares;
    mxp_dns_cb done;
    void *done_arg;
    const char *name; /* the asker's, until done */
    enum mxp_rr_type type;
    uint32_t server;
    bool plain, tcp;
};

struct watch {
    struct watch *prev, *next;
    uv_poll_t poll;
    struct channel *channel;
    ares_socket_t fd;
};

/* One server, with EDNS or without: c-ares knows that only by channel, and would choose among
 * several servers by rules of its own. TCP has channels of its own, since c-ares gives up all that
 * is in flight at a server when one connection breaks, which servers do to idle ones, too. */
struct channel {
    struct ares *ares;
    ares_channel ares_channel; /* NULL until first used */
    struct watch *watches;
};

struct ares {
    struct mxp_resolver resolver; /* first: the two are one */
    struct mxp_asker *asker;
    uv_timer_t tick, pump;
    struct ares_addr_port_node *servers;
    struct channel (*channels)[N_CHANNELS]; /* by server; see channel_at() */
    uint32_t n_servers, n_inflight;
    int timeout_ms;
    uint8_t n_handles;
    bool closing;
};

static enum mxp_dns_status status_of(int status, const unsigned char *message)
{
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
        return message ? MXP_DNS_OK : MXP_DNS_FAILED;
    case ARES_ENOTFOUND:
        return message ? MXP_DNS_NXDOMAIN : MXP_DNS_FAILED;
    case ARES_ESERVFAIL:
        return MXP_DNS_SERVFAIL;
    case ARES_EREFUSED:
        return MXP_DNS_REFUSED;
    case ARES_EFORMERR:
    case ARES_ENOTIMP:
        return MXP_DNS_FORMERR;
    case ARES_ETIMEOUT:
        return MXP_DNS_TIMEOUT;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return MXP_DNS_CANCELED;
    default:
        return MXP_DNS_FAILED;
    }
}

/* An answer that is of no use may be a better one at the next server. */
static enum mxp_dns_status believed(enum mxp_dns_status said, struct mxp_slice message,
                                    enum mxp_rr_type type)
{
    struct mxp_answer *answer = mxp_answer_parse(said, message, type);
    enum mxp_dns_status status = answer ? answer->status : said;
    mxp_answer_unref(answer);
    return status;
}

static bool is_truncated(const unsigned char *message, int len)
{
    return len > 2 && (message[2] & 0x02);
}

static void query(struct try *try);

/* NOLINTNEXTLINE(readability-non-const-parameter): the callback type is c-ares' */
static void answered(void *arg, int status, int timeouts, unsigned char *abuf, int alen)
{
    struct try *try = arg;
    struct ares *ares = try->ares;
    struct mxp_slice message = MXP_SLICE_NONE;
    enum mxp_dns_status said = status_of(status, alen > 0 ? abuf : NULL);
    (void)timeouts;
    if (!try->tcp && is_truncated(abuf, alen) && !ares->closing) {
        try->tcp = true;
        query(try);
        return;
    }
    if (said == MXP_DNS_OK || said == MXP_DNS_NXDOMAIN) {
        message = (struct mxp_slice){(const char *)abuf, (size_t)alen};
        said = believed(said, message, try->type);
    }
    if (--ares->n_inflight == 0 && !ares->closing)
        uv_timer_stop(&ares->tick);
    try->done(try->done_arg, said, message);
    free(try);
}

static void on_tick(uv_timer_t *timer)
{
    struct ares *ares = timer->data;
    for (uint32_t i = 0; i < ares->n_servers; i++)
        for (int k = 0; k < N_CHANNELS; k++)
            if (ares->channels[i][k].ares_channel)
                ares_process_fd(ares->channels[i][k].ares_channel, ARES_SOCKET_BAD,
                                ARES_SOCKET_BAD);
}

static void on_pump(uv_timer_t *timer)
{
    struct ares *ares = timer->data;
    mxp_asker_tick(ares->asker);
}

static void watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    bool in = status < 0 || (events & UV_READABLE), out = status < 0 || (events & UV_WRITABLE);
    ares_process_fd(watch->channel->ares_channel, in ? watch->fd : ARES_SOCKET_BAD,
                    out ? watch->fd : ARES_SOCKET_BAD);
}

static void unwatch(struct watch *watch)
{
    DL_DELETE(watch->channel->watches, watch);
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, watch_closed);
}

static void on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct channel *channel = arg;
    struct watch *watch;
    DL_SEARCH_SCALAR(channel->watches, watch, fd, fd);
    if (!readable && !writable) {
        if (watch)
            unwatch(watch);
        return;
    }
    if (!watch) {
        watch = calloc(1, sizeof *watch);
        if (!watch || uv_poll_init_socket(channel->ares->tick.loop, &watch->poll, fd)) {
            free(watch);
            return; /* the question times out */
        }
        watch->poll.data = watch;
        watch->channel = channel;
        watch->fd = fd;
        DL_APPEND(channel->watches, watch);
    }
    uv_poll_start(&watch->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                  on_ready);
}

static const struct ares_addr_port_node *server_at(const struct ares *ares, uint32_t i)
{
    const struct ares_addr_port_node *node = ares->servers;
    while (i--)
        node = node->next;
    return node;
}

static struct channel *channel_at(const struct try *try)
{
    return &try->ares->channels[try->server][try->plain + 2 * try->tcp];
}

static int open_channel(const struct try *try)
{
    struct ares *ares = try->ares;
    struct channel *channel = channel_at(try);
    struct ares_options set = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN |
                 (try->plain ? 0 : ARES_FLAG_EDNS) |
                 (try->tcp ? ARES_FLAG_USEVC : ARES_FLAG_IGNTC) |
                 ARES_FLAG_NOCHECKRESP, /* it would hide SERVFAIL and REFUSED from us */
        .timeout = ares->timeout_ms,
        .tries = 1,
        .ednspsz = EDNS_OCTETS,
        .socket_receive_buffer_size = SOCK_RCVBUF,
        .sock_state_cb = on_sock_state,
        .sock_state_cb_data = channel,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
               ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB;
    struct ares_addr_port_node only = *server_at(ares, try->server);
    only.next = NULL;
    channel->ares = ares;
    int status = ares_init_options(&channel->ares_channel, &set, mask);
    if (status == ARES_SUCCESS)
        status = ares_set_servers_ports(channel->ares_channel, &only);
    if (status != ARES_SUCCESS && channel->ares_channel) {
        ares_destroy(channel->ares_channel);
        channel->ares_channel = NULL;
    }
    return status;
}

/* The try over its channel; over TCP for the rest of a truncated answer. */
static void query(struct try *try)
{
    struct channel *channel = channel_at(try);
    char full[MXP_NAME_MAX + 1]; /* with the final dot: no search list */
    size_t len = strlen(try->name);
    memcpy(full, try->name, len);
    memcpy(full + len, ".", 2);
    if (!channel->ares_channel && open_channel(try))
        answered(try, ARES_ENOMEM, 0, NULL, 0);
    else
        ares_query(channel->ares_channel, full, 1 /* IN */, (int)try->type, answered, try);
}

static void send_try(void *arg, uint32_t server, bool plain, const char *name,
                     enum mxp_rr_type type, mxp_dns_cb done, void *done_arg)
{
    struct ares *ares = arg;
    struct try *try = calloc(1, sizeof *try);
    if (!try) {
        done(done_arg, MXP_DNS_FAILED, MXP_SLICE_NONE);
        return;
    }
    *try = (struct try){ares, done, done_arg, name, type, server, plain, false};
    if (ares->n_inflight++ == 0)
        uv_timer_start(&ares->tick, on_tick, TICK_MS, TICK_MS);
    query(try);
}

static void wake(void *arg, uint64_t ms)
{
    struct ares *ares = arg;
    uv_timer_start(&ares->pump, on_pump, ms, 0);
}

static uint64_t now_ms(void *arg)
{
    const struct ares *ares = arg;
    return uv_now(ares->tick.loop);
}

static int ask(struct mxp_resolver *self, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
               void *arg)
{
    return mxp_asker_ask(((struct ares *)self)->asker, name, type, cb, arg);
}

static void handle_closed(uv_handle_t *handle)
{
    struct ares *ares = handle->data;
    if (--ares->n_handles == 0)
        free(ares);
}

static void close_channel(struct channel *channel)
{
    if (channel->ares_channel)
        ares_destroy(channel->ares_channel);
    while (channel->watches)
        unwatch(channel->watches);
}

static void resolver_free(struct mxp_resolver *self)
{
    struct ares *ares = (struct ares *)self;
    ares->closing = true;
    if (ares->asker)
        mxp_asker_close(ares->asker);
    for (uint32_t i = 0; ares->channels && i < ares->n_servers; i++)
        for (int k = 0; k < N_CHANNELS; k++)
            close_channel(&ares->channels[i][k]);
    mxp_asker_free(ares->asker);
    free(ares->channels);
    if (ares->servers)
        ares_free_data(ares->servers);
    uv_close((uv_handle_t *)&ares->tick, handle_closed);
    uv_close((uv_handle_t *)&ares->pump, handle_closed);
}

static int set_servers(ares_channel channel, const struct mxp_resolver_options *options)
{
    struct mxp_buf csv;
    mxp_buf_init(&csv, 65536);
    int err = 0;
    for (size_t i = 0; i < options->n_servers && !err; i++)
        err = mxp_buf_printf(&csv, "%s%s", i ? "," : "", options->servers[i]);
    int status = ARES_SUCCESS;
    if (!err && options->n_servers)
        status = ares_set_servers_ports_csv(channel, csv.ptr);
    mxp_buf_free(&csv);
    return err ? ARES_ENOMEM : status;
}

/* c-ares reads the text, or the system's configuration. */
static int find_servers(struct ares *ares, const struct mxp_resolver_options *options)
{
    ares_channel channel = NULL;
    int status = ares_init(&channel);
    if (status == ARES_SUCCESS)
        status = set_servers(channel, options);
    if (status == ARES_SUCCESS)
        status = ares_get_servers_ports(channel, &ares->servers);
    if (channel)
        ares_destroy(channel);
    const struct ares_addr_port_node *node = ares->servers;
    for (; node && ares->n_servers < MXP_ASKER_SERVERS_MAX; node = node->next)
        ares->n_servers++;
    return status == ARES_SUCCESS && !ares->n_servers ? ARES_EFILE : status;
}

static int make_parts(struct ares *ares, const struct mxp_resolver_options *options,
                      struct mxp_why *why)
{
    const struct mxp_transport transport = {send_try, wake, now_ms, ares};
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = find_servers(ares, options);
    if (status == ARES_EBADSTR || status == ARES_EBADNAME)
        return mxp_why_set(why, MXP_ECONFIG,
                           "--resolver: expected an IP address, or address:port ([address]:port "
                           "for IPv6)");
    if (status != ARES_SUCCESS)
        return mxp_why_set(why, MXP_ENET, "the resolver could not be set up: %s",
                           ares_strerror(status));
    struct mxp_asker_options asker = {
        .n_servers = ares->n_servers,
        .tries = options->tries,
        .max_inflight = options->max_inflight,
        .rate = options->rate,
    };
    ares->channels = calloc(ares->n_servers, sizeof *ares->channels);
    ares->asker = ares->channels ? mxp_asker_new(&asker, &transport) : NULL;
    return ares->asker ? 0 : mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
}

struct mxp_resolver *mxp_resolver_ares_new(struct uv_loop_s *loop,
                                           const struct mxp_resolver_options *options,
                                           struct mxp_why *why)
{
    struct ares *ares = calloc(1, sizeof *ares);
    if (!ares) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    ares->resolver = (struct mxp_resolver){.ask = ask, .free = resolver_free};
    ares->timeout_ms = (int)(options->timeout_ms ? options->timeout_ms : TIMEOUT_MS);
    uv_timer_init(loop, &ares->tick);
    uv_timer_init(loop, &ares->pump);
    ares->tick.data = ares->pump.data = ares;
    ares->n_handles = 2;
    if (make_parts(ares, options, why)) {
        resolver_free(&ares->resolver);
        return NULL;
    }
    return &ares->resolver;
}

void mxp_resolver_ares_stats(const struct mxp_resolver *resolver, struct mxp_asker_stats *ret)
{
    mxp_asker_stats(((const struct ares *)resolver)->asker, ret);
}

uint32_t mxp_resolver_ares_n_servers(const struct mxp_resolver *resolver)
{
    return ((const struct ares *)resolver)->n_servers;
}
