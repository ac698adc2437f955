#include "probe/io/tls_bio.h"

#include <string.h>

static int bio_read(BIO *bio, char *data, size_t len, size_t *ret_n)
{
    struct mxp_tls_bio *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_n = 0;
    if (!io->in.len) {
        BIO_set_retry_read(bio);
        return 0;
    }
    size_t n = len < io->in.len ? len : io->in.len;
    memcpy(data, io->in.ptr, n);
    io->in = mxp_slice_sub(io->in, n, io->in.len - n);
    *ret_n = n;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *ret_n)
{
    struct mxp_tls_bio *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_n = 0;
    if (!io->out || mxp_buf_add(io->out, data, len)) {
        io->full = io->out != NULL;
        return 0;
    }
    *ret_n = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *mxp_tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mxprobe");
    if (!method)
        return NULL;
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}
