/*
 * Bytes to physical lines: LF, CR and CRLF end one, whatever the pieces in which the bytes
 * come. A byte order mark is left out; what is no text (UTF-16, archives) is refused by its
 * first octets. A line over MXP_LIST_LINE_MAX octets is cut.
 */
#ifndef MXP_PROBE_LIST_LINES_H
#define MXP_PROBE_LIST_LINES_H

#include "core/buf.h"
#include "core/err.h"

#define MXP_LIST_LINE_MAX 65536

struct mxp_list_line {
    struct mxp_slice text; /* without its end */
    struct mxp_slice end;  /* "\n", "\r", "\r\n", or empty at the end of the list; static */
    uint64_t number;       /* from 1 */
    bool cut;              /* it was longer */
};

/* All private. */
struct mxp_list_lines {
    struct mxp_buf buf;
    uint64_t number;
    bool cut, last_cr, given, looked_at;
};

void mxp_list_lines_init(struct mxp_list_lines *lines);
void mxp_list_lines_free(struct mxp_list_lines *lines);

/* The next line; *bytes is moved on. The line is valid until the next call. 0; MXP_EAGAIN: all
 * bytes are used up; MXP_EDATA: this is no text, or MXP_ENOMEM: why is set. */
int mxp_list_lines_next(struct mxp_list_lines *lines, struct mxp_slice *bytes,
                        struct mxp_list_line *ret, struct mxp_why *why);

/* There are no more bytes: the last line. MXP_EEOF: there is none. */
int mxp_list_lines_last(struct mxp_list_lines *lines, struct mxp_list_line *ret,
                        struct mxp_why *why);

#endif
