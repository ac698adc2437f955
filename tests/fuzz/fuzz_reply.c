/* Any octets as a reply stream: read whole and in chunks (the first octet says which) it
 * gives the same; memory and text stay within their caps. */
#include "core/buf.h"
#include "core/err.h"
#include "smtp/reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void log_reply(struct mxp_buf *log, const struct mxp_reply *reply)
{
    char enhanced[16];
    must(reply->code >= 200 && reply->code <= 599);
    must(reply->text.len >= 3 && reply->text.len <= MXP_REPLY_TEXT_MAX);
    must(reply->text.ptr[reply->text.len - 1] != '\n');
    must(mxp_slice_find(reply->text, '\0') == reply->text.len);
    must(mxp_buf_printf(log, "%u %s ", reply->code, mxp_enhanced_text(reply->enhanced, enhanced)) ==
         MXP_OK);
    must(mxp_buf_add_slice(log, reply->text) == MXP_OK);
    must(mxp_buf_add_char(log, '\n') == MXP_OK);
}

static void read_all(struct mxp_slice stream, size_t chunk, struct mxp_buf *log)
{
    struct mxp_reply_reader reader;
    mxp_reply_reader_init(&reader);
    enum mxp_reply_status status = MXP_REPLY_MORE;
    const char *why = "more";
    while (stream.len && status != MXP_REPLY_BAD) {
        size_t len = stream.len < chunk ? stream.len : chunk;
        char *copy = malloc(len);
        must(copy != NULL);
        memcpy(copy, stream.ptr, len);
        struct mxp_slice input = {copy, len};
        struct mxp_reply reply;
        while ((status = mxp_reply_read(&reader, &input, &reply, &why)) == MXP_REPLY_DONE)
            log_reply(log, &reply);
        must(status == MXP_REPLY_BAD || input.len == 0);
        must(reader.kept.size <= MXP_REPLY_TEXT_MAX + 1);
        free(copy);
        stream = mxp_slice_sub(stream, len, stream.len);
    }
    must(mxp_buf_add_str(log, why) == MXP_OK);
    must(mxp_buf_printf(log, " idle %d", mxp_reply_reader_idle(&reader)) == MXP_OK);
    mxp_reply_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct mxp_slice stream = {(const char *)data + 1, size - 1};
    struct mxp_buf whole, cut;
    mxp_buf_init(&whole, 1 << 24);
    mxp_buf_init(&cut, 1 << 24);
    read_all(stream, SIZE_MAX, &whole);
    read_all(stream, 1u + data[0], &cut);
    must(whole.len == cut.len && memcmp(whole.ptr, cut.ptr, whole.len) == 0);
    mxp_buf_free(&whole);
    mxp_buf_free(&cut);

    struct mxp_reply reply;
    int rc = mxp_reply_parse(stream, &reply);
    must((rc == MXP_OK) == (reply.code != 0) && reply.text.len <= stream.len);
    return 0;
}
