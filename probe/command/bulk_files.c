#include "probe/command/bulk_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
    return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int check(const char *option, const char *path, const char *output, int list_fd,
                 struct mxp_why *why)
{
    struct stat file, other;
    if (!path || strcmp(path, "-") == 0)
        return 0;
    bool exists = stat(path, &file) == 0;
    bool is_list = exists && fstat(list_fd, &other) == 0 && is_same(&file, &other);
    bool is_out = output && (exists ? stat(output, &other) == 0 && is_same(&file, &other)
                                    : strcmp(path, output) == 0);
    const char *what = is_list ? "list" : is_out ? "output" : NULL;
    if (!what)
        return 0;
    return mxp_why_set(why, MXP_EUSAGE, "%s %.150s: is the %s itself: name another file", option,
                       path, what);
}

int mxp_bulk_files_check(const struct mxp_options *options, int list_fd, struct mxp_why *why)
{
    int err = check("--transcript", options->transcript, options->output, list_fd, why);
    return err ? err : check("--limits-file", options->limits_file, options->output, list_fd, why);
}
