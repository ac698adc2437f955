/*
 * A mail server and its DNS for measuring the probe: it takes every connection on all of
 * 127/8, knows one script, and counts what it saw. It judges nothing and has no limits: the
 * simulated internet (bench/farm) is for that.
 *
 *   d<N>.sink.test          MX 10 mx<N mod hosts>.sink.test
 *   mx<N>.sink.test         A 127.16.0.0 + N
 *   user<N>@...             250; any other local part: 550 5.1.1
 *
 * With gate, no DNS question is answered before "go". With hold, a session is not answered
 * after its first RCPT until "release", so that any number of them stands open at once.
 */
#ifndef MXP_SINK_H
#define MXP_SINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct sink_options {
    uint32_t hosts;    /* MX hosts behind all domains */
    uint32_t hold;     /* sessions to be held at once; 0: none is held */
    uint32_t rcpt_max; /* told in EHLO (RFC 9422); 0: not told */
    uint32_t delay_ms; /* before each reply: the distance of the server */
    int tls_version;   /* TLS1_2_VERSION ..; 0: no STARTTLS */
    bool rsa;          /* a certificate of RSA 2048; else of P-256 */
    bool resume, pipelining, gate;
    bool in_step; /* the handshakes of all that are to be held, flight by flight */
};

struct sink_counts {
    uint64_t n_dns, n_connections, n_commands, n_rcpts, n_reads, n_writes;
    uint64_t n_handshakes, n_resumed, n_octets_in, n_octets_out;
};

struct sink_client;

struct sink {
    uv_loop_t *loop;
    struct sink_options options;
    struct sink_counts counts;
    SSL_CTX *ctx;
    uv_tcp_t tcp;
    uv_udp_t udp;
    uint16_t port_smtp, port_dns;
    bool going, released, asked;
    uint32_t n_held, n_in_step;
    struct sink_client *held, *in_step;
    char read[65536], dns_read[4096];
};

/* 0, or -1 after saying why on standard error. */
int sink_dns_open(struct sink *sink);
int sink_smtp_open(struct sink *sink);

void sink_smtp_release(struct sink *sink); /* answer all that are held, and hold no more */

/* A context with a certificate made on the spot, its issuer's beside it; NULL: no. */
SSL_CTX *sink_tls_context(const struct sink_options *options);

#endif
