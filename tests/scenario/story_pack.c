// SPDX-License-Identifier: Apache-2.0
//
// The events of stories, packed.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "scenario/story.h"

static int64_t day_start_ms = INT64_C(1768262400000); // 13 January 2026, 00:00 UTC

void story_set_day(int64_t day_ms)
{
    day_start_ms = day_ms;
}

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

int64_t story_time_ms(const char *at)
{
    int day = 0, hour, minute, second;
    if (sscanf(at, "%d+%d:%d:%d", &day, &hour, &minute, &second) != 4) {
        day = 0;
        assert_int_equal(sscanf(at, "%d:%d:%d", &hour, &minute, &second), 3);
    }
    return day_start_ms + (((day * INT64_C(24) + hour) * 60 + minute) * 60 + second) * 1000;
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
    place->camera_id = text(hit->unknown_camera ? "c-unknown" : hit->camera ? hit->camera : "c1");
    place->site_id = text(hit->site);
    place->camera_unknown = hit->unknown_camera;
    if (!hit->unknown_camera) {
        place->road = text(hit->road ? hit->road : "A4");
        place->direction = text(hit->direction ? hit->direction : "E");
        place->force = force;
        place->area = text(hit->area ? hit->area : "area-1");
    }
}

// Those on one side of a hit, as a company whose parts live here.
enum { COMPANY_MAX = 16, ON_MAX = 4 };
struct company {
    Hitstream__V1__Company message;
    Hitstream__V1__Companion rows[COMPANY_MAX], *ptrs[COMPANY_MAX];
    Hitstream__V1__ListedOn on[COMPANY_MAX][ON_MAX], *on_ptrs[COMPANY_MAX][ON_MAX];
    char marks[COMPANY_MAX][16];
};

// "drugs,stolen".
static void fill_listed(const char *names, size_t number, struct company *ret_company)
{
    Hitstream__V1__Companion *row = &ret_company->rows[number];
    row->listed_on = ret_company->on_ptrs[number];
    for (struct hs_str rest = hs_str(names), name; hs_str_split(&rest, ',', &name);) {
        char id[32];
        snprintf(id, sizeof(id), "%.*s", HS_STR_ARG(name));
        size_t list = find_list(id);
        assert_true(row->n_listed_on < ON_MAX);
        Hitstream__V1__ListedOn *on = &ret_company->on[number][row->n_listed_on];
        hitstream__v1__listed_on__init(on);
        on->list_id = text(lists[list].id);
        on->owner_force = text(lists[list].owner);
        on->handling = lists[list].handling;
        on->safeguarding = lists[list].safeguarding;
        row->listed_on[row->n_listed_on++] = on;
    }
}

static void fill_company(const char *who, char side, struct company *ret_company)
{
    Hitstream__V1__Company *message = &ret_company->message;
    hitstream__v1__company__init(message);
    message->companions = ret_company->ptrs;
    message->window_ms = 20000;
    for (int used; *who; who += used + (who[used] == ' ')) {
        size_t number = message->n_companions;
        char mark[16], sign, on[64] = "";
        int gap_s;
        assert_true(number < COMPANY_MAX);
        assert_int_equal(sscanf(who, "%15[A-Z0-9]%c%d%n", mark, &sign, &gap_s, &used), 3);
        if (who[used] == '@') {
            int more;
            assert_int_equal(sscanf(who + used, "@%63[a-z,-]%n", on, &more), 1);
            used += more;
        }
        if (sign == side) {
            Hitstream__V1__Companion *row = ret_company->ptrs[number] = &ret_company->rows[number];
            hitstream__v1__companion__init(row);
            snprintf(ret_company->marks[number], sizeof(mark), "%s", mark);
            row->vrm = ret_company->marks[number];
            row->gap_ms = (uint32_t)gap_s * 1000;
            if (*on) {
                fill_listed(on, number, ret_company);
            }
            message->n_companions++;
        }
    }
}

// Of the read and the entry, as the hit's own.
static struct hs_id hit_id_of(const struct story_hit *hit)
{
    struct hs_id_key key;
    char read_id[160];
    memset(&key, 0x11, sizeof(key));
    snprintf(read_id, sizeof(read_id), "%s-%s-%s", hit->at, hit->site, hit->vehicle);
    return hs_id_hit(&key, hs_str(hit->read_id ? hit->read_id : read_id), hs_str(hit->list),
                     hs_str(hit->entry ? hit->entry : hit->vehicle));
}

void story_pack_companions(const struct story_hit *hit, struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Companions companions = HITSTREAM__V1__COMPANIONS__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct company after;
    struct hs_id id = hit_id_of(hit);
    audience.kind = lists[find_list(hit->list)].audience;
    audience.list_id = text(audience.kind == 1 ? "" : hit->list);
    fill_company(hit->company, '+', &after);
    companions.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    companions.audience = &audience;
    companions.captured_at_ms = story_time_ms(hit->at);
    companions.after = &after.message;
    event.vehicle = text(hit->vehicle);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS;
    event.companions = &companions;
    pack(&event, out);
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
    Hitstream__V1__Position position = HITSTREAM__V1__POSITION__INIT;
    Hitstream__V1__CameraFault fault = HITSTREAM__V1__CAMERA_FAULT__INIT;
    Hitstream__V1__CameraFault *faults[] = {&fault};
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    struct company before;
    char read_id[160], force[64];
    size_t list = find_list(hit->list);
    int64_t at_ms = story_time_ms(hit->at);
    int64_t came_ms = hit->arrives ? story_time_ms(hit->arrives) : at_ms;
    snprintf(read_id, sizeof(read_id), "%s-%s-%s", hit->at, hit->site, hit->vehicle);
    entry.list_id = text(hit->list);
    entry.entry_id = text(hit->entry ? hit->entry : hit->vehicle);
    entry.vrm = text(hit->vehicle);
    entry.handling = lists[list].handling;
    entry.priority = hit->priority ? hit->priority : lists[list].priority;
    entry.safeguarding = hit->safeguarding ? hit->safeguarding : lists[list].safeguarding;
    entry.harm_score = hit->harm_score;
    if (hit->group) {
        entry.group_id = text(hit->group);
    }
    if (hit->line) {
        entry.county_line = text(hit->line);
    }
    entry.weed_date = hit->weed_date;
    entry.information = text("free text that no headline may show");
    revision.generation = 3;
    revision.sequence = hit->list_sequence ? hit->list_sequence : 7;
    info.list_id = text(hit->list);
    info.title = text(hit->list);
    info.owner_force = text(lists[list].owner);
    info.revision = &revision;
    audience.kind = lists[list].audience;
    audience.list_id = text(audience.kind == 1 ? "" : hit->list);
    fill_place(hit, &place, force);
    if (hit->east_km > 0) { // 69.4 km a degree there
        position.latitude_deg = 51.4;
        position.longitude_deg = -2.4 + hit->east_km / 69.4;
        place.position = &position;
    }
    if (hit->colour) {
        message.seen_colour = text(hit->colour);
    }
    if (hit->camera_fault) {
        fault.kind = hit->camera_fault;
        message.camera_faults = faults;
        message.n_camera_faults = 1;
    }
    message.read_id = hit->read_id ? text(hit->read_id) : read_id;
    struct hs_id id = hit_id_of(hit);
    message.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    message.entry = &entry;
    message.list = &info;
    message.audience = &audience;
    message.place = &place;
    if (hit->flow > 0) {
        flow.vehicles = hit->flow;
        flow.window_ms = 60000;
        message.flow = &flow;
    }
    if (hit->company) {
        fill_company(hit->company, '-', &before);
        message.before = &before.message;
    }
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

struct hs_id story_feedback_id(const char *words)
{
    struct hs_id_key key;
    memset(&key, 0x33, sizeof(key));
    struct hs_str part = hs_str(words);
    return hs_id_make(&key, "feedback", &part, 1);
}

static void audience_of(const Hitstream__V1__Alert *alert, Hitstream__V1__Audience *audience)
{
    audience->kind = alert->covert ? HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT
                                   : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    audience->list_id = alert->covert ? alert->list->list_id : text("");
}

void story_pack_say(const struct story_say *say, const Hitstream__V1__Alert *alert,
                    struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__FeedbackGiven given = HITSTREAM__V1__FEEDBACK_GIVEN__INIT;
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    char words[128];
    snprintf(words, sizeof(words), "%s %s %d", say->at, say->queue, (int)say->kind);
    struct hs_id id = story_feedback_id(say->id ? say->id : words);
    audience_of(alert, &audience);
    feedback.feedback_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    feedback.kind = say->kind;
    feedback.person = text(say->person ? say->person : "pc 1234");
    feedback.at_ms = story_time_ms(say->said_at ? say->said_at : say->at);
    feedback.until_ms = say->until ? story_time_ms(say->until) : 0;
    feedback.to_queue = text(say->to_queue ? say->to_queue : "");
    feedback.note = text(say->note ? say->note : "");
    feedback.outcome = (Hitstream__V1__Outcome *)(uintptr_t)say->outcome;
    given.feedback = &feedback;
    given.audience = &audience;
    given.incident_id = alert->incident_id;
    given.queue = text(say->queue);
    event.vehicle = alert->vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK;
    event.feedback = &given;
    pack(&event, out);
}

void story_pack_withdrawn(const char *vehicle, const char *list, const char *entry,
                          uint64_t sequence, struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__EntryWithdrawn message = HITSTREAM__V1__ENTRY_WITHDRAWN__INIT;
    Hitstream__V1__ListRevision revision = HITSTREAM__V1__LIST_REVISION__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    audience.kind = lists[find_list(list)].audience;
    audience.list_id = text(audience.kind == 1 ? "" : list);
    revision.generation = 3;
    revision.sequence = sequence;
    message.audience = &audience;
    message.list_id = text(list);
    message.entry_id = text(entry ? entry : vehicle);
    message.revision = &revision;
    message.reason = HITSTREAM__V1__WITHDRAWN_REASON__WITHDRAWN_REASON_REMOVED;
    event.vehicle = text(vehicle);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_ENTRY_WITHDRAWN;
    event.entry_withdrawn = &message;
    pack(&event, out);
}

void story_pack_camera(const char *vehicle, const char *camera, Hitstream__V1__CameraFaultKind kind,
                       struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__CameraFinding found = HITSTREAM__V1__CAMERA_FINDING__INIT;
    Hitstream__V1__CameraFault fault = HITSTREAM__V1__CAMERA_FAULT__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    fault.kind = kind;
    fault.offset_ms = 900000; // of a clock
    found.audience = &audience;
    found.camera_id = text(camera);
    found.fault = &fault;
    event.vehicle = text(vehicle);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CAMERA_FINDING;
    event.camera_finding = &found;
    pack(&event, out);
}

void story_pack_stored(const char *vehicle, const Hitstream__V1__Audience *audience,
                       const uint8_t feedback_id[HS_ID_BYTES], struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ExclusionStored stored = HITSTREAM__V1__EXCLUSION_STORED__INIT;
    stored.audience = (Hitstream__V1__Audience *)(uintptr_t)audience;
    stored.feedback_id = (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)feedback_id};
    event.vehicle = text(vehicle);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_EXCLUSION_STORED;
    event.exclusion_stored = &stored;
    pack(&event, out);
}

void story_pack_took_over(struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__TookOver message = HITSTREAM__V1__TOOK_OVER__INIT;
    message.instance_id = text("other");
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER;
    event.took_over = &message;
    pack(&event, out);
}
