#include "truth.h"

#include <string.h>

const char *farm_truth_name(enum farm_truth truth)
{
    static const char *const names[] = {"exists",        "unknown_user", "full",
                                        "disabled",      "catch_all",    "no_domain",
                                        "takes_no_mail", "unreachable",  "not_ours"};
    return names[truth];
}

static uint64_t hash(uint64_t seed, struct mxp_slice text)
{
    uint64_t h = seed * 0x9e3779b97f4a7c15u + 14695981039346656037u;
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9u;
    return h ^ h >> 32;
}

static double percent(uint64_t h)
{
    return (double)(h % 1000000) / 10000;
}

bool farm_is_catch_all(const struct farm_universe *universe, const struct farm_provider *provider,
                       uint32_t domain)
{
    char name[256];
    farm_domain_name(provider, domain, name);
    return percent(hash(universe->seed + 7, mxp_slice_str(name))) < provider->catch_all;
}

enum farm_truth farm_truth_of(const struct farm_universe *universe, struct mxp_slice address)
{
    char domain[256];
    size_t at = mxp_slice_find(address, '@');
    if (at + 1 >= address.len || address.len - at - 1 >= sizeof domain)
        return FARM_NOT_OURS;
    memcpy(domain, address.ptr + at + 1, address.len - at - 1);
    domain[address.len - at - 1] = '\0';
    uint32_t n;
    const struct farm_provider *provider = farm_find_domain(universe, domain, &n);
    if (!provider)
        return FARM_NOT_OURS;
    switch (provider->kind) {
    case FARM_NXDOMAIN:
        return FARM_NO_DOMAIN;
    case FARM_NULL_MX:
        return FARM_NO_MAIL;
    case FARM_DEAD:
    case FARM_SERVFAIL:
        return FARM_UNREACHABLE;
    case FARM_NORMAL:
        break;
    }
    if (farm_is_catch_all(universe, provider, n))
        return FARM_ANY;
    /* Local parts of the list start with "u" and a number; everything else is unknown. */
    if (address.ptr[0] != 'u' || at < 2 || !mxp_is_digit(address.ptr[1]))
        return FARM_UNKNOWN_USER;
    double p = percent(hash(universe->seed, address));
    if (p < provider->unknown)
        return FARM_UNKNOWN_USER;
    if (p < provider->unknown + provider->full)
        return FARM_FULL;
    return p < provider->unknown + provider->full + provider->disabled ? FARM_DISABLED
                                                                       : FARM_EXISTS;
}

void farm_list(const struct farm_universe *universe, uint32_t n, FILE *out)
{
    double total = 0;
    for (uint32_t i = 0; i < universe->n_providers; i++)
        total += universe->providers[i].share;
    for (uint32_t i = 0; i < n && universe->n_providers; i++) {
        char number[24], domain[256];
        int len = snprintf(number, sizeof number, "%u", i);
        uint64_t h = hash(universe->seed + 1, (struct mxp_slice){number, (size_t)len});
        double at = percent(h) / 100 * total;
        uint32_t p = 0;
        while (p + 1 < universe->n_providers && at >= universe->providers[p].share)
            at -= universe->providers[p++].share;
        const struct farm_provider *provider = &universe->providers[p];
        uint64_t pick = h / 1000003;
        /* Half of a provider's addresses are in its own domains, the rest in hosted ones. */
        uint32_t own = provider->servers ? 0 : provider->n_domains;
        uint32_t made = farm_n_domains(provider) - own;
        bool hosted = made && (!own || pick % 2);
        uint32_t of = hosted ? made : own;
        uint32_t k = (hosted ? own : 0) + (of ? (uint32_t)(pick / 2 % of) : 0);
        farm_domain_name(provider, k, domain);
        fprintf(out, "u%u@%s\n", i, domain);
    }
}
