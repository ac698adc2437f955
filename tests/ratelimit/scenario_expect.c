/* What a script expects: waits, events, the state of a site. */
#include "core/err.h"
#include "scenario.h"

#include <string.h>

struct name {
    const char *name;
    uint32_t value;
};

static const struct name reasons[] = {
    {"any", UINT32_MAX},
    {"run", MXP_WAIT_RUN},
    {"identity", MXP_WAIT_IDENTITY},
    {"provider", MXP_WAIT_PROVIDER},
    {"connect-rate", MXP_WAIT_CONNECT_RATE},
    {"rate", MXP_WAIT_RCPT_RATE},
    {"host", MXP_WAIT_HOST},
    {"server", MXP_WAIT_SERVER},
    {"domain", MXP_WAIT_DOMAIN},
    {"penalty", MXP_WAIT_PENALTY},
    {"breaker", MXP_WAIT_BREAKER},
    {"footprint", MXP_WAIT_FOOTPRINT},
    {"session", MXP_WAIT_SESSION},
};

static const struct name events[] = {
    {"breaker-opened", MXP_LIM_BREAKER_OPENED},
    {"breaker-closed", MXP_LIM_BREAKER_CLOSED},
    {"footprint-stop", MXP_LIM_FOOTPRINT_STOP},
    {"listed", MXP_LIM_IDENTITY_LISTED},
    {"slowed", MXP_LIM_SLOWED},
    {"raised", MXP_LIM_RAISED},
};

static bool value_of(const struct name *names, size_t n, const char *word, uint32_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i].name, word) != 0)
            continue;
        *ret = names[i].value;
        return true;
    }
    return false;
}

static void print_reasons(uint32_t set, char *ret, size_t size)
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 1; i < sizeof reasons / sizeof *reasons && at < size; i++) /* not any */
        if (set & reasons[i].value)
            at += (size_t)snprintf(ret + at, size - at, "%s%s", at ? "," : "", reasons[i].name);
}

const char *scn_event_name(enum mxp_lim_event_kind kind)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i].value == (uint32_t)kind)
            return events[i].name;
    return "?";
}

bool scn_expect_wait(struct scn_world *world, const char *what, int err,
                     const struct mxp_wait *wait)
{
    const char *word = scn_next(world);
    char want_for[80] = "any time", came[200], came_for[40];
    uint32_t reason;
    struct scn_range range = {0, UINT64_MAX};
    if (!value_of(reasons, sizeof reasons / sizeof *reasons, word, &reason))
        return scn_wrong(world, "there is no reason '%s'", word);
    if (scn_is(world, "for")) {
        if (!scn_range(scn_next(world), true, &range))
            return scn_wrong(world, "a time, a range of times or 'ever' after 'for'");
        scn_print_range(range, true, want_for, sizeof want_for);
    }
    if (err != MXP_EAGAIN)
        return scn_fail(world, "%s: expected to wait for %s (%s), came: granted", what, word,
                        want_for);
    print_reasons(wait->reasons, came, sizeof came);
    uint64_t left = wait->until_ms == UINT64_MAX ? UINT64_MAX : wait->until_ms - world->now_ms;
    scn_print_time(left, came_for, sizeof came_for);
    if (!(wait->reasons & reason) || !scn_within(range, left))
        return scn_fail(world, "%s: expected to wait for %s (%s), came: wait for %s (%s)", what,
                        word, want_for, came, came_for);
    if (left == 0)
        return scn_fail(world, "%s: the wait for %s is already over", what, came);
    return true;
}

static void print_events(const struct scn_world *world, char *ret, size_t size)
{
    size_t at = 0;
    (void)snprintf(ret, size, "none");
    for (size_t i = 0; i < world->n_events && at < size; i++) {
        const struct mxp_lim_event *event = &world->events[i];
        at += (size_t)snprintf(ret + at, size - at, "%s%s %s#%u (%s)", at ? ", " : "",
                               scn_event_name(event->kind),
                               event->provider ? mxp_lim_provider_key(event->provider) : "-",
                               (unsigned)event->identity, event->what ? event->what : "");
    }
}

static bool is_alarm(const struct mxp_lim_event *event)
{
    return event->kind != MXP_LIM_SLOWED && event->kind != MXP_LIM_RAISED;
}

bool scn_expect_no_alarm(struct scn_world *world)
{
    char came[400];
    for (size_t i = 0; i < world->n_events; i++) {
        if (!is_alarm(&world->events[i]))
            continue;
        print_events(world, came, sizeof came);
        return scn_fail(world, "expected no event before this line, came: %s", came);
    }
    world->n_events = 0;
    return true;
}

/* The next event of this kind; milder ones before it are passed over. */
static bool expect_event(struct scn_world *world)
{
    const char *kind = scn_next(world);
    struct mxp_lim_provider *provider;
    uint32_t value, identity;
    char came[400];
    if (!value_of(events, sizeof events / sizeof *events, kind, &value))
        return scn_wrong(world, "there is no event '%s'", kind);
    if (!scn_site(world, &provider, &identity))
        return false;
    const char *what = scn_more(world) ? scn_next(world) : NULL;
    print_events(world, came, sizeof came);
    for (size_t i = 0; i < world->n_events; i++) {
        const struct mxp_lim_event *event = &world->events[i];
        bool same = (uint32_t)event->kind == value && event->provider == provider &&
                    event->identity == identity;
        if (!same && is_alarm(event))
            break;
        if (!same || (what && !strstr(event->what, what)))
            continue;
        world->n_events -= i + 1;
        memmove(world->events, world->events + i + 1, world->n_events * sizeof *event);
        return true;
    }
    return scn_fail(world, "expected event %s %s%s%s, came: %s", kind,
                    mxp_lim_provider_key(provider), what ? " " : "", what ? what : "", came);
}

static uint64_t a_minute(struct mxp_rate rate)
{
    return rate.per_ms ? (uint64_t)rate.n * 60000 / rate.per_ms : 0;
}

static bool expect_site(struct scn_world *world)
{
    struct mxp_lim_provider *provider;
    struct mxp_site_state state;
    uint32_t identity;
    if (!scn_site(world, &provider, &identity))
        return false;
    mxp_limiter_site(world->limiter, provider, identity, &state);
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {
        {"connections", state.now.connections},
        {"host", state.now.host_connections},
        {"connects", a_minute(state.now.connect_rate)},
        {"rcpts", a_minute(state.now.rcpt_rate)},
        {"hour", state.now.rcpts_per_hour},
        {"session", state.now.rcpts_per_session},
        {"transaction", state.now.rcpts_per_transaction},
        {"open", state.open},
        {"breaker", state.breaker},
        {"stopped", state.footprint_stopped},
        {"sessions", state.n_sessions},
        {"asked", state.n_rcpts},
        {"throttled", state.n_throttled},
        {"unknown", state.n_unknown},
        {"blocked", state.n_blocked},
    };
    while (scn_more(world)) {
        const char *name = scn_next(world), *value = scn_next(world);
        char want[80];
        struct scn_range range;
        size_t i = 0;
        while (i < sizeof fields / sizeof *fields && strcmp(fields[i].name, name) != 0)
            i++;
        if (i == sizeof fields / sizeof *fields || !scn_range(value, false, &range))
            return scn_wrong(world, "a site has no '%s %s'", name, value);
        scn_print_range(range, false, want, sizeof want);
        if (!scn_within(range, fields[i].value))
            return scn_fail(world, "site %s: expected %s %s, came: %llu",
                            mxp_lim_provider_key(provider), name, want,
                            (unsigned long long)fields[i].value);
    }
    return true;
}

bool scn_expect(struct scn_world *world)
{
    if (scn_is(world, "event"))
        return expect_event(world);
    if (scn_is(world, "site"))
        return expect_site(world);
    if (scn_is(world, "nothing")) {
        char came[400];
        print_events(world, came, sizeof came);
        return world->n_events == 0 || scn_fail(world, "expected no event, came: %s", came);
    }
    return scn_wrong(world, "nothing can be expected of '%s'", scn_next(world));
}
