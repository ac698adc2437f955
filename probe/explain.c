#include "probe/explain.h"

#include "probe/explain_words.h"
#include "smtp/classify.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* One thing to be explained. */
struct asked {
    enum mxp_stage stage;
    struct mxp_slice provider; /* len 0: none */
    struct mxp_reply reply;
    struct mxp_classified what;
};

static json_t *text_or_null(struct mxp_slice text)
{
    json_t *value = text.len ? json_stringn(text.ptr, text.len) : NULL;
    return value ? value : json_null(); /* octets that are no UTF-8 are no JSON */
}

static json_t *str_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *tri(enum mxp_tri value)
{
    return value == MXP_TRI_UNKNOWN ? json_null() : json_boolean(value == MXP_TRI_YES);
}

static json_t *object_of(const struct asked *asked)
{
    const struct mxp_classified *what = &asked->what;
    char enhanced[16];
    mxp_enhanced_text(asked->reply.enhanced, enhanced);
    json_t *object = json_object();
    json_object_set_new(object, "verdict", json_string(mxp_verdict_name(what->verdict)));
    json_object_set_new(object, "reason", json_string(mxp_reason_name(what->reason)));
    json_object_set_new(object, "action", json_string(mxp_action_name(what->action)));
    json_object_set_new(object, "code",
                        asked->reply.code ? json_integer(asked->reply.code) : json_null());
    json_object_set_new(object, "enhanced", str_or_null(enhanced));
    json_object_set_new(object, "provider", text_or_null(asked->provider));
    json_object_set_new(object, "retry_after_s",
                        what->retry_after_s ? json_integer(what->retry_after_s) : json_null());
    json_object_set_new(object, "blocklist", text_or_null(what->blocklist));
    json_object_set_new(object, "new_address", text_or_null(what->new_address));
    json_object_set_new(object, "exists", tri(what->exists));
    json_object_set_new(object, "limit", str_or_null(mxp_limit_name(what->limit)));
    json_object_set_new(object, "footprint", what->footprint ? json_true() : json_null());
    json_object_set_new(object, "rule", str_or_null(what->rule));
    return object;
}

static int write_object(json_t *object, FILE *out)
{
    int failed = json_dumpf(object, out, JSON_COMPACT) || putc('\n', out) == EOF;
    json_decref(object);
    return failed ? MXP_EIO : 0;
}

/* "\n" and "\\" in place. */
static size_t unescape(char *text, size_t len)
{
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len && (text[i + 1] == 'n' || text[i + 1] == '\\'))
            text[to++] = text[++i] == 'n' ? '\n' : '\\';
        else
            text[to++] = text[i];
    }
    return to;
}

static void ask(const struct mxp_rules *rules, struct asked *asked)
{
    uint16_t provider = mxp_rules_provider(rules, asked->provider);
    mxp_classify(rules, asked->stage, provider, &asked->reply, &asked->what);
}

static int batch_line(const struct mxp_rules *rules, char *line, size_t len, FILE *out)
{
    struct asked asked = {.stage = MXP_STAGE_UNKNOWN};
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    struct mxp_slice rest = {line, len}, fields[3] = {MXP_SLICE_NONE, MXP_SLICE_NONE, rest};
    for (int i = 0; i < 2; i++) {
        size_t tab = mxp_slice_find(rest, '\t');
        if (tab == rest.len)
            break; /* fewer fields: what there is, is the reply */
        fields[i] = mxp_slice_sub(rest, 0, tab);
        rest = mxp_slice_sub(rest, tab + 1, rest.len);
        fields[2] = rest;
    }
    enum mxp_stage stage = mxp_stage_find(fields[0]);
    if (stage != MXP_STAGE_COUNT)
        asked.stage = stage;
    if (!mxp_slice_eq(fields[1], MXP_SLICE_LIT("-")))
        asked.provider = fields[1];
    char *text = line + (fields[2].ptr - line);
    mxp_reply_parse((struct mxp_slice){text, unescape(text, fields[2].len)}, &asked.reply);
    ask(rules, &asked);
    return write_object(object_of(&asked), out);
}

static int batch(const struct mxp_options *options, const struct mxp_rules *rules, FILE *in,
                 FILE *out, struct mxp_why *why)
{
    const char *path = options->n_args ? options->args[0] : "-";
    FILE *file = strcmp(path, "-") == 0 ? in : fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    if (!file)
        return mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", path, strerror(errno));
    while (!err && (n = getline(&line, &size, file)) > 0)
        err = batch_line(rules, line, (size_t)n, out);
    if (!err && ferror(file))
        err = mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", path, strerror(errno));
    free(line);
    if (file != in)
        fclose(file);
    return err;
}

static void print_words(const struct asked *asked, FILE *out)
{
    const struct mxp_classified *what = &asked->what;
    const struct mxp_code_words *code = mxp_explain_code(asked->reply.code);
    const struct mxp_code_words *enhanced = mxp_explain_enhanced(asked->reply.enhanced);
    const struct mxp_reason_words *reason = mxp_explain_reason(what->reason);
    char text[16];
    if (code)
        fprintf(out, "  %-9s %s (%s)\n", code->name, code->meaning, code->source);
    if (enhanced)
        fprintf(out, "  %-9s %s (%s)\n", mxp_enhanced_text(asked->reply.enhanced, text),
                enhanced->meaning, enhanced->source);
    fprintf(out, "  meaning   %s\n", reason->meaning);
    fprintf(out, "  fault     %s\n", reason->fault);
    fprintf(out, "  sender    %s\n", reason->todo);
    if (enhanced && *enhanced->exception)
        fprintf(out, "  but       %s\n", enhanced->exception);
    if (what->blocklist.len)
        fprintf(out, "  blocklist %.*s\n", (int)what->blocklist.len, what->blocklist.ptr);
    if (what->retry_after_s)
        fprintf(out, "  wait      %u seconds, it says\n", what->retry_after_s);
    if (what->new_address.len)
        fprintf(out, "  now at    %.*s\n", (int)what->new_address.len, what->new_address.ptr);
}

static void print_reply(struct mxp_slice text, FILE *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        putc(c == '\n' ? ' ' : c < 0x20 || c == 0x7f ? '?' : c, out);
    }
}

static int explain_one(const struct mxp_options *options, const struct mxp_rules *rules,
                       const char *text, FILE *out)
{
    struct asked asked = {.stage = MXP_STAGE_UNKNOWN};
    struct mxp_slice found = mxp_explain_find(mxp_slice_str(text), &asked.stage);
    mxp_reply_parse(found, &asked.reply);
    ask(rules, &asked);
    if (options->json) {
        json_t *object = object_of(&asked);
        const struct mxp_reason_words *reason = mxp_explain_reason(asked.what.reason);
        json_object_set_new(object, "reply", text_or_null(found));
        json_object_set_new(object, "meaning", json_string(reason->meaning));
        json_object_set_new(object, "fault", json_string(reason->fault));
        json_object_set_new(object, "todo", json_string(reason->todo));
        return write_object(object, out);
    }
    print_reply(found, out);
    fprintf(out, "\n  %s: %s, action %s\n", mxp_reason_name(asked.what.reason),
            mxp_verdict_name(asked.what.verdict), mxp_action_name(asked.what.action));
    print_words(&asked, out);
    return 0;
}

int mxp_explain_run(const struct mxp_options *options, FILE *in, FILE *out, struct mxp_why *why)
{
    struct mxp_rules *rules = mxp_rules_new(options->rules, why);
    if (!rules)
        return MXP_ECONFIG;
    int err = 0;
    if (options->batch)
        err = batch(options, rules, in, out, why);
    for (size_t i = 0; !options->batch && i < options->n_args && !err; i++)
        err = explain_one(options, rules, options->args[i], out);
    mxp_rules_free(rules);
    if (!err && fflush(out))
        err = MXP_EIO;
    if (err == MXP_EIO)
        mxp_why_set(why, err, "cannot write: %s", strerror(errno));
    return err;
}
