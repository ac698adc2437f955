/*
 * What the program says about itself, all of it written from the option table:
 * `mxprobe help`, `help COMMAND`, `help config`, the version; and for the build the
 * options of the man page and the completions of bash and zsh.
 */
#ifndef MXP_PROBE_HELP_H
#define MXP_PROBE_HELP_H

#include "core/buf.h"
#include "core/err.h"

#include <stdio.h>

#define MXP_HELP_CAP (1u << 20) /* a cap for the buffers below */

/* Print help about topic: NULL, a command's name, or "config". 0; MXP_EUSAGE (there is no
 * such topic), MXP_EIO, MXP_ENOMEM: why is set. */
int mxp_help_print(const char *topic, FILE *out, struct mxp_why *why);
int mxp_help_version(FILE *out, struct mxp_why *why);

/* The texts themselves. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_help_usage(struct mxp_buf *out);
int mxp_help_command(size_t command, struct mxp_buf *out); /* of enum mxp_command */
int mxp_help_config(struct mxp_buf *out);      /* a configuration file that holds the defaults */
int mxp_help_man_options(struct mxp_buf *out); /* man(7) source: a list of options */
int mxp_help_man_config(struct mxp_buf *out);  /* likewise: keys without an option */
int mxp_help_bash(struct mxp_buf *out);
int mxp_help_zsh(struct mxp_buf *out);

#endif
