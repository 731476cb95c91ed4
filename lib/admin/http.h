// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ADMIN_HTTP_H
#define HS_ADMIN_HTTP_H
/*
 * The administrators' HTTP: GET and HEAD on loopback TCP, and POST besides on a Unix socket only,
 * where the kernel names the caller: root, the daemon's user and members of one group may give
 * orders.
 *
 * Threads: the one that runs the event base; handlers run there too and must be quick. Ownership:
 * the server borrows the base and the routes until hs_http_free(). Bounds: headers, body,
 * connections by each of the two ways, idle time and a connection's whole life, each with a default
 * below; beyond the connections' limit new ones wait in the kernel's backlog. Trusts nobody: an address that is not
 * loopback is refused.
 */

#include "admin/peer.h"
#include "base/str.h"

struct event_base;
struct hs_http;

enum {
    HS_HTTP_HEADERS_MAX_BYTES = 16 * 1024,
    HS_HTTP_BODY_MAX_BYTES = 64 * 1024,
    HS_HTTP_CONNECTIONS_MAX = 32,
    HS_HTTP_IDLE_MAX_S = 10,
    HS_HTTP_CONNECTION_MAX_S = 120,
    HS_HTTP_PATH_MAX_BYTES = 256,
};

enum { HS_HTTP_GET = 1, HS_HTTP_POST = 2 }; // bits; HEAD goes where GET goes

// Borrowed for the call of a handler.
struct hs_http_request {
    const char *path; // "/metrics"
    bool is_post;
    struct hs_str body;
    bool local;          // came by the Unix socket
    struct hs_peer peer; // of a POST: who gives the order
};

struct hs_http_reply {
    int status; // 200 unless the handler says otherwise
    const char
        *content_type;  // static; "text/plain; charset=utf-8" unless the handler says otherwise
    struct hs_buf body; // the server frees it
};

typedef void hs_http_handler(void *ctx, const struct hs_http_request *request,
                             struct hs_http_reply *reply);

struct hs_http_route {
    const char *path; // whole; a query behind it is ignored
    unsigned methods; // bits
    hs_http_handler *handler;
    void *ctx;
};

// Hears of a POST that is refused because of who sent it.
typedef void hs_http_refused(void *ctx, const struct hs_http_request *request);

struct hs_http_config {
    const char *listen;       // "127.0.0.1:9187", "[::1]:9187", "localhost:0"; NULL or "": none
    const char *socket_path;  // NULL or "": none; a stale socket there is replaced
    const char *order_group;  // its members may POST, besides root and this process' user; the
                              // socket is theirs. NULL or "": this process' own group
    hs_http_refused *refused; // may be NULL
    void *refused_ctx;
    const struct hs_http_route *routes; // ends with a row whose path is NULL
    unsigned connections_max;           // by either way; 0: HS_HTTP_CONNECTIONS_MAX
    unsigned idle_max_s;                // 0: HS_HTTP_IDLE_MAX_S
    unsigned connection_max_s;          // 0: HS_HTTP_CONNECTION_MAX_S
};

// HS_EFORMAT: the address cannot be read; HS_EREFUSED: it is not loopback; HS_EEXIST: somebody else
// listens there; HS_EIO: it cannot be bound, HS_EPERM: or not given to that group (errno says why);
// HS_ENOTFOUND: there is no such group.
int hs_http_new(struct event_base *base, const struct hs_http_config *config,
                struct hs_http **ret_http);
// Closes and removes the socket; open connections end. Frees its memory with the event base at the
// latest.
void hs_http_free(struct hs_http *http);

// The TCP port in use, for a listen address with port 0; 0 without TCP.
unsigned hs_http_port(const struct hs_http *http);
// Connections open now, of both kinds.
unsigned hs_http_connections(const struct hs_http *http);

#endif
