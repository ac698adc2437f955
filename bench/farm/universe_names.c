#include "universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t farm_n_domains(const struct farm_provider *provider)
{
    return provider->servers ? provider->servers : provider->n_domains + provider->hosted;
}

/* Names of made-up domains: "d12.google.farm.example"; the provider's name in host letters. */
static void made_up(const struct farm_provider *provider, const char *letter, uint32_t n,
                    char ret[static 256])
{
    char name[64];
    size_t len = 0;
    for (const char *p = provider->name; *p && len < sizeof name - 1; p++)
        if (mxp_is_alnum(*p) || *p == '-')
            name[len++] = mxp_lower(*p);
    name[len] = '\0';
    snprintf(ret, 256, "%s%u-%s.example", letter, n, name);
}

void farm_domain_name(const struct farm_provider *provider, uint32_t n, char ret[static 256])
{
    if (!provider->servers && n < provider->n_domains)
        snprintf(ret, 256, "%s", provider->domains[n]);
    else
        made_up(provider, "d", n - (provider->servers ? 0 : provider->n_domains), ret);
}

/* "d12-name.example" -> 12 and "name" */
static bool parse_made_up(const char *text, const char *prefix, uint32_t *ret_n,
                          char ret_name[static 64])
{
    size_t skip = strlen(prefix), len = strlen(text), digits = 0;
    if (strncmp(text, prefix, skip) != 0 || len < skip + 10)
        return false;
    while (mxp_is_digit(text[skip + digits]) && digits < 8)
        digits++;
    uint64_t n = 0;
    if (!digits || text[skip + digits] != '-' ||
        mxp_slice_number((struct mxp_slice){text + skip, digits}, UINT32_MAX, &n))
        return false;
    const char *name = text + skip + digits + 1, *dot = strchr(name, '.');
    if (!dot || strcmp(dot, ".example") != 0 || dot - name > 60)
        return false;
    memcpy(ret_name, name, (size_t)(dot - name));
    ret_name[dot - name] = '\0';
    *ret_n = (uint32_t)n;
    return true;
}

static bool is_called(const struct farm_provider *provider, const char *name)
{
    char full[256];
    made_up(provider, "", 0, full);
    size_t len = strlen(name);
    return strncmp(full, "0-", 2) == 0 && strncmp(full + 2, name, len) == 0 &&
           strcmp(full + 2 + len, ".example") == 0;
}

const struct farm_provider *farm_find_domain(const struct farm_universe *universe,
                                             const char *domain, uint32_t *ret_n)
{
    char name[64];
    uint32_t n;
    bool made = parse_made_up(domain, "d", &n, name);
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        const struct farm_provider *provider = &universe->providers[i];
        for (uint32_t k = 0; k < provider->n_domains; k++) {
            if (strcmp(provider->domains[k], domain) == 0) {
                *ret_n = k;
                return provider;
            }
        }
        uint32_t most = provider->servers ? provider->servers : provider->hosted;
        if (made && n < most && is_called(provider, name)) {
            *ret_n = provider->servers ? n : n + provider->n_domains;
            return provider;
        }
    }
    return NULL;
}

uint32_t farm_n_hosts(const struct farm_provider *provider)
{
    return provider->servers || provider->kind == FARM_DEAD ? 1 : provider->n_mx;
}

void farm_host_name(const struct farm_provider *provider, uint32_t domain, uint32_t host,
                    char ret[static 256])
{
    if (provider->servers || provider->kind == FARM_DEAD)
        made_up(provider, "mx.d", provider->servers ? domain : 0, ret);
    else
        snprintf(ret, 256, "%s", provider->mx[host]);
}

/* Servers of the long tail fill 127.(130..253).x.10, each in its own /24. */
static void ip_of(const struct farm_universe *universe, const struct farm_provider *provider,
                  uint32_t server, uint8_t ret[4])
{
    uint32_t p = (uint32_t)(provider - universe->providers);
    if (!provider->servers) {
        ret[0] = 127, ret[1] = (uint8_t)(2 + p), ret[2] = (uint8_t)(server + 1), ret[3] = 10;
        return;
    }
    uint32_t before = 0;
    for (uint32_t i = 0; i < p; i++)
        before += universe->providers[i].servers;
    uint32_t n = before + server;
    ret[0] = 127, ret[1] = (uint8_t)(130 + n / 250), ret[2] = (uint8_t)(1 + n % 250), ret[3] = 10;
}

bool farm_host_ip(const struct farm_universe *universe, const char *host, struct mxp_ip *ret)
{
    char name[64];
    uint32_t n;
    bool made = parse_made_up(host, "mx.d", &n, name);
    *ret = (struct mxp_ip){.family = 4};
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        const struct farm_provider *provider = &universe->providers[i];
        for (uint32_t k = 0; k < provider->n_mx; k++) {
            if (strcmp(provider->mx[k], host) == 0) {
                ip_of(universe, provider, k, ret->bytes);
                return true;
            }
        }
        if (made && is_called(provider, name) &&
            (provider->servers || provider->kind == FARM_DEAD)) {
            ip_of(universe, provider, n, ret->bytes);
            return true;
        }
    }
    return false;
}

const struct farm_provider *farm_find_ip(const struct farm_universe *universe, const uint8_t ip[4],
                                         uint32_t *ret_server)
{
    uint32_t n = 0;
    if (ip[0] != 127 || ip[3] != 10)
        return NULL;
    if (ip[1] < 130) {
        *ret_server = ip[2] - 1u;
        uint32_t p = ip[1] - 2u;
        return p < universe->n_providers && !universe->providers[p].servers &&
                       universe->providers[p].kind == FARM_NORMAL
                   ? &universe->providers[p]
                   : NULL;
    }
    n = (ip[1] - 130u) * 250 + ip[2] - 1u;
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        const struct farm_provider *provider = &universe->providers[i];
        if (n < provider->servers) {
            *ret_server = n;
            return provider;
        }
        n -= provider->servers;
    }
    return NULL;
}
