/* Any octets as a reply, at any stage, of any provider: the verdict rule holds whatever the words
 * say, what is learned lies within the text, and nothing is allocated (checked by the sum of the
 * heap). The first octet says the stage, the second the code where the text has none. */
#include "smtp/classify.h"
#include "smtp/rules.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* One set of rules for all inputs; never freed, as the target has no end. */
static const struct mxp_rules *the_rules(void)
{
    static struct mxp_rules *rules;
    struct mxp_why why;
    if (!rules)
        rules = mxp_rules_new(NULL, &why);
    must(rules != NULL);
    return rules;
}

static bool within(struct mxp_slice part, struct mxp_slice text)
{
    return part.len == 0 || (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
}

static void must_be_proven(const struct mxp_rules *rules, enum mxp_stage stage,
                           const struct mxp_reply *reply, const struct mxp_classified *what)
{
    struct mxp_found found;
    bool asked = stage == MXP_STAGE_RCPT || stage == MXP_STAGE_DATA || stage == MXP_STAGE_UNKNOWN;
    mxp_rules_find(rules, reply->text, &found);
    must(mxp_reason_may_be_invalid(what->reason));
    must(!mxp_found_has(&found, rules->judge.passes));
    must(!mxp_found_has(&found, rules->judge.doubts));
    must(!mxp_found_has(&found, rules->judge.elsewhere));
    must(what->exists != MXP_TRI_YES);
    must(!what->blocks_us);
    must(reply->code == 0 || reply->code >= 400);
    if (!asked) {
        must(what->reason == MXP_REASON_DOMAIN_NOT_ACCEPTING);
        must(reply->code == 556 || reply->code == 521);
        must(reply->code == 556 || mxp_found_has(&found, rules->judge.no_mail));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mxp_reply reply;
    struct mxp_classified what, again;
    if (size < 2)
        return 0;
    const struct mxp_rules *rules = the_rules();
    enum mxp_stage stage = (enum mxp_stage)(data[0] % MXP_STAGE_COUNT);
    uint16_t provider = (uint16_t)(data[0] / MXP_STAGE_COUNT % (rules->n_providers + 1u));
    if (mxp_reply_parse((struct mxp_slice){(const char *)data + 2, size - 2}, &reply))
        reply.code = (uint16_t)(data[1] ? 200 + data[1] * 400 / 256 : 0);
    size_t before = mallinfo2().uordblks;
    mxp_classify(rules, stage, provider, &reply, &what);
    must(mallinfo2().uordblks == before);
    mxp_classify(rules, stage, provider, &reply, &again);
    must(what.rule == again.rule && what.verdict == again.verdict);
    must(what.verdict < MXP_VERDICT_COUNT && what.reason < MXP_REASON_COUNT);
    must(what.action < MXP_ACTION_COUNT && what.rule && what.retry_after_s <= 86400);
    must(within(what.blocklist, reply.text) && within(what.new_address, reply.text));
    if (what.verdict == MXP_VERDICT_INVALID)
        must_be_proven(rules, stage, &reply, &what);
    if (what.verdict == MXP_VERDICT_VALID)
        must(reply.code >= 200 && reply.code < 300);
    if (what.action == MXP_ACTION_REMOVE)
        must(what.verdict == MXP_VERDICT_INVALID);
    return 0;
}
