// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_FAULTS_FAULTS_H
#define HS_TEST_FAULTS_FAULTS_H
/*
 * What is done to a ground, and what undoes it, by whom it befalls. The table in table.c says which
 * belong together.
 */

#include "ground.h"

// Daemons.
void daemon_kill(struct ground *ground);
void daemon_stop(struct ground *ground);
void daemon_again(struct ground *ground);
void daemon_freeze(struct ground *ground);
void daemon_thaw(struct ground *ground);
void daemons_kill(struct ground *ground);
void daemons_again(struct ground *ground);
void everything_down(struct ground *ground);
void everything_up(struct ground *ground);

// Kafka.
void broker_kill(struct ground *ground);
void broker_stop(struct ground *ground);
void broker_again(struct ground *ground);
void broker_freeze(struct ground *ground);
void broker_thaw(struct ground *ground);
void brokers_kill_two(struct ground *ground);
void brokers_again(struct ground *ground);
void broker_freeze_and_daemon_end(struct ground *ground);
void broker_thaw_and_daemon_again(struct ground *ground);
void daemon_cut_from_one(struct ground *ground);
void daemon_cut_from_all(struct ground *ground);
void daemon_isolate(struct ground *ground);
void daemon_slow_link(struct ground *ground);
void links_mend(struct ground *ground);

// Topics. What befalls one queue befalls this one.
#define FAULTS_QUEUE "south-control"
void topic_delete(struct ground *ground);
void topic_again(struct ground *ground);
void topic_prepare_alone(struct ground *ground);
void topic_offline(struct ground *ground);
void topic_online(struct ground *ground);
void right_to_tell_take(struct ground *ground);
void right_to_tell_give(struct ground *ground);
void right_to_record_take(struct ground *ground);
void right_to_record_give(struct ground *ground);
void right_to_read_take(struct ground *ground);
void right_to_read_give(struct ground *ground);
void topic_shrink(struct ground *ground);
void topic_widen(struct ground *ground);
void offset_lose(struct ground *ground);
void offset_find(struct ground *ground);

// Redis.
void redis_kill(struct ground *ground);
void redis_again(struct ground *ground);
void redis_freeze(struct ground *ground);
void redis_thaw(struct ground *ground);
void redis_fail_over(struct ground *ground);
void redis_empty(struct ground *ground);
void redis_restore(struct ground *ground);
void redis_older(struct ground *ground);
void redis_confirm(struct ground *ground);
void redis_wrong_type(struct ground *ground);
void redis_right_type(struct ground *ground);
void redis_slow(struct ground *ground);
void redis_reset(struct ground *ground);

void changes_flood(struct ground *ground);
void changes_bounded(struct ground *ground);

// The host.
void disk_prepare(struct ground *ground);
void disk_fill(struct ground *ground);
void disk_free(struct ground *ground);
void disk_read_only(struct ground *ground);
void disk_writable(struct ground *ground);
void files_exhaust(struct ground *ground);
void files_allow(struct ground *ground);
void memory_exhaust(struct ground *ground);
void memory_allow(struct ground *ground);

void clock_prepare(struct ground *ground);
void clock_ahead(struct ground *ground);
void clock_behind(struct ground *ground);
void clock_right(struct ground *ground);

// The data.
void reads_poison(struct ground *ground);
void reads_bomb(struct ground *ground);
void reads_rejected(struct ground *ground);
void http_flood(struct ground *ground);
void http_answers(struct ground *ground);
void list_bad(struct ground *ground);
void controls_wrong(struct ground *ground);
void controls_right(struct ground *ground);

#endif
