#include "smtp/reply.h"

#include "core/err.h"

#include <stdio.h>

/*
 * IMPLEMENTATION NOTES. The reader looks at each octet once, so its outcome cannot
 * depend on how they were cut. A line's code is checked digit by digit against the
 * first line's; but behind a teaser ("220-" lines: postscreen's, sent before it has made up
 * its mind) a 4yz or 5yz is the answer. A reply of one line that arrives in one piece is
 * lent from the input; anything else is gathered in kept, since lines must be joined by a
 * bare LF.
 */

#define STATE_FINAL   1 /* the line under way is the last of its reply */
#define STATE_REPLACE 2 /* its code takes the place of the lines' before */

static const char why_nul[] = "a NUL in a reply";
static const char why_line_len[] = "a reply line is too long";
static const char why_lines[] = "a reply has too many lines";
static const char why_codes[] = "the lines of a reply have different codes";
static const char why_cr[] = "replies with nothing but a CR between them";
static const char why_line[] = "a line that is no reply";
static const char why_earlier[] = "the reply stream was bad before";

static bool is_sep(char c)
{
    return c == ' ' || c == '\t' || c == '-';
}

/* "5.1.1" at the front of s, as RFC 2034 puts it; not the first part of an IP address
 * or of a longer number. Some appliances write a '#', some rules an apostrophe before it. */
static bool enhanced_at(struct mxp_slice s, struct mxp_enhanced *ret)
{
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t'))
        s = mxp_slice_sub(s, 1, s.len);
    if (s.len && (*s.ptr == '#' || *s.ptr == '\''))
        s = mxp_slice_sub(s, 1, s.len);
    uint16_t part[3] = {0};
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t from = at;
        while (at < s.len && mxp_is_digit(s.ptr[at]) && at - from < 3)
            part[i] = (uint16_t)(part[i] * 10 + (s.ptr[at++] - '0'));
        if (at == from || (i < 2 && (at == s.len || s.ptr[at++] != '.')))
            return false;
    }
    if (at < s.len && mxp_is_digit(s.ptr[at]))
        return false;
    if (at + 1 < s.len && s.ptr[at] == '.' && mxp_is_digit(s.ptr[at + 1]))
        return false;
    if (!(part[0] == 2 || part[0] == 4 || part[0] == 5) || s.ptr[1] != '.')
        return false;
    *ret = (struct mxp_enhanced){part[0], part[1], part[2]};
    return true;
}

/* The line at the front of *rest, which moves behind it; CR and LF dropped. */
static struct mxp_slice next_line(struct mxp_slice *rest)
{
    struct mxp_slice line = {rest->ptr, mxp_slice_find(*rest, '\n')};
    *rest = mxp_slice_sub(*rest, line.len + 1, rest->len);
    while (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The code at the front of a line; 0 if it has none. Behind a digit, a letter or an @
 * it was a number of another kind ("552@example.com"). */
static uint16_t code_at(struct mxp_slice line)
{
    if (line.len < 3 || line.ptr[0] < '2' || line.ptr[0] > '5' || !mxp_is_digit(line.ptr[1]) ||
        !mxp_is_digit(line.ptr[2]))
        return 0;
    if (line.len > 3 && !is_sep(line.ptr[3]) && line.ptr[3] != ':')
        return 0;
    return (uint16_t)((line.ptr[0] - '0') * 100 + (line.ptr[1] - '0') * 10 + (line.ptr[2] - '0'));
}

static struct mxp_enhanced enhanced_of_text(struct mxp_slice text)
{
    struct mxp_enhanced enhanced = {0, 0, 0};
    while (text.len) {
        struct mxp_slice line = next_line(&text);
        if (code_at(line) && enhanced_at(mxp_slice_sub(line, 4, line.len), &enhanced))
            break;
    }
    return enhanced;
}

void mxp_reply_reader_init(struct mxp_reply_reader *reader)
{
    *reader = (struct mxp_reply_reader){.bad = false};
    mxp_buf_init(&reader->kept, MXP_REPLY_TEXT_MAX);
}

void mxp_reply_reader_free(struct mxp_reply_reader *reader)
{
    mxp_buf_free(&reader->kept);
}

bool mxp_reply_reader_idle(const struct mxp_reply_reader *reader)
{
    return reader->n_lines == 0 && reader->line_len == 0;
}

/* Judge one octet of a line that is no LF: NULL, or why the stream is bad. */
static const char *take_octet(struct mxp_reply_reader *reader, char c)
{
    uint16_t at = reader->line_len++;
    bool after_cr = reader->cr;
    reader->cr = c == '\r';
    if (c == '\0')
        return why_nul;
    if (after_cr && mxp_is_digit(c))
        return why_cr; /* the server may mean "550 no CR 250 yes" as two */
    if (at >= MXP_REPLY_LINE_MAX && !(c == '\r' && at == MXP_REPLY_LINE_MAX))
        return why_line_len;
    if (at < 3) {
        static const uint16_t weight[3] = {100, 10, 1};
        if (!mxp_is_digit(c) || (at == 0 && (c < '2' || c > '5')))
            return why_line;
        uint16_t digit = (uint16_t)(c - '0');
        if (at == 0 && reader->n_lines && reader->code == 220 && digit >= 4) {
            reader->state = STATE_REPLACE;
            reader->code = 0;
        }
        if (reader->n_lines == 0 || reader->state == STATE_REPLACE)
            reader->code = (uint16_t)(reader->code + digit * weight[at]);
        else if (reader->code / weight[at] % 10 != digit)
            return why_codes;
    } else if (at == 3) {
        if (!is_sep(c) && c != '\r')
            return why_line;
        reader->state = c == '-' ? 0 : STATE_FINAL;
    }
    return NULL;
}

/* Judge a LF; the line's length does not count it. */
static const char *take_line_end(struct mxp_reply_reader *reader)
{
    if (reader->line_len < 3)
        return why_line;
    if (reader->line_len == 3)
        reader->state = STATE_FINAL;
    reader->n_lines++;
    reader->line_len = 0;
    reader->cr = false;
    if (reader->state != STATE_FINAL && reader->n_lines == MXP_REPLY_LINES_MAX)
        return why_lines;
    return NULL;
}

/* Append what the cap leaves room for. */
static int keep(struct mxp_reply_reader *reader, const char *from, const char *to)
{
    size_t room = reader->kept.cap - reader->kept.len;
    size_t len = (size_t)(to - from);
    return len ? mxp_buf_add(&reader->kept, from, len < room ? len : room) : MXP_OK;
}

/* Put a line's end, whose last octets are from..to, to what is kept. */
static int keep_line_end(struct mxp_reply_reader *reader, const char *from, const char *to)
{
    int rc = keep(reader, from, to);
    struct mxp_buf *kept = &reader->kept;
    while (rc == MXP_OK && kept->len && kept->ptr[kept->len - 1] == '\r')
        kept->ptr[--kept->len] = '\0';
    static const char lf = '\n';
    if (rc == MXP_OK && reader->state != STATE_FINAL)
        rc = keep(reader, &lf, &lf + 1);
    return rc;
}

static enum mxp_reply_status bad(struct mxp_reply_reader *reader, const char *why,
                                 const char **ret_bad)
{
    reader->bad = true;
    mxp_buf_free(&reader->kept);
    if (ret_bad)
        *ret_bad = why;
    return MXP_REPLY_BAD;
}

static enum mxp_reply_status no_memory(struct mxp_reply_reader *reader)
{
    reader->bad = true;
    mxp_buf_free(&reader->kept);
    return MXP_REPLY_NO_MEMORY;
}

/* The reply is whole; its last line is from..to, without the LF. */
static enum mxp_reply_status done(struct mxp_reply_reader *reader, const char *from, const char *to,
                                  struct mxp_reply *ret)
{
    struct mxp_slice text;
    if (reader->n_lines == 1 && reader->kept.len == 0) {
        while (to > from && to[-1] == '\r')
            to--;
        text = (struct mxp_slice){from, (size_t)(to - from)};
    } else {
        if (keep_line_end(reader, from, to))
            return no_memory(reader);
        text = mxp_buf_slice(&reader->kept);
        while (text.len && text.ptr[text.len - 1] == '\n') /* the cap came right behind a line */
            text.len--;
    }
    *ret = (struct mxp_reply){reader->code, enhanced_of_text(text), text};
    reader->code = reader->n_lines = reader->line_len = 0;
    reader->state = 0;
    return MXP_REPLY_DONE;
}

enum mxp_reply_status mxp_reply_read(struct mxp_reply_reader *reader, struct mxp_slice *input,
                                     struct mxp_reply *ret, const char **ret_bad)
{
    if (reader->bad)
        return bad(reader, why_earlier, ret_bad);
    if (mxp_reply_reader_idle(reader))
        mxp_buf_free(&reader->kept);
    if (input->len == 0)
        return MXP_REPLY_MORE;
    const char *from = input->ptr, *end = input->ptr + input->len, *at;
    for (at = from; at < end; at++) {
        const char *why = *at == '\n' ? take_line_end(reader) : take_octet(reader, *at);
        if (why)
            return bad(reader, why, ret_bad);
        if (*at != '\n')
            continue;
        if (reader->state == STATE_FINAL) {
            *input = (struct mxp_slice){at + 1, (size_t)(end - at - 1)};
            return done(reader, from, at, ret);
        }
        if (keep_line_end(reader, from, at))
            return no_memory(reader);
        from = at + 1;
    }
    if (keep(reader, from, end))
        return no_memory(reader);
    *input = (struct mxp_slice){end, 0};
    return MXP_REPLY_MORE;
}

/* A log that folds lines leaves "550-5.1.1 a 550 5.1.1 b": where the only code is
 * followed by a hyphen, look for its repetition inside the line. */
static struct mxp_enhanced enhanced_of_fold(struct mxp_slice line)
{
    struct mxp_enhanced enhanced = {0, 0, 0};
    if (line.len < 4 || line.ptr[3] != '-')
        return enhanced;
    for (size_t i = 4; i + 4 < line.len; i++) {
        struct mxp_slice rest = mxp_slice_sub(line, i, line.len);
        if (line.ptr[i - 1] == ' ' &&
            mxp_slice_eq(mxp_slice_sub(rest, 0, 3), mxp_slice_sub(line, 0, 3)) &&
            is_sep(rest.ptr[3]) && enhanced_at(mxp_slice_sub(rest, 4, rest.len), &enhanced))
            break;
    }
    return enhanced;
}

int mxp_reply_parse(struct mxp_slice text, struct mxp_reply *ret)
{
    text = mxp_slice_trim(text);
    *ret = (struct mxp_reply){0, {0, 0, 0}, text};
    struct mxp_slice rest = text, last = {text.ptr, 0};
    bool first = true, coded = false;
    while (rest.len) {
        struct mxp_slice line = next_line(&rest);
        uint16_t code = code_at(line);
        if (first)
            coded = code != 0;
        first = false;
        if (coded && code) {
            ret->code = code;
            last = line;
        }
    }
    if (!coded) {
        (void)enhanced_at(text, &ret->enhanced); /* a bare "5.1.1" */
        return MXP_ESYNTAX;
    }
    ret->enhanced = enhanced_of_text(text);
    if (ret->enhanced.klass == 0)
        ret->enhanced = enhanced_of_fold(last);
    return MXP_OK;
}

const char *mxp_enhanced_text(struct mxp_enhanced enhanced, char ret[static 16])
{
    ret[0] = '\0';
    if (enhanced.klass)
        (void)snprintf(ret, 16, "%u.%u.%u", enhanced.klass % 1000u, enhanced.subject % 1000u,
                       enhanced.detail % 1000u);
    return ret;
}
