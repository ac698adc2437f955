/*
 * [io] What the files of a connection share: conn.c (life, deadline, writes) and conn_tls.c
 * (the layer of TLS).
 */
#ifndef MXP_PROBE_CONN_INTERNAL_H
#define MXP_PROBE_CONN_INTERNAL_H

#include "probe/io/conn.h"
#include "probe/io/loop_internal.h"

enum mxp_conn_tls {
    MXP_CONN_TLS_NONE,
    MXP_CONN_TLS_FIRST,
    MXP_CONN_TLS_HANDSHAKE,
    MXP_CONN_TLS_ON
};

struct mxp_conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct mxp_loop *loop;
    struct mxp_tls_context *context;
    struct mxp_tls *tls;
    mxp_conn_cb cb;
    void *arg;
    uint64_t deadline_ms;
    uint64_t armed_ms; /* when the timer fires, at the latest the deadline */
    uint32_t handshake_len;
    uint8_t tls_state, n_handles;
    bool connected, closing, failed, plaintext;
    enum mxp_conn_event pending; /* told by the timer: nothing is told inside open */
    bool has_pending;
    char error[96];
};

void mxp_conn_tell(struct mxp_conn *conn, enum mxp_conn_event event, struct mxp_slice bytes);

/* The last event of a connection that is no use any more. */
void mxp_conn_fail(struct mxp_conn *conn, enum mxp_conn_event event, const char *words);
void mxp_conn_set_error(struct mxp_conn *conn, const char *words);

/* As they are: 0 or MXP_ENOMEM. */
int mxp_conn_write(struct mxp_conn *conn, struct mxp_slice bytes);

/* Records that came while the state is not MXP_CONN_TLS_NONE. */
void mxp_conn_tls_read(struct mxp_conn *conn, struct mxp_slice cipher);
void mxp_conn_handshake_failed(struct mxp_conn *conn, const char *words);

/* Write what the TLS layer left in the loop's buffer. */
void mxp_conn_flush_cipher(struct mxp_conn *conn);

#endif
