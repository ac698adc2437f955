#include "ratelimit/pace_grow.h"

#include <stdlib.h>

#define MINUTE_MS      60000.0
#define FIRST          10.0    /* events at once at the start: a small list should not wait */
#define START_PART     8.0     /* the ceiling's part to begin with .. */
#define START_LEAST    60.0    /* .. and at least so many a minute */
#define LEAST          0.5     /* a minute; no level is lower */
#define CREDIT         0.0015F /* throttles that an event earns for tries; .. */
#define CREDIT_MAX     100.0F  /* .. so many are saved up, .. */
#define OWED           1.0F    /* .. and so many owed for throttles that no try caused, .. */
#define OWED_MAX       3.0F    /* .. where other limits had their part in them */
#define BOUND_MORE     1000    /* the bucket is a second deep: its bursts are not the bound's */
#define NEAR_CEILING   0.97    /* a bound that allows for the trail's grain stays below this */
#define LOWER          0.9     /* it hurt where it should not: what hurt was not the limit */
#define ABRUPT         0.7     /* the first hurt below the level reached: a burst did */
#define PROBE_FLOOR    0.3     /* probes that fail lower the level to this part at most; .. */
#define FELL           0.7     /* .. below this one the limit has changed */
#define CONFIRMED      3       /* a level that hurt so often is tried as seldom as can be */
#define BACK           0.8     /* steps that held are taken back so fast, .. */
#define AT_ONCE_MS     60000   /* .. or, when it hurts again within this, altogether, .. */
#define CLIMB_MS       480000  /* .. where it hurts again so soon */
#define SLACK          0.7     /* below this part of its level the minute explains no throttle */
#define PAUSE_MS       10000   /* after a throttle, doubled while they follow one another, .. */
#define PAUSE_MAX_MS   600000  /* .. up to this, .. */
#define PAUSE_SILENT   4       /* .. times this where it may be a quota, .. */
#define PAUSE_QUOTA_MS 3600000 /* .. up to this, or to when it is renewed */
#define PAUSE_TRY_MS   60000   /* after a try two events' time, up to this */
#define PROBE_MS       60000   /* a probe that is not answered in this time was lost */
#define POLL_MS        1000    /* while a probe is under way */

void mxp_pace_init(struct mxp_pace *pace, struct mxp_rate ceiling, double learned, uint64_t now_ms)
{
    *pace = (struct mxp_pace){.filled_ms = now_ms, .raised_ms = now_ms};
    double most = ceiling.n ? ceiling.n * MINUTE_MS / (ceiling.per_ms ? ceiling.per_ms : 1) : 0;
    double start = most / START_PART > START_LEAST ? most / START_PART : START_LEAST;
    if (most > 0 && start > most)
        start = most;
    if (learned > 0 && (most <= 0 || learned < most)) {
        start = learned;
        pace->hurt = (float)mxp_pace_above(learned);
        pace->base = pace->bound = (float)learned;
        pace->event_ms = now_ms;
        pace->n_confirmed = 1;
    }
    pace->ceiling = (float)most;
    pace->level = (float)start;
    pace->tokens = (float)(most > 0 && most < FIRST ? most : FIRST);
    if (pace->tokens < 1)
        pace->tokens = 1;
}

/* Without memory it has no quota. */
static void count_hours(struct mxp_pace *pace, double an_hour, uint64_t now_ms)
{
    pace->quota = malloc(sizeof *pace->quota);
    if (pace->quota)
        mxp_quota_init(pace->quota, an_hour, now_ms);
}

void mxp_pace_watch_hours(struct mxp_pace *pace, double an_hour, uint64_t now_ms)
{
    pace->watched = true;
    if (an_hour > 0)
        count_hours(pace, an_hour, now_ms);
}

void mxp_pace_free(struct mxp_pace *pace)
{
    free(pace->quota);
    pace->quota = NULL;
}

static double depth(const struct mxp_pace *pace)
{
    double second = (double)pace->level / 60.0, least = pace->spacing.needed ? 1 : 2;
    return second < least ? least : second > 20 ? 20 : second;
}

static void fill(struct mxp_pace *pace, double speed, uint64_t now_ms)
{
    double most = depth(pace);
    double more = (double)(now_ms - pace->filled_ms) * speed / MINUTE_MS;
    /* The first tokens may be more than the bucket's depth: they are not taken away. */
    if ((double)pace->tokens < most)
        pace->tokens =
            (float)((double)pace->tokens + more > most ? most : (double)pace->tokens + more);
    pace->filled_ms = now_ms;
}

/* What the trail may hold. It looks back on a little more than a minute, and may hold so much
 * more where the level is known to be fine: else it would be the bucket's brake. */
static uint32_t bound_of(const struct mxp_pace *pace, uint64_t now_ms)
{
    double bound = (double)pace->bound;
    double longer = bound * (mxp_trail_covers_ms(&pace->trail, now_ms) + BOUND_MORE) / MINUTE_MS;
    if (pace->ceiling > 0 && longer > (double)pace->ceiling * NEAR_CEILING)
        longer = (double)pace->ceiling * NEAR_CEILING;
    if (longer > bound && !mxp_pace_trying(pace))
        bound = longer;
    return bound >= 1 ? (uint32_t)(bound + 0.5) : 1;
}

/* No more in any minute than the bound. */
static uint32_t within_bound(struct mxp_pace *pace, uint32_t n, uint64_t now_ms, uint64_t *ret_ms)
{
    if (n == 0 || pace->bound <= 0)
        return n;
    uint32_t most = bound_of(pace, now_ms);
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
    double speed = mxp_quota_slows(pace->quota, (double)pace->level, now_ms);
    if (speed >= (double)pace->level) { /* else the minute's limit is not what is tried */
        mxp_pace_grow(pace, now_ms);
        speed = mxp_quota_slows(pace->quota, (double)pace->level, now_ms);
    }
    speed /= slow;
    fill(pace, speed, now_ms);
    uint32_t n = pace->tokens > 0 ? (uint32_t)pace->tokens : 0;
    if (n == 0)
        *ret_ms = now_ms + 1 + (uint64_t)((1 - (double)pace->tokens) * MINUTE_MS / speed);
    n = within_bound(pace, n, now_ms, ret_ms);
    if (n && pace->probing)
        n = 1;
    if (!pace->probing || (pace->quota && pace->quota->n_confirmed))
        n = mxp_quota_allows(pace->quota, n, now_ms, ret_ms);
    return n < wanted ? n : wanted;
}

/* The first ones are few, and count as if they were now. */
static void count_hour(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    if (pace->watched && !pace->quota) {
        pace->n_first += n;
        if (pace->n_first < MXP_QUOTA_LEAST)
            return;
        n = pace->n_first;
        pace->n_first = 0;
        count_hours(pace, 0, now_ms);
    }
    mxp_quota_take(pace->quota, n, now_ms);
}

void mxp_pace_take(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    mxp_spacing_take(&pace->spacing, n, (double)pace->level, now_ms);
    pace->tokens -= (float)n;
    pace->n_since_raise += n;
    pace->credit += CREDIT * (float)n;
    if (pace->credit > CREDIT_MAX)
        pace->credit = CREDIT_MAX;
    mxp_trail_add(&pace->trail, n, now_ms);
    count_hour(pace, n, now_ms);
    if (pace->probing && n)
        pace->probe_ms = now_ms;
}

void mxp_pace_give_back(struct mxp_pace *pace, uint32_t n, uint64_t now_ms)
{
    pace->tokens += (float)n;
    pace->n_since_raise -= n < pace->n_since_raise ? n : pace->n_since_raise;
    mxp_trail_drop(&pace->trail, n, now_ms);
    mxp_quota_give_back(pace->quota, n, now_ms);
    if (pace->probing)
        pace->probe_ms = 0;
}

static void count_trip(struct mxp_pace *pace, uint64_t sent_ms, uint64_t now_ms)
{
    uint64_t trip = now_ms > sent_ms ? now_ms - sent_ms : 0;
    if (trip > PROBE_MS)
        trip = PROBE_MS;
    pace->trip_ms = pace->trip_ms ? (pace->trip_ms * 7 + (uint32_t)trip) / 8 : (uint32_t)trip;
}

void mxp_pace_answered(struct mxp_pace *pace, uint64_t sent_ms, uint64_t now_ms)
{
    count_trip(pace, sent_ms, now_ms);
    if (!pace->probing || sent_ms < pace->probe_ms || pace->probe_ms <= pace->event_ms)
        return;
    uint64_t lost = pace->n_in_row > 1 ? now_ms - pace->row_ms : 0;
    pace->probing = false;
    pace->n_in_row = 0;
    pace->lost_ms = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
    mxp_quota_opened(pace->quota, now_ms);
}

/* What it was not allowed to use says nothing of how much it uses: growth is measured anew. */
static void hold(struct mxp_pace *pace, uint64_t until_ms)
{
    if (pace->pause_ms >= until_ms)
        return;
    pace->pause_ms = pace->raised_ms = until_ms;
    pace->n_since_raise = 0;
}

static bool has_quota(const struct mxp_pace *pace)
{
    return pace->quota && pace->quota->most > 0;
}

/* Ten minutes at most; of a quota we know when it may be renewed, and can wait for that. */
static uint64_t longest_pause(struct mxp_pace *pace, uint64_t now_ms)
{
    if (!has_quota(pace))
        return PAUSE_MAX_MS;
    uint64_t opens = mxp_quota_opens_ms(pace->quota, now_ms);
    return opens > now_ms + PAUSE_MS ? opens - now_ms : PAUSE_QUOTA_MS;
}

static void pause(struct mxp_pace *pace, uint64_t stated_ms, uint64_t now_ms)
{
    uint64_t wait = PAUSE_MS, most = longest_pause(pace, now_ms);
    for (uint16_t i = 1; i < pace->n_in_row && wait < most; i++)
        wait *= has_quota(pace) && i > 2 ? PAUSE_SILENT : 2;
    /* A site that counts what it refuses has to forget that as well. */
    uint64_t two = (uint64_t)(2 * MINUTE_MS / (double)pace->level);
    if (pace->failed > 0 && wait < two)
        wait = two < PAUSE_TRY_MS ? two : PAUSE_TRY_MS;
    if (wait > most)
        wait = most;
    if (wait < stated_ms)
        wait = stated_ms;
    hold(pace, now_ms + wait);
}

/* It hurt soon after a climb failed: the steps that held were not fine for long (a bucket's
 * savings, or more than a minute's count). Down faster, to where it began at most. */
static double taken_back(struct mxp_pace *pace, double hurt, uint64_t now_ms)
{
    static const uint8_t confirmed[] = {0, 2, CONFIRMED + 1};
    double root = mxp_pace_above((double)pace->root);
    double back = mxp_pace_above((double)pace->level * BACK);
    if (pace->root <= 0 || hurt <= root || now_ms - pace->event_ms >= CLIMB_MS)
        return hurt;
    if (back > root && now_ms - pace->event_ms >= AT_ONCE_MS)
        return hurt < back ? hurt : back;
    pace->n_confirmed = confirmed[pace->n_climbs];
    if (pace->n_climbs < sizeof confirmed - 1)
        pace->n_climbs++;
    return root;
}

/* It hurt anew: what was accepted within the minute is what the site takes; above what hurt
 * before, that is confirmed, and the minute's sum may be more than it stands for (a server that
 * counts by the clock takes twice its limit around the turn of its minute). */
static double hurt_anew(struct mxp_pace *pace, double reached, uint64_t now_ms)
{
    double last = (double)pace->hurt, level = (double)pace->level;
    bool above = mxp_pace_trying(pace);
    if (last > 0 && !mxp_pace_risen(pace, mxp_pace_below(last)) && pace->n_confirmed < CONFIRMED)
        pace->n_confirmed++;
    pace->failed = above ? pace->level : 0;
    pace->trouble = pace->level;
    pace->n_steps = 0;
    double hurt = reached > LEAST ? reached : LEAST;
    double most = above ? last : mxp_pace_above(level * LOWER);
    if (last > 0 && hurt > most)
        hurt = most;
    if (last > 0 && !above)
        hurt = taken_back(pace, hurt, now_ms);
    if (last <= 0 && mxp_pace_below(hurt) > level)
        hurt = mxp_pace_above(level * ABRUPT);
    pace->hurt = (float)hurt;
    pace->base = pace->eased = (float)mxp_pace_below(hurt);
    return mxp_pace_below(hurt);
}

/* The probe was refused as well: with what had been accepted in the minute before it. */
static double hurt_again(struct mxp_pace *pace, double reached)
{
    double least = (double)pace->trouble * PROBE_FLOOR;
    double level = mxp_pace_below(reached);
    if (level < least)
        level = least;
    if (level > (double)pace->level)
        return (double)pace->level;
    pace->hurt = (float)mxp_pace_above(level);
    if (level < (double)pace->trouble * FELL)
        pace->n_confirmed = 0;
    return level;
}

/* More of those that were sent together were refused: fewer were accepted than it seemed. */
static void same_event(struct mxp_pace *pace, double reached)
{
    double level = mxp_pace_below(reached);
    if (reached < LEAST || reached >= (double)pace->hurt)
        return;
    pace->hurt = (float)reached;
    if ((double)pace->level > level)
        pace->level = pace->bound = (float)level;
}

void mxp_pace_spend(struct mxp_pace *pace)
{
    if (pace->credit > -OWED_MAX)
        pace->credit -= 1;
}

/* The level from now on. Where the last minute does not explain the refusal, the hour may. */
static double level_now(struct mxp_pace *pace, double reached, uint64_t now_ms)
{
    bool slack = reached < (double)pace->level * SLACK;
    if ((slack || (pace->quota && pace->quota->doubtful)) &&
        mxp_quota_hurts(pace->quota, pace->probing, now_ms)) {
        pace->eased = pace->level;
        return (double)pace->level;
    }
    bool silent = pace->probing && mxp_trail_sum(&pace->trail, now_ms) == 0;
    if (silent && mxp_quota_learn(pace->quota, now_ms)) {
        pace->hurt = (float)mxp_pace_above((double)pace->eased);
        return (double)pace->eased;
    }
    return pace->probing ? hurt_again(pace, reached) : hurt_anew(pace, reached, now_ms);
}

bool mxp_pace_throttled(struct mxp_pace *pace, uint64_t sent_ms, uint64_t stated_ms,
                        uint64_t now_ms)
{
    mxp_trail_drop(&pace->trail, 1, now_ms);
    mxp_quota_give_back(pace->quota, 1, now_ms);
    double reached =
        mxp_trail_sum(&pace->trail, now_ms) * MINUTE_MS / mxp_trail_covers_ms(&pace->trail, now_ms);
    if (pace->credit > -OWED)
        pace->credit = pace->credit > 1 - OWED ? pace->credit - 1 : -OWED;
    pace->n_same++;
    if (pace->event_ms && sent_ms <= pace->event_ms) {
        same_event(pace, reached);
        if (stated_ms)
            hold(pace, now_ms + stated_ms);
        return false;
    }
    pace->n_same = 1;
    if (!pace->probing) {
        pace->row_ms = now_ms;
        mxp_spacing_hurt(&pace->spacing);
    }
    double level = level_now(pace, reached, now_ms);
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
    mxp_quota_forget(pace->quota);
    pace->pause_ms = 0;
    pace->n_in_row = 0;
    pace->probing = false;
    pace->raised_ms = now_ms;
}
