// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_outbox.h"

enum {
    CHECKPOINT_AFTER_MS = 500,  // when something changed
    CHECKPOINT_IDLE_MS = 60000, // when nothing did: what is read back at a takeover stays short
    STATE_HEADERS = 7,
};

static bool add_record(struct hs_checkpoint *checkpoint, struct hs_outgoing *outgoing)
{
    if (checkpoint->count == checkpoint->capacity) {
        size_t wanted = checkpoint->capacity ? checkpoint->capacity * 2 : 64;
        struct hs_outgoing **grown = realloc(checkpoint->records, wanted * sizeof(*grown));
        if (!grown) {
            return false;
        }
        checkpoint->records = grown;
        checkpoint->capacity = wanted;
    }
    checkpoint->records[checkpoint->count++] = outgoing;
    return true;
}

// A record's headers, for a person with kcat; the epoch is what a later owner goes by.
static size_t make_headers(struct hs_headers *headers, const struct hs_part *part,
                           struct hs_str key, bool partition_state,
                           struct hs_kafka_header rows[STATE_HEADERS])
{
    struct hs_buf id = {0};
    hs_buf_printf(&id, "%.*s@%" PRIu64, HS_STR_ARG(key),
                  hs_correlator_next_offset(part->correlator));
    hs_headers_clear(headers);
    hs_headers_add_event(
        headers, hs_buf_str(&id),
        partition_state ? "hitstream.v1.PartitionState" : "hitstream.v1.VehicleState",
        HS_STR("hitstream-correlate"), hs_clock_realtime_ms(), "application/protobuf");
    hs_headers_addf(headers, "epoch", "%" PRIu64, part->epoch);
    hs_buf_fini(&id);
    for (size_t i = 0; i < headers->count && i < STATE_HEADERS; i++) {
        struct hs_header header = hs_headers_get(headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    return headers->count < STATE_HEADERS ? headers->count : STATE_HEADERS;
}

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    struct hs_part *part = ctx;
    struct hs_headers headers = {0};
    struct hs_kafka_header rows[STATE_HEADERS];
    bool partition_state = hs_str_is(key, HS_PARTITION_STATE_KEY);
    size_t count = make_headers(&headers, part, key, partition_state, rows);
    struct hs_outgoing *outgoing = hs_outgoing_new(
        partition_state ? HS_OUT_PARTITION_STATE : HS_OUT_STATE, part, key, value, rows, count);
    if (!outgoing || !add_record(&part->checkpoint, outgoing)) {
        free(outgoing);
        part->checkpoint.failed = true;
    }
    hs_headers_fini(&headers);
}

// Forgets the records that were not handed on.
static void clear(struct hs_checkpoint *checkpoint)
{
    for (size_t i = checkpoint->produced; i < checkpoint->count; i++) {
        free(checkpoint->records[i]);
    }
    checkpoint->count = 0;
    checkpoint->produced = 0;
    checkpoint->pending = 0;
    checkpoint->failed = false;
    checkpoint->state = HS_CHECKPOINT_NONE;
}

bool hs_checkpoint_complete(const struct hs_part *part)
{
    return part->checkpoint.state == HS_CHECKPOINT_NONE &&
           hs_correlator_dirty(part->correlator) == 0 &&
           part->commit_offset == (int64_t)hs_correlator_next_offset(part->correlator) &&
           part->pending[0] == 0 && part->pending[1] == 0;
}

static bool is_due(const struct hs_part *part, int64_t boot_ms, bool at_once)
{
    int64_t since_ms = boot_ms - part->checkpointed_at_ms;
    size_t dirty = hs_correlator_dirty(part->correlator);
    bool changed =
        dirty > 0 || part->commit_offset != (int64_t)hs_correlator_next_offset(part->correlator);
    return dirty >= HS_STAGE_DIRTY_MAX || since_ms >= CHECKPOINT_IDLE_MS ||
           (changed && (at_once || since_ms >= CHECKPOINT_AFTER_MS));
}

// A later owner reads the queues back from this time on. What follows our own 'took over' was told
// by nobody before now; while events of earlier owners are applied again, their time stands.
static int64_t told_after_ms(const struct hs_part *part)
{
    return part->caught_up ? hs_stage_wall_ms(part->stage)
                           : hs_correlator_written_at_ms(part->correlator);
}

// Packs what changed; what is told from here on belongs to the next one.
static void begin(struct hs_part *part, int64_t boot_ms)
{
    struct hs_checkpoint *checkpoint = &part->checkpoint;
    clear(checkpoint);
    checkpoint->begun_at_ms = boot_ms;
    checkpoint->next_offset = (int64_t)hs_correlator_next_offset(part->correlator);
    int rc = hs_correlator_checkpoint(part->correlator, part->epoch, told_after_ms(part), on_record,
                                      part);
    if (rc != 0 || checkpoint->failed) {
        hs_part_fail(part, "a checkpoint", hs_strerror(rc ? rc : HS_ENOMEM));
        return;
    }
    part->generation ^= 1;
    checkpoint->state = HS_CHECKPOINT_ALERTS;
}

// Hands on the records before `end`.
static void produce_until(struct hs_part *part, size_t end)
{
    struct hs_checkpoint *checkpoint = &part->checkpoint;
    while (checkpoint->produced < end && part->state != HS_PART_FAILED) {
        struct hs_outgoing *outgoing = checkpoint->records[checkpoint->produced];
        checkpoint->produced++; // the producer's from here on
        checkpoint->pending++;
        int rc =
            hs_outbox_produce(part->stage, outgoing, part->stage->vehicles_topic, part->number);
        if (rc != 0) {
            free(outgoing);
            hs_part_fail(part, "a state", hs_strerror(rc));
            return;
        }
    }
}

static void finish(struct hs_part *part, int64_t boot_ms)
{
    struct hs_checkpoint *checkpoint = &part->checkpoint;
    hs_metric_observe(part->stage->metrics->checkpoint,
                      (double)(boot_ms - checkpoint->begun_at_ms) / 1000.0);
    part->commit_offset = checkpoint->next_offset;
    part->checkpointed_at_ms = boot_ms;
    clear(checkpoint);
}

void hs_checkpoint_step(struct hs_part *part, int64_t boot_ms, bool at_once)
{
    struct hs_checkpoint *checkpoint = &part->checkpoint;
    if (!hs_stage_may_publish(part->stage) ||
        (part->state != HS_PART_RUNNING && part->state != HS_PART_HELD)) {
        return;
    }
    if (checkpoint->state == HS_CHECKPOINT_NONE && is_due(part, boot_ms, at_once)) {
        begin(part, boot_ms);
    }
    if (checkpoint->state == HS_CHECKPOINT_ALERTS && part->pending[part->generation ^ 1] == 0) {
        checkpoint->state = HS_CHECKPOINT_STATES;
        produce_until(part, checkpoint->count - 1);
    }
    if (checkpoint->state == HS_CHECKPOINT_STATES && checkpoint->pending == 0 &&
        part->state != HS_PART_FAILED) {
        checkpoint->state = HS_CHECKPOINT_PARTITION;
        produce_until(part, checkpoint->count);
    } else if (checkpoint->state == HS_CHECKPOINT_PARTITION && checkpoint->pending == 0 &&
               part->state != HS_PART_FAILED) {
        finish(part, boot_ms);
    }
}
