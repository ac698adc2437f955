/*
 * Scenarios for the limiter: scenario FILE... plays scripts on virtual time, without sockets,
 * and prints file:line, what was expected and what came, where the limiter does otherwise.
 * Each script starts with a new limiter; it ends at its first failure. Exit 0 or 1.
 *
 * THE LANGUAGE: a statement a line; # starts a comment. The last part of many statements is
 * "-> what is expected"; without it the statement is expected to be granted in full.
 *
 *   option identities N | sessions N | identity-connections N | [identity-]connects-a-minute N |
 *          [identity-]rcpts-a-minute N | blocks-to-stop N | trial TIME | clock TIME (the start's) |
 *          limits off
 *   provider NAME BUDGET         BUDGET: connections N, host N, connects N/TIME, rcpts N/TIME,
 *   teach SITE BUDGET            domain N/TIME (recipients), session N, transaction N,
 *                                unknown PERCENT, network, hour N (teach: recipients); any
 *   at TIME                      since the script's start
 *   after TIME                   since now; both fail where an event came that nobody expected
 *                                (slowed and raised are not counted)
 *   open LEASES SITE [host NAME] [ip ADDRESS] [-> wait REASON [for TIMES]]
 *   address LEASES ADDRESS [-> wait REASON [for TIMES]]
 *   take LEASES N [domain NAME] [-> NUMBERS | -> wait REASON [for TIMES]]
 *   untake LEASES N
 *   answer LEASES [N] ok|unknown|throttled|blocked|footprint|too-many
 *          [limit any|connections|session|transaction|rate] [stated TIME] [latency TIME]
 *          [after N]             after: recipients answered before in the transaction
 *   close LEASES quit|refused|unreachable|dropped|silent|canceled
 *   work SITE for TIME [sessions N] [latency TIME] [batch N] [unknown PERCENT] [host NAME]
 *          [ip ADDRESS] [-> [asked NUMBERS] [a-minute NUMBERS] [at-once NUMBERS]]
 *                                so many sessions ask all they may, and are answered normally;
 *                                a-minute: the most in any 60 s
 *   expect event KIND SITE [WORD]      WORD: in the limit's name
 *          KIND: breaker-opened, breaker-closed, footprint-stop, listed, slowed, raised
 *   expect nothing               no event of any kind since the clock last moved
 *   expect site SITE FIELD NUMBERS ..  FIELD: as in BUDGET, rates a minute; open, breaker,
 *          stopped, sessions, asked, throttled, unknown, blocked
 *   missing TEXT                 the next statement is known to fail, as the limiter cannot do
 *                                this yet, and ends the script; that it does not fail is a
 *                                failure: then take this line out
 *
 *   SITE     provider, or provider#identity (the first is 0)
 *   LEASES   a name, or several at once: A1..5 is A1 to A5
 *   TIME     500ms, 10s, 5m, 1h, 1d; TIMES: also 1s..5s, 1s.., ..5s, ever
 *   NUMBERS  5, 3..5, 3.., ..5
 *   REASON   run, identity, provider, connect-rate, rate, host, server, domain, penalty,
 *            breaker, footprint, session; any
 */
#include "scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 1000000

static void note_failure(struct scn_world *world, const char *format, va_list args)
{
    int n = snprintf(world->failure, sizeof world->failure, "%s:%d: ", world->file, world->line_no);
    if (n > 0 && (size_t)n < sizeof world->failure)
        (void)vsnprintf(world->failure + n, sizeof world->failure - (size_t)n, format, args);
}

bool scn_fail(struct scn_world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note_failure(world, format, args);
    va_end(args);
    return false;
}

bool scn_wrong(struct scn_world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note_failure(world, format, args);
    va_end(args);
    world->wrong = true;
    return false;
}

static bool note_missing(struct scn_world *world)
{
    size_t at = 0;
    world->missing_text[0] = '\0';
    while (scn_more(world) && at < sizeof world->missing_text)
        at += (size_t)snprintf(world->missing_text + at, sizeof world->missing_text - at, "%s%s",
                               at ? " " : "", scn_next(world));
    world->missing = world->missing_text;
    return true;
}

static bool play_line(struct scn_world *world, char *text)
{
    struct scn_line *line = &world->line;
    char *save = NULL;
    *line = (struct scn_line){0};
    for (char *word = strtok_r(text, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
        if (word[0] == '#')
            break;
        if (line->n == SCN_WORDS)
            return scn_wrong(world, "too many words");
        line->words[line->n++] = word;
    }
    if (!line->n)
        return true;
    const char *verb = scn_next(world);
    if (strcmp(verb, "missing") == 0)
        return note_missing(world);
    bool fine = scn_step(world, verb);
    if (fine && scn_more(world))
        return scn_wrong(world, "'%s' is one word too many", scn_next(world));
    if (!world->missing || world->wrong)
        return fine;
    world->known = !fine;
    return !fine || scn_fail(world, "passes now: take out the line 'missing %s'", world->missing);
}

static void close_all(struct scn_world *world)
{
    for (size_t i = 0; i < world->n_leases; i++)
        if (world->leases[i].lease)
            mxp_lease_close(world->leases[i].lease, MXP_LEASE_CANCELED, world->now_ms);
}

static bool nothing_open(struct scn_world *world)
{
    for (size_t i = 0; i < world->n_providers; i++) {
        for (uint32_t identity = 0; identity < world->options.n_identities; identity++) {
            struct mxp_site_state state;
            mxp_limiter_site(world->limiter, world->providers[i], identity, &state);
            if (state.open)
                return scn_fail(world, "%u connections stay open at %s", (unsigned)state.open,
                                mxp_lim_provider_key(world->providers[i]));
        }
    }
    return true;
}

static bool play(struct scn_world *world, FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    bool fine = true;
    int n_lines = 0;
    while (fine && !world->known && getline(&text, &size, file) >= 0) {
        world->line_no++;
        fine = play_line(world, text);
        n_lines++;
    }
    if (fine && !world->known)
        fine = scn_expect_no_alarm(world);
    close_all(world);
    fine = fine && nothing_open(world);
    if (fine && (n_lines == 0 || !world->limiter))
        fine = scn_wrong(world, "a script that does nothing");
    free(text);
    world->limiter = mxp_limiter_free(world->limiter);
    return fine;
}

static bool play_file(const char *name)
{
    FILE *file = fopen(name, "r");
    struct scn_world *world = calloc(1, sizeof *world);
    if (!file || !world) {
        fprintf(stderr, "%s: cannot be read\n", name);
        if (file)
            (void)fclose(file);
        free(world);
        return false;
    }
    world->file = name;
    world->start_ms = world->now_ms = START_MS;
    world->options.n_identities = 1;
    bool fine = play(world, file);
    if (world->known)
        printf("%s: known to be missing: %s\n    ", name, world->missing);
    printf("%s\n", fine && !world->known ? name : world->failure);
    (void)fclose(file);
    free(world);
    return fine;
}

int main(int argc, char **argv)
{
    int n_failed = 0;
    for (int i = 1; i < argc; i++)
        n_failed += !play_file(argv[i]);
    printf("%d played, %d failed\n", argc - 1, n_failed);
    return n_failed || argc < 2 ? 1 : 0;
}
