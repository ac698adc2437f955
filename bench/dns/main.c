/*
 * What a DNS question costs: N distinct domains through the lookup, the cache and the
 * resolver, all asked at once, against a server in a process of its own that answers each
 * with one MX. See docs/dns.md.
 *
 *     mxprobe-bench-dns N [INFLIGHT [LOSS_PERCENT]]
 */
#include "dns/mx_lookup.h"
#include "dns/resolver_ares.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

struct bench {
    uv_loop_t loop;
    struct mxp_resolver *resolver;
    size_t n_given, n_good;
};

static void serve(int fd, unsigned loss_percent)
{
    static const uint8_t record[] = {0xc0, 12, 0, 15, 0, 1,   0,   0,    1, 44,
                                     0,    7,  0, 10, 2, 'm', 'x', 0xc0, 12};
    uint8_t message[2048];
    struct sockaddr_in from;
    unsigned n = 0;
    for (;;) {
        socklen_t len = sizeof from;
        ssize_t got = recvfrom(fd, message, 1024, 0, (struct sockaddr *)&from, &len);
        size_t at = 12;
        if (got < 17 || n++ % 100 < loss_percent)
            continue;
        while (at < (size_t)got && message[at])
            at += message[at] + 1u;
        at += 5; /* behind the question; EDNS is left out of the answer */
        message[2] = 0x85;
        message[3] = 0x80;
        memset(message + 6, 0, 6);
        message[7] = 1;
        memcpy(message + at, record, sizeof record);
        (void)sendto(fd, message, at + sizeof record, 0, (struct sockaddr *)&from, len);
    }
}

static uint16_t start_server(pid_t *ret_pid, unsigned loss_percent)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 16 << 20;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        abort();
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    *ret_pid = fork();
    if (*ret_pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        serve(fd, loss_percent);
    }
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void on_set(void *arg, struct mxp_mxset *set)
{
    struct bench *bench = arg;
    bench->n_given++;
    bench->n_good += set->status == MXP_MX_OK && set->n_hosts == 1;
}

static uint64_t now_ms(void *arg)
{
    return uv_now(arg);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void run(struct bench *bench, size_t n)
{
    struct mxp_mx_lookup_options options = {.now_ms = now_ms, .now_arg = &bench->loop};
    struct mxp_mx_lookup *lookup = mxp_mx_lookup_new(bench->resolver, &options);
    struct mxp_asker_stats stats;
    struct rusage usage;
    uint64_t start = uv_hrtime();
    for (size_t i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "d%zu.test", i);
        if (mxp_mx_lookup_domain(lookup, name, on_set, bench))
            abort();
    }
    while (bench->n_given < n)
        uv_run(&bench->loop, UV_RUN_ONCE);
    double wall = (double)(uv_hrtime() - start) / 1e9;
    (void)getrusage(RUSAGE_SELF, &usage);
    mxp_resolver_ares_stats(bench->resolver, &stats);
    double user = seconds(usage.ru_utime), sys = seconds(usage.ru_stime);
    printf("%zu questions, %zu good, %llu sent: %.2f s, CPU %.2f s user + %.2f s system, %.1f us "
           "each, %ld KiB\n",
           n, bench->n_good, (unsigned long long)stats.n_sent, wall, user, sys,
           (user + sys) * 1e6 / (double)n, usage.ru_maxrss);
    bench->resolver->free(bench->resolver);
    mxp_mx_lookup_free(lookup);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    unsigned inflight = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    static struct bench bench;
    struct mxp_why why = {0};
    char server[32];
    pid_t pid;
    uint16_t port = start_server(&pid, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
    (void)snprintf(server, sizeof server, "127.0.0.1:%u", port);
    const char *servers[] = {server};
    struct mxp_resolver_options options = {
        .servers = servers, .n_servers = 1, .max_inflight = inflight};
    uv_loop_init(&bench.loop);
    bench.resolver = mxp_resolver_ares_new(&bench.loop, &options, &why);
    if (!bench.resolver)
        (void)fprintf(stderr, "%s\n", why.text);
    else
        run(&bench, n);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    uv_loop_close(&bench.loop);
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    return bench.n_good == n ? 0 : 1;
}
