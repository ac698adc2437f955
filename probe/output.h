/*
 * [io] Where results go: a file, standard output, a pipe. Buffered; whole lines only are
 * written, so that an interrupted run leaves no torn one behind if the disk has room.
 */
#ifndef MXP_PROBE_OUTPUT_H
#define MXP_PROBE_OUTPUT_H

#include "core/buf.h"
#include "core/err.h"

struct mxp_output;

/* path NULL or "-": standard output. append: a regular file is kept and its torn last line
 * cut off. Files are created with mode 0600. NULL: MXP_ECANTCREAT in why. */
struct mxp_output *mxp_output_open(const char *path, bool append, struct mxp_why *why);

/* The buffer to append whole lines to; then put: written when there is enough. */
struct mxp_buf *mxp_output_buf(struct mxp_output *output);
int mxp_output_put(struct mxp_output *output, struct mxp_why *why);

/* Write all that is buffered. 0 or MXP_EIO: a full disk, a closed pipe. */
int mxp_output_flush(struct mxp_output *output, struct mxp_why *why);

/* Flush, and close what was opened: 0 or MXP_EIO. output is gone in any case. */
int mxp_output_close(struct mxp_output *output, struct mxp_why *why);

#endif
