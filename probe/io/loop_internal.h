/*
 * [io] What the loop shares with its connections: the buffers that every read and write
 * goes through, so that a quiet connection holds none.
 */
#ifndef MXP_PROBE_LOOP_INTERNAL_H
#define MXP_PROBE_LOOP_INTERNAL_H

#include "core/buf.h"
#include "core/err.h"
#include "probe/io/loop.h"

#include <uv.h>

#define MXP_LOOP_READ_SIZE 65536
#define MXP_LOOP_BUF_CAP   (1024 * 1024) /* plain or cipher text of one read or write */

struct signal_watch;

struct mxp_loop {
    uv_loop_t uv;
    double speed;
    uint64_t start_ms;
    struct signal_watch *signals;
    struct mxp_buf plain, cipher;
    char read[MXP_LOOP_READ_SIZE];
};

/* Real milliseconds until due_ms of loop time. */
uint64_t mxp_loop_delay_ms(const struct mxp_loop *loop, uint64_t due_ms);

#endif
