#include "probe/result/result_file.h"

#include "probe/result/result_csv.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX UINT64_C(4000000000)

static int no_result(const struct mxp_result_file *file, unsigned long long line,
                     struct mxp_why *why)
{
    return mxp_why_set(why, MXP_EDATA, "%.150s:%llu: no result of mxprobe in this format",
                       file->path, line);
}

static int give_csv(const struct mxp_result_file *file, const struct mxp_result_csv *csv)
{
    struct mxp_past past = {
        .address = mxp_result_csv_field(csv, MXP_FIELD_address),
        .normalized = mxp_result_csv_field(csv, MXP_FIELD_normalized),
        .verdict = mxp_result_csv_field(csv, MXP_FIELD_verdict),
    };
    struct mxp_slice number = mxp_result_csv_field(csv, MXP_FIELD_line);
    if (mxp_slice_number(number, LINES_MAX, &past.line) || past.line == 0)
        return MXP_EDATA;
    return file->on_result(file->arg, &past);
}

static int read_csv(const struct mxp_result_file *file, FILE *in, uint64_t *ret_end,
                    struct mxp_why *why)
{
    struct mxp_result_csv *csv = mxp_result_csv_new();
    char piece[65536];
    size_t n;
    int err = csv ? 0 : MXP_ENOMEM;
    while (!err && (n = fread(piece, 1, sizeof piece, in)) > 0) {
        struct mxp_slice bytes = {piece, n};
        while (!err && (err = mxp_result_csv_next(csv, &bytes)) == 0)
            err = give_csv(file, csv);
        err = err == MXP_EAGAIN ? 0 : err;
    }
    if (csv && !err && file->header)
        err = mxp_buf_add_slice(file->header, mxp_result_csv_header(csv));
    if (csv)
        *ret_end = mxp_result_csv_end(csv);
    if (err == MXP_EDATA)
        no_result(file, csv ? mxp_result_csv_line(csv) : 1, why);
    else if (err)
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    mxp_result_csv_free(csv);
    return err;
}

static struct mxp_slice text_of(const json_t *value)
{
    if (!json_is_string(value))
        return MXP_SLICE_NONE;
    return (struct mxp_slice){json_string_value(value), json_string_length(value)};
}

static int give_json(const struct mxp_result_file *file, struct mxp_slice text)
{
    json_t *object = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
    const json_t *line = json_object_get(object, "line");
    const json_t *address = json_object_get(object, "address");
    int err = MXP_EDATA;
    /* A null address: the entry was empty. */
    if (json_is_integer(line) && (json_is_string(address) || json_is_null(address))) {
        json_int_t number = json_integer_value(line);
        struct mxp_past past = {
            .line = (uint64_t)number,
            .address = text_of(address),
            .normalized = text_of(json_object_get(object, "normalized")),
            .verdict = text_of(json_object_get(object, "verdict")),
        };
        if (number > 0 && past.line <= LINES_MAX)
            err = file->on_result(file->arg, &past);
    }
    json_decref(object);
    return err;
}

static int read_jsonl(const struct mxp_result_file *file, FILE *in, uint64_t *ret_end,
                      struct mxp_why *why)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    *ret_end = 0;
    for (unsigned long long number = 1; !err && (n = getline(&text, &size, in)) > 0; number++) {
        if (text[n - 1] != '\n')
            break;
        err = give_json(file, (struct mxp_slice){text, (size_t)n});
        if (err == MXP_EDATA)
            no_result(file, number, why);
        else if (err)
            mxp_why_set(why, err, "%s", mxp_err_text(err));
        else
            *ret_end += (uint64_t)n;
    }
    free(text);
    return err;
}

static int cannot_read(const char *path, struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOINPUT, "%.200s: cannot read: %s", path, strerror(errno));
}

static bool is_jsonl(const struct mxp_result_file *file, FILE *in)
{
    if (file->format)
        return *file->format == MXP_FORMAT_JSONL;
    int first = getc(in);
    (void)ungetc(first, in); /* nothing, at the end */
    return first == '{';
}

int mxp_result_file_read(const struct mxp_result_file *file, uint64_t *ret_end, struct mxp_why *why)
{
    FILE *in = fopen(file->path, "re");
    if (!in)
        return cannot_read(file->path, why);
    int err =
        is_jsonl(file, in) ? read_jsonl(file, in, ret_end, why) : read_csv(file, in, ret_end, why);
    if (!err && ferror(in))
        err = cannot_read(file->path, why);
    (void)fclose(in); /* only read */
    return err;
}
