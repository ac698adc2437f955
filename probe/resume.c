#include "probe/resume.h"

#include "probe/list_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_NUMBER UINT64_C(100000000000)

struct mxp_resume {
    uint8_t *bits; /* by line number */
    size_t size;
    uint64_t count;
    const char *path;
};

struct mxp_resume *mxp_resume_free(struct mxp_resume *resume)
{
    if (resume)
        free(resume->bits);
    free(resume);
    return NULL;
}

bool mxp_resume_has(const struct mxp_resume *resume, uint64_t line)
{
    return line / 8 < resume->size && (resume->bits[line / 8] & 1u << line % 8);
}

uint64_t mxp_resume_count(const struct mxp_resume *resume)
{
    return resume->count;
}

static int add(struct mxp_resume *resume, uint64_t line)
{
    size_t at = (size_t)(line / 8);
    if (at >= resume->size) {
        size_t size = at * 2 + 4096;
        uint8_t *bits = realloc(resume->bits, size);
        if (!bits)
            return MXP_ENOMEM;
        memset(bits + resume->size, 0, size - resume->size);
        resume->bits = bits;
        resume->size = size;
    }
    if (!mxp_resume_has(resume, line))
        resume->count++;
    resume->bits[at] = (uint8_t)(resume->bits[at] | 1u << line % 8);
    return 0;
}

static int on_csv(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct mxp_resume *resume = arg;
    uint64_t line;
    if (record->column >= record->n_fields ||
        mxp_slice_number(record->fields[record->column], LINE_MAX_NUMBER, &line))
        return mxp_why_set(why, MXP_EDATA, "%s:%llu: no number in the field \"line\"", resume->path,
                           (unsigned long long)record->line);
    int err = add(resume, line);
    return err ? mxp_why_set(why, err, "%s", mxp_err_text(err)) : 0;
}

static int load_csv(struct mxp_resume *resume, FILE *file, struct mxp_why *why)
{
    char piece[65536];
    size_t n = fread(piece, 1, sizeof piece, file);
    struct mxp_slice head = {piece, n};
    head.len = mxp_slice_find(head, '\n');
    bool renamed = memmem(head.ptr, head.len, "mxprobe_line", 12) != NULL;
    struct mxp_list_reader_options options = {
        .column = renamed ? "mxprobe_line" : "line", .on_record = on_csv, .arg = resume};
    struct mxp_list_reader *reader = mxp_list_reader_new(&options);
    int err = reader ? 0 : mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    while (n && !err) {
        err = mxp_list_reader_feed(reader, (struct mxp_slice){piece, n}, why);
        n = fread(piece, 1, sizeof piece, file);
    }
    /* A torn last line is not there yet: it is cut off when the file is opened for more. */
    mxp_list_reader_free(reader);
    return err;
}

static int load_jsonl(struct mxp_resume *resume, FILE *file, struct mxp_why *why)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    for (unsigned long number = 1; !err && (n = getline(&text, &size, file)) > 0; number++) {
        if (text[n - 1] != '\n')
            break;
        json_t *object = json_loadb(text, (size_t)n, 0, NULL);
        const json_t *line = json_object_get(object, "line");
        if (json_is_integer(line) && json_integer_value(line) > 0)
            err = add(resume, (uint64_t)json_integer_value(line));
        else
            err = mxp_why_set(why, MXP_EDATA, "%s:%lu: not a result", resume->path, number);
        json_decref(object);
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
    if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
        return resume;
    FILE *file = fopen(path, "re");
    if (!file) {
        mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", path, strerror(errno));
        return mxp_resume_free(resume);
    }
    int err =
        format == MXP_FORMAT_CSV ? load_csv(resume, file, why) : load_jsonl(resume, file, why);
    fclose(file);
    return err ? mxp_resume_free(resume) : resume;
}
