#include "smtp/rules_internal.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define TERM_PHRASES 16384
#define TERM_WITHOUT 40
#define TERM_TEXT    32768 /* of one term */
#define TERM_DEPTH   24    /* parentheses of one term, side by side or nested */

struct mxp_term {
    UT_hash_handle hh;
    uint16_t id;
    char text[];
};

/* The phrases that one term stands for. */
struct phrases {
    struct mxp_rules *rules;
    uint16_t *ids;
    size_t n;
    int depth;
    struct mxp_bad_term *bad;
};

static int take_phrase(struct phrases *phrases, struct mxp_slice words)
{
    if (phrases->n >= TERM_PHRASES)
        return phrases->bad->what = "too many phrases in one term", MXP_ECONFIG;
    int err = mxp_rules_phrase(phrases->rules, words, &phrases->ids[phrases->n], phrases->bad);
    phrases->n += !err;
    return err;
}

static size_t find_close(struct mxp_slice term, size_t open)
{
    size_t depth = 0, at = open;
    for (; at < term.len; at++) {
        depth += term.ptr[at] == '(';
        depth -= term.ptr[at] == ')';
        if (depth == 0)
            break;
    }
    return at;
}

/* "(a|b) c" is "a c" and "b c"; the first parenthesis is resolved, the rest by recursion. */
static int expand(struct phrases *phrases, struct mxp_slice term)
{
    size_t open = mxp_slice_find(term, '('), close = find_close(term, open);
    if (open == term.len) {
        struct mxp_slice rest = term;
        int err = 0;
        do {
            err = take_phrase(phrases, mxp_rules_cut(&rest, '|'));
        } while (!err && rest.len);
        return err;
    }
    if (close == term.len)
        return phrases->bad->what = "a parenthesis is not closed", MXP_ECONFIG;
    if (++phrases->depth > TERM_DEPTH)
        return phrases->bad->what = "too many parentheses in one term", MXP_ECONFIG;
    char *text = malloc(term.len + 1);
    if (!text)
        return MXP_ENOMEM;
    struct mxp_slice choices = mxp_slice_sub(term, open + 1, close - open - 1);
    size_t rest = term.len - close - 1;
    int err = 0;
    for (bool last = false; !last && !err;) {
        last = mxp_rules_find_outside(choices, '|') == choices.len;
        size_t len = mxp_rules_find_outside(choices, '|');
        struct mxp_slice choice = mxp_slice_sub(choices, 0, len);
        choices = last ? MXP_SLICE_NONE : mxp_slice_sub(choices, len + 1, choices.len);
        memcpy(text, term.ptr, open);
        memcpy(text + open, choice.ptr, choice.len);
        memcpy(text + open + choice.len, term.ptr + close + 1, rest);
        err = expand(phrases, (struct mxp_slice){text, open + choice.len + rest});
    }
    free(text);
    phrases->depth--;
    return err;
}

static struct mxp_term *term_find(const struct mxp_rules *rules, struct mxp_slice term)
{
    struct mxp_term *entry = NULL;
    HASH_FIND(hh, rules->terms, term.ptr, term.len, entry);
    return entry;
}

static int id_new(struct mxp_rules *rules, struct mxp_slice term, uint16_t *ret_id)
{
    if (rules->n_terms >= MXP_TERMS_MAX - 1)
        return MXP_ETOOBIG;
    struct mxp_term *entry = calloc(1, sizeof *entry + term.len + 1);
    if (!entry)
        return MXP_ENOMEM;
    memcpy(entry->text, term.ptr, term.len);
    HASH_ADD_KEYPTR(hh, rules->terms, entry->text, term.len, entry);
    if (!entry->hh.tbl) {
        free(entry);
        return MXP_ENOMEM;
    }
    *ret_id = entry->id = (uint16_t)rules->n_terms++;
    return 0;
}

static int set_new(struct mxp_rules *rules, struct mxp_slice term, const struct phrases *phrases,
                   uint16_t *ret_id)
{
    int err = id_new(rules, term, ret_id);
    for (size_t i = 0; i < phrases->n && !err; i++)
        err = mxp_rules_member(rules, phrases->ids[i], *ret_id);
    return err;
}

static int pair_new(struct mxp_rules *rules, struct mxp_slice term, size_t tilde, uint16_t *ret_id,
                    struct mxp_bad_term *ret_bad)
{
    struct mxp_pair pair;
    struct mxp_slice first = mxp_slice_trim(mxp_slice_sub(term, 0, tilde));
    struct mxp_slice second = mxp_slice_trim(mxp_slice_sub(term, tilde + 1, term.len));
    if (rules->n_pairs >= MXP_PAIRS_MAX)
        return ret_bad->what = "too many pairs", MXP_ECONFIG;
    if (mxp_rules_find_outside(second, '~') < second.len)
        return ret_bad->what = "a pair of a pair", MXP_ECONFIG;
    int err = mxp_rules_term(rules, first, &pair.first, ret_bad);
    if (!err)
        err = mxp_rules_term(rules, second, &pair.second, ret_bad);
    if (!err)
        err = id_new(rules, term, &pair.id);
    if (err)
        return err;
    uint32_t *weights = rules->weights;
    weights[pair.id] =
        (weights[pair.first] < weights[pair.second] ? weights[pair.first] : weights[pair.second]) /
            3 +
        1;
    rules->pairs[rules->n_pairs++] = pair;
    return *ret_id = pair.id, 0;
}

int mxp_rules_term(struct mxp_rules *rules, struct mxp_slice term, uint16_t *ret_id,
                   struct mxp_bad_term *ret_bad)
{
    const struct mxp_term *entry = term_find(rules, term);
    if (entry)
        return *ret_id = entry->id, 0;
    struct phrases phrases = {.rules = rules, .bad = ret_bad};
    size_t tilde = mxp_rules_find_outside(term, '~');
    if (tilde < term.len)
        return pair_new(rules, term, tilde, ret_id, ret_bad);
    if (term.len > TERM_TEXT)
        return ret_bad->what = "too long a term", MXP_ECONFIG;
    if (mxp_slice_find(term, '&') < term.len)
        return ret_bad->what = "no & within parentheses", MXP_ECONFIG;
    if (mxp_slice_find(term, '~') < term.len)
        return ret_bad->what = "no ~ within parentheses", MXP_ECONFIG;
    phrases.ids = malloc(TERM_PHRASES * sizeof *phrases.ids);
    if (!phrases.ids)
        return MXP_ENOMEM;
    int err = expand(&phrases, term);
    if (!err)
        err = set_new(rules, term, &phrases, ret_id);
    free(phrases.ids);
    return err;
}

void mxp_rules_terms_end(struct mxp_rules *rules)
{
    struct mxp_term *entry, *next;
    HASH_ITER(hh, rules->terms, entry, next)
    {
        HASH_DEL(rules->terms, entry);
        free(entry);
    }
}

static int add_rule(struct mxp_rules_reader *reader, const struct mxp_rule *rule)
{
    struct mxp_rules *rules = reader->rules;
    if (rules->n_rules >= MXP_RULES_MAX)
        return mxp_rules_fail(reader, MXP_ETOOBIG);
    if (rules->n_rules >= rules->size_rules) {
        size_t size = rules->size_rules ? rules->size_rules * 2 : 1024;
        struct mxp_rule *grown = realloc(rules->rules, size * sizeof *grown);
        if (!grown)
            return mxp_rules_fail(reader, MXP_ENOMEM);
        rules->rules = grown;
        rules->size_rules = size;
    }
    rules->rules[rules->n_rules++] = *rule;
    return 0;
}

/* A rule for each pair of its conditions' values. */
static int add_all(struct mxp_rules_reader *reader, const struct mxp_rule *with_terms)
{
    const struct mxp_rule_when *when = &reader->when;
    size_t codes = when->n_codes ? when->n_codes : 1;
    size_t enhanced = when->n_enhanced ? when->n_enhanced : 1;
    size_t providers = when->n_providers ? when->n_providers : 1;
    int err = 0;
    for (size_t i = 0; i < codes * enhanced * providers && !err; i++) {
        struct mxp_rule rule = *with_terms;
        size_t c = i % codes, e = i / codes % enhanced, p = i / codes / enhanced;
        rule.code_from = when->n_codes ? when->from[c] : 0;
        rule.code_to = when->n_codes ? when->to[c] : 0;
        if (when->n_enhanced)
            rule.enhanced = when->enhanced[e];
        rule.provider = when->n_providers ? when->providers[p] : 0;
        err = add_rule(reader, &rule);
    }
    return err;
}

static int take_term(struct mxp_rules_reader *reader, struct mxp_slice term, uint16_t *ret_id)
{
    struct mxp_bad_term bad = {0};
    int err = mxp_rules_term(reader->rules, term, ret_id, &bad);
    if (!err)
        return 0;
    if (!bad.what)
        return mxp_rules_fail(reader, err);
    return mxp_rules_bad(reader, bad.what, *bad.phrase ? mxp_slice_str(bad.phrase) : term);
}

/* "(a|b)" and no more than that: what is inside. */
static bool unwrap(struct mxp_slice *term)
{
    if (term->len < 2 || term->ptr[0] != '(' || find_close(*term, 0) != term->len - 1)
        return false;
    *term = mxp_slice_trim(mxp_slice_sub(*term, 1, term->len - 2));
    return true;
}

struct without {
    uint16_t terms[TERM_WITHOUT + 1];
    size_t n;
};

/* !(a|(b|c)|d) is !(b|c) & !(a|d): names stay terms of their own, shared by all rules. */
static int add_without(struct mxp_rules_reader *reader, struct mxp_slice term,
                       struct without *without)
{
    struct mxp_buf rest;
    struct mxp_slice inner = term;
    int err = 0;
    if (mxp_rules_find_outside(term, '~') < term.len || !unwrap(&inner)) {
        if (without->n >= TERM_WITHOUT)
            return mxp_rules_bad(reader, "too many terms", term);
        return take_term(reader, term, &without->terms[without->n++]);
    }
    mxp_buf_init(&rest, TERM_TEXT);
    while (!err && inner.len) {
        struct mxp_slice choice = mxp_rules_cut_outside(&inner, '|'), name = choice;
        if (unwrap(&name)) {
            err = add_without(reader, choice, without);
            continue;
        }
        if (rest.len)
            err = mxp_buf_add_char(&rest, '|');
        if (!err)
            err = mxp_buf_add_slice(&rest, choice);
    }
    if (!err && rest.len && without->n >= TERM_WITHOUT)
        err = mxp_rules_bad(reader, "too many terms", term);
    else if (!err && rest.len)
        err = take_term(reader, mxp_buf_slice(&rest), &without->terms[without->n++]);
    mxp_buf_free(&rest);
    return err;
}

static int keep_rule(struct mxp_rules_reader *reader, struct mxp_rule *rule,
                     struct without *without)
{
    size_t size = (without->n + 1) * sizeof *without->terms;
    without->terms[without->n] = MXP_NO_TERM;
    uint16_t *kept = mxp_arena_alloc(&reader->rules->arena, size);
    if (!kept)
        return mxp_rules_fail(reader, MXP_ENOMEM);
    memcpy(kept, without->terms, size);
    rule->without = kept;
    return add_all(reader, rule);
}

/* "a & (b|c) & !d" */
static int add_clause(struct mxp_rules_reader *reader, struct mxp_slice terms)
{
    struct mxp_rule rule = reader->rule;
    struct without without = {.n = 0};
    size_t n_with = 0;
    int err = 0;
    memset(rule.with, 0xff, sizeof rule.with);
    while (terms.len && !err) {
        struct mxp_slice term = mxp_rules_cut_outside(&terms, '&');
        bool not = term.len && term.ptr[0] == '!';
        if (not )
            term = mxp_slice_trim(mxp_slice_sub(term, 1, term.len));
        if (!term.len)
            err = mxp_rules_bad(reader, "an empty term", terms);
        else if (not )
            err = add_without(reader, term, &without);
        else if (n_with >= MXP_RULE_TERMS)
            err = mxp_rules_bad(reader, "too many terms", term);
        else
            err = take_term(reader, term, &rule.with[n_with++]);
    }
    return err ? err : keep_rule(reader, &rule, &without);
}

int mxp_rules_expression(struct mxp_rules_reader *reader, struct mxp_slice expression)
{
    if (!expression.len)
        return add_clause(reader, expression);
    int err = 0;
    while (expression.len && !err) {
        struct mxp_slice clause = mxp_rules_cut_outside(&expression, '|');
        err = clause.len ? add_clause(reader, clause)
                         : mxp_rules_bad(reader, "an empty alternative", expression);
    }
    return err;
}
