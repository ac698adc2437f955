#include "probe/explain/explain_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "probe/result/escape.h"

/* Octets that are no UTF-8 and control octets are written as \xHH, as in results. */
static json_t *text_or_null(struct mxp_slice text)
{
    struct mxp_buf buf;
    json_t *value = NULL;
    if (text.len == 0)
        return json_null();
    mxp_buf_init(&buf, 4 * MXP_LOG_LINE_MAX + 64);
    if (mxp_escape(text, &buf) == 0)
        value = json_stringn(buf.ptr, buf.len);
    mxp_buf_free(&buf);
    return value;
}

static json_t *str_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

/* A batch writes nothing but these lines: a tree for each of them would take ten times as long as
 * the classifier. */
static int add_text(struct mxp_buf *out, const char *name, struct mxp_slice text)
{
    bool plain = text.len > 0;
    int err = mxp_buf_add_str(out, name);
    for (size_t i = 0; i < text.len && plain; i++) {
        char c = text.ptr[i];
        plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
    }
    if (plain) {
        err = err ? err : mxp_buf_add_char(out, '"');
        err = err ? err : mxp_buf_add_slice(out, text);
        return err ? err : mxp_buf_add_char(out, '"');
    }
    if (text.len == 0)
        return err ? err : mxp_buf_add_str(out, "null");
    json_t *value = text_or_null(text);
    char *written = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (!err)
        err = written ? mxp_buf_add_str(out, written) : MXP_ENOMEM;
    free(written);
    json_decref(value);
    return err;
}

static int add_str(struct mxp_buf *out, const char *name, const char *text)
{
    return add_text(out, name, mxp_slice_str(text));
}

static int add_number(struct mxp_buf *out, const char *name, uint32_t number)
{
    char text[16];
    int err = mxp_buf_add_str(out, name);
    (void)snprintf(text, sizeof text, "%u", (unsigned)number);
    return err ? err : mxp_buf_add_str(out, number ? text : "null");
}

/* Without the closing brace. */
static int add_line(const char *provider, const struct mxp_reply *reply, struct mxp_enhanced asked,
                    const struct mxp_classified *what, struct mxp_buf *out)
{
    static const char *const exists[] = {",\"exists\":null", ",\"exists\":false",
                                         ",\"exists\":true"};
    char enhanced[16];
    mxp_enhanced_text(asked, enhanced);
    if (asked.klass == MXP_EXPLAIN_ANY)
        (void)snprintf(enhanced, sizeof enhanced, "x.%u.%u", asked.subject % 1000u,
                       asked.detail % 1000u);
    int err = add_str(out, "{\"verdict\":", mxp_verdict_name(what->verdict));
    err = err ? err : add_str(out, ",\"reason\":", mxp_reason_name(what->reason));
    err = err ? err : add_str(out, ",\"action\":", mxp_action_name(what->action));
    err = err ? err : add_number(out, ",\"code\":", reply->code);
    err = err ? err : add_str(out, ",\"enhanced\":", enhanced);
    err = err ? err : add_str(out, ",\"provider\":", provider);
    err = err ? err : add_number(out, ",\"retry_after_s\":", what->retry_after_s);
    err = err ? err : add_text(out, ",\"blocklist\":", what->blocklist);
    err = err ? err : add_text(out, ",\"new_address\":", what->new_address);
    err = err ? err : mxp_buf_add_str(out, exists[what->exists + 1]);
    err = err ? err : add_str(out, ",\"limit\":", mxp_limit_name(what->limit));
    err =
        err ? err
            : mxp_buf_add_str(out, what->footprint ? ",\"footprint\":true" : ",\"footprint\":null");
    return err ? err : add_str(out, ",\"rule\":", what->rule);
}

int mxp_explain_json_line(const char *provider, const struct mxp_reply *reply,
                          const struct mxp_classified *what, struct mxp_buf *out)
{
    int err = add_line(provider, reply, reply->enhanced, what, out);
    return err ? err : mxp_buf_add_str(out, "}\n");
}

/* The members of an object behind those of a line. */
static int add_members(json_t *object, struct mxp_buf *out)
{
    char *written = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int err = written ? mxp_buf_add_char(out, ',') : MXP_ENOMEM;
    err = err ? err : mxp_buf_add_str(out, written + 1);
    err = err ? err : mxp_buf_add_char(out, '\n');
    free(written);
    json_decref(object);
    return err;
}

static json_t *stages(unsigned bits)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < MXP_STAGE_COUNT; i++)
        if (bits & (1u << i))
            (void)json_array_append_new(list, json_string(mxp_stage_name((enum mxp_stage)i)));
    return list;
}

static json_t *entry_object(const struct mxp_explain_entry *entry)
{
    const struct mxp_explain_group *group = entry->group;
    enum mxp_reason reason = entry->reason;
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "kind",
                     mxp_explain_kind_name(entry->kind), "key", entry->key, "provider",
                     str_or_null(group && !group->anywhere ? group->provider : NULL), "meaning",
                     entry->means, "stage", stages(entry->stages), "reason",
                     str_or_null(reason == MXP_REASON_COUNT ? NULL : mxp_reason_name(reason)),
                     "todo", str_or_null(entry->todo), "exception", str_or_null(entry->but),
                     "pattern", str_or_null(entry->pattern), "class", str_or_null(entry->klass),
                     "trust", str_or_null(entry->trust), "source", entry->source);
}

int mxp_explain_json(const struct mxp_explained *explained, struct mxp_buf *out)
{
    const struct mxp_explain_entry *reason = explained->reason;
    const struct mxp_explain_entry *entries[] = {explained->guide, explained->code,
                                                 explained->status};
    enum mxp_reason usual = mxp_explain_usual(explained);
    json_t *known = json_array();
    for (size_t i = 0; i < explained->n_families; i++)
        (void)json_array_append_new(known, entry_object(explained->families[i]));
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (entries[i])
            (void)json_array_append_new(known, entry_object(entries[i]));
    int err = add_line(explained->provider, &explained->reply, explained->enhanced,
                       &explained->what, out);
    json_t *more = json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o}", /**/
                             "reply", text_or_null(explained->reply.text), "format",
                             str_or_null(explained->log.format), "stage",
                             str_or_null(explained->stage == MXP_STAGE_UNKNOWN
                                             ? NULL
                                             : mxp_stage_name(explained->stage)),
                             "meaning", reason->means, "fault", mxp_explain_fault(explained),
                             "todo", mxp_explain_todo(explained), "verification", reason->verify,
                             "usual_stage", stages(mxp_explain_stages(explained)), "usual_reason",
                             str_or_null(usual == MXP_REASON_COUNT ? NULL : mxp_reason_name(usual)),
                             "source", reason->source, "known", known);
    if (err)
        json_decref(more);
    return err ? err : add_members(more, out);
}
