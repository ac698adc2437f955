#include "probe/resume.h"

#include "core/hash.h"
#include "probe/escape.h"
#include "probe/result_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ESCAPE_CAP (16 * 1024 * 1024)

struct mxp_resume {
    uint32_t *hashes; /* by line number; 0: not answered */
    size_t size;
    uint64_t count, end;
    struct mxp_buf header;
    const char *path;
};

struct mxp_resume *mxp_resume_free(struct mxp_resume *resume)
{
    if (!resume)
        return NULL;
    free(resume->hashes);
    mxp_buf_free(&resume->header);
    free(resume);
    return NULL;
}

uint64_t mxp_resume_count(const struct mxp_resume *resume)
{
    return resume->count;
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

int mxp_resume_check_header(const struct mxp_resume *resume, struct mxp_slice header,
                            struct mxp_why *why)
{
    if (mxp_slice_eq(mxp_buf_slice(&resume->header), header))
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
    if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
        return resume;
    struct mxp_result_file file = {
        .path = path,
        .format = &format,
        .on_result = add,
        .arg = resume,
        .header = &resume->header,
    };
    return mxp_result_file_read(&file, &resume->end, why) ? mxp_resume_free(resume) : resume;
}
