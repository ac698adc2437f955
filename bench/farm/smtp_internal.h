/*
 * The farm's SMTP server as its two files share it: the listener, and one client's dialogue.
 */
#ifndef MXP_FARM_SMTP_INTERNAL_H
#define MXP_FARM_SMTP_INTERNAL_H

#include "site.h"
#include "smtp.h"

#include <uthash.h>

/* The first time that a greylisting server saw a recipient. */
struct farm_seen {
    UT_hash_handle hh;
    uint64_t at_ms;
    char address[];
};

struct farm_smtp {
    uv_tcp_t tcp;
    const struct farm_universe *universe;
    double speed;
    uint64_t start_ms;
    uint16_t port;
    struct farm_site **sites[FARM_PROVIDERS_MAX]; /* by provider and server */
    struct farm_seen *seen;
    char read[65536];
};

/* smtp_client.c: the listener's connection callback. */
void farm_smtp_on_connection(uv_stream_t *server, int status);

#endif
