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

static void add_to_list(struct mxp_rules *rules, uint16_t rule, uint32_t *head)
{
    rules->wordless[rules->n_wordless] = (struct mxp_wordless){rule, *head};
    *head = (uint32_t)rules->n_wordless++;
}

static void add_wordless(struct mxp_rules *rules, uint16_t at)
{
    const struct mxp_rule *rule = &rules->rules[at];
    const struct mxp_enhanced *e = &rule->enhanced;
    if (e->klass && e->subject != MXP_ANY_ENHANCED && e->detail != MXP_ANY_ENHANCED) {
        add_to_list(rules, at, &rules->wordless_slots[mxp_wordless_slot(e->subject, e->detail)]);
        return;
    }
    for (unsigned class = 0; class < MXP_WORDLESS_CLASSES; class ++)
        if (!rule->code_from || (rule->code_from / 100u <= class && class <= rule->code_to / 100u))
            add_to_list(rules, at, &rules->wordless_any[class]);
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
}

/* All terms but those that are parts of pairs alone. */
static void mark_asked(const struct mxp_rules *rules, bool *ret_asked)
{
    for (size_t i = 0; i < rules->n_terms; i++)
        ret_asked[i] = true;
    for (size_t i = 0; i < rules->n_pairs; i++)
        ret_asked[rules->pairs[i].first] = ret_asked[rules->pairs[i].second] = false;
    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct mxp_rule *rule = &rules->rules[i];
        for (int k = 0; k < MXP_RULE_TERMS && rule->with[k] != MXP_NO_TERM; k++)
            ret_asked[rule->with[k]] = true;
        for (const uint16_t *term = rule->without; *term != MXP_NO_TERM; term++)
            ret_asked[*term] = true;
    }
    for (size_t i = 0; i < rules->n_judge_terms; i++)
        ret_asked[i] = true;
}

/* A text's terms are asked by their numbers: those come first that have rules, in the order of
 * their first one, so that the search may end early; those last that nobody asks for, which have
 * no bit in the sets. */
static void order_terms(struct mxp_rules *rules, uint16_t *ret_numbers)
{
    uint16_t n = 0;
    memset(ret_numbers, 0xff, rules->n_terms * sizeof *ret_numbers);
    for (size_t i = 0; i < rules->n_rules; i++) {
        uint16_t trigger, also;
        if (rules->rules[i].also)
            continue; /* not looked up by a term */
        pick_terms(rules, &rules->rules[i], &trigger, &also);
        if (trigger != MXP_NO_TERM && ret_numbers[trigger] == MXP_NO_TERM)
            ret_numbers[trigger] = n++;
    }
    rules->n_triggers = n;
    bool asked[MXP_TERMS_MAX];
    mark_asked(rules, asked);
    for (size_t i = 0; i < rules->n_terms; i++)
        if (asked[i] && ret_numbers[i] == MXP_NO_TERM)
            ret_numbers[i] = n++;
    rules->n_asked = n;
    for (size_t i = 0; i < rules->n_terms; i++)
        if (ret_numbers[i] == MXP_NO_TERM)
            ret_numbers[i] = n++;
    rules->n_set_words = (rules->n_asked + 63) / 64;
    rules->n_set_words += -rules->n_set_words % MXP_SET_STEP;
}

static void renumber(struct mxp_rules *rules, const uint16_t *numbers)
{
    uint32_t weights[MXP_TERMS_MAX];
    for (size_t i = 0; i < rules->n_rules; i++) {
        struct mxp_rule *rule = &rules->rules[i];
        for (int k = 0; k < MXP_RULE_TERMS && rule->with[k] != MXP_NO_TERM; k++)
            rule->with[k] = numbers[rule->with[k]];
        if (i > 0 && rule->without == rule[-1].without)
            continue; /* of the same line */
        for (uint16_t *term = rule->without; *term != MXP_NO_TERM; term++)
            *term = numbers[*term];
    }
    for (size_t i = 0; i < rules->n_pairs; i++) {
        struct mxp_pair *pair = &rules->pairs[i];
        *pair = (struct mxp_pair){numbers[pair->first], numbers[pair->second], numbers[pair->id]};
    }
    for (size_t i = 0; i < rules->n_members; i++)
        rules->members[i].term = numbers[rules->members[i].term];
    memcpy(weights, rules->weights, sizeof weights);
    for (size_t i = 0; i < rules->n_terms; i++)
        rules->weights[numbers[i]] = weights[i];
    rules->always = numbers[rules->always];
    mxp_judge_renumber(rules, numbers);
}

int mxp_rules_index(struct mxp_rules *rules)
{
    if (rules->n_terms >= MXP_TERMS_MAX)
        return MXP_ETOOBIG;
    rules->always = (uint16_t)rules->n_terms++;
    uint16_t *numbers = malloc(rules->n_terms * sizeof *numbers);
    rules->triggers = malloc(rules->n_terms * sizeof *rules->triggers);
    rules->wordless = malloc((rules->n_rules + 1) * MXP_WORDLESS_CLASSES * sizeof *rules->wordless);
    rules->keys = calloc(rules->n_rules + 1, sizeof *rules->keys);
    if (!numbers || !rules->triggers || !rules->wordless || !rules->keys) {
        free(numbers);
        return MXP_ENOMEM;
    }
    order_terms(rules, numbers);
    renumber(rules, numbers);
    free(numbers);
    memset(rules->triggers, 0xff, rules->n_terms * sizeof *rules->triggers);
    memset(rules->wordless_slots, 0xff, sizeof rules->wordless_slots);
    memset(rules->wordless_any, 0xff, sizeof rules->wordless_any);
    rules->also = UINT16_MAX;
    for (size_t i = rules->n_rules; i > 0; i--) /* backwards: lists are in the rules' order */
        index_rule(rules, (uint16_t)(i - 1));
    return 0;
}
