/*
 * The files of a bulk run that are written whole, beside the results: none of them may be the
 * list or the results.
 */
#ifndef MXP_PROBE_BULK_FILES_H
#define MXP_PROBE_BULK_FILES_H

#include "probe/options/options.h"

/* 0, or MXP_EUSAGE in why. Nothing is opened. */
int mxp_bulk_files_check(const struct mxp_options *options, int list_fd, struct mxp_why *why);

#endif
