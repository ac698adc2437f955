#include "probe/engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIAL_EVERY_MS 30000
#define LOST_MAX_MS    3600000u /* the network may be gone for so long before the run ends */
#define N_GOOD         3
#define N_UNRESOLVED   5 /* lookups that fail, and none that does not: it is the resolver */

static void trial(struct mxp_due *due);

void mxp_network_init(struct mxp_engine *engine)
{
    engine->trial_due.fire = trial;
}

void mxp_network_cancel(struct mxp_engine *engine)
{
    if (engine->trial)
        mxp_conn_close(engine->trial);
    engine->trial = NULL;
    mxp_due_unset(&engine->dues, &engine->trial_due);
}

static void resume(struct mxp_engine *engine)
{
    if (!engine->paused)
        return;
    engine->paused = false;
    mxp_engine_tell(engine, MXP_ENGINE_NETWORK_BACK, "the network is back: going on");
    mxp_engine_poke(engine);
}

static void remember(struct mxp_engine *engine, const struct mxp_ip *ip)
{
    struct mxp_ip *good = engine->last_good;
    if (ip->family == 0 || mxp_ip_eq(ip, &good[0]))
        return;
    size_t at = mxp_ip_eq(ip, &good[1]) ? 1 : N_GOOD - 1;
    memmove(good + 1, good, at * sizeof *good);
    good[0] = *ip;
}

void mxp_network_success(struct mxp_sess *sess)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_place place;
    mxp_sess_place(sess, &place);
    mxp_netwatch_success(&engine->netwatch);
    remember(engine, &place.ip);
    if (engine->paused)
        resume(engine);
}

static void lost_for_good(struct mxp_engine *engine)
{
    struct mxp_why why = {0};
    mxp_why_set(&why, MXP_ENET,
                "the network is lost: no connection to any server, and none to those that "
                "answered before");
    mxp_engine_tell(engine, MXP_ENGINE_NETWORK_LOST, "%s", why.text);
    mxp_engine_fail(engine, MXP_ENET, &why);
}

static void open_trial(struct mxp_engine *engine);

static void trial_answered(void *arg, enum mxp_conn_event event, struct mxp_slice bytes)
{
    struct mxp_engine *engine = arg;
    (void)bytes;
    mxp_conn_close(engine->trial);
    engine->trial = NULL;
    if (event == MXP_CONN_CONNECTED) {
        mxp_netwatch_trust(&engine->netwatch);
        resume(engine);
        return;
    }
    engine->n_trial++;
    open_trial(engine);
}

/* Servers that answered before are tried one after the other; when none does, later. */
static void open_trial(struct mxp_engine *engine)
{
    uint64_t now = mxp_engine_now(engine);
    while (engine->n_trial < N_GOOD && engine->last_good[engine->n_trial].family) {
        struct mxp_conn_options conn = {
            .ip = engine->last_good[engine->n_trial],
            .port = engine->options->port,
            .source = engine->options->identities[0].source,
            .deadline_ms = now + engine->options->connect_ms,
        };
        if (!mxp_conn_open(engine->loop, &conn, trial_answered, engine, &engine->trial))
            return;
        engine->n_trial++;
    }
    if (now - engine->lost_since_ms >= LOST_MAX_MS ||
        now - engine->lost_since_ms > engine->options->retry_for_ms) {
        lost_for_good(engine);
        return;
    }
    if (!engine->lost_told)
        mxp_engine_tell(engine, MXP_ENGINE_NETWORK_LOST,
                        "no connection to any server any more, nor to those that answered before: "
                        "paused; addresses stay unjudged");
    engine->lost_told = true;
    mxp_engine_due(engine, &engine->trial_due, now + TRIAL_EVERY_MS);
}

static void trial(struct mxp_due *due)
{
    struct mxp_engine *engine = MXP_OWNER(due, struct mxp_engine, trial_due);
    if (!engine->paused || engine->trial)
        return;
    engine->n_trial = 0;
    open_trial(engine);
}

static bool is_loopback(const struct mxp_ip *ip)
{
    static const uint8_t one[16] = {[15] = 1};
    return ip->family == 6 ? memcmp(ip->bytes, one, sizeof one) == 0 : ip->bytes[0] == 127;
}

/* True: paused. Our own machine is never lost. */
static bool suspect_lost(struct mxp_engine *engine)
{
    if (is_loopback(&engine->last_good[0])) {
        mxp_netwatch_trust(&engine->netwatch);
        return false;
    }
    if (engine->paused)
        return true;
    engine->paused = true;
    engine->lost_told = false;
    engine->lost_since_ms = mxp_engine_now(engine);
    mxp_engine_due(engine, &engine->trial_due, 0);
    return true;
}

static void port_blocked(struct mxp_engine *engine, const struct mxp_evidence *evidence)
{
    struct mxp_why why = {0};
    char ip[MXP_IP_TEXT_MAX] = "";
    if (evidence->place.ip.family)
        mxp_ip_text(&evidence->place.ip, ip);
    mxp_why_set(&why, MXP_ENET,
                "port %u looks blocked from here: the first connections to %d providers all "
                "failed, the last one to %s [%s]: %.*s",
                engine->options->port, MXP_NETWATCH_PROVIDERS,
                evidence->place.mx ? evidence->place.mx : "?", ip,
                (int)(evidence->text.len < 80 ? evidence->text.len : 80), evidence->text.ptr);
    mxp_engine_tell(engine, MXP_ENGINE_PORT_BLOCKED, "%s", why.text);
    if (engine->config.answer_all)
        mxp_netwatch_trust(&engine->netwatch);
    else
        mxp_engine_fail(engine, MXP_ENET, &why);
}

bool mxp_network_failure(struct mxp_sess *sess, const struct mxp_evidence *evidence)
{
    struct mxp_engine *engine = sess->engine;
    struct mxp_netwatch *watch = &engine->netwatch;
    if (!evidence || evidence->stage != MXP_STAGE_CONNECT ||
        (evidence->what.reason != MXP_REASON_CONNECT_FAILED &&
         evidence->what.reason != MXP_REASON_TIMEOUT))
        return false;
    switch (mxp_netwatch_failure(watch, sess->lane->carrier, mxp_engine_now(engine))) {
    case MXP_NET_BLOCKED:
        port_blocked(engine, evidence);
        return !engine->config.answer_all;
    case MXP_NET_LOST:
        if (engine->config.answer_all)
            return false;
        return suspect_lost(engine);
    case MXP_NET_FINE:
        break;
    }
    /* Several failed and none succeeded yet: wait for the others before believing it. */
    bool settling = !watch->ever && !watch->trusted && watch->n_failed >= MXP_NETWATCH_PROVIDERS;
    return (settling && !engine->config.answer_all) || engine->paused;
}

static void judge_resolver(struct mxp_engine *engine)
{
    if (!*engine->doubt || engine->dns_ok || engine->n_dns_failed < N_UNRESOLVED)
        return;
    struct mxp_why why = {0};
    mxp_why_set(&why, MXP_ENET, "%s", engine->doubt);
    *engine->doubt = '\0';
    mxp_engine_tell(engine, MXP_ENGINE_RESOLVER, "%s", why.text);
    if (!engine->config.answer_all)
        mxp_engine_fail(engine, MXP_ENET, &why);
}

void mxp_network_dns(struct mxp_engine *engine, bool answered)
{
    engine->dns_ok = engine->dns_ok || answered;
    engine->n_dns_failed += !answered;
    judge_resolver(engine);
}

void mxp_engine_doubt_resolver(struct mxp_engine *engine, const char *words, bool certain)
{
    snprintf(engine->doubt, sizeof engine->doubt, "%s", words);
    if (certain)
        engine->n_dns_failed += N_UNRESOLVED;
    judge_resolver(engine);
}

void mxp_network_refused(struct mxp_carrier *carrier, bool footprint)
{
    char words[512];
    const struct mxp_evidence *evidence = carrier->trouble.evidence;
    struct mxp_slice said = evidence ? evidence->text : MXP_SLICE_NONE;
    snprintf(words, sizeof words, "not asked: %s %s%s%.*s", carrier->name,
             footprint ? "took us for a harvester" : "refuses us", said.len ? ": " : "",
             (int)(said.len < 400 ? said.len : 400), said.len ? said.ptr : "");
    mxp_carrier_over(carrier, words);
}

void mxp_network_listed(struct mxp_engine *engine, uint32_t identity)
{
    const struct mxp_identity *who = &engine->options->identities[identity];
    char ip[MXP_IP_TEXT_MAX] = "our address";
    if (who->source.family)
        mxp_ip_text(&who->source, ip);
    struct mxp_why why = {0};
    mxp_why_set(&why, MXP_ENET,
                "this IP is blocklisted, it seems: several providers refuse %s (EHLO %s)", ip,
                who->ehlo_name);
    mxp_engine_tell(engine, MXP_ENGINE_IDENTITY_LISTED, "%s", why.text);
    if (!engine->options->go_on_when_listed && !engine->config.answer_all)
        mxp_engine_fail(engine, MXP_ENET, &why);
}
