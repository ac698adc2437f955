#include "probe/list/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define PIECE 65536

struct mxp_input {
    int fd;
    bool owned, regular;
    uv_poll_t *poll;
    void (*on_ready)(void *arg);
    void *arg;
    const char *name;
    char piece[PIECE];
};

struct mxp_input *mxp_input_open(const char *path, struct mxp_why *why)
{
    struct mxp_input *input = calloc(1, sizeof *input);
    struct stat st = {0};
    if (!input) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    input->owned = strcmp(path, "-") != 0;
    input->name = input->owned ? path : "standard input";
    input->fd = input->owned ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    int failed = input->fd < 0 || fstat(input->fd, &st) ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (failed) {
        mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", input->name, strerror(failed));
        return mxp_input_close(input);
    }
    input->regular = S_ISREG(st.st_mode);
    return input;
}

int mxp_input_fd(const struct mxp_input *input)
{
    return input->fd;
}

static void closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop(struct mxp_input *input)
{
    if (!input->poll)
        return;
    uv_poll_stop(input->poll);
    uv_close((uv_handle_t *)input->poll, closed);
    input->poll = NULL;
}

static void ready(uv_poll_t *poll, int status, int events)
{
    struct mxp_input *input = poll->data;
    (void)status;
    (void)events;
    stop(input);
    input->on_ready(input->arg);
}

/* Waiting is only possible for what epoll takes; the rest (/dev/null) is always ready. */
static bool wait_for(struct mxp_input *input, struct mxp_loop *loop)
{
    struct pollfd now = {.fd = input->fd, .events = POLLIN};
    if (input->regular || poll(&now, 1, 0) != 0)
        return false;
    if (input->poll)
        return true;
    input->poll = calloc(1, sizeof *input->poll);
    if (!input->poll)
        return false;
    if (uv_poll_init(mxp_loop_uv(loop), input->poll, input->fd)) {
        free(input->poll);
        input->poll = NULL;
        return false;
    }
    input->poll->data = input;
    uv_poll_start(input->poll, UV_READABLE | UV_DISCONNECT, ready);
    return true;
}

int mxp_input_read(struct mxp_input *input, struct mxp_loop *loop, void (*on_ready)(void *arg),
                   void *arg, struct mxp_slice *ret, struct mxp_why *why)
{
    input->on_ready = on_ready;
    input->arg = arg;
    if (wait_for(input, loop))
        return MXP_EAGAIN;
    ssize_t n;
    do
        n = read(input->fd, input->piece, sizeof input->piece);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", input->name, strerror(errno));
    *ret = (struct mxp_slice){input->piece, (size_t)n};
    return n ? MXP_OK : MXP_EEOF;
}

struct mxp_input *mxp_input_close(struct mxp_input *input)
{
    if (!input)
        return NULL;
    stop(input);
    if (input->owned && input->fd >= 0)
        close(input->fd);
    free(input);
    return NULL;
}
