#include "probe/list/list_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_MAX   (1024 * 1024)
#define ENTRY_MAX  (MXP_SPOOL_ENTRY_MAX + sizeof(uint32_t)) /* with its length */
#define READ_AHEAD 512 /* most entries are shorter: one read each */

struct mxp_spool {
    int fd;
    uint64_t flushed; /* octets in the file */
    struct mxp_buf tail, entry;
};

static int open_nameless(void)
{
    const char *dir = getenv("TMPDIR");
    char name[4096];
    if (!dir || !*dir || strlen(dir) > sizeof name - 32)
        dir = "/var/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    snprintf(name, sizeof name, "%s/mxprobe-XXXXXX", dir);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

struct mxp_spool *mxp_spool_new(struct mxp_why *why)
{
    struct mxp_spool *spool = calloc(1, sizeof *spool);
    if (!spool) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    mxp_buf_init(&spool->tail, TAIL_MAX + ENTRY_MAX);
    mxp_buf_init(&spool->entry, ENTRY_MAX + 1);
    spool->fd = open_nameless();
    if (spool->fd < 0) {
        mxp_why_set(why, MXP_EIO, "no temporary file (set TMPDIR to a place for one): %s",
                    strerror(errno));
        return mxp_spool_free(spool);
    }
    return spool;
}

struct mxp_spool *mxp_spool_free(struct mxp_spool *spool)
{
    if (!spool)
        return NULL;
    if (spool->fd >= 0)
        close(spool->fd);
    mxp_buf_free(&spool->tail);
    mxp_buf_free(&spool->entry);
    free(spool);
    return NULL;
}

static int flush(struct mxp_spool *spool, struct mxp_why *why)
{
    size_t done = 0;
    while (done < spool->tail.len) {
        ssize_t n = pwrite(spool->fd, spool->tail.ptr + done, spool->tail.len - done,
                           (off_t)(spool->flushed + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return mxp_why_set(why, MXP_EIO, "the temporary file cannot be written: %s",
                               strerror(n ? errno : ENOSPC));
        done += (size_t)n;
    }
    spool->flushed += done;
    mxp_buf_clear(&spool->tail);
    return 0;
}

int mxp_spool_put(struct mxp_spool *spool, struct mxp_slice bytes, uint64_t *ret_at,
                  struct mxp_why *why)
{
    uint32_t len = (uint32_t)bytes.len;
    uint64_t at = spool->flushed + spool->tail.len;
    int err = bytes.len > MXP_SPOOL_ENTRY_MAX ? MXP_ETOOBIG : 0;
    if (!err)
        err = mxp_buf_reserve(&spool->tail, sizeof len + bytes.len);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    mxp_buf_add(&spool->tail, &len, sizeof len);
    mxp_buf_add_slice(&spool->tail, bytes);
    err = spool->tail.len >= TAIL_MAX ? flush(spool, why) : 0;
    if (!err)
        *ret_at = at;
    return err;
}

static int read_at(struct mxp_spool *spool, uint64_t at, size_t want, size_t *ret_n)
{
    *ret_n = 0;
    if (mxp_buf_reserve(&spool->entry, want))
        return MXP_ENOMEM;
    while (*ret_n < want) {
        ssize_t n = pread(spool->fd, spool->entry.ptr + spool->entry.len, want - *ret_n,
                          (off_t)(at + *ret_n));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return MXP_EIO;
        if (n == 0)
            break;
        *ret_n += (size_t)n;
        spool->entry.len += (size_t)n;
    }
    return 0;
}

static int fetch(struct mxp_spool *spool, uint64_t at, struct mxp_slice *ret)
{
    uint32_t len = 0;
    size_t n = 0;
    if (at >= spool->flushed) {
        const char *from = spool->tail.ptr + (at - spool->flushed);
        memcpy(&len, from, sizeof len);
        *ret = (struct mxp_slice){from + sizeof len, len};
        return 0;
    }
    uint64_t left = spool->flushed - at;
    mxp_buf_clear(&spool->entry);
    int err = read_at(spool, at, left < READ_AHEAD ? (size_t)left : READ_AHEAD, &n);
    if (err || n < sizeof len)
        return err ? err : MXP_EIO;
    memcpy(&len, spool->entry.ptr, sizeof len);
    size_t whole = sizeof len + len;
    if (len > MXP_SPOOL_ENTRY_MAX || whole > left)
        return MXP_EIO;
    if (n < whole) {
        size_t more = whole - n;
        err = read_at(spool, at + n, more, &n);
        if (err || n < more)
            return err ? err : MXP_EIO;
    }
    *ret = (struct mxp_slice){spool->entry.ptr + sizeof len, len};
    return 0;
}

int mxp_spool_get(struct mxp_spool *spool, uint64_t at, struct mxp_slice *ret, struct mxp_why *why)
{
    int err = fetch(spool, at, ret);
    if (err)
        mxp_why_set(why, err, "the temporary file cannot be read");
    return err;
}
