#include "probe/explain/explain_batch.h"

#include <errno.h>
#include <string.h>

#include "probe/explain/explain_json.h"

#define PIECE     65536
#define WRITE_LEN 65536 /* lines are written in pieces of about this size */

static bool same(struct mxp_slice name, const char *known)
{
    return mxp_lower(name.ptr[0]) == mxp_lower(known[0]) &&
           mxp_slice_ieq(name, mxp_slice_str(known));
}

/* The provider of that name, as it is written; NULL: none that is known. */
static const char *known_provider(const struct mxp_explain *explain, struct mxp_slice name)
{
    /* of replies only, so in neither table: software and lists, named as in the corpus */
    static const char *const others[] = {"aol",
                                         "apache.org",
                                         "chasquid",
                                         "coremail",
                                         "courier",
                                         "cyrus",
                                         "domino",
                                         "dovecot",
                                         "everyone.net",
                                         "exchange",
                                         "exchangeonline",
                                         "exim",
                                         "facebook",
                                         "fireeye",
                                         "gld",
                                         "haraka",
                                         "hmailserver",
                                         "hostpoint",
                                         "iredapd",
                                         "james",
                                         "maddy",
                                         "milter-greylist",
                                         "mox",
                                         "nic.ru",
                                         "ntlworld",
                                         "openDMARC",
                                         "opensmtpd",
                                         "policyd",
                                         "postal",
                                         "postfix",
                                         "postgrey",
                                         "pypolicyd-spf",
                                         "qgreylist",
                                         "qmail",
                                         "qpsmtpd",
                                         "rfc",
                                         "rspamd",
                                         "sendmail",
                                         "spamcop-dnsbl",
                                         "spamhaus-dnsbl",
                                         "sqlgrey",
                                         "stalwart",
                                         "vger.kernel.org",
                                         "virginmedia",
                                         "windstream",
                                         "zerospam"};
    if (name.len == 0)
        return NULL;
    for (size_t i = 0; i < explain->options->n_providers; i++)
        if (same(name, explain->options->providers[i].name))
            return explain->options->providers[i].name;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (same(name, others[i]))
            return others[i];
    return NULL;
}

int mxp_explain_batch_line(const struct mxp_explain *explain, char *line, size_t len,
                           struct mxp_buf *out)
{
    struct mxp_slice rest = {line, len}, fields[2] = {MXP_SLICE_NONE, MXP_SLICE_NONE};
    struct mxp_reply reply;
    struct mxp_classified what;
    for (int i = 0; i < 2; i++) {
        size_t tab = mxp_slice_find(rest, '\t');
        if (tab == rest.len)
            break; /* fewer fields: what there is, is the reply */
        fields[i] = mxp_slice_trim(mxp_slice_sub(rest, 0, tab));
        rest = mxp_slice_sub(rest, tab + 1, rest.len);
    }
    enum mxp_stage stage = mxp_stage_find(fields[0]);
    if (stage == MXP_STAGE_COUNT)
        stage = MXP_STAGE_UNKNOWN;
    char *text = line + (rest.ptr - line);
    size_t text_len = mxp_explain_unescape(rest, text);
    (void)mxp_reply_parse((struct mxp_slice){text, text_len}, &reply); /* words alone will do */
    const char *provider = known_provider(explain, fields[1]);
    uint16_t number = mxp_rules_provider(explain->rules, mxp_slice_str(provider));
    mxp_classify(explain->rules, stage, number, &reply, &what);
    return mxp_explain_json_line(provider, &reply, &what, out);
}

/* Lines, put together from pieces of the input. */
struct lines {
    const struct mxp_explain *explain;
    struct mxp_buf line, out;
    bool open; /* a line has begun */
    FILE *file;
};

static int write_out(struct lines *lines)
{
    size_t len = lines->out.len;
    if (len && fwrite(lines->out.ptr, 1, len, lines->file) != len)
        return MXP_EIO;
    mxp_buf_clear(&lines->out);
    return MXP_OK;
}

static int end_line(struct lines *lines)
{
    struct mxp_buf *line = &lines->line;
    char none[1];
    while (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    int err = mxp_explain_batch_line(lines->explain, line->ptr ? line->ptr : none, line->len,
                                     &lines->out);
    mxp_buf_clear(line);
    lines->open = false;
    return err || lines->out.len < WRITE_LEN ? err : write_out(lines);
}

static int take(struct lines *lines, struct mxp_slice piece)
{
    int err = MXP_OK;
    while (piece.len && !err) {
        size_t end = mxp_slice_find(piece, '\n');
        size_t room = MXP_BATCH_LINE_MAX - lines->line.len;
        err = mxp_buf_add(&lines->line, piece.ptr, end < room ? end : room);
        lines->open = true;
        if (!err && end < piece.len)
            err = end_line(lines);
        piece = mxp_slice_sub(piece, end < piece.len ? end + 1 : end, piece.len);
    }
    return err;
}

int mxp_explain_batch(const struct mxp_explain *explain, FILE *in, const char *name, FILE *out,
                      struct mxp_why *why)
{
    struct lines lines = {.explain = explain, .file = out};
    char piece[PIECE];
    size_t n;
    int err = MXP_OK;
    mxp_buf_init(&lines.line, MXP_BATCH_LINE_MAX + 1);
    mxp_buf_init(&lines.out, 8 * PIECE + 16 * MXP_BATCH_LINE_MAX);
    while (!err && (n = fread(piece, 1, sizeof piece, in)) > 0) {
        err = take(&lines, (struct mxp_slice){piece, n});
        if (!err && n < sizeof piece && !feof(in) && !ferror(in))
            err = write_out(&lines); /* a slow giver sees its answers */
    }
    if (!err && ferror(in))
        err = mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", name, strerror(errno));
    else if (!err && lines.open)
        err = end_line(&lines);
    int late = err == MXP_EIO ? MXP_EIO : write_out(&lines);
    err = err ? err : late;
    if (err == MXP_EIO || (!err && fflush(out)))
        err = mxp_why_set(why, MXP_EIO, "cannot write: %s", strerror(errno));
    else if (err && err != MXP_ENOINPUT)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    mxp_buf_free(&lines.line);
    mxp_buf_free(&lines.out);
    return err;
}
