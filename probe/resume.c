#include "probe/resume.h"

#include "core/hash.h"
#include "probe/escape.h"
#include "probe/result_csv.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINES_MAX  UINT64_C(4000000000)
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

static int add(struct mxp_resume *resume, uint64_t line, struct mxp_slice address)
{
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
    resume->hashes[line] = hash_of(address);
    return 0;
}

static int no_result(const struct mxp_resume *resume, unsigned long long line, struct mxp_why *why)
{
    return mxp_why_set(why, MXP_EDATA,
                       "%.150s:%llu: no result of mxprobe in this format: nothing to go on from",
                       resume->path, line);
}

static int load_csv(struct mxp_resume *resume, FILE *file, struct mxp_why *why)
{
    struct mxp_result_csv *csv = mxp_result_csv_new();
    char piece[65536];
    size_t n;
    int err = csv ? 0 : MXP_ENOMEM;
    while (!err && (n = fread(piece, 1, sizeof piece, file)) > 0) {
        struct mxp_slice bytes = {piece, n}, number, address;
        while (!err && (err = mxp_result_csv_next(csv, &bytes, &number, &address)) == 0) {
            uint64_t line;
            if (mxp_slice_number(number, LINES_MAX, &line) || line == 0)
                err = MXP_EDATA;
            else
                err = add(resume, line, address);
        }
        err = err == MXP_EAGAIN ? 0 : err;
    }
    if (csv && !err)
        err = mxp_buf_add_slice(&resume->header, mxp_result_csv_header(csv));
    if (csv)
        resume->end = mxp_result_csv_end(csv);
    if (err == MXP_EDATA)
        no_result(resume, csv ? mxp_result_csv_line(csv) : 1, why);
    else if (err)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    mxp_result_csv_free(csv);
    return err;
}

static int load_json_line(struct mxp_resume *resume, struct mxp_slice text)
{
    json_t *object = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
    const json_t *line = json_object_get(object, "line");
    const json_t *address = json_object_get(object, "address");
    int err = MXP_EDATA;
    bool bare = json_is_null(address); /* the entry was empty */
    if (json_is_integer(line) && (json_is_string(address) || bare)) {
        json_int_t number = json_integer_value(line);
        struct mxp_slice typed = MXP_SLICE_NONE;
        if (!bare)
            typed = (struct mxp_slice){json_string_value(address), json_string_length(address)};
        if (number > 0 && (uint64_t)number <= LINES_MAX)
            err = add(resume, (uint64_t)number, typed);
    }
    json_decref(object);
    return err;
}

static int load_jsonl(struct mxp_resume *resume, FILE *file, struct mxp_why *why)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    for (unsigned long long number = 1; !err && (n = getline(&text, &size, file)) > 0; number++) {
        if (text[n - 1] != '\n')
            break;
        err = load_json_line(resume, (struct mxp_slice){text, (size_t)n});
        if (err == MXP_EDATA)
            no_result(resume, number, why);
        else if (err)
            mxp_why_set(why, err, "%s", mxp_err_text(err));
        else
            resume->end += (uint64_t)n;
    }
    free(text);
    return err;
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
    FILE *file = fopen(path, "re");
    if (!file) {
        mxp_why_set(why, MXP_ENOINPUT, "%.200s: cannot read: %s", path, strerror(errno));
        return mxp_resume_free(resume);
    }
    int err =
        format == MXP_FORMAT_CSV ? load_csv(resume, file, why) : load_jsonl(resume, file, why);
    if (!err && ferror(file))
        err = mxp_why_set(why, MXP_ENOINPUT, "%.200s: cannot read: %s", path, strerror(errno));
    (void)fclose(file); /* only read */
    return err ? mxp_resume_free(resume) : resume;
}
