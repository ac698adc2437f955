#include "closed_loop.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS   64
#define RING       65536
#define IDLE_MS    20000
#define RECHECK_MS 1000
#define TRANSACT   100
#define WEEK_MS    (7u * 86400000u)
#define START_MS   1000000u
#define MINUTE_MS  60000u
#define HOUR_MS    3600000u

struct ring {
    uint64_t times[RING];
    uint32_t head, n;
};

struct session {
    struct mxp_lease *lease; /* NULL: a free place */
    enum { GREETING, ASKING, READY } state;
    uint64_t at_ms, idle_since_ms, sent_ms;
    uint32_t n_batch, n_asked;
    bool refused;
};

struct tokens {
    double n;
    uint64_t filled_ms;
};

struct world {
    const struct loop_server *server;
    struct mxp_limiter *limiter;
    struct mxp_lim_provider *provider;
    struct loop_outcome *out;
    struct session sessions[SESSIONS];
    struct ring rcpts, connects, hour;
    struct ring asked, opened; /* all of them, for the referee */
    struct tokens minute_tokens, hour_tokens;
    uint64_t locked_ms, open_ms, now_ms, traced_ms;
    uint32_t left, open;
};

/* A limit as it stands after the change, or before: whole events, at least one. */
static double limit_of(const struct loop_server *server, double per_minute, bool changed)
{
    double limit = changed && server->factor > 0 ? per_minute * server->factor : per_minute;
    return limit <= 0 ? 0 : limit < 1 ? 1 : (double)(uint32_t)limit;
}

static double limit_at(const struct loop_server *server, double per_minute, uint64_t now)
{
    return limit_of(server, per_minute, now >= START_MS + server->change_ms);
}

static void push(struct ring *ring, uint64_t now)
{
    ring->times[(ring->head + ring->n) % RING] = now;
    if (ring->n < RING)
        ring->n++;
}

static uint32_t since(struct ring *ring, uint64_t from)
{
    while (ring->n && ring->times[ring->head] <= from) {
        ring->head = (ring->head + 1) % RING;
        ring->n--;
    }
    return ring->n;
}

/* All that happened in the 60 s that end now; *most: the most ever. */
static void count_asked(struct ring *ring, uint32_t n, uint64_t now, uint32_t *most)
{
    while (n--)
        push(ring, now);
    uint32_t sum = since(ring, now - MINUTE_MS);
    *most = sum > *most ? sum : *most;
}

static double depth_of(double limit)
{
    return limit / 4 > 1 ? limit / 4 : 1;
}

static bool bucket(struct tokens *tokens, double depth, double limit, uint64_t span_ms,
                   uint64_t now)
{
    tokens->n += (double)(now - tokens->filled_ms) * limit / (double)span_ms;
    if (tokens->n > depth)
        tokens->n = depth;
    tokens->filled_ms = now;
    if (tokens->n < 1)
        return false;
    tokens->n -= 1;
    return true;
}

static bool within(const struct world *world, struct ring *ring, double limit, uint64_t span_ms,
                   uint64_t now)
{
    if (limit <= 0)
        return true;
    enum loop_counting counting = world->server->counting;
    uint64_t from = now > span_ms ? now - span_ms : 0;
    if (counting == LOOP_FIXED)
        from = now < span_ms ? 0 : now / span_ms * span_ms - 1;
    bool fine = since(ring, from) < (uint32_t)limit;
    if (fine || counting == LOOP_ALL)
        push(ring, now);
    return fine;
}

static bool within_limits(struct world *world, uint64_t now)
{
    const struct loop_server *server = world->server;
    double minute = limit_at(server, server->per_minute, now);
    if (server->counting != LOOP_BUCKET)
        return within(world, &world->hour, server->per_hour, HOUR_MS, now) &&
               within(world, &world->rcpts, minute, MINUTE_MS, now);
    double depth = server->spaced ? 1 : depth_of(minute), hour = server->per_hour;
    return (minute <= 0 || bucket(&world->minute_tokens, depth, minute, MINUTE_MS, now)) &&
           (hour <= 0 || bucket(&world->hour_tokens, depth_of(hour), hour, HOUR_MS, now));
}

static bool takes_rcpt(struct world *world, uint64_t now)
{
    if (now < world->locked_ms)
        return false;
    bool takes = within_limits(world, now);
    if (!takes)
        world->locked_ms = now + world->server->lock_ms;
    return takes;
}

static void close_session(struct world *world, struct session *session, uint64_t now)
{
    mxp_lease_close(session->lease, MXP_LEASE_QUIT, now);
    session->lease = NULL;
    world->open--;
    world->open_ms = now; /* the place is free: ask again */
}

static void greet(struct world *world, struct session *session, uint64_t now)
{
    const struct loop_server *server = world->server;
    if (!session->refused) {
        session->state = READY;
        session->idle_since_ms = now;
        return;
    }
    world->out->n_refused++;
    struct mxp_feedback_info info = {.limit = server->words ? MXP_FB_CONNECTIONS : MXP_FB_ANY,
                                     .latency_ms = server->latency_ms};
    mxp_lease_feedback(session->lease, MXP_FB_THROTTLED, &info, now);
    close_session(world, session, now);
}

static void answer_one(struct world *world, struct session *session, uint32_t i, uint64_t now)
{
    const struct loop_server *server = world->server;
    struct mxp_feedback_info info = {.latency_ms = server->latency_ms, .n_ok = i};
    enum mxp_feedback kind = MXP_FB_OK;
    session->n_asked++;
    bool long_session = server->per_session && session->n_asked > server->per_session;
    if (server->per_transaction && i >= server->per_transaction)
        kind = MXP_FB_TOO_MANY_RCPTS;
    else if (long_session || !takes_rcpt(world, session->sent_ms + server->latency_ms / 2))
        kind = MXP_FB_THROTTLED;
    if (kind == MXP_FB_THROTTLED && server->words)
        info.limit = long_session ? MXP_FB_SESSION : MXP_FB_RATE;
    if (kind == MXP_FB_OK) {
        world->out->n_answered++;
    } else {
        world->out->n_throttled++;
        world->left++;
    }
    mxp_lease_feedback(session->lease, kind, &info, now);
}

static void ask(struct world *world, struct session *session, uint64_t now)
{
    struct mxp_wait wait;
    uint32_t want = world->left < TRANSACT ? world->left : TRANSACT;
    uint32_t n = want ? mxp_lease_take(session->lease, "example.org", want, now, &wait) : 0;
    if (n) {
        world->left -= n;
        count_asked(&world->asked, n, now, &world->out->most_asked);
        session->n_batch = n;
        session->sent_ms = now;
        session->state = ASKING;
        session->at_ms = now + world->server->latency_ms;
        return;
    }
    if (!want || (wait.reasons & MXP_WAIT_SESSION) ||
        wait.until_ms > session->idle_since_ms + IDLE_MS)
        close_session(world, session, now);
    else
        session->at_ms = wait.until_ms > now ? wait.until_ms : now + 1;
}

static void step(struct world *world, struct session *session, uint64_t now)
{
    if (session->state == GREETING) {
        greet(world, session, now);
        if (!session->lease)
            return;
    } else if (session->state == ASKING) {
        for (uint32_t i = 0; i < session->n_batch; i++)
            answer_one(world, session, i, now);
        session->state = READY;
        session->idle_since_ms = now;
    }
    ask(world, session, now);
}

static struct session *place(struct world *world)
{
    for (int i = 0; i < SESSIONS; i++)
        if (!world->sessions[i].lease)
            return &world->sessions[i];
    return NULL;
}

static void open_one(struct world *world, uint64_t now)
{
    const struct loop_server *server = world->server;
    struct mxp_route route = {.provider = world->provider, .host = "mx.example.org"};
    struct session *session = place(world);
    struct mxp_lease *lease;
    struct mxp_wait wait;
    world->open_ms = now + RECHECK_MS;
    if (!session || world->left <= world->open * 10)
        return;
    if (mxp_limiter_open(world->limiter, &route, now, &lease, &wait)) {
        if (wait.until_ms != UINT64_MAX)
            world->open_ms = wait.until_ms > now ? wait.until_ms : now + 1;
        return;
    }
    world->open++;
    world->out->n_sessions++;
    count_asked(&world->opened, 1, now, &world->out->most_opened);
    if (world->open > world->out->peak)
        world->out->peak = world->open;
    double rate = limit_at(server, server->connects_per_minute, now);
    bool fine = (!server->connections || world->open <= server->connections) &&
                within(world, &world->connects, rate, MINUTE_MS, now);
    *session = (struct session){
        .lease = lease, .state = GREETING, .at_ms = now + 2 * server->latency_ms, .refused = !fine};
    world->open_ms = now;
}

static uint64_t next_time(const struct world *world)
{
    uint64_t at = world->left ? world->open_ms : UINT64_MAX;
    for (int i = 0; i < SESSIONS; i++)
        if (world->sessions[i].lease && world->sessions[i].at_ms < at)
            at = world->sessions[i].at_ms;
    return at;
}

static void trace(struct world *world, const char *what)
{
    struct mxp_site_state state;
    const struct loop_outcome *out = world->out;
    if (!world->server->trace)
        return;
    mxp_limiter_site(world->limiter, world->provider, 0, &state);
    (void)fprintf(world->server->trace,
                  "%8.1f s  %-28s  %4u rcpts, %4u connects a minute, %2u at once (%u open), "
                  "session %u, transaction %u; %u ok, %u throttled, %u refused\n",
                  (double)(world->now_ms - START_MS) / 1000, what, state.now.rcpt_rate.n,
                  state.now.connect_rate.n, state.now.connections, state.open,
                  state.now.rcpts_per_session, state.now.rcpts_per_transaction, out->n_answered,
                  out->n_throttled, out->n_refused);
}

static void count_event(void *arg, const struct mxp_lim_event *event)
{
    struct world *world = arg;
    if (event->kind == MXP_LIM_SLOWED)
        world->out->n_events++;
    trace(world, event->what);
}

void closed_loop_run(const struct loop_server *server, const struct mxp_budget *ceilings,
                     uint32_t n, struct loop_outcome *ret)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    *ret = (struct loop_outcome){0};
    world->server = server;
    world->out = ret;
    world->left = n;
    world->minute_tokens.n = server->per_minute / 4;
    world->hour_tokens.n = server->per_hour / 4;
    struct mxp_limiter_options options = {
        .n_identities = 1, .on_event = count_event, .arg = world, .seed = 1};
    world->limiter = mxp_limiter_new(&options);
    world->provider =
        world->limiter ? mxp_limiter_provider(world->limiter, "site", ceilings) : NULL;
    if (!world->provider)
        abort();
    uint64_t start = START_MS, now = start;
    world->open_ms = now;
    while (ret->n_answered < n && now - start < WEEK_MS) {
        world->now_ms = now;
        if (now >= world->traced_ms) {
            trace(world, "");
            world->traced_ms = now + 60000;
        }
        for (int i = 0; i < SESSIONS; i++)
            if (world->sessions[i].lease && world->sessions[i].at_ms <= now)
                step(world, &world->sessions[i], now);
        if (world->left && world->open_ms <= now)
            open_one(world, now);
        uint64_t next = next_time(world);
        if (next == UINT64_MAX)
            break;
        now = next > now ? next : now;
    }
    ret->took_ms = now - start;
    for (int i = 0; i < SESSIONS; i++)
        if (world->sessions[i].lease)
            mxp_lease_close(world->sessions[i].lease, MXP_LEASE_CANCELED, now);
    mxp_limiter_free(world->limiter);
    free(world);
}

static double least(double a, double b)
{
    return a <= 0 ? b : b <= 0 ? a : a < b ? a : b;
}

static double a_minute(struct mxp_rate rate)
{
    return rate.n ? rate.n * 60000.0 / rate.per_ms : 0;
}

double closed_loop_bound_ms(const struct loop_server *server, const struct mxp_budget *ceilings,
                            uint32_t n)
{
    double session = least(server->per_session, ceilings->rcpts_per_session);
    double connects = least(server->connects_per_minute, a_minute(ceilings->connect_rate));
    double ceiling = a_minute(ceilings->rcpt_rate);
    double rate = least(least(server->per_minute, server->per_hour / 60), ceiling);
    if (session > 0)
        rate = least(rate, connects * session);
    double could = rate * (double)server->change_ms / 60000;
    if (server->factor > 0 && could < n) {
        double after = least(limit_of(server, server->per_minute, true), ceiling);
        if (session > 0)
            after = least(after, least(limit_of(server, server->connects_per_minute, true),
                                       a_minute(ceilings->connect_rate)) *
                                     session);
        return (double)server->change_ms + (n - could) / after * 60000;
    }
    return n / rate * 60000;
}
