/* Scores the rules on a file of labelled replies: score_replies FILE [RULES]. Each row answered
 * wrongly is printed, then the confusion matrix. Exit 0, or 1 on a false invalid. */
#include "score.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct mxp_why why;
    struct score score;
    if (argc < 2) {
        fputs("usage: score_replies FILE [RULES]\n", stderr);
        return 64;
    }
    struct mxp_rules *rules = mxp_rules_new(argc > 2 ? argv[2] : NULL, &why);
    if (!rules) {
        fprintf(stderr, "%s\n", why.text);
        return 78;
    }
    bool ok = score_file(argv[1], rules, stdout, &score);
    if (ok)
        score_print(&score, argv[1], stdout);
    else
        fprintf(stderr, "%s: cannot read\n", argv[1]);
    mxp_rules_free(rules);
    return ok ? score.false_invalid != 0 : 66;
}
