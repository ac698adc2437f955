#include "probe/engine/engine_internal.h"

#include "core/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PULL_SLICE 1000 /* addresses taken from the source in one turn of the loop */
#define OUT_CAP    (MXP_SMTP_OUT_CAP + 1024)

uint64_t mxp_engine_now(const struct mxp_engine *engine)
{
    return mxp_loop_now_ms(engine->loop);
}

void mxp_engine_poke(struct mxp_engine *engine)
{
    if (engine->done || engine->poked)
        return;
    engine->poked = true;
    mxp_timer_set(engine->timer, 0);
}

uint64_t mxp_engine_random(struct mxp_engine *engine)
{
    /* The order of equal MX hosts and the random local parts need no better a generator. */
    uint64_t random = mxp_mix(engine->random);
    engine->random += MXP_MIX_STEP;
    return random;
}

void mxp_engine_due(struct mxp_engine *engine, struct mxp_due *due, uint64_t due_ms)
{
    mxp_due_set(&engine->dues, due, due_ms);
    if (due_ms < engine->armed_ms && !engine->poked) {
        engine->armed_ms = due_ms;
        mxp_timer_set(engine->timer, due_ms);
    }
}

void mxp_engine_tell(struct mxp_engine *engine, enum mxp_engine_event_kind kind, const char *fmt,
                     ...)
{
    if (!engine->config.on_event)
        return;
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct mxp_engine_event event = {kind, text};
    engine->config.on_event(engine->config.arg, &event);
}

void mxp_engine_fail(struct mxp_engine *engine, int err, const struct mxp_why *why)
{
    if (engine->err)
        return;
    engine->err = err;
    if (why)
        engine->why = *why;
    else
        mxp_why_set(&engine->why, err, "%s", mxp_err_text(err));
    mxp_engine_stop(engine, err == MXP_ENET ? MXP_IDLE_MS : 0);
}

static void pull_some(struct mxp_engine *engine)
{
    if (engine->held)
        return;
    struct mxp_source *source = engine->config.source;
    for (int i = 0; i < PULL_SLICE && !engine->source_ended && !engine->stopping; i++) {
        struct mxp_item item;
        struct mxp_why why = {0};
        int err = source->pull(source, &item, &why);
        if (err == MXP_EAGAIN)
            return;
        if (err == MXP_EEOF) {
            engine->source_ended = true;
            return;
        }
        if (err) {
            mxp_engine_fail(engine, err, &why);
            return;
        }
        struct mxp_domain *domain = mxp_domain_get(engine, item.domain, item.literal);
        if (!domain) {
            mxp_engine_fail(engine, MXP_ENOMEM, NULL);
            return;
        }
        engine->stats.n_pulled++;
        mxp_domain_add_fresh(domain, item.id, item.suspect);
    }
    if (!engine->source_ended)
        mxp_engine_poke(engine);
}

static bool finished(const struct mxp_engine *engine)
{
    if (engine->sesses || engine->trial)
        return false;
    if (engine->stopping)
        return true;
    return engine->source_ended && engine->stats.n_done == engine->stats.n_pulled;
}

static void turn(void *arg)
{
    struct mxp_engine *engine = arg;
    if (engine->done)
        return;
    engine->poked = false;
    mxp_due_fire(&engine->dues, mxp_engine_now(engine));
    pull_some(engine);
    mxp_domain_resolve_some(engine);
    mxp_dispatch_run(engine);
    if (finished(engine)) {
        engine->done = true;
        mxp_timer_set(engine->timer, UINT64_MAX);
        engine->config.on_done(engine->config.arg, engine->err, engine->err ? &engine->why : NULL);
        return;
    }
    engine->armed_ms = mxp_due_next_ms(&engine->dues);
    if (!engine->poked)
        mxp_timer_set(engine->timer, engine->armed_ms);
}

static void woken(void *arg)
{
    mxp_engine_poke(arg);
}

static void on_limit(void *arg, const struct mxp_lim_event *event)
{
    struct mxp_engine *engine = arg;
    const char *who = event->provider ? mxp_lim_provider_key(event->provider) : "";
    switch (event->kind) {
    case MXP_LIM_IDENTITY_LISTED:
        mxp_network_listed(engine, event->identity);
        break;
    case MXP_LIM_BREAKER_CLOSED:
        mxp_engine_tell(engine, MXP_ENGINE_NOTE, "%s answers us again", who);
        break;
    case MXP_LIM_SLOWED:
    case MXP_LIM_RAISED:
        mxp_engine_tell(engine, MXP_ENGINE_NOTE, "%s: %s %s", who, event->what ? event->what : "",
                        event->kind == MXP_LIM_SLOWED ? "lowered" : "raised");
        break;
    case MXP_LIM_BREAKER_OPENED:
    case MXP_LIM_FOOTPRINT_STOP:
        engine->site_closed = true; /* told where the reply is at hand, with the evidence */
        break;
    }
}

static int make_limiter(struct mxp_engine *engine)
{
    const struct mxp_options *options = engine->options;
    struct mxp_limiter_options limits = {
        .max_sessions = options->max_sessions,
        .n_identities = (uint32_t)options->n_identities,
        .connect_rate = options->connect_rate,
        .rcpt_rate = options->rcpt_rate,
        .identity_connections = options->identity_connections,
        .identity_connect_rate = options->identity_connect_rate,
        .identity_rcpt_rate = options->identity_rcpt_rate,
        .off = options->limits_off,
        .on_event = on_limit,
        .arg = engine,
        .seed = mxp_engine_random(engine),
    };
    engine->limiter = mxp_limiter_new(&limits);
    return engine->limiter ? 0 : MXP_ENOMEM;
}

static uint64_t lookup_now(void *arg)
{
    return mxp_engine_now(arg);
}

static int make_lookup(struct mxp_engine *engine)
{
    const struct mxp_options *options = engine->options;
    struct mxp_mx_lookup_options lookup = {
        .ip = options->ip,
        .allow_private = options->allow_private_mx,
        .own = engine->config.own,
        .n_own = engine->config.n_own,
        .seed = mxp_engine_random(engine),
        .now_ms = lookup_now,
        .now_arg = engine,
    };
    engine->lookup = mxp_mx_lookup_new(engine->config.resolver, &lookup);
    return engine->lookup ? 0 : MXP_ENOMEM;
}

static int make_providers(struct mxp_engine *engine)
{
    const struct mxp_options *options = engine->options;
    engine->providers = mxp_provider_map_new();
    if (!engine->providers)
        return MXP_ENOMEM;
    for (size_t i = 0; i < options->n_providers; i++) {
        const struct mxp_provider *row = &options->providers[i];
        for (size_t k = 0; k < row->n_mx; k++) {
            int err =
                mxp_provider_map_add(engine->providers, row->mx[k], (uint32_t)i, row->gateway);
            if (err)
                return err;
        }
    }
    return 0;
}

static int make_policies(struct mxp_engine *engine)
{
    const struct mxp_options *options = engine->options;
    engine->policies = calloc(options->n_identities, sizeof *engine->policies);
    if (!engine->policies)
        return MXP_ENOMEM;
    for (size_t i = 0; i < options->n_identities; i++) {
        engine->policies[i] = options->smtp;
        engine->policies[i].ehlo_name = options->identities[i].ehlo_name;
        engine->policies[i].tls = options->tls;
    }
    return 0;
}

static int make_parts(struct mxp_engine *engine, struct mxp_why *why)
{
    int err = make_limiter(engine);
    if (!err)
        err = make_lookup(engine);
    if (!err)
        err = make_providers(engine);
    if (!err)
        err = make_policies(engine);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    if (engine->options->tls != MXP_SMTP_TLS_NONE) {
        engine->tls = mxp_tls_context_new(MXP_TLS_CACHED, why);
        if (!engine->tls)
            return MXP_ETLS;
    }
    engine->timer = mxp_timer_new(engine->loop, turn, engine);
    engine->waker = mxp_waker_new(engine->loop, woken, engine);
    if (!engine->timer || !engine->waker)
        return mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
    return 0;
}

struct mxp_engine *mxp_engine_new(const struct mxp_engine_config *config, struct mxp_why *why)
{
    struct mxp_engine *engine = calloc(1, sizeof *engine);
    if (!engine) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    engine->config = *config;
    engine->options = config->options;
    engine->loop = config->loop;
    engine->random = config->seed;
    engine->armed_ms = UINT64_MAX;
    mxp_arena_init(&engine->arena);
    mxp_buf_init(&engine->out, OUT_CAP);
    mxp_buf_init(&engine->scratch, OUT_CAP);
    mxp_network_init(engine);
    if (make_parts(engine, why))
        return mxp_engine_free(engine);
    return engine;
}

void mxp_engine_start(struct mxp_engine *engine)
{
    mxp_engine_poke(engine);
}

void mxp_engine_wake(struct mxp_engine *engine)
{
    mxp_waker_wake(engine->waker);
}

static void grace_over(struct mxp_due *due)
{
    struct mxp_engine *engine = MXP_OWNER(due, struct mxp_engine, stop_due);
    engine->cancelling = true;
    struct mxp_sess *sess, *next;
    for (sess = engine->sesses; sess; sess = next) {
        next = sess->next;
        mxp_driver_cancel(sess);
    }
    mxp_engine_poke(engine);
}

/* Sessions that wait say goodbye, those that are not up yet are dropped; transactions under
 * way finish. */
static void wind_down(struct mxp_due *due)
{
    struct mxp_engine *engine = MXP_OWNER(due, struct mxp_engine, wind_down_due);
    struct mxp_sess *sess, *next;
    for (sess = engine->sesses; sess; sess = next) {
        next = sess->next;
        if (sess->state == MXP_SESS_IDLE)
            mxp_batch_next(sess);
        else if (sess->state < MXP_SESS_BUSY)
            mxp_driver_cancel(sess);
    }
}

void mxp_engine_stop(struct mxp_engine *engine, uint64_t grace_ms)
{
    if (engine->done)
        return;
    if (!engine->stopping) {
        engine->stopping = true;
        if (!engine->err) {
            engine->err = MXP_ECANCELED;
            mxp_why_set(&engine->why, MXP_ECANCELED, "stopped");
        }
        mxp_network_cancel(engine);
    }
    engine->stop_due.fire = grace_over;
    mxp_engine_due(engine, &engine->stop_due, mxp_engine_now(engine) + grace_ms);
    engine->wind_down_due.fire = wind_down;
    mxp_engine_due(engine, &engine->wind_down_due, 0);
    mxp_engine_poke(engine);
}

void mxp_engine_hold(struct mxp_engine *engine, bool held)
{
    if (engine->held == held)
        return;
    engine->held = held;
    struct mxp_sess *sess;
    if (!held)
        DL_FOREACH(engine->sesses, sess)
    if (sess->state == MXP_SESS_IDLE)
        mxp_batch_idle_kick(sess);
    mxp_engine_poke(engine);
}

void mxp_engine_stats(const struct mxp_engine *engine, struct mxp_engine_stats *ret)
{
    *ret = engine->stats;
    ret->next_due_ms = mxp_due_next_ms(&engine->dues);
    ret->memory = engine->arena.used + engine->n_next_item * sizeof *engine->next_item;
}

struct mxp_limiter *mxp_engine_limiter(struct mxp_engine *engine)
{
    return engine->limiter;
}

struct mxp_engine *mxp_engine_free(struct mxp_engine *engine)
{
    if (!engine)
        return NULL;
    mxp_network_cancel(engine);
    while (engine->sesses)
        mxp_sess_free(engine->sesses);
    while (engine->ghosts)
        mxp_sess_free(engine->ghosts);
    engine->lookup = mxp_mx_lookup_free(engine->lookup);
    mxp_retries_free(engine);
    mxp_domains_free(engine);
    mxp_lanes_free(engine);
    mxp_carriers_free(engine);
    mxp_provider_map_free(engine->providers);
    mxp_limiter_free(engine->limiter);
    mxp_tls_context_free(engine->tls);
    mxp_timer_free(engine->timer);
    mxp_waker_free(engine->waker);
    mxp_buf_free(&engine->out);
    mxp_buf_free(&engine->scratch);
    mxp_arena_free(&engine->arena);
    free(engine->policies);
    free(engine->next_item);
    free(engine);
    return NULL;
}
