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
    rules->wordless = malloc((rules->n_rules + 1) * MXP_WORDLESS_CLASSES * sizeof *rules->wordless);
    rules->keys = calloc(rules->n_rules + 1, sizeof *rules->keys);
    if (!rules->triggers || !rules->wordless || !rules->keys)
        return MXP_ENOMEM;
    memset(rules->triggers, 0xff, rules->n_terms * sizeof *rules->triggers);
    memset(rules->wordless_slots, 0xff, sizeof rules->wordless_slots);
    memset(rules->wordless_any, 0xff, sizeof rules->wordless_any);
    rules->also = UINT16_MAX;
    for (size_t i = rules->n_rules; i > 0; i--) /* backwards: lists are in the rules' order */
        index_rule(rules, (uint16_t)(i - 1));
    return 0;
}
