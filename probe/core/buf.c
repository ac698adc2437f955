#include "core/buf.h"

#include "core/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

void mxp_buf_init(struct mxp_buf *buf, size_t cap)
{
    *buf = (struct mxp_buf){.cap = cap};
}

void mxp_buf_free(struct mxp_buf *buf)
{
    free(buf->ptr);
    mxp_buf_init(buf, buf->cap);
}

void mxp_buf_clear(struct mxp_buf *buf)
{
    buf->len = 0;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

int mxp_buf_reserve(struct mxp_buf *buf, size_t len)
{
    if (len > buf->cap - buf->len)
        return MXP_ETOOBIG;
    size_t need = buf->len + len + 1;
    if (need <= buf->size)
        return MXP_OK;
    size_t size = buf->size ? buf->size : FIRST_SIZE;
    while (size < need)
        size *= 2;
    if (size > buf->cap + 1)
        size = buf->cap + 1;
    char *ptr = realloc(buf->ptr, size);
    if (!ptr)
        return MXP_ENOMEM;
    buf->ptr = ptr;
    buf->size = size;
    return MXP_OK;
}

int mxp_buf_add(struct mxp_buf *buf, const void *bytes, size_t len)
{
    int rc = mxp_buf_reserve(buf, len);
    if (rc)
        return rc;
    if (len)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return MXP_OK;
}

int mxp_buf_add_slice(struct mxp_buf *buf, struct mxp_slice s)
{
    return mxp_buf_add(buf, s.ptr, s.len);
}

int mxp_buf_add_str(struct mxp_buf *buf, const char *str)
{
    return mxp_buf_add(buf, str, strlen(str));
}

int mxp_buf_add_char(struct mxp_buf *buf, char c)
{
    return mxp_buf_add(buf, &c, 1);
}

int mxp_buf_printf(struct mxp_buf *buf, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    int rc = len < 0 ? MXP_EINVAL : mxp_buf_reserve(buf, (size_t)len);
    if (rc == MXP_OK) {
        (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return rc;
}

void mxp_buf_consume(struct mxp_buf *buf, size_t n)
{
    if (n >= buf->len) {
        mxp_buf_clear(buf);
        return;
    }
    memmove(buf->ptr, buf->ptr + n, buf->len - n + 1);
    buf->len -= n;
}

struct mxp_slice mxp_buf_slice(const struct mxp_buf *buf)
{
    return (struct mxp_slice){buf->ptr ? buf->ptr : "", buf->len};
}
