#include "ratelimit/pace_grow.h"

#define MINUTE_MS    60000.0
#define BELOW_HURT   0.95   /* where to stay, of what was accepted in the minute when it hurt */
#define DOUBLE_MS    10000  /* before the first throttle, while nothing is said against it .. */
#define DOUBLE_TRIPS 6      /* .. and could have been heard: so many round trips more */
#define STEP_MS      30000  /* below what hurt, step by step .. */
#define STEP         1.25   /* .. by this */
#define STEP_LEAST   1.1    /* above it half way to what failed, but so much at least */
#define HOLD_MS      75000  /* above it a step must hold longer than a server's minute */
#define STEPS_GROW   3      /* steps that held make the next ones longer, up to so often .. */
#define SLOW_TRIP_MS 1000   /* .. where little is under way while nothing is heard */
#define RISEN        1.15   /* so much above what hurt last the limit has changed .. */
#define RISEN_LEAST  1.5    /* .. and not by rounding */
#define QUIETS       5      /* quiet before a try, by how often it was confirmed, .. */
#define FEW_SAME     2      /* .. and longer where one cost more throttles; or, .. */
#define TRY_MS       480000 /* .. where the credit pays for what the last one cost, this */
#define LOST_MS      120000 /* where a throttle stopped us for longer than this, .. */
#define LOST_QUIET   20     /* .. so many times that, and more as it is confirmed */

double mxp_pace_below(double hurt)
{
    return hurt * BELOW_HURT;
}

double mxp_pace_above(double level)
{
    return level / BELOW_HURT;
}

bool mxp_pace_trying(const struct mxp_pace *pace)
{
    return pace->hurt > 0 && (double)pace->level > mxp_pace_below((double)pace->hurt) * 1.01;
}

bool mxp_pace_risen(const struct mxp_pace *pace, double level)
{
    double base = (double)pace->base;
    return level > base * RISEN && level > base + RISEN_LEAST;
}

static void raise_to(struct mxp_pace *pace, double level, uint64_t now_ms)
{
    if (pace->ceiling > 0 && level > (double)pace->ceiling)
        level = (double)pace->ceiling;
    pace->level = (float)level;
    if (pace->bound > 0)
        pace->bound = (float)level;
    pace->raised_ms = now_ms;
    pace->n_since_raise = 0;
}

/* The next level above what is known to be fine: no more than half way to what failed. */
static double next_try(const struct mxp_pace *pace)
{
    double level = (double)pace->level, failed = (double)pace->failed;
    double next = level * (STEP + STEP * pace->n_steps / STEPS_GROW);
    if (failed > level && next > (level + failed) / 2)
        next = (level + failed) / 2;
    return next > level * STEP_LEAST ? next : level * STEP_LEAST;
}

/* A site that stops us for minutes is not tried again for an hour and more. */
static bool may_try(const struct mxp_pace *pace, uint64_t now_ms)
{
    static const uint16_t quiet_min[2][QUIETS] = {{2, 6, 18, 160, 480}, {2, 8, 32, 128, 512}};
    uint64_t quiet = now_ms - pace->event_ms;
    uint8_t i = pace->n_confirmed < QUIETS ? pace->n_confirmed : QUIETS - 1;
    uint64_t first = quiet_min[pace->n_same > FEW_SAME][i] * UINT64_C(60000);
    if (pace->lost_ms > LOST_MS) /* what it costs is the time, which no credit pays for */
        return quiet >= first * LOST_QUIET * pace->lost_ms / LOST_MS;
    return quiet >= first || (quiet >= TRY_MS && pace->credit >= (float)pace->n_same);
}

/* A try that held is the new bound of what is known to be fine. */
static void held(struct mxp_pace *pace, uint64_t now_ms)
{
    pace->hurt = (float)mxp_pace_above((double)pace->level);
    if (mxp_pace_risen(pace, (double)pace->level))
        pace->n_confirmed = 0;
    if (pace->n_steps < STEPS_GROW && pace->trip_ms < SLOW_TRIP_MS)
        pace->n_steps++;
    raise_to(pace, next_try(pace), now_ms);
}

/* A first try after a long quiet: from here on it climbs. */
static void climb(struct mxp_pace *pace, uint64_t now_ms)
{
    if (now_ms - pace->event_ms < TRY_MS)
        return;
    if ((double)pace->level > (double)pace->root * RISEN)
        pace->n_climbs = 0;
    pace->root = pace->level;
}

static void grow_again(struct mxp_pace *pace, uint64_t since_ms, uint64_t now_ms)
{
    if (mxp_pace_trying(pace)) {
        if (since_ms >= HOLD_MS)
            held(pace, now_ms);
        return;
    }
    if (since_ms < STEP_MS)
        return;
    double safe = mxp_pace_below((double)pace->hurt), level = (double)pace->level;
    if (level < safe * 0.99)
        raise_to(pace, level * STEP < safe ? level * STEP : safe, now_ms);
    else if (may_try(pace, now_ms)) {
        climb(pace, now_ms);
        raise_to(pace, next_try(pace), now_ms);
    }
}

void mxp_pace_grow(struct mxp_pace *pace, uint64_t now_ms)
{
    uint64_t since = now_ms - pace->raised_ms;
    /* After an idle time the last minute tells more than the mean since the last raise. */
    double used = pace->n_since_raise * MINUTE_MS / (double)(since ? since : 1);
    double lately = mxp_trail_sum(&pace->trail, now_ms);
    if (used < lately)
        used = lately;
    bool top = pace->ceiling > 0 && pace->level >= pace->ceiling;
    if (top || pace->probing || used < (double)pace->level / 2)
        return;
    if (pace->hurt > 0)
        grow_again(pace, since, now_ms);
    else if (since >= DOUBLE_MS + (uint64_t)DOUBLE_TRIPS * pace->trip_ms)
        raise_to(pace, (double)pace->level * 2, now_ms);
}
