// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_SEEING_TOWN_H
#define HS_TEST_SEEING_TOWN_H
/*
 * An installation as correlators leave it, without any: a log of hits with its controls, the alerts
 * and states that the core makes of it, in a broker's topics, and the controls' head in Redis.
 *
 * Threads: one. Everything is stopped and removed by town_close().
 */

#include "scenario/story.h"
#include "support/broker.h"
#include "support/kafka_util.h"
#include "support/offline.h"
#include "support/redis_server.h"

enum { TOWN_PARTITIONS = 3, TOWN_WORDS_MAX = 24, TOWN_CONTROLS_MAX = 8 };

struct town {
    struct hs_broker broker;
    struct hs_redis_server redis;
    struct hs_test_producer *producer;
    char folder[HS_TEST_PATH_BYTES];
    struct hs_controls *controls;                  // that decide now
    struct hs_controls *before[TOWN_CONTROLS_MAX]; // that decided before, owned
    size_t before_count;
    struct hs_offline *cores[TOWN_PARTITIONS]; // what they told, in order
};

// How a command ended.
struct outcome {
    int exit_code;
    char *out;
    char *err;
};

void town_open(struct town *town);
// The same with these controls; takes the reference.
void town_open_with(struct town *town, struct hs_controls *controls);
void town_close(struct town *town);
// A hit goes into the log.
void town_passes(struct town *town, const struct story_hit *hit);
// The log so far goes through the core; what it tells and keeps goes into the topics.
void town_settle(struct town *town);
// What hitctl activated meanwhile decides from here on in the log.
void town_follow(struct town *town);
// A desk says this of an alert that was told; it goes into the log after what settled.
void town_says(struct town *town, const struct story_say *say,
               const struct hs_offline_alert *alert);
// Puts a file into the folder.
void town_write(struct town *town, const char *name, const char *text,
                char ret_path[HS_TEST_PATH_BYTES]);
// Alerts of a queue in order of telling, over all cores; NULL beyond the last.
const struct hs_offline_alert *town_alert(const struct town *town, const char *queue,
                                          size_t number);
// How often 'consulted' with this command stands in the chain of changes.
size_t town_consulted(struct town *town, const char *command);

// Runs 'hitctl --config ... WORDS'.
struct outcome town_run(struct town *town, const char *const *words);
void outcome_fini(struct outcome *outcome);

#endif
