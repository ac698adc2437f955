#include "probe/command/run.h"

#include "dns/resolver_ares.h"
#include "dns/resolver_check.h"
#include "probe/command/limits_file.h"
#include "probe/io/own_addresses.h"
#include "probe/report/transcript.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct mxp_run {
    struct mxp_run_config config;
    struct mxp_loop *loop;
    struct mxp_rules *rules;
    struct mxp_resolver *resolver;
    struct mxp_engine *engine;
    struct mxp_transcript *transcript;
    struct mxp_ip *own;
    int err;
    bool done;
    struct mxp_why why;
};

static void on_event(void *arg, const struct mxp_engine_event *event)
{
    struct mxp_run *run = arg;
    if (run->config.on_event)
        run->config.on_event(run->config.arg, event);
}

static void on_done(void *arg, int err, const struct mxp_why *why)
{
    struct mxp_run *run = arg;
    run->err = err;
    if (why)
        run->why = *why;
    run->done = true;
    mxp_loop_stop(run->loop);
}

static void on_line(void *arg, uint64_t session, char dir, struct mxp_slice bytes)
{
    struct mxp_run *run = arg;
    if (run->transcript)
        mxp_transcript_add(run->transcript, session, dir, bytes);
}

static bool host_excluded(void *arg, const char *host)
{
    struct mxp_run *run = arg;
    return mxp_exclude_host(run->config.exclude, host);
}

static void resolver_checked(void *arg, enum mxp_resolver_health health, const char *text)
{
    struct mxp_run *run = arg;
    struct mxp_engine_event event = {MXP_ENGINE_RESOLVER, text};
    struct mxp_asker_stats stats;
    mxp_resolver_ares_stats(run->resolver, &stats);
    if (health == MXP_RESOLVER_HIJACKING)
        on_event(run, &event);
    /* One that refuses our question may serve other names: the run's own. */
    if (health == MXP_RESOLVER_DOWN)
        mxp_engine_doubt_resolver(run->engine, text, !stats.n_answered);
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock() << 32 ^ (uint64_t)getpid();
    return seed;
}

static int make_engine(struct mxp_run *run, struct mxp_why *why)
{
    const struct mxp_options *options = run->config.options;
    struct mxp_engine_config engine = {
        .loop = run->loop,
        .options = options,
        .resolver = run->resolver,
        .rules = run->rules,
        .source = run->config.source,
        .sink = run->config.sink,
        .own = run->own,
        .host_excluded = run->config.exclude ? host_excluded : NULL,
        .answer_all = run->config.answer_all,
        .seed = random_seed(),
        .on_event = on_event,
        .on_done = on_done,
        .on_line = run->transcript ? on_line : NULL,
        .arg = run,
    };
    run->own = mxp_own_addresses(&engine.n_own);
    engine.own = run->own;
    run->engine = mxp_engine_new(&engine, why);
    return run->engine ? 0 : MXP_ENOMEM;
}

/* The resolver lives in real time; so much of the simulation's. */
static struct mxp_question_rate dns_rate(const struct mxp_options *options)
{
    double per_ms = (double)options->dns_rate.per_ms / options->clock_speed;
    return (struct mxp_question_rate){options->dns_rate.n, per_ms > 1 ? (uint32_t)per_ms : 1};
}

static int check_sources(const struct mxp_options *options, struct mxp_why *why)
{
    for (size_t i = 0; i < options->n_identities; i++) {
        const struct mxp_ip *source = &options->identities[i].source;
        char text[MXP_IP_TEXT_MAX];
        int err = source->family ? mxp_own_addresses_check(source) : 0;
        if (err)
            return mxp_why_set(why, MXP_ECONFIG, "source %s: no address of this machine: %s",
                               mxp_ip_text(source, text), strerror(err));
    }
    return 0;
}

static int make_parts(struct mxp_run *run, struct mxp_why *why)
{
    const struct mxp_options *options = run->config.options;
    struct mxp_resolver_options resolver = {
        .servers = options->resolvers,
        .n_servers = options->n_resolvers,
        .rate = dns_rate(options),
    };
    if (check_sources(options, why))
        return MXP_ECONFIG;
    run->rules = mxp_rules_new(options->rules, why);
    if (!run->rules)
        return MXP_EDATA;
    if (options->transcript) {
        run->transcript = mxp_transcript_open(options->transcript, why);
        if (!run->transcript)
            return MXP_ECANTCREAT;
    }
    run->loop = mxp_loop_new(options->clock_speed);
    if (!run->loop)
        return mxp_why_set(why, MXP_ENOMEM,
                           "the event loop could not be set up: out of memory, or "
                           "too few open files allowed (ulimit -n)");
    run->resolver = mxp_resolver_ares_new(mxp_loop_uv(run->loop), &resolver, why);
    if (!run->resolver)
        return MXP_ECONFIG;
    int err = make_engine(run, why);
    if (!err && options->limits_file)
        err = mxp_limits_load(options->limits_file, mxp_engine_limiter(run->engine), options, why);
    return err;
}

struct mxp_run *mxp_run_new(const struct mxp_run_config *config, struct mxp_why *why)
{
    struct mxp_run *run = calloc(1, sizeof *run);
    if (!run) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    run->config = *config;
    return make_parts(run, why) ? mxp_run_free(run) : run;
}

struct mxp_loop *mxp_run_loop(struct mxp_run *run)
{
    return run->loop;
}

struct mxp_engine *mxp_run_engine(struct mxp_run *run)
{
    return run->engine;
}

int mxp_run_go(struct mxp_run *run, struct mxp_why *why)
{
    const struct mxp_options *options = run->config.options;
    mxp_engine_start(run->engine);
    mxp_resolver_check(run->resolver, mxp_resolver_ares_n_servers(run->resolver), random_seed(),
                       resolver_checked, run);
    mxp_loop_run(run->loop);
    if (!run->done)
        return mxp_why_set(why, MXP_EBUG, "the run came to a halt");
    int err = 0;
    if (options->limits_file)
        err = mxp_limits_save(options->limits_file, mxp_engine_limiter(run->engine), why);
    if (run->transcript) {
        int closed = mxp_transcript_close(run->transcript, err ? NULL : why);
        err = err ? err : closed;
    }
    run->transcript = NULL;
    if (!run->err)
        return err;
    if (why)
        *why = run->why;
    return run->err;
}

struct mxp_run *mxp_run_free(struct mxp_run *run)
{
    if (!run)
        return NULL;
    if (run->resolver)
        run->resolver->free(run->resolver);
    mxp_engine_free(run->engine);
    mxp_loop_free(run->loop);
    mxp_rules_free(run->rules);
    if (run->transcript)
        mxp_transcript_close(run->transcript, NULL);
    free(run->own);
    free(run);
    return NULL;
}
