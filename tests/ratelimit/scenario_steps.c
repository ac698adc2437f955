/* The statements that act on the limiter. */
#include "core/err.h"
#include "scenario.h"

#include <string.h>

static void note_event(void *arg, const struct mxp_lim_event *event)
{
    struct scn_world *world = arg;
    if (world->n_events < SCN_EVENTS)
        world->events[world->n_events++] = *event;
}

static bool need_limiter(struct scn_world *world)
{
    if (world->limiter)
        return true;
    world->options.on_event = note_event;
    world->options.arg = world;
    world->limiter = mxp_limiter_new(&world->options);
    return world->limiter || scn_fail(world, "out of memory");
}

static bool do_option(struct scn_world *world)
{
    struct mxp_limiter_options *options = &world->options;
    const char *name = scn_next(world), *value = scn_next(world);
    uint64_t n = 0;
    if (world->limiter)
        return scn_wrong(world, "options come before everything else");
    if (strcmp(name, "limits") == 0 && strcmp(value, "off") == 0) {
        options->off = true;
        return true;
    }
    if (strcmp(name, "trial") == 0 || strcmp(name, "clock") == 0) {
        if (!scn_time(value, &n))
            return scn_wrong(world, "'%s' is no time", value);
        if (name[0] == 't')
            options->breaker_trial_ms = (uint32_t)n;
        else
            world->start_ms = world->now_ms = n;
        return true;
    }
    if (!scn_number(value, &n))
        return scn_wrong(world, "'%s' is no number", value);
    if (strcmp(name, "identities") == 0)
        options->n_identities = (uint32_t)n;
    else if (strcmp(name, "sessions") == 0)
        options->max_sessions = (uint32_t)n;
    else if (strcmp(name, "identity-connections") == 0)
        options->identity_connections = (uint32_t)n;
    else if (strcmp(name, "connects-a-minute") == 0)
        options->connect_rate = (struct mxp_rate){(uint32_t)n, 60000};
    else if (strcmp(name, "rcpts-a-minute") == 0)
        options->rcpt_rate = (struct mxp_rate){(uint32_t)n, 60000};
    else if (strcmp(name, "identity-connects-a-minute") == 0)
        options->identity_connect_rate = (struct mxp_rate){(uint32_t)n, 60000};
    else if (strcmp(name, "identity-rcpts-a-minute") == 0)
        options->identity_rcpt_rate = (struct mxp_rate){(uint32_t)n, 60000};
    else if (strcmp(name, "blocks-to-stop") == 0)
        options->blocks_to_stop = (uint32_t)n;
    else
        return scn_wrong(world, "there is no option '%s'", name);
    return true;
}

static bool do_provider(struct scn_world *world)
{
    const char *key = scn_next(world);
    struct mxp_budget budget;
    if (!scn_budget(world, &budget))
        return false;
    if (world->n_providers == SCN_PROVIDERS)
        return scn_wrong(world, "too many providers");
    struct mxp_lim_provider *provider = mxp_limiter_provider(world->limiter, key, &budget);
    world->providers[world->n_providers++] = provider;
    return provider || scn_fail(world, "out of memory");
}

static bool do_teach(struct scn_world *world)
{
    struct mxp_lim_provider *provider;
    struct mxp_budget learned;
    uint32_t identity;
    if (!scn_site(world, &provider, &identity) || !scn_budget(world, &learned))
        return false;
    int err = mxp_limiter_teach(provider, identity, &learned, world->now_ms);
    return err == 0 || scn_fail(world, "teaching failed: %d", err);
}

static bool new_lease(struct scn_world *world, const char *name, struct mxp_lease *lease)
{
    struct scn_lease *place = scn_lease(world, name);
    if (!place && world->n_leases < SCN_LEASES)
        place = &world->leases[world->n_leases++];
    if (!place || place->lease)
        return scn_wrong(world, "the name %s is in use, or there are too many", name);
    memcpy(place->name, name, strlen(name) + 1);
    place->lease = lease;
    return true;
}

static bool open_one(struct scn_world *world, const char *name, const struct mxp_route *route)
{
    struct mxp_lease *lease = NULL;
    struct mxp_wait wait;
    int err = mxp_limiter_open(world->limiter, route, world->now_ms, &lease, &wait);
    if (!err && !new_lease(world, name, lease))
        return false;
    if (scn_is(world, "->"))
        return (scn_is(world, "wait") || scn_wrong(world, "'wait' after '->'")) &&
               scn_expect_wait(world, name, err, &wait);
    if (!err)
        return true;
    char left[32];
    scn_print_time(wait.until_ms == UINT64_MAX ? UINT64_MAX : wait.until_ms - world->now_ms, left,
                   sizeof left);
    return scn_fail(world, "%s: expected a lease, came: wait %s for reasons 0x%x", name, left,
                    (unsigned)wait.reasons);
}

static bool do_open(struct scn_world *world)
{
    struct mxp_route route = {0};
    struct scn_names names;
    char host[80], name[24];
    const char *word = scn_next(world);
    if (!scn_names(word, &names))
        return scn_wrong(world, "'%s' is no name of a lease", word);
    if (!scn_site(world, &route.provider, &route.identity))
        return false;
    (void)snprintf(host, sizeof host, "mx.%.60s", mxp_lim_provider_key(route.provider));
    route.host = scn_is(world, "host") ? scn_next(world) : host;
    if (scn_is(world, "ip") && !scn_ip(scn_next(world), route.ip, &route.ip_len))
        return scn_wrong(world, "no IP address after 'ip'");
    size_t at = world->line.at;
    for (uint64_t i = names.from; i <= names.to; i++) {
        scn_name(&names, i, name);
        world->line.at = at; /* the same expectation for each */
        if (!open_one(world, name, &route))
            return false;
    }
    return true;
}

static bool address_one(struct scn_world *world, struct scn_lease *lease)
{
    uint8_t ip[16], ip_len;
    struct mxp_wait wait;
    if (!scn_ip(scn_next(world), ip, &ip_len))
        return scn_wrong(world, "no IP address");
    int err = mxp_lease_address(lease->lease, ip, ip_len, world->now_ms, &wait);
    if (scn_is(world, "->"))
        return (scn_is(world, "wait") || scn_wrong(world, "'wait' after '->'")) &&
               scn_expect_wait(world, lease->name, err, &wait);
    return err == 0 || scn_fail(world, "%s: expected the address to be free", lease->name);
}

static bool take_one(struct scn_world *world, struct scn_lease *lease)
{
    uint64_t wanted;
    struct mxp_wait wait;
    char want[80];
    if (!scn_number(scn_next(world), &wanted))
        return scn_wrong(world, "no number of recipients");
    const char *domain = scn_is(world, "domain") ? scn_next(world) : "example.org";
    uint32_t n = mxp_lease_take(lease->lease, domain, (uint32_t)wanted, world->now_ms, &wait);
    struct scn_range range = {wanted, wanted};
    if (scn_is(world, "->")) {
        if (scn_is(world, "wait"))
            return scn_expect_wait(world, lease->name, n ? MXP_OK : MXP_EAGAIN, &wait);
        if (!scn_range(scn_next(world), false, &range))
            return scn_wrong(world, "a number or 'wait' after '->'");
    }
    scn_print_range(range, false, want, sizeof want);
    return scn_within(range, n) ||
           scn_fail(world, "%s: expected to take %s, came: %u (reasons 0x%x)", lease->name, want,
                    (unsigned)n, (unsigned)wait.reasons);
}

static bool untake_one(struct scn_world *world, struct scn_lease *lease)
{
    uint64_t n;
    if (!scn_number(scn_next(world), &n))
        return scn_wrong(world, "no number of recipients");
    mxp_lease_untake(lease->lease, (uint32_t)n, world->now_ms);
    return true;
}

static bool feedback_info(struct scn_world *world, struct mxp_feedback_info *ret)
{
    static const struct {
        const char *name;
        enum mxp_fb_limit limit;
    } limits[] = {{"any", MXP_FB_ANY},
                  {"connections", MXP_FB_CONNECTIONS},
                  {"session", MXP_FB_SESSION},
                  {"transaction", MXP_FB_TRANSACTION},
                  {"rate", MXP_FB_RATE}};
    *ret = (struct mxp_feedback_info){0};
    while (scn_more(world)) {
        const char *name = scn_next(world), *value = scn_next(world);
        uint64_t n = 0;
        bool fine = false;
        if (strcmp(name, "limit") == 0) {
            for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
                if (strcmp(limits[i].name, value) != 0)
                    continue;
                ret->limit = limits[i].limit;
                fine = true;
            }
        } else if (strcmp(name, "stated") == 0) {
            fine = scn_time(value, &ret->retry_after_ms);
        } else if (strcmp(name, "latency") == 0) {
            fine = scn_time(value, &n);
            ret->latency_ms = (uint32_t)n;
        } else if (strcmp(name, "after") == 0) {
            fine = scn_number(value, &n);
            ret->n_ok = (uint32_t)n;
        }
        if (!fine)
            return scn_wrong(world, "an answer has no '%s %s'", name, value);
    }
    return true;
}

static bool answer_one(struct scn_world *world, struct scn_lease *lease)
{
    static const struct {
        const char *name;
        enum mxp_feedback kind;
    } kinds[] = {{"ok", MXP_FB_OK},
                 {"unknown", MXP_FB_UNKNOWN_USER},
                 {"throttled", MXP_FB_THROTTLED},
                 {"blocked", MXP_FB_BLOCKED},
                 {"footprint", MXP_FB_FOOTPRINT},
                 {"too-many", MXP_FB_TOO_MANY_RCPTS}};
    struct mxp_feedback_info info;
    uint64_t n = 1;
    const char *word = scn_next(world);
    if (scn_number(word, &n))
        word = scn_next(world);
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].name, word) != 0)
        i++;
    if (i == sizeof kinds / sizeof *kinds)
        return scn_wrong(world, "there is no answer '%s'", word);
    if (!feedback_info(world, &info))
        return false;
    for (; n; n--)
        mxp_lease_feedback(lease->lease, kinds[i].kind, &info, world->now_ms);
    return true;
}

static bool close_one(struct scn_world *world, struct scn_lease *lease)
{
    static const struct {
        const char *name;
        enum mxp_lease_end how;
    } ends[] = {{"quit", MXP_LEASE_QUIT},
                {"refused", MXP_LEASE_CONNECT_REFUSED},
                {"unreachable", MXP_LEASE_CONNECT_TIMEOUT},
                {"dropped", MXP_LEASE_DROPPED},
                {"silent", MXP_LEASE_TIMEOUT},
                {"canceled", MXP_LEASE_CANCELED}};
    const char *word = scn_next(world);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(ends[i].name, word) != 0)
            continue;
        mxp_lease_close(lease->lease, ends[i].how, world->now_ms);
        lease->lease = NULL;
        return true;
    }
    return scn_wrong(world, "no lease ends by '%s'", word);
}

static bool each_lease(struct scn_world *world,
                       bool (*act)(struct scn_world *world, struct scn_lease *lease))
{
    const char *word = scn_next(world);
    struct scn_names names;
    char name[24];
    if (!scn_names(word, &names))
        return scn_wrong(world, "'%s' is no name of a lease", word);
    size_t at = world->line.at;
    for (uint64_t i = names.from; i <= names.to; i++) {
        scn_name(&names, i, name);
        struct scn_lease *lease = scn_lease(world, name);
        if (!lease || !lease->lease)
            return scn_wrong(world, "there is no lease %s", name);
        world->line.at = at;
        if (!act(world, lease))
            return false;
    }
    return true;
}

static bool do_clock(struct scn_world *world, bool relative)
{
    uint64_t ms;
    const char *word = scn_next(world);
    if (!scn_time(word, &ms))
        return scn_wrong(world, "'%s' is no time", word);
    uint64_t to = (relative ? world->now_ms : world->start_ms) + ms;
    if (to < world->now_ms)
        return scn_wrong(world, "the clock does not go back to %s", word);
    if (!scn_expect_no_alarm(world))
        return false;
    world->now_ms = to;
    return true;
}

bool scn_step(struct scn_world *world, const char *verb)
{
    if (strcmp(verb, "option") == 0)
        return do_option(world);
    if (!need_limiter(world))
        return false;
    if (strcmp(verb, "at") == 0 || strcmp(verb, "after") == 0)
        return do_clock(world, verb[1] == 'f');
    if (strcmp(verb, "provider") == 0)
        return do_provider(world);
    if (strcmp(verb, "teach") == 0)
        return do_teach(world);
    if (strcmp(verb, "open") == 0)
        return do_open(world);
    if (strcmp(verb, "address") == 0)
        return each_lease(world, address_one);
    if (strcmp(verb, "take") == 0)
        return each_lease(world, take_one);
    if (strcmp(verb, "untake") == 0)
        return each_lease(world, untake_one);
    if (strcmp(verb, "answer") == 0)
        return each_lease(world, answer_one);
    if (strcmp(verb, "close") == 0)
        return each_lease(world, close_one);
    if (strcmp(verb, "work") == 0)
        return scn_work(world);
    if (strcmp(verb, "expect") == 0)
        return scn_expect(world);
    return scn_wrong(world, "there is no statement '%s'", verb);
}
