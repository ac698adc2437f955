#include "bound.h"
#include "dns.h"
#include "dns/provider.h"
#include "probe/options/provider_table.h"
#include "smtp.h"
#include "truth.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define USAGE                                                                                      \
    "usage: mxprobe-farm serve UNIVERSE [--port-smtp N] [--port-dns N] [--speed X]\n"              \
    "                    [--report FILE] [--ready FILE] [--change AT:FACTOR] [--block NAME]\n"     \
    "       mxprobe-farm list UNIVERSE N\n"                                                        \
    "       mxprobe-farm truth UNIVERSE ADDRESS..\n"                                               \
    "       mxprobe-farm score UNIVERSE RESULTS [N]\n"

struct serve {
    uint16_t port_smtp, port_dns;
    double speed;
    const char *report, *ready, *block;
    struct farm_change change;
};

/* AT:FACTOR; what is none leaves a factor of 0, which changes nothing. */
static void read_change(const char *text, struct farm_change *ret)
{
    char *end = NULL;
    ret->at_s = strtod(text, &end);
    ret->factor = *end == ':' ? strtod(end + 1, NULL) : 0;
}

static int read_options(int argc, char **argv, struct serve *ret)
{
    *ret = (struct serve){.speed = 1};
    for (int i = 0; i < argc; i += 2) {
        if (i + 1 >= argc)
            return -1;
        if (strcmp(argv[i], "--port-smtp") == 0)
            ret->port_smtp = (uint16_t)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--port-dns") == 0)
            ret->port_dns = (uint16_t)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--speed") == 0)
            ret->speed = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--report") == 0)
            ret->report = argv[i + 1];
        else if (strcmp(argv[i], "--ready") == 0)
            ret->ready = argv[i + 1];
        else if (strcmp(argv[i], "--block") == 0)
            ret->block = argv[i + 1];
        else if (strcmp(argv[i], "--change") == 0)
            read_change(argv[i + 1], &ret->change);
        else
            return -1;
    }
    return ret->speed > 0 ? 0 : -1;
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    uv_stop(handle->loop);
}

/* The prober's row for this provider, by its first MX host, as the prober finds it. */
static const struct mxp_budget *ceilings_of(const struct mxp_options *options,
                                            const struct mxp_provider_map *map,
                                            const struct farm_provider *provider)
{
    char host[256];
    if (provider->kind != FARM_NORMAL)
        return &options->default_budget;
    farm_host_name(provider, 0, 0, host);
    int64_t row = mxp_provider_map_find(map, host);
    return row >= 0 ? &options->providers[row].budget : &options->default_budget;
}

static void put(json_t *object, const char *key, uint64_t n)
{
    json_object_set_new(object, key, json_integer((json_int_t)n));
}

static json_t *row_json(const char *name, const struct farm_counts *c, double bound_s)
{
    json_t *row = json_object();
    json_object_set_new(row, "provider", json_string(name));
    put(row, "connections", c->n_connections);
    put(row, "refused", c->n_refused);
    put(row, "peak", c->peak);
    put(row, "rcpts", c->n_rcpts);
    put(row, "throttled", c->n_throttled);
    put(row, "exceeded", c->n_over);
    put(row, "drops", c->n_drops);
    put(row, "blocks", c->n_blocks);
    put(row, "harvests", c->n_harvests);
    put(row, "greylisted", c->n_greylisted);
    put(row, "data", c->n_data);
    put(row, "protocol_errors", c->n_protocol);
    put(row, "quits_missing", c->n_no_quit);
    json_object_set_new(row, "first_s", json_real((double)c->first_ms / 1000));
    json_object_set_new(row, "last_s", json_real((double)c->last_ms / 1000));
    json_object_set_new(row, "bound_s", json_real(bound_s));
    return row;
}

static void print_row(const char *name, const struct farm_counts *c, double bound_s)
{
    double took = (double)(c->last_ms - c->first_ms) / 1000;
    printf("%-20s %7llu %5llu %4u %8llu %6llu %6.3f %5llu %5llu %4llu %4llu %5llu %8.1f %8.1f "
           "%5.2f\n",
           name, (unsigned long long)c->n_connections, (unsigned long long)c->n_refused, c->peak,
           (unsigned long long)c->n_rcpts, (unsigned long long)c->n_throttled,
           c->n_rcpts ? 100.0 * (double)c->n_throttled / (double)c->n_rcpts : 0,
           (unsigned long long)c->n_over, (unsigned long long)c->n_drops,
           (unsigned long long)c->n_blocks, (unsigned long long)(c->n_data + c->n_protocol),
           (unsigned long long)c->n_no_quit, took, bound_s, bound_s > 0 ? took / bound_s : 0);
}

/* 1: it found fault (drops, blocks, DATA), or cannot write. */
static int report(const struct farm_universe *universe, const struct farm_smtp *smtp,
                  uint64_t n_dns, const struct serve *serve)
{
    struct mxp_options options = {0};
    struct mxp_why why = {0};
    mxp_arena_init(&options.arena);
    struct mxp_provider_map *map = mxp_provider_map_new();
    if (!map || mxp_provider_table_builtin(&options, &why))
        return fprintf(stderr, "mxprobe-farm: %s\n", why.text), 1;
    for (size_t i = 0; i < options.n_providers; i++)
        for (size_t k = 0; k < options.providers[i].n_mx; k++)
            mxp_provider_map_add(map, options.providers[i].mx[k], (uint32_t)i,
                                 options.providers[i].gateway);
    struct farm_counts all = {0};
    double bound = 0, last = 0;
    json_t *root = json_object(), *rows = json_array();
    printf("%-20s %7s %5s %4s %8s %6s %6s %5s %5s %4s %4s %5s %8s %8s %5s\n", "provider", "conns",
           "refus", "peak", "rcpts", "thrott", "%", "over", "drops", "blck", "errs", "noquit",
           "took s", "bound s", "ratio");
    for (uint32_t i = 0; i < universe->n_providers; i++) {
        const struct farm_provider *provider = &universe->providers[i];
        struct farm_counts c;
        farm_smtp_counts(smtp, provider, &c);
        if (!c.n_connections)
            continue;
        /* A long tail of N servers works side by side: its bound is that of one server. */
        double each = (double)c.n_rcpts / (provider->servers ? provider->servers : 1);
        double s = farm_bound_s(provider, ceilings_of(&options, map, provider), each);
        print_row(provider->name, &c, s);
        json_array_append_new(rows, row_json(provider->name, &c, s));
        if (s > bound)
            bound = s;
        if ((double)c.last_ms / 1000 > last)
            last = (double)c.last_ms / 1000;
        all.n_rcpts += c.n_rcpts;
        all.n_throttled += c.n_throttled;
        all.n_drops += c.n_drops;
        all.n_blocks += c.n_blocks;
        all.n_data += c.n_data;
        if (c.first_ms && (!all.first_ms || c.first_ms < all.first_ms))
            all.first_ms = c.first_ms;
    }
    double took = last - (double)all.first_ms / 1000;
    printf("all: %llu recipients, %.3f %% throttled, %llu drops, %llu blocks, %llu DATA, %llu DNS "
           "questions; "
           "%.1f s, fluid bound %.1f s, ratio %.3f\n",
           (unsigned long long)all.n_rcpts,
           all.n_rcpts ? 100.0 * (double)all.n_throttled / (double)all.n_rcpts : 0,
           (unsigned long long)all.n_drops, (unsigned long long)all.n_blocks,
           (unsigned long long)all.n_data, (unsigned long long)n_dns, took, bound,
           bound > 0 ? took / bound : 0);
    json_object_set_new(root, "providers", rows);
    json_object_set_new(root, "took_s", json_real(took));
    json_object_set_new(root, "bound_s", json_real(bound));
    int failed = serve->report && json_dump_file(root, serve->report, JSON_INDENT(1));
    json_decref(root);
    mxp_provider_map_free(map);
    mxp_arena_free(&options.arena);
    return failed || all.n_drops || all.n_blocks || all.n_data ? 1 : 0;
}

static void close_one(uv_handle_t *handle, void *smtp)
{
    if (!uv_is_closing(handle) && !farm_smtp_close_client(smtp, handle))
        uv_close(handle, NULL);
}

/* What a program that ends need not do; but a check for leaks speaks by its exit code, too. */
static void end(uv_loop_t *loop, struct farm_smtp *smtp, struct farm_dns *dns)
{
    uv_walk(loop, close_one, smtp);
    uv_run(loop, UV_RUN_DEFAULT);
    farm_smtp_free(smtp);
    farm_dns_free(dns);
    uv_loop_close(loop);
}

static int serve_universe(const struct farm_universe *universe, const struct serve *serve,
                          struct mxp_why *why)
{
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    struct farm_dns *dns = farm_dns_new(&loop, universe, serve->port_dns, why);
    struct farm_smtp *smtp =
        dns ? farm_smtp_new(&loop, universe, serve->port_smtp, serve->speed, why) : NULL;
    if (!smtp)
        return fprintf(stderr, "mxprobe-farm: %s\n", why->text), 1;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, i ? SIGTERM : SIGINT);
    }
    FILE *ready = serve->ready ? fopen(serve->ready, "w") : stdout;
    if (!ready)
        return perror(serve->ready), 1;
    fprintf(ready, "smtp %u\ndns %u\n", farm_smtp_port(smtp), farm_dns_port(dns));
    if (ready != stdout)
        fclose(ready);
    else
        fflush(stdout);
    uv_run(&loop, UV_RUN_DEFAULT);
    int failed = report(universe, smtp, farm_dns_n_asked(dns), serve);
    end(&loop, smtp, dns);
    return failed;
}

static int run(int argc, char **argv, struct mxp_why *why)
{
    if (argc < 3)
        return fputs(USAGE, stderr), 64;
    struct farm_universe *universe = farm_universe_read(argv[2], why);
    struct serve serve;
    int code = 64;
    if (!universe)
        return fprintf(stderr, "mxprobe-farm: %s\n", why->text), 78;
    if (strcmp(argv[1], "serve") == 0 && !read_options(argc - 3, argv + 3, &serve)) {
        if (serve.change.factor > 0)
            farm_universe_change(universe, &serve.change);
        if (serve.block && !farm_universe_block(universe, serve.block))
            return fprintf(stderr, "mxprobe-farm: no provider %s\n", serve.block), 64;
        code = serve_universe(universe, &serve, why);
    } else if (strcmp(argv[1], "list") == 0 && argc == 4) {
        farm_list(universe, (uint32_t)strtoul(argv[3], NULL, 10), stdout);
        code = 0;
    } else if (strcmp(argv[1], "truth") == 0) {
        for (int i = 3; i < argc; i++)
            printf("%s\t%s\n", argv[i],
                   farm_truth_name(farm_truth_of(universe, mxp_slice_str(argv[i]))));
        code = 0;
    } else if (strcmp(argv[1], "score") == 0 && (argc == 4 || argc == 5)) {
        uint64_t lines = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
        int n = farm_score(universe, argv[3], lines, stdout, why);
        if (n < 0)
            fprintf(stderr, "mxprobe-farm: %s\n", why->text);
        code = n ? 1 : 0;
    } else {
        fputs(USAGE, stderr);
    }
    farm_universe_free(universe);
    return code;
}

int main(int argc, char **argv)
{
    struct mxp_why why = {0};
    return run(argc, argv, &why);
}
