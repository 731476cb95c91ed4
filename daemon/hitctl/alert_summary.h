// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_ALERT_SUMMARY_H
#define HITCTL_ALERT_SUMMARY_H
/*
 * What came while a tail ran: alerts by queue, and how long from a read's capture to its alert
 * here.
 *
 * Threads: one. Ownership: the summary owns what it keeps until hitctl_alert_summary_fini().
 * Bounds: the first HITCTL_SUMMARY_AGES_MAX ages and HITCTL_SUMMARY_QUEUES_MAX queues are kept;
 * counts go on.
 */

#include "base/str.h"

enum { HITCTL_SUMMARY_AGES_MAX = 1000000, HITCTL_SUMMARY_QUEUES_MAX = 64 };

// Zero-initialised is empty and valid.
struct hitctl_alert_summary {
    struct hitctl_queue_count {
        char queue[128];
        uint64_t alerts;
    } queues[HITCTL_SUMMARY_QUEUES_MAX];
    size_t queue_count;
    uint64_t alerts;    // in all
    struct hs_buf ages; // int64_t a piece, ms
};

// One alert came now, for a read of `captured_at_ms` (0: of no read).
void hitctl_alert_summary_add(struct hitctl_alert_summary *summary, const char *queue,
                              int64_t captured_at_ms, int64_t now_ms);
void hitctl_alert_summary_print(struct hitctl_alert_summary *summary, struct hs_buf *out);
void hitctl_alert_summary_fini(struct hitctl_alert_summary *summary);

#endif
