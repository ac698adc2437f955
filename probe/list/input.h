/*
 * [io] The bytes of a list: a file, or standard input of any kind, without ever holding
 * up the loop.
 */
#ifndef MXP_PROBE_INPUT_H
#define MXP_PROBE_INPUT_H

#include "core/err.h"
#include "core/slice.h"
#include "probe/io/loop.h"

struct mxp_input;

/* path "-": standard input. NULL and MXP_ENOINPUT in why. */
struct mxp_input *mxp_input_open(const char *path, struct mxp_why *why);

/* The next piece: MXP_OK; MXP_EAGAIN: nothing yet, on_ready is called once when there is;
 * MXP_EEOF; MXP_ENOINPUT: it cannot be read. */
int mxp_input_read(struct mxp_input *input, struct mxp_loop *loop, void (*on_ready)(void *arg),
                   void *arg, struct mxp_slice *ret, struct mxp_why *why);

int mxp_input_fd(const struct mxp_input *input);

struct mxp_input *mxp_input_close(struct mxp_input *input); /* NULL; before the loop goes */

#endif
