#include "probe/result/result_pack.h"

#include <string.h>

/* Behind the struct: the address, then the parts that are text, each with its length and a NUL.
 * Static strings (limit, tls) stay pointers: they live as long as the process. */
static int add(struct mxp_buf *ret, struct mxp_slice part)
{
    uint32_t len = (uint32_t)part.len;
    int err = mxp_buf_add(ret, &len, sizeof len);
    if (!err)
        err = mxp_buf_add_slice(ret, part);
    return err ? err : mxp_buf_add_char(ret, '\0');
}

static struct mxp_slice next(const char **at)
{
    uint32_t len;
    memcpy(&len, *at, sizeof len);
    struct mxp_slice part = {*at + sizeof len, len};
    *at += sizeof len + len + 1;
    return part;
}

int mxp_result_pack(const struct mxp_result *result, struct mxp_slice address, struct mxp_buf *ret)
{
    mxp_buf_clear(ret);
    int err = mxp_buf_add(ret, result, sizeof *result);
    if (!err)
        err = add(ret, address);
    if (!err)
        err = add(ret, result->text);
    if (!err)
        err = add(ret, mxp_slice_str(result->provider));
    if (!err)
        err = add(ret, mxp_slice_str(result->mx));
    if (!err)
        err = add(ret, result->blocklist);
    return err ? err : add(ret, result->new_address);
}

void mxp_result_unpack(struct mxp_slice packed, struct mxp_result *ret)
{
    const char *at = packed.ptr + sizeof *ret;
    memcpy(ret, packed.ptr, sizeof *ret);
    next(&at);
    ret->text = next(&at);
    struct mxp_slice provider = next(&at), mx = next(&at);
    ret->provider = provider.len ? provider.ptr : NULL;
    ret->mx = mx.len ? mx.ptr : NULL;
    ret->blocklist = next(&at);
    ret->new_address = next(&at);
}

struct mxp_slice mxp_result_unpack_address(struct mxp_slice packed)
{
    const char *at = packed.ptr + sizeof(struct mxp_result);
    return next(&at);
}
