#include "core/log.h"
#include "core/say.h"
#include "probe/command/bulk.h"
#include "probe/command/check.h"
#include "probe/result/escape.h"
#include "probe/explain/explain.h"
#include "probe/options/help.h"
#include "probe/options/options.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static int exit_code(int err)
{
    switch (err) {
    case MXP_EUSAGE:
        return EX_USAGE;
    case MXP_EDATA:
    case MXP_ESYNTAX:
        return EX_DATAERR;
    case MXP_ENOINPUT:
    case MXP_ENOENT:
        return EX_NOINPUT;
    case MXP_ECANTCREAT:
        return EX_CANTCREAT;
    case MXP_EIO:
        return EX_IOERR;
    case MXP_ECANCELED:
    case MXP_ENET:
        return EX_TEMPFAIL;
    case MXP_ECONFIG:
        return EX_CONFIG;
    default:
        return err < 0 ? EX_SOFTWARE : err;
    }
}

static int run(const struct mxp_options *options, struct mxp_why *why)
{
    switch (options->command) {
    case MXP_CMD_CHECK:
        return mxp_check_run(options, why);
    case MXP_CMD_BULK:
        return mxp_bulk_run(options, why);
    case MXP_CMD_EXPLAIN:
        return mxp_explain_run(options, stdin, stdout, why);
    case MXP_CMD_HELP:
        return mxp_help_print(options->n_args ? options->args[0] : NULL, stdout, why);
    case MXP_CMD_VERSION:
        return mxp_help_version(stdout, why);
    case MXP_CMD_BOUNCES:
        break;
    }
    return mxp_why_set(why, MXP_EUSAGE, "bounces: not built yet");
}

/* A standard file that is closed would be taken by the next one opened, a list or a socket, and
 * results written into it. Something stands there instead that fails in either direction. */
static void hold_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        bool closed = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
        if (closed && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            exit(EX_OSERR);
    }
}

/* OpenSSL takes a block of 21.8 KiB for each handshake, and smaller ones that stay: in the same
 * heap the one's hole is kept open by the others. Blocks of this size get pages of their own,
 * which are given back; but only where the end of the heap has no room for them, so that is kept
 * short (docs/performance.md). */
#define OWN_PAGES 20000
#define HEAP_STEP 8192

/* Last words; they wait for a reader no longer than a moment. */
static void say_why(const struct mxp_why *why, int err)
{
    struct mxp_buf line;
    mxp_buf_init(&line, 8192);
    const char *words = *why->text ? why->text : mxp_err_text(err);
    bool bad = mxp_buf_add_str(&line, "mxprobe: ") ||
               mxp_escape_terminal(mxp_slice_str(words), &line) || mxp_buf_add_char(&line, '\n');
    if (!bad)
        (void)mxp_say(STDERR_FILENO, line.ptr, line.len, 1000);
    mxp_buf_free(&line);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    struct mxp_options options;
    struct mxp_why why = {0};
    mallopt(M_MMAP_THRESHOLD, OWN_PAGES);
    mallopt(M_TOP_PAD, HEAP_STEP);
    int err = mxp_options_parse(argc, argv, &options, &why);
    if (!err) {
        if (options.verbose)
            mxp_log_level_set(MXP_LOG_INFO);
        err = run(&options, &why);
    }
    if (err < 0)
        say_why(&why, err);
    mxp_options_free(&options);
    return exit_code(err);
}
