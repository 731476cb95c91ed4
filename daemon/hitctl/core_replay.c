// SPDX-License-Identifier: Apache-2.0
#include "hitctl/core_replay.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/error.h"
#include "config/file.h"
#include "correlate/vehicle_state.h"
#include "hitctl/stream.h"

enum {
    READ_TIMEOUT_MS = 3600000, // for one partition
    TIMERS_A_STEP = 1000,
    HASHES_MAX = 64, // controls that one stretch knows at the same time
};

typedef Hitstream__V1__VehicleEvent pb_event;

// ---- keys ----

static bool read_key(const char *path, const char *name, struct hs_buf *text)
{
    int rc = hs_file_read_secret(path, text);
    if (rc < 0) {
        hitctl_error(
            "%s '%s' cannot be read: %s; ids and reply tokens cannot be made again without "
            "it",
            name, path, hs_strerror(rc));
    }
    return rc == 0;
}

static void wipe(struct hs_buf *text)
{
    if (text->ptr) {
        sodium_memzero(text->ptr, text->capacity);
    }
    hs_buf_fini(text);
}

int hitctl_keys_open(const struct hitctl *ctl, struct hitctl_keys *ret_keys)
{
    struct hs_buf id = {0}, token = {0};
    bool ok = read_key(ctl->settings->id_key_file, "keys.id_file", &id) &&
              read_key(ctl->settings->token_key_file, "keys.token_file", &token);
    if (ok && (hs_id_key_parse(hs_buf_str(&id), &ret_keys->id) != 0 ||
               hs_token_key_parse(hs_buf_str(&token), &ret_keys->token) != 0)) {
        hitctl_error("keys.id_file or keys.token_file is no key: 64 hex digits are allowed");
        ok = false;
    }
    wipe(&id);
    wipe(&token);
    return ok ? HITCTL_OK : HITCTL_CONFIG;
}

void hitctl_keys_wipe(struct hitctl_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}

// ---- the log ----

struct reading {
    hitctl_log_fn *fn;
    void *ctx;
    bool ended; // by fn
};

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct reading *reading = ctx;
    struct hitctl_log_event event = {
        .partition = message->partition,
        .offset = message->offset,
        .append_time_ms = hs_kafka_message_time_ms(message, NULL),
        .key = message->key,
        .value = message->value,
    };
    hs_kafka_message_header(message, "traceparent", &event.traceparent);
    reading->ended = !reading->fn(reading->ctx, &event);
    return !reading->ended && !hitctl_interrupted();
}

int hitctl_log_read(struct hs_kafka_tail *tail, int32_t partition, int64_t from_ms,
                    hitctl_log_fn *fn, void *ctx)
{
    struct reading reading = {.fn = fn, .ctx = ctx};
    const struct hs_kafka_range range = {.topic = HS_KAFKA_HITS,
                                         .partition = partition,
                                         .from_time_ms = from_ms > 0 ? from_ms : 0,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int rc = hs_kafka_tail_read(tail, &range, 1, &options, on_message, &reading);
    return rc == HS_ECANCELED && reading.ended ? 0 : rc;
}

int64_t hitctl_log_warm_ms(const struct hs_controls *controls)
{
    return HS_STATE_KEEP_MS + hs_rules_longest_ms(hs_controls_rules(controls));
}

static const Hitstream__V1__Audience *audience_of(const pb_event *event)
{
    switch (event->event_case) {
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT:
        return event->hit->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS:
        return event->companions->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK:
        return event->feedback->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_TIMER_FIRED:
        return event->timer_fired->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_ENTRY_WITHDRAWN:
        return event->entry_withdrawn->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_EXCLUSION_STORED:
        return event->exclusion_stored->audience;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_LIST_FLOODS:
        return event->list_floods->audience;
    default:
        return NULL;
    }
}

int hitctl_event_audience(const pb_event *event, struct hs_audience *ret_audience)
{
    const Hitstream__V1__Audience *audience = audience_of(event);
    return audience ? hs_audience_of(audience, ret_audience) : HS_ENOTFOUND;
}

const char *hitctl_event_name(const pb_event *event)
{
    switch (event->event_case) {
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT:
        return "hit";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS:
        return "companions";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK:
        return "feedback";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_TIMER_FIRED:
        return "timer fired";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_ENTRY_WITHDRAWN:
        return "entry withdrawn";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_EXCLUSION_STORED:
        return "exclusion stored";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_LIST_FLOODS:
        return "list floods";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER:
        return "took over";
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED:
        return "controls activated";
    default:
        return "event of a later version";
    }
}

// ---- the core ----

// An event of the core's own that waits to be applied.
struct own_event {
    struct own_event *next;
    size_t len;
    char bytes[];
};

struct hitctl_replay {
    struct hitctl_replay_config config;
    struct hs_correlator *correlator;
    uint64_t offset; // of the next record: the log's own do not matter to what is told
    struct own_event *own;
    struct own_event **own_end;
    struct hs_controls *known[HASHES_MAX];               // with other rules, the newest asked for
    char known_hash[HASHES_MAX][HS_CONTROLS_HASH_BYTES]; // of the log's object
    size_t known_count;
    int status; // of a callback that gave up
};

static struct hs_controls *with_rules(struct hitctl_replay *replay, const char *hash)
{
    for (size_t i = 0; i < replay->known_count; i++) {
        if (strcmp(replay->known_hash[i], hash) == 0) {
            return hs_controls_ref(replay->known[i]);
        }
    }
    struct hs_controls *controls =
        controls_book_get_with(replay->config.book, hash, replay->config.rules);
    if (controls && replay->known_count < HASHES_MAX) {
        snprintf(replay->known_hash[replay->known_count], HS_CONTROLS_HASH_BYTES, "%s", hash);
        replay->known[replay->known_count++] = hs_controls_ref(controls);
    }
    return controls;
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct hitctl_replay *replay = ctx;
    return replay->config.rules.ptr ? with_rules(replay, hash)
                                    : controls_book_get(replay->config.book, hash);
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    struct hitctl_replay *replay = ctx;
    replay->config.alert(replay->config.ctx, alert);
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    struct hitctl_replay *replay = ctx;
    struct own_event *own = malloc(sizeof(*own) + event.len);
    (void)key;
    if (!own) {
        replay->status = HS_ENOMEM;
        return;
    }
    *own = (struct own_event){.len = event.len};
    memcpy(own->bytes, event.ptr, event.len);
    *replay->own_end = own;
    replay->own_end = &own->next;
}

int hitctl_replay_new(const struct hitctl_replay_config *config, struct hitctl_replay **ret_replay)
{
    struct hitctl_replay *replay = calloc(1, sizeof(*replay));
    if (!replay) {
        return HS_ENOMEM;
    }
    replay->config = *config;
    replay->own_end = &replay->own;
    const struct hs_correlator_config core = {
        .id_key = config->keys.id,
        .token_key = config->keys.token,
        .controls_lookup = lookup,
        .controls_ctx = replay,
        .sink = {.ctx = replay, .alert = on_alert, .append = on_append},
    };
    int rc = hs_correlator_new(&core, &replay->correlator);
    if (rc != 0) {
        free(replay);
        return rc;
    }
    *ret_replay = replay;
    return 0;
}

static struct own_event *take_own(struct hitctl_replay *replay)
{
    struct own_event *own = replay->own;
    if (own) {
        replay->own = own->next;
        replay->own_end = replay->own ? replay->own_end : &replay->own;
    }
    return own;
}

void hitctl_replay_free(struct hitctl_replay *replay)
{
    if (!replay) {
        return;
    }
    hs_correlator_free(replay->correlator);
    for (struct own_event *own = take_own(replay); own; own = take_own(replay)) {
        free(own);
    }
    for (size_t i = 0; i < replay->known_count; i++) {
        hs_controls_unref(replay->known[i]);
    }
    hitctl_keys_wipe(&replay->config.keys);
    free(replay);
}

static int apply(struct hitctl_replay *replay, int64_t at_ms, struct hs_str value,
                 struct hs_str traceparent)
{
    const struct hs_log_record record = {.offset = replay->offset++,
                                         .append_time_ms = at_ms,
                                         .value = value,
                                         .traceparent = traceparent};
    int rc = hs_correlator_apply(replay->correlator, &record, NULL);
    rc = replay->status ? replay->status : rc;
    return rc == HS_EAGAIN ? HS_ENOTFOUND : rc == HS_EFORMAT ? 0 : rc;
}

int hitctl_replay_begin(struct hitctl_replay *replay, const char *controls_hash, int64_t at_ms)
{
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    pb_event event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    char hash[HS_CONTROLS_HASH_BYTES];
    uint8_t packed[HS_CONTROLS_HASH_BYTES + 32];
    snprintf(hash, sizeof(hash), "%s", controls_hash);
    activated.hash = hash;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    size_t len = hitstream__v1__vehicle_event__pack(&event, packed);
    return apply(replay, at_ms, hs_str_n(packed, len), hs_str(""));
}

int hitctl_replay_until(struct hitctl_replay *replay, int64_t at_ms)
{
    int rc = 0;
    int64_t due_ms = hs_correlator_next_due_ms(replay->correlator);
    while (rc == 0 && due_ms <= at_ms) {
        hs_correlator_due(replay->correlator, due_ms, TIMERS_A_STEP);
        struct own_event *own;
        while (rc == 0 && (own = take_own(replay))) {
            rc = apply(replay, due_ms, hs_str_n(own->bytes, own->len), hs_str(""));
            free(own);
        }
        due_ms = hs_correlator_next_due_ms(replay->correlator);
    }
    return rc;
}

int hitctl_replay_apply(struct hitctl_replay *replay, const struct hitctl_log_event *event,
                        const pb_event *unpacked)
{
    int rc = replay->config.own_timers ? hitctl_replay_until(replay, event->append_time_ms) : 0;
    if (rc != 0 || (replay->config.own_timers &&
                    unpacked->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_TIMER_FIRED)) {
        return rc;
    }
    return apply(replay, event->append_time_ms, event->value, event->traceparent);
}

int hitctl_replay_count(struct hitctl_replay *replay, const struct hitctl_log_event *event)
{
    return hs_correlator_count(replay->correlator, event->value);
}
