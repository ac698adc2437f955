/*
 * A record of a list as octets, to lie in the spool until its address is answered; and back.
 */
#ifndef MXP_PROBE_LIST_RECORD_H
#define MXP_PROBE_LIST_RECORD_H

#include "probe/list/list_reader.h"

/* Into ret, which is emptied first: 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_list_record_pack(const struct mxp_list_record *record, struct mxp_buf *ret);

/* Only what mxp_list_record_pack made; *ret borrows from packed and fields. */
void mxp_list_record_unpack(struct mxp_slice packed,
                            struct mxp_slice fields[static MXP_LIST_FIELDS_MAX],
                            struct mxp_list_record *ret);

/* The entry in the column of the addresses, blanks around it left out. */
struct mxp_slice mxp_list_record_entry(const struct mxp_list_record *record);

#endif
