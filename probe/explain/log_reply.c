#include "probe/explain/log_reply.h"

#include "probe/explain/log_reply_internal.h"

#include <string.h>

/* The words between which a log has the reply. */
struct marker {
    const char *format, *before;
    const char *until; /* NULL: to the end */
    bool last;         /* until is the last such */
    bool words;        /* without a code in it, its words are what there is */
};

static const struct marker markers[] = {
    {"postfix", " said: ", " (in reply to ", true, false},
    {"postfix", " refused to talk to me: ", NULL, false, false},
    {"exim", "SMTP error from remote mail server after ", NULL, false, false},
    {"exim", "SMTP error from remote mailer after ", NULL, false, false},
    {"opensmtpd", " stat=\"", "\"", false, true},
    {"opensmtpd", " result=\"", "\"", false, false},
    {"exchange", "LED=", "}", false, false},
    {"exchange", "returned '", "'", true, false},
    {"dsn", "smtp;", "\"", false, false},
    {"transcript", "<<< ", "\n>>>", false, false},
    {"transcript", "<** ", "\n -> ", false, false},
    {"postfix", "reject: ", "; from=<", false, false},
    {"sendmail", " reject=", NULL, false, true},
    {"sendmail", "stat=", NULL, false, true},
    {"postfix", " status=", NULL, false, true},
};

/* Behind a marker: a reply at once or further in, else the words. False: neither. */
static bool marked(const struct marker *marker, struct mxp_slice line, struct mxp_slice *ret,
                   bool *ret_code)
{
    size_t at = mxp_log_find_text(line, 0, marker->before);
    if (at == line.len)
        return false;
    struct mxp_slice found = mxp_slice_sub(line, at + strlen(marker->before), line.len);
    if (marker->until)
        found.len = marker->last ? mxp_log_find_last(found, marker->until)
                                 : mxp_log_find_text(found, 0, marker->until);
    found = mxp_slice_trim(found);
    at = mxp_log_code_at(found, 0) ? 0 : mxp_log_find_code(found, true);
    *ret_code = at < found.len;
    *ret = mxp_log_close(mxp_slice_sub(found, *ret_code ? at : 0, found.len));
    return *ret_code || marker->words;
}

/* "bounced (Host not found)" of Postfix: the words in the bracket. */
static struct mxp_slice in_bracket(struct mxp_slice words)
{
    size_t at = mxp_slice_find(words, '(');
    return at < words.len ? mxp_log_close(mxp_slice_sub(words, at + 1, words.len)) : words;
}

/* dsn=5.1.1 before the words of a log that has no code. */
static int words_of_log(struct mxp_slice line, struct mxp_slice words, struct mxp_log_reply *ret)
{
    size_t at = mxp_log_find_text(line, 0, "dsn=");
    struct mxp_slice dsn = mxp_slice_sub(line, at < line.len ? at + 4 : at, 16);
    size_t len = 0;
    while (len < dsn.len && (mxp_is_digit(dsn.ptr[len]) || dsn.ptr[len] == '.'))
        len++;
    ret->reply = words;
    if (len == 0)
        return MXP_OK;
    int err = mxp_buf_printf(&ret->own, "%.*s ", (int)len, dsn.ptr);
    err = err ? err : mxp_buf_add_slice(&ret->own, words);
    ret->reply = mxp_buf_slice(&ret->own);
    return err;
}

/* qmail-send writes "_" for a blank and "/" for a line end. */
static int qmail(struct mxp_slice line, struct mxp_log_reply *ret)
{
    static const char before[] = "emote_host_said:_";
    size_t at = mxp_log_find_text(line, 0, before);
    if (at == line.len)
        return MXP_ENOENT;
    struct mxp_slice found = mxp_slice_sub(line, at + strlen(before), line.len);
    found.len = mxp_log_find_text(found, 0, "/Giving_up_on_");
    int err = MXP_OK;
    for (size_t i = 0; i < found.len && !err; i++) {
        char c = found.ptr[i];
        bool end = c == '/' && (i + 1 == found.len ||
                                (found.len - i > 4 && mxp_is_digit(found.ptr[i + 1]) &&
                                 mxp_is_digit(found.ptr[i + 2]) && mxp_is_digit(found.ptr[i + 3])));
        err = mxp_buf_add_char(&ret->own, (char)(c == '_' ? ' ' : end ? '\n' : c));
    }
    ret->reply = mxp_slice_trim(mxp_buf_slice(&ret->own));
    ret->format = "qmail";
    return err;
}

/* PowerMTA's accounting file: the field that is a diagnostic, its doubled quotes undone. */
static int powermta(struct mxp_slice line, struct mxp_log_reply *ret)
{
    size_t at = mxp_log_find_text(line, 0, "\"smtp;");
    bool quoted = at < line.len;
    at = quoted ? at + 1 : mxp_log_find_text(line, 0, ",smtp;") + 1;
    bool record = line.len > 8 && line.ptr[1] == ',' && mxp_is_alpha(line.ptr[0]) &&
                  mxp_is_digit(line.ptr[2]) && at < line.len;
    if (!record)
        return MXP_ENOENT;
    int err = MXP_OK;
    for (at += strlen("smtp;"); at < line.len && !err; at++) {
        char c = line.ptr[at];
        if (quoted && c == '"' && (at + 1 == line.len || line.ptr[at + 1] != '"'))
            break;
        if (!quoted && c == ',')
            break;
        at += quoted && c == '"';
        err = mxp_buf_add_char(&ret->own, c);
    }
    ret->reply = mxp_slice_trim(mxp_buf_slice(&ret->own));
    ret->format = "powermta";
    return err;
}

/* "550: user unknown": a code with a colon. */
static int with_colon(struct mxp_slice text, struct mxp_log_reply *ret)
{
    if (text.len < 6 || text.ptr[3] != ':' || text.ptr[0] < '2' || text.ptr[0] > '5' ||
        !mxp_is_digit(text.ptr[1]) || !mxp_is_digit(text.ptr[2]) || text.ptr[4] != ' ')
        return MXP_ENOENT;
    int err = mxp_buf_add(&ret->own, text.ptr, 3);
    err = err ? err : mxp_buf_add_slice(&ret->own, mxp_slice_sub(text, 4, text.len));
    ret->reply = mxp_buf_slice(&ret->own);
    return err;
}

static int plain(struct mxp_slice line, struct mxp_log_reply *ret)
{
    struct mxp_slice words = MXP_SLICE_NONE, found;
    const char *format = NULL;
    bool code = false;
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        if (!marked(&markers[i], line, &found, &code))
            continue;
        if (code) {
            ret->reply = found;
            ret->format = markers[i].format;
            return MXP_OK;
        }
        if (!format) {
            format = markers[i].format;
            words = strcmp(markers[i].before, " status=") == 0 ? in_bracket(found) : found;
        }
    }
    size_t at = mxp_log_find_code(line, !format);
    if (at < line.len) {
        ret->reply = mxp_log_close(mxp_slice_sub(line, at, line.len));
        ret->format = "other";
        return MXP_OK;
    }
    ret->format = format;
    return format ? words_of_log(line, words, ret) : MXP_OK;
}

int mxp_log_reply_find(struct mxp_slice line, struct mxp_log_reply *ret)
{
    static int (*const readers[])(struct mxp_slice, struct mxp_log_reply *) = {
        with_colon, mxp_log_json, qmail, powermta, plain};
    line = mxp_slice_trim(mxp_slice_sub(line, 0, MXP_LOG_LINE_MAX));
    *ret = (struct mxp_log_reply){.reply = line, .hosts = line};
    mxp_buf_init(&ret->own, MXP_LOG_LINE_MAX + 64);
    mxp_buf_init(&ret->own_hosts, MXP_LOG_LINE_MAX + 64);
    if (mxp_log_code_at(line, 0))
        return MXP_OK;
    int err = MXP_ENOENT;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && err == MXP_ENOENT; i++)
        err = readers[i](line, ret);
    if (!err && ret->format)
        ret->stage = mxp_log_stage(line);
    return err;
}

void mxp_log_reply_free(struct mxp_log_reply *found)
{
    mxp_buf_free(&found->own);
    mxp_buf_free(&found->own_hosts);
}

static bool in_host(char c)
{
    return mxp_is_alnum(c) || c == '.' || c == '-';
}

bool mxp_log_reply_host(const struct mxp_log_reply *found, size_t *at, struct mxp_slice *ret_host)
{
    struct mxp_slice text = found->hosts;
    while (*at < text.len) {
        size_t from = *at, dots = 0, letters = 0;
        if (text.ptr + from == found->reply.ptr) { /* not the reply's own words */
            *at = from + found->reply.len + 1;
            continue;
        }
        size_t to = from;
        for (; to < text.len && in_host(text.ptr[to]); to++) {
            dots += text.ptr[to] == '.' && to > from;
            letters += mxp_is_alpha(text.ptr[to]);
        }
        char before = from ? text.ptr[from - 1] : ' ';
        *at = to + 1;
        while (to > from && text.ptr[to - 1] == '.')
            to--;
        if (dots && letters && before != '@' && before != '/' && to - from > 3 && to - from < 254 &&
            !(to < text.len && text.ptr[to] == '@')) {
            *ret_host = mxp_slice_sub(text, from, to - from);
            return true;
        }
    }
    return false;
}
