// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_FEEDBACK_WAIT_H
#define HITCTL_FEEDBACK_WAIT_H
/*
 * Waiting until the intake took a feedback: its event stands in anpr.hits, or the message in
 * feedback.rejected.
 *
 * Threads: one. Needs the right to read both topics; a control room's account seldom has it.
 */

#include "hitctl/command.h"
#include "wire/ids.h"

struct hitctl_feedback_wait;

// Before it is sent: notes where both topics end. An exit code, after saying what is wrong.
int hitctl_feedback_wait_begin(const struct hitctl *ctl, const struct hs_id *feedback,
                               struct hitctl_feedback_wait **ret_wait);
// Until it is found; says where, and after how long since `from_ns` (monotonic). HITCTL_REFUSED:
// the intake put it aside; HITCTL_TIMEOUT.
int hitctl_feedback_wait(struct hitctl_feedback_wait *wait, int64_t from_ns, int64_t timeout_ms);
// NULL is legal.
void hitctl_feedback_wait_end(struct hitctl_feedback_wait *wait);

#endif
