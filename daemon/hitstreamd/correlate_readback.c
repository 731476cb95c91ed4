// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_readback.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum { ASK_TIMEOUT_MS = 2000 };

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

// Adds a topic's range, if the topic exists. HS_EAGAIN, HS_EUNREACHABLE and the like.
static int add_range(struct hs_correlate_stage *stage, const char *topic, int64_t from_ms,
                     struct hs_kafka_range *ranges, size_t *count)
{
    int32_t partitions;
    int rc = hs_kafka_tail_led(stage->tail, topic, ASK_TIMEOUT_MS, &partitions);
    hs_stage_beat(stage);
    if (rc == HS_ENOTFOUND) {
        return 0; // nothing stands there
    }
    if (rc == 0) {
        ranges[(*count)++] = (struct hs_kafka_range){
            .topic = topic,
            .partition = -1,
            .from_time_ms = from_ms > 0 ? from_ms : -1,
            .from_offset = HS_KAFKA_OFFSET_BEGINNING,
        };
    }
    return rc;
}

int hs_read_back_topics(struct hs_correlate_stage *stage, const char *const *topics,
                        size_t topic_count, int64_t from_ms, int64_t timeout_ms)
{
    struct hs_kafka_range *ranges = calloc(topic_count + 1, sizeof(*ranges));
    struct reading reading = {.stage = stage};
    struct hs_kafka_tail_options options = {
        .timeout_ms = timeout_ms, .idle = on_idle, .idle_ctx = &reading};
    size_t count = 0;
    int rc = ranges ? 0 : HS_ENOMEM;
    for (size_t i = 0; rc == 0 && i < topic_count; i++) {
        rc = add_range(stage, topics[i], from_ms, ranges, &count);
    }
    if (rc == 0 && count > 0) {
        rc = hs_kafka_tail_read(stage->tail, ranges, count, &options, on_message, &reading);
    }
    free(ranges);
    return reading.rc ? reading.rc : rc;
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
