#include "probe/explain/explain_lookup.h"

#include <stdio.h>
#include <string.h>

#include "probe/explain/explain_families.h"
#include "probe/explain/explain_match.h"

int mxp_explain_init(const struct mxp_options *options, bool with_data, struct mxp_explain *ret,
                     struct mxp_why *why)
{
    *ret = (struct mxp_explain){.options = options};
    ret->rules = mxp_rules_new(options->rules, why);
    if (!ret->rules)
        return MXP_ECONFIG;
    if (!with_data)
        return MXP_OK;
    ret->data = mxp_explain_data_new(why);
    ret->providers = mxp_provider_map_new();
    int err = ret->data ? MXP_OK : MXP_EBUG; /* the files are built in */
    if (!err && !ret->providers)
        err = mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    for (size_t i = 0; i < options->n_providers && !err; i++)
        for (size_t k = 0; k < options->providers[i].n_mx && !err; k++)
            err = mxp_provider_map_add(ret->providers, options->providers[i].mx[k], (uint32_t)i,
                                       options->providers[i].gateway);
    return err;
}

void mxp_explain_free(struct mxp_explain *explain)
{
    explain->rules = mxp_rules_free(explain->rules);
    explain->data = mxp_explain_data_free(explain->data);
    explain->providers = mxp_provider_map_free(explain->providers);
}

size_t mxp_explain_unescape(struct mxp_slice text, char *ret_text)
{
    size_t to = 0;
    for (size_t i = 0; i < text.len; i++) {
        char next = i + 1 < text.len ? text.ptr[i + 1] : '\0';
        bool escape = text.ptr[i] == '\\' && (next == 'n' || next == '\\');
        i += escape;
        ret_text[to++] = escape && next == 'n' ? '\n' : text.ptr[i];
    }
    return to;
}

static const char *provider_of_host(const struct mxp_explain *explain,
                                    const struct mxp_log_reply *log)
{
    struct mxp_slice host;
    char name[256];
    for (size_t at = 0; mxp_log_reply_host(log, &at, &host);) {
        if (host.len >= sizeof name)
            continue;
        for (size_t i = 0; i < host.len; i++)
            name[i] = mxp_lower(host.ptr[i]);
        name[host.len] = '\0';
        int64_t id = mxp_provider_map_find(explain->providers, name);
        if (id >= 0)
            return explain->options->providers[id].name;
    }
    return NULL;
}

static const struct mxp_explain_entry *find_entry(const struct mxp_explain *explain,
                                                  enum mxp_explain_kind kind, uint16_t code,
                                                  struct mxp_enhanced enhanced)
{
    const struct mxp_explain_entry *entry = explain->data->first[kind];
    while (entry && !mxp_explain_codes_fit(entry, code, enhanced))
        entry = entry->next;
    return entry;
}

static const struct mxp_explain_entry *find_reason(const struct mxp_explain *explain,
                                                   enum mxp_reason reason)
{
    const struct mxp_explain_entry *entry = explain->data->first[MXP_EXPLAIN_REASON];
    while (entry && entry->reason != reason)
        entry = entry->next;
    return entry;
}

enum mxp_reason mxp_explain_usual(const struct mxp_explained *explained)
{
    for (size_t i = 0; i < explained->n_families; i++)
        if (explained->families[i]->reason != MXP_REASON_COUNT)
            return explained->families[i]->reason;
    return explained->status ? explained->status->reason : MXP_REASON_COUNT;
}

bool mxp_explain_is_unproven(const struct mxp_explained *explained)
{
    return explained->reason->unproven && explained->what.verdict != MXP_VERDICT_INVALID;
}

const char *mxp_explain_fault(const struct mxp_explained *explained)
{
    for (size_t i = 0; i < explained->n_families; i++)
        if (explained->families[i]->fault &&
            explained->families[i]->reason == explained->what.reason)
            return explained->families[i]->fault;
    return explained->reason->fault;
}

const char *mxp_explain_todo(const struct mxp_explained *explained)
{
    const struct mxp_explain_entry *guide = explained->guide;
    if (mxp_explain_is_unproven(explained))
        return explained->reason->unproven;
    for (size_t i = 0; i < explained->n_families; i++)
        if (explained->families[i]->todo &&
            explained->families[i]->reason == explained->what.reason)
            return explained->families[i]->todo;
    if (guide && (guide->reason == explained->what.reason || explained->bare))
        return guide->todo;
    return explained->reason->todo;
}

unsigned mxp_explain_stages(const struct mxp_explained *explained)
{
    const struct mxp_explain_entry *entries[] = {
        explained->n_families ? explained->families[0] : NULL, explained->guide, explained->status,
        explained->bare ? explained->code : NULL, explained->reason};
    size_t i = 0;
    while (!entries[i])
        i++;
    return entries[i]->stages;
}

/* A bare enhanced code is asked as the reply that it would stand in; of an "x" as the temporary
 * one, which judges nothing. */
static void classify_bare(const struct mxp_explain *explain, uint16_t provider,
                          struct mxp_explained *ret)
{
    char text[40], code[16];
    struct mxp_enhanced enhanced = ret->enhanced;
    struct mxp_reply reply;
    if (enhanced.klass == MXP_EXPLAIN_ANY)
        enhanced.klass = 4;
    mxp_enhanced_text(enhanced, code);
    (void)snprintf(text, sizeof text, "%u50 %s", (unsigned)enhanced.klass % 10u, code);
    if (mxp_reply_parse(mxp_slice_str(text), &reply) == MXP_OK)
        mxp_classify(explain->rules, ret->stage, provider, &reply, &ret->what);
    ret->what.blocklist = ret->what.new_address = MXP_SLICE_NONE; /* of a text that is gone */
}

static void classify(const struct mxp_explain *explain, struct mxp_explained *ret)
{
    uint16_t provider = mxp_rules_provider(explain->rules, mxp_slice_str(ret->provider));
    enum mxp_reason named = mxp_reason_find(ret->log.reply);
    if (named != MXP_REASON_COUNT) { /* a reason is asked about, not a reply */
        ret->what = (struct mxp_classified){.reason = named,
                                            .verdict = MXP_VERDICT_UNKNOWN,
                                            .action = mxp_reason_action(named),
                                            .exists = MXP_TRI_UNKNOWN};
        if (named == MXP_REASON_ACCEPTED)
            ret->what.verdict = MXP_VERDICT_VALID;
        else if (mxp_reason_may_be_invalid(named))
            ret->what.verdict = MXP_VERDICT_INVALID;
        ret->bare = true;
        return;
    }
    mxp_classify(explain->rules, ret->stage, provider, &ret->reply, &ret->what);
    if (ret->bare && ret->reply.code == 0 && ret->enhanced.klass)
        classify_bare(explain, provider, ret);
}

/* No words beside the codes. */
static bool is_bare(const struct mxp_explained *ret)
{
    struct mxp_slice rest = mxp_slice_trim(ret->log.reply);
    struct mxp_enhanced enhanced;
    size_t len;
    if (ret->reply.code)
        rest = mxp_slice_sub(rest, 3, rest.len);
    while (rest.len && (rest.ptr[0] == '-' || rest.ptr[0] == ' '))
        rest = mxp_slice_sub(rest, 1, rest.len);
    if (mxp_explain_enhanced_at(rest, &enhanced, &len))
        rest = mxp_slice_sub(rest, len, rest.len);
    return rest.len == 0;
}

static int find_reply(struct mxp_slice text, struct mxp_explained *ret)
{
    struct mxp_slice trimmed = mxp_slice_trim(text);
    struct mxp_enhanced enhanced;
    size_t len;
    /* A backslash in JSON is JSON's. */
    bool json = trimmed.len && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
    int err = mxp_buf_reserve(&ret->asked, trimmed.len + 1);
    if (err)
        return err;
    if (json)
        err = mxp_buf_add_slice(&ret->asked, trimmed);
    else
        ret->asked.len = mxp_explain_unescape(trimmed, ret->asked.ptr);
    ret->asked.ptr[ret->asked.len] = '\0';
    err = err ? err : mxp_log_reply_find(mxp_buf_slice(&ret->asked), &ret->log);
    if (err)
        return err;
    ret->stage = ret->log.stage;
    err = mxp_explain_unfold(ret->log.reply, &ret->text);
    (void)mxp_reply_parse(mxp_buf_slice(&ret->text), &ret->reply); /* words alone will do */
    ret->enhanced = ret->reply.enhanced;
    if (!ret->reply.code && mxp_explain_enhanced_at(ret->log.reply, &enhanced, &len))
        ret->enhanced = enhanced;
    ret->bare = is_bare(ret);
    return err ? err : mxp_explain_flatten(ret->reply.text, &ret->flat);
}

int mxp_explain_lookup(const struct mxp_explain *explain, struct mxp_slice text,
                       struct mxp_explained *ret)
{
    *ret = (struct mxp_explained){.stage = MXP_STAGE_UNKNOWN};
    mxp_buf_init(&ret->asked, MXP_LOG_LINE_MAX + 64);
    mxp_buf_init(&ret->text, MXP_LOG_LINE_MAX + 64);
    mxp_buf_init(&ret->flat, MXP_LOG_LINE_MAX + 64);
    int err = find_reply(mxp_slice_sub(text, 0, MXP_LOG_LINE_MAX), ret);
    if (err)
        return err;
    ret->provider = provider_of_host(explain, &ret->log);
    mxp_explain_families_find(explain->data, ret);
    classify(explain, ret);
    mxp_explain_families_agree(ret);
    ret->reason = find_reason(explain, ret->what.reason);
    if (ret->reply.code)
        ret->code = find_entry(explain, MXP_EXPLAIN_CODE, ret->reply.code, ret->enhanced);
    if (ret->enhanced.klass)
        ret->status = find_entry(explain, MXP_EXPLAIN_ENHANCED, 0, ret->enhanced);
    if (ret->reply.code && ret->enhanced.klass)
        ret->guide = find_entry(explain, MXP_EXPLAIN_GUIDE, ret->reply.code, ret->enhanced);
    enum mxp_reason usual = mxp_explain_usual(ret);
    if (ret->what.reason == MXP_REASON_UNCLASSIFIED && usual != MXP_REASON_COUNT)
        ret->reason = find_reason(explain, usual);
    return ret->reason ? MXP_OK : MXP_EBUG;
}

void mxp_explained_free(struct mxp_explained *explained)
{
    mxp_buf_free(&explained->asked);
    mxp_buf_free(&explained->text);
    mxp_buf_free(&explained->flat);
    mxp_log_reply_free(&explained->log);
}
