// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes to the admin socket, in one piece or, when the first byte is odd, cut in two: each
 * connection ends, a handler sees only what its row allows, and the server goes on.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "admin/http.h"
#include "fuzz/fuzz.h"

static char folder[] = "/tmp/hs-fuzz-XXXXXX", path[sizeof(folder) + 8];
static struct event_base *base;
static struct hs_http *http;

static void on_page(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    (void)ctx;
    fuzz_must(!request->is_post && strcmp(request->path, "/page") == 0);
    hs_buf_add_text(&reply->body, "page\n");
}

static void on_order(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    (void)ctx;
    fuzz_must(request->is_post && request->local && request->peer.uid == geteuid());
    fuzz_must(request->body.len <= HS_HTTP_BODY_MAX_BYTES);
    hs_buf_add_str(&reply->body, request->body);
}

static const struct hs_http_route routes[] = {
    {"/page", HS_HTTP_GET, on_page, NULL},
    {"/order", HS_HTTP_POST, on_order, NULL},
    {0},
};

static void close_house(void)
{
    hs_http_free(http);
    event_base_free(base);
    rmdir(folder);
}

static void open_house(void)
{
    fuzz_must(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/admin", folder);
    const struct hs_http_config config = {.socket_path = path, .routes = routes};
    base = event_base_new();
    fuzz_must(base && hs_http_new(base, &config, &http) == 0);
    atexit(close_house);
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static void give(int fd, const uint8_t *data, size_t size)
{
    (void)!send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char sink[4096];
    if (!http) {
        open_house();
    }
    if (size == 0) {
        return 0;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fuzz_must(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    turn();
    size_t first = data[0] & 1 ? size / 2 : size;
    give(fd, data + 1, first - (first > 0));
    give(fd, data + first, size - first);
    shutdown(fd, SHUT_WR);
    turn();
    while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0) {
        turn();
    }
    close(fd);
    for (int i = 0; i < 100 && hs_http_connections(http) > 0; i++) {
        turn();
    }
    fuzz_must(hs_http_connections(http) == 0);
    return 0;
}
