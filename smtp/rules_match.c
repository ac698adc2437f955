#include "smtp/rules.h"
#include "smtp/tokens.h"

#include <string.h>

/* Two words of a bit set, which any processor of today joins in one step. */
typedef uint64_t step_bits __attribute__((vector_size(16), aligned(8), may_alias));
_Static_assert(MXP_SET_STEP == 4, "join_sets takes two steps at once");

#define BATCH 32 /* words that are taken at once */
#define RING  64 /* words back, at which pairs' first parts are remembered */
_Static_assert(MXP_PHRASE_WORDS + MXP_PAIR_GAP + 1 + BATCH <= RING, "none is written over");

struct search_words {
    const struct mxp_rules *rules;
    uint64_t *bits;             /* terms found */
    mxp_pair_bits pairs;        /* found */
    mxp_pair_bits firsts[RING]; /* by word, modulo: the pairs whose first part ends there; those of
                                   words not taken yet are not set */
    uint32_t node;
    uint32_t at; /* the number of the word, from 1 */
};

/* What is found at the nodes of a batch. */
struct hits {
    uint16_t sets[BATCH];
    uint16_t ends[BATCH];
    uint32_t at[BATCH]; /* of ends */
    size_t n_sets, n_ends;
};

/* Without a branch: all are written, and what is none is written over. */
static inline void hit(struct hits *hits, const struct mxp_node *node, uint32_t at)
{
    hits->sets[hits->n_sets] = node->set;
    hits->n_sets += node->set != 0;
    hits->ends[hits->n_ends] = node->ends;
    hits->at[hits->n_ends] = at;
    hits->n_ends += node->ends != 0;
}

static void join_sets(struct search_words *search, const struct hits *hits)
{
    size_t width = search->rules->n_set_words;
    step_bits *bits = (step_bits *)search->bits;
    for (size_t k = 0; k < hits->n_sets; k++) {
        const step_bits *set = (const step_bits *)&search->rules->sets[hits->sets[k] * width];
        for (size_t i = 0; i < width / 2; i += MXP_SET_STEP / 2) {
            bits[i] |= set[i];
            bits[i + 1] |= set[i + 1];
        }
    }
}

/* A second part of len words begins behind the word at - len, the first one ends there or up to
 * MXP_PAIR_GAP words before. */
static void join_ends(struct search_words *search, const struct hits *hits)
{
    for (size_t k = 0; k < hits->n_ends; k++) {
        const struct mxp_ends *ends = &search->rules->ends[hits->ends[k]], *part = ends;
        uint32_t at = hits->at[k];
        for (;;) {
            uint32_t before = at - part->len;
            mxp_pair_bits near = 0;
            for (uint32_t i = 0; i <= MXP_PAIR_GAP && i <= before; i++)
                near |= search->firsts[(before - i) % RING];
            search->pairs |= part->seconds & near;
            if (!part->next)
                break;
            part = &search->rules->ends[part->next];
        }
        search->firsts[at % RING] |= ends->firsts;
    }
}

static inline uint32_t step(const struct mxp_rules *rules, uint32_t node,
                            const struct mxp_word *word)
{
    while (node) {
        const struct mxp_node *at = &rules->nodes[node];
        uint32_t next = at->edges >> word->id % 64 & 1 ? mxp_rules_edge(rules, node, word->id) : 0;
        if (next)
            return next;
        node = at->fail;
    }
    return word->root;
}

/* A loop for each stage of a batch of words: what a loop waits for, from the caches or for a branch
 * that was not foreseen, it waits for at once for many words. */
static void take_words(struct search_words *search, const uint64_t *hashes, size_t n)
{
    const struct mxp_rules *rules = search->rules;
    struct mxp_word words[BATCH];
    struct hits hits;
    size_t n_words = 0;
    uint32_t node = search->node, at = search->at;
    hits.n_sets = hits.n_ends = 0;
    for (size_t i = 0; i < n; i++) {
        words[n_words] = mxp_rules_word(rules, hashes[i]);
        __builtin_prefetch(&rules->nodes[words[n_words].root]);
        n_words += words[n_words].id != MXP_WORD_SILENT;
    }
    for (size_t i = 0; i < n_words; i++) {
        if (words[i].id == MXP_WORD_ADDRESS) {
            hit(&hits, &rules->address, at);
            continue;
        }
        search->firsts[++at % RING] = 0;
        node = step(rules, words[i].id ? node : 0, &words[i]);
        hit(&hits, &rules->nodes[node], at);
    }
    search->node = node;
    search->at = at;
    join_sets(search, &hits);
    join_ends(search, &hits);
}

/* Postfix puts into its logs at which command it heard a reply: no words of the reply. */
static struct mxp_slice said(struct mxp_slice text)
{
    static const struct mxp_slice end = MXP_SLICE_LIT(" command)"),
                                  begin = MXP_SLICE_LIT("(in reply to ");
    if (text.len < end.len + begin.len || text.ptr[text.len - 1] != ')' ||
        !mxp_slice_eq(mxp_slice_sub(text, text.len - end.len, end.len), end))
        return text;
    for (size_t at = text.len - end.len; at > 0 && text.len - at < 64; at--)
        if (mxp_slice_istarts(mxp_slice_sub(text, at, text.len), begin))
            return mxp_slice_sub(text, 0, at);
    return text;
}

static unsigned first_pair(mxp_pair_bits pairs)
{
    uint64_t low = (uint64_t)pairs;
    return (unsigned)(low ? __builtin_ctzll(low) : 64 + __builtin_ctzll((uint64_t)(pairs >> 64)));
}

void mxp_rules_find(const struct mxp_rules *rules, struct mxp_slice text, struct mxp_found *ret)
{
    struct search_words search;
    struct mxp_tokens tokens;
    uint64_t hashes[BATCH];
    search.rules = rules;
    search.bits = ret->bits;
    search.pairs = search.node = search.at = 0;
    search.firsts[0] = 0; /* of an address before all words */
    memset(ret->bits, 0, rules->n_set_words * sizeof *ret->bits);
    ret->bits[rules->always / 64] |= UINT64_C(1) << rules->always % 64;
    if (!rules->words)
        return;
    mxp_tokens_init(&tokens, said(text), true);
    for (size_t n = BATCH; n == BATCH;) {
        n = mxp_tokens_hashes(&tokens, hashes, BATCH);
        take_words(&search, hashes, n);
    }
    for (mxp_pair_bits pairs = search.pairs; pairs; pairs &= pairs - 1) {
        uint16_t id = rules->pairs[first_pair(pairs)].id;
        ret->bits[id / 64] |= UINT64_C(1) << id % 64;
    }
}

#define ID_LEN 6 /* a word with a digit that is as long is a message's or queue's id */

static bool host_char(char c)
{
    return mxp_is_digit(c) || (c >= 'a' && c <= 'z');
}

/* The word before at is a label of a host's name: a dot and a small letter are beside it. */
static bool of_host(struct mxp_slice text, const char *at, size_t len)
{
    const char *end = text.ptr + text.len;
    if (end - at > 1 && *at == '.' && host_char(at[1]) && host_char(at[-1]))
        return true;
    return (size_t)(at - text.ptr) > len + 1 && at[-(ptrdiff_t)len - 1] == '.' &&
           host_char(at[-(ptrdiff_t)len - 2]) && host_char(at[-(ptrdiff_t)len]);
}

/* Quotation marks, dashes, and what ends sentences in Chinese and Japanese. */
static bool is_sign(const struct mxp_token *token)
{
    static const char *const signs[] = {"\xc2", "\xe2\x80", "\xe3\x80", "\xef\xbc"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(token->text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

static bool says_something(const struct mxp_token *token, uint16_t id)
{
    static const char *const nothing[] = {"ip", "http", "https"};
    size_t digits = 0;
    if (token->text[0] == '/' || id >= MXP_WORD_SILENT || is_sign(token))
        return false;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (mxp_slice_eq((struct mxp_slice){token->text, token->len}, mxp_slice_str(nothing[i])))
            return false;
    for (size_t i = 0; i < token->len; i++)
        digits += mxp_is_digit(token->text[i]);
    return digits < token->len && (!digits || token->len < ID_LEN);
}

/* Between two words ends a clause. */
static bool clause_ends(const char *at, const char *end)
{
    for (; at < end && !mxp_is_alnum(*at) && (unsigned char)*at < 0x80; at++)
        if (strchr(",.;:!?\n", *at))
            return true;
    return false;
}

/* Whether an unknown word stands beside a marked one, one after the other. */
struct beside {
    bool marked, unknown; /* the word before */
};

static bool stumbles(const struct mxp_rules *rules, const struct mxp_token *token, uint16_t id,
                     unsigned wanted, struct beside *beside)
{
    struct beside was = *beside;
    beside->marked = rules->marks[id / 64] >> id % 64 & 1;
    beside->unknown = !id && (unsigned char)token->text[0] < 0x80; /* a character is no word */
    if (wanted == MXP_WORDS_ALL)
        return beside->unknown;
    return (was.marked && beside->unknown) || (was.unknown && beside->marked);
}

/* The words beside codes, addresses, hosts, URLs, numbers and ids. The text is read once more, as
 * hardly any reply comes to a rule that asks for it. */
__attribute__((noinline)) static bool words_fit(const struct mxp_rules *rules,
                                                struct mxp_slice text, unsigned wanted)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    struct beside beside = {0};
    unsigned n = 0;
    text = said(text);
    mxp_tokens_init(&tokens, text, true);
    for (const char *at = tokens.at; mxp_tokens_next(&tokens, &token); at = tokens.at) {
        uint16_t id = mxp_rules_word(rules, token.hash).id;
        if (clause_ends(at, tokens.at))
            beside = (struct beside){0};
        if (!says_something(&token, id) || of_host(text, tokens.at, token.len))
            continue;
        if (wanted >= MXP_WORDS_ALL ? stumbles(rules, &token, id, wanted, &beside) : ++n >= wanted)
            return false;
    }
    return true;
}

static bool part_fits(uint16_t wanted, uint16_t value)
{
    return wanted == MXP_ANY_ENHANCED || wanted == value;
}

static bool enhanced_fits(const struct mxp_enhanced *wanted, const struct mxp_enhanced *is)
{
    return !wanted->klass ||
           (is->klass && part_fits(wanted->klass, is->klass) &&
            part_fits(wanted->subject, is->subject) && part_fits(wanted->detail, is->detail));
}

static bool holds(const struct mxp_rule *rule, const struct mxp_reply *reply,
                  const struct mxp_found *found)
{
    if (!enhanced_fits(&rule->enhanced, &reply->enhanced))
        return false;
    for (int i = 0; i < MXP_RULE_TERMS && rule->with[i] != MXP_NO_TERM; i++)
        if (!mxp_found_has(found, rule->with[i]))
            return false;
    for (int i = 0; rule->without[i] != MXP_NO_TERM; i++)
        if (mxp_found_has(found, rule->without[i]))
            return false;
    return true;
}

static bool key_fits(const struct mxp_rule_key *key, enum mxp_stage stage, uint16_t provider,
                     uint16_t code, const struct mxp_found *found)
{
    if (code < key->code_from || code > key->code_to || !(key->stages >> stage & 1))
        return false;
    if (key->provider && key->provider != provider)
        return false;
    return mxp_found_has(found, key->also);
}

struct search {
    const struct mxp_rules *rules;
    const struct mxp_asked *asked;
    size_t best; /* the first rule so far that holds */
};

static inline bool fits(const struct mxp_rules *rules, uint16_t at, const struct mxp_asked *asked)
{
    return key_fits(&rules->keys[at], asked->stage, asked->provider, asked->reply->code,
                    asked->found) &&
           holds(&rules->rules[at], asked->reply, asked->found) &&
           (!rules->rules[at].words ||
            words_fit(rules, asked->reply->text, rules->rules[at].words));
}

static bool tries(struct search *search, uint16_t at)
{
    if (!fits(search->rules, at, search->asked))
        return false;
    search->best = at;
    return true;
}

static void try_wordless(struct search *search, uint32_t at)
{
    const struct mxp_wordless *list = search->rules->wordless;
    while (at != MXP_WORDLESS_END && list[at].rule < search->best && !tries(search, list[at].rule))
        at = list[at].next;
}

/* Triggers are in the order of their first rules. */
static void try_found(struct search *search)
{
    const struct mxp_rules *rules = search->rules;
    for (size_t i = 0; i < rules->n_triggers; i += 64) {
        size_t left = rules->n_triggers - i;
        uint64_t bits = search->asked->found->bits[i / 64];
        bits &= left < 64 ? ~(UINT64_MAX << left) : UINT64_MAX;
        for (; bits; bits &= bits - 1) {
            uint16_t at = rules->triggers[i + (size_t)__builtin_ctzll(bits)];
            if (at >= search->best)
                return;
            while (at != UINT16_MAX && at < search->best && !tries(search, at))
                at = rules->keys[at].next;
        }
    }
}

static void add_also(const struct mxp_rules *rules, const struct mxp_asked *asked,
                     struct mxp_rule *ret)
{
    for (uint16_t at = rules->also; at != UINT16_MAX; at = rules->keys[at].next) {
        const struct mxp_rule *also = &rules->rules[at];
        if (also->reason != ret->reason || !fits(rules, at, asked))
            continue;
        ret->throttle |= also->throttle;
        ret->blocks_us |= also->blocks_us;
        ret->footprint |= also->footprint;
        ret->keeps |= also->keeps;
        if (ret->exists == MXP_TRI_UNKNOWN)
            ret->exists = also->exists;
        if (ret->limit == MXP_LIMIT_NONE)
            ret->limit = also->limit;
    }
}

bool mxp_rules_first(const struct mxp_rules *rules, const struct mxp_asked *asked,
                     struct mxp_rule *ret)
{
    struct search search = {rules, asked, SIZE_MAX};
    try_found(&search);
    const struct mxp_enhanced *e = &asked->reply->enhanced;
    if (e->klass)
        try_wordless(&search, rules->wordless_slots[mxp_wordless_slot(e->subject, e->detail)]);
    try_wordless(&search, rules->wordless_any[asked->reply->code / 100 % MXP_WORDLESS_CLASSES]);
    if (search.best == SIZE_MAX)
        return false;
    *ret = rules->rules[search.best];
    add_also(rules, asked, ret);
    return true;
}
