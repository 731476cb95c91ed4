// SPDX-License-Identifier: Apache-2.0
#include "hitctl/admin_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

enum { READ_BYTES = 16384 };

static int dial(const char *path, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) == 0 || strlen(path) >= sizeof(address.sun_path)) {
        return HS_EUNREACHABLE;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return HS_EIO;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        int rc = errno == EACCES || errno == EPERM ? HS_EPERM : HS_EUNREACHABLE;
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

static int send_all(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return HS_EIO;
        }
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

static int receive_all(int fd, struct hs_buf *answer)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (answer->len < ADMIN_ANSWER_MAX_BYTES) {
        if (poll(&poll_fd, 1, ADMIN_TIMEOUT_MS) == 0) {
            return HS_ETIMEDOUT;
        }
        char bytes[READ_BYTES];
        ssize_t n = read(fd, bytes, sizeof(bytes));
        if (n == 0) {
            return hs_buf_status(answer);
        }
        if (n < 0 && errno != EINTR) {
            return HS_EIO;
        }
        if (n > 0) {
            hs_buf_add(answer, bytes, (size_t)n);
        }
    }
    return HS_ELIMIT;
}

// "HTTP/1.1 200 OK", headers, an empty line, the body: by Connection: close it ends with the
// stream.
static int take_apart(struct hs_buf *answer, int *ret_status, struct hs_buf *body)
{
    const char *text = hs_buf_text(answer);
    const char *end = strstr(text, "\r\n\r\n");
    int status;
    if (!end || sscanf(text, "HTTP/1.%*1[01] %3d", &status) != 1) {
        return HS_EPROTO;
    }
    size_t head = (size_t)(end + 4 - text);
    hs_buf_add(body, answer->ptr + head, answer->len - head);
    *ret_status = status;
    return hs_buf_status(body);
}

int admin_ask(const char *socket_path, const char *method, const char *path, int *ret_status,
              struct hs_buf *body)
{
    struct hs_buf request = {0}, answer = {0};
    int fd;
    int rc = dial(socket_path, &fd);
    if (rc < 0) {
        return rc;
    }
    hs_buf_printf(
        &request,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        method, path);
    rc = send_all(fd, hs_buf_text(&request));
    if (rc == 0) {
        rc = receive_all(fd, &answer);
    }
    if (rc == 0) {
        rc = take_apart(&answer, ret_status, body);
    }
    close(fd);
    hs_buf_fini(&request);
    hs_buf_fini(&answer);
    return rc;
}
