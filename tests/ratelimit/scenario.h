/*
 * What the files of the scenario interpreter share: the words of a line, the world that a
 * script acts on, and how a step fails. The language stands in the head of scenario.c.
 */
#ifndef MXP_TESTS_SCENARIO_H
#define MXP_TESTS_SCENARIO_H

#include "ratelimit/limiter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SCN_WORDS     64
#define SCN_LEASES    256
#define SCN_PROVIDERS 64
#define SCN_EVENTS    512

struct scn_line {
    char *words[SCN_WORDS]; /* of the line read last */
    size_t n, at;
};

/* least..most; a single number is both. */
struct scn_range {
    uint64_t least, most;
};

struct scn_lease {
    char name[24];
    struct mxp_lease *lease;
};

struct scn_world {
    const char *file;
    int line_no;
    struct scn_line line;
    struct mxp_limiter_options options;
    struct mxp_limiter *limiter; /* made by the first statement that needs it */
    uint64_t start_ms, now_ms;
    struct scn_lease leases[SCN_LEASES];
    struct mxp_lim_provider *providers[SCN_PROVIDERS];
    struct mxp_lim_event events[SCN_EVENTS]; /* that no statement has expected yet */
    size_t n_leases, n_providers, n_events;
    char failure[900];   /* file:line: what was expected, what came */
    const char *missing; /* what the next statement shows to be missing; NULL: nothing */
    bool wrong;          /* the script itself */
    bool known;          /* .. and did: the script ends */
    char missing_text[SCN_WORDS * 8];
};

/* Notes the failure with file and line; returns false, for a step to return. */
bool scn_fail(struct scn_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a script that is wrong, which is never known to be missing. */
bool scn_wrong(struct scn_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* scenario_words.c: all consume what they understood. */
const char *scn_next(struct scn_world *world); /* "" at the end */
bool scn_is(struct scn_world *world, const char *word);
bool scn_more(const struct scn_world *world);
bool scn_number(const char *word, uint64_t *ret);
bool scn_time(const char *word, uint64_t *ret_ms); /* 500ms, 10s, 5m, 1h, 1d */
bool scn_range(const char *word, bool time, struct scn_range *ret);
bool scn_within(struct scn_range range, uint64_t n);
void scn_print_range(struct scn_range range, bool time, char *ret, size_t size);
void scn_print_time(uint64_t ms, char *ret, size_t size);
bool scn_ip(const char *word, uint8_t ret_ip[16], uint8_t *ret_len);
bool scn_budget(struct scn_world *world, struct mxp_budget *ret);
/* NAME or NAME#IDENTITY */
bool scn_site(struct scn_world *world, struct mxp_lim_provider **ret, uint32_t *ret_identity);
/* A, A1 or A1..5: the names one after the other. False: no such name. */
struct scn_names {
    char stem[16];
    uint64_t from, to;
    bool numbered;
};
bool scn_names(const char *word, struct scn_names *ret);
void scn_name(const struct scn_names *names, uint64_t i, char ret[24]);
struct scn_lease *scn_lease(struct scn_world *world, const char *name);

/* scenario_expect.c */
bool scn_expect(struct scn_world *world);
bool scn_expect_wait(struct scn_world *world, const char *what, int err,
                     const struct mxp_wait *wait);
/* Before the clock moves and at the end: no breaker, stop or listing came unexpected. */
bool scn_expect_no_alarm(struct scn_world *world);
const char *scn_event_name(enum mxp_lim_event_kind kind);

/* scenario_steps.c */
bool scn_step(struct scn_world *world, const char *verb);

/* scenario_work.c */
bool scn_work(struct scn_world *world);

#endif
