// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_WORLD_H
#define HS_TEST_WORLD_H
/*
 * A whole installation for tests that break it: controls, lists, topics, and two hitstreamd that
 * can be started, killed, frozen and stopped, on a Kafka and a Redis of the caller's.
 *
 * Threads: one. What it made is stopped and removed by world_close().
 */

#include "controls/controls.h"
#include "support/kafka_util.h"
#include "support/process.h"
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

// Controls that are valid all: the right ones, and those by which each control room is told of its
// neighbour's roads.
enum world_controls { WORLD_CONTROLS_RIGHT, WORLD_CONTROLS_WRONG, WORLD_CONTROLS };

struct world_instance {
    struct hs_process process;
    char config[HS_TEST_PATH_BYTES];
    char log[HS_TEST_PATH_BYTES];
    char state[HS_TEST_PATH_BYTES]; // folder
    char admin_socket[HS_TEST_PATH_BYTES];
    char network[HS_TEST_PATH_BYTES]; // it runs there; "": where the test does
    const char *const *env;           // more of its environment, ends with NULL; NULL: nothing
    const char *const *wrapped;       // words before the program's, ends with NULL; NULL: none
    char name[16];
    const char *program; // hitstreamd; NULL: this build's
};

// Where it stands; borrowed for the call.
struct world_place {
    const char *bootstrap;         // host:port, with commas
    const char *daemons_bootstrap; // of daemons and hitctl; NULL: the same
    const char *kafka; // more lines of the settings' group 'kafka', likewise; NULL: none
    const char *redis; // lines of the settings' group 'redis', each with its indent
    int session_ms;    // of the consumer groups; lease and message timeout follow from it
    const char *networks[WORLD_INSTANCES]; // network namespaces' paths; NULL: where the test is
};

struct world {
    char bootstrap[128];
    char folder[HS_TEST_PATH_BYTES];
    struct world_instance instances[WORLD_INSTANCES];
    struct hs_controls *controls[WORLD_CONTROLS]; // as activated; NULL: not yet
    char kept_topic[64];          // its messages were kept when it was deleted; "": none
    struct hs_test_messages kept; // what stood there
    struct hs_id_key id_key;
    struct hs_token_key token_key;
};

// Kafka and Redis are empty and answer.
void world_open(struct world *world, const struct world_place *place);
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

// Activates controls, as a person does.
void world_activate(struct world *world, enum world_controls which);
// Keeps what stands in a topic for the audit, before it is deleted.
void world_keep(struct world *world, const char *topic);

// Whether all that stands in anpr.hits was applied.
bool world_is_applied(struct world *world);
// Waits until all groups have committed everything that stands in their topics.
void world_await_done(struct world *world, int64_t timeout_ms);

// Ends all daemons as an administrator does; fails when one does not end cleanly.
void world_stop(struct world *world);
// Waits until all is applied that stands in the topics, and ends the daemons; nothing that an owner
// appended while it stopped (timers come due at any time) is left over.
void world_rest(struct world *world, int64_t timeout_ms);

// hitctl with these words, which must end well.
void world_hitctl(struct world *world, const char *const *words);
// The same in the background, whatever comes of it; nothing it says is kept.
void world_hitctl_start(struct world *world, struct hs_process *ret_process,
                        const char *const *words);
#define WORLD_HITCTL(world, ...) world_hitctl(world, (const char *const[]){__VA_ARGS__, NULL})

// Shows the last lines of the instances' logs on stderr.
void world_tell_logs(const struct world *world);

#endif
