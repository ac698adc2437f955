#include "smtp_internal.h"

#include "core/buf.h"
#include "truth.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 2048
#define OUT_CAP      65536

struct client {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct farm_smtp *smtp;
    struct farm_site *site;
    char line[LINE_MAX_LEN];
    size_t line_len;
    struct mxp_buf out;
    uint32_t n_session, n_transaction;
    uint8_t n_handles;
    bool mail, quit, closing, waiting, closed_by_us;
};

struct write_req {
    uv_write_t req;
    char bytes[];
};

static void handle_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    if (--client->n_handles)
        return;
    mxp_buf_free(&client->out);
    free(client);
}

bool farm_smtp_close_client(const struct farm_smtp *smtp, uv_handle_t *handle)
{
    if ((handle->type != UV_TCP && handle->type != UV_TIMER) || handle->data == smtp)
        return false;
    uv_close(handle, handle_closed);
    return true;
}

static void leave(struct client *client, bool reset)
{
    if (client->closing)
        return;
    client->closing = true;
    if (client->site) {
        farm_site_disconnect(client->site);
        if (!client->quit && !client->closed_by_us)
            client->site->counts.n_no_quit++;
    }
    if (!reset || uv_tcp_close_reset(&client->tcp, handle_closed))
        uv_close((uv_handle_t *)&client->tcp, handle_closed);
    uv_close((uv_handle_t *)&client->timer, handle_closed);
}

static void hang_up(struct client *client)
{
    leave(client, false);
}

static void written(uv_write_t *req, int status)
{
    (void)status;
    free(req);
}

static void flush(struct client *client)
{
    if (!client->out.len || client->closing)
        return;
    uv_buf_t buf = uv_buf_init(client->out.ptr, (unsigned)client->out.len);
    int n = uv_try_write((uv_stream_t *)&client->tcp, &buf, 1);
    size_t done = n > 0 ? (size_t)n : 0, rest = client->out.len - done;
    if (rest) {
        struct write_req *req = malloc(sizeof *req + rest);
        if (!req)
            abort();
        memcpy(req->bytes, client->out.ptr + done, rest);
        buf = uv_buf_init(req->bytes, (unsigned)rest);
        if (uv_write(&req->req, (uv_stream_t *)&client->tcp, &buf, 1, written))
            free(req);
    }
    mxp_buf_free(&client->out);
}

static void send_later(uv_timer_t *timer)
{
    struct client *client = timer->data;
    client->waiting = false;
    flush(client);
    if (client->quit || client->closed_by_us)
        hang_up(client);
}

/* What was said so far goes out after the provider's latency. */
static void reply_after(struct client *client, uint32_t ms)
{
    if (client->waiting)
        return;
    client->waiting = true;
    uint64_t real = (uint64_t)(ms / client->smtp->speed + 0.5);
    uv_timer_start(&client->timer, send_later, real, 0);
}

/* A reply with at most one %s, the address. */
static void say(struct client *client, const char *text, struct mxp_slice address)
{
    const char *hole = strstr(text, "%s");
    struct mxp_buf *out = &client->out;
    if (!hole) {
        mxp_buf_add_str(out, text);
    } else {
        mxp_buf_add(out, text, (size_t)(hole - text));
        mxp_buf_add_slice(out, address);
        mxp_buf_add_str(out, hole + 2);
    }
    mxp_buf_add_str(out, "\r\n");
}

static bool greylisted(struct client *client, struct mxp_slice address, uint64_t now)
{
    struct farm_smtp *smtp = client->smtp;
    uint64_t wait_ms = client->site->provider->greylist_s * 1000u;
    struct farm_seen *seen = NULL;
    if (!wait_ms)
        return false;
    HASH_FIND(hh, smtp->seen, address.ptr, address.len, seen);
    if (seen)
        return now < seen->at_ms + wait_ms;
    seen = calloc(1, sizeof *seen + address.len + 1);
    if (!seen)
        abort();
    memcpy(seen->address, address.ptr, address.len);
    seen->at_ms = now;
    HASH_ADD_KEYPTR(hh, smtp->seen, seen->address, address.len, seen);
    return true;
}

static void answer_truth(struct client *client, struct mxp_slice address, uint64_t now)
{
    const struct farm_provider *provider = client->site->provider;
    switch (farm_truth_of(client->smtp->universe, address)) {
    case FARM_EXISTS:
    case FARM_ANY:
        client->site->counts.n_accepted++;
        say(client, "250 2.1.5 Ok", address);
        break;
    case FARM_FULL:
        say(client, provider->full_text, address);
        break;
    case FARM_DISABLED:
        say(client, provider->disabled_text, address);
        break;
    default:
        if (farm_site_unknown(client->site, now)) {
            say(client, provider->harvest_text, address);
            client->closed_by_us = true;
        } else {
            say(client, provider->unknown_text, address);
        }
        break;
    }
}

static void on_rcpt(struct client *client, struct mxp_slice line)
{
    const struct farm_provider *provider = client->site->provider;
    uint64_t now = farm_smtp_now_ms(client->smtp);
    size_t open = mxp_slice_find(line, '<'), close = mxp_slice_find(line, '>');
    if (!client->mail || open >= close) {
        client->site->counts.n_protocol++;
        say(client, "503 5.5.1 Error: need MAIL command", MXP_SLICE_NONE);
        return;
    }
    struct mxp_slice address = mxp_slice_sub(line, open + 1, close - open - 1);
    client->n_session++;
    client->n_transaction++;
    switch (farm_site_rcpt(client->site, client->n_session, client->n_transaction, now)) {
    case FARM_OK:
        break;
    case FARM_TOO_MANY:
        say(client, provider->rcpts_text, address);
        return;
    case FARM_BLOCK:
        say(client, provider->block_text, address);
        client->closed_by_us = true;
        return;
    case FARM_DROP:
        client->closed_by_us = true;
        return;
    case FARM_THROTTLE:
    case FARM_CONNECTIONS:
        say(client, provider->throttle_text, address);
        if (mxp_slice_istarts(mxp_slice_str(provider->throttle_text), MXP_SLICE_LIT("421")))
            client->closed_by_us = true;
        return;
    }
    if (greylisted(client, address, now)) {
        client->site->counts.n_greylisted++;
        say(client, "450 4.2.0 <%s>: Recipient address rejected: Greylisted, try again later",
            address);
        return;
    }
    answer_truth(client, address, now);
}

static void on_ehlo(struct client *client)
{
    say(client, "250-mx.farm.example", MXP_SLICE_NONE);
    if (client->site->provider->pipelining)
        say(client, "250-PIPELINING", MXP_SLICE_NONE);
    say(client, "250-ENHANCEDSTATUSCODES", MXP_SLICE_NONE);
    say(client, "250 8BITMIME", MXP_SLICE_NONE);
}

static void on_line(struct client *client, struct mxp_slice line)
{
    struct farm_counts *counts = &client->site->counts;
    counts->n_commands++;
    if (mxp_slice_istarts(line, MXP_SLICE_LIT("RCPT TO:"))) {
        on_rcpt(client, line);
    } else if (mxp_slice_istarts(line, MXP_SLICE_LIT("MAIL FROM:"))) {
        counts->n_protocol += client->mail;
        say(client, client->mail ? "503 5.5.1 Error: nested MAIL command" : "250 2.1.0 Ok",
            MXP_SLICE_NONE);
        client->mail = true;
        client->n_transaction = 0;
    } else if (mxp_slice_istarts(line, MXP_SLICE_LIT("EHLO ")) ||
               mxp_slice_istarts(line, MXP_SLICE_LIT("HELO "))) {
        on_ehlo(client);
    } else if (mxp_slice_ieq(line, MXP_SLICE_LIT("RSET"))) {
        client->mail = false;
        say(client, "250 2.0.0 Ok", MXP_SLICE_NONE);
    } else if (mxp_slice_ieq(line, MXP_SLICE_LIT("QUIT"))) {
        client->quit = true;
        say(client, "221 2.0.0 Bye", MXP_SLICE_NONE);
    } else {
        counts->n_data += mxp_slice_istarts(line, MXP_SLICE_LIT("DATA"));
        counts->n_protocol++;
        say(client, "500 5.5.2 Error: command not recognized", MXP_SLICE_NONE);
    }
}

static void take(struct client *client, struct mxp_slice bytes)
{
    while (bytes.len && !client->quit && !client->closed_by_us) {
        size_t end = mxp_slice_find(bytes, '\n');
        size_t n = end < bytes.len ? end : bytes.len;
        if (client->line_len + n > sizeof client->line)
            n = sizeof client->line - client->line_len;
        memcpy(client->line + client->line_len, bytes.ptr, n);
        client->line_len += n;
        bool whole = end < bytes.len;
        bytes = mxp_slice_sub(bytes, end + 1, bytes.len);
        if (!whole)
            return;
        struct mxp_slice line = {client->line, client->line_len};
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        client->line_len = 0;
        on_line(client, line);
    }
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    if (nread < 0) {
        hang_up(client);
        return;
    }
    take(client, (struct mxp_slice){buf->base, (size_t)nread});
    if (client->out.len || client->closed_by_us)
        reply_after(client, client->site->provider->latency_ms + client->site->provider->tarpit_ms);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *client = handle->data;
    (void)suggested;
    *buf = uv_buf_init(client->smtp->read, sizeof client->smtp->read);
}

static struct farm_site *site_of(struct farm_smtp *smtp, const struct sockaddr_in *address)
{
    uint8_t ip[4];
    uint32_t server = 0;
    memcpy(ip, &address->sin_addr, 4);
    const struct farm_provider *provider = farm_find_ip(smtp->universe, ip, &server);
    if (!provider)
        return NULL;
    /* All MX hosts of a provider are one site; each server of the long tail is its own. */
    uint32_t n = provider->servers ? server : 0;
    size_t p = (size_t)(provider - smtp->universe->providers);
    if (!smtp->sites[p])
        smtp->sites[p] = calloc(provider->servers ? provider->servers : 1, sizeof **smtp->sites);
    if (smtp->sites[p] && !smtp->sites[p][n])
        smtp->sites[p][n] = farm_site_new(provider);
    return smtp->sites[p] ? smtp->sites[p][n] : NULL;
}

static void greet(struct client *client)
{
    const struct farm_provider *provider = client->site->provider;
    switch (farm_site_connect(client->site, farm_smtp_now_ms(client->smtp))) {
    case FARM_OK:
        say(client, "220 mx.farm.example ESMTP", MXP_SLICE_NONE);
        break;
    case FARM_DROP:
        client->closed_by_us = true;
        leave(client, true);
        return;
    case FARM_BLOCK:
        say(client, provider->block_text, MXP_SLICE_NONE);
        client->closed_by_us = true;
        break;
    default:
        say(client, provider->connections_text, MXP_SLICE_NONE);
        client->closed_by_us = true;
        break;
    }
    reply_after(client, provider->latency_ms + provider->banner_ms);
}

void farm_smtp_on_connection(uv_stream_t *server, int status)
{
    struct farm_smtp *smtp = server->data;
    struct sockaddr_in address = {0};
    int len = sizeof address;
    struct client *client = status ? NULL : calloc(1, sizeof *client);
    if (!client)
        return;
    client->smtp = smtp;
    mxp_buf_init(&client->out, OUT_CAP);
    uv_tcp_init(server->loop, &client->tcp);
    uv_timer_init(server->loop, &client->timer);
    client->tcp.data = client->timer.data = client;
    client->n_handles = 2;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) ||
        uv_tcp_getsockname(&client->tcp, (struct sockaddr *)&address, &len) ||
        !(client->site = site_of(smtp, &address))) {
        hang_up(client);
        return;
    }
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
    greet(client);
}
