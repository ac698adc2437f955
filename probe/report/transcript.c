#include "probe/report/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mxp_transcript {
    FILE *file;
    bool owned;
};

struct mxp_transcript *mxp_transcript_open(const char *path, struct mxp_why *why)
{
    struct mxp_transcript *transcript = calloc(1, sizeof *transcript);
    if (!transcript) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    transcript->file = stderr;
    if (strcmp(path, "-") == 0)
        return transcript;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    transcript->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    transcript->owned = true;
    if (transcript->file)
        return transcript;
    mxp_why_set(why, MXP_ECANTCREAT, "%s: cannot create: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(transcript);
    return NULL;
}

static void put_line(FILE *file, uint64_t session, char dir, struct mxp_slice line)
{
    fprintf(file, "[%llu] %c ", (unsigned long long)session, dir);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if (c < 0x20 || c == 0x7f)
            fprintf(file, "\\x%02x", c);
        else
            putc(c, file);
    }
    putc('\n', file);
}

void mxp_transcript_add(struct mxp_transcript *transcript, uint64_t session, char dir,
                        struct mxp_slice bytes)
{
    while (bytes.len) {
        size_t end = mxp_slice_find(bytes, '\n');
        struct mxp_slice line = mxp_slice_sub(bytes, 0, end);
        bytes = mxp_slice_sub(bytes, end + 1, bytes.len);
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        put_line(transcript->file, session, dir, line);
    }
}

int mxp_transcript_close(struct mxp_transcript *transcript, struct mxp_why *why)
{
    int err = 0;
    bool failed = fflush(transcript->file) || ferror(transcript->file);
    if (transcript->owned && fclose(transcript->file))
        failed = true;
    if (failed)
        err = mxp_why_set(why, MXP_EIO, "the transcript cannot be written: %s", strerror(errno));
    free(transcript);
    return err;
}
