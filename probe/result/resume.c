#include "probe/result/resume.h"

#include "core/hash.h"
#include "probe/result/escape.h"
#include "probe/result/result_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define START_LEN  4096
#define ESCAPE_CAP (16 * 1024 * 1024)

struct mxp_resume {
    uint32_t *hashes; /* by line number; 0: not answered */
    size_t size;
    uint64_t count, end;
    struct mxp_buf header;
    struct mxp_buf start; /* what the file begins with, where it holds no whole result */
    const char *path;
};

struct mxp_resume *mxp_resume_free(struct mxp_resume *resume)
{
    if (!resume)
        return NULL;
    free(resume->hashes);
    mxp_buf_free(&resume->header);
    mxp_buf_free(&resume->start);
    free(resume);
    return NULL;
}

uint64_t mxp_resume_count(const struct mxp_resume *resume)
{
    return resume->count;
}

bool mxp_resume_is_begun(const struct mxp_resume *resume)
{
    return resume->count || resume->start.len;
}

uint64_t mxp_resume_end(const struct mxp_resume *resume)
{
    return resume->end;
}

static uint32_t hash_of(struct mxp_slice text)
{
    uint64_t hash = mxp_hash(text);
    uint32_t half = (uint32_t)(hash ^ hash >> 32);
    return half ? half : 1;
}

int mxp_resume_has(const struct mxp_resume *resume, uint64_t line, struct mxp_slice address,
                   struct mxp_why *why)
{
    struct mxp_buf written;
    if (line >= resume->size || !resume->hashes[line])
        return 0;
    mxp_buf_init(&written, ESCAPE_CAP);
    if (mxp_escape_utf8(address, &written))
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    bool same = hash_of(mxp_buf_slice(&written)) == resume->hashes[line];
    mxp_buf_free(&written);
    if (same)
        return 1;
    return mxp_why_set(why, MXP_EDATA,
                       "%.150s: its result for line %llu is about another address than the list's: "
                       "it belongs to another list",
                       resume->path, (unsigned long long)line);
}

/* Torn or not, one is what the other begins with. */
static bool begins_alike(struct mxp_slice a, struct mxp_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    return mxp_slice_eq(mxp_slice_sub(a, 0, len), mxp_slice_sub(b, 0, len));
}

int mxp_resume_check_header(const struct mxp_resume *resume, struct mxp_slice header,
                            struct mxp_why *why)
{
    bool fits = resume->count ? mxp_slice_eq(mxp_buf_slice(&resume->header), header)
                              : begins_alike(mxp_buf_slice(&resume->start), header);
    if (fits)
        return 0;
    return mxp_why_set(why, MXP_EDATA,
                       "%.150s: its columns are others than this list and --format give: it "
                       "belongs to another list",
                       resume->path);
}

static int add(void *arg, const struct mxp_past *past)
{
    struct mxp_resume *resume = arg;
    uint64_t line = past->line;
    if (line >= resume->size) {
        size_t size = (size_t)line + (size_t)line / 2 + 1024;
        uint32_t *hashes = realloc(resume->hashes, size * sizeof *hashes);
        if (!hashes)
            return MXP_ENOMEM;
        memset(hashes + resume->size, 0, (size - resume->size) * sizeof *hashes);
        resume->hashes = hashes;
        resume->size = size;
    }
    resume->count += resume->hashes[line] == 0;
    resume->hashes[line] = hash_of(past->address);
    return 0;
}

/* A file without a whole result is begun anew, so it must be seen to be one of ours. The columns of
 * CSV are compared when those of the list are known. */
static int load_start(struct mxp_resume *resume, enum mxp_format format, struct mxp_why *why)
{
    char piece[START_LEN];
    if (resume->count)
        return 0;
    FILE *file = fopen(resume->path, "re");
    size_t n = file ? fread(piece, 1, sizeof piece, file) : 0;
    bool failed = !file || ferror(file);
    if (file)
        (void)fclose(file); /* only read */
    if (failed)
        return mxp_why_set(why, MXP_ENOINPUT, "%.200s: cannot read", resume->path);
    if (mxp_buf_add(&resume->start, piece, n))
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    bool ours = format == MXP_FORMAT_CSV ||
                begins_alike(mxp_buf_slice(&resume->start), MXP_SLICE_LIT("{\"line\":"));
    return ours
               ? 0
               : mxp_why_set(why, MXP_EDATA,
                             "%.150s:1: no result of mxprobe in this format: nothing to go on from",
                             resume->path);
}

struct mxp_resume *mxp_resume_load(const char *path, enum mxp_format format, struct mxp_why *why)
{
    struct mxp_resume *resume = calloc(1, sizeof *resume);
    struct stat st;
    if (!resume) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    resume->path = path;
    mxp_buf_init(&resume->header, ESCAPE_CAP);
    mxp_buf_init(&resume->start, START_LEN);
    if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
        return resume;
    struct mxp_result_file file = {
        .path = path,
        .format = &format,
        .on_result = add,
        .arg = resume,
        .header = &resume->header,
    };
    int err = mxp_result_file_read(&file, &resume->end, why);
    err = err ? err : load_start(resume, format, why);
    return err ? mxp_resume_free(resume) : resume;
}
