// SPDX-License-Identifier: Apache-2.0
#include "scenario/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"

static int64_t day_start_ms = INT64_C(1768262400000); // 13 January 2026, 00:00 UTC

void story_set_day(int64_t day_ms)
{
    day_start_ms = day_ms;
}

static const char default_queues[] =
    "queues:\n"
    "  avon-live:\n"
    "    owner: avon\n    kind: live\n    lists: [stolen, drugs, missing]\n    forces: [avon]\n"
    "    intelligence_queue: avon-review\n    default: true\n"
    "  avon-review:\n"
    "    owner: avon\n    kind: intelligence\n    lists: [stolen, missing, drugs]\n    forces: "
    "[avon]\n"
    "    covert_lists: [covert-a]\n"
    "  wilts-live:\n"
    "    owner: wilts\n    kind: live\n    lists: [stolen, drugs]\n    forces: [wilts]\n"
    "    intelligence_queue: wilts-review\n    default: true\n"
    "  wilts-review:\n"
    "    owner: wilts\n    kind: intelligence\n    lists: [stolen, drugs]\n    forces: [wilts]\n"
    "    covert_lists: [covert-b]\n"
    "  covert-a-desk:\n"
    "    owner: avon\n    kind: live\n    covert_lists: [covert-a]\n    intelligence_queue: "
    "avon-review\n"
    "  covert-b-desk:\n"
    "    owner: wilts\n    kind: live\n    covert_lists: [covert-b]\n"
    "    intelligence_queue: wilts-review\n";

static const char default_rules[] = "incident:\n  quiet_ms: 1800000\n  repeat_window_ms: 300000\n"
                                    "  trail_max: 8\n"
                                    "publish:\n  live_ms: 7200000\n";

static const char cameras[] = "camera,site,road,direction,force,area,latitude,longitude,kind\n"
                              "c1,avon/1,A4,E,avon,bath,51.38,-2.36,fixed\n"
                              "c2,wilts/1,A4,E,wilts,calne,51.43,-2.00,fixed\n";

// What the lists of the stories are.
static const struct {
    const char *id;
    const char *owner;
    Hitstream__V1__AudienceKind audience;
    Hitstream__V1__Handling handling;
    Hitstream__V1__Priority priority;
    Hitstream__V1__Safeguarding safeguarding;
} lists[] = {
    {"stolen", "avon", 1, 1, 3, 0},   {"drugs", "wilts", 1, 2, 2, 0},
    {"missing", "avon", 1, 1, 1, 2},  {"lowkey", "avon", 1, 2, 1, 0},
    {"covert-a", "avon", 2, 2, 2, 0}, {"covert-b", "wilts", 2, 2, 2, 0},
    {"trial", "avon", 3, 1, 2, 0},    {"covert-lost", "kent", 2, 2, 2, 0},
};

struct story {
    struct hs_offline *offline;
    struct hs_offline_event *log; // everything that happened
    size_t log_count;
    size_t log_capacity;
    int64_t append_ms; // LogAppendTime of the last event
    size_t checked;    // alerts seen by told()
    Hitstream__V1__Alert *last;
    char header[512];
};

int64_t story_time_ms(const char *at)
{
    int day = 0, hour, minute, second;
    if (sscanf(at, "%d+%d:%d:%d", &day, &hour, &minute, &second) != 4) {
        day = 0;
        assert_int_equal(sscanf(at, "%d:%d:%d", &hour, &minute, &second), 3);
    }
    return day_start_ms + (((day * INT64_C(24) + hour) * 60 + minute) * 60 + second) * 1000;
}

struct hs_controls *story_controls(const char *queues, const char *rules)
{
    struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), hs_str(cameras)},
        {HS_STR("queues.yaml"), hs_str(queues ? queues : default_queues)},
        {HS_STR("rules.yaml"), hs_str(rules ? rules : default_rules)},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int rc = hs_controls_parse(files, 3, &diags, &controls);
    for (size_t i = 0; rc != 0 && i < diags.count; i++) {
        struct hs_buf text = {0};
        hs_diag_format(&diags.rows[i], &text);
        fprintf(stderr, "%s\n", hs_buf_text(&text));
        hs_buf_fini(&text);
    }
    hs_diags_fini(&diags);
    assert_int_equal(rc, 0);
    return controls;
}

static void pack(const Hitstream__V1__VehicleEvent *event, struct hs_buf *out)
{
    char *room = hs_buf_reserve(out, hitstream__v1__vehicle_event__get_packed_size(event) + 1);
    assert_non_null(room);
    out->len += hitstream__v1__vehicle_event__pack(event, (uint8_t *)room);
}

void story_pack_controls(const char *hash, struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    activated.hash = (char *)(uintptr_t)hash;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    pack(&event, out);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static Hitstream__V1__Lateness lateness_of(const struct story_hit *hit, int64_t at_ms,
                                           int64_t came_ms)
{
    int64_t late_ms = came_ms - at_ms;
    return hit->clock_ahead    ? HITSTREAM__V1__LATENESS__LATENESS_FUTURE
           : late_ms <= 60000  ? HITSTREAM__V1__LATENESS__LATENESS_LIVE
           : late_ms <= 600000 ? HITSTREAM__V1__LATENESS__LATENESS_RECENT
                               : HITSTREAM__V1__LATENESS__LATENESS_STALE;
}

static size_t find_list(const char *id)
{
    size_t i = 0;
    while (strcmp(lists[i].id, id) != 0) {
        i++;
        assert_true(i < sizeof(lists) / sizeof(lists[0]));
    }
    return i;
}

static void fill_place(const struct story_hit *hit, Hitstream__V1__Place *place, char force[64])
{
    const char *slash = strchr(hit->site, '/');
    assert_non_null(slash);
    snprintf(force, 64, "%.*s", (int)(slash - hit->site), hit->site);
    place->camera_id = text(hit->unknown_camera ? "c-unknown" : "c1");
    place->site_id = text(hit->site);
    place->camera_unknown = hit->unknown_camera;
    if (!hit->unknown_camera) {
        place->road = text("A4");
        place->direction = text("E");
        place->force = force;
        place->area = text("area-1");
    }
}

void story_pack_hit(const struct story_hit *hit, struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit message = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo info = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__ListRevision revision = HITSTREAM__V1__LIST_REVISION__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    struct hs_id_key key;
    char read_id[160], force[64];
    size_t list = find_list(hit->list);
    int64_t at_ms = story_time_ms(hit->at);
    int64_t came_ms = hit->arrives ? story_time_ms(hit->arrives) : at_ms;
    memset(&key, 0x11, sizeof(key));
    snprintf(read_id, sizeof(read_id), "%s-%s-%s", hit->at, hit->site, hit->vehicle);
    entry.list_id = text(hit->list);
    entry.entry_id = text(hit->entry ? hit->entry : hit->vehicle);
    entry.vrm = text(hit->vehicle);
    entry.handling = lists[list].handling;
    entry.priority = lists[list].priority;
    entry.safeguarding = lists[list].safeguarding;
    entry.information = text("free text that no headline may show");
    revision.generation = 3;
    revision.sequence = 7;
    info.list_id = text(hit->list);
    info.title = text(hit->list);
    info.owner_force = text(lists[list].owner);
    info.revision = &revision;
    audience.kind = lists[list].audience;
    audience.list_id = text(audience.kind == 1 ? "" : hit->list);
    fill_place(hit, &place, force);
    message.read_id = hit->read_id ? text(hit->read_id) : read_id;
    struct hs_id id =
        hs_id_hit(&key, hs_str(message.read_id), hs_str(hit->list), hs_str(entry.entry_id));
    message.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    message.entry = &entry;
    message.list = &info;
    message.audience = &audience;
    message.place = &place;
    message.tier = hit->read_vrm ? 3 : 1;
    message.score_permille = 1000;
    message.read_vrm = text(hit->read_vrm ? hit->read_vrm : hit->vehicle);
    message.captured_at_ms = at_ms;
    message.appended_at_ms = came_ms;
    message.lateness = lateness_of(hit, at_ms, came_ms);
    event.vehicle = text(hit->vehicle);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &message;
    pack(&event, out);
}

static void apply_last(struct story *story)
{
    const struct hs_offline_event *event = &story->log[story->log_count - 1];
    assert_int_equal(hs_offline_apply(story->offline, event->offset, event->append_time_ms,
                                      event->value, (struct hs_str){NULL, 0}),
                     0);
}

static void append(struct story *story, struct hs_str value, int64_t append_time_ms)
{
    if (story->log_count == story->log_capacity) {
        story->log_capacity = story->log_capacity ? story->log_capacity * 2 : 64;
        story->log = realloc(story->log, story->log_capacity * sizeof(*story->log));
        assert_non_null(story->log);
    }
    story->append_ms = append_time_ms > story->append_ms ? append_time_ms : story->append_ms;
    char *copy = malloc(value.len + 1);
    assert_non_null(copy);
    memcpy(copy, value.ptr, value.len);
    story->log[story->log_count] = (struct hs_offline_event){.offset = story->log_count,
                                                             .append_time_ms = story->append_ms,
                                                             .value = hs_str_n(copy, value.len)};
    story->log_count++;
    apply_last(story);
}

struct story *story_new(void)
{
    struct story *story = calloc(1, sizeof(*story));
    assert_non_null(story);
    story->offline = hs_offline_new();
    controls_change(story, NULL, NULL);
    return story;
}

void story_free(struct story *story)
{
    for (size_t i = 0; i < story->log_count; i++) {
        free((char *)(uintptr_t)story->log[i].value.ptr);
    }
    free(story->log);
    if (story->last) {
        hitstream__v1__alert__free_unpacked(story->last, NULL);
    }
    hs_offline_free(story->offline);
    free(story);
}

void story_tell(struct story *story, const struct story_hit *hit)
{
    struct hs_buf packed = {0};
    story_pack_hit(hit, &packed);
    append(story, hs_buf_str(&packed), story_time_ms(hit->arrives ? hit->arrives : hit->at));
    hs_buf_fini(&packed);
}

void passes(struct story *story, const char *at, const char *vehicle, const char *list,
            const char *site)
{
    story_tell(story,
               &(struct story_hit){.at = at, .vehicle = vehicle, .list = list, .site = site});
}

void passes_late(struct story *story, const char *at, const char *arrives, const char *vehicle,
                 const char *list, const char *site)
{
    story_tell(story,
               &(struct story_hit){
                   .at = at, .arrives = arrives, .vehicle = vehicle, .list = list, .site = site});
}

// What the owner appended comes back by the log.
static void read_back_own(struct story *story, int64_t at_ms)
{
    struct hs_offline *offline = story->offline;
    for (size_t i = 0; i < offline->appended_count; i++) {
        append(story, offline->appended[i].value, at_ms);
        free((char *)(uintptr_t)offline->appended[i].value.ptr);
    }
    offline->appended_count = 0;
}

void clock_strikes(struct story *story, const char *at)
{
    int64_t at_ms = story_time_ms(at);
    hs_correlator_due(story->offline->correlator, at_ms, SIZE_MAX);
    read_back_own(story, at_ms);
}

void controls_change(struct story *story, const char *queues, const char *rules)
{
    struct hs_buf packed = {0};
    struct hs_controls *controls = story_controls(queues, rules);
    hs_offline_know(story->offline, controls);
    story_pack_controls(hs_controls_hash(controls), &packed);
    append(story, hs_buf_str(&packed), story->append_ms ? story->append_ms : day_start_ms);
    hs_buf_fini(&packed);
}

// Alerts told again must be the same bytes; then they are as if not told again.
void restart(struct story *story, bool checkpoint)
{
    struct hs_offline *offline = story->offline;
    if (checkpoint) {
        hs_offline_checkpoint(offline, SIZE_MAX);
    }
    uint64_t from = hs_offline_restart(offline);
    size_t before = offline->alert_count;
    for (size_t i = (size_t)from; i < story->log_count; i++) {
        const struct hs_offline_event *event = &story->log[i];
        assert_int_equal(hs_offline_apply(offline, event->offset, event->append_time_ms,
                                          event->value, (struct hs_str){NULL, 0}),
                         0);
    }
    for (size_t i = before; i < offline->alert_count; i++) {
        const struct hs_offline_alert *first = hs_offline_find(offline, &offline->alerts[i].id);
        assert_true(first < &offline->alerts[before]);
        assert_true(hs_offline_same(first, &offline->alerts[i]));
    }
    hs_offline_forget(offline, before);
}

static const char *kind_text(Hitstream__V1__AlertKind kind)
{
    static const char *const texts[] = {
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED] = "opened",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED] = "updated",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED] = "escalated",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN] = "stand-down",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER] = "handed-over",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED] = "entered",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING] = "approaching",
    };
    size_t number = (size_t)kind;
    return number < sizeof(texts) / sizeof(texts[0]) && texts[number] ? texts[number] : "other";
}

void told(struct story *story, const char *what)
{
    char found[512] = "nobody";
    if (story->checked < story->offline->alert_count) {
        const struct hs_offline_alert *alert = &story->offline->alerts[story->checked++];
        if (story->last) {
            hitstream__v1__alert__free_unpacked(story->last, NULL);
        }
        story->last = hitstream__v1__alert__unpack(NULL, alert->payload.len,
                                                   (const uint8_t *)alert->payload.ptr);
        assert_non_null(story->last);
        assert_string_equal(alert->queue, story->last->queue);
        snprintf(found, sizeof(found), "%s %s %s %s", alert->queue, kind_text(story->last->kind),
                 story->last->vehicle, story->last->place->site_id);
    }
    assert_string_equal(found, what);
}

void silence(struct story *story)
{
    if (story->checked < story->offline->alert_count) {
        told(story, "nobody");
    }
}

const Hitstream__V1__Alert *last_alert(struct story *story)
{
    assert_non_null(story->last);
    return story->last;
}

const char *last_header(struct story *story, const char *name)
{
    struct hs_str rest = story->offline->alerts[story->checked - 1].headers;
    struct hs_str line;
    size_t len = strlen(name);
    while (hs_str_split(&rest, '\n', &line)) {
        if (line.len > len + 2 && memcmp(line.ptr, name, len) == 0 && line.ptr[len] == ':') {
            snprintf(story->header, sizeof(story->header), "%.*s", (int)(line.len - len - 2),
                     line.ptr + len + 2);
            return story->header;
        }
    }
    return "";
}

struct hs_correlator_stats story_stats(struct story *story)
{
    struct hs_correlator_stats stats;
    hs_correlator_stats(story->offline->correlator, &stats);
    return stats;
}
