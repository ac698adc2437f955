#include "probe/result/output.h"

#include "core/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENOUGH  32768
#define MOST    (32 * 1024 * 1024) /* a burst of results; the run is held long before */
#define BUF_CAP (64 * 1024 * 1024)

struct mxp_output {
    int fd;
    bool owned;
    bool cut; /* to be cut to keep octets before the first write */
    uint64_t keep;
    struct mxp_buf buf;
    const char *name;
};

static int failed(const struct mxp_output *output, int err, const char *what, int number,
                  struct mxp_why *why)
{
    return mxp_why_set(why, err, "%.200s: cannot %s: %s", output->name, what, strerror(number));
}

static int open_file(struct mxp_output *output, const struct mxp_output_options *options,
                     struct mxp_why *why)
{
    struct stat st;
    /* What is no regular file (a pipe, a terminal, /dev/null) is written as it is. */
    bool special = stat(options->path, &st) == 0 && !S_ISREG(st.st_mode);
    output->fd = open(options->path, O_CLOEXEC | O_WRONLY | (special ? 0 : O_CREAT), 0600);
    if (output->fd < 0)
        return failed(output, MXP_ECANTCREAT, "create", errno, why);
    output->owned = true;
    output->cut = !special;
    output->keep = options->keep;
    return 0;
}

bool mxp_output_is_same(int fd, int other)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && fstat(other, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

struct mxp_output *mxp_output_open(const struct mxp_output_options *options, struct mxp_why *why)
{
    struct mxp_output *output = calloc(1, sizeof *output);
    if (!output) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    bool standard = !options->path || strcmp(options->path, "-") == 0;
    mxp_buf_init(&output->buf, BUF_CAP);
    output->fd = STDOUT_FILENO;
    output->name = standard ? "standard output" : options->path;
    int err = standard ? 0 : open_file(output, options, why);
    /* Standard output, too: "bulk list >> list" would read its own results. */
    if (!err && options->not_fd >= 0 && mxp_output_is_same(output->fd, options->not_fd))
        err = mxp_why_set(why, MXP_EUSAGE, "%.200s: is the list itself: name another output",
                          output->name);
    if (!err)
        return output;
    if (output->owned)
        close(output->fd);
    free(output);
    return NULL;
}

/* What the file held is cut off only now, when there is something to write: an error before that
 * leaves it as it was. */
static int cut_file(struct mxp_output *output, struct mxp_why *why)
{
    if (!output->cut)
        return 0;
    output->cut = false;
    if (ftruncate(output->fd, (off_t)output->keep) ||
        lseek(output->fd, (off_t)output->keep, SEEK_SET) < 0)
        return failed(output, MXP_EIO, "write", errno, why);
    return 0;
}

struct mxp_buf *mxp_output_buf(struct mxp_output *output)
{
    return &output->buf;
}

int mxp_output_flush(struct mxp_output *output, int wait_ms, struct mxp_why *why)
{
    size_t done = 0;
    int number = 0;
    int err = output->buf.len ? cut_file(output, why) : 0;
    if (err)
        return err;
    while (done < output->buf.len && !number) {
        ssize_t n = mxp_say_some(output->fd, output->buf.ptr + done, output->buf.len - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0)
            number = errno;
        else if (!mxp_say_ready(output->fd, wait_ms))
            break;
    }
    mxp_buf_consume(&output->buf, done);
    return number ? failed(output, MXP_EIO, "write", number, why) : 0;
}

size_t mxp_output_pending(const struct mxp_output *output)
{
    return output->buf.len;
}

size_t mxp_output_lines_pending(const struct mxp_output *output)
{
    size_t n = 0;
    for (size_t i = 0; i < output->buf.len; i++)
        n += output->buf.ptr[i] == '\n';
    return n;
}

int mxp_output_put(struct mxp_output *output, struct mxp_why *why)
{
    if (output->buf.len < ENOUGH)
        return 0;
    return mxp_output_flush(output, output->buf.len < MOST ? 0 : -1, why);
}

int mxp_output_close(struct mxp_output *output, bool finished, struct mxp_why *why)
{
    int err = mxp_output_flush(output, 0, why);
    if (!err && finished)
        err = cut_file(output, why);
    if (output->owned && close(output->fd) && !err)
        err = failed(output, MXP_EIO, "write", errno, why);
    mxp_buf_free(&output->buf);
    free(output);
    return err;
}
