#include "probe/list/list_record.h"

#include <string.h>

struct head {
    uint64_t line;
    uint32_t column, n_fields, cut;
};

int mxp_list_record_pack(const struct mxp_list_record *record, struct mxp_buf *ret)
{
    struct head head = {record->line, (uint32_t)record->column, (uint32_t)record->n_fields,
                        record->cut};
    mxp_buf_clear(ret);
    int err = mxp_buf_add(ret, &head, sizeof head);
    for (size_t i = 0; i < record->n_fields && !err; i++) {
        uint32_t len = (uint32_t)record->fields[i].len;
        err = mxp_buf_add(ret, &len, sizeof len);
        if (!err)
            err = mxp_buf_add_slice(ret, record->fields[i]);
    }
    return err;
}

void mxp_list_record_unpack(struct mxp_slice packed,
                            struct mxp_slice fields[static MXP_LIST_FIELDS_MAX],
                            struct mxp_list_record *ret)
{
    struct head head;
    const char *at = packed.ptr + sizeof head;
    memcpy(&head, packed.ptr, sizeof head);
    *ret = (struct mxp_list_record){head.line, fields, head.n_fields, head.column, head.cut != 0};
    for (size_t i = 0; i < ret->n_fields; i++) {
        uint32_t len;
        memcpy(&len, at, sizeof len);
        fields[i] = (struct mxp_slice){at + sizeof len, len};
        at += sizeof len + len;
    }
}

struct mxp_slice mxp_list_record_entry(const struct mxp_list_record *record)
{
    if (record->column >= record->n_fields)
        return MXP_SLICE_NONE;
    return mxp_slice_trim(record->fields[record->column]);
}
