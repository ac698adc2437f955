#include "probe/engine/netwatch.h"

void mxp_netwatch_success(struct mxp_netwatch *watch)
{
    watch->ever = true;
    watch->trusted = false;
    watch->n_failed = 0;
    watch->n_failures = 0;
}

static void remember(struct mxp_netwatch *watch, const void *provider)
{
    for (uint32_t i = 0; i < watch->n_failed; i++)
        if (watch->failed[i] == provider)
            return;
    if (watch->n_failed < MXP_NETWATCH_PROVIDERS)
        watch->failed[watch->n_failed++] = provider;
}

enum mxp_netwatch_state mxp_netwatch_failure(struct mxp_netwatch *watch, const void *provider,
                                             uint64_t now_ms)
{
    if (watch->first_ms == 0)
        watch->first_ms = now_ms;
    watch->n_failures++;
    remember(watch, provider);
    if (watch->trusted || watch->n_failed < MXP_NETWATCH_PROVIDERS)
        return MXP_NET_FINE;
    if (watch->ever)
        return MXP_NET_LOST;
    return now_ms - watch->first_ms >= MXP_NETWATCH_SETTLE_MS ? MXP_NET_BLOCKED : MXP_NET_FINE;
}

void mxp_netwatch_trust(struct mxp_netwatch *watch)
{
    watch->n_failed = 0;
    watch->n_failures = 0;
    watch->trusted = true;
}
