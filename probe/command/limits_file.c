#include "probe/command/limits_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint32_t number(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

static struct mxp_rate per_minute(uint32_t n)
{
    return (struct mxp_rate){n, n ? 60000 : 0};
}

static const struct mxp_budget *budget_of(const struct mxp_options *options, const char *name,
                                          bool *ret_known)
{
    for (size_t i = 0; i < options->n_providers; i++) {
        if (strcmp(options->providers[i].name, name) == 0) {
            *ret_known = true;
            return &options->providers[i].budget;
        }
    }
    *ret_known = false;
    return &options->default_budget;
}

static int teach(struct mxp_limiter *limiter, const struct mxp_options *options, const char *name,
                 const json_t *site)
{
    bool known;
    struct mxp_budget budget = *budget_of(options, name, &known);
    budget.shares_network = !known;
    struct mxp_lim_provider *provider = mxp_limiter_provider(limiter, name, &budget);
    if (!provider)
        return MXP_ENOMEM;
    struct mxp_budget learned = {
        .connections = number(site, "connections"),
        .connect_rate = per_minute(number(site, "connects_per_minute")),
        .rcpt_rate = per_minute(number(site, "rcpts_per_minute")),
        .rcpts_per_hour = number(site, "rcpts_per_hour"),
        .rcpts_per_session = number(site, "rcpts_per_session"),
        .rcpts_per_transaction = number(site, "rcpts_per_transaction"),
    };
    int err = mxp_limiter_teach(provider, number(site, "identity"), &learned, 1);
    return err == MXP_EINVAL ? 0 : err; /* an identity that is no more */
}

int mxp_limits_load(const char *path, struct mxp_limiter *limiter,
                    const struct mxp_options *options, struct mxp_why *why)
{
    json_error_t at;
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &at);
    const json_t *sites = json_object_get(root, "sites");
    int err = 0;
    if (!json_is_array(sites))
        err = mxp_why_set(why, MXP_ECONFIG, "%s:%d: %s", path, root ? 1 : at.line,
                          root ? "expected an object with the array \"sites\"" : at.text);
    for (size_t i = 0; !err && i < json_array_size(sites); i++) {
        const json_t *site = json_array_get(sites, i);
        const char *name = json_string_value(json_object_get(site, "provider"));
        err = name ? teach(limiter, options, name, site)
                   : mxp_why_set(why, MXP_ECONFIG, "%s: sites[%zu] has no \"provider\"", path, i);
    }
    json_decref(root);
    return err;
}

static void put(json_t *object, const char *key, uint32_t n)
{
    if (n)
        json_object_set_new(object, key, json_integer((json_int_t)n));
}

static void save_site(void *arg, const char *key, uint32_t identity, bool learned,
                      const struct mxp_site_state *state)
{
    json_t *sites = arg, *site = learned ? json_object() : NULL;
    if (!site)
        return;
    const struct mxp_budget *now = &state->now;
    json_object_set_new(site, "provider", json_string(key));
    json_object_set_new(site, "identity", json_integer((json_int_t)identity));
    put(site, "connections", now->connections);
    put(site, "connects_per_minute", now->connect_rate.per_ms == 60000 ? now->connect_rate.n : 0);
    put(site, "rcpts_per_minute", now->rcpt_rate.per_ms == 60000 ? now->rcpt_rate.n : 0);
    put(site, "rcpts_per_hour", now->rcpts_per_hour);
    put(site, "rcpts_per_session", now->rcpts_per_session);
    put(site, "rcpts_per_transaction", now->rcpts_per_transaction);
    json_array_append_new(sites, site);
}

int mxp_limits_save(const char *path, const struct mxp_limiter *limiter, struct mxp_why *why)
{
    char temp[4096];
    json_t *root = json_object(), *sites = json_array();
    json_object_set_new(root, "sites", sites);
    mxp_limiter_each_site(limiter, save_site, sites);
    int n = snprintf(temp, sizeof temp, "%s.new", path);
    int err = n < 0 || (size_t)n >= sizeof temp ? ENAMETOOLONG : 0;
    errno = 0;
    if (!err && (json_dump_file(root, temp, JSON_INDENT(1)) || rename(temp, path)))
        err = errno ? errno : EIO;
    json_decref(root);
    if (!err)
        return 0;
    return mxp_why_set(why, MXP_EIO, "%s: cannot write: %s", path, strerror(err));
}
