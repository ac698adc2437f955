#include "probe/report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "probe/options/duration.h"

#define TEXT_CAP    (1u << 20)
#define LEARNED_MAX 50
#define NAME_SHOWN  40

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* What is printable ASCII or UTF-8 as it is, control bytes as \xNN. */
static int add_safe(struct mxp_buf *out, const char *text)
{
    int err = MXP_OK;
    for (const char *p = text; *p && !err; p++) {
        unsigned char c = (unsigned char)*p;
        err = c < 0x20 || c == 0x7f ? mxp_buf_printf(out, "\\x%02X", c) : mxp_buf_add_char(out, *p);
    }
    return err;
}

/* --- verdicts and reasons --------------------------------------------------------- */

struct reason_row {
    enum mxp_reason reason;
    uint64_t n;
};

static int by_number(const void *a, const void *b)
{
    const struct reason_row *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return x->reason < y->reason ? -1 : x->reason > y->reason;
}

static int add_reasons(const struct mxp_counters *counters, enum mxp_verdict verdict,
                       struct mxp_buf *out)
{
    struct reason_row rows[MXP_REASON_COUNT];
    size_t n = 0;
    int err = MXP_OK;
    for (int reason = 0; reason < MXP_REASON_COUNT; reason++)
        if (counters->reasons[reason][verdict])
            rows[n++] =
                (struct reason_row){(enum mxp_reason)reason, counters->reasons[reason][verdict]};
    qsort(rows, n, sizeof *rows, by_number);
    for (size_t i = 0; i < n && !err; i++)
        err = mxp_buf_printf(out, "    %-22s %12" PRIu64 " %6.1f %%\n",
                             mxp_reason_name(rows[i].reason), rows[i].n,
                             percent(rows[i].n, counters->n));
    return err;
}

static int add_verdicts(const struct mxp_counters *counters, struct mxp_buf *out)
{
    int err = MXP_OK;
    for (int verdict = 0; verdict < MXP_VERDICT_COUNT && !err; verdict++) {
        if (!counters->verdicts[verdict])
            continue;
        err = mxp_buf_printf(
            out, "  %-24s %12" PRIu64 " %6.1f %%\n", mxp_verdict_name((enum mxp_verdict)verdict),
            counters->verdicts[verdict], percent(counters->verdicts[verdict], counters->n));
        err = err ? err : add_reasons(counters, (enum mxp_verdict)verdict, out);
    }
    return err;
}

/* --- providers -------------------------------------------------------------------- */

static int add_provider(const struct mxp_provider_counts *row, struct mxp_buf *out)
{
    struct mxp_buf name;
    mxp_buf_init(&name, 4096);
    int err = add_safe(&name, row->name);
    struct mxp_slice text = mxp_buf_slice(&name);
    err = err ? err
              : mxp_buf_printf(out,
                               "  %-*.*s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
                               " %10" PRIu64 "\n",
                               NAME_SHOWN, text.len > NAME_SHOWN ? NAME_SHOWN : (int)text.len,
                               text.ptr, row->n, row->verdicts[MXP_VERDICT_VALID],
                               row->verdicts[MXP_VERDICT_INVALID],
                               row->verdicts[MXP_VERDICT_UNKNOWN], row->about_us);
    mxp_buf_free(&name);
    return err;
}

static int add_providers(const struct mxp_counters *counters, struct mxp_buf *out)
{
    size_t n = 0;
    const struct mxp_provider_counts **rows = mxp_counters_providers(counters, &n);
    struct mxp_provider_counts rest = {0};
    char rest_name[48];
    if (!rows)
        return counters->n ? MXP_ENOMEM : MXP_OK;
    int err = mxp_buf_printf(out, "\n  %-*s %10s %10s %10s %10s %10s\n", NAME_SHOWN, "provider",
                             "lines", "valid", "invalid", "unknown", "refused us");
    for (size_t i = 0; i < n && !err; i++) {
        if (i < MXP_SUMMARY_PROVIDERS || n == MXP_SUMMARY_PROVIDERS + 1) {
            err = add_provider(rows[i], out);
            continue;
        }
        rest.n += rows[i]->n;
        rest.about_us += rows[i]->about_us;
        for (int v = 0; v < MXP_VERDICT_COUNT; v++)
            rest.verdicts[v] += rows[i]->verdicts[v];
    }
    if (rest.n && !err) {
        (void)snprintf(rest_name, sizeof rest_name, "%zu more", n - MXP_SUMMARY_PROVIDERS);
        rest.name = rest_name;
        err = add_provider(&rest, out);
    }
    free(rows);
    return err;
}

/* --- the bounce rate -------------------------------------------------------------- */

static const struct {
    double share;
    const char *text, *meaning;
} thresholds[] = {
    {0.05, "5 %", "the sending service steps in"},
    {0.02, "2 %", "mailbox providers look closer"},
    {0.01, "1 %", "the list needs cleaning"},
    {0.005, "0.5 %", "no longer excellent"},
};

#define N_THRESHOLDS (sizeof thresholds / sizeof *thresholds)

static const char *side(const struct mxp_bounce *bounce, double share)
{
    if (bounce->least > share)
        return "above";
    if (bounce->most <= share)
        return "not above";
    return bounce->judged && bounce->likely > share ? "likely above" : "perhaps above";
}

static int add_bounce(const struct mxp_counters *counters, struct mxp_buf *out)
{
    struct mxp_bounce bounce;
    mxp_counters_bounce(counters, &bounce);
    int err = mxp_buf_printf(out,
                             "\n  Hard bounces to expect if this list is mailed as it is:\n"
                             "    at least %.2f %% (what is invalid), at most %.2f %% (if all "
                             "unknown are, too)\n",
                             100 * bounce.least, 100 * bounce.most);
    if (!err && bounce.judged && bounce.most > bounce.least)
        err = mxp_buf_printf(out,
                             "    about %.2f %% if the unknown are like the %" PRIu64 " judged\n",
                             100 * bounce.likely, bounce.judged);
    for (size_t i = N_THRESHOLDS; i-- > 0 && !err;)
        err = mxp_buf_printf(out, "    %-13s %5s: %s\n", side(&bounce, thresholds[i].share),
                             thresholds[i].text, thresholds[i].meaning);
    return err;
}

/* --- the run ---------------------------------------------------------------------- */

static int add_run(const struct mxp_summary *summary, struct mxp_buf *out)
{
    const struct mxp_counters *counters = summary->counters;
    char words[MXP_DURATION_TEXT_MAX];
    double seconds = (double)summary->duration_ms / 1000;
    int err = mxp_buf_printf(out, "\n  %s", mxp_duration_words(summary->duration_ms, words));
    if (!err && summary->clock_speed > 1)
        err = mxp_buf_printf(out, " of simulated time (--clock-speed %g)", summary->clock_speed);
    if (!err && seconds >= 1)
        err = mxp_buf_printf(out, ", %.1f lines a second", (double)counters->n / seconds);
    err = err ? err
              : mxp_buf_printf(out, ", %" PRIu64 " sessions, %" PRIu64 " recipients asked",
                               summary->n_sessions, summary->n_rcpts);
    if (!err && summary->n_sessions)
        err = mxp_buf_printf(out, " (%.1f a session)",
                             (double)summary->n_rcpts / (double)summary->n_sessions);
    if (!err && summary->n_duplicates)
        err = mxp_buf_printf(out, ", %" PRIu64 " duplicate lines", summary->n_duplicates);
    if (!err && counters->asked)
        err = mxp_buf_printf(out, ", %.1f %% of replies under TLS",
                             percent(counters->with_tls, counters->asked));
    return err ? err : mxp_buf_add_char(out, '\n');
}

static int add_learned(const struct mxp_summary *summary, struct mxp_buf *out)
{
    int err = MXP_OK;
    if (summary->n_learned)
        err = mxp_buf_add_str(out, "\n  Learned about limits:\n");
    for (size_t i = 0; i < summary->n_learned && i < LEARNED_MAX && !err; i++) {
        err = mxp_buf_add_str(out, "    ");
        err = err ? err : add_safe(out, summary->learned[i]);
        err = err ? err : mxp_buf_add_char(out, '\n');
    }
    if (!err && summary->n_learned > LEARNED_MAX)
        err = mxp_buf_printf(out, "    and %zu more\n", summary->n_learned - LEARNED_MAX);
    return err;
}

static int add_head(const struct mxp_summary *summary, struct mxp_buf *out)
{
    uint64_t n = summary->counters->n;
    int err = mxp_buf_printf(out, "%s: %" PRIu64 " line%s answered",
                             summary->unfinished ? "Unfinished" : "Finished", n, n == 1 ? "" : "s");
    if (!err && summary->n_left)
        err = mxp_buf_printf(out, ", %" PRIu64 " not", summary->n_left);
    if (!err && summary->n_before)
        err = mxp_buf_printf(out, "; %" PRIu64 " more by an earlier run, not counted here",
                             summary->n_before);
    return err ? err : mxp_buf_add_char(out, '\n');
}

int mxp_summary_print(const struct mxp_summary *summary, FILE *out)
{
    struct mxp_buf buf;
    mxp_buf_init(&buf, TEXT_CAP);
    int err = add_head(summary, &buf);
    err = err ? err : add_verdicts(summary->counters, &buf);
    if (summary->counters->n) {
        err = err ? err : add_providers(summary->counters, &buf);
        err = err ? err : add_bounce(summary->counters, &buf);
    }
    err = err ? err : add_run(summary, &buf);
    err = err ? err : add_learned(summary, &buf);
    if (!err && (fwrite(buf.ptr, 1, buf.len, out) != buf.len || fflush(out)))
        err = MXP_EIO;
    mxp_buf_free(&buf);
    return err;
}
