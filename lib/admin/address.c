// SPDX-License-Identifier: Apache-2.0
#include "admin/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

// Splits at the last colon; a host in brackets loses them.
static int split_host_port(const char *text, char *ret_host, size_t host_size, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || hs_str_to_u64(hs_str(colon + 1), &port) < 0 || port > 65535) {
        return HS_EFORMAT;
    }
    const char *from = text;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    }
    if (len == 0 || len >= host_size) {
        return HS_EFORMAT;
    }
    memcpy(ret_host, from, len);
    ret_host[len] = '\0';
    *ret_port = (uint16_t)port;
    return 0;
}

int hs_address_parse_loopback(const char *text, struct sockaddr_storage *ret_address,
                              socklen_t *ret_len)
{
    char host[INET6_ADDRSTRLEN + 1];
    uint16_t port;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int rc = split_host_port(text, host, sizeof(host), &port);
    if (rc < 0) {
        return rc;
    }
    if (strcmp(host, "localhost") == 0) {
        strcpy(host, "127.0.0.1");
    }
    bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) {
        return HS_EFORMAT;
    }
    bool loopback =
        is_v4 ? (ntohl(v4.sin_addr.s_addr) >> 24) == 127 : IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    if (!loopback) {
        return HS_EREFUSED;
    }
    v4.sin_port = htons(port);
    v6.sin6_port = htons(port);
    memset(ret_address, 0, sizeof(*ret_address));
    memcpy(ret_address, is_v4 ? (void *)&v4 : (void *)&v6, is_v4 ? sizeof(v4) : sizeof(v6));
    *ret_len = is_v4 ? sizeof(v4) : sizeof(v6);
    return 0;
}

int hs_address_unix(const char *path, struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(sun.sun_path)) {
        return HS_ELIMIT;
    }
    memcpy(sun.sun_path, path, len + 1);
    memset(ret_address, 0, sizeof(*ret_address));
    memcpy(ret_address, &sun, sizeof(sun));
    *ret_len = sizeof(sun);
    return 0;
}

static bool somebody_listens(const char *path)
{
    struct sockaddr_storage address;
    socklen_t len;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || hs_address_unix(path, &address, &len) < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    int rc = connect(fd, (struct sockaddr *)&address, len);
    bool listens = rc == 0 || errno == EAGAIN; // a full backlog is somebody's too
    close(fd);
    return listens;
}

int hs_address_unix_clear(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        return errno == ENOENT ? 0 : HS_EIO;
    }
    if (!S_ISSOCK(st.st_mode) || somebody_listens(path)) {
        return HS_EEXIST;
    }
    return unlink(path) == 0 || errno == ENOENT ? 0 : HS_EIO;
}
