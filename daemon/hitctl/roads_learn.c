// SPDX-License-Identifier: Apache-2.0
#include "hitctl/roads_learn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/hash.h"
#include "config/file.h"
#include "hitctl/stream.h"
#include "hitstream/v1/event.pb-c.h"
#include "kafka/tail.h"
#include "kafka/topics.h"

enum { FILE_MAX_BYTES = 256 << 20, COLUMNS_MAX = 5, JOURNEY_MAX_MS = 3600000 };

// ------------------------------------------------------------------ files

// A file with a first line of names: which field holds which column.
struct sheet {
    const char *path;
    struct hs_buf text;
    struct hs_csv csv;
    int field_of[COLUMNS_MAX];
};

static void sheet_fini(struct sheet *sheet)
{
    hs_csv_fini(&sheet->csv);
    hs_buf_fini(&sheet->text);
}

// Finds each column under one of its two names (the second may be NULL).
static int sheet_open(struct sheet *sheet, const char *path, const char *const names[][2],
                      size_t columns)
{
    sheet->path = path;
    int rc = hs_file_read(path, FILE_MAX_BYTES, &sheet->text);
    if (rc != 0) {
        hitctl_error("'%s' cannot be read: %s", path, hs_strerror(rc));
        return HITCTL_REFUSED;
    }
    hs_csv_init(&sheet->csv, hs_buf_str(&sheet->text));
    bool any = hs_csv_next(&sheet->csv) == 1;
    for (size_t column = 0; column < columns; column++) {
        sheet->field_of[column] = -1;
        for (size_t i = 0; any && i < sheet->csv.count; i++) {
            struct hs_str name = hs_str_trim(sheet->csv.fields[i].text);
            if (hs_str_is(name, names[column][0]) ||
                (names[column][1] && hs_str_is(name, names[column][1]))) {
                sheet->field_of[column] = (int)i;
            }
        }
        if (sheet->field_of[column] < 0) {
            hitctl_error("%s:1: the column '%s' is missing", path, names[column][0]);
            return HITCTL_REFUSED;
        }
    }
    return HITCTL_OK;
}

static struct hs_str value_of(const struct sheet *sheet, size_t column)
{
    size_t at = (size_t)sheet->field_of[column];
    return at < sheet->csv.count ? hs_str_trim(sheet->csv.fields[at].text) : HS_STR("");
}

static int refuse_row(const struct sheet *sheet, const char *why)
{
    hitctl_error("%s:%u: %s", sheet->path, sheet->csv.row_line, why);
    return HITCTL_REFUSED;
}

int roads_learn_movements(struct hs_roads_learner *learner, const char *path)
{
    static const char *const names[][2] = {{"from_camera", "from_site"},
                                           {"to_camera", "to_site"},
                                           {"hour", NULL},
                                           {"vehicles", NULL},
                                           {"mean_seconds", NULL}};
    struct sheet sheet = {0};
    uint64_t unknown = 0;
    uint64_t timeless = 0;
    int code = sheet_open(&sheet, path, names, 5);
    int got;
    while (code == HITCTL_OK && (got = hs_csv_next(&sheet.csv)) != 0) {
        uint64_t hour = 0;
        uint64_t vehicles = 0;
        double mean_s = 0;
        if (got < 0 || hs_str_to_u64(value_of(&sheet, 2), &hour) != 0 ||
            hs_str_to_u64(value_of(&sheet, 3), &vehicles) != 0 ||
            hs_str_to_double(value_of(&sheet, 4), &mean_s) != 0) {
            code = refuse_row(&sheet, "allowed: two cameras, an hour, and two numbers");
            break;
        }
        if (vehicles == 0 || mean_s <= 0) {
            timeless += vehicles > 0;
            continue;
        }
        int rc = hs_roads_learner_add(learner, value_of(&sheet, 0), value_of(&sheet, 1),
                                      hour < 24 ? (unsigned)hour : 24, vehicles,
                                      (int64_t)(mean_s * 1000));
        unknown += rc == HS_ENOTFOUND;
        if (rc == HS_EINVAL) {
            code = refuse_row(&sheet, "hours are 0 to 23, and a journey ends within a day");
        } else if (rc != 0 && rc != HS_ENOTFOUND) {
            code = refuse_row(&sheet, hs_strerror(rc));
        }
    }
    if (code == HITCTL_OK && unknown > 0) {
        hitctl_error("%s: %" PRIu64 " rows name a camera that is not in the register, ignoring",
                     path, unknown);
    }
    if (code == HITCTL_OK && timeless > 0) {
        hitctl_error("%s: %" PRIu64 " rows say that a journey took no time, ignoring", path,
                     timeless);
    }
    sheet_fini(&sheet);
    return code;
}

int roads_learn_links(struct hs_roads_learner *learner, const char *path)
{
    static const char *const names[][2] = {{"from", NULL},
                                           {"direction", NULL},
                                           {"to", NULL},
                                           {"distance_m", NULL},
                                           {"corridor", NULL}};
    struct sheet sheet = {0};
    int code = sheet_open(&sheet, path, names, 5);
    int got;
    while (code == HITCTL_OK && (got = hs_csv_next(&sheet.csv)) != 0) {
        uint64_t distance_m = 0;
        struct hs_str corridor = value_of(&sheet, 4);
        struct hs_str distance = value_of(&sheet, 3);
        if (got < 0 || (distance.len > 0 && hs_str_to_u64(distance, &distance_m) != 0) ||
            distance_m > UINT32_MAX ||
            (!hs_str_is(corridor, "yes") && !hs_str_is(corridor, "no"))) {
            code = refuse_row(&sheet, "allowed: sites, a direction, metres, and 'yes' or 'no'");
            break;
        }
        int rc = hs_roads_learner_link(learner, value_of(&sheet, 0), value_of(&sheet, 1),
                                       value_of(&sheet, 2), (uint32_t)distance_m,
                                       hs_str_is(corridor, "yes"));
        if (rc == HS_ENOTFOUND) {
            code = refuse_row(&sheet, "a site without a camera");
        } else if (rc == HS_EINVAL) {
            hitctl_error("%s:%u: nobody was seen to go that way, ignoring", path,
                         sheet.csv.row_line);
        }
    }
    sheet_fini(&sheet);
    return code;
}

// ------------------------------------------------------------------ retained hits

// One read of a vehicle that may be one end of a journey.
struct sighting {
    uint64_t vehicle; // hash of its mark
    int64_t at_ms;
    const struct hs_camera *camera;
};

struct hits {
    const struct hs_cameras *cameras;
    struct sighting *rows;
    size_t count;
    size_t capacity;
    int status; // HS_ENOMEM
};

static bool is_good(const Hitstream__V1__Hit *hit)
{
    return hit->audience &&
           hit->audience->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN && hit->place &&
           hit->tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT &&
           (hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_LIVE ||
            hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_RECENT);
}

static void keep(struct hits *hits, const Hitstream__V1__VehicleEvent *event)
{
    const struct hs_camera *camera =
        hs_cameras_find(hits->cameras, hs_str(event->hit->place->camera_id));
    if (!camera) {
        return;
    }
    if (hits->count == hits->capacity) {
        size_t capacity = hits->capacity ? 2 * hits->capacity : 4096;
        struct sighting *rows = realloc(hits->rows, capacity * sizeof(*rows));
        if (!rows) {
            hits->status = HS_ENOMEM;
            return;
        }
        hits->rows = rows;
        hits->capacity = capacity;
    }
    hits->rows[hits->count++] = (struct sighting){
        .vehicle = hs_hash_bytes(event->vehicle, strlen(event->vehicle), 0),
        .at_ms = event->hit->captured_at_ms,
        .camera = camera,
    };
}

static bool on_event(void *ctx, const struct hs_kafka_message *message)
{
    struct hits *hits = ctx;
    Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
        NULL, message->value.len, (const uint8_t *)message->value.ptr);
    if (event && event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT &&
        is_good(event->hit)) {
        keep(hits, event);
    }
    if (event) {
        hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    }
    return hits->status == 0 && !hitctl_interrupted();
}

static int by_vehicle(const void *a, const void *b)
{
    const struct sighting *x = a;
    const struct sighting *y = b;
    if (x->vehicle != y->vehicle) {
        return x->vehicle < y->vehicle ? -1 : 1;
    }
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

// From each read to the vehicle's next, if it came within the hour.
static int add_journeys(struct hits *hits, struct hs_roads_learner *learner)
{
    if (hits->count > 0) {
        qsort(hits->rows, hits->count, sizeof(*hits->rows), by_vehicle);
    }
    for (size_t i = 1; i < hits->count; i++) {
        const struct sighting *from = &hits->rows[i - 1];
        const struct sighting *to = &hits->rows[i];
        int64_t took_ms = to->at_ms - from->at_ms;
        if (from->vehicle != to->vehicle || took_ms <= 0 || took_ms > JOURNEY_MAX_MS) {
            continue;
        }
        int rc = hs_roads_learner_add(learner, from->camera->camera_id, to->camera->camera_id,
                                      hs_civil_london(from->at_ms).hour, 1, took_ms);
        if (rc == HS_ENOMEM || rc == HS_ELIMIT) {
            return rc;
        }
    }
    return 0;
}

int roads_learn_hits(const struct hitctl *ctl, struct hs_roads_learner *learner)
{
    struct hits hits = {.cameras = hs_roads_learner_cameras(learner)};
    struct hs_kafka_tail *tail = NULL;
    const struct hs_kafka_tail_options options = {.timeout_ms = -1};
    const struct hs_kafka_range range = {.topic = HS_KAFKA_HITS,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    hitctl_catch_interrupt();
    int rc = hs_kafka_tail_new(ctl->settings, NULL, &tail);
    rc = rc ? rc : hs_kafka_tail_read(tail, &range, 1, &options, on_event, &hits);
    hs_kafka_tail_free(tail);
    int code = rc != 0 && rc != HS_ECANCELED ? hitctl_kafka_failed(rc, range.topic) : HITCTL_OK;
    if (code == HITCTL_OK) {
        rc = hits.status ? hits.status : add_journeys(&hits, learner);
        code = rc == 0 ? HITCTL_OK : HITCTL_FAILED;
        if (rc != 0) {
            hitctl_error("hits: %s", hs_strerror(rc));
        }
    }
    free(hits.rows);
    return code;
}
