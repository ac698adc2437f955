#include "walk.h"

#include "core/err.h"
#include "ratelimit/limiter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROVIDERS  12
#define HOSTS      10
#define SERVERS    24
#define IDENTITIES 3
#define LEASES     96
#define BATCH_MOST 40
#define START_MS   1000000
#define ASKS_MOST  100 /* for three grants: a probe under way is asked for a minute, each second */
#define RECOVER_MS (30ull * 86400000) /* any wait must be over by then */
#define FIRST      10                 /* the pace's first burst, and its depth at most */
#define DEPTH      20

#define REQUIRE(cond, ...)                                                                         \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            (void)fprintf(stderr,                                                                  \
                          "walk %llu, step %u: not %s: ", (unsigned long long)walk->sums->seed,    \
                          walk->step, #cond);                                                      \
            (void)fprintf(stderr, __VA_ARGS__);                                                    \
            (void)fputc('\n', stderr);                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct held {
    struct mxp_lease *lease; /* NULL: a free place */
    uint32_t provider, identity, host;
    int server;                        /* -1: none yet */
    uint32_t n_taken, n_answered;      /* taken: in the session */
    bool answered, throttled, blocked; /* since it was opened */
};

struct walk {
    walk_byte *byte;
    void *arg;
    struct walk_sums *sums;
    struct mxp_limiter_options options;
    struct mxp_limiter *limiter;
    struct mxp_budget budgets[PROVIDERS];
    struct mxp_lim_provider *providers[PROVIDERS];
    struct held held[LEASES];
    bool stopped[PROVIDERS]; /* by a footprint reply */
    uint64_t now_ms;
    uint64_t asked_ms[PROVIDERS][IDENTITIES]; /* the minute that is counted now .. */
    uint32_t n_asked[PROVIDERS][IDENTITIES];  /* .. and its recipients, given back ones off */
    uint64_t n_rcpts[PROVIDERS][IDENTITIES];
    uint32_t step;
};

static uint32_t below(struct walk *walk, uint32_t n)
{
    uint32_t high = walk->byte(walk->arg);
    return (high << 8 | walk->byte(walk->arg)) % n;
}

static void on_event(void *arg, const struct mxp_lim_event *event)
{
    struct walk *walk = arg;
    walk->sums->n_events++;
    REQUIRE(event->identity < walk->options.n_identities, "%u", event->identity);
    REQUIRE(event->provider && event->what, "event %d", (int)event->kind);
    bool opened = event->kind == MXP_LIM_BREAKER_OPENED;
    REQUIRE(!opened || event->until_ms > walk->now_ms, "the breaker's trial is over");
}

static struct mxp_rate some_rate(struct walk *walk)
{
    static const struct mxp_rate rates[] = {{0, 0},       {1, 60000},     {20, 60000}, {60, 60000},
                                            {600, 60000}, {100, 3600000}, {30, 1000}};
    return rates[below(walk, sizeof rates / sizeof *rates)];
}

static void begin(struct walk *walk)
{
    walk->options.n_identities = 1 + below(walk, IDENTITIES);
    walk->options.max_sessions = below(walk, 3) ? 20 + below(walk, 60) : 0;
    walk->options.identity_connections = below(walk, 3) ? 10 + below(walk, 30) : 0;
    if (below(walk, 3) == 0) {
        walk->options.connect_rate = some_rate(walk);
        walk->options.rcpt_rate = some_rate(walk);
        walk->options.identity_connect_rate = some_rate(walk);
        walk->options.identity_rcpt_rate = some_rate(walk);
    }
    walk->options.on_event = on_event;
    walk->options.arg = walk;
    walk->limiter = mxp_limiter_new(&walk->options);
    if (!walk->limiter)
        abort();
    for (uint32_t i = 0; i < PROVIDERS; i++) {
        char key[16];
        struct mxp_budget *budget = &walk->budgets[i];
        budget->connections = below(walk, 8);
        budget->host_connections = below(walk, 6);
        budget->connect_rate = some_rate(walk);
        budget->rcpt_rate = some_rate(walk);
        budget->domain_rcpt_rate = below(walk, 2) ? some_rate(walk) : (struct mxp_rate){0, 0};
        budget->rcpts_per_session = below(walk, 30);
        budget->rcpts_per_transaction = below(walk, 10);
        budget->unknown_percent = below(walk, 2) * 20;
        budget->shares_network = below(walk, 2);
        (void)snprintf(key, sizeof key, "p%u", i);
        walk->providers[i] = mxp_limiter_provider(walk->limiter, key, budget);
        if (!walk->providers[i])
            abort();
    }
}

/* What waits must be worth waiting for. */
static void check_wait(struct walk *walk, const struct mxp_wait *wait)
{
    walk->sums->n_waited++;
    REQUIRE(wait->reasons, "no reason to wait until %llu", (unsigned long long)wait->until_ms);
    REQUIRE(wait->until_ms > walk->now_ms, "%llu is over at %llu, reasons 0x%x",
            (unsigned long long)wait->until_ms, (unsigned long long)walk->now_ms, wait->reasons);
}

static uint32_t count(const struct walk *walk, int provider, int identity, int host, int server)
{
    uint32_t n = 0;
    for (int i = 0; i < LEASES; i++) {
        const struct held *held = &walk->held[i];
        n += held->lease && (provider < 0 || held->provider == (uint32_t)provider) &&
             (identity < 0 || held->identity == (uint32_t)identity) &&
             (host < 0 || held->host == (uint32_t)host) && (server < 0 || held->server == server);
    }
    return n;
}

/* Waiting for somebody to close is no reason where there is nobody. */
static void check_ever(struct walk *walk, const struct mxp_wait *wait)
{
    const uint32_t over = MXP_WAIT_BREAKER | MXP_WAIT_FOOTPRINT | MXP_WAIT_SESSION;
    if (wait->until_ms == UINT64_MAX && !(wait->reasons & over))
        REQUIRE(count(walk, -1, -1, -1, -1), "waits for ever, reasons 0x%x", wait->reasons);
}

/* Servers 0 to 7 are in the first /24, and so on. */
static void address_of(int server, uint8_t ret_ip[16])
{
    memset(ret_ip, 0, 16);
    ret_ip[0] = 198;
    ret_ip[1] = 51;
    ret_ip[2] = (uint8_t)(server / 8);
    ret_ip[3] = (uint8_t)(server % 8 + 1);
}

static void check_server(struct walk *walk, const struct held *held)
{
    const struct mxp_budget *budget = &walk->budgets[held->provider];
    uint32_t at_server = held->server < 0 ? 0 : count(walk, -1, -1, -1, held->server);
    REQUIRE(!budget->host_connections || at_server <= budget->host_connections, "%u at a server",
            at_server);
}

/* A lease that was granted just now: each level by its own provider's budget. */
static void check_opened(struct walk *walk, const struct held *held)
{
    const struct mxp_budget *budget = &walk->budgets[held->provider];
    int provider = (int)held->provider, identity = (int)held->identity;
    uint32_t at_site = count(walk, provider, identity, -1, -1);
    REQUIRE(!budget->connections || at_site <= budget->connections, "%u of %u connections", at_site,
            budget->connections);
    uint32_t at_host = count(walk, -1, -1, (int)held->host, -1);
    REQUIRE(!budget->host_connections || at_host <= budget->host_connections, "%u at a host",
            at_host);
    check_server(walk, held);
    uint32_t n = count(walk, -1, -1, -1, -1), most = walk->options.max_sessions;
    REQUIRE(!most || n <= most, "%u connections of the run", n);
    most = walk->options.identity_connections;
    REQUIRE(!most || count(walk, -1, identity, -1, -1) <= most, "identity %d", identity);
    REQUIRE(!walk->stopped[held->provider], "a stopped site is asked");
}

static void do_open(struct walk *walk)
{
    struct held *held = NULL;
    for (int i = 0; i < LEASES && !held; i++)
        if (!walk->held[i].lease)
            held = &walk->held[i];
    if (!held)
        return;
    char host[16];
    struct mxp_wait wait;
    struct held now = {.provider = below(walk, PROVIDERS),
                       .identity = below(walk, walk->options.n_identities),
                       .host = below(walk, HOSTS),
                       .server = below(walk, 2) ? (int)below(walk, SERVERS) : -1};
    (void)snprintf(host, sizeof host, "mx%u", now.host);
    struct mxp_route route = {
        .identity = now.identity, .provider = walk->providers[now.provider], .host = host};
    if (now.server >= 0) {
        route.ip_len = 4;
        address_of(now.server, route.ip);
    }
    int err = mxp_limiter_open(walk->limiter, &route, walk->now_ms, &now.lease, &wait);
    REQUIRE(err == MXP_OK || err == MXP_EAGAIN, "%d", err);
    if (err) {
        REQUIRE(!now.lease, "a lease with a wait");
        check_wait(walk, &wait);
        check_ever(walk, &wait);
        return;
    }
    *held = now;
    walk->sums->n_opened++;
    check_opened(walk, held);
}

static void do_address(struct walk *walk, struct held *held)
{
    uint8_t ip[16];
    struct mxp_wait wait;
    int server = (int)below(walk, SERVERS);
    address_of(server, ip);
    if (held->n_taken)
        return; /* a session has the address it has */
    int err = mxp_lease_address(held->lease, ip, 4, walk->now_ms, &wait);
    REQUIRE(err == MXP_OK || err == MXP_EAGAIN, "%d", err);
    held->server = err ? -1 : server; /* the old one is left either way */
    if (err)
        check_wait(walk, &wait);
    else
        check_server(walk, held);
}

/* No more in any minute that is counted than the ceiling, the first burst and the depth. */
static void count_asked(struct walk *walk, const struct held *held, uint32_t n)
{
    uint64_t *since = &walk->asked_ms[held->provider][held->identity];
    uint32_t *asked = &walk->n_asked[held->provider][held->identity];
    struct mxp_rate rate = walk->budgets[held->provider].rcpt_rate;
    walk->n_rcpts[held->provider][held->identity] += n;
    if (walk->now_ms - *since >= 60000) {
        *since = walk->now_ms;
        *asked = 0;
    }
    *asked += n;
    uint32_t most = rate.n ? rate.n * 60000 / rate.per_ms + FIRST + DEPTH + 1 : UINT32_MAX;
    REQUIRE(*asked <= most, "%u recipients in a minute, of %u in %u ms", *asked, rate.n,
            rate.per_ms);
}

static void do_take(struct walk *walk, struct held *held)
{
    struct mxp_wait wait;
    uint32_t wanted = 1 + below(walk, BATCH_MOST);
    const struct mxp_budget *budget = &walk->budgets[held->provider];
    static const char *const domains[] = {"one.example", "two.example", "three.example"};
    const char *domain = domains[below(walk, 3)];
    uint32_t n = mxp_lease_take(held->lease, domain, wanted, walk->now_ms, &wait);
    if (n == 0) {
        check_wait(walk, &wait);
        return;
    }
    held->n_taken += n;
    walk->sums->n_taken += n;
    count_asked(walk, held, n);
    REQUIRE(n <= wanted, "%u of %u", n, wanted);
    REQUIRE(!budget->rcpts_per_transaction || n <= budget->rcpts_per_transaction,
            "%u in a transaction of %u", n, budget->rcpts_per_transaction);
    REQUIRE(!budget->rcpts_per_session || held->n_taken <= budget->rcpts_per_session,
            "%u in a session of %u", held->n_taken, budget->rcpts_per_session);
    REQUIRE(!walk->stopped[held->provider], "a stopped site is asked");
    if (below(walk, 8) == 0) {
        uint32_t back = below(walk, n + 1);
        mxp_lease_untake(held->lease, back, walk->now_ms);
        held->n_taken -= back;
        walk->n_asked[held->provider][held->identity] -= back;
        walk->n_rcpts[held->provider][held->identity] -= back;
    }
}

static void do_answer(struct walk *walk, struct held *held)
{
    static const enum mxp_feedback kinds[] = {MXP_FB_OK,
                                              MXP_FB_OK,
                                              MXP_FB_OK,
                                              MXP_FB_OK,
                                              MXP_FB_UNKNOWN_USER,
                                              MXP_FB_THROTTLED,
                                              MXP_FB_TOO_MANY_RCPTS};
    enum mxp_feedback kind = kinds[below(walk, sizeof kinds / sizeof *kinds)];
    uint32_t rare = below(walk, 400);
    if (rare < 2)
        kind = rare ? MXP_FB_BLOCKED : MXP_FB_FOOTPRINT;
    bool about_rcpt =
        kind != MXP_FB_BLOCKED && kind != MXP_FB_FOOTPRINT && kind != MXP_FB_THROTTLED;
    if (about_rcpt && held->n_answered >= held->n_taken)
        return;
    struct mxp_feedback_info info = {.limit = (enum mxp_fb_limit)below(walk, 5),
                                     .retry_after_ms = below(walk, 4) ? 0 : below(walk, 60000),
                                     .n_ok = below(walk, 5),
                                     .latency_ms = below(walk, 5000)};
    if (held->n_answered < held->n_taken)
        held->n_answered++;
    walk->sums->n_answered++;
    if (kind == MXP_FB_FOOTPRINT)
        walk->stopped[held->provider] = true;
    mxp_lease_feedback(held->lease, kind, below(walk, 5) ? &info : NULL, walk->now_ms);
}

static void do_close(struct walk *walk, struct held *held)
{
    mxp_lease_close(held->lease, (enum mxp_lease_end)below(walk, 6), walk->now_ms);
    held->lease = NULL;
}

static void do_time(struct walk *walk)
{
    static const uint64_t jumps[] = {1, 20, 500, 3000, 20000, 70000, 600000, 7200000};
    uint64_t most = jumps[below(walk, below(walk, 50) ? 6 : 8)];
    walk->now_ms += 1 + below(walk, 1000) * most / 1000;
}

/* What the limiter says of each site is what was counted here. */
static void check_sites(struct walk *walk)
{
    for (uint32_t i = 0; i < PROVIDERS; i++) {
        const struct mxp_budget *budget = &walk->budgets[i];
        for (uint32_t k = 0; k < walk->options.n_identities; k++) {
            struct mxp_site_state state;
            mxp_limiter_site(walk->limiter, walk->providers[i], k, &state);
            uint32_t open = count(walk, (int)i, (int)k, -1, -1);
            REQUIRE(state.open == open, "p%u#%u: %u open, not %u", i, k, state.open, open);
            REQUIRE(state.n_rcpts == walk->n_rcpts[i][k], "p%u#%u: %llu asked, not %llu", i, k,
                    (unsigned long long)state.n_rcpts, (unsigned long long)walk->n_rcpts[i][k]);
            REQUIRE(state.footprint_stopped == walk->stopped[i], "p%u", i);
            REQUIRE(!budget->connections || state.now.connections <= budget->connections, "p%u", i);
            REQUIRE(!budget->rcpts_per_session ||
                        state.now.rcpts_per_session <= budget->rcpts_per_session,
                    "p%u", i);
            REQUIRE(!budget->rcpts_per_transaction ||
                        state.now.rcpts_per_transaction <= budget->rcpts_per_transaction,
                    "p%u", i);
        }
    }
}

static void one_step(struct walk *walk)
{
    uint32_t what = below(walk, 16);
    struct held *held = &walk->held[below(walk, LEASES)];
    if (!held->lease) /* often an open one */
        held = &walk->held[below(walk, 8)];
    if (what < 3 || !held->lease)
        do_open(walk);
    else if (what < 7)
        do_take(walk, held);
    else if (what < 12)
        do_answer(walk, held);
    else if (what < 13)
        do_close(walk, held);
    else if (what < 14)
        do_address(walk, held);
    if (below(walk, 3) == 0)
        do_time(walk);
}

/* With normal answers only, waiting until the time that is given grants at last; behind a breaker
 * once the identity that was refused has been answered, at the latest in the second round. */
static void recover(struct walk *walk, uint32_t provider, uint32_t identity, int round)
{
    struct mxp_route route = {
        .identity = identity, .provider = walk->providers[provider], .host = "mx.recover"};
    struct mxp_lease *lease = NULL;
    struct mxp_wait wait;
    uint64_t begin = walk->now_ms;
    uint32_t n = 0, n_asks = 0;
    while (n < 3) {
        REQUIRE(++n_asks < ASKS_MOST, "p%u#%u is asked again and again", provider, identity);
        REQUIRE(walk->now_ms - begin < RECOVER_MS, "p%u#%u starves", provider, identity);
        if (!lease) {
            if (mxp_limiter_open(walk->limiter, &route, walk->now_ms, &lease, &wait)) {
                check_wait(walk, &wait);
                if (wait.until_ms == UINT64_MAX && wait.reasons == MXP_WAIT_BREAKER && round == 0)
                    return;
                REQUIRE(wait.until_ms != UINT64_MAX, "p%u#%u never opens, reasons 0x%x", provider,
                        identity, wait.reasons);
                walk->now_ms = wait.until_ms;
                continue;
            }
        }
        if (mxp_lease_take(lease, "example.org", 1, walk->now_ms, &wait)) {
            mxp_lease_feedback(lease, MXP_FB_OK, NULL, walk->now_ms);
            n++;
            continue;
        }
        check_wait(walk, &wait);
        if (wait.reasons & MXP_WAIT_SESSION) {
            mxp_lease_close(lease, MXP_LEASE_QUIT, walk->now_ms);
            lease = NULL;
            continue;
        }
        REQUIRE(wait.until_ms != UINT64_MAX, "p%u#%u is never asked", provider, identity);
        walk->now_ms = wait.until_ms;
    }
    if (lease)
        mxp_lease_close(lease, MXP_LEASE_QUIT, walk->now_ms);
    walk->n_rcpts[provider][identity] += n;
    walk->sums->n_recovered++;
}

static void finish(struct walk *walk)
{
    for (int i = 0; i < LEASES; i++)
        if (walk->held[i].lease)
            do_close(walk, &walk->held[i]);
    check_sites(walk);
    for (uint32_t i = 0; i < PROVIDERS; i++)
        for (uint32_t k = 0; k < walk->options.n_identities * 2 && !walk->stopped[i]; k++)
            recover(walk, i, k % walk->options.n_identities, (int)(k / walk->options.n_identities));
    check_sites(walk);
}

void walk_limiter(walk_byte *byte, void *arg, uint32_t n_steps, struct walk_sums *ret)
{
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        abort();
    walk->byte = byte;
    walk->arg = arg;
    walk->sums = ret;
    walk->now_ms = START_MS;
    begin(walk);
    for (walk->step = 0; walk->step < n_steps; walk->step++) {
        one_step(walk);
        if (walk->step % 64 == 0)
            check_sites(walk);
    }
    finish(walk);
    walk->limiter = mxp_limiter_free(walk->limiter);
    free(walk);
}
