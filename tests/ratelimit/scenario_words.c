#include "scenario.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const char *scn_next(struct scn_world *world)
{
    struct scn_line *line = &world->line;
    return line->at < line->n ? line->words[line->at++] : "";
}

bool scn_more(const struct scn_world *world)
{
    return world->line.at < world->line.n;
}

bool scn_is(struct scn_world *world, const char *word)
{
    struct scn_line *line = &world->line;
    if (line->at >= line->n || strcmp(line->words[line->at], word) != 0)
        return false;
    line->at++;
    return true;
}

/* Digits at the start of the word; *ret_rest: what follows them. */
static bool digits(const char *word, uint64_t *ret, const char **ret_rest)
{
    uint64_t n = 0;
    const char *at = word;
    while (*at >= '0' && *at <= '9')
        n = n * 10 + (uint64_t)(*at++ - '0');
    *ret_rest = at;
    if (at == word)
        return false;
    *ret = n;
    return true;
}

bool scn_number(const char *word, uint64_t *ret)
{
    const char *rest;
    uint64_t n;
    if (!digits(word, &n, &rest) || *rest)
        return false;
    *ret = n;
    return true;
}

bool scn_time(const char *word, uint64_t *ret_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *rest;
    uint64_t n;
    if (!digits(word, &n, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(rest, units[i].name) != 0)
            continue;
        *ret_ms = n * units[i].ms;
        return true;
    }
    return false;
}

static bool one(const char *word, bool time, uint64_t *ret)
{
    return time ? scn_time(word, ret) : scn_number(word, ret);
}

bool scn_range(const char *word, bool time, struct scn_range *ret)
{
    char text[64];
    *ret = (struct scn_range){0, UINT64_MAX - 1};
    if (time && strcmp(word, "ever") == 0) {
        *ret = (struct scn_range){UINT64_MAX, UINT64_MAX};
        return true;
    }
    if (strlen(word) >= sizeof text)
        return false;
    memcpy(text, word, strlen(word) + 1);
    char *dots = strstr(text, "..");
    if (!dots) {
        bool fine = one(text, time, &ret->least);
        ret->most = ret->least;
        return fine;
    }
    *dots = '\0';
    return (dots == text || one(text, time, &ret->least)) &&
           (!dots[2] || one(dots + 2, time, &ret->most));
}

bool scn_within(struct scn_range range, uint64_t n)
{
    return n >= range.least && n <= range.most;
}

void scn_print_time(uint64_t ms, char *ret, size_t size)
{
    if (ms == UINT64_MAX)
        (void)snprintf(ret, size, "ever");
    else if (ms % 1000)
        (void)snprintf(ret, size, "%llums", (unsigned long long)ms);
    else
        (void)snprintf(ret, size, "%llus", (unsigned long long)ms / 1000);
}

static void print_one(uint64_t n, bool time, char *ret, size_t size)
{
    if (time)
        scn_print_time(n, ret, size);
    else
        (void)snprintf(ret, size, "%llu", (unsigned long long)n);
}

void scn_print_range(struct scn_range range, bool time, char *ret, size_t size)
{
    char least[32] = "", most[32] = "";
    if (range.least)
        print_one(range.least, time, least, sizeof least);
    if (range.most != UINT64_MAX - 1)
        print_one(range.most, time, most, sizeof most);
    if (range.least == range.most)
        print_one(range.least, time, ret, size);
    else
        (void)snprintf(ret, size, "%s..%s", least, most);
}

bool scn_ip(const char *word, uint8_t ret_ip[16], uint8_t *ret_len)
{
    *ret_len = strchr(word, ':') ? 16 : 4;
    return inet_pton(*ret_len == 4 ? AF_INET : AF_INET6, word, ret_ip) == 1;
}

/* 30/1m */
static bool rate(const char *word, struct mxp_rate *ret)
{
    const char *rest;
    uint64_t n, ms;
    if (!digits(word, &n, &rest) || *rest != '/' || !scn_time(rest + 1, &ms))
        return false;
    *ret = (struct mxp_rate){(uint32_t)n, (uint32_t)ms};
    return true;
}

bool scn_budget(struct scn_world *world, struct mxp_budget *ret)
{
    *ret = (struct mxp_budget){0};
    struct {
        const char *name;
        uint32_t *n;
        struct mxp_rate *rate;
    } fields[] = {
        {"connections", &ret->connections, NULL},
        {"host", &ret->host_connections, NULL},
        {"connects", NULL, &ret->connect_rate},
        {"rcpts", NULL, &ret->rcpt_rate},
        {"domain", NULL, &ret->domain_rcpt_rate},
        {"hour", &ret->rcpts_per_hour, NULL},
        {"session", &ret->rcpts_per_session, NULL},
        {"transaction", &ret->rcpts_per_transaction, NULL},
        {"unknown", &ret->unknown_percent, NULL},
    };
    while (scn_more(world)) {
        const char *name = scn_next(world);
        size_t i = 0;
        if (strcmp(name, "network") == 0) {
            ret->shares_network = true;
            continue;
        }
        while (i < sizeof fields / sizeof *fields && strcmp(fields[i].name, name) != 0)
            i++;
        uint64_t n = 0;
        const char *value = scn_next(world);
        if (i == sizeof fields / sizeof *fields ||
            !(fields[i].n ? scn_number(value, &n) : rate(value, fields[i].rate)))
            return scn_wrong(world, "a budget has no '%s %s'", name, value);
        if (fields[i].n)
            *fields[i].n = (uint32_t)n;
    }
    return true;
}

bool scn_site(struct scn_world *world, struct mxp_lim_provider **ret, uint32_t *ret_identity)
{
    const char *word = scn_next(world);
    size_t len = strcspn(word, "#");
    uint64_t identity = 0;
    if (word[len] && !scn_number(word + len + 1, &identity))
        return scn_wrong(world, "'%s' is no provider#identity", word);
    *ret_identity = (uint32_t)identity;
    for (size_t i = 0; i < world->n_providers; i++) {
        const char *key = mxp_lim_provider_key(world->providers[i]);
        *ret = world->providers[i];
        if (strlen(key) == len && memcmp(key, word, len) == 0)
            return true;
    }
    return scn_wrong(world, "there is no provider '%s'", word);
}

bool scn_names(const char *word, struct scn_names *ret)
{
    *ret = (struct scn_names){0};
    size_t len = strcspn(word, "0123456789");
    const char *rest;
    if (len == 0 || len >= sizeof ret->stem)
        return false;
    memcpy(ret->stem, word, len);
    ret->numbered = digits(word + len, &ret->from, &rest);
    ret->to = ret->from;
    if (!*rest)
        return true;
    return strncmp(rest, "..", 2) == 0 && scn_number(rest + 2, &ret->to) && ret->to >= ret->from;
}

void scn_name(const struct scn_names *names, uint64_t i, char ret[24])
{
    if (names->numbered)
        (void)snprintf(ret, 24, "%.15s%u", names->stem, (unsigned)(i % 1000000));
    else
        (void)snprintf(ret, 24, "%.15s", names->stem);
}

struct scn_lease *scn_lease(struct scn_world *world, const char *name)
{
    for (size_t i = 0; i < world->n_leases; i++)
        if (strcmp(world->leases[i].name, name) == 0)
            return &world->leases[i];
    return NULL;
}
