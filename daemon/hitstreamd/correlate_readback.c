// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "hitstreamd/correlate_parts.h"

enum {
    READ_ALL_TIMEOUT_MS = 60000,    // at a takeover
    READ_CHANNEL_TIMEOUT_MS = 2000, // one queue, while others wait
    ASK_TIMEOUT_MS = 2000,
};

#define CLOCK_MARGIN_MS INT64_C(10000) // the brokers' clocks may differ from ours by so much

// ---------------------------------------------------------------- the set

static bool is_zero(const struct hs_id *id)
{
    static const struct hs_id zero;
    return memcmp(id, &zero, sizeof(zero)) == 0;
}

void hs_id_set_fini(struct hs_id_set *set)
{
    free(set->rows);
    *set = (struct hs_id_set){0};
}

// Where the id stands, or would.
static size_t place_of(const struct hs_id_set *set, const struct hs_id *id)
{
    uint64_t word;
    memcpy(&word, id->bytes, sizeof(word));
    size_t at = (size_t)hs_hash_u64(word) & (set->capacity - 1);
    while (!is_zero(&set->rows[at]) && !hs_id_eq(&set->rows[at], id)) {
        at = (at + 1) & (set->capacity - 1);
    }
    return at;
}

bool hs_id_set_has(const struct hs_id_set *set, const struct hs_id *id)
{
    return set->count > 0 && !is_zero(id) && !is_zero(&set->rows[place_of(set, id)]);
}

static int grow(struct hs_id_set *set)
{
    struct hs_id_set grown = {.capacity = set->capacity ? set->capacity * 2 : 1024};
    grown.rows = calloc(grown.capacity, sizeof(*grown.rows));
    if (!grown.rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < set->capacity; i++) {
        if (!is_zero(&set->rows[i])) {
            grown.rows[place_of(&grown, &set->rows[i])] = set->rows[i];
        }
    }
    grown.count = set->count;
    free(set->rows);
    *set = grown;
    return 0;
}

int hs_id_set_add(struct hs_id_set *set, const struct hs_id *id)
{
    if (is_zero(id)) {
        return 0;
    }
    if (set->count >= HS_STAGE_READ_BACK_MAX) {
        return HS_ELIMIT;
    }
    if ((set->count + 1) * 2 > set->capacity) {
        int rc = grow(set);
        if (rc != 0) {
            return rc;
        }
    }
    size_t at = place_of(set, id);
    set->count += is_zero(&set->rows[at]);
    set->rows[at] = *id;
    return 0;
}

// ---------------------------------------------------------------- reading

// Topics to be read back.
struct plan {
    struct hs_kafka_range *ranges;
    size_t count;
};

// One reading.
struct reading {
    struct hs_correlate_stage *stage;
    int rc; // of the set
};

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct reading *reading = ctx;
    struct hs_str text;
    struct hs_id id;
    if (hs_kafka_message_header(message, "ce_id", &text) && hs_id_parse(text, &id) == 0) {
        reading->rc = hs_id_set_add(&reading->stage->stood, &id);
    }
    hs_stage_beat(reading->stage);
    return reading->rc == 0 && !hs_stage_stopping(reading->stage);
}

static bool on_idle(void *ctx)
{
    struct reading *reading = ctx;
    hs_stage_beat(reading->stage);
    return !hs_stage_stopping(reading->stage);
}

// Adds a topic that exists. HS_EUNREACHABLE and the like.
static int plan_topic(struct hs_correlate_stage *stage, struct plan *plan, const char *topic,
                      int64_t from_ms)
{
    int32_t partitions;
    int rc = hs_kafka_tail_partitions(stage->tail, topic, ASK_TIMEOUT_MS, &partitions);
    hs_stage_beat(stage);
    if (rc == HS_ENOTFOUND) {
        return 0; // nothing stands there
    }
    if (rc == 0) {
        plan->ranges[plan->count++] = (struct hs_kafka_range){
            .topic = topic,
            .partition = -1,
            .from_time_ms = from_ms > 0 ? from_ms : -1,
            .from_offset = HS_KAFKA_OFFSET_BEGINNING,
        };
    }
    return rc;
}

static int read_plan(struct hs_correlate_stage *stage, const struct plan *plan, int64_t timeout_ms)
{
    struct reading reading = {.stage = stage};
    struct hs_kafka_tail_options options = {
        .timeout_ms = timeout_ms, .idle = on_idle, .idle_ctx = &reading};
    if (plan->count == 0) {
        return 0;
    }
    int rc =
        hs_kafka_tail_read(stage->tail, plan->ranges, plan->count, &options, on_message, &reading);
    return reading.rc ? reading.rc : rc;
}

static int plan_channel(struct hs_correlate_stage *stage, struct plan *plan,
                        const struct hs_channel *channel, int64_t from_ms)
{
    int rc = plan_topic(stage, plan, channel->topic_name, from_ms);
    return rc ? rc : plan_topic(stage, plan, channel->undelivered_name, from_ms);
}

int hs_read_back_channel(struct hs_correlate_stage *stage, struct hs_channel *channel,
                         int64_t from_ms)
{
    struct hs_kafka_range ranges[2];
    struct plan plan = {.ranges = ranges};
    int rc = plan_channel(stage, &plan, channel, from_ms);
    return rc ? rc : read_plan(stage, &plan, READ_CHANNEL_TIMEOUT_MS);
}

// All queues of the controls that were not read since the assignment, 'unrouted' among them.
static int plan_controls(struct hs_correlate_stage *stage, struct plan *plan,
                         const struct hs_controls *controls, int64_t from_ms)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    int rc = 0;
    if (!stage->unrouted_read) {
        rc = plan_topic(stage, plan, HS_KAFKA_UNROUTED, from_ms);
    }
    for (size_t i = 0; rc == 0 && i < hs_routes_queue_count(routes); i++) {
        struct hs_channel *channel = hs_channel_get(stage, hs_routes_queue(routes, i));
        if (!channel) {
            rc = HS_ELIMIT;
        } else if (!channel->read_since_takeover) {
            rc = plan_channel(stage, plan, channel, from_ms);
        }
    }
    return rc;
}

static void note_read(struct hs_correlate_stage *stage, const struct hs_controls *controls)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    stage->unrouted_read = true;
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        hs_channel_get(stage, hs_routes_queue(routes, i))->read_since_takeover = true;
    }
}

int hs_read_back(struct hs_correlate_stage *stage, const struct hs_controls *controls,
                 int64_t from_ms)
{
    size_t topics = 2 * hs_routes_queue_count(hs_controls_routes(controls)) + 1;
    struct plan plan = {.ranges = calloc(topics, sizeof(*plan.ranges))};
    if (!plan.ranges) {
        return HS_ENOMEM;
    }
    int rc = plan_controls(stage, &plan, controls, from_ms);
    rc = rc ? rc : read_plan(stage, &plan, READ_ALL_TIMEOUT_MS);
    if (rc == 0) {
        note_read(stage, controls);
    }
    free(plan.ranges);
    return rc;
}

int64_t hs_read_back_since_ms(const struct hs_correlate_stage *stage)
{
    int64_t from_ms = INT64_MAX;
    for (size_t i = 0; i < stage->part_count; i++) {
        const struct hs_part *part = stage->parts[i];
        if (part->correlator && !part->caught_up) {
            int64_t told_ms = hs_correlator_written_at_ms(part->correlator);
            from_ms = told_ms < from_ms ? told_ms : from_ms;
        }
    }
    from_ms -= stage->config.settings->kafka_message_timeout_ms + CLOCK_MARGIN_MS;
    return from_ms > 0 ? from_ms : 0;
}

void hs_read_back_again(struct hs_correlate_stage *stage)
{
    stage->unrouted_read = false;
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        channel->read_since_takeover = false;
    }
}

void hs_read_back_reset(struct hs_correlate_stage *stage)
{
    hs_id_set_fini(&stage->stood);
    hs_read_back_again(stage);
}
