// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_DELIVERY_WORLD_H
#define HS_TEST_DELIVERY_WORLD_H
/*
 * A whole installation for the delivery tests: broker, Redis, controls, lists, topics, and up to
 * two hitstreamd that can be started, killed, frozen and stopped.
 *
 * Threads: one. Everything is stopped and removed by world_close().
 */

#include "controls/controls.h"
#include "support/broker.h"
#include "support/redis_server.h"
#include "wire/ids.h"
#include "wire/token.h"

enum {
    WORLD_SITES = 60,
    WORLD_OPEN = 1000, // listed vehicles
    WORLD_COVERT = 100,
    WORLD_TRIAL = 50,
    WORLD_INSTANCES = 2,
    WORLD_PARTITIONS = 4,
    WORLD_DOUBTFUL = 20, // of the open list's vehicles the first
};

struct world_instance {
    struct hs_process process;
    char config[HS_TEST_PATH_BYTES];
    char log[HS_TEST_PATH_BYTES];
    char name[16];
};

struct world {
    struct hs_broker broker;
    struct hs_redis_server redis;
    char folder[HS_TEST_PATH_BYTES];
    struct world_instance instances[WORLD_INSTANCES];
    struct hs_controls *controls; // as activated
    struct hs_id_key id_key;
    struct hs_token_key token_key;
};

// `session_ms`: of the consumer groups; lease and message timeout follow from it.
void world_open(struct world *world, int session_ms);
void world_close(struct world *world);

// The plate of a listed vehicle ("open", "covert", "trial") or of a passer-by.
enum world_list { WORLD_LIST_OPEN, WORLD_LIST_COVERT, WORLD_LIST_TRIAL, WORLD_LIST_NONE };
void world_vrm(enum world_list list, unsigned number, char ret_vrm[16]);
const char *world_list_id(enum world_list list);
// Whether it is one of the vehicles that desks find not to be the one meant: its hits may stop.
bool world_is_doubtful(const char *vrm);
// Another live desk, which an incident of this one may be handed over to.
const char *world_other_desk(const char *queue);

// `kill_point`: "HS_KILL_POINT=name:n", or NULL.
void world_start(struct world *world, size_t instance, const char *kill_point);
// Waits until its log says that it is ready, or it has ended.
void world_await_ready(struct world *world, size_t instance);

// Whether all that stands in anpr.hits was applied.
bool world_is_applied(struct world *world);
// Waits until all groups have committed everything that stands in their topics.
void world_await_done(struct world *world, int64_t timeout_ms);

// Shows the last lines of the instances' logs on stderr.
void world_tell_logs(const struct world *world);

#endif
