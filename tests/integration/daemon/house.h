// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_DAEMON_HOUSE_H
#define HS_TEST_DAEMON_HOUSE_H
/*
 * A hitstreamd with all that it needs, for one test: keys, settings, a state folder, a Redis of its
 * own, the program's broker, and a socket that hears what systemd would hear.
 *
 * Threads: one. Everything is stopped and removed by house_close().
 */

#include "base/str.h"
#include "support/broker.h"
#include "support/redis_server.h"
#include "watchlist/store.h"

enum { HOUSE_TIMEOUT_MS = 60000, HOUSE_TEXT_BYTES = 256 * 1024 };

struct house {
    char folder[HS_TEST_PATH_BYTES];
    char config[HS_TEST_PATH_BYTES];
    char log[HS_TEST_PATH_BYTES];
    char notify_path[HS_TEST_PATH_BYTES];
    char admin_path[HS_TEST_PATH_BYTES];
    uint16_t admin_port;
    int notify_fd;
    struct hs_redis_server redis;
    struct hs_process daemon;
    char bootstrap[32];
    char heard[HOUSE_TEXT_BYTES]; // all notifications so far, a line each
    char text[HOUSE_TEXT_BYTES];  // the last answer or file asked for
};

// Redis runs, the daemon does not yet. `bootstrap`: of the broker.
void house_open(struct house *house, const char *bootstrap);
void house_close(struct house *house);

// Writes the settings; `extra` (YAML) stands behind them, may be NULL.
void house_write_config(struct house *house, const char *extra);
// `environment`: one more NAME=value, or NULL.
void house_start(struct house *house, const char *environment);
// SIGTERM; returns the exit code.
int house_stop(struct house *house);

// Waits until something told to systemd contains `text`; fails the test when it does not come.
void house_await_heard(struct house *house, const char *text);
// Takes what was told meanwhile.
const char *house_heard(struct house *house);
// Waits until the log contains `text`.
void house_await_log(struct house *house, const char *text);
// How often `text` stands in the log.
size_t house_count_log(struct house *house, const char *text);

// Asks by TCP, or by the socket; returns the answer with its head. "" when nobody listens.
const char *house_ask(struct house *house, bool local, const char *method, const char *path);
// Waits until GET `path` answers with `text` in it.
void house_await_answer(struct house *house, const char *path, const char *text);
// A number from /metrics; -1 when there is no such series.
double house_metric(struct house *house, const char *series);

// hitctl with these words (ends with NULL); returns its exit code, what it said is in house->text.
int house_hitctl(struct house *house, const char *const *words);
#define HITCTL(house, ...) house_hitctl(house, (const char *const[]){__VA_ARGS__, NULL})

// The demo's controls become those of this Redis.
void house_activate_controls(struct house *house);

// The same with texts of its own; again: they take the place of those in force.
void house_activate_texts(struct house *house, const char *cameras, const char *queues,
                          const char *rules);
// The broker's audit anchor is of the Redis of the test before: it is taken away.
void house_forget_anchor(const char *bootstrap);

// The store, opened for the call of the functions below.
struct hs_store *house_store(struct house *house);
// A list with one entry put after the other.
void house_create_list(struct house *house, const char *list_id, bool covert);
void house_put(struct house *house, const char *list_id, const char *entry_id, const char *vrm);
// Puts of as many entries with marks of their own, one after the other.
void house_put_many(struct house *house, const char *list_id, int count);
// One command to Redis, words separated by single spaces.
void house_redis(struct house *house, const char *const *words);
#define REDIS(house, ...) house_redis(house, (const char *const[]){__VA_ARGS__, NULL})

// Controls, the list 'stolen' with one entry ('e1', AB12CDE), and a daemon that is ready and has it.
void house_serve_one(struct house *house);

#endif
