#include "probe/io/tls.h"

#include "probe/io/tls_bio.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define READ_CHUNK 16384

struct cached {
    UT_hash_handle hh;
    SSL_SESSION *session;
    char host[];
};

struct mxp_tls_context {
    SSL_CTX *ctx;
    BIO_METHOD *bio;
    struct cached *cache; /* in the order in which hosts were first seen */
    uint32_t max_cached;
    bool bundle_read;
};

struct mxp_tls {
    SSL *ssl;
    struct mxp_tls_context *context;
    struct mxp_tls_bio io;
    bool up;
    char error[96];
    char host[];
};

static void cache_drop(struct mxp_tls_context *context, struct cached *entry)
{
    HASH_DEL(context->cache, entry);
    SSL_SESSION_free(entry->session);
    free(entry);
}

static struct cached *cache_find(struct mxp_tls_context *context, const char *host)
{
    struct cached *entry = NULL;
    HASH_FIND(hh, context->cache, host, strlen(host), entry);
    return entry;
}

/* OpenSSL hands over a session that the server lets us resume; 1: it is ours now. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct mxp_tls *tls = SSL_get_app_data(ssl);
    struct mxp_tls_context *context = tls->context;
    struct cached *entry = cache_find(context, tls->host);
    if (entry) {
        SSL_SESSION_free(entry->session);
        entry->session = session;
        return 1;
    }
    size_t len = strlen(tls->host);
    entry = context->max_cached ? calloc(1, sizeof *entry + len + 1) : NULL;
    if (!entry)
        return 0;
    memcpy(entry->host, tls->host, len + 1);
    entry->session = session;
    if (HASH_COUNT(context->cache) >= context->max_cached)
        cache_drop(context, context->cache);
    HASH_ADD_KEYPTR(hh, context->cache, entry->host, len, entry);
    if (entry->hh.tbl)
        return 1;
    free(entry);
    return 0;
}

static bool is_issuer_missing(int error)
{
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/* The folder of trusted certificates is asked by hash, file by file. The bundle must be read whole,
 * 250 million instructions, so that is left until an issuer is missing. */
static int verify(X509_STORE_CTX *store, struct mxp_tls_context *context)
{
    int ok = X509_verify_cert(store);
    if (ok == 1 || context->bundle_read || !is_issuer_missing(X509_STORE_CTX_get_error(store)))
        return ok;
    context->bundle_read = true;
    SSL_CTX_set_default_verify_file(context->ctx);
    X509_STORE_CTX_set0_verified_chain(store, NULL);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return X509_verify_cert(store);
}

/* Check the certificate for the report, then let go of all but the server's own: OpenSSL
 * would keep every issuer's, some 4 KiB each, as long as the connection and its session. */
static int check_certificate(X509_STORE_CTX *store, void *context)
{
    int ok = verify(store, context);
    X509_STORE_CTX_set0_verified_chain(store, NULL);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    while (sk_X509_num(sent) > 1)
        X509_free(sk_X509_pop(sent));
    return ok;
}

static void set_up(struct mxp_tls_context *context)
{
    SSL_CTX *ctx = context->ctx;
    /* Opportunistic TLS (RFC 7435): old or weak beats clear, so nothing OpenSSL can do is
     * left out, and the machine's policy for other programs does not apply. */
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx, 0);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_cipher_list(ctx, "ALL:!eNULL:@SECLEVEL=0");
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, check_certificate, context);
    SSL_CTX_set_default_verify_dir(ctx);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
}

struct mxp_tls_context *mxp_tls_context_new(uint32_t max_cached, struct mxp_why *why)
{
    struct mxp_tls_context *context = calloc(1, sizeof *context);
    if (!context) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    context->ctx = SSL_CTX_new(TLS_client_method());
    context->bio = mxp_tls_bio_method();
    if (!context->ctx || !context->bio) {
        mxp_why_set(why, MXP_ETLS, "OpenSSL could not be set up: %s",
                    ERR_reason_error_string(ERR_peek_last_error()));
        return mxp_tls_context_free(context);
    }
    context->max_cached = max_cached;
    set_up(context);
    ERR_clear_error();
    return context;
}

struct mxp_tls_context *mxp_tls_context_free(struct mxp_tls_context *context)
{
    if (!context)
        return NULL;
    while (context->cache)
        cache_drop(context, context->cache);
    SSL_CTX_free(context->ctx);
    BIO_meth_free(context->bio);
    free(context);
    return NULL;
}

static bool is_ip(const char *host)
{
    unsigned char ip[16];
    return inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
}

static bool prepare(struct mxp_tls *tls)
{
    BIO *bio = BIO_new(tls->context->bio);
    if (!bio)
        return false;
    BIO_set_data(bio, &tls->io);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_connect_state(tls->ssl);
    SSL_set_app_data(tls->ssl, tls);
    if (is_ip(tls->host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), tls->host);
    } else {
        SSL_set_tlsext_host_name(tls->ssl, tls->host);
        SSL_set1_host(tls->ssl, tls->host);
    }
    struct cached *entry = cache_find(tls->context, tls->host);
    if (entry)
        SSL_set_session(tls->ssl, entry->session);
    return true;
}

struct mxp_tls *mxp_tls_new(struct mxp_tls_context *context, const char *host)
{
    size_t len = strlen(host);
    struct mxp_tls *tls = calloc(1, sizeof *tls + len + 1);
    if (!tls)
        return NULL;
    memcpy(tls->host, host, len + 1);
    tls->context = context;
    tls->ssl = SSL_new(context->ctx);
    if (!tls->ssl || !prepare(tls))
        return mxp_tls_free(tls);
    return tls;
}

struct mxp_tls *mxp_tls_free(struct mxp_tls *tls)
{
    if (!tls)
        return NULL;
    SSL_free(tls->ssl);
    free(tls);
    return NULL;
}

static enum mxp_tls_status failed(struct mxp_tls *tls, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(tls->error, sizeof tls->error, "%s: %s", what, reason ? reason : "unknown");
    ERR_clear_error();
    return MXP_TLS_ERROR;
}

static enum mxp_tls_status shake(struct mxp_tls *tls)
{
    int n = SSL_do_handshake(tls->ssl);
    if (n == 1) {
        tls->up = true;
        return MXP_TLS_UP;
    }
    int err = SSL_get_error(tls->ssl, n);
    if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE)
        return MXP_TLS_MORE;
    return failed(tls, "handshake");
}

static enum mxp_tls_status read_plain(struct mxp_tls *tls, struct mxp_buf *plain)
{
    for (;;) {
        if (mxp_buf_reserve(plain, READ_CHUNK)) {
            snprintf(tls->error, sizeof tls->error, "read: too much at once");
            return MXP_TLS_ERROR;
        }
        size_t n = 0;
        int ok = SSL_read_ex(tls->ssl, plain->ptr + plain->len, READ_CHUNK, &n);
        if (ok == 1) {
            plain->len += n;
            plain->ptr[plain->len] = '\0';
            continue;
        }
        int err = SSL_get_error(tls->ssl, ok);
        if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE)
            return MXP_TLS_UP;
        if (err == SSL_ERROR_ZERO_RETURN) {
            snprintf(tls->error, sizeof tls->error, "closed by the server");
            return MXP_TLS_CLOSED;
        }
        return failed(tls, "read");
    }
}

enum mxp_tls_status mxp_tls_read(struct mxp_tls *tls, struct mxp_slice cipher,
                                 struct mxp_buf *plain, struct mxp_buf *out)
{
    tls->io = (struct mxp_tls_bio){.in = cipher, .out = out};
    ERR_clear_error();
    enum mxp_tls_status status = tls->up ? MXP_TLS_UP : shake(tls);
    if (status == MXP_TLS_UP && tls->io.in.len)
        status = read_plain(tls, plain);
    tls->io = (struct mxp_tls_bio){0};
    return status;
}

int mxp_tls_write(struct mxp_tls *tls, struct mxp_slice bytes, struct mxp_buf *out)
{
    size_t n = 0;
    if (!bytes.len)
        return 0;
    tls->io = (struct mxp_tls_bio){.out = out};
    ERR_clear_error();
    int ok = SSL_write_ex(tls->ssl, bytes.ptr, bytes.len, &n);
    bool full = tls->io.full;
    tls->io = (struct mxp_tls_bio){0};
    if (ok == 1)
        return 0;
    failed(tls, "write");
    return full ? MXP_ENOMEM : MXP_ETLS;
}

void mxp_tls_shutdown(struct mxp_tls *tls, struct mxp_buf *out)
{
    tls->io = (struct mxp_tls_bio){.out = out};
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
    tls->io = (struct mxp_tls_bio){0};
}

const char *mxp_tls_version(const struct mxp_tls *tls)
{
    return tls->up ? SSL_get_version(tls->ssl) : NULL;
}

const char *mxp_tls_verify(const struct mxp_tls *tls)
{
    if (!tls->up)
        return NULL;
    if (!SSL_get0_peer_certificate(tls->ssl) && !SSL_session_reused(tls->ssl))
        return "no certificate";
    return X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
}

const char *mxp_tls_error(const struct mxp_tls *tls)
{
    return *tls->error ? tls->error : "no error";
}

bool mxp_tls_resumed(const struct mxp_tls *tls)
{
    return tls->up && SSL_session_reused(tls->ssl);
}
