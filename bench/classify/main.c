/* mxprobe-classify FILE [ROUNDS]: classifies the replies of a file (tests/corpus/replies.tsv)
 * again and again on one core, in their order, shuffled, and with cold caches, and texts made to be
 * slow; prints replies a second, nanoseconds, allocations per reply, and how the time grows with a
 * hostile text's length. */
#include "smtp/classify.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct row {
    enum mxp_stage stage;
    uint16_t provider;
    struct mxp_reply reply;
    char *text;
};

struct rows {
    struct row *row;
    size_t n, size, octets;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t now_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static size_t unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\\' && (from[1] == 'n' || from[1] == '\\'))
            *to++ = *++from == 'n' ? '\n' : '\\';
        else
            *to++ = *from;
    }
    return (size_t)(to - text);
}

static void add_row(struct rows *rows, const struct mxp_rules *rules, char *line)
{
    char *provider = strchr(line, '\t'), *text = provider ? strchr(provider + 1, '\t') : NULL;
    if (!text || *line == '#')
        return;
    *provider++ = *text++ = '\0';
    text[strcspn(text, "\t\n")] = '\0';
    if (rows->n == rows->size) {
        rows->size = rows->size ? rows->size * 2 : 1024;
        rows->row = realloc(rows->row, rows->size * sizeof *rows->row);
        if (!rows->row)
            abort();
    }
    struct row *row = &rows->row[rows->n++];
    row->stage = mxp_stage_find(mxp_slice_str(line));
    row->provider = mxp_rules_provider(rules, mxp_slice_str(provider));
    row->text = strdup(text);
    if (!row->text || row->stage == MXP_STAGE_COUNT)
        abort();
    struct mxp_slice whole = {row->text, unescape(row->text)};
    mxp_reply_parse(whole, &row->reply);
    rows->octets += whole.len;
}

static bool read_rows(const char *path, const struct mxp_rules *rules, struct rows *ret)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    while (getline(&line, &size, file) > 0)
        add_row(ret, rules, line);
    free(line);
    fclose(file);
    return ret->n > 0;
}

static void measure(const struct rows *rows, const struct mxp_rules *rules, size_t rounds,
                    const char *order)
{
    struct mxp_classified what;
    size_t invalid = 0;
    for (size_t i = 0; i < rows->n; i++) /* warm */
        mxp_classify(rules, rows->row[i].stage, rows->row[i].provider, &rows->row[i].reply, &what);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    uint64_t begin = now_ns();
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < rows->n; i++) {
            const struct row *row = &rows->row[i];
            mxp_classify(rules, row->stage, row->provider, &row->reply, &what);
            invalid += what.verdict == MXP_VERDICT_INVALID;
        }
    double ns = (double)(now_ns() - begin), n = (double)rounds * (double)rows->n;
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd; /* printf allocates, too */
    printf("%s: replies %zu, mean %zu octets, rounds %zu, invalid %zu\n", order, rows->n,
           rows->octets / rows->n, rounds, rounds ? invalid / rounds : 0);
    printf("%.0f ns a reply, %.0f replies a second, %zd octets of heap more than before\n", ns / n,
           n * 1e9 / ns, (ssize_t)(after - before));
}

static void shuffle(struct rows *rows)
{
    uint64_t random = 88172645463325252u; /* the same order in each run */
    for (size_t i = rows->n; i > 1; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        struct row *a = &rows->row[i - 1], *b = &rows->row[random % i], row = *a;
        *a = *b;
        *b = row;
    }
}

/* Each reply after other work that has filled the caches, as in a session between round trips. */
static void measure_cold(const struct rows *rows, const struct mxp_rules *rules)
{
    static unsigned char other[16 * 1024 * 1024];
    struct mxp_classified what;
    uint64_t sum = 0, clock = 0;
    for (size_t i = 0; i < rows->n; i++) {
        for (size_t k = 0; k < sizeof other; k += 64)
            other[k]++;
        uint64_t begin = clock_ns(CLOCK_MONOTONIC);
        clock += clock_ns(CLOCK_MONOTONIC) - begin;
        begin = clock_ns(CLOCK_MONOTONIC);
        mxp_classify(rules, rows->row[i].stage, rows->row[i].provider, &rows->row[i].reply, &what);
        sum += clock_ns(CLOCK_MONOTONIC) - begin;
    }
    printf("cold: %.0f ns a reply, 16 MiB written before each\n",
           (double)(sum - clock) / (double)rows->n);
}

/* Nanoseconds per octet must not grow with the text. */
static void hostile(const struct mxp_rules *rules, const char *name, const char *piece)
{
    static const size_t lens[] = {1024, 8192, 65536};
    struct mxp_classified what;
    size_t piece_len = strlen(piece);
    printf("%-22s", name);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        char *text = malloc(lens[i]);
        if (!text)
            abort();
        memcpy(text, "550 ", 4);
        for (size_t k = 4; k < lens[i]; k++)
            text[k] = piece[(k - 4) % piece_len];
        struct mxp_reply reply = {550, {5, 1, 1}, {text, lens[i]}};
        uint64_t begin = now_ns();
        size_t rounds = 4 * 1024 * 1024 / lens[i];
        for (size_t round = 0; round < rounds; round++)
            mxp_classify(rules, MXP_STAGE_RCPT, 0, &reply, &what);
        printf("  %6zu: %5.2f ns/octet", lens[i],
               (double)(now_ns() - begin) / (double)(rounds * lens[i]));
        free(text);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct mxp_why why;
    struct rows rows = {NULL, 0, 0, 0};
    struct mxp_rules *rules = mxp_rules_new(NULL, &why);
    if (argc < 2 || !rules || !read_rows(argv[1], rules, &rows)) {
        fprintf(stderr, "usage: mxprobe-classify FILE [ROUNDS]\n%s\n", rules ? "" : why.text);
        return 64;
    }
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
    measure(&rows, rules, rounds ? rounds : 1, "in order");
    if (argc <= 2) {
        shuffle(&rows);
        measure(&rows, rules, rounds, "shuffled");
        measure_cold(&rows, rules);
        hostile(rules, "no words", ".");
        hostile(rules, "one long word", "a");
        hostile(rules, "nearly an address", "a.b-c_d+");
        hostile(rules, "addresses", "a@b ");
        hostile(rules, "nearly a phrase", "recipient address rejected user ");
        hostile(rules, "every phrase", "user unknown mailbox full spam blocked using ip listed ");
        hostile(rules, "octets above 127", "\xd0\xbd\xd0\xb5 ");
        hostile(rules, "numbers", "1.2.3 4:5 99 minutes ");
    }
    for (size_t i = 0; i < rows.n; i++)
        free(rows.row[i].text);
    free(rows.row);
    mxp_rules_free(rules);
    return 0;
}
