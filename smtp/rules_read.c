#include "smtp/rules_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int mxp_rules_bad(struct mxp_rules_reader *reader, const char *what, struct mxp_slice at)
{
    int len = at.len > 60 ? 60 : (int)at.len;
    return mxp_why_set(reader->why, MXP_ECONFIG, "%s:%u: %s: \"%.*s\"", reader->file, reader->line,
                       what, len, at.len ? at.ptr : "");
}

int mxp_rules_fail(struct mxp_rules_reader *reader, int err)
{
    return mxp_why_set(reader->why, err, "%s:%u: %s", reader->file, reader->line,
                       mxp_err_text(err));
}

/* The next piece of *rest up to c, trimmed. */
struct mxp_slice mxp_rules_cut(struct mxp_slice *rest, char c)
{
    size_t at = mxp_slice_find(*rest, c);
    struct mxp_slice piece = mxp_slice_sub(*rest, 0, at);
    *rest = at < rest->len ? mxp_slice_sub(*rest, at + 1, rest->len) : MXP_SLICE_NONE;
    return mxp_slice_trim(piece);
}

/* Where c stands outside parentheses, or s.len. */
size_t mxp_rules_find_outside(struct mxp_slice s, char c)
{
    int depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '(')
            depth++;
        else if (s.ptr[i] == ')')
            depth--;
        else if (s.ptr[i] == c && depth == 0)
            return i;
    }
    return s.len;
}

struct mxp_slice mxp_rules_cut_outside(struct mxp_slice *rest, char c)
{
    size_t at = mxp_rules_find_outside(*rest, c);
    struct mxp_slice piece = mxp_slice_sub(*rest, 0, at);
    *rest = at < rest->len ? mxp_slice_sub(*rest, at + 1, rest->len) : MXP_SLICE_NONE;
    return mxp_slice_trim(piece);
}

/* Put the values of $NAMES in their place. */
static int substitute(struct mxp_rules_reader *reader, struct mxp_slice text, struct mxp_buf *ret)
{
    const struct mxp_rules *rules = reader->rules;
    int err = 0;
    for (size_t i = 0; i < text.len && !err; i++) {
        if (text.ptr[i] != '$') {
            err = mxp_buf_add_char(ret, text.ptr[i]);
            continue;
        }
        size_t from = i + 1;
        while (i + 1 < text.len && (mxp_is_alnum(text.ptr[i + 1]) || text.ptr[i + 1] == '_'))
            i++;
        struct mxp_slice name = mxp_slice_sub(text, from, i + 1 - from);
        size_t k = 0;
        while (k < rules->n_lets && !mxp_slice_eq(rules->lets[k].name, name))
            k++;
        if (k == rules->n_lets)
            return mxp_rules_bad(reader, "no such name", name);
        err = mxp_buf_add_char(ret, '(');
        if (!err)
            err = mxp_buf_add_slice(ret, rules->lets[k].value);
        if (!err)
            err = mxp_buf_add_char(ret, ')');
    }
    return err ? mxp_rules_fail(reader, err) : 0;
}

static int read_let(struct mxp_rules_reader *reader, struct mxp_slice text)
{
    struct mxp_rules *rules = reader->rules;
    struct mxp_slice value = text, name = mxp_rules_cut(&value, '=');
    if (!name.len || !value.len || rules->n_lets >= MXP_LETS_MAX)
        return mxp_rules_bad(reader, "expected let NAME = phrases", text);
    const char *kept = mxp_arena_strdup(&reader->rules->arena, mxp_slice_trim(value));
    const char *kept_name = mxp_arena_strdup(&reader->rules->arena, name);
    if (!kept || !kept_name)
        return mxp_rules_fail(reader, MXP_ENOMEM);
    rules->lets[rules->n_lets++] = (struct mxp_let){mxp_slice_str(kept_name), mxp_slice_str(kept)};
    return 0;
}

/* "know a|b": words that say nothing of a cause, so that words=known does not stumble over them;
 * "beside a|b": words beside which it does over unknown ones. */
static int read_known(struct mxp_rules_reader *reader, struct mxp_slice text, bool marks)
{
    struct mxp_bad_term bad = {0};
    uint16_t id;
    int err = mxp_rules_term(reader->rules, text, &id, &bad);
    if (bad.what)
        return mxp_rules_bad(reader, bad.what, text);
    if (!err && marks)
        mxp_rules_mark(reader->rules, text);
    return err ? mxp_rules_fail(reader, err) : 0;
}

static size_t find_arrow(struct mxp_slice s)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.ptr[i] == '-' && s.ptr[i + 1] == '>')
            return i;
    return s.len;
}

static int name_rule(struct mxp_rules_reader *reader)
{
    char name[300];
    int n = snprintf(name, sizeof name, "%s:%u", reader->file, reader->line);
    reader->rule.name = mxp_arena_strdup(
        &reader->rules->arena, (struct mxp_slice){name, n > 0 && n < 300 ? (size_t)n : 0});
    return reader->rule.name ? 0 : mxp_rules_fail(reader, MXP_ENOMEM);
}

/* "reason conditions : expression -> flags", or the same behind "also" */
static int read_rule(struct mxp_rules_reader *reader, struct mxp_slice text)
{
    size_t colon = mxp_slice_find(text, ':');
    if (colon == text.len)
        return mxp_rules_bad(reader, "expected REASON CONDITIONS : PHRASES", text);
    struct mxp_slice head = mxp_slice_trim(mxp_slice_sub(text, 0, colon));
    struct mxp_slice body = mxp_slice_sub(text, colon + 1, text.len);
    size_t arrow = find_arrow(body);
    struct mxp_slice flags = arrow < body.len
                                 ? mxp_slice_trim(mxp_slice_sub(body, arrow + 2, body.len))
                                 : MXP_SLICE_NONE;
    struct mxp_slice reason = mxp_rules_cut(&head, ' ');
    reader->rule = (struct mxp_rule){.exists = MXP_TRI_UNKNOWN};
    reader->when.n_codes = reader->when.n_enhanced = reader->when.n_providers = 0;
    if (mxp_slice_eq(reason, MXP_SLICE_LIT("also"))) {
        reader->rule.also = true;
        reason = mxp_rules_cut(&head, ' ');
    }
    reader->rule.reason = (uint8_t)mxp_reason_find(reason);
    if (reader->rule.reason == MXP_REASON_COUNT)
        return mxp_rules_bad(reader, "no such reason", reason);
    int err = name_rule(reader);
    while (!err && (head = mxp_slice_trim(head)).len)
        err = mxp_rules_condition(reader, mxp_rules_cut(&head, ' '));
    while (!err && (flags = mxp_slice_trim(flags)).len)
        err = mxp_rules_flag(reader, mxp_rules_cut(&flags, ' '));
    return err ? err : mxp_rules_expression(reader, mxp_slice_trim(mxp_slice_sub(body, 0, arrow)));
}

static int read_logical(struct mxp_rules_reader *reader, struct mxp_slice text)
{
    struct mxp_buf full;
    mxp_buf_init(&full, MXP_RULE_TEXT_CAP);
    int err = substitute(reader, text, &full);
    text = mxp_slice_trim(mxp_buf_slice(&full));
    if (!err && mxp_slice_istarts(text, MXP_SLICE_LIT("let ")))
        err = read_let(reader, mxp_slice_trim(mxp_slice_sub(text, 4, text.len)));
    else if (!err && mxp_slice_istarts(text, MXP_SLICE_LIT("know ")))
        err = read_known(reader, mxp_slice_trim(mxp_slice_sub(text, 5, text.len)), false);
    else if (!err && mxp_slice_istarts(text, MXP_SLICE_LIT("beside ")))
        err = read_known(reader, mxp_slice_trim(mxp_slice_sub(text, 7, text.len)), true);
    else if (!err)
        err = read_rule(reader, text);
    mxp_buf_free(&full);
    return err;
}

/* A line that starts with a blank goes on with the one before. */
int mxp_rules_read(struct mxp_rules *rules, const char *file, struct mxp_slice text,
                   struct mxp_why *why)
{
    struct mxp_rules_reader *reader = calloc(1, sizeof *reader);
    struct mxp_buf logical;
    unsigned number = 0;
    int err = reader ? 0 : MXP_ENOMEM;
    mxp_buf_init(&logical, MXP_RULE_TEXT_CAP);
    if (reader) {
        reader->rules = rules;
        reader->why = why;
        reader->file = mxp_arena_strdup(&rules->arena, mxp_slice_str(file));
    }
    while (!err && (text.len || logical.len)) {
        size_t end = mxp_slice_find(text, '\n');
        struct mxp_slice line = mxp_slice_sub(text, 0, end);
        bool goes_on = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        bool comment = mxp_slice_trim(line).len == 0 || mxp_slice_trim(line).ptr[0] == '#';
        if (logical.len && (!goes_on || !text.len) && !(comment && text.len)) {
            err = read_logical(reader, mxp_slice_trim(mxp_buf_slice(&logical)));
            mxp_buf_clear(&logical);
            if (!text.len)
                break;
        }
        number++;
        text = end < text.len ? mxp_slice_sub(text, end + 1, text.len) : MXP_SLICE_NONE;
        if (err || comment)
            continue;
        if (!logical.len)
            reader->line = number;
        err = mxp_buf_add_char(&logical, ' ');
        if (!err)
            err = mxp_buf_add_slice(&logical, line);
        if (err)
            mxp_rules_fail(reader, err);
    }
    mxp_buf_free(&logical);
    free(reader);
    return err;
}
