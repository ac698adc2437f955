/*
 * Reading back a file of results that we wrote, CSV or JSON lines: what an earlier run was told
 * about each address.
 */
#ifndef MXP_PROBE_RESULT_FILE_H
#define MXP_PROBE_RESULT_FILE_H

#include "core/buf.h"
#include "core/err.h"
#include "probe/options/options.h"

/* One result, valid during the call. */
struct mxp_past {
    uint64_t line;
    struct mxp_slice address;    /* as typed */
    struct mxp_slice normalized; /* len 0: it was none */
    struct mxp_slice verdict;
};

struct mxp_result_file {
    const char *path;
    const enum mxp_format *format; /* NULL: told by the first octet */
    /* Each whole result; an error ends the reading. MXP_EDATA: it is none of ours. */
    int (*on_result)(void *arg, const struct mxp_past *past);
    void *arg;
    struct mxp_buf *header; /* of CSV, with its newline, is added; NULL: not wanted */
};

/* *ret_end: the octets of whole results; what a killed run left behind them is passed over.
 * 0; MXP_EDATA (with the line: no result of ours), MXP_ENOINPUT, MXP_ENOMEM: why is set. */
int mxp_result_file_read(const struct mxp_result_file *file, uint64_t *ret_end,
                         struct mxp_why *why);

#endif
