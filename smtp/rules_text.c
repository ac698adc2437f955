#include "core/buf.h"
#include "smtp/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define TEXT_CAP  16384 /* of one rule, macros expanded */
#define LISTS_MAX 64    /* values of one condition */
#define LETS_MAX  128

#define MXP_TERM_PHRASES 4096
#define MXP_RULE_WITHOUT 20

struct let {
    struct mxp_slice name, value;
};

struct condition {
    uint16_t from[LISTS_MAX], to[LISTS_MAX]; /* codes */
    struct mxp_enhanced enhanced[LISTS_MAX];
    uint16_t providers[LISTS_MAX];
    size_t n_codes, n_enhanced, n_providers;
};

struct reader {
    struct mxp_rules *rules;
    struct mxp_why *why;
    const char *file;
    unsigned line;
    struct let lets[LETS_MAX];
    size_t n_lets;
    struct condition when;
    struct mxp_rule rule; /* without its terms */
};

static int bad(struct reader *reader, const char *what, struct mxp_slice at)
{
    int len = at.len > 60 ? 60 : (int)at.len;
    return mxp_why_set(reader->why, MXP_ECONFIG, "%s:%u: %s: \"%.*s\"", reader->file, reader->line,
                       what, len, at.len ? at.ptr : "");
}

static int fail(struct reader *reader, int err)
{
    return mxp_why_set(reader->why, err, "%s:%u: %s", reader->file, reader->line,
                       mxp_err_text(err));
}

/* The next piece of *rest up to c, trimmed. */
static struct mxp_slice cut(struct mxp_slice *rest, char c)
{
    size_t at = mxp_slice_find(*rest, c);
    struct mxp_slice piece = mxp_slice_sub(*rest, 0, at);
    *rest = at < rest->len ? mxp_slice_sub(*rest, at + 1, rest->len) : MXP_SLICE_NONE;
    return mxp_slice_trim(piece);
}

/* Where c stands outside parentheses, or s.len. */
static size_t find_outside(struct mxp_slice s, char c)
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

static struct mxp_slice cut_outside(struct mxp_slice *rest, char c)
{
    size_t at = find_outside(*rest, c);
    struct mxp_slice piece = mxp_slice_sub(*rest, 0, at);
    *rest = at < rest->len ? mxp_slice_sub(*rest, at + 1, rest->len) : MXP_SLICE_NONE;
    return mxp_slice_trim(piece);
}

static int provider_get(struct mxp_rules *rules, struct mxp_slice name, uint16_t *ret)
{
    *ret = mxp_rules_provider(rules, name);
    if (*ret)
        return 0;
    if (rules->n_providers >= rules->size_providers) {
        uint16_t size = (uint16_t)(rules->size_providers ? rules->size_providers * 2 : 64);
        const char **grown = realloc(rules->providers, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        rules->providers = grown;
        rules->size_providers = size;
    }
    const char *kept = mxp_arena_strdup(&rules->arena, name);
    if (!kept)
        return MXP_ENOMEM;
    rules->providers[rules->n_providers++] = kept;
    *ret = rules->n_providers;
    return 0;
}

static int read_stages(struct reader *reader, struct mxp_slice values)
{
    while (values.len) {
        struct mxp_slice name = cut(&values, ',');
        enum mxp_stage stage = mxp_stage_find(name);
        if (stage == MXP_STAGE_COUNT)
            return bad(reader, "no such stage", name);
        reader->rule.stages |= MXP_STAGE_BIT(stage);
    }
    return 0;
}

/* "550", "5xx", "55x" */
static int read_codes(struct reader *reader, struct mxp_slice values)
{
    struct condition *when = &reader->when;
    while (values.len) {
        struct mxp_slice text = cut(&values, ',');
        uint16_t from = 0, to = 0;
        if (text.len != 3 || when->n_codes >= LISTS_MAX)
            return bad(reader, "expected a code as 550, 55x or 5xx", text);
        for (size_t i = 0; i < 3; i++) {
            bool any = text.ptr[i] == 'x';
            if (!any && !mxp_is_digit(text.ptr[i]))
                return bad(reader, "expected a code as 550, 55x or 5xx", text);
            from = (uint16_t)(from * 10 + (any ? 0 : text.ptr[i] - '0'));
            to = (uint16_t)(to * 10 + (any ? 9 : text.ptr[i] - '0'));
        }
        when->from[when->n_codes] = from;
        when->to[when->n_codes++] = to;
    }
    return 0;
}

/* "5.1.1", "x.1.1", "5.7.x" */
static int read_enhanced(struct reader *reader, struct mxp_slice values)
{
    struct condition *when = &reader->when;
    while (values.len) {
        struct mxp_slice text = cut(&values, ','), rest = text;
        uint16_t part[3];
        for (int i = 0; i < 3; i++) {
            struct mxp_slice one = cut(&rest, '.');
            uint64_t n = MXP_ANY_ENHANCED;
            if (!mxp_slice_eq(one, MXP_SLICE_LIT("x")) && mxp_slice_number(one, 999, &n))
                return bad(reader, "expected an enhanced code as 5.1.1 or x.1.1", text);
            part[i] = (uint16_t)n;
        }
        if (rest.len || when->n_enhanced >= LISTS_MAX)
            return bad(reader, "expected an enhanced code as 5.1.1 or x.1.1", text);
        when->enhanced[when->n_enhanced++] = (struct mxp_enhanced){part[0], part[1], part[2]};
    }
    return 0;
}

static int read_providers(struct reader *reader, struct mxp_slice values)
{
    struct condition *when = &reader->when;
    while (values.len) {
        struct mxp_slice name = cut(&values, ',');
        if (!name.len || when->n_providers >= LISTS_MAX)
            return bad(reader, "expected names of providers", name);
        int err = provider_get(reader->rules, name, &when->providers[when->n_providers++]);
        if (err)
            return fail(reader, err);
    }
    return 0;
}

static int read_condition(struct reader *reader, struct mxp_slice word)
{
    struct mxp_slice values = word, key = cut(&values, '=');
    if (mxp_slice_eq(key, MXP_SLICE_LIT("stage")))
        return read_stages(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("code")))
        return read_codes(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("enh")))
        return read_enhanced(reader, values);
    if (mxp_slice_eq(key, MXP_SLICE_LIT("provider")))
        return read_providers(reader, values);
    return bad(reader, "expected stage=, code=, enh= or provider=", word);
}

static int read_flag(struct reader *reader, struct mxp_slice word)
{
    static const struct {
        const char *name;
        size_t offset;
    } flags[] = {
        {"throttle", offsetof(struct mxp_rule, throttle)},
        {"blocks", offsetof(struct mxp_rule, blocks_us)},
        {"footprint", offsetof(struct mxp_rule, footprint)},
        {"temporary", offsetof(struct mxp_rule, temporary)},
        {"keep", offsetof(struct mxp_rule, keeps)},
        {"quoted", offsetof(struct mxp_rule, quoted)},
    };
    static const char *const limits[] = {"", "connections", "messages", "recipients", "rate"};
    struct mxp_slice value = word, key = cut(&value, '=');
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (mxp_slice_eq(word, mxp_slice_str(flags[i].name))) {
            *(bool *)((char *)&reader->rule + flags[i].offset) = true;
            return 0;
        }
    }
    for (uint8_t i = 1; i < 5 && mxp_slice_eq(key, MXP_SLICE_LIT("limit")); i++) {
        if (mxp_slice_eq(value, mxp_slice_str(limits[i]))) {
            reader->rule.limit = i;
            return 0;
        }
    }
    if (mxp_slice_eq(word, MXP_SLICE_LIT("exists=yes")))
        reader->rule.exists = MXP_TRI_YES;
    else if (mxp_slice_eq(word, MXP_SLICE_LIT("exists=no")))
        reader->rule.exists = MXP_TRI_NO;
    else
        return bad(reader, "no such flag", word);
    return 0;
}

static int add_rule(struct reader *reader, const struct mxp_rule *rule)
{
    struct mxp_rules *rules = reader->rules;
    if (rules->n_rules >= MXP_RULES_MAX)
        return fail(reader, MXP_ETOOBIG);
    if (rules->n_rules >= rules->size_rules) {
        size_t size = rules->size_rules ? rules->size_rules * 2 : 1024;
        struct mxp_rule *grown = realloc(rules->rules, size * sizeof *grown);
        if (!grown)
            return fail(reader, MXP_ENOMEM);
        rules->rules = grown;
        rules->size_rules = size;
    }
    rules->rules[rules->n_rules++] = *rule;
    return 0;
}

/* A rule for each pair of its conditions' values. */
static int add_all(struct reader *reader, const struct mxp_rule *with_terms)
{
    const struct condition *when = &reader->when;
    size_t codes = when->n_codes ? when->n_codes : 1;
    size_t enhanced = when->n_enhanced ? when->n_enhanced : 1;
    size_t providers = when->n_providers ? when->n_providers : 1;
    for (size_t i = 0; i < codes * enhanced * providers; i++) {
        struct mxp_rule rule = *with_terms;
        size_t c = i % codes, e = i / codes % enhanced, p = i / codes / enhanced;
        rule.code_from = when->n_codes ? when->from[c] : 0;
        rule.code_to = when->n_codes ? when->to[c] : 0;
        if (when->n_enhanced)
            rule.enhanced = when->enhanced[e];
        rule.provider = when->n_providers ? when->providers[p] : 0;
        int err = add_rule(reader, &rule);
        if (err)
            return err;
    }
    return 0;
}

/* What is done with each phrase that a term with alternatives stands for. */
typedef int (*phrase_cb)(struct reader *reader, struct mxp_slice phrase, void *arg);

/* "(a|b) c" is "a c" and "b c". */
static int expand(struct reader *reader, struct mxp_slice term, phrase_cb cb, void *arg)
{
    char text[8192];
    if (mxp_slice_find(term, '&') < term.len)
        return bad(reader, "no & within parentheses", term);
    size_t open = mxp_slice_find(term, '(');
    if (open == term.len)
        return cb(reader, term, arg);
    size_t depth = 0, close = open;
    for (; close < term.len; close++) {
        depth += term.ptr[close] == '(';
        depth -= term.ptr[close] == ')';
        if (depth == 0)
            break;
    }
    if (close == term.len)
        return bad(reader, "a parenthesis is not closed", term);
    struct mxp_slice choices = mxp_slice_sub(term, open + 1, close - open - 1);
    bool last = false;
    while (!last) {
        last = find_outside(choices, '|') == choices.len;
        struct mxp_slice choice = cut_outside(&choices, '|');
        size_t rest = term.len - close - 1;
        if (open + choice.len + rest + 2 > sizeof text)
            return bad(reader, "too long", term);
        memcpy(text, term.ptr, open);
        memcpy(text + open, choice.ptr, choice.len);
        memcpy(text + open + choice.len, term.ptr + close + 1, rest);
        int err = expand(reader, (struct mxp_slice){text, open + choice.len + rest}, cb, arg);
        if (err)
            return err;
    }
    return 0;
}

struct mxp_group {
    UT_hash_handle hh;
    uint16_t id;
    char text[];
};

/* The phrases of one term. */
struct phrases {
    uint16_t ids[MXP_TERM_PHRASES];
    size_t n;
};

static int take_phrase(struct reader *reader, struct mxp_slice words, void *arg)
{
    struct phrases *phrases = arg;
    if (phrases->n >= MXP_TERM_PHRASES)
        return bad(reader, "too many phrases in one term", words);
    int err = mxp_rules_phrase(reader->rules, words, &phrases->ids[phrases->n]);
    if (err == MXP_ESYNTAX)
        return bad(reader, "a phrase without words", words);
    if (err)
        return fail(reader, err);
    phrases->n++;
    return 0;
}

static struct mxp_group *group_find(const struct mxp_rules *rules, struct mxp_slice term)
{
    struct mxp_group *group = NULL;
    HASH_FIND(hh, rules->groups, term.ptr, term.len, group);
    return group;
}

static int group_new(struct reader *reader, struct mxp_slice term, const struct phrases *phrases,
                     uint16_t *ret_id)
{
    struct mxp_rules *rules = reader->rules;
    struct mxp_group *group = calloc(1, sizeof *group + term.len + 1);
    if (!group)
        return fail(reader, MXP_ENOMEM);
    memcpy(group->text, term.ptr, term.len);
    HASH_ADD_KEYPTR(hh, rules->groups, group->text, term.len, group);
    if (rules->n_phrases >= MXP_PHRASES_MAX)
        return fail(reader, MXP_ETOOBIG);
    group->id = (uint16_t)rules->n_phrases++;
    int err = 0;
    for (size_t i = 0; i < phrases->n && !err; i++)
        err = mxp_rules_member(rules, phrases->ids[i], group->id);
    *ret_id = group->id;
    return err ? fail(reader, err) : 0;
}

/* A term with one meaning is a phrase; one with alternatives a group of them. */
static int term_id(struct reader *reader, struct mxp_slice term, uint16_t *ret_id)
{
    const struct mxp_group *group = group_find(reader->rules, term);
    if (group)
        return *ret_id = group->id, 0;
    struct phrases *phrases = calloc(1, sizeof *phrases);
    if (!phrases)
        return fail(reader, MXP_ENOMEM);
    int err = expand(reader, term, take_phrase, phrases);
    if (!err && phrases->n == 1)
        *ret_id = phrases->ids[0];
    else if (!err)
        err = group_new(reader, term, phrases, ret_id);
    free(phrases);
    return err;
}

void mxp_rules_read_end(struct mxp_rules *rules)
{
    struct mxp_group *group, *next;
    HASH_ITER(hh, rules->groups, group, next)
    {
        HASH_DEL(rules->groups, group);
        free(group);
    }
}

/* "a & (b|c) & !d" */
static int add_clause(struct reader *reader, struct mxp_slice terms)
{
    struct mxp_rule rule = reader->rule;
    uint16_t without[MXP_RULE_WITHOUT + 1];
    size_t n_with = 0, n_without = 0;
    memset(rule.with, 0xff, sizeof rule.with);
    while (terms.len) {
        struct mxp_slice term = cut_outside(&terms, '&');
        bool not = term.len && term.ptr[0] == '!';
        if (not )
            term = mxp_slice_trim(mxp_slice_sub(term, 1, term.len));
        if (!term.len)
            return bad(reader, "an empty term", terms);
        if (not ? n_without >= MXP_RULE_WITHOUT : n_with >= MXP_RULE_TERMS)
            return bad(reader, "too many terms", term);
        int err = term_id(reader, term, not ? &without[n_without++] : &rule.with[n_with++]);
        if (err)
            return err;
    }
    without[n_without++] = MXP_NO_PHRASE;
    uint16_t *kept = mxp_arena_alloc(&reader->rules->arena, n_without * sizeof *kept);
    if (!kept)
        return fail(reader, MXP_ENOMEM);
    memcpy(kept, without, n_without * sizeof *kept);
    rule.without = kept;
    return add_all(reader, &rule);
}

static int add_expression(struct reader *reader, struct mxp_slice expression)
{
    if (!expression.len)
        return add_clause(reader, expression);
    int err = 0;
    while (expression.len && !err) {
        struct mxp_slice clause = cut_outside(&expression, '|');
        err = clause.len ? add_clause(reader, clause)
                         : bad(reader, "an empty alternative", expression);
    }
    return err;
}

/* Put the values of $NAMES in their place. */
static int substitute(struct reader *reader, struct mxp_slice text, struct mxp_buf *ret)
{
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
        while (k < reader->n_lets && !mxp_slice_eq(reader->lets[k].name, name))
            k++;
        if (k == reader->n_lets)
            return bad(reader, "no such name", name);
        err = mxp_buf_add_char(ret, '(');
        if (!err)
            err = mxp_buf_add_slice(ret, reader->lets[k].value);
        if (!err)
            err = mxp_buf_add_char(ret, ')');
    }
    return err ? fail(reader, err) : 0;
}

static int read_let(struct reader *reader, struct mxp_slice text)
{
    struct mxp_slice value = text, name = cut(&value, '=');
    if (!name.len || !value.len || reader->n_lets >= LETS_MAX)
        return bad(reader, "expected let NAME = phrases", text);
    const char *kept = mxp_arena_strdup(&reader->rules->arena, mxp_slice_trim(value));
    const char *kept_name = mxp_arena_strdup(&reader->rules->arena, name);
    if (!kept || !kept_name)
        return fail(reader, MXP_ENOMEM);
    reader->lets[reader->n_lets++] = (struct let){mxp_slice_str(kept_name), mxp_slice_str(kept)};
    return 0;
}

static size_t find_arrow(struct mxp_slice s)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.ptr[i] == '-' && s.ptr[i + 1] == '>')
            return i;
    return s.len;
}

static int name_rule(struct reader *reader)
{
    char name[300];
    int n = snprintf(name, sizeof name, "%s:%u", reader->file, reader->line);
    reader->rule.name = mxp_arena_strdup(
        &reader->rules->arena, (struct mxp_slice){name, n > 0 && n < 300 ? (size_t)n : 0});
    return reader->rule.name ? 0 : fail(reader, MXP_ENOMEM);
}

/* "reason conditions : expression -> flags" */
static int read_rule(struct reader *reader, struct mxp_slice text)
{
    size_t colon = mxp_slice_find(text, ':');
    if (colon == text.len)
        return bad(reader, "expected REASON CONDITIONS : PHRASES", text);
    struct mxp_slice head = mxp_slice_trim(mxp_slice_sub(text, 0, colon));
    struct mxp_slice body = mxp_slice_sub(text, colon + 1, text.len);
    size_t arrow = find_arrow(body);
    struct mxp_slice flags = arrow < body.len
                                 ? mxp_slice_trim(mxp_slice_sub(body, arrow + 2, body.len))
                                 : MXP_SLICE_NONE;
    struct mxp_slice reason = cut(&head, ' ');
    reader->rule = (struct mxp_rule){.exists = MXP_TRI_UNKNOWN};
    reader->when.n_codes = reader->when.n_enhanced = reader->when.n_providers = 0;
    reader->rule.reason = (uint8_t)mxp_reason_find(reason);
    if (reader->rule.reason == MXP_REASON_COUNT)
        return bad(reader, "no such reason", reason);
    int err = name_rule(reader);
    while (!err && (head = mxp_slice_trim(head)).len)
        err = read_condition(reader, cut(&head, ' '));
    while (!err && (flags = mxp_slice_trim(flags)).len)
        err = read_flag(reader, cut(&flags, ' '));
    return err ? err : add_expression(reader, mxp_slice_trim(mxp_slice_sub(body, 0, arrow)));
}

static int read_logical(struct reader *reader, struct mxp_slice text)
{
    struct mxp_buf full;
    if (mxp_slice_istarts(text, MXP_SLICE_LIT("let ")))
        return read_let(reader, mxp_slice_trim(mxp_slice_sub(text, 4, text.len)));
    mxp_buf_init(&full, TEXT_CAP);
    int err = substitute(reader, text, &full);
    if (!err)
        err = read_rule(reader, mxp_slice_trim(mxp_buf_slice(&full)));
    mxp_buf_free(&full);
    return err;
}

/* A line that starts with a blank goes on with the one before. */
int mxp_rules_read(struct mxp_rules *rules, const char *file, struct mxp_slice text,
                   struct mxp_why *why)
{
    struct reader *reader = calloc(1, sizeof *reader);
    struct mxp_buf logical;
    unsigned number = 0;
    int err = reader ? 0 : MXP_ENOMEM;
    mxp_buf_init(&logical, TEXT_CAP);
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
            fail(reader, err);
    }
    mxp_buf_free(&logical);
    free(reader);
    return err;
}
