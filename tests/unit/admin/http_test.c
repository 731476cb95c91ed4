// SPDX-License-Identifier: Apache-2.0
// The administrators' server, asked over real sockets: a thread runs the event loop, the test is
// the client.
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "admin/address.h"
#include "admin/http.h"
#include "base/clock.h"
#include "base/error.h"

struct house {
    char folder[32];
    char socket_path[64];
    struct event_base *base;
    struct hs_http *http;
    struct event *stop; // watches stop_pipe
    int stop_pipe[2];
    pthread_t thread;
    _Atomic int posts; // relaxed: read after an answer
    uid_t poster;
    _Atomic unsigned refused_uid; // relaxed, likewise
};

static void on_hello(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    (void)ctx;
    hs_buf_printf(&reply->body, "hello %s\n", request->path);
}

static void on_reload(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    struct house *house = ctx;
    house->poster = request->peer.uid;
    house->posts++;
    hs_buf_printf(&reply->body, "got %zu\n", request->body.len);
}

static void on_refused(void *ctx, const struct hs_http_request *request)
{
    struct house *refusing = ctx;
    refusing->refused_uid = request->peer.uid;
}

static void on_stop(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    event_base_loopbreak(arg);
}

static void *run(void *arg)
{
    struct house *house = arg;
    event_base_loop(house->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static struct house house;
static const struct hs_http_route routes[] = {
    {"/hello", HS_HTTP_GET, on_hello, NULL},
    {"/reload", HS_HTTP_POST, on_reload, &house},
    {0},
};

static void open_house(unsigned connections_max, unsigned idle_max_s, unsigned connection_max_s)
{
    memset(&house, 0, sizeof(house));
    strcpy(house.folder, "/tmp/hs-admin-XXXXXX");
    assert_non_null(mkdtemp(house.folder));
    snprintf(house.socket_path, sizeof(house.socket_path), "%s/admin", house.folder);
    house.base = event_base_new();
    struct hs_http_config config = {.listen = "127.0.0.1:0",
                                    .socket_path = house.socket_path,
                                    .refused = on_refused,
                                    .refused_ctx = &house,
                                    .routes = routes,
                                    .connections_max = connections_max,
                                    .idle_max_s = idle_max_s,
                                    .connection_max_s = connection_max_s};
    assert_int_equal(hs_http_new(house.base, &config, &house.http), 0);
    assert_int_equal(pipe(house.stop_pipe), 0);
    house.stop = event_new(house.base, house.stop_pipe[0], EV_READ, on_stop, house.base);
    event_add(house.stop, NULL);
    assert_int_equal(pthread_create(&house.thread, NULL, run, &house), 0);
}

static void close_house(void)
{
    assert_int_equal(write(house.stop_pipe[1], "x", 1), 1);
    pthread_join(house.thread, NULL);
    hs_http_free(house.http);
    assert_int_equal(access(house.socket_path, F_OK), -1);
    event_free(house.stop);
    event_base_free(house.base);
    close(house.stop_pipe[0]);
    close(house.stop_pipe[1]);
    rmdir(house.folder);
}

static int dial(bool local)
{
    struct sockaddr_storage address;
    socklen_t len;
    if (local) {
        assert_int_equal(hs_address_unix(house.socket_path, &address, &len), 0);
    } else {
        char text[32];
        snprintf(text, sizeof(text), "127.0.0.1:%u", hs_http_port(house.http));
        assert_int_equal(hs_address_parse_loopback(text, &address, &len), 0);
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
    return fd;
}

// Reads to the end of the stream, at most 10 s.
static void read_all(int fd, char *ret_text, size_t size)
{
    size_t len = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (len + 1 < size && poll(&poll_fd, 1, 10000) == 1) {
        ssize_t n = read(fd, ret_text + len, size - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    ret_text[len] = '\0';
    close(fd);
}

static char answer[65536];
static const char *ask(bool local, const char *request)
{
    int fd = dial(local);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    read_all(fd, answer, sizeof(answer));
    return answer;
}

#define TAIL " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void get_is_answered_on_both_doors(void **state)
{
    (void)state;
    open_house(0, 0, 0);
    for (int local = 0; local < 2; local++) {
        const char *text = ask(local, "GET /hello?x=1" TAIL);
        assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
        assert_non_null(strstr(text, "\r\n\r\nhello /hello\n"));
    }
    close_house();
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    open_house(0, 0, 0);
    const char *text = ask(false, "HEAD /hello" TAIL);
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(text, "Content-Length: 13\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    close_house();
}

static void post_is_only_for_the_local_socket(void **state)
{
    (void)state;
    static const char request[] = "POST /reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 3\r\n\r\nabc";
    open_house(0, 0, 0);
    const char *text = ask(false, request);
    assert_memory_equal(text, "HTTP/1.1 501 ", 13);
    assert_int_equal(house.posts, 0);
    text = ask(true, request);
    assert_memory_equal(text, "HTTP/1.1 200 OK", 15);
    assert_non_null(strstr(text, "got 3\n"));
    assert_int_equal(house.posts, 1);
    assert_int_equal(house.poster, getuid()); // as the kernel says
    close_house();
}

// Asks as another user, who is in these groups, from a process of its own.
static int status_of_order_by(uid_t uid, gid_t gid, gid_t more)
{
    static const char request[] = "POST /reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 0\r\n\r\n";
    int status = 0, ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sockaddr_storage address;
        socklen_t len;
        char text[256] = "";
        hs_address_unix(house.socket_path, &address, &len);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        bool sent = setgroups(1, &more) == 0 && setresgid(gid, gid, gid) == 0 &&
                    setresuid(uid, uid, uid) == 0 &&
                    connect(fd, (struct sockaddr *)&address, len) == 0 &&
                    write(fd, request, strlen(request)) > 0 && read(fd, text, sizeof(text) - 1) > 0;
        status = sent ? atoi(text + strlen("HTTP/1.1 ")) : -1;
        _exit(write(ends[1], &status, sizeof(status)) != sizeof(status));
    }
    assert_int_equal(read(ends[0], &status, sizeof(status)), sizeof(status));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ends[0]);
    close(ends[1]);
    return status;
}

// Root and our own user are the same here, where only root can be somebody else.
static void orders_are_for_root_and_members_of_the_group(void **state)
{
    (void)state;
    const gid_t own = getegid(), others = 4242;
    if (getuid() != 0) {
        skip();
    }
    open_house(0, 0, 0);
    assert_int_equal(chmod(house.folder, 0755), 0);
    assert_int_equal(chmod(house.socket_path, 0666), 0); // what the kernel would have kept out
    assert_int_equal(status_of_order_by(4242, others, others), 403);
    assert_int_equal(house.posts, 0);
    assert_int_equal(house.refused_uid, 4242);
    assert_int_equal(status_of_order_by(4242, own, others), 200);
    assert_int_equal(status_of_order_by(4242, others, own), 200); // as one of several
    assert_int_equal(status_of_order_by(0, others, others), 200);
    assert_int_equal(status_of_order_by(65534, 65534, 65534), 403); // nobody is nobody
    assert_int_equal(house.posts, 3);
    close_house();
}

static void a_group_that_is_not_there_is_refused(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    struct hs_http *http = NULL;
    const struct hs_http_config config = {.order_group = "no-such-group", .routes = routes};
    assert_int_equal(hs_http_new(base, &config, &http), HS_ENOTFOUND);
    event_base_free(base);
}

// ---- hostile ----

// Sends all of it, or as much as the server takes before it hangs up.
static const char *throw_at(bool local, const char *bytes, size_t len)
{
    int fd = dial(local);
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        bytes += n;
        len -= (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    read_all(fd, answer, sizeof(answer));
    return answer;
}

static void assert_still_serves(void)
{
    assert_non_null(strstr(ask(false, "GET /hello" TAIL), "hello /hello"));
    assert_non_null(strstr(ask(true, "GET /hello" TAIL), "hello /hello"));
}

static void garbage_behind_a_request_orders_nothing(void **state)
{
    (void)state;
    static const char *const behind[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "POST /reload HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02",
        "POST /reload\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        // a body that is said twice, or that no number is: what is behind it is no request
        "POST /hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /hello HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nPOST /reload HTTP/1.1\r\n",
        "POST /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    };
    open_house(0, 2, 5);
    for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
        char bytes[512];
        int len =
            snprintf(bytes, sizeof(bytes), "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n%s", behind[i]);
        const char *text = throw_at(true, bytes, (size_t)len);
        assert_non_null(strstr(text, "hello /hello")); // the request before it was one
        assert_int_equal(house.posts, 0);
    }
    assert_still_serves();
    close_house();
}

static void a_body_without_an_end_is_cut_off(void **state)
{
    (void)state;
    static char chunk[16 * 1024];
    struct hs_buf bytes = {0};
    open_house(0, 2, 5);
    memset(chunk, 'a', sizeof(chunk));
    hs_buf_add_text(&bytes,
                    "POST /reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 512; i++) { // 8 MiB
        hs_buf_printf(&bytes, "%zx\r\n", sizeof(chunk));
        hs_buf_add(&bytes, chunk, sizeof(chunk));
        hs_buf_add_text(&bytes, "\r\n");
    }
    assert_null(strstr(throw_at(true, bytes.ptr, bytes.len), " 200 "));
    assert_int_equal(house.posts, 0);
    hs_buf_clear(&bytes);
    hs_buf_add_text(&bytes, "GET /");
    for (int i = 0; i < 512; i++) { // a path of 8 MiB
        hs_buf_add(&bytes, chunk, sizeof(chunk));
    }
    assert_null(strstr(throw_at(false, bytes.ptr, bytes.len), " 200 "));
    hs_buf_fini(&bytes);
    assert_still_serves();
    close_house();
}

// All of them silent, or a byte each now and then; the limit holds, and orders still come through.
static void thousands_of_connections_keep_nobody_from_the_socket(void **state)
{
    (void)state;
    enum { CROWD = 3000, LIMIT = 8 };
    static int crowd[CROWD];
    struct rlimit files;
    size_t count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max < CROWD + 200 ? files.rlim_max : CROWD + 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    size_t most = files.rlim_cur - 200 < CROWD ? files.rlim_cur - 200 : CROWD;
    open_house(LIMIT, 1, 2);
    struct sockaddr_storage address;
    socklen_t len;
    char text[32];
    snprintf(text, sizeof(text), "127.0.0.1:%u", hs_http_port(house.http));
    assert_int_equal(hs_address_parse_loopback(text, &address, &len), 0);
    for (; count < most; count++) { // most of them get no answer from the kernel
        crowd[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(crowd[count] >= 0);
        (void)connect(crowd[count], (struct sockaddr *)&address, len);
        (void)!send(crowd[count], "GET /he", 7, MSG_NOSIGNAL);
        assert_true(hs_http_connections(house.http) <= LIMIT);
    }
    assert_memory_equal(ask(true, "POST /reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 0\r\n\r\n"),
                        "HTTP/1.1 200", 12);
    assert_true(hs_http_connections(house.http) <= LIMIT + 1);
    while (count > 0) {
        close(crowd[--count]);
    }
    assert_still_serves();
    close_house();
}

static void other_methods_and_paths_are_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};
    open_house(0, 0, 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char request[100];
        snprintf(request, sizeof(request), "%s /hello" TAIL, others[i]);
        const char *text = ask(true, request);
        // evhttp 2.1 hangs up on a method it does not serve, or says 501
        assert_true(text[0] == '\0' || memcmp(text, "HTTP/1.1 501", 12) == 0 ||
                    memcmp(text, "HTTP/1.1 400", 12) == 0);
    }
    assert_memory_equal(ask(false, "GET /nothing" TAIL), "HTTP/1.1 404 ", 13);
    assert_memory_equal(ask(true, "GET /reload" TAIL), "HTTP/1.1 405 ", 13);
    assert_non_null(strstr(answer, "Allow: POST\r\n"));
    close_house();
}

static void headers_and_body_have_limits(void **state)
{
    (void)state;
    open_house(0, 0, 0);
    struct hs_buf request = {0};
    hs_buf_add_text(&request, "GET /hello HTTP/1.1\r\n");
    for (int i = 0; i < HS_HTTP_HEADERS_MAX_BYTES / 32; i++) {
        hs_buf_printf(&request, "X-%d: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", i);
    }
    hs_buf_add_text(&request, "\r\n");
    assert_null(strstr(ask(false, hs_buf_text(&request)), " 200 "));
    hs_buf_clear(&request);
    hs_buf_printf(&request, "POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
                  HS_HTTP_BODY_MAX_BYTES + 1);
    assert_memory_equal(ask(true, hs_buf_text(&request)), "HTTP/1.1 413 ", 13);
    assert_int_equal(house.posts, 0);
    hs_buf_fini(&request);
    close_house();
}

static void connections_beyond_the_limit_wait_their_turn(void **state)
{
    (void)state;
    open_house(2, 10, 30);
    int first = dial(false);
    int second = dial(false);
    while (hs_http_connections(house.http) < 2) {
        poll(NULL, 0, 5);
    }
    int third = dial(false); // the kernel takes it, the server does not yet
    assert_int_equal(write(third, "GET /hello" TAIL, strlen("GET /hello" TAIL)),
                     strlen("GET /hello" TAIL));
    struct pollfd poll_fd = {.fd = third, .events = POLLIN};
    assert_int_equal(poll(&poll_fd, 1, 200), 0);
    assert_int_equal(hs_http_connections(house.http), 2);
    assert_non_null(strstr(ask(true, "GET /hello" TAIL), "hello /hello")); // the socket is free
    close(first);
    read_all(third, answer, sizeof(answer));
    assert_non_null(strstr(answer, "hello /hello"));
    close(second);
    close_house();
}

static void idle_connection_is_closed(void **state)
{
    (void)state;
    open_house(0, 1, 30);
    int64_t from_ns = hs_clock_monotonic_ns();
    read_all(dial(false), answer, sizeof(answer));
    assert_true(hs_clock_monotonic_ns() - from_ns < INT64_C(8000000000));
    close_house();
}

static void slow_sender_is_cut_off(void **state)
{
    (void)state;
    open_house(0, 5, 1);
    int fd = dial(false);
    int64_t from_ns = hs_clock_monotonic_ns();
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    size_t sent = 0;
    while (poll(&poll_fd, 1, 100) == 0 && sent < 100) { // a byte each 100 ms: never idle
        sent += (size_t)write(fd, "G", 1);
    }
    assert_true(hs_clock_monotonic_ns() - from_ns < INT64_C(4000000000));
    close(fd);
    close_house();
}

static void open_connections_end_with_the_server(void **state)
{
    (void)state;
    open_house(0, 10, 30);
    int fd = dial(true);
    while (hs_http_connections(house.http) < 1) {
        poll(NULL, 0, 5);
    }
    close_house();
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

static void refuses_what_is_not_loopback_and_what_is_taken(void **state)
{
    (void)state;
    open_house(0, 0, 0);
    struct event_base *base = event_base_new();
    struct hs_http *http = NULL;
    struct hs_http_config config = {.listen = "0.0.0.0:0", .routes = routes};
    assert_int_equal(hs_http_new(base, &config, &http), HS_EREFUSED);
    config = (struct hs_http_config){.socket_path = house.socket_path, .routes = routes};
    assert_int_equal(hs_http_new(base, &config, &http), HS_EEXIST);
    char taken[32];
    snprintf(taken, sizeof(taken), "127.0.0.1:%u", hs_http_port(house.http));
    config = (struct hs_http_config){.listen = taken, .routes = routes};
    assert_int_equal(hs_http_new(base, &config, &http), HS_EEXIST);
    event_base_free(base);
    struct stat st;
    assert_int_equal(stat(house.socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    close_house();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_is_answered_on_both_doors),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(post_is_only_for_the_local_socket),
        cmocka_unit_test(orders_are_for_root_and_members_of_the_group),
        cmocka_unit_test(a_group_that_is_not_there_is_refused),
        cmocka_unit_test(garbage_behind_a_request_orders_nothing),
        cmocka_unit_test(a_body_without_an_end_is_cut_off),
        cmocka_unit_test(thousands_of_connections_keep_nobody_from_the_socket),
        cmocka_unit_test(other_methods_and_paths_are_refused),
        cmocka_unit_test(headers_and_body_have_limits),
        cmocka_unit_test(connections_beyond_the_limit_wait_their_turn),
        cmocka_unit_test(idle_connection_is_closed),
        cmocka_unit_test(slow_sender_is_cut_off),
        cmocka_unit_test(open_connections_end_with_the_server),
        cmocka_unit_test(refuses_what_is_not_loopback_and_what_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
