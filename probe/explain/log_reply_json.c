#include "probe/explain/log_reply_internal.h"

#include <jansson.h>
#include <string.h>

#define DEPTH_MAX 16

/* What was found in an event so far; the best text has the lowest rank. */
struct event {
    struct mxp_log_reply *ret;
    const char *text, *status; /* status: an enhanced code beside a text without one */
    size_t rank;
    json_int_t code;
    int err;
};

/* Keys under which events have the reply, the surest first; "-" and "_" and case count for
 * nothing. */
static const char *const text_keys[] = {"diagnosticcode", "smtpresponse", "smtpreply", "rawreason",
                                        "diag",           "reason",       "response",  "content",
                                        "output",         "message",      "details",   "detail",
                                        "description",    "error",        "text"};
static const char *const code_keys[] = {"code", "smtpcode", "errorcode", "statuscode",
                                        "smtpstatus"};
static const char *const status_keys[] = {"status", "enhancedcode", "enhancedstatuscode", "dsn"};
static const char *const host_keys[] = {
    "mx",     "mxhost", "mxserver", "host",   "hostname", "relay",        "remotehost", "remotemta",
    "server", "peer",   "name",     "remote", "smtphost", "remoteserver", "destination"};

#define N(list) (sizeof(list) / sizeof *(list))

static bool key_is(const char *key, const char *name)
{
    for (;; key++) {
        if (*key == '-' || *key == '_')
            continue;
        if (!*key || mxp_lower(*key) != mxp_lower(*name))
            return !*key && !*name;
        name++;
    }
}

static size_t key_in(const char *key, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (key_is(key, names[i]))
            return i;
    return n;
}

static void take_text(struct event *event, const char *key, const char *text)
{
    struct mxp_slice slice = mxp_slice_str(text);
    size_t rank = key_in(key, text_keys, N(text_keys));
    bool code = mxp_log_code_at(slice, 0) || mxp_log_find_code(slice, true) < slice.len;
    if (!code)
        rank += N(text_keys) + 1; /* behind all that have a code */
    if (slice.len && key_in(key, text_keys, N(text_keys)) < N(text_keys) && rank < event->rank) {
        event->text = text;
        event->rank = rank;
    }
    if (key_in(key, status_keys, N(status_keys)) < N(status_keys) && slice.len >= 5 &&
        mxp_is_digit(text[0]) && text[1] == '.' && !event->status)
        event->status = text;
    if (key_in(key, host_keys, N(host_keys)) < N(host_keys) && !event->err) {
        event->err = mxp_buf_add_str(&event->ret->own_hosts, text);
        event->err = event->err ? event->err : mxp_buf_add_char(&event->ret->own_hosts, '\n');
    }
}

static void walk(struct event *event, const char *key, const json_t *value, unsigned depth)
{
    const char *name;
    const json_t *child;
    size_t i;
    if (depth > DEPTH_MAX)
        return;
    if (json_is_string(value)) {
        take_text(event, key, json_string_value(value));
    } else if (json_is_integer(value)) {
        json_int_t code = json_integer_value(value);
        if (key_in(key, code_keys, N(code_keys)) < N(code_keys) && code >= 200 && code <= 599)
            event->code = code;
    } else if (json_is_object(value)) {
        for (void *at = json_object_iter((json_t *)value); at;
             at = json_object_iter_next((json_t *)value, at)) {
            name = json_object_iter_key(at);
            walk(event, name, json_object_iter_value(at), depth + 1);
        }
    } else if (json_is_array(value)) {
        for (i = 0; i < json_array_size(value) && (child = json_array_get(value, i)); i++)
            walk(event, key, child, depth + 1);
    }
}

/* The text's own reply, or one made of the event's code and its text. */
static int compose(const struct event *event, struct mxp_buf *own)
{
    struct mxp_slice text = mxp_slice_str(event->text);
    size_t at = mxp_log_code_at(text, 0) ? 0 : mxp_log_find_code(text, true);
    if (at < text.len)
        return mxp_buf_add_slice(own, mxp_log_close(mxp_slice_sub(text, at, text.len)));
    int err = MXP_OK;
    if (event->code)
        err = mxp_buf_printf(own, "%d ", (int)event->code);
    if (!err && event->status && !(text.len > 1 && mxp_is_digit(text.ptr[0]) && text.ptr[1] == '.'))
        err = mxp_buf_printf(own, "%.16s ", event->status);
    return err ? err : mxp_buf_add_slice(own, text);
}

int mxp_log_json(struct mxp_slice text, struct mxp_log_reply *ret)
{
    size_t at = mxp_slice_find(text, '{');
    json_t *root = NULL;
    if (at < text.len)
        root = json_loadb(text.ptr + at, text.len - at, JSON_DISABLE_EOF_CHECK, NULL);
    if (!root)
        return MXP_ENOENT;
    struct event event = {.ret = ret, .rank = 2 * N(text_keys) + 1};
    walk(&event, "", root, 0);
    int err = event.err;
    if (!err && event.text) {
        err = compose(&event, &ret->own);
        ret->reply = mxp_slice_trim(mxp_buf_slice(&ret->own));
        ret->hosts = mxp_buf_slice(&ret->own_hosts);
        ret->format = "json";
    } else if (!err) {
        err = MXP_ENOENT;
    }
    json_decref(root);
    return err;
}
