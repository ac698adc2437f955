#include "score.h"

#include "corpus.h"

#include <string.h>

struct scoring {
    const struct mxp_rules *rules;
    FILE *wrong;
    struct score *score;
};

static void take_row(void *arg, const struct corpus_row *row)
{
    struct scoring *scoring = arg;
    struct score *score = scoring->score;
    struct mxp_classified what;
    enum mxp_reason label = mxp_reason_find(mxp_slice_str(row->reason));
    if (label == MXP_REASON_COUNT || row->stage == MXP_STAGE_COUNT) {
        score->without_label++;
        return;
    }
    mxp_classify(scoring->rules, row->stage, row->provider, &row->reply, &what);
    const char *verdict = mxp_verdict_name(what.verdict);
    bool dead = strcmp(row->verdict, "invalid") == 0;
    bool said_dead = what.verdict == MXP_VERDICT_INVALID;
    score->n++;
    score->matrix[label][what.reason]++;
    score->right += what.reason == label;
    score->invalid += dead;
    score->found += dead && said_dead;
    score->false_invalid += said_dead && !dead;
    score->verdicts_right += strcmp(verdict, row->verdict) == 0;
    score->unclassified +=
        what.reason == MXP_REASON_UNCLASSIFIED && label != MXP_REASON_UNCLASSIFIED;
    if (scoring->wrong && (what.reason != label || strcmp(verdict, row->verdict) != 0))
        fprintf(scoring->wrong, "%u: %s, not %s: %s, not %s [%s] (%s) %s\n", row->line,
                mxp_reason_name(what.reason), row->reason, verdict, row->verdict, what.rule,
                mxp_stage_name(row->stage), row->text);
}

bool score_file(const char *path, const struct mxp_rules *rules, FILE *wrong, struct score *ret)
{
    struct scoring scoring = {rules, wrong, ret};
    memset(ret, 0, sizeof *ret);
    return corpus_each(path, rules, take_row, &scoring) >= 0;
}

static unsigned row_sum(const struct score *score, int label)
{
    unsigned n = 0;
    for (int i = 0; i < MXP_REASON_COUNT; i++)
        n += score->matrix[label][i];
    return n;
}

void score_print(const struct score *score, const char *title, FILE *out)
{
    fprintf(out, "%s: rows by label, and what they were answered\n", title);
    for (int label = 0; label < MXP_REASON_COUNT; label++) {
        unsigned n = row_sum(score, label);
        if (n == 0)
            continue;
        fprintf(out, "  %-22s %4u  right %4u", mxp_reason_name((enum mxp_reason)label), n,
                score->matrix[label][label]);
        for (int i = 0; i < MXP_REASON_COUNT; i++)
            if (i != label && score->matrix[label][i])
                fprintf(out, "  %s %u", mxp_reason_name((enum mxp_reason)i),
                        score->matrix[label][i]);
        putc('\n', out);
    }
    fprintf(out,
            "  rows %u, reasons right %u (%.4f), verdicts right %u, invalid %u, found %u (%.4f), "
            "false invalid %u, unclassified %u\n",
            score->n, score->right, score->n ? (double)score->right / score->n : 0,
            score->verdicts_right, score->invalid, score->found,
            score->invalid ? (double)score->found / score->invalid : 0, score->false_invalid,
            score->unclassified);
}
