#include "truth.h"

#include "core/verdict.h"
#include "probe/list/list_reader.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct score {
    const struct farm_universe *universe;
    uint64_t counts[FARM_TRUTHS][MXP_VERDICT_COUNT];
    uint64_t n_rate_limited, n_not_probed, n;
    int n_false_invalid, n_false_valid;
    size_t verdict, reason;
    const struct mxp_list_reader *reader;
    FILE *out;
};

/* A verdict against the truth: an invalid that is alive is false, and so is a valid that is not
 * known to be. */
static void judge(struct score *score, struct mxp_slice address, struct mxp_slice verdict,
                  struct mxp_slice reason)
{
    enum farm_truth truth = farm_truth_of(score->universe, address);
    enum mxp_verdict v = MXP_VERDICT_UNKNOWN;
    if (mxp_slice_eq(verdict, MXP_SLICE_LIT("valid")))
        v = MXP_VERDICT_VALID;
    else if (mxp_slice_eq(verdict, MXP_SLICE_LIT("invalid")))
        v = MXP_VERDICT_INVALID;
    score->n++;
    score->counts[truth][v]++;
    score->n_rate_limited += mxp_slice_eq(reason, MXP_SLICE_LIT("rate_limited"));
    score->n_not_probed += mxp_slice_eq(reason, MXP_SLICE_LIT("not_probed"));
    bool dead = truth == FARM_UNKNOWN_USER || truth == FARM_DISABLED || truth == FARM_NO_DOMAIN ||
                truth == FARM_NO_MAIL;
    if (v == MXP_VERDICT_INVALID && !dead && score->n_false_invalid++ < 10)
        fprintf(score->out, "FALSE INVALID: %.*s (%s)\n", (int)address.len, address.ptr,
                farm_truth_name(truth));
    if (v == MXP_VERDICT_VALID && truth != FARM_EXISTS && score->n_false_valid++ < 10)
        fprintf(score->out, "FALSE VALID: %.*s (%s)\n", (int)address.len, address.ptr,
                farm_truth_name(truth));
}

static int on_record(void *arg, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct score *score = arg;
    size_t n;
    (void)why;
    const char *const *names = mxp_list_reader_columns(score->reader, &n);
    for (size_t i = 0; score->reason == SIZE_MAX && names && i < n; i++) {
        if (strcmp(names[i], "verdict") == 0)
            score->verdict = i;
        if (strcmp(names[i], "reason") == 0)
            score->reason = i;
    }
    if (record->column < record->n_fields && score->verdict < record->n_fields &&
        score->reason < record->n_fields)
        judge(score, record->fields[record->column], record->fields[score->verdict],
              record->fields[score->reason]);
    return 0;
}

static int score_csv(struct score *score, FILE *file, struct mxp_why *why)
{
    char piece[65536];
    size_t n;
    int err = 0;
    struct mxp_list_choice_options options = {
        .column = "address", .on_record = on_record, .arg = score};
    struct mxp_list_reader *reader = mxp_list_reader_new(&options);
    score->reader = reader;
    while (!err && (n = fread(piece, 1, sizeof piece, file)) > 0)
        err = mxp_list_reader_feed(reader, (struct mxp_slice){piece, n}, why);
    if (!err)
        err = mxp_list_reader_end(reader, why);
    mxp_list_reader_free(reader);
    return err;
}

static struct mxp_slice field(const json_t *object, const char *key)
{
    return mxp_slice_str(json_string_value(json_object_get(object, key)));
}

static int score_jsonl(struct score *score, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, file)) > 0) {
        json_t *object = json_loadb(line, (size_t)n, 0, NULL);
        if (object)
            judge(score, field(object, "address"), field(object, "verdict"),
                  field(object, "reason"));
        json_decref(object);
    }
    free(line);
    return 0;
}

static void print(const struct score *score)
{
    fprintf(score->out, "%-16s %10s %10s %10s\n", "truth \\ verdict", "valid", "invalid",
            "unknown");
    for (int i = 0; i < FARM_TRUTHS; i++) {
        const uint64_t *row = score->counts[i];
        if (row[0] + row[1] + row[2])
            fprintf(score->out, "%-16s %10llu %10llu %10llu\n", farm_truth_name((enum farm_truth)i),
                    (unsigned long long)row[MXP_VERDICT_VALID],
                    (unsigned long long)row[MXP_VERDICT_INVALID],
                    (unsigned long long)row[MXP_VERDICT_UNKNOWN]);
    }
    uint64_t dead = 0, found = 0;
    static const enum farm_truth kinds[] = {FARM_UNKNOWN_USER, FARM_DISABLED, FARM_NO_DOMAIN,
                                            FARM_NO_MAIL};
    for (size_t i = 0; i < 4; i++) {
        found += score->counts[kinds[i]][MXP_VERDICT_INVALID];
        for (int v = 0; v < MXP_VERDICT_COUNT; v++)
            dead += score->counts[kinds[i]][v];
    }
    fprintf(score->out,
            "%llu results, %d false invalid, %d false valid, %llu of %llu dead addresses found "
            "(%.2f %%), %llu rate_limited, %llu not_probed\n",
            (unsigned long long)score->n, score->n_false_invalid, score->n_false_valid,
            (unsigned long long)found, (unsigned long long)dead,
            dead ? 100.0 * (double)found / (double)dead : 100.0,
            (unsigned long long)score->n_rate_limited, (unsigned long long)score->n_not_probed);
}

int farm_score(const struct farm_universe *universe, const char *path, uint64_t n, FILE *out,
               struct mxp_why *why)
{
    struct score score = {
        .universe = universe, .verdict = SIZE_MAX, .reason = SIZE_MAX, .out = out};
    FILE *file = fopen(path, "re");
    if (!file) {
        mxp_why_set(why, MXP_ENOINPUT, "%s: cannot open: %s", path, strerror(errno));
        return -1;
    }
    int c = getc(file);
    ungetc(c, file);
    int err = c == '{' ? score_jsonl(&score, file) : score_csv(&score, file, why);
    fclose(file);
    if (err)
        return -1;
    print(&score);
    bool lost = n && score.n != n;
    if (lost)
        fprintf(out, "LOST: %llu results for %llu addresses\n", (unsigned long long)score.n,
                (unsigned long long)n);
    return score.n_false_invalid + score.n_false_valid + lost;
}
