// SPDX-License-Identifier: Apache-2.0
#include "support/offline.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

struct hs_offline_state {
    struct hs_str key;   // owned
    struct hs_str value; // owned; empty: a tombstone
    uint64_t epoch;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "offline: %s\n", what);
    abort();
}

static struct hs_str copy(struct hs_str text)
{
    char *to = malloc(text.len + 1);
    if (!to) {
        die("out of memory");
    }
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    to[text.len] = '\0';
    return hs_str_n(to, text.len);
}

static void drop(struct hs_str text)
{
    free((char *)(uintptr_t)text.ptr);
}

// Room for one more row.
static void *room(void *rows, size_t count, size_t *capacity, size_t row_bytes)
{
    if (count < *capacity) {
        return rows;
    }
    *capacity = *capacity ? *capacity * 2 : 64;
    rows = realloc(rows, *capacity * row_bytes);
    if (!rows) {
        die("out of memory");
    }
    return rows;
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct hs_offline *offline = ctx;
    for (size_t i = 0; i < offline->controls_count; i++) {
        if (strcmp(hs_controls_hash(offline->controls[i]), hash) == 0) {
            return hs_controls_ref(offline->controls[i]);
        }
    }
    return NULL;
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    struct hs_offline *offline = ctx;
    struct hs_buf headers = {0};
    for (size_t i = 0; i < alert->headers->count; i++) {
        struct hs_header header = hs_headers_get(alert->headers, i);
        hs_buf_printf(&headers, "%s: %.*s\n", header.name, HS_STR_ARG(header.value));
    }
    offline->alerts = room(offline->alerts, offline->alert_count, &offline->alert_capacity,
                           sizeof(*offline->alerts));
    struct hs_str queue = alert->queue ? alert->queue->name : HS_STR("unrouted");
    offline->alerts[offline->alert_count++] = (struct hs_offline_alert){
        .id = alert->id,
        .incident = alert->incident,
        .queue = hs_str_dup(queue),
        .payload = copy(alert->payload),
        .headers = copy(hs_buf_str(&headers)),
        .offset = offline->offset,
        .covert = alert->covert,
    };
    hs_buf_fini(&headers);
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    struct hs_offline *offline = ctx;
    (void)key;
    offline->appended = room(offline->appended, offline->appended_count,
                             &offline->appended_capacity, sizeof(*offline->appended));
    offline->appended[offline->appended_count++] = (struct hs_offline_event){.value = copy(event)};
}

// What is told again after a restart has the same id, and counts once.
static void on_observe(void *ctx, struct hs_str site, const struct hs_id *id,
                       struct hs_str observation)
{
    struct hs_offline *offline = ctx;
    (void)site;
    for (size_t i = 0; i < offline->observed_count; i++) {
        if (hs_id_eq(&offline->observed_ids[i], id)) {
            return;
        }
    }
    offline->observed_ids = room(offline->observed_ids, offline->observed_count,
                                 &offline->observed_capacity, sizeof(*offline->observed_ids));
    offline->observed_ids[offline->observed_count++] = *id;
    hs_buf_add_str(&offline->observed, observation);
}

static void make_correlator(struct hs_offline *offline)
{
    struct hs_correlator_config config = {
        .id_key = offline->id_key,
        .token_key = offline->token_key,
        .controls_lookup = lookup,
        .controls_ctx = offline,
        .sink = {.ctx = offline, .alert = on_alert, .append = on_append, .observe = on_observe},
        .vehicles_max = offline->vehicles_max,
    };
    hs_correlator_free(offline->correlator);
    if (hs_correlator_new(&config, &offline->correlator) != 0) {
        die("out of memory");
    }
}

struct hs_offline *hs_offline_new(void)
{
    struct hs_offline *offline = calloc(1, sizeof(*offline));
    if (!offline) {
        die("out of memory");
    }
    memset(&offline->id_key, 0x11, sizeof(offline->id_key));
    memset(&offline->token_key, 0x22, sizeof(offline->token_key));
    make_correlator(offline);
    return offline;
}

void hs_offline_keys(struct hs_offline *offline, const struct hs_id_key *id_key,
                     const struct hs_token_key *token_key)
{
    offline->id_key = *id_key;
    offline->token_key = *token_key;
    make_correlator(offline);
}

void hs_offline_forget(struct hs_offline *offline, size_t count)
{
    while (offline->alert_count > count) {
        struct hs_offline_alert *alert = &offline->alerts[--offline->alert_count];
        free(alert->queue);
        drop(alert->payload);
        drop(alert->headers);
    }
}

void hs_offline_free(struct hs_offline *offline)
{
    if (!offline) {
        return;
    }
    hs_correlator_free(offline->correlator);
    hs_offline_forget(offline, 0);
    for (size_t i = 0; i < offline->appended_count; i++) {
        drop(offline->appended[i].value);
    }
    for (size_t i = 0; i < offline->state_count; i++) {
        drop(offline->states[i].key);
        drop(offline->states[i].value);
    }
    for (size_t i = 0; i < offline->controls_count; i++) {
        hs_controls_unref(offline->controls[i]);
    }
    free(offline->controls);
    free(offline->alerts);
    free(offline->appended);
    free(offline->observed_ids);
    hs_buf_fini(&offline->observed);
    free(offline->states);
    free(offline);
}

void hs_offline_know(struct hs_offline *offline, struct hs_controls *controls)
{
    offline->controls =
        realloc(offline->controls, (offline->controls_count + 1) * sizeof(struct hs_controls *));
    if (!offline->controls) {
        die("out of memory");
    }
    offline->controls[offline->controls_count++] = controls;
}

int hs_offline_apply(struct hs_offline *offline, uint64_t offset, int64_t append_time_ms,
                     struct hs_str value, struct hs_str traceparent)
{
    struct hs_log_record record = {.offset = offset,
                                   .append_time_ms = append_time_ms,
                                   .value = value,
                                   .traceparent = traceparent};
    enum hs_applied applied = HS_APPLIED_OTHER;
    offline->offset = offset;
    int rc = hs_correlator_apply(offline->correlator, &record, &applied);
    if (rc == 0 && applied == HS_APPLIED_TOOK_OVER) {
        offline->epoch = offset;
    }
    return rc;
}

static void put_state(struct hs_offline *offline, struct hs_str key, struct hs_str value)
{
    for (size_t i = 0; i < offline->state_count; i++) {
        if (hs_str_eq(offline->states[i].key, key)) {
            drop(offline->states[i].value);
            offline->states[i].value = copy(value);
            offline->states[i].epoch = offline->epoch;
            return;
        }
    }
    offline->states = room(offline->states, offline->state_count, &offline->state_capacity,
                           sizeof(*offline->states));
    offline->states[offline->state_count++] =
        (struct hs_offline_state){copy(key), copy(value), offline->epoch};
}

struct writing {
    struct hs_offline *offline;
    size_t left; // records that still reach the topic
};

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    struct writing *writing = ctx;
    if (writing->left > 0) {
        writing->left--;
        put_state(writing->offline, key, value);
    }
}

void hs_offline_checkpoint(struct hs_offline *offline, size_t records)
{
    struct writing writing = {offline, records};
    if (hs_correlator_checkpoint(offline->correlator, offline->epoch, 1, on_record, &writing) !=
        0) {
        die("checkpoint failed");
    }
}

struct hs_str hs_offline_state(const struct hs_offline *offline, const char *key)
{
    for (size_t i = 0; i < offline->state_count; i++) {
        if (hs_str_is(offline->states[i].key, key)) {
            return offline->states[i].value;
        }
    }
    return (struct hs_str){NULL, 0};
}

uint64_t hs_offline_restart(struct hs_offline *offline)
{
    make_correlator(offline);
    for (size_t i = 0; i < offline->state_count; i++) {
        struct hs_state_record record = {.key = offline->states[i].key,
                                         .value = offline->states[i].value,
                                         .epoch = offline->states[i].epoch};
        if (hs_correlator_restore(offline->correlator, &record) != 0) {
            die("restore failed");
        }
    }
    if (hs_correlator_restored(offline->correlator) != 0) {
        die("restored failed");
    }
    return hs_correlator_next_offset(offline->correlator);
}

struct holding {
    struct hs_offline *offline;
    bool hold;
};

static void compare_record(void *ctx, struct hs_str key, struct hs_str value)
{
    struct holding *holding = ctx;
    for (size_t i = 0; i < holding->offline->state_count; i++) {
        const struct hs_offline_state *state = &holding->offline->states[i];
        if (hs_str_eq(state->key, key) && !hs_str_is(key, HS_PARTITION_STATE_KEY) &&
            state->epoch == holding->offline->epoch && !hs_str_eq(state->value, value)) {
            holding->hold = false;
        }
    }
}

bool hs_offline_states_hold(struct hs_offline *offline)
{
    struct holding holding = {offline, true};
    for (size_t i = 0; i < offline->state_count; i++) {
        hs_correlator_overwritten(offline->correlator, offline->states[i].key);
    }
    if (hs_correlator_checkpoint(offline->correlator, offline->epoch, 1, compare_record,
                                 &holding) != 0) {
        die("checkpoint failed");
    }
    return holding.hold;
}

const struct hs_offline_alert *hs_offline_find(const struct hs_offline *offline,
                                               const struct hs_id *id)
{
    for (size_t i = 0; i < offline->alert_count; i++) {
        if (hs_id_eq(&offline->alerts[i].id, id)) {
            return &offline->alerts[i];
        }
    }
    return NULL;
}

bool hs_offline_same(const struct hs_offline_alert *a, const struct hs_offline_alert *b)
{
    return hs_id_eq(&a->id, &b->id) && strcmp(a->queue, b->queue) == 0 &&
           hs_str_eq(a->payload, b->payload) && hs_str_eq(a->headers, b->headers);
}
