#include "ratelimit/pace.h"

#define MINUTE_MS    60000.0
#define FIRST        10.0  /* events at once at the start: a small list should not wait */
#define START_PART   8.0   /* the ceiling's part to begin with .. */
#define START_LEAST  60.0  /* .. and at least so many a minute */
#define DOUBLE_MS    10000 /* while nothing is said against it */
#define BELOW_HURT   0.93  /* where to stay, of what was reached when it hurt */
#define SURPRISE     0.33  /* where a level that had been fine hurts: the limit has moved */
#define AGAIN        0.6   /* and where the new level hurts at once again */
#define STEADY_MS    60000 /* a level held for so long is known to be fine */
#define PAUSE_MS     5000  /* after a throttle, doubled while they follow one another */
#define PAUSE_MAX_MS 300000
#define QUIET_MS     120000 /* before a learned level is raised .. */
#define CREEP_MS     30000  /* .. by a little each time .. */
#define CREEP        1.03
#define FORGET_MS    600000 /* .. and above the level that hurt only after so long */
#define LEAST        0.5

void mxp_pace_init(struct mxp_pace *pace, struct mxp_rate ceiling, double learned, uint64_t now_ms)
{
    *pace = (struct mxp_pace){.filled_ms = now_ms, .raised_ms = now_ms};
    double most = ceiling.n ? ceiling.n * MINUTE_MS / (ceiling.per_ms ? ceiling.per_ms : 1) : 0;
    double start = most / START_PART > START_LEAST ? most / START_PART : START_LEAST;
    if (most > 0 && start > most)
        start = most;
    if (learned > 0 && (most <= 0 || learned < most)) {
        start = learned;
        pace->hurt = (float)(learned / BELOW_HURT);
        pace->bound = (float)learned;
    }
    pace->ceiling = (float)most;
    pace->level = (float)start;
    pace->tokens = (float)(most > 0 && most < FIRST ? most : FIRST);
    if (pace->tokens < 1)
        pace->tokens = 1;
}

static double depth(const struct mxp_pace *pace)
{
    double second = pace->level / 60.0;
    return second < 2 ? 2 : second > 20 ? 20 : second;
}

static void raise_to(struct mxp_pace *pace, double level, uint64_t now_ms)
{
    if (pace->ceiling > 0 && level > pace->ceiling)
        level = pace->ceiling;
    pace->level = (float)level;
    if (pace->bound > 0)
        pace->bound = (float)level;
    pace->raised_ms = now_ms;
    pace->n_since_raise = 0;
}

/* Raise the level where the time since the last change was quiet and made use of it. */
static void grow(struct mxp_pace *pace, uint64_t now_ms)
{
    uint64_t since = now_ms - pace->raised_ms;
    double used = pace->n_since_raise * MINUTE_MS / (double)(since ? since : 1);
    bool top = pace->ceiling > 0 && pace->level >= pace->ceiling;
    if (top || used < pace->level / 2)
        return;
    if (pace->hurt <= 0) {
        if (since >= DOUBLE_MS)
            raise_to(pace, pace->level * 2.0, now_ms);
        return;
    }
    uint64_t quiet = now_ms - pace->event_ms;
    if (quiet < QUIET_MS || since < CREEP_MS)
        return;
    pace->n_in_row = 0;
    double next = pace->level * CREEP;
    if (next <= pace->hurt * BELOW_HURT || quiet >= FORGET_MS)
        raise_to(pace, next, now_ms);
}

static void fill(struct mxp_pace *pace, double slow, uint64_t now_ms)
{
    double most = depth(pace);
    double more = (double)(now_ms - pace->filled_ms) * pace->level / slow / MINUTE_MS;
    /* The first tokens may be more than the bucket's depth: they are not taken away. */
    if (pace->tokens < most)
        pace->tokens = (float)(pace->tokens + more > most ? most : pace->tokens + more);
    pace->filled_ms = now_ms;
}

uint32_t mxp_pace_allows(struct mxp_pace *pace, uint32_t wanted, double slow, uint64_t now_ms,
                         uint64_t *ret_ms)
{
    *ret_ms = now_ms;
    if (now_ms < pace->pause_ms) {
        *ret_ms = pace->pause_ms;
        return 0;
    }
    grow(pace, now_ms);
    fill(pace, slow, now_ms);
    uint32_t n = pace->tokens > 0 ? (uint32_t)pace->tokens : 0;
    if (n == 0)
        *ret_ms = now_ms + 1 + (uint64_t)((1 - pace->tokens) * slow * MINUTE_MS / pace->level);
    if (n && pace->bound > 0) {
        uint32_t most = pace->bound >= 1 ? (uint32_t)pace->bound : 1;
        uint32_t sum = mxp_trail_sum(&pace->trail, now_ms);
        uint32_t room = sum < most ? most - sum : 0;
        if (room == 0)
            *ret_ms = mxp_trail_falls_ms(&pace->trail, most - 1, now_ms) + 1;
        n = n < room ? n : room;
    }
    return n < wanted ? n : wanted;
}

void mxp_pace_take(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    pace->tokens -= (float)n;
    pace->n_since_raise += n;
    mxp_trail_add(&pace->trail, n, now_ms);
}

void mxp_pace_give_back(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    pace->tokens += (float)n;
    pace->n_since_raise -= n < pace->n_since_raise ? n : pace->n_since_raise;
    mxp_trail_drop(&pace->trail, n, now_ms);
}

static void pause(struct mxp_pace *pace, uint64_t stated_ms, uint64_t now_ms)
{
    uint64_t wait = PAUSE_MS;
    for (uint16_t i = 1; i < pace->n_in_row && wait < PAUSE_MAX_MS; i++)
        wait *= 2;
    if (wait > PAUSE_MAX_MS)
        wait = PAUSE_MAX_MS;
    if (wait < stated_ms)
        wait = stated_ms;
    if (pace->pause_ms < now_ms + wait)
        pace->pause_ms = now_ms + wait;
}

bool mxp_pace_throttled(struct mxp_pace *pace, uint64_t sent_ms, uint64_t stated_ms,
                        uint64_t now_ms)
{
    if (pace->event_ms && sent_ms <= pace->event_ms) {
        if (stated_ms && pace->pause_ms < now_ms + stated_ms)
            pace->pause_ms = now_ms + stated_ms;
        return false;
    }
    bool again = pace->event_ms && now_ms - pace->event_ms < STEADY_MS + PAUSE_MS;
    pace->n_in_row = again ? (uint16_t)(pace->n_in_row + 1) : 1;
    double reached = mxp_trail_sum(&pace->trail, now_ms);
    bool steady = now_ms - pace->raised_ms >= STEADY_MS && reached >= pace->level * 0.7;
    double level = steady ? pace->level * SURPRISE : reached * BELOW_HURT;
    if (again && level > pace->level * AGAIN)
        level = pace->level * AGAIN;
    if (level > pace->level)
        level = pace->level * 0.5; /* a short burst hurt, not the minute's sum */
    pace->hurt = (float)(steady ? pace->level : reached);
    if (pace->hurt < level)
        pace->hurt = (float)(level / BELOW_HURT);
    pace->level = (float)(level > LEAST ? level : LEAST);
    pace->bound = pace->level;
    pace->tokens = 0;
    pace->filled_ms = now_ms;
    pace->event_ms = now_ms;
    pace->raised_ms = now_ms;
    pace->n_since_raise = 0;
    pause(pace, stated_ms, now_ms);
    return true;
}

void mxp_pace_absolve(struct mxp_pace *pace, uint64_t now_ms)
{
    if (pace->hurt > pace->level)
        pace->level = pace->hurt;
    pace->hurt = pace->bound = 0;
    pace->pause_ms = 0;
    pace->n_in_row = 0;
    pace->raised_ms = now_ms;
}
