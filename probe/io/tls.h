/*
 * [io] TLS as a layer: bytes in, bytes out, no socket (RFC 3207, 8314). OpenSSL over a
 * BIO of our own that reads from the caller's slice and writes to the loop's shared
 * buffer, since BIO_s_mem never shrinks. TLS 1.0 to 1.3 with security level 0, as
 * opportunistic TLS means (RFC 7435): certificates are checked for the report only.
 *
 * One context per process or loop; it keeps the session cache (one session per MX host,
 * bounded) for resumption.
 */
#ifndef MXP_PROBE_TLS_H
#define MXP_PROBE_TLS_H

#include "core/buf.h"
#include "core/err.h"

struct mxp_tls_context;
struct mxp_tls;

#define MXP_TLS_CACHED 4096 /* sessions kept, where nothing speaks for another number */

/* max_cached: MX hosts whose session is kept; that of the host known longest goes first.
 * NULL and why on failure. */
struct mxp_tls_context *mxp_tls_context_new(uint32_t max_cached, struct mxp_why *why);
struct mxp_tls_context *mxp_tls_context_free(struct mxp_tls_context *context); /* NULL */

/* A client connection to host (copied; for SNI and the session cache). NULL: no memory. */
struct mxp_tls *mxp_tls_new(struct mxp_tls_context *context, const char *host);
struct mxp_tls *mxp_tls_free(struct mxp_tls *tls); /* NULL */

enum mxp_tls_status { MXP_TLS_MORE, MXP_TLS_UP, MXP_TLS_CLOSED, MXP_TLS_ERROR };

/* Feed ciphertext (may be empty, to start). Takes all of it. Ciphertext to send is appended
 * to out, plaintext to plain (both the caller's, shared). MORE: handshake goes on; UP: it is
 * finished (plain may already hold bytes); CLOSED: close_notify; ERROR: see mxp_tls_error. */
enum mxp_tls_status mxp_tls_read(struct mxp_tls *tls, struct mxp_slice cipher,
                                 struct mxp_buf *plain, struct mxp_buf *out);

/* Encrypt bytes to out: 0, MXP_ENOMEM or MXP_ETLS. */
int mxp_tls_write(struct mxp_tls *tls, struct mxp_slice bytes, struct mxp_buf *out);

/* close_notify to out. */
void mxp_tls_shutdown(struct mxp_tls *tls, struct mxp_buf *out);

const char *mxp_tls_version(const struct mxp_tls *tls); /* NULL before UP */
const char *mxp_tls_verify(const struct mxp_tls *tls);  /* NULL before UP; "ok" or why not */
const char *mxp_tls_error(const struct mxp_tls *tls);   /* never NULL */
bool mxp_tls_resumed(const struct mxp_tls *tls);

#endif
