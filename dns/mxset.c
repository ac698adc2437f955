#include "dns/mxset.h"

#include <stdlib.h>

struct mxp_mxset *mxp_mxset_ref(struct mxp_mxset *set)
{
    set->refs++;
    return set;
}

struct mxp_mxset *mxp_mxset_unref(struct mxp_mxset *set)
{
    if (set && --set->refs == 0)
        free(set);
    return NULL;
}
