/* Any octets as rules, up to a NUL, and behind it a reply that is read by them: an error or rules,
 * and what the automaton finds in one pass is what a walk from each of the words finds. */
#include "smtp/classify.h"
#include "smtp/rules.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Without the built-in rules and the judge's words, which take longer than all else here. */
static struct mxp_rules *compile(struct mxp_slice text)
{
    struct mxp_why why = {0};
    struct mxp_rules *rules = calloc(1, sizeof *rules);
    must(rules != NULL);
    mxp_arena_init(&rules->arena);
    int err = mxp_rules_read(rules, "fuzz", text, &why);
    must(!err == !*why.text);
    if (!err)
        err = mxp_rules_index(rules);
    if (!err)
        err = mxp_rules_link(rules);
    if (!err)
        err = mxp_rules_end(rules);
    mxp_rules_terms_end(rules);
    return err ? mxp_rules_free(rules) : rules;
}

struct words {
    struct mxp_word word[4096];
    size_t n;
};

static void join(const struct mxp_rules *rules, const struct mxp_node *node, struct mxp_found *ret)
{
    for (size_t i = 0; i < rules->n_set_words; i++)
        ret->bits[i] |= rules->sets[node->set * rules->n_set_words + i];
}

/* Words that are passed over left out; of addresses only what they are by themselves. */
static void read_words(const struct mxp_rules *rules, struct mxp_slice text, struct words *ret,
                       struct mxp_found *ret_found)
{
    struct mxp_tokens tokens;
    struct mxp_token token;
    ret->n = 0;
    mxp_tokens_init(&tokens, text, true);
    while (mxp_tokens_next(&tokens, &token)) {
        struct mxp_word word = mxp_rules_word(rules, token.hash);
        if (word.id == MXP_WORD_ADDRESS)
            join(rules, &rules->address, ret_found);
        else if (word.id != MXP_WORD_SILENT)
            ret->word[ret->n++] = word;
    }
}

static void walk_from_each(const struct mxp_rules *rules, const struct words *words,
                           struct mxp_found *ret)
{
    for (size_t from = 0; from < words->n; from++) {
        uint32_t node = words->word[from].root;
        for (size_t i = from + 1; node; i++) {
            join(rules, &rules->nodes[node], ret);
            node = i < words->n && words->word[i].id
                       ? mxp_rules_edge(rules, node, words->word[i].id)
                       : 0;
        }
    }
}

static void compare(const struct mxp_rules *rules, struct mxp_slice text)
{
    static struct words words;
    struct mxp_found found = {0}, wanted = {0};
    if (!rules->words)
        return;
    mxp_rules_find(rules, text, &found);
    read_words(rules, text, &words, &wanted);
    walk_from_each(rules, &words, &wanted);
    must(mxp_found_has(&found, rules->always));
    for (uint16_t term = 0; term < rules->n_terms; term++) {
        bool other = term == rules->always; /* a pair is not found at a node */
        for (size_t i = 0; i < rules->n_pairs; i++)
            other = other || rules->pairs[i].id == term;
        must(other || mxp_found_has(&found, term) == mxp_found_has(&wanted, term));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mxp_slice text = {(const char *)data, size};
    size_t end = mxp_slice_find(text, '\0');
    struct mxp_slice reply_text = mxp_slice_sub(text, end + 1, 4000);
    struct mxp_rules *rules = compile(mxp_slice_sub(text, 0, end));
    if (!rules)
        return 0;
    struct mxp_reply reply = {550, {5, 1, 1}, reply_text};
    struct mxp_classified what;
    mxp_classify(rules, MXP_STAGE_RCPT, 0, &reply, &what);
    must(what.reason < MXP_REASON_COUNT);
    bool logged = reply_text.len && reply_text.ptr[reply_text.len - 1] == ')';
    if (!logged) /* where Postfix heard it is cut off */
        compare(rules, reply_text);
    mxp_rules_free(rules);
    return 0;
}
