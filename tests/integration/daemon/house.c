// SPDX-License-Identifier: Apache-2.0
#include "house.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <hiredis.h>

#include "base/clock.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "support/kafka_util.h"

enum { HITCTL_WORDS_MAX = 40 };

static const struct hs_actor actor = {.who = "test", .authority = "test"};

static void path_of(const struct house *house, const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    assert_true(snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/%s", house->folder, name) <
                HS_TEST_PATH_BYTES);
}

static void write_file(const struct house *house, const char *name, const char *text)
{
    char path[HS_TEST_PATH_BYTES];
    path_of(house, name, path);
    assert_int_equal(hs_test_file_write(path, text), 0);
}

static void open_notify(struct house *house)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    path_of(house, "notify", house->notify_path);
    assert_true(strlen(house->notify_path) < sizeof(address.sun_path));
    strcpy(address.sun_path, house->notify_path);
    house->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(house->notify_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

void house_write_config(struct house *house, const char *extra)
{
    struct hs_buf text = {0};
    hs_buf_printf(&text,
                  "instance: tested\nstate_dir: %s/state\nkafka:\n  bootstrap: %s\nredis:\n"
                  "  socket: %s\n  connect_timeout_ms: 500\n  command_timeout_ms: 2000\nkeys:\n"
                  "  id_file: %s/id.key\n  token_file: %s/token.key\nadmin:\n"
                  "  listen: 127.0.0.1:%u\n  socket: %s\n%s",
                  house->folder, house->bootstrap, house->redis.socket_path, house->folder,
                  house->folder, house->admin_port, house->admin_path, extra ? extra : "");
    assert_int_equal(hs_test_file_write(house->config, hs_buf_text(&text)), 0);
    hs_buf_fini(&text);
}

void house_open(struct house *house, const char *bootstrap)
{
    memset(house, 0, sizeof(*house));
    snprintf(house->bootstrap, sizeof(house->bootstrap), "%s", bootstrap);
    assert_int_equal(hs_test_folder_make("daemon", house->folder), 0);
    path_of(house, "hitstream.yaml", house->config);
    path_of(house, "log", house->log);
    path_of(house, "admin", house->admin_path);
    write_file(house, "id.key",
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    write_file(house, "token.key",
               "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n");
    write_file(house, "log", "");
    open_notify(house);
    assert_int_equal(hs_test_free_port(&house->admin_port), 0);
    assert_int_equal(hs_redis_server_start(&house->redis), 0);
    house_write_config(house, NULL);
}

void house_close(struct house *house)
{
    hs_process_fini(&house->daemon);
    hs_redis_server_fini(&house->redis);
    if (house->notify_fd > 0) {
        close(house->notify_fd);
    }
    if (house->folder[0]) {
        hs_test_folder_remove(house->folder);
    }
}

void house_start(struct house *house, const char *environment)
{
    char notify[HS_TEST_PATH_BYTES + 16];
    snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", house->notify_path);
    const char *const argv[] = {HITSTREAMD_PATH, "--config", house->config, NULL};
    const char *const env[] = {notify, environment, NULL};
    const struct hs_process_spec spec = {
        .argv = argv, .env = env, .output_path = house->log, .error_path = house->log};
    house->heard[0] = '\0';
    assert_int_equal(hs_process_start(&house->daemon, &spec), 0);
}

static void show_log(struct house *house)
{
    char *log = hs_test_file_read(house->log);
    fprintf(stderr, "---- log\n%s\n---- heard\n%s----\n", log ? log : "", house->heard);
    free(log);
}

int house_stop(struct house *house)
{
    house_heard(house); // room for its last words
    int exit_code = hs_process_stop(&house->daemon, HOUSE_TIMEOUT_MS);
    if (exit_code != 0) {
        show_log(house);
    }
    return exit_code;
}

static void fail_with_log(struct house *house, const char *what, const char *text)
{
    show_log(house);
    fail_msg("%s '%s' did not come", what, text);
}

// Takes one notification, waiting at most `timeout_ms`.
static bool hear(struct house *house, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = house->notify_fd, .events = POLLIN};
    char message[4096];
    if (poll(&poll_fd, 1, timeout_ms) != 1) {
        return false;
    }
    ssize_t len = recv(house->notify_fd, message, sizeof(message) - 1, 0);
    size_t used = strlen(house->heard);
    if (len > 0 && used + (size_t)len + 2 < sizeof(house->heard)) {
        memcpy(house->heard + used, message, (size_t)len);
        strcpy(house->heard + used + len, "\n");
    }
    return true;
}

const char *house_heard(struct house *house)
{
    while (hear(house, 0)) {
    }
    return house->heard;
}

void house_await_heard(struct house *house, const char *text)
{
    int64_t until_ns = hs_clock_monotonic_ns() + HOUSE_TIMEOUT_MS * INT64_C(1000000);
    while (!strstr(house_heard(house), text)) {
        if (hs_clock_monotonic_ns() > until_ns || !hs_process_running(&house->daemon)) {
            house_heard(house);
            if (!strstr(house->heard, text)) {
                fail_with_log(house, "notification", text);
            }
            return;
        }
        hear(house, 100);
    }
}

size_t house_count_log(struct house *house, const char *text)
{
    char *log = hs_test_file_read(house->log);
    size_t count = 0;
    for (const char *at = log; at && (at = strstr(at, text)); at += strlen(text)) {
        count++;
    }
    free(log);
    return count;
}

void house_await_log(struct house *house, const char *text)
{
    int64_t until_ns = hs_clock_monotonic_ns() + HOUSE_TIMEOUT_MS * INT64_C(1000000);
    while (house_count_log(house, text) == 0) {
        if (hs_clock_monotonic_ns() > until_ns) {
            fail_with_log(house, "log record", text);
        }
        house_heard(house);
        hs_test_pause_ms(20);
    }
}

static int dial(struct house *house, bool local)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(house->admin_port)};
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;
    if (local) {
        strcpy(sun.sun_path, house->admin_path);
        rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
    } else {
        sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        rc = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
    }
    if (rc < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// Waits for the answer and listens meanwhile, as systemd does: a daemon that nobody hears blocks
// when ten notifications stand in the socket.
static bool await_readable(struct house *house, int fd)
{
    int64_t until_ns = hs_clock_monotonic_ns() + HOUSE_TIMEOUT_MS * INT64_C(1000000);
    struct pollfd poll_fds[] = {{.fd = fd, .events = POLLIN},
                                {.fd = house->notify_fd, .events = POLLIN}};
    while (hs_clock_monotonic_ns() < until_ns && poll(poll_fds, 2, HOUSE_TIMEOUT_MS) > 0) {
        if (poll_fds[0].revents) {
            return true;
        }
        house_heard(house);
    }
    return false;
}

const char *house_ask(struct house *house, bool local, const char *method, const char *path)
{
    char request[512];
    size_t len = 0;
    int fd = dial(house, local);
    house->text[0] = '\0';
    if (fd < 0) {
        return house->text;
    }
    snprintf(request, sizeof(request),
             "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method,
             path);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) > 0) {
        ssize_t n;
        while (await_readable(house, fd) &&
               (n = read(fd, house->text + len, sizeof(house->text) - 1 - len)) > 0) {
            len += (size_t)n;
        }
    }
    house->text[len] = '\0';
    close(fd);
    return house->text;
}

void house_await_answer(struct house *house, const char *path, const char *text)
{
    int64_t until_ns = hs_clock_monotonic_ns() + HOUSE_TIMEOUT_MS * INT64_C(1000000);
    while (!strstr(house_ask(house, false, "GET", path), text)) {
        if (hs_clock_monotonic_ns() > until_ns) {
            fprintf(stderr, "---- answer\n%s\n", house->text);
            fail_with_log(house, path, text);
        }
        hs_test_pause_ms(20);
    }
}

double house_metric(struct house *house, const char *series)
{
    char line[256];
    snprintf(line, sizeof(line), "\n%s ", series);
    const char *at = strstr(house_ask(house, false, "GET", "/metrics"), line);
    return at ? strtod(at + strlen(line), NULL) : -1;
}

int house_hitctl(struct house *house, const char *const *words)
{
    const char *argv[HITCTL_WORDS_MAX] = {HITCTL_PATH, "--config",    house->config, "--who",
                                          "test",      "--authority", "test"};
    char out[HS_TEST_PATH_BYTES];
    size_t count = 7;
    path_of(house, "out", out);
    remove(out);
    for (size_t i = 0; words[i]; i++) {
        assert_true(count < HITCTL_WORDS_MAX - 1);
        argv[count++] = words[i];
    }
    const struct hs_process_spec spec = {.argv = argv, .output_path = out, .error_path = out};
    int exit_code = hs_process_run(&spec, HOUSE_TIMEOUT_MS);
    char *text = hs_test_file_read(out);
    snprintf(house->text, sizeof(house->text), "%s", text ? text : "");
    free(text);
    return exit_code;
}

// hitctl notes in the folder what it was made against: a copy.
void house_activate_controls(struct house *house)
{
    static const char *const names[] = {"cameras.csv", "queues.yaml", "rules.yaml"};
    char folder[HS_TEST_PATH_BYTES];
    path_of(house, "controls", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char from[HS_TEST_PATH_BYTES], name[64];
        snprintf(from, sizeof(from), "%s/config/demo/controls/%s", HS_SOURCE_DIR, names[i]);
        snprintf(name, sizeof(name), "controls/%s", names[i]);
        char *text = hs_test_file_read(from);
        assert_non_null(text);
        write_file(house, name, text);
        free(text);
    }
    assert_int_equal(HITCTL(house, "controls", "activate", folder), 0);
}

void house_activate_texts(struct house *house, const char *cameras, const char *queues,
                          const char *rules)
{
    char folder[HS_TEST_PATH_BYTES];
    path_of(house, "controls", folder);
    mkdir(folder, 0700);
    write_file(house, "controls/cameras.csv", cameras);
    write_file(house, "controls/queues.yaml", queues);
    write_file(house, "controls/rules.yaml", rules);
    int exit_code = HITCTL(house, "controls", "activate", folder);
    if (exit_code != 0) {
        fprintf(stderr, "%s\n", house->text);
    }
    assert_int_equal(exit_code, 0);
}

void house_forget_anchor(const char *bootstrap)
{
    struct hs_test_producer *producer;
    assert_int_equal(hs_test_producer_new(bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, "anpr.controls", -1, HS_STR("anchor"),
                                     (struct hs_str){0}, NULL, 0),
                     0);
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    hs_test_producer_free(producer);
}

struct hs_store *house_store(struct house *house)
{
    const struct hs_redis_config config = {
        .socket = house->redis.socket_path, .connect_timeout_ms = 2000, .command_timeout_ms = 5000};
    struct hs_store *store = NULL;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    return store;
}

void house_create_list(struct house *house, const char *list_id, bool covert)
{
    struct hs_store *store = house_store(house);
    struct hs_position position;
    const struct hs_store_list list = {.list_id = hs_str(list_id),
                                       .title = hs_str(list_id),
                                       .owner_force = HS_STR("northvale"),
                                       .purpose = HS_STR("test"),
                                       .covert = covert,
                                       .status = HS_STORE_LIVE,
                                       .shrink_pct = 20,
                                       .keep_generations = 2};
    assert_int_equal(hs_store_list_create(store, &actor, &list, &position), 0);
    hs_store_free(store);
}

static void put(struct hs_store *store, struct hs_store_list *list, const char *entry_id,
                const char *vrm)
{
    struct hs_position position;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char texts[3][HS_LIST_ID_MAX + 1];
    uint8_t packed[512];
    snprintf(texts[0], sizeof(texts[0]), "%.*s", HS_STR_ARG(list->list_id));
    snprintf(texts[1], sizeof(texts[1]), "%s", entry_id);
    snprintf(texts[2], sizeof(texts[2]), "%s", vrm);
    entry.list_id = texts[0];
    entry.entry_id = texts[1];
    entry.vrm = texts[2];
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    entry.weed_date = 20991231;
    size_t len = hitstream__v1__watchlist_entry__pack(&entry, packed);
    assert_int_equal(hs_store_put(store, &actor, list, hs_str(entry_id), hs_str_n(packed, len),
                                  (struct hs_str){0}, &position),
                     0);
}

void house_put(struct house *house, const char *list_id, const char *entry_id, const char *vrm)
{
    struct hs_store *store = house_store(house);
    struct hs_bump bump = {0};
    struct hs_store_list list;
    assert_int_equal(hs_store_list_get(store, hs_str(list_id), &bump, &list), 0);
    put(store, &list, entry_id, vrm);
    hs_bump_fini(&bump);
    hs_store_free(store);
}

void house_put_many(struct house *house, const char *list_id, int count)
{
    struct hs_store *store = house_store(house);
    struct hs_bump bump = {0};
    struct hs_store_list list;
    assert_int_equal(hs_store_list_get(store, hs_str(list_id), &bump, &list), 0);
    for (int i = 0; i < count; i++) {
        char entry_id[32], vrm[32];
        snprintf(entry_id, sizeof(entry_id), "m%d", i);
        snprintf(vrm, sizeof(vrm), "AB%02d%c%c%c", i / 1000 % 100, 'A' + i / 100 % 10,
                 'A' + i / 10 % 10, 'A' + i % 10);
        put(store, &list, entry_id, vrm);
    }
    hs_bump_fini(&bump);
    hs_store_free(store);
}

void house_redis(struct house *house, const char *const *words)
{
    const char *argv[16];
    int argc = 0;
    redisContext *context = redisConnectUnix(house->redis.socket_path);
    assert_non_null(context);
    while (words[argc]) {
        argv[argc] = words[argc];
        argc++;
    }
    redisReply *reply = redisCommandArgv(context, argc, argv, NULL);
    assert_non_null(reply);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    freeReplyObject(reply);
    redisFree(context);
}

void house_serve_one(struct house *house)
{
    house_activate_controls(house);
    house_create_list(house, "stolen", false);
    house_put(house, "stolen", "e1", "AB12CDE");
    house_start(house, NULL);
    house_await_heard(house, "READY=1");
    house_await_answer(house, "/status", "\"entries\": 1");
}
