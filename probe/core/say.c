#include "core/say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool mxp_say_ready(int fd, int wait_ms)
{
    struct pollfd file = {.fd = fd, .events = POLLOUT};
    int n = poll(&file, 1, wait_ms);
    return n > 0 || (n < 0 && errno != EINTR);
}

static size_t piece_of(int fd, const char *bytes, size_t len)
{
    struct stat st;
    if (len <= PIPE_BUF || (!fstat(fd, &st) && S_ISREG(st.st_mode)))
        return len;
    const char *end = memrchr(bytes, '\n', PIPE_BUF);
    return end ? (size_t)(end - bytes) + 1 : PIPE_BUF;
}

ssize_t mxp_say_some(int fd, const char *bytes, size_t len)
{
    if (!mxp_say_ready(fd, 0))
        return 0;
    ssize_t n = write(fd, bytes, piece_of(fd, bytes, len));
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

bool mxp_say(int fd, const char *bytes, size_t len, int wait_ms)
{
    while (len) {
        ssize_t n = mxp_say_ready(fd, wait_ms) ? mxp_say_some(fd, bytes, len) : -1;
        if (n < 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}
