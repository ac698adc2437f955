#include "probe/engine/engine_internal.h"

#include "probe/result/address_facts.h"

#include <stdlib.h>
#include <string.h>

#define READY_LOOK    100  /* how many that wait for another host are passed over */
#define RESOLVING_MAX 2000 /* domains whose MX is being asked for at once */

static const char why_denied[] = "its MX hosts were found before, and now DNS denies them";

static void dns_again(struct mxp_due *due);

static void queue_new(struct mxp_domain *domain)
{
    struct mxp_engine *engine = domain->engine;
    if (domain->queued)
        return;
    domain->queued = true;
    domain->next_new = NULL;
    if (engine->new_tail)
        engine->new_tail->next_new = domain;
    else
        engine->new_head = domain;
    engine->new_tail = domain;
    mxp_engine_poke(engine);
}

static bool is_suspect(const char *name, size_t len)
{
    struct mxp_address_facts facts;
    mxp_address_facts(MXP_SLICE_NONE, (struct mxp_slice){name, len}, &facts);
    return facts.suggestion || facts.disposable;
}

struct mxp_domain *mxp_domain_get(struct mxp_engine *engine, const char *name, bool literal)
{
    size_t len = strlen(name);
    struct mxp_domain *domain = NULL;
    HASH_FIND(hh, engine->domains, name, len, domain);
    if (domain)
        return domain;
    domain = calloc(1, sizeof *domain + len + 1);
    if (!domain)
        return NULL;
    memcpy(domain->name, name, len + 1);
    domain->engine = engine;
    domain->literal = literal;
    domain->suspect = !literal && is_suspect(name, len);
    domain->due.fire = dns_again;
    HASH_ADD_KEYPTR(hh, engine->domains, domain->name, len, domain);
    if (domain->hh.tbl)
        return domain;
    free(domain);
    return NULL;
}

/* The domain has n more to ask: let them be answered, looked up or waited for. */
static void work_added(struct mxp_domain *domain, uint32_t n)
{
    domain->n_work += n;
    bool expired = mxp_engine_now(domain->engine) >= domain->expires_ms;
    if (domain->state == MXP_DOMAIN_OVER && !expired) {
        mxp_domain_answer_all(domain, domain->trouble.evidence, NULL);
    } else if (domain->state == MXP_DOMAIN_OVER) {
        mxp_trouble_clear(&domain->trouble);
        domain->state = MXP_DOMAIN_NEW;
    } else if (domain->state == MXP_DOMAIN_READY && (!expired || domain->n_work > n)) {
        mxp_lane_add_work(domain, n);
    } else if (domain->state == MXP_DOMAIN_READY) {
        domain->state = MXP_DOMAIN_NEW;
    }
    if (domain->state == MXP_DOMAIN_NEW && !mxp_due_is_set(&domain->due))
        queue_new(domain);
}

void mxp_domain_add_fresh(struct mxp_domain *domain, uint32_t id, bool suspect)
{
    if (mxp_turn_push(domain, id, suspect))
        mxp_engine_fail(domain->engine, MXP_ENOMEM, NULL);
    else
        work_added(domain, 1);
}

void mxp_domain_add_ready(struct mxp_domain *domain, struct mxp_task *task)
{
    DL_APPEND(domain->ready, task);
    work_added(domain, 1);
}

void mxp_domain_want_random(struct mxp_domain *domain, struct mxp_random *random)
{
    if (random->wanted)
        return;
    random->wanted = true;
    domain->n_wanted++;
    work_added(domain, 1);
    if (domain->state == MXP_DOMAIN_READY && random->wanted)
        mxp_lane_wants_random(domain);
}

void mxp_domain_take_random(struct mxp_domain *domain, struct mxp_random *random)
{
    random->wanted = false;
    domain->n_wanted--;
    mxp_lane_took_random(domain);
    mxp_lane_drop_work(domain, 1);
}

static struct mxp_task *ready_for(struct mxp_domain *domain, const struct mxp_ehost *host, bool any)
{
    int n = 0;
    struct mxp_task *task;
    DL_FOREACH(domain->ready, task)
    {
        if (mxp_task_suits(task, host, any))
            return task;
        if (++n == READY_LOOK)
            break;
    }
    return NULL;
}

struct mxp_task *mxp_domain_take(struct mxp_domain *domain, const struct mxp_ehost *host, bool any)
{
    struct mxp_task *task = ready_for(domain, host, any);
    if (task) {
        DL_DELETE(domain->ready, task);
        domain->lane->n_since_suspect++;
    } else {
        uint32_t id = mxp_turn_peek(domain);
        if (id == MXP_NO_ITEM)
            return NULL;
        task = mxp_task_new(domain, id);
        if (!task) {
            mxp_engine_fail(domain->engine, MXP_ENOMEM, NULL);
            return NULL;
        }
        mxp_turn_pop(domain);
    }
    mxp_lane_drop_work(domain, 1);
    return task;
}

/* What a server said of it before; an acceptance whose catch-all question stays open is none. */
static void answer_own(struct mxp_task *task)
{
    struct mxp_evidence said = *task->evidence;
    if (said.what.verdict == MXP_VERDICT_VALID) {
        said.what.verdict = MXP_VERDICT_UNKNOWN;
        said.what.action = MXP_ACTION_REVIEW;
    }
    mxp_outcome_result(task, &said, MXP_TRI_UNKNOWN);
}

/* What a server said of this address itself tells more than that it could not be reached again. And
 * where one has answered at all, a later "no such domain" or "no mail here" proves nothing. */
static bool own_is_better(const struct mxp_evidence *own, const struct mxp_evidence *evidence)
{
    return own && mxp_evidence_rank(own) >= mxp_evidence_rank(evidence) &&
           (own->code || evidence->what.verdict != MXP_VERDICT_INVALID);
}

void mxp_domain_answer_all(struct mxp_domain *domain, const struct mxp_evidence *evidence,
                           const struct mxp_trouble *trouble)
{
    struct mxp_engine *engine = domain->engine;
    uint16_t attempts = trouble ? trouble->n : 1;
    uint64_t since = trouble ? trouble->since_ms : mxp_engine_now(engine);
    uint32_t id;
    while ((id = mxp_turn_pop(domain)) != MXP_NO_ITEM) {
        mxp_lane_drop_work(domain, 1);
        mxp_outcome_item(engine, id, evidence, MXP_TRI_UNKNOWN, attempts, since);
    }
    struct mxp_task *task;
    while ((task = domain->ready)) {
        DL_DELETE(domain->ready, task);
        mxp_lane_drop_work(domain, 1);
        if (own_is_better(task->evidence, evidence))
            answer_own(task);
        else
            mxp_outcome_result(task, evidence, MXP_TRI_UNKNOWN);
    }
    struct mxp_random *random;
    LL_FOREACH(domain->randoms, random)
    {
        if (random->wanted) {
            mxp_domain_take_random(domain, random);
            mxp_catchall_give_up(random);
        }
    }
}

void mxp_domain_over(struct mxp_domain *domain, struct mxp_evidence *kept)
{
    mxp_trouble_clear(&domain->trouble);
    domain->trouble.evidence = kept;
    domain->state = MXP_DOMAIN_OVER;
    mxp_domain_answer_all(domain, kept, NULL);
}

static void over_with(struct mxp_domain *domain, enum mxp_verdict verdict, enum mxp_reason reason,
                      const char *words)
{
    struct mxp_place nowhere = {0};
    struct mxp_evidence evidence;
    mxp_evidence_event(&evidence, &nowhere, MXP_STAGE_DNS, verdict, reason, words);
    struct mxp_evidence *kept = mxp_evidence_keep(&evidence);
    if (kept)
        mxp_domain_over(domain, kept);
    else
        mxp_engine_fail(domain->engine, MXP_ENOMEM, NULL);
}

static void dns_failed(struct mxp_domain *domain, const struct mxp_mxset *set)
{
    struct mxp_engine *engine = domain->engine;
    struct mxp_place nowhere = {0};
    struct mxp_evidence evidence;
    mxp_evidence_event(&evidence, &nowhere, MXP_STAGE_DNS, MXP_VERDICT_UNKNOWN,
                       MXP_REASON_DNS_ERROR,
                       set->detail ? set->detail : "the name cannot be asked");
    mxp_trouble_note(&domain->trouble, &evidence, mxp_engine_now(engine));
    uint64_t again =
        set->status == MXP_MX_BAD_NAME
            ? UINT64_MAX
            : mxp_retry_at(engine, &evidence, domain->trouble.since_ms, domain->trouble.n);
    if (again != UINT64_MAX) {
        domain->state = MXP_DOMAIN_NEW;
        mxp_engine_due(engine, &domain->due, again);
        return;
    }
    domain->state = MXP_DOMAIN_OVER;
    mxp_domain_answer_all(domain, &evidence, &domain->trouble);
}

static void dns_again(struct mxp_due *due)
{
    struct mxp_domain *domain = MXP_OWNER(due, struct mxp_domain, due);
    queue_new(domain);
}

static bool excluded(const struct mxp_domain *domain, const struct mxp_mxset *set)
{
    const struct mxp_engine_config *config = &domain->engine->config;
    for (uint16_t i = 0; config->host_excluded && i < set->n_hosts; i++)
        if (config->host_excluded(config->arg, set->hosts[i].name))
            return true;
    return false;
}

/* Of a domain whose MX hosts were found earlier in this run: one of both answers is wrong. */
static bool denies(enum mxp_mx_status status)
{
    return status == MXP_MX_NXDOMAIN || status == MXP_MX_NULL || status == MXP_MX_NONE;
}

static void dns_answered(void *arg, struct mxp_mxset *set)
{
    struct mxp_domain *domain = arg;
    struct mxp_engine *engine = domain->engine;
    engine->n_resolving--;
    if (engine->done)
        return; /* its questions end with the resolver, and the sink may be gone */
    domain->expires_ms = set->expires_ms;
    mxp_network_dns(engine, set->status != MXP_MX_ERROR);
    mxp_engine_poke(engine);
    if (domain->lane && denies(set->status)) {
        dns_failed(domain, &(struct mxp_mxset){.status = MXP_MX_ERROR, .detail = why_denied});
        return;
    }
    switch (set->status) {
    case MXP_MX_OK:
        if (excluded(domain, set)) {
            over_with(domain, MXP_VERDICT_UNKNOWN, MXP_REASON_NOT_PROBED,
                      "its MX host is on the exclusion list");
            return;
        }
        mxp_trouble_clear(&domain->trouble);
        mxp_lane_join(domain, set);
        return;
    case MXP_MX_NULL:
        over_with(domain, MXP_VERDICT_INVALID, MXP_REASON_DOMAIN_NOT_ACCEPTING,
                  "null MX: the domain takes no mail (RFC 7505)");
        return;
    case MXP_MX_NXDOMAIN:
        over_with(domain, MXP_VERDICT_INVALID, MXP_REASON_DOMAIN_NOT_FOUND,
                  "NXDOMAIN: the domain does not exist");
        return;
    case MXP_MX_NONE:
        over_with(domain, MXP_VERDICT_INVALID, MXP_REASON_DOMAIN_NOT_ACCEPTING,
                  "the domain has no MX and no address");
        return;
    case MXP_MX_ERROR:
    case MXP_MX_BAD_NAME:
        break;
    }
    dns_failed(domain, set);
}

static void resolve(struct mxp_domain *domain)
{
    struct mxp_engine *engine = domain->engine;
    if (domain->literal) {
        domain->expires_ms = UINT64_MAX;
        mxp_lane_join_literal(domain);
        return;
    }
    domain->state = MXP_DOMAIN_RESOLVING;
    engine->n_resolving++;
    int err = mxp_mx_lookup_domain(engine->lookup, domain->name, dns_answered, domain);
    if (!err)
        return;
    engine->n_resolving--;
    if (err == MXP_ENOMEM)
        mxp_engine_fail(engine, err, NULL);
    else
        dns_failed(domain, &(struct mxp_mxset){.status = MXP_MX_BAD_NAME});
}

void mxp_domain_resolve_some(struct mxp_engine *engine)
{
    while (engine->new_head && engine->n_resolving < RESOLVING_MAX && !engine->stopping &&
           !engine->held) {
        struct mxp_domain *domain = engine->new_head;
        engine->new_head = domain->next_new;
        if (!engine->new_head)
            engine->new_tail = NULL;
        domain->queued = false;
        if (domain->n_work)
            resolve(domain);
    }
}

static void random_free(struct mxp_random *random)
{
    struct mxp_task *task, *next;
    if (random->task)
        mxp_task_free(random->task);
    DL_FOREACH_SAFE(random->held, task, next)
    {
        mxp_task_free(task);
    }
    free(random);
}

void mxp_domains_free(struct mxp_engine *engine)
{
    struct mxp_domain *domain, *next_domain;
    HASH_ITER(hh, engine->domains, domain, next_domain)
    {
        struct mxp_task *task, *next;
        DL_FOREACH_SAFE(domain->ready, task, next)
        {
            mxp_task_free(task);
        }
        struct mxp_random *random, *next_random;
        LL_FOREACH_SAFE(domain->randoms, random, next_random)
        {
            random_free(random);
        }
        mxp_trouble_clear(&domain->trouble);
        HASH_DEL(engine->domains, domain); /* NOLINT(clang-analyzer-core.NullDereference) */
        free(domain);
    }
}
