#include "probe/engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

static int add_random(struct mxp_engine *engine, const struct mxp_domain *domain,
                      const struct mxp_random *random)
{
    if (!domain->literal)
        return mxp_buf_printf(&engine->scratch, "%s@%s", random->local, domain->name);
    bool v6 = strchr(domain->name, ':') != NULL;
    return mxp_buf_printf(&engine->scratch, "%s@[%s%s]", random->local, v6 ? "IPv6:" : "",
                          domain->name);
}

static int add_address(struct mxp_engine *engine, uint32_t id, bool *ret_utf8)
{
    struct mxp_source *source = engine->config.source;
    const char *address;
    size_t len;
    int err = source->wire(source, id, &address, &len, ret_utf8);
    return err ? err : mxp_buf_add(&engine->scratch, address, len);
}

/* Where the addresses of a batch end in the scratch buffer, and which need SMTPUTF8. */
struct wire_text {
    size_t ends[MXP_BATCH_MAX];
    bool utf8[MXP_BATCH_MAX];
};

/* Of addresses that need SMTPUTF8 and others only the first one's kind: a server may offer it and
 * then refuse MAIL with it (555), which must not be the others' answer. Those stand behind the *n
 * that were taken. */
static int collect(struct mxp_engine *engine, struct mxp_task **tasks, uint16_t *n,
                   struct wire_text *ret)
{
    struct mxp_task *others[MXP_BATCH_MAX];
    uint16_t taken = 0, n_others = 0;
    for (uint16_t i = 0; i < *n; i++) {
        size_t from = engine->scratch.len;
        bool utf8 = false;
        int err = add_address(engine, tasks[i]->id, &utf8);
        if (err)
            return err;
        if (taken && utf8 != ret->utf8[0]) {
            engine->scratch.len = from;
            others[n_others++] = tasks[i];
            continue;
        }
        tasks[taken] = tasks[i];
        ret->utf8[taken] = utf8;
        ret->ends[taken++] = engine->scratch.len;
    }
    memcpy(tasks + taken, others, n_others * sizeof *others);
    *n = taken;
    return 0;
}

/* The text of all addresses goes through the scratch buffer, so that the batch is one allocation of
 * just its size. */
struct mxp_batch *mxp_batch_new(struct mxp_engine *engine, struct mxp_domain *domain,
                                struct mxp_random *random, struct mxp_task **tasks, uint16_t n)
{
    struct wire_text wire = {.utf8 = {false}};
    mxp_buf_clear(&engine->scratch);
    int err = random ? add_random(engine, domain, random) : collect(engine, tasks, &n, &wire);
    if (err) {
        mxp_engine_fail(engine, err, NULL);
        return NULL;
    }
    if (random)
        wire.ends[0] = engine->scratch.len;
    size_t per = sizeof(struct mxp_task *) + sizeof(struct mxp_smtp_rcpt);
    struct mxp_batch *batch = calloc(1, sizeof *batch + n * per + engine->scratch.len);
    if (!batch) {
        mxp_engine_fail(engine, MXP_ENOMEM, NULL);
        return NULL;
    }
    batch->domain = domain;
    batch->random = random;
    batch->n = n;
    batch->rcpts = (struct mxp_smtp_rcpt *)(batch + 1);
    batch->tasks = (struct mxp_task **)(batch->rcpts + n);
    char *text = (char *)(batch->tasks + n);
    memcpy(text, engine->scratch.ptr, engine->scratch.len);
    for (uint16_t i = 0; i < n; i++) {
        size_t from = i ? wire.ends[i - 1] : 0;
        batch->rcpts[i] =
            (struct mxp_smtp_rcpt){text + from, (uint16_t)(wire.ends[i] - from), wire.utf8[i]};
        batch->tasks[i] = tasks[i];
    }
    return batch;
}

void mxp_batch_free(struct mxp_batch *batch)
{
    if (!batch)
        return;
    for (uint16_t i = 0; i < batch->n; i++)
        if (batch->tasks[i] && !batch->tasks[i]->random)
            mxp_task_free(batch->tasks[i]);
    free(batch);
}
