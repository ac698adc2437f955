#include "core/verdict.h"

static const char *const verdict_names[] = {
#define X(name, text) text,
    MXP_VERDICT_MAP(X)
#undef X
};

static const char *const action_names[] = {
#define X(name, text) text,
    MXP_ACTION_MAP(X)
#undef X
};

static const char *const stage_names[] = {
#define X(name, text) text,
    MXP_STAGE_MAP(X)
#undef X
};

static const struct {
    const char *name;
    enum mxp_action action;
    char group;
    bool may_be_invalid;
} reasons[] = {
#define X(name, text, action, group, may_be_invalid)                                               \
    {text, MXP_ACTION_##action, group, may_be_invalid},
    MXP_REASON_MAP(X)
#undef X
};

const char *mxp_verdict_name(enum mxp_verdict v)
{
    return (unsigned)v < MXP_VERDICT_COUNT ? verdict_names[v] : "?";
}

const char *mxp_action_name(enum mxp_action a)
{
    return (unsigned)a < MXP_ACTION_COUNT ? action_names[a] : "?";
}

const char *mxp_stage_name(enum mxp_stage s)
{
    return (unsigned)s < MXP_STAGE_COUNT ? stage_names[s] : "?";
}

const char *mxp_reason_name(enum mxp_reason r)
{
    return (unsigned)r < MXP_REASON_COUNT ? reasons[r].name : "?";
}

enum mxp_reason mxp_reason_find(struct mxp_slice name)
{
    unsigned r = 0;
    while (r < MXP_REASON_COUNT && !mxp_slice_eq(name, mxp_slice_str(reasons[r].name)))
        r++;
    return (enum mxp_reason)r;
}

enum mxp_stage mxp_stage_find(struct mxp_slice name)
{
    unsigned s = 0;
    while (s < MXP_STAGE_COUNT && !mxp_slice_eq(name, mxp_slice_str(stage_names[s])))
        s++;
    return (enum mxp_stage)s;
}

enum mxp_action mxp_reason_action(enum mxp_reason r)
{
    return (unsigned)r < MXP_REASON_COUNT ? reasons[r].action : MXP_ACTION_REVIEW;
}

char mxp_reason_group(enum mxp_reason r)
{
    return (unsigned)r < MXP_REASON_COUNT ? reasons[r].group : 'M';
}

bool mxp_reason_may_be_invalid(enum mxp_reason r)
{
    return (unsigned)r < MXP_REASON_COUNT && reasons[r].may_be_invalid;
}
