/*
 * Reading back the CSV that we wrote (result_row.h): strictly, without a limit on lines or
 * fields but that of memory. Line and address of each result; nothing else is kept.
 */
#ifndef MXP_PROBE_RESULT_CSV_H
#define MXP_PROBE_RESULT_CSV_H

#include "core/buf.h"
#include "core/err.h"

struct mxp_result_csv;

struct mxp_result_csv *mxp_result_csv_new(void);                        /* NULL: memory */
struct mxp_result_csv *mxp_result_csv_free(struct mxp_result_csv *csv); /* NULL */

/* The next result that ends in *bytes, which is moved on; number and address are valid until the
 * next call. 0; MXP_EAGAIN: all bytes are used up; MXP_EDATA: the header or a record is not ours;
 * MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_result_csv_next(struct mxp_result_csv *csv, struct mxp_slice *bytes,
                        struct mxp_slice *ret_number, struct mxp_slice *ret_address);

struct mxp_slice mxp_result_csv_header(const struct mxp_result_csv *csv); /* with its newline */
uint64_t mxp_result_csv_end(const struct mxp_result_csv *csv);  /* octets of whole records */
uint64_t mxp_result_csv_line(const struct mxp_result_csv *csv); /* physical, from 1 */

#endif
