/*
 * [io] Words to whoever reads a pipe or a terminal, and may not: never blocks for longer than it
 * is told. A pipe that has room takes PIPE_BUF octets without blocking (POSIX, write), so nothing
 * is asked of the descriptor's flags, which other processes share.
 */
#ifndef MXP_CORE_SAY_H
#define MXP_CORE_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether fd takes something within wait_ms (-1: for ever) or a caught signal's arrival; errors
 * count as yes, for the write tells them. */
bool mxp_say_ready(int fd, int wait_ms);

/* One write of what fd takes now, of whole lines where there are any: octets written, 0 if it takes
 * none, -1 and errno. */
ssize_t mxp_say_some(int fd, const char *bytes, size_t len);

/* All of it, waiting wait_ms for each piece at most; false: the rest is dropped. */
bool mxp_say(int fd, const char *bytes, size_t len, int wait_ms);

#endif
