// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/log.h"
#include "hitstreamd/match_worker.h"

enum {
    IDLE_MS = 100,        // the longest a round waits for messages
    ASK_MS = 5000,        // a question to a broker
    PROBE_MESSAGES = 5,   // the newest of a partition
    PROBE_WAIT_MS = 2000, // for the first message of a probe
    PROBE_MAX_WAIT_MS = 60000,
};
#define NS_PER_MS INT64_C(1000000)

HS_LOG_EVENT(event_stopped, "match-input-stopped", "c81f02b94a6d4e7f8e35a90d12b7f606");
HS_LOG_EVENT(event_resumed, "match-input-resumed", "54e8a1b3d9f7402c97c6be03f2a1d807");

void hs_match_input_pause(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        hs_kafka_consumer_pause(worker->consumer, HS_KAFKA_READS, worker->slots[i].partition);
    }
    const struct hs_settings *settings = worker->config->settings;
    hs_log(HS_LOG_ERROR, &event_stopped,
           "worker %zu: more than %u %% of %u reads cannot be used, no longer consuming; trying a "
           "few each "
           "minute, go on at once with 'hitctl resume'",
           worker->index, hs_settings_u32(&settings->match_reject_max_pct),
           hs_settings_u32(&settings->match_reject_window_reads));
    hs_match_set_state(worker, HS_MATCH_STOPPED_BAD_INPUT,
                       "more than %u %% of %u reads cannot be used; see " HS_KAFKA_REJECTED
                       "; goes on by itself when a probe succeeds, at once with 'hitctl resume'",
                       hs_settings_u32(&settings->match_reject_max_pct),
                       hs_settings_u32(&settings->match_reject_window_reads));
    hs_metric_set(worker->metrics->stopped, 1);
}

// The feed is good again: what is bad of the backlog as it stands now goes to the rejected reads.
static void resume_input(struct hs_match_worker *worker, const char *why)
{
    worker->input_stopped = false;
    worker->window = (struct hs_match_window){0};
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t low;
        (void)hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, slot->partition, ASK_MS,
                                     &low, &slot->tolerate_until);
        int64_t next = hs_acks_next(slot->acks);
        hs_match_slot_start(worker, slot, slot->warm_next < next ? slot->warm_next : next, true);
    }
    hs_log(HS_LOG_NOTICE, &event_resumed, "worker %zu: %s, consuming again", worker->index, why);
    hs_match_tell_running(worker);
    hs_metric_set(worker->metrics->stopped, 0);
}

// Reads a few messages from `offset` on without using them: are they good?
static bool try_messages(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset)
{
    uint32_t reads, bad;
    int64_t until_ns = hs_clock_monotonic_ns() + PROBE_WAIT_MS * NS_PER_MS;
    worker->window = (struct hs_match_window){0};
    hs_match_slot_start(worker, slot, offset, true);
    while (worker->slot_count > 0 && hs_clock_monotonic_ns() < until_ns &&
           !hs_match_stopping(worker) &&
           hs_kafka_consumer_serve(worker->consumer, IDLE_MS, hs_match_on_probe, worker) == 0) {
        hs_thread_beat(&worker->thread);
    }
    hs_match_batch_judge(worker, &reads, &bad);
    worker->window = (struct hs_match_window){0};
    return reads > 0 &&
           (uint64_t)bad * 100 <=
               (uint64_t)reads * hs_settings_u32(&worker->config->settings->match_reject_max_pct);
}

// Looks at the newest messages of one partition, those that came after the worker stopped: when
// they are good the feed has been mended, whatever stands before them.
static bool probe(struct hs_match_worker *worker)
{
    if (worker->slot_count == 0) {
        return false;
    }
    int64_t low, high;
    struct hs_match_slot *slot = &worker->slots[worker->probe_slot++ % worker->slot_count];
    int32_t partition = slot->partition;
    int64_t next = hs_acks_next(slot->acks);
    if (hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, partition, ASK_MS, &low, &high) <
            0 ||
        high <= next) {
        return false;
    }
    bool good =
        try_messages(worker, slot, high - PROBE_MESSAGES > next ? high - PROBE_MESSAGES : next);
    if (worker->slot_count > 0) { // a rebalance may have come in between
        hs_kafka_consumer_pause(worker->consumer, HS_KAFKA_READS, partition);
    }
    return good;
}

void hs_match_input_serve(struct hs_match_worker *worker, int64_t now_ns)
{
    uint64_t resumes = hs_match_resumes(worker);
    if (resumes != worker->resume_seen) {
        worker->resume_seen = resumes;
        resume_input(worker, "told to go on");
        return;
    }
    if (now_ns >= worker->probe_at_ns) {
        for (size_t i = 0; i < worker->slot_count; i++) {
            if (probe(worker)) {
                resume_input(worker, "a probe succeeded");
                return;
            }
        }
        worker->probe_wait_ms = worker->probe_wait_ms * 2 < PROBE_MAX_WAIT_MS
                                    ? worker->probe_wait_ms * 2
                                    : PROBE_MAX_WAIT_MS;
        worker->probe_at_ns = hs_clock_monotonic_ns() + worker->probe_wait_ms * NS_PER_MS;
    }
    hs_kafka_consumer_serve(worker->consumer, IDLE_MS, NULL, NULL);
}
