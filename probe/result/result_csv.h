/*
 * Reading back the CSV that we wrote (result_row.h): strictly, without a limit on lines or
 * fields but that of memory. Of each result the first fields are kept, up to the verdict.
 */
#ifndef MXP_PROBE_RESULT_CSV_H
#define MXP_PROBE_RESULT_CSV_H

#include "core/buf.h"
#include "core/err.h"
#include "probe/result/result_row.h"

struct mxp_result_csv;

struct mxp_result_csv *mxp_result_csv_new(void);                        /* NULL: memory */
struct mxp_result_csv *mxp_result_csv_free(struct mxp_result_csv *csv); /* NULL */

/* The next result that ends in *bytes, which is moved on. 0; MXP_EAGAIN: all bytes are used up;
 * MXP_EDATA: the header or a record is not ours; MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_result_csv_next(struct mxp_result_csv *csv, struct mxp_slice *bytes);

/* Of that result, until the next call: a field up to MXP_FIELD_verdict. */
struct mxp_slice mxp_result_csv_field(const struct mxp_result_csv *csv, enum mxp_field field);

struct mxp_slice mxp_result_csv_header(const struct mxp_result_csv *csv); /* with its newline */
uint64_t mxp_result_csv_end(const struct mxp_result_csv *csv); /* octets of whole records */
/* The physical line, from 1, on which the record starts that is under way or was bad. */
uint64_t mxp_result_csv_line(const struct mxp_result_csv *csv);

#endif
