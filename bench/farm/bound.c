#include "bound.h"

static double least(double a, double b)
{
    return a <= 0 ? b : b <= 0 ? a : a < b ? a : b;
}

static double per_minute(struct mxp_rate rate)
{
    return rate.n ? rate.n * 60000.0 / rate.per_ms : 0;
}

/* Recipients a minute while the limits stand as they do at this time; 0: no limit. */
static double speed(const struct farm_provider *provider, const struct mxp_budget *ceilings,
                    double at_s)
{
    struct farm_limits hidden;
    farm_site_limits(provider, (uint64_t)(at_s * 1000), &hidden);
    double rate = least(hidden.rcpts_per_minute, per_minute(ceilings->rcpt_rate));
    double session = least(hidden.rcpts_per_session, ceilings->rcpts_per_session);
    double transaction = least(hidden.rcpts_per_transaction, ceilings->rcpts_per_transaction);
    double connections = least(hidden.connections, ceilings->connections);
    double connects = least(hidden.connects_per_minute, per_minute(ceilings->connect_rate));
    if (connects > 0 && session > 0)
        rate = least(rate, connects * session);
    if (connections > 0 && session > 0) {
        /* Greeting and EHLO, then a round trip for each transaction, then QUIT. */
        double trip = provider->latency_ms + provider->tarpit_ms;
        double transactions = session / (transaction > 0 ? transaction : session);
        double ms = 2 * trip + provider->banner_ms + (transactions < 1 ? 1 : transactions) * trip;
        if (ms > 0)
            rate = least(rate, connections * session * 60000 / ms);
    }
    return rate;
}

double farm_bound_s(const struct farm_provider *provider, const struct mxp_budget *ceilings,
                    double n)
{
    double at = 0;
    for (uint32_t i = 0; i <= provider->n_changes && n > 0; i++) {
        double rate = speed(provider, ceilings, at);
        double until = i < provider->n_changes ? provider->changes[i].at_s : 1e18;
        if (rate <= 0)
            return at;
        double could = rate * (until - at) / 60;
        if (could >= n)
            return at + n / rate * 60 + provider->greylist_s;
        n -= could;
        at = until;
    }
    return at + provider->greylist_s;
}
