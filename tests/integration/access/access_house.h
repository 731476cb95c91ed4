// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_ACCESS_HOUSE_H
#define HS_TEST_ACCESS_HOUSE_H
/*
 * A Kafka with TLS, SCRAM and ACLs and a Redis with ACL users, which have given exactly the rights
 * that 'hitctl rights print' prints; a daemon's house before them, and people with hitctl.
 *
 * Threads: one. All of it is stopped and removed by close_access().
 */

#include "house.h"
#include "support/rights_script.h"

enum { WAIT_MS = 60000, LISTENER_SOUND = 0, LISTENER_EXPIRED = 1 };

extern char access_folder[HS_TEST_PATH_BYTES]; // certificates, passwords, settings of people
extern struct hs_broker broker;
extern struct house house;

// Of the group.
int open_access(void **state);
int close_access(void **state);

// A path in the folder, of the last eight asked for.
const char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

// How somebody comes to Kafka and Redis.
struct entry {
    const char *user;
    const char *password; // of both
    const char *bootstrap;
    const char *ca;             // "ca"
    const char *redis_user;     // NULL: `user`
    const char *redis_password; // NULL: `password`
    const char *redis_socket;   // NULL: the server's own
};

// The daemon's own way in, with nothing wrong.
struct entry sound_entry(void);
// Writes settings that come in so; `more` (YAML) stands behind them.
void write_entry(const struct entry *entry, const char *path, const char *more);
// The daemon's, read beside those of its house.
void daemon_comes_by(const struct entry *entry);
// A person with hitctl: writes the settings, returns their path.
const char *person(const char *name, const char *password);
#define AS(name, password, ...)                                                                    \
    HITCTL(&house, "--config", person(name, password), "--who", name, __VA_ARGS__)
// Fails unless hitctl ended so.
void must(int exit_code, int wanted);
// Fails unless this stands in what was said last.
void says(const char *part);
// A gateway's read of this mark, now, by the sound way in.
void gateway_produces_a_read(const char *vrm);
// Alerts that the desk 'north' was told so far; waits for one more than that.
int64_t alerts_of_desk(void);
void await_alert_behind(int64_t before);
// By somebody who may do everything in Redis.
void command_redis(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
