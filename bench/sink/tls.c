#include "sink.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *key_new(bool rsa)
{
    return rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

/* Of the size that certificates of mail servers have: a name, a few more, and key usage. */
static int add_names(X509 *cert)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name,
                            "DNS:mx.sink.test,DNS:*.sink.test,DNS:mail.sink.test,DNS:sink.test");
    int ok = names && X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    return ok;
}

static X509 *cert_new(const char *name, long serial, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert));
    if (!add_names(cert) || !X509_sign(cert, by, EVP_sha256())) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

SSL_CTX *sink_tls_context(const struct sink_options *options)
{
    static const unsigned char session_id[] = "sink";
    EVP_PKEY *ca_key = key_new(options->rsa), *key = key_new(options->rsa);
    X509 *ca = ca_key ? cert_new("The sink's own issuer", 1, ca_key, NULL, ca_key) : NULL;
    X509 *cert = ca && key ? cert_new("mx.sink.test", 2, key, ca, ca_key) : NULL;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx) {
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(ctx, options->tls_version);
        SSL_CTX_set_max_proto_version(ctx, options->tls_version);
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_id_context(ctx, session_id, sizeof session_id - 1);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        if (!options->resume) {
            SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
            SSL_CTX_set_num_tickets(ctx, 0);
        }
    }
    /* The context takes the issuer's certificate over. */
    bool ok = ctx && cert && SSL_CTX_use_certificate(ctx, cert) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_add_extra_chain_cert(ctx, ca) == 1;
    if (!ok) {
        ERR_print_errors_fp(stderr);
        SSL_CTX_free(ctx);
        ctx = NULL;
        X509_free(ca);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return ctx;
}
