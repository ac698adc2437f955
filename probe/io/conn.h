/*
 * [io] One TCP connection, clear or under TLS, on a loop: events out, bytes in. It
 * never parses. Reads go through the loop's shared buffer; a connection that is quiet
 * holds no read or write memory. TLS is a layer inside (tls.h): after TLS_UP the same
 * calls carry plaintext.
 *
 * Life: mxp_conn_open -> callbacks -> mxp_conn_close (always the caller's, also after
 * EOF or an error). No callback runs inside open, send, start_tls or close, and none
 * after close; the memory goes later, on the loop.
 */
#ifndef MXP_PROBE_CONN_H
#define MXP_PROBE_CONN_H

#include "core/err.h"
#include "dns/ip.h"
#include "probe/io/loop.h"

#include <stddef.h>

struct mxp_conn;
struct mxp_tls_context; /* tls.h */

enum mxp_conn_event {
    MXP_CONN_CONNECTED,
    MXP_CONN_REFUSED,     /* could not connect: refused, unreachable, reset */
    MXP_CONN_LOCAL_ERROR, /* our own machine said no: no descriptors, no such source address ..;
                             says nothing about the server */
    MXP_CONN_BYTES,       /* plaintext; valid until the callback returns */
    MXP_CONN_TLS_UP,
    MXP_CONN_TLS_FAILED,
    MXP_CONN_EOF,    /* orderly close, reset, or a broken TLS record */
    MXP_CONN_TIMEOUT /* the deadline passed (also while connecting or shaking hands) */
};

typedef void (*mxp_conn_cb)(void *arg, enum mxp_conn_event event, struct mxp_slice bytes);

struct mxp_conn_options {
    struct mxp_ip ip;
    uint16_t port;
    struct mxp_ip source;        /* family 0: the system's choice */
    uint64_t deadline_ms;        /* for connecting, absolute loop time */
    struct mxp_tls_context *tls; /* may be NULL: start_tls fails then */
};

/* 0, or an error and no callback. */
int mxp_conn_open(struct mxp_loop *loop, const struct mxp_conn_options *options, mxp_conn_cb cb,
                  void *arg, struct mxp_conn **ret_conn);

/* Written at once where the kernel takes it, kept and written later where not. 0 or MXP_ENOMEM;
 * a peer that went away is told by EOF. */
int mxp_conn_send(struct mxp_conn *conn, struct mxp_slice bytes);

/* Shake hands (what was sent before goes out first). host: for SNI and the session cache.
 * 0, or an error: then treat it as TLS_FAILED. TLS_UP or TLS_FAILED follow. */
int mxp_conn_start_tls(struct mxp_conn *conn, const char *host);

void mxp_conn_deadline(struct mxp_conn *conn, uint64_t deadline_ms); /* UINT64_MAX: none */

void mxp_conn_close(struct mxp_conn *conn); /* sends what is queued shortly, FIN, frees later */

/* "TLSv1.3" once TLS is up, else NULL. And the certificate's check, for the report: NULL
 * before TLS, "ok", or OpenSSL's words. Static or living with the connection. */
const char *mxp_conn_tls_version(const struct mxp_conn *conn);
const char *mxp_conn_tls_verify(const struct mxp_conn *conn);

/* After TLS_FAILED: the server went on in clear behind its STARTTLS reply (its first octet was
 * no TLS record type, 20 to 23). That is a protocol error, never to be repeated in clear. */
bool mxp_conn_tls_plaintext(const struct mxp_conn *conn);

/* Why the last event was a failure ("connection refused", "handshake: dh key too small");
 * never NULL; valid until the next event. */
const char *mxp_conn_error(const struct mxp_conn *conn);

#endif
