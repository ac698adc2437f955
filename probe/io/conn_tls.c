#include "probe/io/conn_internal.h"

#include "probe/io/tls.h"

#define HANDSHAKE_CAP (256 * 1024) /* octets of a server's handshake */

void mxp_conn_flush_cipher(struct mxp_conn *conn)
{
    mxp_conn_write(conn, mxp_buf_slice(&conn->loop->cipher));
    mxp_buf_clear(&conn->loop->cipher);
}

void mxp_conn_handshake_failed(struct mxp_conn *conn, const char *words)
{
    conn->tls_state = MXP_CONN_TLS_NONE;
    mxp_conn_fail(conn, MXP_CONN_TLS_FAILED, words);
}

static bool is_record(struct mxp_slice bytes)
{
    return bytes.len == 0 || (bytes.ptr[0] >= 20 && bytes.ptr[0] <= 23);
}

void mxp_conn_tls_read(struct mxp_conn *conn, struct mxp_slice cipher)
{
    struct mxp_loop *loop = conn->loop;
    bool shaking = conn->tls_state != MXP_CONN_TLS_ON;
    if (conn->tls_state == MXP_CONN_TLS_FIRST && !is_record(cipher)) {
        conn->plaintext = true;
        mxp_conn_handshake_failed(conn, "plaintext behind the STARTTLS reply");
        return;
    }
    if (shaking) {
        conn->tls_state = MXP_CONN_TLS_HANDSHAKE;
        conn->handshake_len += (uint32_t)cipher.len;
        if (conn->handshake_len > HANDSHAKE_CAP) {
            mxp_conn_handshake_failed(conn, "the handshake does not end");
            return;
        }
    }
    mxp_buf_clear(&loop->plain);
    mxp_buf_clear(&loop->cipher);
    enum mxp_tls_status status = mxp_tls_read(conn->tls, cipher, &loop->plain, &loop->cipher);
    mxp_conn_flush_cipher(conn);
    if (shaking && status == MXP_TLS_MORE)
        return;
    if (shaking && (status != MXP_TLS_UP)) {
        mxp_conn_handshake_failed(conn, mxp_tls_error(conn->tls));
        return;
    }
    if (shaking) {
        conn->tls_state = MXP_CONN_TLS_ON;
        mxp_conn_tell(conn, MXP_CONN_TLS_UP, MXP_SLICE_NONE);
    }
    if (loop->plain.len && !conn->closing)
        mxp_conn_tell(conn, MXP_CONN_BYTES, mxp_buf_slice(&loop->plain));
    if (status == MXP_TLS_CLOSED)
        mxp_conn_fail(conn, MXP_CONN_EOF, "TLS closed by the server");
    else if (status == MXP_TLS_ERROR)
        mxp_conn_fail(conn, MXP_CONN_EOF, mxp_tls_error(conn->tls));
}

int mxp_conn_start_tls(struct mxp_conn *conn, const char *host)
{
    if (!conn->context || conn->tls || conn->failed)
        return MXP_EINVAL;
    conn->tls = mxp_tls_new(conn->context, host);
    if (!conn->tls)
        return MXP_ENOMEM;
    mxp_buf_clear(&conn->loop->plain);
    mxp_buf_clear(&conn->loop->cipher);
    enum mxp_tls_status status =
        mxp_tls_read(conn->tls, MXP_SLICE_NONE, &conn->loop->plain, &conn->loop->cipher);
    if (status != MXP_TLS_MORE) {
        mxp_conn_set_error(conn, mxp_tls_error(conn->tls));
        return MXP_ETLS;
    }
    conn->tls_state = MXP_CONN_TLS_FIRST;
    mxp_conn_flush_cipher(conn);
    return 0;
}

const char *mxp_conn_tls_version(const struct mxp_conn *conn)
{
    return conn->tls_state == MXP_CONN_TLS_ON ? mxp_tls_version(conn->tls) : NULL;
}

const char *mxp_conn_tls_verify(const struct mxp_conn *conn)
{
    return conn->tls_state == MXP_CONN_TLS_ON ? mxp_tls_verify(conn->tls) : NULL;
}

bool mxp_conn_tls_plaintext(const struct mxp_conn *conn)
{
    return conn->plaintext;
}
