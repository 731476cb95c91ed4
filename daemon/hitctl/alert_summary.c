// SPDX-License-Identifier: Apache-2.0
#include "hitctl/alert_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct hitctl_queue_count *row_of(struct hitctl_alert_summary *summary, const char *queue)
{
    for (size_t i = 0; i < summary->queue_count; i++) {
        if (strcmp(summary->queues[i].queue, queue) == 0) {
            return &summary->queues[i];
        }
    }
    if (summary->queue_count == HITCTL_SUMMARY_QUEUES_MAX) {
        return NULL;
    }
    struct hitctl_queue_count *row = &summary->queues[summary->queue_count++];
    snprintf(row->queue, sizeof(row->queue), "%s", queue);
    return row;
}

void hitctl_alert_summary_add(struct hitctl_alert_summary *summary, const char *queue,
                              int64_t captured_at_ms, int64_t now_ms)
{
    struct hitctl_queue_count *row = row_of(summary, queue);
    if (row) {
        row->alerts++;
    }
    summary->alerts++;
    int64_t age_ms = now_ms - captured_at_ms;
    if (captured_at_ms != 0 && summary->ages.len / sizeof(age_ms) < HITCTL_SUMMARY_AGES_MAX) {
        hs_buf_add(&summary->ages, &age_ms, sizeof(age_ms));
    }
}

static int by_name(const void *a, const void *b)
{
    const struct hitctl_queue_count *x = a;
    const struct hitctl_queue_count *y = b;
    return strcmp(x->queue, y->queue);
}

static int by_age(const void *a, const void *b)
{
    int64_t x;
    int64_t y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static int64_t percentile(const struct hs_buf *ages, unsigned percent)
{
    int64_t age_ms;
    size_t count = ages->len / sizeof(age_ms);
    size_t at = (count - 1) * percent / 100;
    memcpy(&age_ms, ages->ptr + at * sizeof(age_ms), sizeof(age_ms));
    return age_ms;
}

void hitctl_alert_summary_print(struct hitctl_alert_summary *summary, struct hs_buf *out)
{
    qsort(summary->queues, summary->queue_count, sizeof(summary->queues[0]), by_name);
    hs_buf_printf(out, "%-22s %" PRIu64 "\n", "alerts", summary->alerts);
    for (size_t i = 0; i < summary->queue_count; i++) {
        hs_buf_printf(out, "  %-20s %" PRIu64 "\n", summary->queues[i].queue,
                      summary->queues[i].alerts);
    }
    if (summary->ages.len == 0) {
        return;
    }
    qsort(summary->ages.ptr, summary->ages.len / sizeof(int64_t), sizeof(int64_t), by_age);
    hs_buf_printf(out, "%-22s p50 %" PRId64 " ms, p99 %" PRId64 " ms, longest %" PRId64 " ms\n",
                  "read to alert", percentile(&summary->ages, 50), percentile(&summary->ages, 99),
                  percentile(&summary->ages, 100));
}

void hitctl_alert_summary_fini(struct hitctl_alert_summary *summary)
{
    hs_buf_fini(&summary->ages);
}
