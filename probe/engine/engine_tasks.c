#include "probe/engine/engine_internal.h"

#include <stdlib.h>

struct mxp_task *mxp_task_new(struct mxp_domain *domain, uint32_t id)
{
    struct mxp_task *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    task->engine = domain->engine;
    task->domain = domain;
    task->id = id;
    return task;
}

void mxp_task_free(struct mxp_task *task)
{
    mxp_due_unset(&task->engine->dues, &task->due);
    mxp_evidence_free(task->evidence);
    free(task);
}

bool mxp_task_suits(const struct mxp_task *task, const struct mxp_ehost *host, bool any)
{
    return any || !task->host || task->host == host ||
           task->host->failed_until_ms > mxp_engine_now(task->engine);
}
