/* Any octets as what explain is asked, and as lines of a batch: one line of valid JSON for each,
 * words that no terminal obeys, and never an answer about an address where a server refused to
 * talk. */
#include "probe/explain/explain.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/explain/explain_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

/* Loaded once: the target is one process, one thread. */
static const struct mxp_explain *load(void)
{
    static struct mxp_options options;
    static struct mxp_explain explain;
    struct mxp_why why = {0};
    char *argv[] = {(char[]){"mxprobe"}, (char[]){"explain"}, (char[]){"550"}, NULL};
    if (explain.rules)
        return &explain;
    must(mxp_options_parse(3, argv, &options, &why) == 0, why.text);
    must(mxp_explain_init(&options, true, &explain, &why) == 0, why.text);
    return &explain;
}

static void check_json(const char *line, size_t len)
{
    static const char *const texts[] = {"verdict", "reason", "action"};
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    must(root && json_is_object(root), "not a JSON object");
    for (size_t i = 0; i < 3; i++)
        must(json_is_string(json_object_get(root, texts[i])), texts[i]);
    must(json_object_get(root, "code") && json_object_get(root, "provider"), "a field is missing");
    json_decref(root);
}

static void ask(const struct mxp_explain *explain, struct mxp_slice text)
{
    struct mxp_buf out;
    mxp_buf_init(&out, 64u << 20);
    must(mxp_explain_text(explain, text, true, 80, &out) == 0, "json failed");
    must(out.len > 1 && mxp_slice_find(mxp_buf_slice(&out), '\n') == out.len - 1, "not one line");
    check_json(out.ptr, out.len);
    mxp_buf_clear(&out);
    must(mxp_explain_text(explain, text, false, 80, &out) == 0, "print failed");
    for (size_t i = 0; i < out.len; i++)
        must((unsigned char)out.ptr[i] >= 0x20 || out.ptr[i] == '\n', "a control octet");
    mxp_buf_free(&out);
}

static size_t count(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

static void batch(const struct mxp_explain *explain, const uint8_t *data, size_t size)
{
    char *output = NULL;
    size_t len = 0;
    struct mxp_why why = {0};
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
    FILE *out = open_memstream(&output, &len);
    must(in && out, "no memory");
    must(mxp_explain_batch(explain, in, "in", out, &why) == 0, why.text);
    (void)fclose(in);
    (void)fclose(out);
    size_t n = count((const char *)data, size) + (data[size - 1] != '\n');
    must(count(output, len) == n, "lines lost or made up");
    for (const char *line = output, *end; line < output + len; line = end + 1) {
        end = strchr(line, '\n');
        must(end != NULL, "a NUL in the output");
        check_json(line, (size_t)(end - line));
    }
    free(output);
}

/* What was said before any recipient says nothing about one. */
static void greeting(const struct mxp_explain *explain, const uint8_t *data, size_t size)
{
    static const char begin[] = "greeting\t-\t550 ";
    struct mxp_buf out;
    char *line = malloc(sizeof begin + size);
    must(line != NULL, "no memory");
    memcpy(line, begin, sizeof begin - 1);
    memcpy(line + sizeof begin - 1, data, size);
    mxp_buf_init(&out, 1u << 20);
    must(mxp_explain_batch_line(explain, line, sizeof begin - 1 + size, &out) == 0, "line failed");
    bool other = strstr(out.ptr, "\"code\":521") || strstr(out.ptr, "\"code\":556");
    must(other || !strstr(out.ptr, "\"verdict\":\"invalid\""), "invalid at the greeting");
    mxp_buf_free(&out);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mxp_explain *explain = load();
    if (size == 0 || size > 1u << 20)
        return 0;
    ask(explain, (struct mxp_slice){(const char *)data, size});
    batch(explain, data, size);
    greeting(explain, data, size);
    return 0;
}
