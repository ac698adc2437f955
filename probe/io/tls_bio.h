/*
 * [io] The BIO under OpenSSL: reads from a slice and writes to a buffer, both the
 * caller's and both valid only during one call. It holds no memory of its own, where
 * BIO_s_mem keeps the largest size it ever had.
 */
#ifndef MXP_PROBE_TLS_BIO_H
#define MXP_PROBE_TLS_BIO_H

#include "core/buf.h"

#include <openssl/bio.h>

struct mxp_tls_bio {
    struct mxp_slice in;
    struct mxp_buf *out; /* NULL: nothing may be written just now */
    bool full;           /* a write did not fit */
};

/* A method whose BIOs carry a struct mxp_tls_bio as their data. NULL: no memory. */
BIO_METHOD *mxp_tls_bio_method(void);

#endif
