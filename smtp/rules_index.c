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
        } else if (*ret_also == rules->always ||
                   rules->weights[term] < rules->weights[*ret_also]) {
            *ret_also = term;
        }
    }
}

int mxp_rules_index(struct mxp_rules *rules)
{
    if (rules->n_terms >= MXP_TERMS_MAX)
        return MXP_ETOOBIG;
    rules->always = (uint16_t)rules->n_terms++;
    rules->triggers = malloc(rules->n_terms * sizeof *rules->triggers);
    rules->wordless = malloc((rules->n_rules + 1) * sizeof *rules->wordless);
    rules->keys = calloc(rules->n_rules + 1, sizeof *rules->keys);
    if (!rules->triggers || !rules->wordless || !rules->keys)
        return MXP_ENOMEM;
    memset(rules->triggers, 0xff, rules->n_terms * sizeof *rules->triggers);
    for (size_t i = rules->n_rules; i > 0; i--) {
        const struct mxp_rule *rule = &rules->rules[i - 1];
        struct mxp_rule_key *key = &rules->keys[i - 1];
        uint16_t trigger;
        key->code_from = rule->code_from;
        key->code_to = rule->code_from ? rule->code_to : UINT16_MAX;
        key->stages = rule->stages ? (uint16_t)rule->stages : UINT16_MAX;
        key->provider = rule->provider;
        pick_terms(rules, rule, &trigger, &key->also);
        key->next = UINT16_MAX;
        if (trigger == MXP_NO_TERM)
            continue;
        key->next = rules->triggers[trigger];
        rules->triggers[trigger] = (uint16_t)(i - 1);
    }
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].with[0] == MXP_NO_TERM)
            rules->wordless[rules->n_wordless++] = (uint16_t)i;
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

int mxp_rules_index_pairs(struct mxp_rules *rules)
{
    size_t n = 0;
    for (size_t i = 0; i < rules->n_pairs * 2; i++)
        n += add_ends(rules, (uint8_t)(i / 2), i % 2, NULL);
    rules->pair_ends = calloc(n + 1, sizeof *rules->pair_ends);
    if (!rules->pair_ends)
        return MXP_ENOMEM;
    for (size_t i = 0; i < rules->n_pairs * 2; i++)
        rules->n_pair_ends += add_ends(rules, (uint8_t)(i / 2), i % 2,
                                       rules->pair_ends + rules->n_pair_ends);
    if (n)
        qsort(rules->pair_ends, n, sizeof *rules->pair_ends, by_phrase);
    for (size_t i = n; i > 0; i--) {
        struct mxp_part *part = &rules->phrases[rules->pair_ends[i - 1].phrase];
        part->pair_ends = (uint32_t)(i - 1);
        part->n_pair_ends++;
    }
    return 0;
}
