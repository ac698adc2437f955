/* Steady work at one site, as an engine does it: sessions that ask as much as they may. */
#include "core/err.h"
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 64
#define TIMES        65536
#define MINUTE_MS    60000

struct worker {
    struct mxp_lease *lease; /* NULL: none; asks to open at at_ms */
    uint64_t at_ms;
    uint32_t n_asked; /* whose answers are due at at_ms */
};

struct work {
    struct scn_world *world;
    struct mxp_route route;
    uint64_t until_ms, latency_ms, batch, unknown_percent, n_sessions;
    struct worker workers[SESSIONS_MAX];
    uint64_t times[TIMES]; /* of the recipients asked */
    uint64_t n_asked, n_answered, most, peak, open;
};

static void ask(struct work *work, struct worker *worker)
{
    struct scn_world *world = work->world;
    struct mxp_wait wait;
    uint32_t n =
        mxp_lease_take(worker->lease, "example.org", (uint32_t)work->batch, world->now_ms, &wait);
    if (n) {
        for (uint32_t i = 0; i < n; i++)
            work->times[work->n_asked++ % TIMES] = world->now_ms;
        worker->n_asked = n;
        worker->at_ms = world->now_ms + work->latency_ms;
        return;
    }
    worker->at_ms = wait.until_ms;
    if (wait.until_ms == UINT64_MAX || wait.reasons & MXP_WAIT_SESSION) {
        mxp_lease_close(worker->lease, MXP_LEASE_QUIT, world->now_ms);
        worker->lease = NULL;
        work->open--;
        worker->at_ms = world->now_ms + 1;
    }
}

static void act(struct work *work, struct worker *worker)
{
    struct scn_world *world = work->world;
    struct mxp_wait wait;
    if (!worker->lease) {
        int err =
            mxp_limiter_open(world->limiter, &work->route, world->now_ms, &worker->lease, &wait);
        if (err) {
            worker->lease = NULL;
            worker->at_ms = wait.until_ms == UINT64_MAX ? world->now_ms + 1000 : wait.until_ms;
            return;
        }
        work->peak = ++work->open > work->peak ? work->open : work->peak;
    }
    struct mxp_feedback_info info = {.latency_ms = (uint32_t)work->latency_ms};
    for (; worker->n_asked; worker->n_asked--, work->n_answered++) {
        bool unknown = work->n_answered * work->unknown_percent % 100 < work->unknown_percent;
        mxp_lease_feedback(worker->lease, unknown ? MXP_FB_UNKNOWN_USER : MXP_FB_OK, &info,
                           world->now_ms);
    }
    ask(work, worker);
}

static uint64_t most_in_a_minute(const struct work *work)
{
    uint64_t most = 0, from = 0, n = work->n_asked < TIMES ? work->n_asked : TIMES;
    for (uint64_t i = 0; i < n; i++) {
        while (work->times[i] - work->times[from] >= MINUTE_MS)
            from++;
        most = i + 1 - from > most ? i + 1 - from : most;
    }
    return most;
}

static void run(struct work *work)
{
    struct scn_world *world = work->world;
    for (;;) {
        struct worker *next = &work->workers[0];
        for (uint64_t i = 1; i < work->n_sessions; i++)
            if (work->workers[i].at_ms < next->at_ms)
                next = &work->workers[i];
        if (next->at_ms > work->until_ms)
            break;
        if (next->at_ms > world->now_ms)
            world->now_ms = next->at_ms;
        act(work, next);
        if (next->at_ms <= world->now_ms)
            next->at_ms = world->now_ms + 1;
    }
    world->now_ms = work->until_ms;
    for (uint64_t i = 0; i < work->n_sessions; i++) {
        struct worker *worker = &work->workers[i];
        for (; worker->n_asked; worker->n_asked--)
            mxp_lease_feedback(worker->lease, MXP_FB_OK, NULL, world->now_ms);
        if (worker->lease)
            mxp_lease_close(worker->lease, MXP_LEASE_QUIT, world->now_ms);
    }
}

static bool compare(struct scn_world *world, const char *what, uint64_t came)
{
    struct scn_range range;
    char want[80];
    if (!scn_range(scn_next(world), false, &range))
        return scn_wrong(world, "no range for %s", what);
    scn_print_range(range, false, want, sizeof want);
    return scn_within(range, came) || scn_fail(world, "work: expected %s %s, came: %llu", what,
                                               want, (unsigned long long)came);
}

static bool read_words(struct work *work)
{
    struct scn_world *world = work->world;
    while (scn_more(world) && !scn_is(world, "->")) {
        const char *name = scn_next(world), *value = scn_next(world);
        bool fine = false;
        if (strcmp(name, "host") == 0) {
            work->route.host = value;
            fine = true;
        } else if (strcmp(name, "ip") == 0) {
            fine = scn_ip(value, work->route.ip, &work->route.ip_len);
        } else if (strcmp(name, "for") == 0) {
            fine = scn_time(value, &work->until_ms);
            work->until_ms += world->now_ms;
        } else if (strcmp(name, "latency") == 0) {
            fine = scn_time(value, &work->latency_ms);
        } else if (strcmp(name, "batch") == 0) {
            fine = scn_number(value, &work->batch);
        } else if (strcmp(name, "unknown") == 0) {
            fine = scn_number(value, &work->unknown_percent);
        } else if (strcmp(name, "sessions") == 0) {
            fine = scn_number(value, &work->n_sessions) && work->n_sessions <= SESSIONS_MAX;
        }
        if (!fine)
            return scn_wrong(world, "work has no '%s %s'", name, value);
    }
    return true;
}

static bool work_with(struct work *work)
{
    struct scn_world *world = work->world;
    if (!scn_site(world, &work->route.provider, &work->route.identity) || !read_words(work))
        return false;
    for (uint64_t i = 0; i < work->n_sessions; i++)
        work->workers[i].at_ms = world->now_ms;
    run(work);
    while (scn_more(world)) {
        const char *name = scn_next(world);
        bool fine = strcmp(name, "asked") == 0      ? compare(world, name, work->n_asked)
                    : strcmp(name, "a-minute") == 0 ? compare(world, name, most_in_a_minute(work))
                    : strcmp(name, "at-once") == 0  ? compare(world, name, work->peak)
                                                    : scn_wrong(world, "work has no '%s'", name);
        if (!fine)
            return false;
    }
    return true;
}

bool scn_work(struct scn_world *world)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    *work = (struct work){.world = world,
                          .route = {.host = "mx.work.example"},
                          .until_ms = world->now_ms,
                          .latency_ms = 50,
                          .batch = 10,
                          .n_sessions = 1};
    bool fine = work_with(work);
    free(work);
    return fine;
}
