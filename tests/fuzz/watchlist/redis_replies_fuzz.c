// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as Redis' answers: whatever the store reads them for ends, and what it takes lies within
 * them. The first byte chooses what is asked; a thread plays Redis: it sends the rest, then nothing
 * more, and reads what it is sent.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "watchlist/rights.h"
#include "watchlist/said.h"
#include "watchlist/store.h"

static char folder[] = "/tmp/hs-fuzz-XXXXXX", path[sizeof(folder) + 8];
static int listener;
static struct hs_str answer; // of the next connection
static sem_t asked, told;    // a connection is coming; it has ended
static uint64_t seen;        // a sum over all that was read

static void await(sem_t *sem)
{
    while (sem_wait(sem) != 0) {
    }
}

static void *play_redis(void *arg)
{
    (void)arg;
    for (;;) {
        char sink[4096];
        await(&asked);
        int fd = accept(listener, NULL, NULL);
        fuzz_must(fd >= 0);
        (void)!send(fd, answer.ptr, answer.len, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        while (read(fd, sink, sizeof(sink)) > 0) {
        }
        close(fd);
        fuzz_must(sem_post(&told) == 0);
    }
    return NULL;
}

static void take_away(void)
{
    unlink(path);
    rmdir(folder);
}

static void open_house(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t thread;
    fuzz_must(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/redis", folder);
    strcpy(address.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fuzz_must(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    fuzz_must(listen(listener, 1) == 0 && sem_init(&asked, 0, 0) == 0 &&
              sem_init(&told, 0, 0) == 0);
    fuzz_must(pthread_create(&thread, NULL, play_redis, NULL) == 0);
    atexit(take_away);
}

static void look(struct hs_str text)
{
    seen = hs_hash_bytes(text.ptr, text.len, seen);
}

// ---- what is asked ----

static int on_begin(void *ctx)
{
    (void)ctx;
    return 0;
}

static int on_list(void *ctx, const struct hs_store_list *list)
{
    (void)ctx;
    look(list->title);
    look(list->policy);
    return 0;
}

static int on_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    (void)ctx;
    look(entry_id);
    look(entry);
    return 0;
}

static const struct hs_store_sink sink = {.begin = on_begin, .list = on_list, .entry = on_entry};

static int on_change(void *ctx, const struct hs_change *change)
{
    (void)ctx;
    look(change->list.list_id);
    look(change->entry);
    return 0;
}

static void on_activation(void *ctx, const struct hs_controls_activation *row)
{
    (void)ctx;
    look(hs_str(row->who));
}

static void ask_lists(struct hs_store *store, struct hs_bump *bump)
{
    struct hs_store_list *lists;
    struct hs_store_generation *generations;
    size_t count;
    if (hs_store_lists(store, bump, &lists, &count) == 0) {
        for (size_t i = 0; i < count; i++) {
            on_list(NULL, &lists[i]);
        }
    }
    hs_store_generations(store, HS_STR("l"), bump, &generations, &count);
}

static void ask_one(struct hs_store *store, struct hs_bump *bump)
{
    struct hs_store_list list;
    struct hs_str entry;
    if (hs_store_list_get(store, HS_STR("l"), bump, &list) == 0 &&
        hs_store_entry_get(store, &list, HS_STR("e"), bump, &entry) == 0) {
        look(entry);
    }
}

static void ask_stream(struct hs_store *store)
{
    struct hs_position position = hs_position_start();
    if (hs_store_follow(store, &position, 0, on_change, NULL) == 0) {
        hs_store_check(store, &position);
    }
    hs_store_history(store, HS_STR(""), on_change, NULL);
}

static void ask_instances(struct hs_store *store, struct hs_bump *bump)
{
    struct hs_instance *rows;
    size_t count;
    if (hs_store_instances(store, bump, &rows, &count) == 0) {
        for (size_t i = 0; i < count; i++) {
            look(rows[i].instance_id);
        }
    }
}

static void ask_controls(struct hs_store *store)
{
    char hash[HS_CHANGE_HASH_BYTES];
    struct hs_buf packed = {0};
    if (hs_store_controls_head(store, hash, &packed) == 0) {
        look(hs_buf_str(&packed));
    }
    hs_store_controls_history(store, 10, on_activation, NULL);
    hs_buf_fini(&packed);
}

static void ask_said(struct hs_store *store)
{
    struct hs_said_rows rows = {0};
    if (hs_store_said(store, &rows) == 0) {
        for (size_t i = 0; i < rows.count; i++) {
            look(rows.rows[i].group_id);
        }
    }
    hs_said_rows_fini(&rows);
}

static void exclude(struct hs_store *store)
{
    const struct hs_actor actor = {"w", "a"};
    const struct hs_store_exclusion exclusion = {.list_id = HS_STR("l"),
                                                 .entry_id = HS_STR("e"),
                                                 .plate = HS_STR("AB12CDE"),
                                                 .owner = HS_STR("o"),
                                                 .mark = HS_STR("m"),
                                                 .reason = HS_STR("r"),
                                                 .expires_at_ms = 1};
    struct hs_position position;
    hs_store_exclude(store, &actor, &exclusion, &position);
}

static void ask_of_store(unsigned what, struct hs_store *store)
{
    struct hs_bump bump = {0};
    struct hs_position position;
    switch (what) {
    case 0:
        hs_store_load(store, &sink, &position);
        break;
    case 1:
        ask_lists(store, &bump);
        break;
    case 2:
        ask_one(store, &bump);
        break;
    case 3:
        ask_stream(store);
        break;
    case 4:
        ask_instances(store, &bump);
        break;
    case 5:
        ask_controls(store);
        break;
    case 6:
        ask_said(store);
        break;
    default:
        exclude(store);
        break;
    }
    look(hs_str(hs_store_why(store)));
    hs_bump_fini(&bump);
}

static void ask_for_rights(const struct hs_redis_config *config)
{
    struct hs_redis *redis;
    struct hs_redis_user *users;
    struct hs_bump bump = {0};
    size_t count;
    fuzz_must(hs_redis_open(config, &redis, NULL) == 0);
    if (hs_redis_rights_held(redis, &bump, &users, &count) == 0) {
        for (size_t i = 0; i < count; i++) {
            look(hs_str(users[i].name));
        }
    }
    hs_redis_free(redis);
    hs_bump_fini(&bump);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { KINDS = 9 };
    const struct hs_redis_config config = {
        .socket = path, .connect_timeout_ms = 10000, .command_timeout_ms = 10000};
    struct hs_store *store;
    if (!*path) {
        open_house();
    }
    if (size == 0) {
        return 0;
    }
    answer = hs_str_n(data + 1, size - 1);
    fuzz_must(sem_post(&asked) == 0);
    if (data[0] % KINDS == KINDS - 1) {
        ask_for_rights(&config);
    } else {
        fuzz_must(hs_store_open(&config, &store, NULL) == 0);
        ask_of_store(data[0] % KINDS, store);
        hs_store_free(store);
    }
    await(&told); // the input is ours until now
    return 0;
}
