// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_FAULTS_GROUND_H
#define HS_TEST_FAULTS_GROUND_H
/*
 * Where a fault happens: a cluster, an installation on it, a stream of reads, desks that answer;
 * and what a fault is.
 *
 * Threads: one, besides those of feeder and responder.
 */

#include "cluster.h"
#include "support/world/audit.h"
#include "support/world/responder.h"

// A daemon's clock that can be set.
struct ground_clock {
    char path[HS_TEST_PATH_BYTES + 16];     // file of the nanoseconds by which it is moved
    char words[2][HS_TEST_PATH_BYTES + 48]; // of its environment
    const char *env[3];                     // these, ends with NULL
};

struct ground {
    struct cluster cluster;
    struct world world;
    struct feeder feeder;
    struct responder responder;
    unsigned seed;                        // decides the moments, and who is hit
    struct hs_broker *broker;             // hit last, by the faults of one
    struct hs_redis_server *redis;        // the same
    size_t daemon;                        // the same
    struct hs_process hitctl;             // what a person does meanwhile
    const char *mounted[WORLD_INSTANCES]; // to be unmounted; borrowed from world
    uint64_t limit_before;                // of the daemon hit last
    int32_t partition;                    // of the reads, whose offset is another
    int64_t offset;                       // that stood there before
    size_t rejected;                      // messages produced that cannot be used
    unsigned changes;                     // of lists so far
    struct ground_clock clocks[WORLD_INSTANCES];
    size_t resident_before[WORLD_INSTANCES]; // bytes of each daemon
};

// One row of the table.
struct fault {
    const char *name;
    const char *what;     // is done, and what undoes it; for people
    int64_t hold_ms;      // from its beginning to its end
    unsigned times;       // it happens in a run; 0: once
    bool quick;           // may be chosen where time is short
    bool network;         // needs links that can be broken
    bool mounts;          // needs a mount namespace of the test's own
    bool repeats_allowed; // a message on its way at a freeze may come again, under the same id
    bool sudden;          // recovery is counted from its beginning: nobody is to wait for its end
    const char *queue;    // alone is to wait for its end: recovery is of all others; NULL: none
    bool matching;        // goes on meanwhile: no hit is recorded later than usual
    int64_t recovery_max_ms;                // the bar; 0: none named
    void (*prepare)(struct ground *ground); // before the daemons start; may be NULL
    void (*begin)(struct ground *ground);
    void (*end)(struct ground *ground);   // may be NULL
    void (*check)(struct ground *ground); // what else must hold once all is applied; may be NULL
};

// All that there are; the last has no name.
extern const struct fault fault_table[];

// A number below `below` from the seed.
unsigned ground_dice(struct ground *ground, unsigned below);
// Starts a daemon and waits until it is ready.
void ground_start_daemon(struct ground *ground, size_t daemon);
// One entry of a list changes, as a person does it.
void ground_change_a_list(struct ground *ground);
// Waits until a daemon has said this in its log.
void ground_await_log(struct ground *ground, const char *text, int64_t timeout_ms);
// hitctl loads a list of 20,000 whose vehicles never come by, in the background.
void ground_start_load(struct ground *ground, struct hs_process *ret_hitctl);
// The host that a daemon, broker or Redis stands on.
enum network_host ground_daemon_host(size_t daemon);
enum network_host ground_broker_host(const struct ground *ground, const struct hs_broker *broker);
enum network_host ground_redis_host(const struct ground *ground,
                                    const struct hs_redis_server *redis);

#endif
