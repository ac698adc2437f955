/*
 * [io] Where results go: a file, standard output, a pipe. Buffered; whole lines only are
 * written, so that an interrupted run leaves no torn one behind if the disk has room.
 */
#ifndef MXP_PROBE_OUTPUT_H
#define MXP_PROBE_OUTPUT_H

#include "core/buf.h"
#include "core/err.h"

struct mxp_output;

struct mxp_output_options {
    const char *path; /* NULL or "-": standard output. Must outlive the output */
    uint64_t keep;    /* octets of a regular file that stay; what is behind them goes with the
                         first write */
    int not_fd;       /* what is read: if path is the same file, it is refused; -1: nothing */
};

/* Files are created with mode 0600. NULL: MXP_ECANTCREAT or MXP_EUSAGE (the same file) in why. */
struct mxp_output *mxp_output_open(const struct mxp_output_options *options, struct mxp_why *why);

/* Whether both are the same regular file. */
bool mxp_output_is_same(int fd, int other);

/* The buffer to append whole lines to; then put: written when there is enough, without waiting for
 * a reader unless 32 MiB wait for one. */
struct mxp_buf *mxp_output_buf(struct mxp_output *output);
int mxp_output_put(struct mxp_output *output, struct mxp_why *why);

/* Write what is buffered, as far as somebody reads it within wait_ms a piece (-1: for ever, or
 * until a signal is caught): what is left stays in the buffer. 0 or MXP_EIO: a full disk, a closed
 * pipe. */
int mxp_output_flush(struct mxp_output *output, int wait_ms, struct mxp_why *why);

/* Octets and lines that nobody has taken yet. */
size_t mxp_output_pending(const struct mxp_output *output);
size_t mxp_output_lines_pending(const struct mxp_output *output);

/* Flush without waiting, and close what was opened: 0 or MXP_EIO. finished: what a file held before
 * is cut off even if nothing was written. output is gone in any case. */
int mxp_output_close(struct mxp_output *output, bool finished, struct mxp_why *why);

#endif
