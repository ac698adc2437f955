#include "smtp_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG 4096

uint64_t farm_smtp_now_ms(const struct farm_smtp *smtp)
{
    return 1 + (uint64_t)((double)(uv_now(smtp->tcp.loop) - smtp->start_ms) * smtp->speed);
}

static int listen_all(struct farm_smtp *smtp, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int len = sizeof address;
    uv_os_fd_t fd;
    int err = uv_tcp_init_ex(smtp->tcp.loop ? smtp->tcp.loop : NULL, &smtp->tcp, AF_INET);
    if (!err)
        err = uv_fileno((uv_handle_t *)&smtp->tcp, &fd);
    if (!err && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3))
        return UV_EPERM;
    if (!err)
        err = uv_tcp_bind(&smtp->tcp, (const struct sockaddr *)&address, 0);
    if (!err)
        err = uv_listen((uv_stream_t *)&smtp->tcp, BACKLOG, farm_smtp_on_connection);
    if (!err)
        err = uv_tcp_getsockname(&smtp->tcp, (struct sockaddr *)&address, &len);
    smtp->port = ntohs(address.sin_port);
    return err;
}

struct farm_smtp *farm_smtp_new(uv_loop_t *loop, const struct farm_universe *universe,
                                uint16_t port, double speed, struct mxp_why *why)
{
    struct farm_smtp *smtp = calloc(1, sizeof *smtp);
    int err = UV_ENOMEM;
    if (smtp) {
        smtp->universe = universe;
        smtp->speed = speed;
        smtp->start_ms = uv_now(loop);
        smtp->tcp.loop = loop;
        err = listen_all(smtp, port);
        smtp->tcp.data = smtp;
    }
    if (!err)
        return smtp;
    mxp_why_set(why, MXP_ENET, "SMTP on port %u of the loopback device: %s", port,
                uv_strerror(err));
    return NULL;
}

uint16_t farm_smtp_port(const struct farm_smtp *smtp)
{
    return smtp->port;
}

static void add(struct farm_counts *sum, const struct farm_counts *one)
{
    sum->n_connections += one->n_connections;
    sum->n_refused += one->n_refused;
    sum->n_sessions += one->n_sessions;
    sum->n_commands += one->n_commands;
    sum->n_rcpts += one->n_rcpts;
    sum->n_accepted += one->n_accepted;
    sum->n_unknown += one->n_unknown;
    sum->n_throttled += one->n_throttled;
    sum->n_over += one->n_over;
    sum->n_drops += one->n_drops;
    sum->n_blocks += one->n_blocks;
    sum->n_harvests += one->n_harvests;
    sum->n_data += one->n_data;
    sum->n_protocol += one->n_protocol;
    sum->n_no_quit += one->n_no_quit;
    sum->n_greylisted += one->n_greylisted;
    if (one->peak > sum->peak)
        sum->peak = one->peak;
    if (one->first_ms && (!sum->first_ms || one->first_ms < sum->first_ms))
        sum->first_ms = one->first_ms;
    if (one->last_ms > sum->last_ms)
        sum->last_ms = one->last_ms;
}

void farm_smtp_counts(const struct farm_smtp *smtp, const struct farm_provider *provider,
                      struct farm_counts *ret)
{
    struct farm_site **sites = smtp->sites[provider - smtp->universe->providers];
    *ret = (struct farm_counts){0};
    for (uint32_t i = 0; sites && i < (provider->servers ? provider->servers : 1); i++)
        if (sites[i])
            add(ret, &sites[i]->counts);
}

struct farm_smtp *farm_smtp_free(struct farm_smtp *smtp)
{
    struct farm_seen *seen, *next;
    HASH_ITER(hh, smtp->seen, seen, next)
    {
        HASH_DEL(smtp->seen, seen);
        free(seen);
    }
    for (uint32_t p = 0; p < smtp->universe->n_providers; p++) {
        uint32_t n = smtp->universe->providers[p].servers;
        for (uint32_t i = 0; smtp->sites[p] && i < (n ? n : 1); i++)
            farm_site_free(smtp->sites[p][i]);
        free(smtp->sites[p]);
    }
    free(smtp);
    return NULL;
}
