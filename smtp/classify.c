#include "smtp/classify.h"

#include "smtp/extract.h"
#include "smtp/rules.h"
#include "smtp/rules_builtin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_FILE_MAX (4 * 1024 * 1024)

static int link_rules(struct mxp_rules *rules)
{
    int err = mxp_rules_link(rules);
    rules->triggers = malloc((rules->n_phrases + 1) * sizeof *rules->triggers);
    rules->wordless = malloc((rules->n_rules + 1) * sizeof *rules->wordless);
    if (err || !rules->triggers || !rules->wordless)
        return MXP_ENOMEM;
    memset(rules->triggers, 0xff, (rules->n_phrases + 1) * sizeof *rules->triggers);
    for (size_t i = rules->n_rules; i > 0; i--) {
        struct mxp_rule *rule = &rules->rules[i - 1];
        if (rule->with[0] == MXP_NO_PHRASE)
            continue;
        rule->next = rules->triggers[rule->with[0]];
        rules->triggers[rule->with[0]] = (uint16_t)(i - 1);
    }
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].with[0] == MXP_NO_PHRASE)
            rules->wordless[rules->n_wordless++] = (uint16_t)i;
    return 0;
}

static int read_user_file(struct mxp_rules *rules, const char *path, struct mxp_why *why)
{
    struct mxp_buf text;
    char piece[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file)
        return mxp_why_set(why, MXP_ENOINPUT, "%s: cannot open: %s", path, strerror(errno));
    mxp_buf_init(&text, USER_FILE_MAX);
    int err = 0;
    while (!err && (n = fread(piece, 1, sizeof piece, file)) > 0)
        err = mxp_buf_add(&text, piece, n);
    if (!err && ferror(file))
        err = MXP_ENOINPUT;
    fclose(file);
    err = err ? mxp_why_set(why, err, "%s: cannot read: %s", path, mxp_err_text(err))
              : mxp_rules_read(rules, path, mxp_buf_slice(&text), why);
    mxp_buf_free(&text);
    return err;
}

struct mxp_rules *mxp_rules_new(const char *user_file, struct mxp_why *why)
{
    struct mxp_rules *rules = calloc(1, sizeof *rules);
    if (!rules) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    mxp_arena_init(&rules->arena);
    int err = user_file ? read_user_file(rules, user_file, why) : 0;
    for (size_t i = 0; !err && i < mxp_n_rules_builtin; i++)
        err = mxp_rules_read(rules, mxp_rules_builtin[i].name,
                             mxp_slice_str(mxp_rules_builtin[i].text), why);
    mxp_rules_read_end(rules);
    if (!err && (err = link_rules(rules)))
        mxp_why_set(why, err, "%s", mxp_err_text(err));
    return err ? mxp_rules_free(rules) : rules;
}

struct mxp_rules *mxp_rules_free(struct mxp_rules *rules)
{
    if (!rules)
        return NULL;
    free(rules->rules);
    free(rules->triggers);
    free(rules->wordless);
    free(rules->words);
    free(rules->nodes);
    free(rules->edges);
    free(rules->providers);
    free(rules->members);
    free(rules->first_member);
    mxp_arena_free(&rules->arena);
    free(rules);
    return NULL;
}

uint16_t mxp_rules_provider(const struct mxp_rules *rules, struct mxp_slice name)
{
    for (uint16_t i = 0; i < rules->n_providers; i++)
        if (mxp_slice_ieq(mxp_slice_str(rules->providers[i]), name))
            return (uint16_t)(i + 1);
    return 0;
}

const char *mxp_limit_name(enum mxp_limit_kind kind)
{
    static const char *const names[] = {NULL, "connections", "messages", "recipients", "rate"};
    return names[kind];
}

static bool part_fits(uint16_t wanted, uint16_t value)
{
    return wanted == MXP_ANY_ENHANCED || wanted == value;
}

static bool holds(const struct mxp_rule *rule, enum mxp_stage stage, uint16_t provider,
                  const struct mxp_reply *reply, const struct mxp_found *found)
{
    if (rule->code_from && (reply->code < rule->code_from || reply->code > rule->code_to))
        return false;
    if (rule->stages && !(rule->stages & MXP_STAGE_BIT(stage)))
        return false;
    if (rule->provider && rule->provider != provider)
        return false;
    const struct mxp_enhanced *e = &rule->enhanced;
    if (e->klass && (!reply->enhanced.klass || !part_fits(e->klass, reply->enhanced.klass) ||
                     !part_fits(e->subject, reply->enhanced.subject) ||
                     !part_fits(e->detail, reply->enhanced.detail)))
        return false;
    for (int i = 1; i < MXP_RULE_TERMS && rule->with[i] != MXP_NO_PHRASE; i++)
        if (!(found->bits[rule->with[i] / 64] & UINT64_C(1) << rule->with[i] % 64))
            return false;
    for (int i = 0; rule->without[i] != MXP_NO_PHRASE; i++)
        if (found->bits[rule->without[i] / 64] & UINT64_C(1) << rule->without[i] % 64)
            return false;
    return true;
}

static const struct mxp_rule *first_rule(const struct mxp_rules *rules, enum mxp_stage stage,
                                         uint16_t provider, const struct mxp_reply *reply)
{
    struct mxp_found found;
    size_t best = SIZE_MAX;
    mxp_rules_find(rules, reply->text, &found);
    for (size_t i = 0; i < found.n; i++) {
        uint16_t at = rules->triggers[found.list[i]];
        for (; at != UINT16_MAX && at < best; at = rules->rules[at].next)
            if (holds(&rules->rules[at], stage, provider, reply, &found))
                best = at;
    }
    for (size_t i = 0; i < rules->n_wordless && rules->wordless[i] < best; i++)
        if (holds(&rules->rules[rules->wordless[i]], stage, provider, reply, &found))
            best = rules->wordless[i];
    return best == SIZE_MAX ? NULL : &rules->rules[best];
}

/* The reply may speak of an address only where an address was asked about; an unknown stage
 * is a log's, which speaks of a delivery. */
static bool may_judge(enum mxp_stage stage, const struct mxp_reply *reply, enum mxp_reason reason)
{
    if (stage == MXP_STAGE_RCPT || stage == MXP_STAGE_DATA || stage == MXP_STAGE_UNKNOWN)
        return true;
    return reason == MXP_REASON_DOMAIN_NOT_ACCEPTING && (reply->code == 521 || reply->code == 556);
}

static enum mxp_verdict verdict_of(const struct mxp_rule *rule, enum mxp_stage stage,
                                   const struct mxp_reply *reply)
{
    enum mxp_reason reason = (enum mxp_reason)rule->reason;
    uint16_t code = reply->code;
    if (reason == MXP_REASON_ACCEPTED || reason == MXP_REASON_ADDRESS_MOVED) {
        if (code >= 200 && code < 300)
            return stage == MXP_STAGE_RCPT ? MXP_VERDICT_VALID : MXP_VERDICT_UNKNOWN;
    }
    if (!mxp_reason_may_be_invalid(reason) || rule->temporary || rule->keeps)
        return MXP_VERDICT_UNKNOWN;
    /* A bare enhanced code or words alone (a person asks) are taken as the final refusal that
     * they name. */
    bool final = code >= 500 || (code == 0 && reply->enhanced.klass != 4);
    if (code >= 400 && code < 500 && rule->quoted)
        final = true;
    return final && may_judge(stage, reply, reason) ? MXP_VERDICT_INVALID : MXP_VERDICT_UNKNOWN;
}

static enum mxp_action action_of(const struct mxp_classified *what, const struct mxp_rule *rule)
{
    enum mxp_action action = mxp_reason_action(what->reason);
    if (what->reason == MXP_REASON_MAILBOX_FULL && rule && rule->keeps)
        return action;
    /* Not proven dead: it must not be removed. */
    if (action == MXP_ACTION_REMOVE && what->verdict != MXP_VERDICT_INVALID)
        return rule && rule->temporary ? MXP_ACTION_RETRY : MXP_ACTION_REVIEW;
    if (action == MXP_ACTION_KEEP && what->verdict != MXP_VERDICT_VALID)
        return MXP_ACTION_REVIEW;
    return action;
}

static void learn(const struct mxp_rule *rule, const struct mxp_reply *reply,
                  struct mxp_classified *ret)
{
    bool slow = ret->reason == MXP_REASON_RATE_LIMITED || ret->reason == MXP_REASON_GREYLISTED ||
                reply->code / 100 == 4;
    ret->exists = (enum mxp_tri)rule->exists;
    ret->limit = (enum mxp_limit_kind)rule->limit;
    ret->footprint = rule->footprint;
    ret->blocks_us = rule->blocks_us;
    ret->throttle = rule->throttle;
    if (slow)
        ret->retry_after_s = mxp_extract_wait_s(reply->text);
    if (ret->reason == MXP_REASON_IP_BLOCKLISTED || ret->reason == MXP_REASON_DOMAIN_BLOCKLISTED ||
        ret->reason == MXP_REASON_POLICY_BLOCKED)
        ret->blocklist = mxp_extract_blocklist(reply->text);
    if (ret->reason == MXP_REASON_ADDRESS_MOVED ||
        (ret->reason == MXP_REASON_ACCEPTED && reply->code == 251))
        ret->new_address = mxp_extract_address(reply->text);
}

void mxp_classify(const struct mxp_rules *rules, enum mxp_stage stage, uint16_t provider,
                  const struct mxp_reply *reply, struct mxp_classified *ret)
{
    *ret = (struct mxp_classified){
        .verdict = MXP_VERDICT_UNKNOWN,
        .reason = MXP_REASON_UNCLASSIFIED,
        .action = mxp_reason_action(MXP_REASON_UNCLASSIFIED),
        .exists = MXP_TRI_UNKNOWN,
        .rule = "none",
    };
    const struct mxp_rule *rule = first_rule(rules, stage, provider, reply);
    if (!rule)
        return;
    ret->rule = rule->name;
    ret->reason = (enum mxp_reason)rule->reason;
    ret->verdict = verdict_of(rule, stage, reply);
    learn(rule, reply, ret);
    ret->action = action_of(ret, rule);
}
