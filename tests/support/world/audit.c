// SPDX-License-Identifier: Apache-2.0
#include "support/world/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "support/kafka_util.h"
#include "support/offline.h"
#include "wire/json.h"

enum { READ_MS = 60000 };

// One alert on one queue.
struct told {
    struct hs_id id;
    char queue[AUDIT_QUEUE_BYTES];
    uint64_t bytes;         // hash of the payload; not compared with where it stands
    int64_t offset;         // found: where it stands; not compared
    int64_t at_ms;          // found: its LogAppendTime; not compared
    int64_t captured_at_ms; // found: of the read that it tells of, 0 for others; not compared
    char what[96];          // found: what it says; not compared
};

struct told_list {
    struct told *rows;
    size_t count, capacity;
};

static struct told *add(struct told_list *list, const struct hs_id *id, struct hs_str queue)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 4096;
        list->rows = realloc(list->rows, list->capacity * sizeof(*list->rows));
        assert_non_null(list->rows);
    }
    struct told *row = &list->rows[list->count++];
    memset(row, 0, sizeof(*row)); // compared whole
    row->id = *id;
    assert_true(queue.len < AUDIT_QUEUE_BYTES);
    memcpy(row->queue, queue.ptr, queue.len);
    return row;
}

enum { FAULTS_SHOWN = 5 };

// The first few of a kind, for whoever looks for the cause.
static void show(const char *what, size_t number, const struct told *row, const struct told *first)
{
    char id[HS_ID_TEXT_BYTES];
    if (number < FAULTS_SHOWN) {
        hs_id_text(&row->id, id);
        fprintf(stderr, "%s: %s on '%s' at %lld, %lld ms, %s", what, id, row->queue,
                (long long)row->offset, (long long)row->at_ms, row->what);
        if (first) {
            fprintf(stderr, "; first at %lld, %lld ms", (long long)first->offset,
                    (long long)first->at_ms);
        }
        fputc('\n', stderr);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, offsetof(struct told, bytes));
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hs_id));
}

static bool has_id(const struct told_list *list, const struct hs_id *id)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (memcmp(&list->rows[middle].id, id, sizeof(*id)) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < list->count && memcmp(&list->rows[low].id, id, sizeof(*id)) == 0;
}

// The offline correlators, one a partition, and the hits that they saw.
struct offline {
    struct hs_offline *partitions[WORLD_PARTITIONS];
    struct hs_id *hits;
    size_t hit_count;
};

static void note_event(struct offline *offline, const struct hs_test_message *message,
                       struct audit *audit)
{
    Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
        NULL, message->value.len, (const uint8_t *)message->value.ptr);
    assert_non_null(event);
    if (event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT) {
        assert_int_equal(event->hit->hit_id.len, HS_ID_BYTES);
        struct audit_record *record = &audit->records[audit->record_count++];
        record->captured_at_ms = event->hit->captured_at_ms;
        record->recorded_at_ms = message->timestamp_ms;
        memcpy(record->hit.bytes, event->hit->hit_id.data, HS_ID_BYTES);
        offline->hits[offline->hit_count++] = record->hit;
    } else {
        audit->own_events++;
        audit->feedback += event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK;
    }
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
}

static void replay(const struct world *world, struct offline *offline, struct audit *audit)
{
    struct hs_test_messages log = {0};
    assert_int_equal(hs_test_topic_read(world->bootstrap, "anpr.hits", READ_MS, &log), 0);
    offline->hits = calloc(log.count + 1, sizeof(*offline->hits));
    audit->records = calloc(log.count + 1, sizeof(*audit->records));
    assert_true(offline->hits && audit->records);
    for (size_t p = 0; p < WORLD_PARTITIONS; p++) {
        offline->partitions[p] = hs_offline_new();
        hs_offline_keys(offline->partitions[p], &world->id_key, &world->token_key);
        for (size_t i = 0; i < WORLD_CONTROLS && world->controls[i]; i++) {
            hs_offline_know(offline->partitions[p], hs_controls_ref(world->controls[i]));
        }
    }
    for (size_t i = 0; i < log.count; i++) {
        const struct hs_test_message *m = &log.rows[i];
        note_event(offline, m, audit);
        int r = hs_offline_apply(offline->partitions[m->partition], (uint64_t)m->offset,
                                 m->timestamp_ms, m->value, hs_test_header(m, "traceparent"));
        assert_int_equal(r, 0);
    }
    hs_test_messages_fini(&log);
}

static uint64_t hash_of(struct hs_str bytes)
{
    return hs_hash_bytes(bytes.ptr, bytes.len, 0);
}

// What it says, as its queue has it, and of which kind it is.
static uint64_t look_at(const struct world *world, const struct hs_offline_alert *told,
                        struct audit *audit)
{
    struct hs_buf json = {0};
    const struct hs_queue *queue = hs_routes_find(
        hs_controls_routes(world->controls[WORLD_CONTROLS_RIGHT]), hs_str(told->queue));
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    assert_non_null(alert);
    audit->stand_downs += alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN;
    audit->escalations += alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED;
    audit->handed_over += alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER;
    audit->pairs += alert->finding && strcmp(alert->finding->rule, "together") == 0;
    if (queue && queue->format == HS_PAYLOAD_JSON) {
        hs_json_print(&alert->base, &json);
    }
    uint64_t hash = hash_of(json.len > 0 ? hs_buf_str(&json) : told->payload);
    hs_buf_fini(&json);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    return hash;
}

static void collect_expected(const struct world *world, struct offline *offline,
                             struct told_list *expected, struct audit *audit)
{
    for (size_t p = 0; p < WORLD_PARTITIONS; p++) {
        const struct hs_offline *o = offline->partitions[p];
        for (size_t i = 0; i < o->alert_count; i++) {
            struct told *row = add(expected, &o->alerts[i].id, hs_str(o->alerts[i].queue));
            row->bytes = look_at(world, &o->alerts[i], audit);
        }
        hs_offline_free(offline->partitions[p]);
    }
    qsort(expected->rows, expected->count, sizeof(*expected->rows), compare);
}

// What it says in short, for whoever looks for the reason.
static void describe(const struct hs_test_message *message, struct told *row)
{
    struct hs_str value = message->value;
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    if (alert) { // else JSON
        snprintf(row->what, sizeof(row->what), "%s %d of '%s' by hit at %lld", alert->rule,
                 alert->kind, alert->entry ? alert->entry->vrm : "",
                 (long long)alert->captured_at_ms);
        if (alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED ||
            alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED) {
            row->captured_at_ms = alert->captured_at_ms;
        }
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

static void collect_messages(const struct hs_test_messages *messages, const char *name,
                             struct told_list *found)
{
    for (size_t i = 0; i < messages->count; i++) {
        struct hs_id id;
        struct hs_str type = hs_test_header(&messages->rows[i], "ce_type");
        assert_true(hs_str_is(type, "hitstream.v1.Alert"));
        assert_int_equal(hs_id_parse(hs_test_header(&messages->rows[i], "ce_id"), &id), 0);
        struct told *row = add(found, &id, hs_str(name));
        row->bytes = hash_of(messages->rows[i].value);
        row->offset = messages->rows[i].offset;
        row->at_ms = messages->rows[i].timestamp_ms;
        describe(&messages->rows[i], row);
    }
}

static void collect_topic(const struct world *world, const char *prefix, struct hs_str queue,
                          const char *queue_name_prefix, struct told_list *found)
{
    char topic[128], name[128];
    struct hs_test_messages messages = {0};
    snprintf(topic, sizeof(topic), "%s%.*s", prefix, HS_STR_ARG(queue));
    snprintf(name, sizeof(name), "%s%.*s", queue_name_prefix, HS_STR_ARG(queue));
    assert_int_equal(hs_test_topic_read(world->bootstrap, topic, READ_MS, &messages), 0);
    collect_messages(&messages, name, found);
    hs_test_messages_fini(&messages);
    if (strcmp(topic, world->kept_topic) == 0) {
        collect_messages(&world->kept, name, found);
    }
}

static void collect_found(const struct world *world, struct told_list *found)
{
    const struct hs_routes *routes = hs_controls_routes(world->controls[WORLD_CONTROLS_RIGHT]);
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind == HS_QUEUE_OPS) {
            continue; // the system's own alarms: not of a hit
        }
        collect_topic(world, "dispatch.", queue->name, "", found);
        collect_topic(world, "undelivered.", queue->name, "undelivered.", found);
    }
    collect_topic(world, "dispatch.", HS_STR("unrouted"), "", found);
    qsort(found->rows, found->count, sizeof(*found->rows), compare);
}

static void judge_alerts(const struct told_list *expected, const struct told_list *found,
                         struct audit *audit)
{
    size_t e = 0, f = 0;
    while (e < expected->count || f < found->count) {
        int order = e == expected->count ? 1
                    : f == found->count  ? -1
                                         : compare(&expected->rows[e], &found->rows[f]);
        if (order == 0) {
            size_t first = f++;
            if (expected->rows[e].bytes != found->rows[first].bytes) {
                show("other bytes", audit->altered++, &found->rows[first], NULL);
            }
            while (f < found->count && compare(&expected->rows[e], &found->rows[f]) == 0) {
                show("repeated", audit->repeated++, &found->rows[f++], &found->rows[first]);
            }
            e++;
        } else if (order < 0) {
            show("missing", audit->missing++, &expected->rows[e++], NULL);
        } else {
            if (has_id(expected, &found->rows[f].id)) {
                show("wrong queue", audit->wrong_queue++, &found->rows[f], NULL);
            } else {
                show("unexpected", audit->unexpected++, &found->rows[f], NULL);
            }
            f++;
        }
    }
    audit->expected = expected->count;
    audit->found = found->count;
}

static void collect_tellings(const struct told_list *found, struct audit *audit)
{
    audit->tellings = calloc(found->count + 1, sizeof(*audit->tellings));
    assert_non_null(audit->tellings);
    for (size_t i = 0; i < found->count; i++) {
        const struct told *row = &found->rows[i];
        if (row->captured_at_ms > 0) {
            struct audit_telling *telling = &audit->tellings[audit->telling_count++];
            *telling = (struct audit_telling){.captured_at_ms = row->captured_at_ms,
                                              .told_at_ms = row->at_ms};
            memcpy(telling->queue, row->queue, sizeof(telling->queue));
        }
    }
}

static int compare_records(const void *a, const void *b)
{
    const struct audit_record *x = a, *y = b;
    int order = memcmp(&x->hit, &y->hit, sizeof(x->hit));
    return order
               ? order
               : (x->recorded_at_ms > y->recorded_at_ms) - (x->recorded_at_ms < y->recorded_at_ms);
}

// Of a hit that was recorded again, the first stays.
static void keep_first_records(struct audit *audit)
{
    size_t kept = 0;
    qsort(audit->records, audit->record_count, sizeof(*audit->records), compare_records);
    for (size_t i = 0; i < audit->record_count; i++) {
        if (kept == 0 || !hs_id_eq(&audit->records[kept - 1].hit, &audit->records[i].hit)) {
            audit->records[kept++] = audit->records[i];
        }
    }
    audit->record_count = kept;
}

void audit_fini(struct audit *audit)
{
    free(audit->records);
    audit->records = NULL;
    free(audit->tellings);
    audit->tellings = NULL;
}

static void judge_hits(const struct feeder *feeder, struct offline *offline, struct audit *audit)
{
    qsort(offline->hits, offline->hit_count, sizeof(*offline->hits), compare_ids);
    audit->hits_expected = feeder->hit_count;
    audit->hits_in_log = offline->hit_count;
    for (size_t i = 0; i < feeder->hit_count; i++) {
        audit->hits_missing += bsearch(&feeder->hits[i], offline->hits, offline->hit_count,
                                       sizeof(struct hs_id), compare_ids) == NULL;
    }
}

void audit_run(const struct world *world, const struct feeder *feeder, const char *name,
               struct audit *ret_audit)
{
    struct audit audit = {0};
    struct offline offline = {0};
    struct told_list expected = {0}, found = {0};
    replay(world, &offline, &audit);
    judge_hits(feeder, &offline, &audit);
    keep_first_records(&audit);
    collect_expected(world, &offline, &expected, &audit);
    collect_found(world, &found);
    judge_alerts(&expected, &found, &audit);
    collect_tellings(&found, &audit);
    printf("%s: reads %zu, hits expected %zu missing %zu in log %zu, own events %zu, alerts "
           "expected %zu found %zu "
           "missing %zu repeated %zu wrong queue %zu unexpected %zu other bytes %zu; feedback %zu, "
           "stand-downs %zu, escalations %zu, handed over %zu, pairs %zu\n",
           name, feeder->reads, audit.hits_expected, audit.hits_missing, audit.hits_in_log,
           audit.own_events, audit.expected, audit.found, audit.missing, audit.repeated,
           audit.wrong_queue, audit.unexpected, audit.altered, audit.feedback, audit.stand_downs,
           audit.escalations, audit.handed_over, audit.pairs);
    free(offline.hits);
    free(expected.rows);
    free(found.rows);
    *ret_audit = audit;
}
