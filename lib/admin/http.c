// SPDX-License-Identifier: Apache-2.0
#include "admin/http.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "admin/address.h"
#include "base/error.h"

#ifndef HTTP_FORBIDDEN
#define HTTP_FORBIDDEN 403 // evhttp has no name for it
#endif

// One listening socket with its own evhttp: what is allowed differs.
struct door {
    struct hs_http *http;            // not owned
    struct evhttp *evhttp;           // owned; NULL: not open
    struct evconnlistener *listener; // owned by evhttp
    bool local;                      // the Unix socket
    unsigned connections;            // open now
};

struct connection;

struct hs_http {
    struct event_base *base;            // borrowed
    const struct hs_http_route *routes; // borrowed
    struct door tcp;
    struct door local;
    char *socket_path;        // owned; NULL: none was made
    unsigned port;            // of TCP
    unsigned connections;     // open now, by both doors
    struct connection *fresh; // accepted, not adopted yet; a handful at most
    unsigned connections_max;
    unsigned idle_max_s;
    unsigned connection_max_s;
    gid_t order_group;
    hs_http_refused *refused; // may be NULL
    void *refused_ctx;
    bool closing; // freed by its owner; goes with the last connection
};

// A connection, from accept to evhttp's close callback.
struct connection {
    struct connection *next;    // among those not adopted yet
    struct door *door;          // its http is kept alive by the count of connections
    struct bufferevent *socket; // evhttp's; a reference of ours only until on_adopt()
    struct event *adopt;        // owned; runs once, as soon as evhttp is done with the accept
    struct event *deadline;     // owned
};

// Each door for itself: whoever crowds the port, which anybody on this machine may, keeps nobody
// from the socket.
static void open_or_shut(struct door *door)
{
    if (door->connections < door->http->connections_max) {
        evconnlistener_enable(door->listener);
    } else {
        evconnlistener_disable(door->listener);
    }
}

static void http_release(struct hs_http *http)
{
    if (http->closing && http->connections == 0) {
        free(http->socket_path);
        free(http);
    }
}

// A connection's whole life is over: its socket is shut, evhttp sees the end and frees it.
static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
    struct connection *connection = arg;
    (void)fd;
    (void)events;
    shutdown(bufferevent_getfd(connection->socket), SHUT_RDWR);
}

static void connection_free(struct connection *connection)
{
    struct door *door = connection->door;
    struct hs_http *http = door->http;
    if (connection->deadline) {
        event_free(connection->deadline);
    }
    if (connection->adopt) {
        event_free(connection->adopt);
    }
    free(connection);
    http->connections--;
    door->connections--;
    if (!http->closing) {
        open_or_shut(door);
    }
    http_release(http);
}

static void on_close(struct evhttp_connection *evcon, void *arg)
{
    (void)evcon;
    connection_free(arg);
}

static void forget_fresh(struct connection *connection)
{
    struct connection **link = &connection->door->http->fresh;
    while (*link != connection) {
        link = &(*link)->next;
    }
    *link = connection->next;
}

// By now the callbacks' argument of the bufferevent is evhttp's connection, or NULL when it is gone
// already.
static void on_adopt(evutil_socket_t fd, short events, void *arg)
{
    struct connection *connection = arg;
    struct bufferevent *socket = connection->socket;
    void *evcon = NULL;
    (void)fd;
    (void)events;
    forget_fresh(connection);
    bufferevent_getcb(socket, NULL, NULL, NULL, &evcon);
    if (evcon) {
        struct timeval life = {.tv_sec = connection->door->http->connection_max_s};
        evhttp_connection_set_closecb(evcon, on_close, connection);
        evtimer_add(connection->deadline, &life);
    } else {
        connection_free(connection);
    }
    bufferevent_decref(socket);
}

// evhttp 2.1 neither counts its connections nor says when one begins. It asks for a bufferevent at
// accept; right after, on_adopt() finds whose it became.
static struct bufferevent *connection_new(struct event_base *base, void *arg)
{
    struct door *door = arg;
    struct hs_http *http = door->http;
    struct bufferevent *socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    struct connection *connection = calloc(1, sizeof(*connection));
    if (!socket || !connection) {
        goto fail;
    }
    connection->door = door;
    connection->socket = socket;
    connection->adopt = event_new(base, -1, 0, on_adopt, connection);
    connection->deadline = evtimer_new(base, on_deadline, connection);
    if (!connection->adopt || !connection->deadline) {
        goto fail;
    }
    bufferevent_incref(socket);
    event_active(connection->adopt, EV_TIMEOUT, 0);
    connection->next = http->fresh;
    http->fresh = connection;
    http->connections++;
    door->connections++;
    open_or_shut(door);
    return socket;

fail:
    if (connection && connection->adopt) {
        event_free(connection->adopt);
    }
    free(connection);
    if (socket) {
        bufferevent_free(socket);
    }
    return NULL; // evhttp makes one of its own: served, not counted
}

static const struct hs_http_route *find_route(const struct hs_http *http, const char *path)
{
    for (const struct hs_http_route *route = http->routes; route->path; route++) {
        if (strcmp(route->path, path) == 0) {
            return route;
        }
    }
    return NULL;
}

static void send_reply(struct evhttp_request *request, struct hs_http_reply *reply, bool with_body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char len[24];
    snprintf(len, sizeof(len), "%zu", reply->body.len);
    evhttp_add_header(headers, "Content-Type", reply->content_type);
    evhttp_add_header(headers, "Content-Length", len);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    if (body && with_body) {
        evbuffer_add(body, reply->body.ptr, reply->body.len);
    }
    evhttp_send_reply(request, reply->status, NULL, body);
    if (body) {
        evbuffer_free(body);
    }
}

static void refuse(struct hs_http_reply *reply, int status, const char *why)
{
    reply->status = status;
    hs_buf_printf(&reply->body, "%s\n", why);
}

// An order: whether who sent it may give it.
static bool may_order(const struct hs_http *http, struct evhttp_request *request,
                      struct hs_http_request *asked, struct hs_http_reply *reply)
{
    int fd = bufferevent_getfd(
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)));
    if (!asked->local || hs_peer_of(fd, &asked->peer) < 0) {
        refuse(reply, HTTP_FORBIDDEN, "only by the local socket");
        return false;
    }
    if (hs_peer_may_order(fd, &asked->peer, http->order_group)) {
        return true;
    }
    reply->status = HTTP_FORBIDDEN;
    hs_buf_printf(&reply->body,
                  "user %u may not give orders: that is for root, the daemon's user and members of "
                  "group %u\n",
                  (unsigned)asked->peer.uid, (unsigned)http->order_group);
    if (http->refused) {
        http->refused(http->refused_ctx, asked);
    }
    return false;
}

// Finds the route and lets it answer; what it may not do is answered here.
static void answer(const struct door *door, struct evhttp_request *request,
                   struct hs_http_request *asked, struct hs_http_reply *reply)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    if (!path || strlen(path) > HS_HTTP_PATH_MAX_BYTES) {
        refuse(reply, HTTP_NOTFOUND, "no such path");
        return;
    }
    const struct hs_http_route *route = find_route(door->http, path);
    unsigned method = asked->is_post ? HS_HTTP_POST : HS_HTTP_GET;
    asked->path = path;
    if (!route) {
        refuse(reply, HTTP_NOTFOUND, "no such path");
    } else if (!(route->methods & method)) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
                          route->methods & HS_HTTP_GET ? "GET, HEAD" : "POST");
        refuse(reply, HTTP_BADMETHOD, "method not allowed here");
    } else if (!asked->is_post || may_order(door->http, request, asked, reply)) {
        route->handler(route->ctx, asked, reply);
    }
}

static void on_request(struct evhttp_request *request, void *arg)
{
    const struct door *door = arg;
    enum evhttp_cmd_type command = evhttp_request_get_command(request);
    struct evbuffer *in = evhttp_request_get_input_buffer(request);
    size_t len = evbuffer_get_length(in);
    struct hs_http_request asked = {
        .is_post = command == EVHTTP_REQ_POST,
        .local = door->local,
        .body = hs_str_n(len > 0 ? evbuffer_pullup(in, -1) : NULL, len),
    };
    struct hs_http_reply reply = {.status = HTTP_OK, .content_type = "text/plain; charset=utf-8"};
    answer(door, request, &asked, &reply);
    if (hs_buf_status(&reply.body) < 0) {
        hs_buf_fini(&reply.body);
        reply.body = (struct hs_buf){0};
        refuse(&reply, HTTP_INTERNAL, "out of memory");
    }
    send_reply(request, &reply, command != EVHTTP_REQ_HEAD);
    hs_buf_fini(&reply.body);
}

static int door_open(struct door *door, struct hs_http *http, const struct sockaddr *address,
                     socklen_t len)
{
    door->http = http;
    struct evconnlistener *listener = evconnlistener_new_bind(
        http->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        16, address, (int)len);
    if (!listener) {
        return errno == EADDRINUSE ? HS_EEXIST : HS_EIO;
    }
    door->evhttp = evhttp_new(http->base);
    if (!door->evhttp || !evhttp_bind_listener(door->evhttp, listener)) {
        evconnlistener_free(listener);
        return HS_ENOMEM;
    }
    door->listener = listener;
    evhttp_set_allowed_methods(door->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD |
                                                 (door->local ? EVHTTP_REQ_POST : 0));
    evhttp_set_max_headers_size(door->evhttp, HS_HTTP_HEADERS_MAX_BYTES);
    evhttp_set_max_body_size(door->evhttp, HS_HTTP_BODY_MAX_BYTES);
    evhttp_set_timeout(door->evhttp, (int)http->idle_max_s);
    evhttp_set_bevcb(door->evhttp, connection_new, door);
    evhttp_set_gencb(door->evhttp, on_request, door);
    return 0;
}

static int open_tcp(struct hs_http *http, const char *listen)
{
    struct sockaddr_storage address;
    socklen_t len;
    int rc = hs_address_parse_loopback(listen, &address, &len);
    if (rc == 0) {
        rc = door_open(&http->tcp, http, (struct sockaddr *)&address, len);
    }
    if (rc < 0) {
        return rc;
    }
    len = sizeof(address);
    if (getsockname(evconnlistener_get_fd(http->tcp.listener), (struct sockaddr *)&address, &len) <
        0) {
        return HS_EIO;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    http->port = ntohs(address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return 0;
}

// Owner and group may use the socket; the umask closes the moment between bind and chmod. A group
// other than our own has to be one of this process' groups, or the process root's.
static int open_local(struct hs_http *http, const char *path)
{
    struct sockaddr_storage address;
    socklen_t len;
    int rc = hs_address_unix(path, &address, &len);
    if (rc == 0) {
        rc = hs_address_unix_clear(path);
    }
    if (rc < 0) {
        return rc;
    }
    mode_t mask = umask(0117);
    rc = door_open(&http->local, http, (struct sockaddr *)&address, len);
    umask(mask);
    if (rc == 0 && http->order_group != getegid() &&
        chown(path, (uid_t)-1, http->order_group) < 0) {
        rc = HS_EPERM;
    }
    if (rc == 0) {
        http->socket_path = hs_str_dup(hs_str(path));
        rc = http->socket_path ? 0 : HS_ENOMEM;
    }
    return rc;
}

// Once, at the start: nothing else looks at groups.
static int find_group(const char *name, gid_t *ret_group)
{
    if (!name || !name[0]) {
        *ret_group = getegid();
        return 0;
    }
    const struct group *group = getgrnam(name);
    if (!group) {
        return HS_ENOTFOUND;
    }
    *ret_group = group->gr_gid;
    return 0;
}

int hs_http_new(struct event_base *base, const struct hs_http_config *config,
                struct hs_http **ret_http)
{
    struct hs_http *http = calloc(1, sizeof(*http));
    if (!http) {
        return HS_ENOMEM;
    }
    http->base = base;
    http->routes = config->routes;
    http->refused = config->refused;
    http->refused_ctx = config->refused_ctx;
    http->connections_max =
        config->connections_max ? config->connections_max : HS_HTTP_CONNECTIONS_MAX;
    http->idle_max_s = config->idle_max_s ? config->idle_max_s : HS_HTTP_IDLE_MAX_S;
    http->connection_max_s =
        config->connection_max_s ? config->connection_max_s : HS_HTTP_CONNECTION_MAX_S;
    http->local.local = true;
    int rc = find_group(config->order_group, &http->order_group);
    if (rc == 0 && config->listen && config->listen[0]) {
        rc = open_tcp(http, config->listen);
    }
    if (rc == 0 && config->socket_path && config->socket_path[0]) {
        rc = open_local(http, config->socket_path);
    }
    if (rc < 0) {
        int saved = errno;
        hs_http_free(http);
        errno = saved;
        return rc;
    }
    *ret_http = http;
    return 0;
}

void hs_http_free(struct hs_http *http)
{
    if (!http) {
        return;
    }
    http->connections++; // holds the object until the doors are shut
    http->closing = true;
    if (http->tcp.evhttp) {
        evhttp_free(http->tcp.evhttp);
    }
    if (http->local.evhttp) {
        evhttp_free(http->local.evhttp);
    }
    while (http->fresh) { // evhttp has let go of them: nothing is left to adopt
        on_adopt(-1, 0, http->fresh);
    }
    if (http->socket_path) {
        unlink(http->socket_path);
    }
    http->connections--;
    http_release(http);
}

unsigned hs_http_port(const struct hs_http *http)
{
    return http->port;
}

unsigned hs_http_connections(const struct hs_http *http)
{
    return http->connections;
}
