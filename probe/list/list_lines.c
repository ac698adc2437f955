#include "probe/list/list_lines.h"

#define SIGNATURE_LEN 4 /* octets that tell what is no text */

void mxp_list_lines_init(struct mxp_list_lines *lines)
{
    *lines = (struct mxp_list_lines){.number = 1};
    mxp_buf_init(&lines->buf, MXP_LIST_LINE_MAX);
}

void mxp_list_lines_free(struct mxp_list_lines *lines)
{
    mxp_buf_free(&lines->buf);
}

/* UTF-16 without a mark: every other octet of ASCII is a NUL. */
static bool is_bare_utf16(const char *at)
{
    return (!at[0] && at[1] && !at[2] && at[3]) || (at[0] && !at[1] && at[2] && !at[3]);
}

static int check_signature(struct mxp_slice head, struct mxp_why *why)
{
    static const char utf16[] = "UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)";
    static const struct {
        struct mxp_slice octets;
        const char *words;
    } signatures[] = {
        {{"\xff\xfe", 2}, utf16},
        {{"\xfe\xff", 2}, utf16},
        {{"PK\x03\x04", 4}, "a ZIP archive or an Excel or OpenDocument file: save it as CSV"},
        {{"\xd0\xcf\x11\xe0", 4}, "an old Excel file: save it as CSV"},
        {{"\x1f\x8b", 2}, "compressed: pass it through gzip -dc"},
        {{"\x28\xb5\x2f\xfd", 4}, "compressed: pass it through zstd -dc"},
        {{"BZh9", 4}, "compressed: pass it through bzip2 -dc"},
        {{"\xfd"
          "7zX",
          4},
         "compressed: pass it through xz -dc"},
        {{"%PDF", 4}, "a PDF: save it as CSV"},
    };
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        struct mxp_slice octets = signatures[i].octets;
        if (mxp_slice_eq(mxp_slice_sub(head, 0, octets.len), octets))
            return mxp_why_set(why, MXP_EDATA, "the list is %s", signatures[i].words);
    }
    if (head.len >= SIGNATURE_LEN && is_bare_utf16(head.ptr))
        return mxp_why_set(why, MXP_EDATA, "the list is %s", utf16);
    return 0;
}

static int add(struct mxp_list_lines *lines, struct mxp_slice bytes, struct mxp_why *why)
{
    size_t room = MXP_LIST_LINE_MAX - lines->buf.len;
    if (bytes.len > room) {
        lines->cut = true;
        bytes.len = room;
    }
    if (mxp_buf_add_slice(&lines->buf, bytes))
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    if (lines->looked_at || lines->buf.len < SIGNATURE_LEN)
        return 0;
    lines->looked_at = true;
    return check_signature(mxp_buf_slice(&lines->buf), why);
}

static int give(struct mxp_list_lines *lines, struct mxp_slice end, struct mxp_list_line *ret,
                struct mxp_why *why)
{
    static const struct mxp_slice mark = {"\xef\xbb\xbf", 3};
    struct mxp_slice text = mxp_buf_slice(&lines->buf);
    if (!lines->looked_at) {
        lines->looked_at = true;
        int err = check_signature(text, why);
        if (err)
            return err;
    }
    if (lines->number == 1 && mxp_slice_eq(mxp_slice_sub(text, 0, mark.len), mark))
        text = mxp_slice_sub(text, mark.len, text.len);
    *ret = (struct mxp_list_line){text, end, lines->number++, lines->cut};
    lines->given = true;
    lines->cut = lines->last_cr = false;
    return 0;
}

static size_t find_end(struct mxp_slice bytes)
{
    size_t i = 0;
    while (i < bytes.len && bytes.ptr[i] != '\n' && bytes.ptr[i] != '\r')
        i++;
    return i;
}

/* The line given last is read by now. */
static void forget(struct mxp_list_lines *lines)
{
    if (lines->given)
        mxp_buf_clear(&lines->buf);
    lines->given = false;
}

int mxp_list_lines_next(struct mxp_list_lines *lines, struct mxp_slice *bytes,
                        struct mxp_list_line *ret, struct mxp_why *why)
{
    forget(lines);
    if (!lines->last_cr) {
        size_t end = find_end(*bytes);
        int err = add(lines, mxp_slice_sub(*bytes, 0, end), why);
        if (err)
            return err;
        bool more = end < bytes->len;
        bool lf = more && bytes->ptr[end] == '\n';
        *bytes = mxp_slice_sub(*bytes, end + more, bytes->len);
        if (lf)
            return give(lines, MXP_SLICE_LIT("\n"), ret, why);
        lines->last_cr = more;
    }
    /* Behind a CR: whether an LF belongs to it is in the next octet, perhaps of the next piece. */
    if (!lines->last_cr || bytes->len == 0)
        return MXP_EAGAIN;
    if (bytes->ptr[0] != '\n')
        return give(lines, MXP_SLICE_LIT("\r"), ret, why);
    *bytes = mxp_slice_sub(*bytes, 1, bytes->len);
    return give(lines, MXP_SLICE_LIT("\r\n"), ret, why);
}

int mxp_list_lines_last(struct mxp_list_lines *lines, struct mxp_list_line *ret,
                        struct mxp_why *why)
{
    forget(lines);
    if (lines->last_cr)
        return give(lines, MXP_SLICE_LIT("\r"), ret, why);
    if (lines->buf.len == 0)
        return MXP_EEOF;
    return give(lines, MXP_SLICE_NONE, ret, why);
}
