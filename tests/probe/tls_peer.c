#include "tls_peer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LONG_AGO  "20000101000000Z"
#define PAST      "20010101000000Z"
#define FAR_AHEAD "99991231235959Z"

static X509 *certificate(const char *name, bool expired, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), LONG_AGO);
    ASN1_TIME_set_string(X509_getm_notAfter(cert), expired ? PAST : FAR_AHEAD);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert));
    X509_EXTENSION *ca =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, issuer ? "CA:FALSE" : "CA:TRUE");
    assert_int_equal(X509_add_ext(cert, ca, -1), 1);
    X509_EXTENSION_free(ca);
    assert_true(X509_sign(cert, by, EVP_sha256()) > 0);
    return cert;
}

static void add_certificate(SSL_CTX *ctx, enum peer_certificate what)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *ca_key = EVP_EC_gen("P-256");
    assert_non_null(key);
    assert_non_null(ca_key);
    bool issued = what == PEER_CHAIN || what == PEER_EXPIRED;
    X509 *ca = issued ? certificate("issuer", false, ca_key, NULL, ca_key) : NULL;
    X509 *cert = certificate("mx.example", what == PEER_EXPIRED, key, ca, ca ? ca_key : key);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    if (ca)
        assert_int_equal(SSL_CTX_add_extra_chain_cert(ctx, ca), 1); /* takes it over */
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

SSL_CTX *peer_context(int version, enum peer_certificate what)
{
    static const unsigned char id[] = "peer";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_cipher_list(ctx,
                            what == PEER_ANONYMOUS ? "ALL:@SECLEVEL=0" : "ALL:!aNULL:@SECLEVEL=0");
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1);
    if (what != PEER_NONE && what != PEER_ANONYMOUS)
        add_certificate(ctx, what);
    return ctx;
}

void peer_write_issuer(SSL_CTX *ctx, FILE *file)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get_extra_chain_certs(ctx, &chain);
    assert_int_equal(sk_X509_num(chain), 1);
    assert_int_equal(PEM_write_X509(file, sk_X509_value(chain, 0)), 1);
}

unsigned long peer_issuer_hash(SSL_CTX *ctx)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get_extra_chain_certs(ctx, &chain);
    return sk_X509_num(chain) > 0 ? X509_subject_name_hash(sk_X509_value(chain, 0)) : 0;
}

void peer_init(struct peer *peer, SSL_CTX *ctx)
{
    *peer = (struct peer){.ssl = SSL_new(ctx)};
    assert_non_null(peer->ssl);
    SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(peer->ssl);
    mxp_buf_init(&peer->plain, 65536);
}

void peer_free(struct peer *peer)
{
    SSL_free(peer->ssl);
    mxp_buf_free(&peer->plain);
    ERR_clear_error();
}

static void drain(struct peer *peer, struct mxp_buf *out)
{
    char *ptr;
    BIO *bio = SSL_get_wbio(peer->ssl);
    long len = BIO_get_mem_data(bio, &ptr);
    if (len > 0)
        assert_int_equal(mxp_buf_add(out, ptr, (size_t)len), 0);
    (void)BIO_reset(bio);
}

void peer_take(struct peer *peer, struct mxp_slice cipher, struct mxp_buf *out)
{
    char plain[4096];
    int n = 1;
    ERR_clear_error();
    if (cipher.len)
        assert_int_equal(BIO_write(SSL_get_rbio(peer->ssl), cipher.ptr, (int)cipher.len),
                         cipher.len);
    if (!peer->up && !peer->failed) {
        n = SSL_do_handshake(peer->ssl);
        peer->up = n == 1;
        peer->failed = n != 1 && SSL_get_error(peer->ssl, n) != SSL_ERROR_WANT_READ;
    }
    while (peer->up && (n = SSL_read(peer->ssl, plain, sizeof plain)) > 0)
        assert_int_equal(mxp_buf_add(&peer->plain, plain, (size_t)n), 0);
    drain(peer, out);
}

void peer_say(struct peer *peer, const char *words, struct mxp_buf *out)
{
    int len = (int)strlen(words);
    assert_int_equal(SSL_write(peer->ssl, words, len), len);
    drain(peer, out);
}

void peer_close(struct peer *peer, struct mxp_buf *out)
{
    SSL_shutdown(peer->ssl);
    drain(peer, out);
}

void peer_key_update(struct peer *peer, struct mxp_buf *out)
{
    assert_int_equal(SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(peer->ssl), 1);
    drain(peer, out);
}

void peer_renegotiate(struct peer *peer, struct mxp_buf *out)
{
    assert_int_equal(SSL_renegotiate(peer->ssl), 1);
    SSL_do_handshake(peer->ssl);
    drain(peer, out);
}
