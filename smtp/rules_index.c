#include "smtp/rules.h"

#include <stdlib.h>
#include <string.h>

/* A rule is looked up by its rarest term, and the next rarest is asked first. */
static void pick_terms(const struct mxp_rules *rules, const struct mxp_rule *rule,
                       uint16_t *ret_trigger, uint16_t *ret_also)
{
    *ret_trigger = MXP_NO_TERM;
    *ret_also = rules->always;
    for (int i = 0; i < MXP_RULE_TERMS && rule->with[i] != MXP_NO_TERM; i++) {
        uint16_t term = rule->with[i];
        if (*ret_trigger == MXP_NO_TERM) {
            *ret_trigger = term;
        } else if (rules->weights[term] < rules->weights[*ret_trigger]) {
            *ret_also = *ret_trigger;
            *ret_trigger = term;
        } else if (*ret_also == rules->always || rules->weights[term] < rules->weights[*ret_also]) {
            *ret_also = term;
        }
    }
}

static void add_wordless(struct mxp_rules *rules, uint16_t rule)
{
    const struct mxp_enhanced *e = &rules->rules[rule].enhanced;
    bool exact = e->klass && e->subject != MXP_ANY_ENHANCED && e->detail != MXP_ANY_ENHANCED;
    uint16_t *head = exact ? &rules->wordless_slots[mxp_wordless_slot(e->subject, e->detail)]
                           : &rules->wordless_any;
    rules->wordless[rules->n_wordless] = (struct mxp_wordless){rule, *head};
    *head = (uint16_t)rules->n_wordless++;
}

static void index_rule(struct mxp_rules *rules, uint16_t at)
{
    const struct mxp_rule *rule = &rules->rules[at];
    struct mxp_rule_key *key = &rules->keys[at];
    uint16_t trigger;
    key->code_from = rule->code_from;
    key->code_to = rule->code_from ? rule->code_to : UINT16_MAX;
    key->stages = rule->stages ? (uint16_t)rule->stages : UINT16_MAX;
    key->provider = rule->provider;
    key->next = UINT16_MAX;
    pick_terms(rules, rule, &trigger, &key->also);
    if (rule->also) {
        key->next = rules->also;
        rules->also = at;
        return;
    }
    if (trigger == MXP_NO_TERM) {
        add_wordless(rules, at);
        return;
    }
    key->next = rules->triggers[trigger];
    rules->triggers[trigger] = at;
    rules->trigger_bits[trigger / 64] |= UINT64_C(1) << trigger % 64;
}

int mxp_rules_index(struct mxp_rules *rules)
{
    if (rules->n_terms >= MXP_TERMS_MAX)
        return MXP_ETOOBIG;
    rules->always = (uint16_t)rules->n_terms++;
    rules->n_set_words = (rules->n_terms + 63) / 64;
    rules->n_set_words += -rules->n_set_words % MXP_SET_STEP;
    rules->triggers = malloc(rules->n_terms * sizeof *rules->triggers);
    rules->wordless = malloc((rules->n_rules + 1) * sizeof *rules->wordless);
    rules->keys = calloc(rules->n_rules + 1, sizeof *rules->keys);
    if (!rules->triggers || !rules->wordless || !rules->keys)
        return MXP_ENOMEM;
    memset(rules->triggers, 0xff, rules->n_terms * sizeof *rules->triggers);
    memset(rules->wordless_slots, 0xff, sizeof rules->wordless_slots);
    rules->wordless_any = rules->also = UINT16_MAX;
    for (size_t i = rules->n_rules; i > 0; i--) /* backwards: lists are in the rules' order */
        index_rule(rules, (uint16_t)(i - 1));
    return 0;
}

static int by_member(const void *a, const void *b)
{
    const struct mxp_member *x = a, *y = b;
    return x->phrase != y->phrase ? (x->phrase < y->phrase ? -1 : 1)
                                  : (x->term > y->term) - (x->term < y->term);
}

/* Sets by their hash: open addressing, 0 is free, else the set's number and one. */
struct set_slots {
    uint32_t *slots;
    size_t mask;
};

/* The set of the members from first on, shared with the phrases that have the same. */
static uint32_t set_get(struct mxp_rules *rules, struct set_slots *slots,
                        const struct mxp_member *first, const struct mxp_member *end)
{
    size_t words = rules->n_set_words;
    uint64_t *set = rules->sets + rules->n_sets * words, hash = 0;
    memset(set, 0, words * sizeof *set);
    for (const struct mxp_member *member = first; member < end; member++) {
        set[member->term / 64] |= UINT64_C(1) << member->term % 64;
        hash = (hash ^ member->term) * 0x9e3779b97f4a7c15u;
    }
    size_t at = (size_t)(hash >> 20) & slots->mask;
    for (; slots->slots[at]; at = (at + 1) & slots->mask) {
        size_t other = (slots->slots[at] - 1) * words;
        if (memcmp(rules->sets + other, set, words * sizeof *set) == 0)
            return (uint32_t)other;
    }
    slots->slots[at] = (uint32_t)(rules->n_sets + 1);
    return (uint32_t)(rules->n_sets++ * words);
}

_Static_assert(MXP_PHRASES_MAX < 131072, "a slot stays free");

static int index_sets(struct mxp_rules *rules)
{
    struct set_slots slots = {.mask = 131072};
    size_t at = 0;
    slots.slots = calloc(slots.mask--, sizeof *slots.slots); /* from a size to a mask */
    rules->sets = calloc((rules->n_phrases + 1) * rules->n_set_words, sizeof *rules->sets);
    if (!rules->sets || !slots.slots) {
        free(slots.slots);
        return MXP_ENOMEM;
    }
    if (rules->n_members)
        qsort(rules->members, rules->n_members, sizeof *rules->members, by_member);
    for (size_t phrase = 0; phrase < rules->n_phrases; phrase++) {
        size_t from = at;
        while (at < rules->n_members && rules->members[at].phrase == phrase)
            at++;
        rules->nodes[rules->phrases[phrase]].set =
            set_get(rules, &slots, rules->members + from, rules->members + at);
    }
    free(slots.slots);
    uint64_t *less = realloc(rules->sets, (rules->n_sets + 1) * rules->n_set_words * sizeof *less);
    rules->sets = less ? less : rules->sets;
    return 0;
}

static int by_phrase(const void *a, const void *b)
{
    const struct mxp_pair_end *x = a, *y = b;
    if (x->phrase != y->phrase)
        return x->phrase < y->phrase ? -1 : 1;
    return (int)y->second - (int)x->second; /* a b before an a: no phrase is a pair with itself */
}

static size_t add_ends(const struct mxp_rules *rules, uint8_t pair, bool second,
                       struct mxp_pair_end *ret)
{
    const struct mxp_pair *of = &rules->pairs[pair];
    uint16_t term = second ? of->second : of->first;
    size_t n = 0;
    for (size_t i = 0; i < rules->n_members; i++) {
        if (rules->members[i].term != term)
            continue;
        if (ret)
            ret[n] = (struct mxp_pair_end){rules->members[i].phrase, pair, second};
        n++;
    }
    return n;
}

static int index_pairs(struct mxp_rules *rules)
{
    size_t n = 0;
    for (size_t i = 0; i < rules->n_pairs * 2; i++)
        n += add_ends(rules, (uint8_t)(i / 2), i % 2, NULL);
    rules->pair_ends = calloc(n + 1, sizeof *rules->pair_ends);
    if (!rules->pair_ends)
        return MXP_ENOMEM;
    for (size_t i = 0; i < rules->n_pairs * 2; i++)
        rules->n_pair_ends +=
            add_ends(rules, (uint8_t)(i / 2), i % 2, rules->pair_ends + rules->n_pair_ends);
    if (n)
        qsort(rules->pair_ends, n, sizeof *rules->pair_ends, by_phrase);
    for (size_t i = n; i > 0; i--) {
        struct mxp_node *node = &rules->nodes[rules->phrases[rules->pair_ends[i - 1].phrase]];
        node->pair_ends = (uint32_t)(i - 1);
        node->n_pair_ends++;
    }
    return 0;
}

int mxp_rules_index_phrases(struct mxp_rules *rules)
{
    int err = index_pairs(rules);
    return err ? err : index_sets(rules);
}
