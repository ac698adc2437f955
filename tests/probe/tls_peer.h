/*
 * A TLS server over memory for the tests of probe/io/tls.c. Its certificates are made on the
 * spot and their dates are fixed, so that no clock plays a part.
 */
#ifndef MXP_TESTS_TLS_PEER_H
#define MXP_TESTS_TLS_PEER_H

#include "core/buf.h"

#include <openssl/ssl.h>
#include <stdio.h>

enum peer_certificate {
    PEER_SELF_SIGNED,
    PEER_CHAIN, /* signed by an issuer, whose certificate is sent with it */
    PEER_EXPIRED,
    PEER_ANONYMOUS, /* TLS 1.2 and before: no certificate, and ciphers that need none */
    PEER_NONE       /* ciphers that need one */
};

struct peer {
    SSL *ssl;
    bool up, failed;
    struct mxp_buf plain; /* what the client sent */
};

/* One version only. The name in its certificate is mx.example. */
SSL_CTX *peer_context(int version, enum peer_certificate what);

/* Write the issuer of PEER_CHAIN or PEER_EXPIRED to an open file. */
void peer_write_issuer(SSL_CTX *ctx, FILE *file);

/* Its hash, the name of its file in a folder of trusted certificates; 0: there is no issuer. */
unsigned long peer_issuer_hash(SSL_CTX *ctx);

void peer_init(struct peer *peer, SSL_CTX *ctx);
void peer_free(struct peer *peer);

/* Ciphertext in (may be empty); what it answers is appended to out. */
void peer_take(struct peer *peer, struct mxp_slice cipher, struct mxp_buf *out);
void peer_say(struct peer *peer, const char *words, struct mxp_buf *out);
void peer_close(struct peer *peer, struct mxp_buf *out);       /* close_notify */
void peer_key_update(struct peer *peer, struct mxp_buf *out);  /* TLS 1.3: asks for ours, too */
void peer_renegotiate(struct peer *peer, struct mxp_buf *out); /* TLS 1.2 */

#endif
