// SPDX-License-Identifier: Apache-2.0
// More than anybody needs of what each may ask for: changes of lists, and HTTP.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "faults.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "support/kafka_util.h"
#include "watchlist/store.h"

enum {
    FLOOD_MS = 6000,
    REDIS_MS = 5000,
    ENTRIES = 4000,             // of the list that changes: each is put again and again
    GROWN_MAX_BYTES = 64 << 20, // a daemon may grow by so much
    CONNECTIONS = 1000,         // to each daemon, at a time
    CHUNK_BYTES = 4096,
    SLOW_EACH = 50, // a slow sender sends one byte where others send so many chunks
    ANSWER_MS = 30000,
};

// ---- changes ----

static size_t resident_bytes(pid_t pid)
{
    char path[64];
    unsigned long total = 0, resident = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    char *text = hs_test_file_read(path);
    assert_non_null(text);
    assert_int_equal(sscanf(text, "%lu %lu", &total, &resident), 2);
    free(text);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

// An entry as hitctl packs it, of a vehicle that never comes by.
static struct hs_str pack_entry(unsigned number, char *id, char room[512])
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char vrm[16], list[] = "flood", reason[] = "test";
    snprintf(id, 16, "f%u", number);
    snprintf(vrm, sizeof(vrm), "Q%03uZ%c%c", number % 1000, 'A' + (int)(number / 1000 % 8), 'X');
    entry.list_id = list;
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.reason = reason;
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    return hs_str_n(room, hitstream__v1__watchlist_entry__pack(&entry, (uint8_t *)room));
}

static struct hs_store *open_store(struct ground *ground)
{
    const struct hs_redis_server *redis = cluster_primary(&ground->cluster);
    const struct hs_redis_config config = {.host = redis->address,
                                           .port = redis->port,
                                           .connect_timeout_ms = REDIS_MS,
                                           .command_timeout_ms = REDIS_MS};
    struct hs_store *store;
    assert_int_equal(hs_store_open(&config, &store, NULL), 0);
    return store;
}

// Puts entries one by one, as quickly as Redis takes them; returns how many.
static size_t put_entries(struct hs_store *store)
{
    const struct hs_actor actor = {.who = "test", .authority = "test"};
    int64_t until_ms = hs_clock_boottime_ms() + FLOOD_MS;
    struct hs_bump bump = {0};
    struct hs_store_list list;
    struct hs_position position;
    size_t count = 0;
    assert_int_equal(hs_store_list_get(store, HS_STR("flood"), &bump, &list), 0);
    while (hs_clock_boottime_ms() < until_ms) {
        char id[16], room[512];
        unsigned number = (unsigned)(count % ENTRIES);
        struct hs_str entry = pack_entry(number, id, room);
        assert_int_equal(hs_store_put(store, &actor, &list, hs_str(id), entry,
                                      count < ENTRIES ? HS_STR("") : entry, &position),
                         0);
        count++;
    }
    hs_bump_fini(&bump);
    return count;
}

void changes_flood(struct ground *ground)
{
    WORLD_HITCTL(&ground->world, "list", "create", "flood", "--title", "flood", "--owner-force",
                 "north", "--purpose", "test", "--open", "--status", "live");
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        ground->resident_before[i] = resident_bytes(ground->world.instances[i].process.pid);
    }
    struct hs_store *store = open_store(ground);
    printf("%zu changes in %d s\n", put_entries(store), FLOOD_MS / 1000);
    hs_store_free(store);
}

void changes_bounded(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        size_t now = resident_bytes(ground->world.instances[i].process.pid);
        printf("daemon %zu: %zu KB resident, %zu KB before\n", i, now / 1024,
               ground->resident_before[i] / 1024);
        assert_true(now < ground->resident_before[i] + GROWN_MAX_BYTES);
    }
}

// ---- HTTP ----

enum hostile { SILENT, SLOW_HEADERS, GIANT_HEADERS, GIANT_BODY, HOSTILE_KINDS };

// One connection of somebody who means no good.
struct hostile_caller {
    int fd; // -1: none
    size_t sent;
};

static int call_admin(const struct world_instance *instance, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | type, 0);
    assert_true(fd >= 0);
    size_t len = strlen(instance->admin_socket);
    assert_true(len < sizeof(address.sun_path));
    memcpy(address.sun_path, instance->admin_socket, len);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd); // its backlog is full
        return -1;
    }
    return fd;
}

static struct hs_str hostile_bytes(enum hostile kind, size_t sent)
{
    static char chunk[CHUNK_BYTES];
    static const char *const begins[] = {
        "", "GET /metrics HTTP/1.1\r\nX-Slow: ", "GET /metrics HTTP/1.1\r\nX-Giant: ",
        "POST /reload HTTP/1.1\r\nContent-Length: 9000000000\r\n\r\n"};
    memset(chunk, 'a', sizeof(chunk));
    return sent == 0 ? hs_str(begins[kind])
                     : hs_str_n(chunk, kind == SLOW_HEADERS ? 1 : sizeof(chunk));
}

// Calls, or sends the next piece; hangs up and calls again when it is cut off.
static void hostile_step(struct hostile_caller *caller, const struct world_instance *instance,
                         enum hostile kind, size_t *cut_off)
{
    if (caller->fd < 0) {
        *caller = (struct hostile_caller){.fd = call_admin(instance, SOCK_NONBLOCK)};
        return;
    }
    struct hs_str bytes = hostile_bytes(kind, caller->sent);
    ssize_t sent = bytes.len > 0 ? send(caller->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL) : 0;
    if (sent < 0 && errno != EAGAIN) {
        close(caller->fd);
        caller->fd = -1;
        ++*cut_off;
    } else if (sent > 0) {
        caller->sent += (size_t)sent;
    }
}

void http_flood(struct ground *ground)
{
    static struct hostile_caller callers[WORLD_INSTANCES * CONNECTIONS];
    enum { CALLERS = sizeof(callers) / sizeof(callers[0]) };
    int64_t until_ms = hs_clock_boottime_ms() + FLOOD_MS;
    size_t cut_off = 0, open = 0;
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct hostile_caller){.fd = -1};
    }
    for (size_t round = 0; hs_clock_boottime_ms() < until_ms; round++) {
        for (size_t i = 0; i < CALLERS; i++) {
            enum hostile kind = (enum hostile)(i / WORLD_INSTANCES % HOSTILE_KINDS);
            if (kind != SLOW_HEADERS || round % SLOW_EACH == 0) {
                hostile_step(&callers[i], &ground->world.instances[i % WORLD_INSTANCES], kind,
                             &cut_off);
            }
        }
        hs_test_pause_ms(1);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        open += callers[i].fd >= 0;
        if (callers[i].fd >= 0) {
            close(callers[i].fd);
        }
    }
    printf("%zu of %d connections stood at the end, %zu were cut off\n", open, CALLERS, cut_off);
}

// Whoever asks as one should is answered again.
void http_answers(struct ground *ground)
{
    static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        char answer[16] = "";
        int64_t until_ms = hs_clock_boottime_ms() + ANSWER_MS;
        int fd;
        while ((fd = call_admin(&ground->world.instances[i], 0)) < 0) {
            assert_true(hs_clock_boottime_ms() < until_ms);
            hs_test_pause_ms(20);
        }
        assert_int_equal(send(fd, question, strlen(question), MSG_NOSIGNAL), strlen(question));
        assert_true(recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) > 0);
        close(fd);
        assert_memory_equal(answer, "HTTP/1.1 200", strlen("HTTP/1.1 200"));
    }
}
