#include "smtp/classify.h"

#include "smtp/extract.h"
#include "smtp/rules.h"
#include "smtp/rules_builtin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_FILE_MAX (4 * 1024 * 1024)

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

/* Words that all rules may use come first, then the user's rules, then the built-in ones. */
static int read_all(struct mxp_rules *rules, const char *user_file, struct mxp_why *why)
{
    int err = mxp_judge_init(rules);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    for (size_t i = 0; !err && i < mxp_n_rules_builtin; i++) {
        err = mxp_rules_read(rules, mxp_rules_builtin[i].name,
                             mxp_slice_str(mxp_rules_builtin[i].text), why);
        /* Only for room, and that is the user's doing. */
        if (err && err != MXP_ENOMEM && i > 0 && user_file)
            mxp_why_set(why, err, "%s: too large: the built-in rules do not fit behind it",
                        user_file);
        if (!err && i == 0 && user_file)
            err = read_user_file(rules, user_file, why);
    }
    if (err)
        return err;
    err = mxp_rules_index(rules);
    if (!err)
        err = mxp_rules_link(rules);
    if (!err)
        err = mxp_rules_end(rules);
    return err ? mxp_why_set(why, err, "%s", mxp_err_text(err)) : 0;
}

struct mxp_rules *mxp_rules_new(const char *user_file, struct mxp_why *why)
{
    struct mxp_rules *rules = calloc(1, sizeof *rules);
    if (!rules) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    mxp_arena_init(&rules->arena);
    int err = read_all(rules, user_file, why);
    mxp_rules_terms_end(rules);
    return err ? mxp_rules_free(rules) : rules;
}

struct mxp_rules *mxp_rules_free(struct mxp_rules *rules)
{
    if (!rules)
        return NULL;
    free(rules->rules);
    free(rules->keys);
    free(rules->ends);
    free(rules->sets);
    free(rules->triggers);
    free(rules->wordless);
    free(rules->words);
    free(rules->nodes);
    free(rules->edges);
    free(rules->providers);
    free(rules->members);
    free(rules->phrases);
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

static enum mxp_action action_of(const struct mxp_classified *what, bool passes)
{
    enum mxp_action action = mxp_reason_action(what->reason);
    /* Not proven dead: it must not be removed. */
    if (action == MXP_ACTION_REMOVE && what->verdict != MXP_VERDICT_INVALID)
        return passes ? MXP_ACTION_RETRY : MXP_ACTION_REVIEW;
    if (action == MXP_ACTION_KEEP && what->verdict != MXP_VERDICT_VALID)
        return MXP_ACTION_REVIEW;
    return action;
}

static void learn(const struct mxp_rule *rule, const struct mxp_reply *reply, bool names_unit,
                  struct mxp_classified *ret)
{
    bool slow = ret->reason == MXP_REASON_RATE_LIMITED || ret->reason == MXP_REASON_GREYLISTED ||
                ret->reason == MXP_REASON_SERVER_UNAVAILABLE || reply->code / 100 == 4;
    ret->exists = (enum mxp_tri)rule->exists;
    ret->limit = (enum mxp_limit_kind)rule->limit;
    ret->footprint = rule->footprint;
    ret->blocks_us = rule->blocks_us;
    ret->throttle = rule->throttle;
    if (slow)
        ret->retry_after_s = mxp_extract_wait_s(reply->text);
    if (slow && names_unit && !ret->retry_after_s)
        ret->retry_after_s = mxp_extract_spoken_wait_s(reply->text);
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
    struct mxp_found found;
    mxp_rules_find(rules, reply->text, &found);
    struct mxp_asked asked = {reply, &found, stage, provider};
    struct mxp_rule rule;
    if (!mxp_rules_first(rules, &asked, &rule))
        return;
    struct mxp_finding finding = {stage, (enum mxp_reason)rule.reason, rule.keeps};
    ret->rule = rule.name;
    ret->reason = finding.reason;
    ret->verdict = mxp_judge(rules, &finding, reply, &found);
    learn(&rule, reply, mxp_found_has(&found, rules->judge.units), ret);
    ret->action = action_of(ret, mxp_judge_passes(rules, &found));
}
