#include "dns/resolver_ares.h"

#include "core/buf.h"
#include "dns/name.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <uv.h>

#define TIMEOUT_MS    2500
#define TRIES         3
#define INFLIGHT      1000
#define EDNS_OCTETS   1232 /* no fragments on any path (DNS flag day 2020) */
#define TICK_MS       50   /* c-ares looks for what timed out this often, not after each packet */
#define RATE_SLACK_MS 100  /* a rate is kept over this time */

struct question {
    struct question *prev, *next;
    struct ares *ares;
    mxp_dns_cb cb;
    void *arg;
    enum mxp_rr_type type;
    uint32_t n_tried; /* servers that answered with a failure of their own */
    char name[];
};

struct watch {
    struct watch *prev, *next;
    uv_poll_t poll;
    struct ares *ares;
    ares_socket_t fd;
};

struct ares {
    struct mxp_resolver resolver; /* first: the two are one */
    ares_channel channel;
    uv_timer_t tick, pump;
    struct question *queue, *asked;
    struct watch *watches;
    uint32_t n_inflight, max_inflight, rate_per_s, n_servers;
    double tokens;
    uint64_t filled_ms, n_asked, n_answered;
    uint8_t n_handles;
    bool pumping, closing;
};

static enum mxp_dns_status status_of_rcode(unsigned rcode)
{
    switch (rcode) {
    case 0:
        return MXP_DNS_OK;
    case 2:
        return MXP_DNS_SERVFAIL;
    case 3:
        return MXP_DNS_NXDOMAIN;
    case 5:
        return MXP_DNS_REFUSED;
    default:
        return MXP_DNS_FAILED;
    }
}

static enum mxp_dns_status status_of_ares(int status)
{
    switch (status) {
    case ARES_ESERVFAIL:
        return MXP_DNS_SERVFAIL;
    case ARES_EREFUSED:
        return MXP_DNS_REFUSED;
    case ARES_ETIMEOUT:
        return MXP_DNS_TIMEOUT;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return MXP_DNS_CANCELED;
    default:
        return MXP_DNS_FAILED;
    }
}

static void schedule_pump(struct ares *ares, uint64_t ms);

/* NOLINTNEXTLINE(readability-non-const-parameter): the callback type is c-ares' */
static void answered(void *arg, int status, int timeouts, unsigned char *abuf, int alen)
{
    struct question *question = arg;
    struct ares *ares = question->ares;
    (void)timeouts;
    enum mxp_dns_status said = status_of_ares(status);
    struct mxp_slice message = MXP_SLICE_NONE;
    bool real = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
    if (abuf && alen >= 12 && real) {
        said = status_of_rcode(abuf[3] & 0x0f);
        if (said == MXP_DNS_OK || said == MXP_DNS_NXDOMAIN)
            message = (struct mxp_slice){(const char *)abuf, (size_t)alen};
    }
    if (said != MXP_DNS_TIMEOUT && said != MXP_DNS_CANCELED && said != MXP_DNS_FAILED)
        ares->n_answered++;
    DL_DELETE(ares->asked, question);
    ares->n_inflight--;
    bool elsewhere = said == MXP_DNS_SERVFAIL || said == MXP_DNS_REFUSED;
    if (elsewhere && ++question->n_tried < ares->n_servers && !ares->closing) {
        DL_PREPEND(ares->queue, question);
        schedule_pump(ares, 0);
        return;
    }
    question->cb(question->arg, said, message);
    free(question);
    if (ares->queue && !ares->closing)
        schedule_pump(ares, 0);
    if (!ares->n_inflight && !ares->closing)
        uv_timer_stop(&ares->tick);
}

static void on_tick(uv_timer_t *timer)
{
    struct ares *ares = timer->data;
    ares_process_fd(ares->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* How many may be asked now; 0 and *ret_ms where the rate says to wait. */
static uint32_t allowed(struct ares *ares, uint64_t *ret_ms)
{
    uint32_t room = ares->max_inflight - ares->n_inflight;
    *ret_ms = 0;
    if (!ares->rate_per_s)
        return room;
    uint64_t now = uv_now(ares->tick.loop);
    double rate = (double)ares->rate_per_s / 1000;
    double most = rate * RATE_SLACK_MS > 1 ? rate * RATE_SLACK_MS : 1;
    ares->tokens += (double)(now - ares->filled_ms) * rate;
    ares->filled_ms = now;
    if (ares->tokens > most)
        ares->tokens = most;
    if (ares->tokens < 1)
        *ret_ms = (uint64_t)((1 - ares->tokens) / rate) + 1;
    uint32_t n = (uint32_t)ares->tokens;
    return n < room ? n : room;
}

static void on_pump(uv_timer_t *timer)
{
    struct ares *ares = timer->data;
    uint64_t wait_ms = 0;
    ares->pumping = false;
    uint32_t n = allowed(ares, &wait_ms);
    while (ares->queue && n--) {
        struct question *question = ares->queue;
        DL_DELETE(ares->queue, question);
        DL_APPEND(ares->asked, question);
        ares->n_inflight++;
        ares->n_asked++;
        if (ares->rate_per_s)
            ares->tokens -= 1;
        if (!uv_is_active((uv_handle_t *)&ares->tick))
            uv_timer_start(&ares->tick, on_tick, TICK_MS, TICK_MS);
        ares_query(ares->channel, question->name, 1 /* IN */, (int)question->type, answered,
                   question);
    }
    if (ares->queue && wait_ms)
        schedule_pump(ares, wait_ms);
}

static void schedule_pump(struct ares *ares, uint64_t ms)
{
    if (ares->pumping)
        return;
    ares->pumping = true;
    uv_timer_start(&ares->pump, on_pump, ms, 0);
}

static int ask(struct mxp_resolver *self, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
               void *arg)
{
    struct ares *ares = (struct ares *)self;
    size_t len = strlen(name);
    if (len == 0 || len >= MXP_NAME_MAX)
        return MXP_EINVAL;
    struct question *question = calloc(1, sizeof *question + len + 2);
    if (!question)
        return MXP_ENOMEM;
    memcpy(question->name, name, len);
    question->name[len] = '.'; /* fully qualified: no search list */
    question->ares = ares;
    question->cb = cb;
    question->arg = arg;
    question->type = type;
    DL_APPEND(ares->queue, question);
    schedule_pump(ares, 0);
    return 0;
}

static void watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    bool in = status < 0 || (events & UV_READABLE), out = status < 0 || (events & UV_WRITABLE);
    ares_process_fd(watch->ares->channel, in ? watch->fd : ARES_SOCKET_BAD,
                    out ? watch->fd : ARES_SOCKET_BAD);
}

static void unwatch(struct ares *ares, struct watch *watch)
{
    DL_DELETE(ares->watches, watch);
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, watch_closed);
}

static void on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct ares *ares = arg;
    struct watch *watch;
    DL_SEARCH_SCALAR(ares->watches, watch, fd, fd);
    if (!readable && !writable) {
        if (watch)
            unwatch(ares, watch);
        return;
    }
    if (!watch) {
        watch = calloc(1, sizeof *watch);
        if (!watch || uv_poll_init_socket(ares->tick.loop, &watch->poll, fd)) {
            free(watch);
            return; /* the question times out */
        }
        watch->poll.data = watch;
        watch->ares = ares;
        watch->fd = fd;
        DL_APPEND(ares->watches, watch);
    }
    uv_poll_start(&watch->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                  on_ready);
}

static void handle_closed(uv_handle_t *handle)
{
    struct ares *ares = handle->data;
    if (--ares->n_handles == 0)
        free(ares);
}

static void resolver_free(struct mxp_resolver *self)
{
    struct ares *ares = (struct ares *)self;
    ares->closing = true;
    struct question *question;
    while ((question = ares->queue)) {
        DL_DELETE(ares->queue, question);
        question->cb(question->arg, MXP_DNS_CANCELED, MXP_SLICE_NONE);
        free(question);
    }
    if (ares->channel)
        ares_destroy(ares->channel);
    while (ares->watches)
        unwatch(ares, ares->watches);
    uv_close((uv_handle_t *)&ares->tick, handle_closed);
    uv_close((uv_handle_t *)&ares->pump, handle_closed);
}

static int set_servers(struct ares *ares, const struct mxp_resolver_options *options)
{
    struct mxp_buf csv;
    mxp_buf_init(&csv, 65536);
    int err = 0;
    for (size_t i = 0; i < options->n_servers && !err; i++)
        err = mxp_buf_printf(&csv, "%s%s", i ? "," : "", options->servers[i]);
    int status = ARES_SUCCESS;
    if (!err && options->n_servers)
        status = ares_set_servers_ports_csv(ares->channel, csv.ptr);
    mxp_buf_free(&csv);
    return err || status != ARES_SUCCESS;
}

static int make_channel(struct ares *ares, const struct mxp_resolver_options *options)
{
    struct ares_options set = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS |
                 ARES_FLAG_NOCHECKRESP, /* it would hide SERVFAIL and REFUSED from us */
        .timeout = (int)(options->timeout_ms ? options->timeout_ms : TIMEOUT_MS),
        .tries = (int)(options->tries ? options->tries : TRIES),
        .ednspsz = EDNS_OCTETS,
        .sock_state_cb = on_sock_state,
        .sock_state_cb_data = ares,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
               ARES_OPT_SOCK_STATE_CB | (options->n_servers > 1 ? ARES_OPT_ROTATE : 0);
    return ares_init_options(&ares->channel, &set, mask);
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
    ares->max_inflight = options->max_inflight ? options->max_inflight : INFLIGHT;
    ares->rate_per_s = options->rate_per_s;
    ares->n_servers = (uint32_t)options->n_servers;
    uv_timer_init(loop, &ares->tick);
    uv_timer_init(loop, &ares->pump);
    ares->tick.data = ares->pump.data = ares;
    ares->n_handles = 2;
    ares->filled_ms = uv_now(loop);
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = make_channel(ares, options);
    if (status != ARES_SUCCESS) {
        mxp_why_set(why, MXP_ENET, "the resolver could not be set up: %s", ares_strerror(status));
        resolver_free(&ares->resolver);
        return NULL;
    }
    if (set_servers(ares, options)) {
        mxp_why_set(why, MXP_ECONFIG,
                    "--resolver: expected an IP address, or address:port ([address]:port for "
                    "IPv6)");
        resolver_free(&ares->resolver);
        return NULL;
    }
    return &ares->resolver;
}

uint64_t mxp_resolver_ares_n_asked(const struct mxp_resolver *resolver)
{
    return ((const struct ares *)resolver)->n_asked;
}

uint64_t mxp_resolver_ares_n_answered(const struct mxp_resolver *resolver)
{
    return ((const struct ares *)resolver)->n_answered;
}
