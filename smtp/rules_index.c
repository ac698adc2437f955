#include "smtp/rules.h"

#include <stdlib.h>
#include <string.h>

/* A rule is looked up by its rarest term, and the next rarest is asked first. */
static void pick_terms(const struct mxp_rules *rules, const struct mxp_rule *rule,
                       uint16_t *ret_trigger, uint16_t *ret_also)
{
    *ret_trigger = MXP_NO_PHRASE;
    *ret_also = rules->always;
    for (int i = 0; i < MXP_RULE_TERMS && rule->with[i] != MXP_NO_PHRASE; i++) {
        uint16_t term = rule->with[i];
        if (*ret_trigger == MXP_NO_PHRASE) {
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
    if (rules->n_phrases >= MXP_PHRASES_MAX)
        return MXP_ETOOBIG;
    rules->always = (uint16_t)rules->n_phrases++;
    rules->triggers = malloc(rules->n_phrases * sizeof *rules->triggers);
    rules->wordless = malloc((rules->n_rules + 1) * sizeof *rules->wordless);
    rules->keys = calloc(rules->n_rules + 1, sizeof *rules->keys);
    if (!rules->triggers || !rules->wordless || !rules->keys)
        return MXP_ENOMEM;
    memset(rules->triggers, 0xff, rules->n_phrases * sizeof *rules->triggers);
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
        if (trigger == MXP_NO_PHRASE)
            continue;
        key->next = rules->triggers[trigger];
        rules->triggers[trigger] = (uint16_t)(i - 1);
    }
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].with[0] == MXP_NO_PHRASE)
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

static void add_ends(struct mxp_rules *rules, uint16_t term, uint8_t pair, bool second)
{
    size_t before = rules->n_pair_ends;
    for (size_t i = 0; i < rules->n_members; i++)
        if (rules->members[i].group == term)
            rules->pair_ends[rules->n_pair_ends++] =
                (struct mxp_pair_end){rules->members[i].phrase, pair, second};
    if (rules->n_pair_ends == before)
        rules->pair_ends[rules->n_pair_ends++] = (struct mxp_pair_end){term, pair, second};
}

int mxp_rules_index_pairs(struct mxp_rules *rules)
{
    size_t most = 2 * rules->n_pairs * (rules->n_members + 1);
    rules->pair_ends = calloc(most + 1, sizeof *rules->pair_ends);
    rules->first_pair_end = calloc(rules->n_phrases + 1, sizeof *rules->first_pair_end);
    if (!rules->pair_ends || !rules->first_pair_end)
        return MXP_ENOMEM;
    for (size_t i = 0; i < rules->n_pairs; i++) {
        add_ends(rules, rules->pairs[i].first, (uint8_t)i, false);
        add_ends(rules, rules->pairs[i].second, (uint8_t)i, true);
    }
    if (rules->n_pair_ends)
        qsort(rules->pair_ends, rules->n_pair_ends, sizeof *rules->pair_ends, by_phrase);
    size_t at = 0;
    for (size_t phrase = 0; phrase <= rules->n_phrases; phrase++) {
        while (at < rules->n_pair_ends && rules->pair_ends[at].phrase < phrase)
            at++;
        rules->first_pair_end[phrase] = (uint32_t)at;
    }
    return 0;
}
