// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_ACTION_H
#define HS_BENCH_ACTION_H
/*
 * A three-day action of nine forces as its log has it: hits, what their desks were told, what they
 * said back. Each incident is one vehicle's hits within an hour; a desk of the force and the joint
 * desk are told of it, and one of two answers.
 *
 * Threads: one. Ownership: the caller's buffers. The same on every machine and run but for the day.
 */

#include "base/str.h"

enum {
    ACTION_FORCES = 9,
    ACTION_SITES = 450,        // of all forces together
    ACTION_INCIDENT_HITS = 25, // of one incident
    ACTION_DAYS = 3,
    ACTION_MARK_BYTES = 9,
};

struct action {
    uint64_t hits;
    int64_t begin_ms; // event time
};

// Sources of the controls: cameras and queues.
void action_cameras(struct hs_buf *out);
void action_queues(struct hs_buf *out);
// "force-0,force-1,..." and "desk-0,...,joint", without the first force.
void action_names(struct hs_buf *ret_forces, struct hs_buf *ret_queues);

uint64_t action_incidents(const struct action *action);
void action_mark(uint64_t incident, char ret_mark[ACTION_MARK_BYTES]);
unsigned action_force(uint64_t incident);
// Each appends one packed message to `out`.
void action_hit(const struct action *action, uint64_t n, struct hs_buf *out);
void action_alert(const struct action *action, uint64_t incident, const char *queue,
                  struct hs_buf *out);
// Acknowledged, or for one incident of eight an outcome with one arrest.
bool action_is_answered(uint64_t incident);
bool action_has_outcome(uint64_t incident);
void action_feedback(const struct action *action, uint64_t incident, const char *queue,
                     bool outcome, struct hs_buf *out);

#endif
