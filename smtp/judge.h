/*
 * The one place where a reply becomes a verdict. Rules give a reason; whatever they say, a
 * reply makes an address invalid only when all of these hold:
 *
 * - the reason is one that can be (mxp_reason_may_be_invalid);
 * - the code is a 5xx, or a 4xx whose words quote another server's final 5xx; but never a 421,
 *   which ends the session for all recipients; without any code (a person asks for words or a
 *   bare enhanced code) the words are taken for a final refusal;
 * - it came where an address was asked about: at RCPT, DATA, or in a log that does not say. A
 *   521 whose words say that the host takes no mail, and 556, count from the greeting on;
 * - no words say that it will pass ("temporary", "try again later", in several languages);
 * - it names one cause only ("user unknown or mailbox full" does not), and nothing that is no
 *   mailbox ("IP address not found in DNS", "your account").
 */
#ifndef MXP_SMTP_JUDGE_H
#define MXP_SMTP_JUDGE_H

#include "core/err.h"
#include "core/verdict.h"
#include "smtp/reply.h"

struct mxp_rules;
struct mxp_found;

/* Groups of phrases that no rule file can change. */
struct mxp_judge_terms {
    uint16_t passes, again, check, doubts, elsewhere, no_mail, welcome, units;
};

/* What a rule concluded. */
struct mxp_finding {
    enum mxp_stage stage;
    enum mxp_reason reason;
    bool keeps; /* the rule itself says that nothing is proven */
};

/* Put the phrases into rules, before they are linked. */
int mxp_judge_init(struct mxp_rules *rules);
/* Terms got new numbers: by the old ones. */
void mxp_judge_renumber(struct mxp_rules *rules, const uint16_t *numbers);

/* No allocation. found: what was found in the reply's text. */
enum mxp_verdict mxp_judge(const struct mxp_rules *rules, const struct mxp_finding *finding,
                           const struct mxp_reply *reply, const struct mxp_found *found);

/* The words say that it will pass. */
bool mxp_judge_passes(const struct mxp_rules *rules, const struct mxp_found *found);

#endif
