/*
 * The part of the options that looks at the machine: its name, and how many files may be
 * open.
 */
#include "probe/options/options.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_WANTED  (1u << 20)
#define FILES_UNKNOWN 1024
#define HOST_MAX      256

/* The soft limit is a default for programs that know no better (select); raise it as far as
 * we may, and say what there is. */
static uint64_t raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return FILES_UNKNOWN;
    rlim_t wanted = limit.rlim_max > FILES_WANTED ? FILES_WANTED : limit.rlim_max;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur;
}

/* What `hostname -f` says: the name, or the first one that the resolver (/etc/hosts, then
 * DNS) has for it. Whether it is fit for EHLO is identity.h's. */
static int own_fqdn(char *ret, size_t size)
{
    char host[HOST_MAX];
    struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM}, *list = NULL;
    if (gethostname(host, sizeof host) || !memchr(host, '\0', sizeof host))
        return MXP_ENOENT;
    const char *name = host;
    if (!strchr(host, '.')) {
        if (getaddrinfo(host, NULL, &hints, &list) || !list)
            return MXP_ENOENT;
        name = list->ai_canonname ? list->ai_canonname : host;
    }
    int n = snprintf(ret, size, "%s", name);
    if (list)
        freeaddrinfo(list);
    return n > 0 && (size_t)n < size ? MXP_OK : MXP_ENOENT;
}

int mxp_options_parse(int argc, char **argv, struct mxp_options *ret, struct mxp_why *why)
{
    struct mxp_machine machine = {.own_fqdn = own_fqdn, .max_files = raise_files()};
    return mxp_options_parse_on(&machine, argc, argv, ret, why);
}
