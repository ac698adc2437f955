#include "probe/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENOUGH  32768
#define BUF_CAP (64 * 1024 * 1024)

struct mxp_output {
    int fd;
    bool owned;
    struct mxp_buf buf;
    const char *name;
};

/* Cut the file behind its last newline: what a killed run left there is no line. */
static int cut_torn(int fd)
{
    char block[4096];
    off_t end = lseek(fd, 0, SEEK_END);
    off_t keep = 0;
    for (off_t at = end; at > 0 && keep == 0;) {
        size_t len = at > (off_t)sizeof block ? sizeof block : (size_t)at;
        at -= (off_t)len;
        if (pread(fd, block, len, at) != (ssize_t)len)
            return -1;
        for (size_t i = len; i > 0 && keep == 0; i--)
            if (block[i - 1] == '\n')
                keep = at + (off_t)i;
    }
    if (keep < end && ftruncate(fd, keep))
        return -1;
    return lseek(fd, keep, SEEK_SET) < 0 ? -1 : 0;
}

static int open_file(struct mxp_output *output, const char *path, bool append, struct mxp_why *why)
{
    struct stat st;
    /* What is no regular file (a pipe, a terminal, /dev/null) is written as it is. */
    bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    int flags = O_CLOEXEC | (special ? O_WRONLY : O_RDWR | O_CREAT | (append ? 0 : O_TRUNC));
    output->fd = open(path, flags, 0600);
    if (output->fd < 0 || (append && !special && cut_torn(output->fd)))
        return mxp_why_set(why, MXP_ECANTCREAT, "%s: cannot create: %s", path, strerror(errno));
    output->owned = true;
    return 0;
}

struct mxp_output *mxp_output_open(const char *path, bool append, struct mxp_why *why)
{
    struct mxp_output *output = calloc(1, sizeof *output);
    if (!output) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    mxp_buf_init(&output->buf, BUF_CAP);
    output->fd = STDOUT_FILENO;
    output->name = path && strcmp(path, "-") != 0 ? path : "standard output";
    if (output->name == path && open_file(output, path, append, why)) {
        if (output->fd >= 0)
            close(output->fd);
        free(output);
        return NULL;
    }
    return output;
}

struct mxp_buf *mxp_output_buf(struct mxp_output *output)
{
    return &output->buf;
}

int mxp_output_flush(struct mxp_output *output, struct mxp_why *why)
{
    size_t done = 0;
    int failed = 0;
    while (done < output->buf.len && !failed) {
        ssize_t n = write(output->fd, output->buf.ptr + done, output->buf.len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = output->fd, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            failed = errno;
        }
    }
    mxp_buf_consume(&output->buf, done);
    if (!failed)
        return 0;
    return mxp_why_set(why, MXP_EIO, "%s: cannot write: %s", output->name, strerror(failed));
}

int mxp_output_put(struct mxp_output *output, struct mxp_why *why)
{
    return output->buf.len >= ENOUGH ? mxp_output_flush(output, why) : 0;
}

int mxp_output_close(struct mxp_output *output, struct mxp_why *why)
{
    int err = mxp_output_flush(output, why);
    if (output->owned && close(output->fd) && !err)
        err = mxp_why_set(why, MXP_EIO, "%s: cannot write: %s", output->name, strerror(errno));
    mxp_buf_free(&output->buf);
    free(output);
    return err;
}
