// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/controls_topic.h"

#include <hitstream/v1/controls.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "kafka/producer.h"
#include "kafka/tail.h"

#define ANCHOR_KEY "anchor"

enum {
    PARTS_MAX = HS_CONTROLS_FEED_OBJECT_MAX_BYTES / HS_CONTROLS_FEED_PART_BYTES,
    HASH_LEN = HS_CONTROLS_HASH_BYTES - 1,
    REACH_MS = 5000,      // before the caller says that the topic is away
    REACH_SLICE_MS = 500, // a stop waits no longer
};

struct hs_controls_topic {
    const struct hs_settings *settings; // borrowed
    bool (*alive)(void *ctx);
    void *alive_ctx;
    struct hs_kafka_producer *producer;     // made at the first write
    int topic_number;                       // of the producer
    unsigned failed;                        // deliveries since the last write began
    char (*hashes)[HS_CONTROLS_HASH_BYTES]; // with a manifest
    size_t hash_count;
    size_t hash_capacity;
    struct hs_position anchor;
    bool has_anchor;
};

// One object being put together.
struct fetch {
    const char *hash;
    struct hs_buf parts[PARTS_MAX];
    uint32_t part_count; // by the manifest; 0: none seen
    uint64_t size_bytes;
};

int hs_controls_topic_new(const struct hs_settings *settings, bool (*alive)(void *ctx), void *ctx,
                          struct hs_controls_topic **ret_topic)
{
    struct hs_controls_topic *topic = calloc(1, sizeof(*topic));
    if (!topic) {
        return HS_ENOMEM;
    }
    topic->settings = settings;
    topic->alive = alive;
    topic->alive_ctx = ctx;
    *ret_topic = topic;
    return 0;
}

void hs_controls_topic_free(struct hs_controls_topic *topic)
{
    if (topic) {
        hs_kafka_producer_free(topic->producer);
        free(topic->hashes);
        free(topic);
    }
}

bool hs_controls_topic_holds(const struct hs_controls_topic *topic, const char *hash)
{
    for (size_t i = 0; i < topic->hash_count; i++) {
        if (strcmp(topic->hashes[i], hash) == 0) {
            return true;
        }
    }
    return false;
}

bool hs_controls_topic_anchor(const struct hs_controls_topic *topic, struct hs_position *ret_anchor)
{
    if (topic->has_anchor) {
        *ret_anchor = topic->anchor;
    }
    return topic->has_anchor;
}

static void remember(struct hs_controls_topic *topic, struct hs_str hash)
{
    char text[HS_CONTROLS_HASH_BYTES];
    if (hash.len != HASH_LEN) {
        return;
    }
    memcpy(text, hash.ptr, HASH_LEN);
    text[HASH_LEN] = '\0';
    if (hs_controls_topic_holds(topic, text) || topic->hash_count == HS_CONTROLS_TOPIC_HASHES_MAX) {
        return;
    }
    if (topic->hash_count == topic->hash_capacity) {
        size_t capacity = topic->hash_capacity ? 2 * topic->hash_capacity : 16;
        void *grown = realloc(topic->hashes, capacity * sizeof(*topic->hashes));
        if (!grown) {
            return; // written again: no harm
        }
        topic->hashes = grown;
        topic->hash_capacity = capacity;
    }
    memcpy(topic->hashes[topic->hash_count++], text, sizeof(text));
}

static void read_anchor(struct hs_controls_topic *topic, struct hs_str value)
{
    Hitstream__V1__AuditAnchor *anchor =
        hitstream__v1__audit_anchor__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (!anchor) {
        return;
    }
    if (strlen(anchor->change_id) < HS_CHANGE_ID_BYTES &&
        strlen(anchor->change_hash) == HS_CHANGE_HASH_BYTES - 1 &&
        (!topic->has_anchor || hs_change_id_cmp(anchor->change_id, topic->anchor.id) >= 0)) {
        strcpy(topic->anchor.id, anchor->change_id);
        strcpy(topic->anchor.hash, anchor->change_hash);
        topic->has_anchor = true;
    }
    hitstream__v1__audit_anchor__free_unpacked(anchor, NULL);
}

static bool on_scanned(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_controls_topic *topic = ctx;
    if (message->value.len == 0) {
        topic->has_anchor = topic->has_anchor && !hs_str_is(message->key, ANCHOR_KEY);
    } else if (hs_str_is(message->key, ANCHOR_KEY)) {
        read_anchor(topic, message->value);
    } else if (message->key.len == HASH_LEN) {
        remember(topic, message->key);
    }
    return true;
}

// Until a broker knows the topic: asked in slices, so that a stop need not wait.
static int reach(struct hs_controls_topic *topic, struct hs_kafka_tail *tail, int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * 1000000;
    int32_t partitions;
    int rc;
    do {
        rc = hs_kafka_tail_partitions(tail, HS_KAFKA_CONTROLS, REACH_SLICE_MS, &partitions);
        if (!topic->alive(topic->alive_ctx)) {
            return HS_ECANCELED;
        }
    } while ((rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT) && hs_clock_monotonic_ns() < until_ns);
    return rc;
}

static int read_whole(struct hs_controls_topic *topic, int64_t timeout_ms,
                      hs_kafka_on_message *on_message, void *ctx)
{
    static const struct hs_kafka_events events;
    struct hs_kafka_tail *tail;
    const struct hs_kafka_range range = {.topic = HS_KAFKA_CONTROLS,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {
        .timeout_ms = timeout_ms, .idle = topic->alive, .idle_ctx = topic->alive_ctx};
    int rc = hs_kafka_tail_new(topic->settings, &events, &tail);
    if (rc < 0) {
        return rc;
    }
    rc = reach(topic, tail, REACH_MS < timeout_ms ? REACH_MS : timeout_ms);
    if (rc == 0) {
        rc = hs_kafka_tail_read(tail, &range, 1, &options, on_message, ctx);
    }
    hs_kafka_tail_free(tail);
    return rc;
}

int hs_controls_topic_scan(struct hs_controls_topic *topic, int64_t timeout_ms)
{
    return read_whole(topic, timeout_ms, on_scanned, topic);
}

static void fetch_manifest(struct fetch *fetch, struct hs_str value)
{
    Hitstream__V1__ControlsManifest *manifest =
        hitstream__v1__controls_manifest__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (manifest && strcmp(manifest->hash, fetch->hash) == 0 && manifest->parts <= PARTS_MAX) {
        fetch->part_count = manifest->parts;
        fetch->size_bytes = manifest->size_bytes;
    }
    hitstream__v1__controls_manifest__free_unpacked(manifest, NULL);
}

static void fetch_part(struct fetch *fetch, uint64_t number, struct hs_str value)
{
    Hitstream__V1__ControlsPart *part =
        hitstream__v1__controls_part__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (part && number < PARTS_MAX) {
        hs_buf_clear(&fetch->parts[number]); // the same again after a restart
        hs_buf_add(&fetch->parts[number], part->data.data, part->data.len);
    }
    hitstream__v1__controls_part__free_unpacked(part, NULL);
}

static bool on_fetched(void *ctx, const struct hs_kafka_message *message)
{
    struct fetch *fetch = ctx;
    struct hs_str key = message->key;
    if (key.len < HASH_LEN || memcmp(key.ptr, fetch->hash, HASH_LEN) != 0) {
        return true;
    }
    uint64_t number;
    if (key.len == HASH_LEN) {
        fetch_manifest(fetch, message->value);
    } else if (key.ptr[HASH_LEN] == '/' &&
               hs_str_to_u64(hs_str_n(key.ptr + HASH_LEN + 1, key.len - HASH_LEN - 1), &number) ==
                   0) {
        fetch_part(fetch, number, message->value);
    }
    return true;
}

static int join_parts(const struct fetch *fetch, struct hs_buf *out)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < fetch->part_count; i++) {
        if (hs_buf_status(&fetch->parts[i]) < 0) {
            return HS_ENOMEM;
        }
        size += fetch->parts[i].len;
    }
    if (fetch->part_count == 0 || size != fetch->size_bytes) {
        return HS_ENOTFOUND;
    }
    for (uint32_t i = 0; i < fetch->part_count; i++) {
        hs_buf_add_str(out, hs_buf_str(&fetch->parts[i]));
    }
    return hs_buf_status(out);
}

int hs_controls_topic_fetch(struct hs_controls_topic *topic, const char *hash, int64_t timeout_ms,
                            struct hs_buf *out)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));
    if (!fetch) {
        return HS_ENOMEM;
    }
    fetch->hash = hash;
    int rc = read_whole(topic, timeout_ms, on_fetched, fetch);
    if (rc == 0) {
        rc = join_parts(fetch, out);
    }
    for (size_t i = 0; i < PARTS_MAX; i++) {
        hs_buf_fini(&fetch->parts[i]);
    }
    free(fetch);
    return rc;
}

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct hs_controls_topic *topic = ctx;
    topic->failed += delivery->status != HS_DELIVERY_ACKED;
}

static int producer_ready(struct hs_controls_topic *topic, int64_t timeout_ms)
{
    const struct hs_kafka_producer_events events = {.ctx = topic, .delivered = on_delivered};
    if (topic->producer) {
        return 0;
    }
    int rc = hs_kafka_producer_new(topic->settings, &events, &topic->producer);
    if (rc == 0) {
        int64_t reach_ms = REACH_MS < timeout_ms ? REACH_MS : timeout_ms;
        rc = hs_kafka_producer_topic(topic->producer, HS_KAFKA_CONTROLS, reach_ms,
                                     &topic->topic_number);
        if (rc < 0) {
            hs_kafka_producer_free(topic->producer);
            topic->producer = NULL;
        }
    }
    return rc;
}

static int produce(struct hs_controls_topic *topic, struct hs_str key, struct hs_str value)
{
    const struct hs_kafka_record record = {.topic = topic->topic_number,
                                           .partition = HS_KAFKA_PARTITION_BY_KEY,
                                           .key = key,
                                           .value = value};
    return hs_kafka_producer_produce(topic->producer, &record);
}

// Until all is acknowledged, in slices so that the thread is seen to be alive.
static int settle(struct hs_controls_topic *topic, int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * 1000000;
    int rc;
    do {
        rc = hs_kafka_producer_flush(topic->producer, 100);
    } while (rc == HS_ETIMEDOUT && hs_clock_monotonic_ns() < until_ns &&
             topic->alive(topic->alive_ctx));
    if (rc == 0 && topic->failed > 0) {
        rc = HS_EIO;
    }
    if (rc < 0) {
        hs_kafka_producer_free(topic->producer);
        topic->producer = NULL;
    }
    topic->failed = 0;
    return rc;
}

static int produce_part(struct hs_controls_topic *topic, const char *hash, size_t number,
                        struct hs_str data)
{
    Hitstream__V1__ControlsPart part = HITSTREAM__V1__CONTROLS_PART__INIT;
    char key[HS_CONTROLS_HASH_BYTES + 16];
    part.data.len = data.len;
    part.data.data = (uint8_t *)(uintptr_t)data.ptr;
    size_t size = hitstream__v1__controls_part__get_packed_size(&part);
    uint8_t *packed = malloc(size);
    if (!packed) {
        return HS_ENOMEM;
    }
    hitstream__v1__controls_part__pack(&part, packed);
    snprintf(key, sizeof(key), "%s/%zu", hash, number);
    int rc = produce(topic, hs_str(key), hs_str_n(packed, size));
    free(packed);
    return rc;
}

static int produce_manifest(struct hs_controls_topic *topic, const char *hash, size_t parts,
                            size_t size_bytes)
{
    Hitstream__V1__ControlsManifest manifest = HITSTREAM__V1__CONTROLS_MANIFEST__INIT;
    char text[HS_CONTROLS_HASH_BYTES];
    uint8_t packed[HS_CONTROLS_HASH_BYTES + 64];
    snprintf(text, sizeof(text), "%s", hash);
    manifest.hash = text;
    manifest.parts = (uint32_t)parts;
    manifest.size_bytes = size_bytes;
    size_t len = hitstream__v1__controls_manifest__pack(&manifest, packed);
    return produce(topic, hs_str(text), hs_str_n(packed, len));
}

int hs_controls_topic_write(struct hs_controls_topic *topic, const char *hash, struct hs_str packed,
                            int64_t timeout_ms)
{
    size_t parts = 0;
    if (packed.len > HS_CONTROLS_FEED_OBJECT_MAX_BYTES) {
        return HS_ELIMIT;
    }
    int rc = producer_ready(topic, timeout_ms);
    for (size_t at = 0; rc == 0 && at < packed.len; at += HS_CONTROLS_FEED_PART_BYTES) {
        size_t len = packed.len - at;
        len = len < HS_CONTROLS_FEED_PART_BYTES ? len : HS_CONTROLS_FEED_PART_BYTES;
        rc = produce_part(topic, hash, parts++, hs_str_n(packed.ptr + at, len));
    }
    if (rc == 0) {
        rc = settle(topic, timeout_ms);
    }
    if (rc == 0) {
        rc = produce_manifest(topic, hash, parts, packed.len);
    }
    if (rc == 0) {
        rc = settle(topic, timeout_ms);
    }
    if (rc == 0) {
        remember(topic, hs_str(hash));
    }
    return rc;
}

int hs_controls_topic_write_anchor(struct hs_controls_topic *topic,
                                   const struct hs_position *anchor, int64_t at_ms,
                                   int64_t timeout_ms)
{
    Hitstream__V1__AuditAnchor message = HITSTREAM__V1__AUDIT_ANCHOR__INIT;
    struct hs_position copy = *anchor;
    uint8_t packed[sizeof(copy) + 64];
    message.change_id = copy.id;
    message.change_hash = copy.hash;
    message.at_ms = at_ms;
    size_t len = hitstream__v1__audit_anchor__pack(&message, packed);
    int rc = producer_ready(topic, timeout_ms);
    if (rc == 0) {
        rc = produce(topic, HS_STR(ANCHOR_KEY), hs_str_n(packed, len));
    }
    if (rc == 0) {
        rc = settle(topic, timeout_ms);
    }
    if (rc == 0) {
        topic->anchor = *anchor;
        topic->has_anchor = true;
    }
    return rc;
}
