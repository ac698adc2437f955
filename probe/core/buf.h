/*
 * A growing byte buffer with a mandatory cap. Zero memory until the first byte;
 * the contents are always followed by a NUL that len does not count.
 * The owner of the struct owns the bytes. Idea: curl's dynbuf.
 */
#ifndef MXP_CORE_BUF_H
#define MXP_CORE_BUF_H

#include "core/slice.h"

#include <stdarg.h>

struct mxp_buf {
    char *ptr; /* read only; NULL while nothing was ever put in */
    size_t len;
    size_t size; /* private: allocated */
    size_t cap;  /* private: len never passes it */
};

void mxp_buf_init(struct mxp_buf *buf, size_t cap);
void mxp_buf_free(struct mxp_buf *buf);  /* back to the state after init; the cap stays */
void mxp_buf_clear(struct mxp_buf *buf); /* len 0, memory kept */

/* 0, MXP_ETOOBIG (over the cap) or MXP_ENOMEM; on failure the buffer is unchanged. */
int mxp_buf_add(struct mxp_buf *buf, const void *bytes, size_t len);
int mxp_buf_add_slice(struct mxp_buf *buf, struct mxp_slice s);
int mxp_buf_add_str(struct mxp_buf *buf, const char *str);
int mxp_buf_add_char(struct mxp_buf *buf, char c);
int mxp_buf_printf(struct mxp_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for len more bytes at buf->ptr + buf->len; commit by adding to len yourself. */
int mxp_buf_reserve(struct mxp_buf *buf, size_t len);

/* Drop the first n bytes (at most len). */
void mxp_buf_consume(struct mxp_buf *buf, size_t n);

/* The contents, valid until the next change; never a NULL ptr. */
struct mxp_slice mxp_buf_slice(const struct mxp_buf *buf);

#endif
