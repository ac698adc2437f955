#include "ratelimit/pace.h"

#define MINUTE_MS    60000.0
#define FIRST        10.0  /* events at once at the start: a small list should not wait */
#define START_PART   8.0   /* the ceiling's part to begin with .. */
#define START_LEAST  60.0  /* .. and at least so many a minute */
#define DOUBLE_MS    10000 /* while nothing is said against it */
#define BELOW_HURT   0.95  /* where to stay, of what was accepted in the minute when it hurt */
#define LOWER        0.9   /* it hurt where it should not: what hurt was not the limit */
#define PROBE_FLOOR  0.3   /* probes that fail lower the level to this part at most */
#define PAUSE_MS     10000 /* after a throttle, doubled while they follow one another */
#define PAUSE_MAX_MS 600000
#define PROBE_MS     60000  /* a probe that is not answered in this time was lost */
#define POLL_MS      1000   /* while a probe is under way */
#define QUIET_MS     120000 /* before the level rises above what hurt; four times as .. */
#define CONFIRMED    3      /* .. long each time it was confirmed, up to so often */
#define STEP_MS      30000  /* below what hurt, step by step .. */
#define STEP         1.25   /* .. by this */
#define HOLD_MS      75000  /* above it a step must hold longer than a server's minute */
#define STEPS_GROW   3      /* steps that held make the next ones longer, up to so often */
#define ABRUPT       0.7    /* the first hurt below the level reached: a burst did */
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
        pace->event_ms = now_ms;
        pace->n_confirmed = 1;
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

/* Above what hurt only after a quiet that is the longer the more often it hurt there. A step
 * that holds is the new bound of what is known to be fine. */
static void grow_again(struct mxp_pace *pace, uint64_t since_ms, uint64_t now_ms)
{
    double safe = (double)pace->hurt * BELOW_HURT;
    bool above = pace->level > safe * 1.01;
    if (since_ms < (above ? HOLD_MS : STEP_MS))
        return;
    if (above) {
        pace->hurt = (float)(pace->level / BELOW_HURT);
        pace->n_confirmed = 0;
        if (pace->n_steps < STEPS_GROW)
            pace->n_steps++;
        raise_to(pace, pace->level * (STEP + STEP * pace->n_steps / STEPS_GROW), now_ms);
        return;
    }
    double next = pace->level * STEP;
    if (pace->level < safe * 0.99 && next > safe)
        next = safe;
    if (next > safe && now_ms - pace->event_ms < (uint64_t)QUIET_MS << (2 * pace->n_confirmed))
        return;
    raise_to(pace, next, now_ms);
}

/* Raise the level where the time since the last change was quiet and made use of it. */
static void grow(struct mxp_pace *pace, uint64_t now_ms)
{
    uint64_t since = now_ms - pace->raised_ms;
    /* After an idle time the last minute tells more than the mean since the last raise. */
    double used = pace->n_since_raise * MINUTE_MS / (double)(since ? since : 1);
    double lately = mxp_trail_sum(&pace->trail, now_ms);
    if (used < lately)
        used = lately;
    bool top = pace->ceiling > 0 && pace->level >= pace->ceiling;
    if (top || pace->probing || used < pace->level / 2)
        return;
    if (pace->hurt > 0)
        grow_again(pace, since, now_ms);
    else if (since >= DOUBLE_MS)
        raise_to(pace, pace->level * 2.0, now_ms);
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

/* No more in any minute than the bound. */
static uint32_t within_bound(struct mxp_pace *pace, uint32_t n, uint64_t now_ms, uint64_t *ret_ms)
{
    if (n == 0 || pace->bound <= 0)
        return n;
    uint32_t most = pace->bound >= 1 ? (uint32_t)(pace->bound + 0.5F) : 1;
    uint32_t sum = mxp_trail_sum(&pace->trail, now_ms);
    uint32_t room = sum < most ? most - sum : 0;
    if (room == 0)
        *ret_ms = mxp_trail_falls_ms(&pace->trail, most - 1, now_ms) + 1;
    return n < room ? n : room;
}

uint32_t mxp_pace_allows(struct mxp_pace *pace, uint32_t wanted, double slow, uint64_t now_ms,
                         uint64_t *ret_ms)
{
    *ret_ms = now_ms;
    if (now_ms < pace->pause_ms) {
        *ret_ms = pace->pause_ms;
        return 0;
    }
    if (pace->probing && pace->probe_ms > pace->event_ms && now_ms - pace->probe_ms < PROBE_MS) {
        *ret_ms = now_ms + POLL_MS;
        return 0;
    }
    grow(pace, now_ms);
    fill(pace, slow, now_ms);
    uint32_t n = pace->tokens > 0 ? (uint32_t)pace->tokens : 0;
    if (n == 0)
        *ret_ms = now_ms + 1 + (uint64_t)((1 - pace->tokens) * slow * MINUTE_MS / pace->level);
    n = within_bound(pace, n, now_ms, ret_ms);
    if (n && pace->probing)
        n = 1;
    return n < wanted ? n : wanted;
}

void mxp_pace_take(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    pace->tokens -= (float)n;
    pace->n_since_raise += n;
    mxp_trail_add(&pace->trail, n, now_ms);
    if (pace->probing && n)
        pace->probe_ms = now_ms;
}

void mxp_pace_give_back(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    pace->tokens += (float)n;
    pace->n_since_raise -= n < pace->n_since_raise ? n : pace->n_since_raise;
    mxp_trail_drop(&pace->trail, n, now_ms);
    if (pace->probing)
        pace->probe_ms = 0;
}

void mxp_pace_answered(struct mxp_pace *pace, uint64_t sent_ms)
{
    if (!pace->probing || sent_ms < pace->probe_ms || pace->probe_ms <= pace->event_ms)
        return;
    pace->probing = false;
    pace->n_in_row = 0;
}

/* What it was not allowed to use says nothing of how much it uses: growth is measured anew. */
static void hold(struct mxp_pace *pace, uint64_t until_ms)
{
    if (pace->pause_ms >= until_ms)
        return;
    pace->pause_ms = pace->raised_ms = until_ms;
    pace->n_since_raise = 0;
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
    hold(pace, now_ms + wait);
}

/* It hurt anew: what was accepted within the minute is what the site takes; above what hurt
 * before, that is confirmed, and the minute's sum may be more than it stands for (a server that
 * counts by the clock takes twice its limit around the turn of its minute). */
static double hurt_anew(struct mxp_pace *pace, double reached)
{
    double last = (double)pace->hurt, level = (double)pace->level;
    bool above = last > 0 && level > last * BELOW_HURT * 1.01;
    if (last > 0 && pace->n_confirmed < CONFIRMED)
        pace->n_confirmed++;
    pace->trouble = pace->level;
    pace->n_steps = 0;
    double hurt = reached > LEAST ? reached : LEAST;
    if (above && hurt > last)
        hurt = last;
    if (last > 0 && !above && hurt > level * LOWER / BELOW_HURT)
        hurt = level * LOWER / BELOW_HURT;
    if (last <= 0 && hurt * BELOW_HURT > level)
        hurt = level * ABRUPT / BELOW_HURT;
    pace->hurt = (float)hurt;
    return hurt * BELOW_HURT;
}

/* The probe was refused as well: with what had been accepted in the minute before it. */
static double hurt_again(struct mxp_pace *pace, double reached)
{
    double least = (double)pace->trouble * PROBE_FLOOR;
    double level = reached * BELOW_HURT;
    if (level < least)
        level = least;
    if (level > pace->level)
        return pace->level;
    pace->hurt = (float)(level / BELOW_HURT);
    return level;
}

/* More of those that were sent together were refused: fewer were accepted than it seemed. */
static void same_event(struct mxp_pace *pace, double reached)
{
    if (reached < LEAST || reached >= (double)pace->hurt)
        return;
    pace->hurt = (float)reached;
    if (pace->level > reached * BELOW_HURT)
        pace->level = pace->bound = (float)(reached * BELOW_HURT);
}

bool mxp_pace_throttled(struct mxp_pace *pace, uint64_t sent_ms, uint64_t stated_ms,
                        uint64_t now_ms)
{
    mxp_trail_drop(&pace->trail, 1, now_ms);
    double reached = mxp_trail_sum(&pace->trail, now_ms);
    if (pace->event_ms && sent_ms <= pace->event_ms) {
        same_event(pace, reached);
        if (stated_ms)
            hold(pace, now_ms + stated_ms);
        return false;
    }
    double level = pace->probing ? hurt_again(pace, reached) : hurt_anew(pace, reached);
    if (pace->n_in_row < UINT16_MAX)
        pace->n_in_row++;
    pace->probing = true;
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

void mxp_pace_doubt(struct mxp_pace *pace, uint64_t now_ms)
{
    if (pace->hurt <= 0)
        pace->hurt = pace->level;
    double half = (double)pace->level / 2;
    pace->level = (float)(half > LEAST ? half : LEAST);
    pace->event_ms = now_ms;
    hold(pace, now_ms + PAUSE_MS);
}

void mxp_pace_absolve(struct mxp_pace *pace, uint64_t now_ms)
{
    if (pace->hurt > pace->level)
        pace->level = pace->hurt;
    pace->hurt = pace->bound = 0;
    pace->pause_ms = 0;
    pace->n_in_row = 0;
    pace->probing = false;
    pace->raised_ms = now_ms;
}
