#include "probe/explain/explain.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "probe/explain/explain_batch.h"
#include "probe/explain/explain_json.h"
#include "probe/explain/explain_print.h"

#define COLUMNS  80
#define TEXT_MAX (16u << 20)

static size_t columns_of(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    if (fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return COLUMNS;
}

int mxp_explain_text(const struct mxp_explain *explain, struct mxp_slice text, bool json,
                     size_t columns, struct mxp_buf *out)
{
    struct mxp_explained explained;
    int err = mxp_explain_lookup(explain, text, &explained);
    if (!err)
        err =
            json ? mxp_explain_json(&explained, out) : mxp_explain_print(&explained, columns, out);
    mxp_explained_free(&explained);
    return err;
}

static int replies(const struct mxp_explain *explain, FILE *out, struct mxp_why *why)
{
    const struct mxp_options *options = explain->options;
    size_t columns = columns_of(out);
    struct mxp_buf text;
    int err = MXP_OK;
    mxp_buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < options->n_args && !err; i++) {
        mxp_buf_clear(&text);
        if (i && !options->json)
            err = mxp_buf_add_char(&text, '\n');
        err = err ? err
                  : mxp_explain_text(explain, mxp_slice_str(options->args[i]), options->json,
                                     columns, &text);
        if (err)
            mxp_why_set(why, err, "%s", mxp_err_text(err));
        else if (fwrite(text.ptr, 1, text.len, out) != text.len)
            err = mxp_why_set(why, MXP_EIO, "cannot write: %s", strerror(errno));
    }
    mxp_buf_free(&text);
    if (!err && fflush(out))
        err = mxp_why_set(why, MXP_EIO, "cannot write: %s", strerror(errno));
    return err;
}

static int batch(const struct mxp_explain *explain, FILE *in, FILE *out, struct mxp_why *why)
{
    const struct mxp_options *options = explain->options;
    const char *path = options->n_args ? options->args[0] : "-";
    bool own = strcmp(path, "-") == 0;
    FILE *file = own ? in : fopen(path, "re");
    if (!file)
        return mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", path, strerror(errno));
    int err = mxp_explain_batch(explain, file, own ? "standard input" : path, out, why);
    if (!own)
        (void)fclose(file); /* only read */
    return err;
}

int mxp_explain_run(const struct mxp_options *options, FILE *in, FILE *out, struct mxp_why *why)
{
    struct mxp_explain explain;
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, exit 74 */
    int err = mxp_explain_init(options, !options->batch, &explain, why);
    if (!err)
        err = options->batch ? batch(&explain, in, out, why) : replies(&explain, out, why);
    mxp_explain_free(&explain);
    return err;
}
