#include "probe/result/result_row.h"

#include "probe/result/address_facts.h"
#include "probe/result/escape.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_CAP 65536

const char *mxp_field_name(enum mxp_field field)
{
    static const char *const names[] = {
#define X(name) #name,
        MXP_FIELD_MAP(X)
#undef X
    };
    return names[field];
}

static void set_text(struct mxp_value *value, struct mxp_slice text)
{
    if (text.len)
        *value = (struct mxp_value){.kind = MXP_KIND_TEXT, .text = text};
}

static void set_str(struct mxp_value *value, const char *text)
{
    set_text(value, mxp_slice_str(text));
}

static void set_number(struct mxp_value *value, uint64_t number)
{
    *value = (struct mxp_value){.kind = MXP_KIND_NUMBER, .number = number};
}

static void set_bool(struct mxp_value *value, bool truth)
{
    *value = (struct mxp_value){.kind = MXP_KIND_BOOL, .number = truth};
}

static void set_tri(struct mxp_value *value, enum mxp_tri tri)
{
    if (tri != MXP_TRI_UNKNOWN)
        set_bool(value, tri == MXP_TRI_YES);
}

/* Parts of scratch, which may move while it grows: offsets until all is there. */
struct part {
    enum mxp_field field;
    size_t from;
};

static int add_escaped(struct mxp_buf *scratch, struct part *parts, size_t *n, enum mxp_field field,
                       struct mxp_slice text)
{
    parts[(*n)++] = (struct part){field, scratch->len};
    return field == MXP_FIELD_address ? mxp_escape_utf8(text, scratch) : mxp_escape(text, scratch);
}

static int add_time(struct mxp_buf *scratch, uint64_t unix_s)
{
    time_t seconds = (time_t)unix_s;
    struct tm tm;
    char text[32];
    if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return 0;
    return mxp_buf_add_str(scratch, text);
}

static void set_facts(const struct mxp_row *row, struct mxp_value *values)
{
    struct mxp_address_facts facts = {0};
    struct mxp_slice local = row->normalized;
    if (local.len == 0)
        return;
    while (local.len && local.ptr[local.len - 1] != '@')
        local.len--;
    local.len -= local.len > 0;
    mxp_address_facts(local, row->domain, &facts);
    set_bool(&values[MXP_FIELD_role], facts.role);
    set_bool(&values[MXP_FIELD_disposable], facts.disposable);
    set_bool(&values[MXP_FIELD_free], facts.free);
    set_str(&values[MXP_FIELD_suggestion], facts.suggestion);
}

static void set_plain(const struct mxp_row *row, const struct mxp_result *result,
                      struct mxp_value *values)
{
    set_number(&values[MXP_FIELD_line], row->line);
    set_text(&values[MXP_FIELD_normalized], row->normalized);
    set_str(&values[MXP_FIELD_verdict], mxp_verdict_name(result->verdict));
    set_str(&values[MXP_FIELD_reason], mxp_reason_name(result->reason));
    set_str(&values[MXP_FIELD_action], mxp_action_name(result->action));
    set_str(&values[MXP_FIELD_stage], mxp_stage_name(result->stage));
    if (result->code)
        set_number(&values[MXP_FIELD_code], result->code);
    set_tri(&values[MXP_FIELD_catch_all], result->catch_all);
    set_str(&values[MXP_FIELD_tls], result->tls);
    set_number(&values[MXP_FIELD_attempts], result->attempts);
    set_number(&values[MXP_FIELD_duration_ms], result->duration_ms);
    if (result->retry_after_s)
        set_number(&values[MXP_FIELD_retry_after_s], result->retry_after_s);
    set_tri(&values[MXP_FIELD_exists], result->exists);
    set_str(&values[MXP_FIELD_limit], result->limit);
    if (result->footprint)
        set_bool(&values[MXP_FIELD_footprint], true);
}

int mxp_row_values(const struct mxp_row *row, const struct mxp_result *result,
                   struct mxp_buf *scratch, struct mxp_value ret[static MXP_FIELD_COUNT])
{
    struct part parts[10];
    size_t n = 0;
    char ip[MXP_IP_TEXT_MAX], enhanced[16];
    memset(ret, 0, MXP_FIELD_COUNT * sizeof *ret);
    mxp_buf_clear(scratch);
    set_plain(row, result, ret);
    set_facts(row, ret);
    int err = add_escaped(scratch, parts, &n, MXP_FIELD_address, row->address);
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_provider, mxp_slice_str(result->provider));
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_mx, mxp_slice_str(result->mx));
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_text, result->text);
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_blocklist, result->blocklist);
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_new_address, result->new_address);
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_ip,
                          mxp_slice_str(mxp_ip_text(&result->ip, ip)));
    if (!err)
        err = add_escaped(scratch, parts, &n, MXP_FIELD_enhanced,
                          mxp_slice_str(mxp_enhanced_text(result->enhanced, enhanced)));
    parts[n++] = (struct part){MXP_FIELD_checked_at, scratch->len};
    ret[MXP_FIELD_address] = (struct mxp_value){.kind = MXP_KIND_TEXT, .text = MXP_SLICE_LIT("")};
    if (!err)
        err = add_time(scratch, result->checked_at);
    struct mxp_slice all = mxp_buf_slice(scratch);
    for (size_t i = 0; i < n && !err; i++) {
        size_t end = i + 1 < n ? parts[i + 1].from : all.len;
        set_text(&ret[parts[i].field], mxp_slice_sub(all, parts[i].from, end - parts[i].from));
    }
    return err;
}

static int csv_field(struct mxp_slice text, struct mxp_buf *out)
{
    bool quote = false;
    for (size_t i = 0; i < text.len && !quote; i++)
        quote = text.ptr[i] == '"' || text.ptr[i] == ',' || text.ptr[i] == '\n' ||
                text.ptr[i] == '\r' || (i == 0 && text.ptr[i] == ' ');
    if (!quote)
        return mxp_buf_add_slice(out, text);
    int err = mxp_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len && !err; i++) {
        if (text.ptr[i] == '"')
            err = mxp_buf_add_char(out, '"');
        if (!err)
            err = mxp_buf_add_char(out, text.ptr[i]);
    }
    return err ? err : mxp_buf_add_char(out, '"');
}

static int csv_value(const struct mxp_value *value, struct mxp_buf *out)
{
    switch (value->kind) {
    case MXP_KIND_TEXT:
        return csv_field(value->text, out);
    case MXP_KIND_NUMBER:
        return mxp_buf_printf(out, "%llu", (unsigned long long)value->number);
    case MXP_KIND_BOOL:
        return mxp_buf_add_str(out, value->number ? "true" : "false");
    case MXP_KIND_NULL:
        break;
    }
    return 0;
}

/* The list's own columns; a record with more fields than columns keeps them in the last. */
static int csv_own(const struct mxp_row *row, size_t n_own, struct mxp_buf *out)
{
    int err = 0;
    for (size_t i = 0; i < n_own && !err; i++) {
        struct mxp_slice field = i < row->n_fields ? row->fields[i] : MXP_SLICE_NONE;
        if (i + 1 == n_own && row->n_fields > n_own) {
            struct mxp_buf rest;
            mxp_buf_init(&rest, 1 << 20);
            for (size_t k = i; k < row->n_fields && !err; k++) {
                if (k > i)
                    err = mxp_buf_add_char(&rest, ',');
                if (!err)
                    err = mxp_buf_add_slice(&rest, row->fields[k]);
            }
            if (!err)
                err = csv_field(mxp_buf_slice(&rest), out);
            mxp_buf_free(&rest);
        } else {
            err = csv_field(field, out);
        }
        if (!err)
            err = mxp_buf_add_char(out, ',');
    }
    return err;
}

int mxp_row_csv(const struct mxp_row *row, size_t n_own, const struct mxp_value *values,
                struct mxp_buf *out)
{
    int err = csv_own(row, n_own, out);
    for (int i = 0; i < MXP_FIELD_COUNT && !err; i++) {
        if (i)
            err = mxp_buf_add_char(out, ',');
        if (!err)
            err = csv_value(&values[i], out);
    }
    return err ? err : mxp_buf_add_char(out, '\n');
}

static bool is_own(const char *const *own, size_t n_own, const char *name)
{
    for (size_t i = 0; own && i < n_own; i++)
        if (mxp_slice_ieq(mxp_slice_trim(mxp_slice_str(own[i])), mxp_slice_str(name)))
            return true;
    return false;
}

/* Our name, with as many prefixes as make it the only one: a list may be a result of ours. */
static int header_field(const char *const *own, size_t n_own, enum mxp_field field,
                        struct mxp_buf *out)
{
    struct mxp_buf name;
    mxp_buf_init(&name, NAME_CAP);
    int err = mxp_buf_add_str(&name, mxp_field_name(field));
    while (!err && is_own(own, n_own, name.ptr)) {
        struct mxp_buf longer;
        mxp_buf_init(&longer, NAME_CAP);
        err = mxp_buf_printf(&longer, "%s%s", MXP_FIELD_PREFIX, name.ptr);
        mxp_buf_free(&name);
        name = longer;
    }
    if (!err && field)
        err = mxp_buf_add_char(out, ',');
    if (!err)
        err = mxp_buf_add_str(out, name.ptr);
    mxp_buf_free(&name);
    return err;
}

int mxp_row_header(const char *const *own, size_t n_own, struct mxp_buf *out)
{
    int err = 0;
    for (size_t i = 0; i < n_own && !err; i++) {
        err = own ? csv_field(mxp_slice_str(own[i]), out) : mxp_buf_printf(out, "column%zu", i + 1);
        if (!err)
            err = mxp_buf_add_char(out, ',');
    }
    for (int i = 0; i < MXP_FIELD_COUNT && !err; i++)
        err = header_field(own, n_own, (enum mxp_field)i, out);
    return err ? err : mxp_buf_add_char(out, '\n');
}

static json_t *json_value(const struct mxp_value *value)
{
    switch (value->kind) {
    case MXP_KIND_TEXT:
        return json_stringn(value->text.ptr, value->text.len);
    case MXP_KIND_NUMBER:
        return json_integer((json_int_t)value->number);
    case MXP_KIND_BOOL:
        return json_boolean(value->number);
    case MXP_KIND_NULL:
        break;
    }
    return json_null();
}

static int dump(const char *bytes, size_t len, void *arg)
{
    return mxp_buf_add(arg, bytes, len);
}

int mxp_row_json(const struct mxp_value *values, struct mxp_buf *out)
{
    json_t *object = json_object();
    int err = object ? 0 : MXP_ENOMEM;
    for (int i = 0; i < MXP_FIELD_COUNT && !err; i++)
        if (json_object_set_new(object, mxp_field_name((enum mxp_field)i), json_value(&values[i])))
            err = MXP_ENOMEM;
    if (!err && json_dump_callback(object, dump, out, JSON_COMPACT))
        err = MXP_ENOMEM;
    json_decref(object);
    return err ? err : mxp_buf_add_char(out, '\n');
}
