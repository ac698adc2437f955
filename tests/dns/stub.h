/*
 * A DNS server for tests: UDP and TCP on one free loopback port, on the test's own loop.
 * What it answers is the test's to say.
 */
#ifndef MXP_TESTS_DNS_STUB_H
#define MXP_TESTS_DNS_STUB_H

#include "core/slice.h"

#include "message.h"

#include <uv.h>

struct stub_query {
    char name[256]; /* lower case */
    unsigned type;
    bool edns, tcp;
    const uint8_t *bytes;
    size_t len, question_end;
};

enum stub_reply {
    STUB_SILENT,
    STUB_SEND,
    STUB_CLOSE, /* the TCP connection */
};

struct stub {
    uv_udp_t udp, liar; /* the liar sends from another port */
    uv_tcp_t tcp;
    uint16_t port;
    char address[32]; /* "127.0.0.1:port" */
    struct message reply;
    char read[65536];
    struct sockaddr_storage from; /* of the query at hand, over UDP */
    enum stub_reply (*answer)(struct stub *stub, const struct stub_query *query);
    void *arg;
    size_t n_udp, n_tcp;
};

/* Fails the process where there is no port. */
void stub_open(struct stub *stub, uv_loop_t *loop,
               enum stub_reply (*answer)(struct stub *stub, const struct stub_query *query));
void stub_close(struct stub *stub); /* the loop must run on */

/* The reply begun for this query, no records yet. */
void stub_begin(struct stub *stub, const struct stub_query *query, unsigned rcode);
/* Send what stands in reply at once, besides what answer returns. */
void stub_send_now(struct stub *stub, uv_udp_t *from);

#endif
