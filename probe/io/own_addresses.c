#include "probe/io/own_addresses.h"

#include "probe/io/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct mxp_ip *mxp_own_addresses(size_t *ret_n)
{
    uv_interface_address_t *list = NULL;
    int n = 0;
    *ret_n = 0;
    if (uv_interface_addresses(&list, &n))
        return NULL;
    struct mxp_ip *ips = calloc((size_t)n + 1, sizeof *ips);
    for (int i = 0; ips && i < n; i++) {
        struct mxp_ip *ip = &ips[(*ret_n)++];
        bool v6 = list[i].address.address4.sin_family == AF_INET6;
        ip->family = v6 ? 6 : 4;
        if (v6)
            memcpy(ip->bytes, &list[i].address.address6.sin6_addr, 16);
        else
            memcpy(ip->bytes, &list[i].address.address4.sin_addr, 4);
    }
    uv_free_interface_addresses(list, n);
    return ips;
}

int mxp_own_addresses_check(const struct mxp_ip *ip)
{
    struct sockaddr_storage address;
    mxp_sockaddr_set(ip, 0, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int err = bind(fd, (const struct sockaddr *)&address, sizeof address) ? errno : 0;
    close(fd);
    return err;
}
