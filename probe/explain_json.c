#include "probe/explain_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "probe/escape.h"

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

static json_t *tri(enum mxp_tri value)
{
    return value == MXP_TRI_UNKNOWN ? json_null() : json_boolean(value == MXP_TRI_YES);
}

static json_t *line_object(const char *provider, const struct mxp_reply *reply,
                           struct mxp_enhanced asked, const struct mxp_classified *what)
{
    char enhanced[16];
    mxp_enhanced_text(asked, enhanced);
    if (asked.klass == MXP_EXPLAIN_ANY)
        (void)snprintf(enhanced, sizeof enhanced, "x.%u.%u", asked.subject % 1000u,
                       asked.detail % 1000u);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", /**/
                     "verdict", mxp_verdict_name(what->verdict),                          /**/
                     "reason", mxp_reason_name(what->reason),                             /**/
                     "action", mxp_action_name(what->action),                             /**/
                     "code", reply->code ? json_integer(reply->code) : json_null(),       /**/
                     "enhanced", str_or_null(enhanced),                                   /**/
                     "provider", str_or_null(provider),                                   /**/
                     "retry_after_s",
                     what->retry_after_s ? json_integer(what->retry_after_s) : json_null(),
                     "blocklist", text_or_null(what->blocklist),     /**/
                     "new_address", text_or_null(what->new_address), /**/
                     "exists", tri(what->exists),                    /**/
                     "limit", str_or_null(mxp_limit_name(what->limit)), "footprint",
                     what->footprint ? json_true() : json_null(), "rule", str_or_null(what->rule));
}

static int dump(json_t *object, struct mxp_buf *out)
{
    if (!object)
        return MXP_ENOMEM;
    size_t need = json_dumpb(object, NULL, 0, JSON_COMPACT);
    int err = need ? mxp_buf_reserve(out, need + 1) : MXP_ENOMEM;
    if (!err) {
        out->len += json_dumpb(object, out->ptr + out->len, need, JSON_COMPACT);
        err = mxp_buf_add_char(out, '\n');
    }
    json_decref(object);
    return err;
}

int mxp_explain_json_line(const char *provider, const struct mxp_reply *reply,
                          const struct mxp_classified *what, struct mxp_buf *out)
{
    return dump(line_object(provider, reply, reply->enhanced, what), out);
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
    json_t *object =
        line_object(explained->provider, &explained->reply, explained->enhanced, &explained->what);
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o}", /**/
        "reply", text_or_null(explained->reply.text), "format", str_or_null(explained->log.format),
        "stage",
        str_or_null(explained->stage == MXP_STAGE_UNKNOWN ? NULL
                                                          : mxp_stage_name(explained->stage)),
        "meaning", reason->means, "fault", reason->fault, "todo", mxp_explain_todo(explained),
        "verification", reason->verify, "usual_stage", stages(mxp_explain_stages(explained)),
        "usual_reason", str_or_null(usual == MXP_REASON_COUNT ? NULL : mxp_reason_name(usual)),
        "source", reason->source, "known", known);
    if (object && json_object_update_new(object, more) == 0)
        return dump(object, out);
    json_decref(object);
    return MXP_ENOMEM;
}
