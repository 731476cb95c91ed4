// SPDX-License-Identifier: Apache-2.0
#include "report/action.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "hitstream/v1/alert.pb-c.h"
#include "wire/ids.h"

enum { COMPANIONS = 6, ROADS = 12 };

typedef Hitstream__V1__VehicleEvent pb_event; // long names of the contract, short in this file

// Texts and parts that a hit and an alert share.
struct parts {
    char mark[ACTION_MARK_BYTES];
    char entry_id[24], force[16], site[16], road[16], camera[16], area[16];
    uint8_t id[HS_ID_BYTES], incident[HS_ID_BYTES];
    Hitstream__V1__WatchlistEntry entry;
    Hitstream__V1__ListInfo list;
    Hitstream__V1__Place place;
};

// protobuf-c writes to no text that it packs.
static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static void make_id(uint64_t kind, uint64_t n, uint8_t ret_id[HS_ID_BYTES])
{
    uint64_t words[2] = {hs_hash_u64(n * 16 + kind + 1), hs_hash_u64(n ^ kind << 56)};
    memcpy(ret_id, words, HS_ID_BYTES);
}

static void pack(const ProtobufCMessage *message, struct hs_buf *out)
{
    char *room = hs_buf_reserve(out, protobuf_c_message_get_packed_size(message) + 1);
    if (!room) {
        abort();
    }
    out->len += protobuf_c_message_pack(message, (uint8_t *)room);
}

// ------------------------------------------------------------------ controls

static unsigned force_of_site(unsigned site)
{
    return site * ACTION_FORCES / ACTION_SITES;
}

void action_cameras(struct hs_buf *out)
{
    hs_buf_add_text(out, "camera,site,road,direction,force,area,latitude,longitude,kind\n");
    for (unsigned i = 0; i < ACTION_SITES; i++) {
        hs_buf_printf(out, "c%u,s%u,M%u,N,force-%u,area-%u,51.%04u,-2.%04u,fixed\n", i, i,
                      i % ROADS, force_of_site(i), i % 30, 1000 + i, 1000 + i);
    }
}

void action_queues(struct hs_buf *out)
{
    hs_buf_add_text(out, "queues:\n");
    for (unsigned i = 0; i < ACTION_FORCES; i++) {
        hs_buf_printf(out,
                      "  desk-%u: {owner: force-%u, kind: live, lists: [\"*\"], forces: [force-%u],"
                      " default: true, intelligence_queue: intel}\n",
                      i, i, i);
    }
    hs_buf_add_text(out, "  intel: {owner: force-0, kind: intelligence, lists: [\"*\"]}\n"
                         "  joint: {owner: force-0, kind: live, lists: [], intelligence_queue: "
                         "intel}\n");
}

void action_names(struct hs_buf *ret_forces, struct hs_buf *ret_queues)
{
    for (unsigned i = 0; i < ACTION_FORCES; i++) {
        if (i > 0) {
            hs_buf_printf(ret_forces, "%sforce-%u", i > 1 ? "," : "", i);
        }
        hs_buf_printf(ret_queues, "desk-%u,", i);
    }
    hs_buf_add_text(ret_queues, "joint");
}

// ------------------------------------------------------------------ parts

uint64_t action_incidents(const struct action *action)
{
    return (action->hits + ACTION_INCIDENT_HITS - 1) / ACTION_INCIDENT_HITS;
}

void action_mark(uint64_t incident, char ret_mark[ACTION_MARK_BYTES])
{
    uint64_t vehicle = incident % 20000; // most come again
    snprintf(ret_mark, ACTION_MARK_BYTES, "%c%c%02u%c%c%c", (char)('A' + vehicle % 8),
             (char)('A' + vehicle / 8 % 20), (unsigned)(vehicle / 160 % 60 + 10),
             (char)('A' + vehicle / 9600 % 20), 'B', 'C');
}

static unsigned site_of(uint64_t incident, unsigned step)
{
    unsigned base = (unsigned)(hs_hash_u64(incident) % ACTION_SITES);
    unsigned first = force_of_site(base) * ACTION_SITES / ACTION_FORCES;
    return first + (base + step / 3) % (ACTION_SITES / ACTION_FORCES);
}

unsigned action_force(uint64_t incident)
{
    return force_of_site(site_of(incident, 0));
}

// Incidents are spread over the days, hits of one two minutes apart.
static int64_t time_of(const struct action *action, uint64_t incident, unsigned step)
{
    int64_t span_ms = ACTION_DAYS * HS_MS_PER_DAY - 2 * HS_MS_PER_HOUR;
    int64_t at_ms = (int64_t)(hs_hash_u64(incident + 77) % (uint64_t)span_ms);
    return action->begin_ms + at_ms + (int64_t)step * 2 * HS_MS_PER_MINUTE;
}

static void fill_entry(struct parts *parts, uint64_t incident)
{
    Hitstream__V1__WatchlistEntry *entry = &parts->entry;
    hitstream__v1__watchlist_entry__init(entry);
    snprintf(parts->entry_id, sizeof(parts->entry_id), "e%u", (unsigned)(incident % 20000));
    entry->list_id = text("lines");
    entry->entry_id = parts->entry_id;
    entry->vrm = parts->mark;
    entry->make = text("VOLKSWAGEN");
    entry->model = text("GOLF");
    entry->colour = text("GREY");
    entry->handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    entry->reason = text("linked to the supply of drugs from the hub to markets on the coast");
    entry->nim_grading = text("B22");
    entry->information = text("two up, front passenger searched before; keep eyes on, speak to "
                              "the intelligence cell before a stop");
    entry->force_and_area = text("force-3 north");
    entry->weed_date = 20301231;
    entry->pnc_id = text("26/1234567A");
    entry->authoriser = text("DI 4711");
    entry->contact_24h = text("101 ext 4711");
    entry->authority_reference = text("OP 12/26");
    entry->priority = HITSTREAM__V1__PRIORITY__PRIORITY_HIGH;
    entry->harm_score = (uint32_t)(incident % 1000);
    entry->group_id = incident % 2 ? text("jay") : text("kay");
    entry->county_line = incident % 2 ? text("JAY") : text("KAY");
}

static void fill_place(struct parts *parts, unsigned site)
{
    Hitstream__V1__Place *place = &parts->place;
    hitstream__v1__place__init(place);
    snprintf(parts->camera, sizeof(parts->camera), "c%u", site);
    snprintf(parts->site, sizeof(parts->site), "s%u", site);
    snprintf(parts->road, sizeof(parts->road), "M%u", site % ROADS);
    snprintf(parts->force, sizeof(parts->force), "force-%u", force_of_site(site));
    snprintf(parts->area, sizeof(parts->area), "area-%u", site % 30);
    place->camera_id = parts->camera;
    place->site_id = parts->site;
    place->road = parts->road;
    place->direction = text("N");
    place->force = parts->force;
    place->area = parts->area;
}

static void fill(struct parts *parts, uint64_t incident, unsigned step)
{
    action_mark(incident, parts->mark);
    fill_entry(parts, incident);
    fill_place(parts, site_of(incident, step));
    hitstream__v1__list_info__init(&parts->list);
    parts->list.list_id = text("lines");
    parts->list.title = text("County lines");
    parts->list.owner_force = text("force-0");
    make_id(1, incident, parts->incident);
}

// ------------------------------------------------------------------ messages

void action_hit(const struct action *action, uint64_t n, struct hs_buf *out)
{
    pb_event event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    Hitstream__V1__Company before = HITSTREAM__V1__COMPANY__INIT;
    Hitstream__V1__Companion rows[COMPANIONS], *row_ptrs[COMPANIONS];
    char marks[COMPANIONS][ACTION_MARK_BYTES], read_id[32];
    struct parts parts;
    uint64_t incident = n % action_incidents(action);
    unsigned step = (unsigned)(n / action_incidents(action));
    fill(&parts, incident, step);
    for (unsigned i = 0; i < COMPANIONS; i++) {
        hitstream__v1__companion__init(&rows[i]);
        action_mark(n * 7 + i, marks[i]);
        rows[i].vrm = marks[i];
        rows[i].gap_ms = 700 + 900 * i;
        row_ptrs[i] = &rows[i];
    }
    before.companions = row_ptrs;
    before.n_companions = COMPANIONS;
    before.window_ms = 20000;
    snprintf(read_id, sizeof(read_id), "read-%012llu", (unsigned long long)n);
    make_id(2, n, parts.id);
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    flow.vehicles = 10 + (uint32_t)(hs_hash_u64(site_of(incident, step)) % 40);
    flow.window_ms = 60000;
    hit.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, parts.id};
    hit.read_id = read_id;
    hit.entry = &parts.entry;
    hit.list = &parts.list;
    hit.audience = &audience;
    hit.tier = HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    hit.score_permille = 1000;
    hit.read_vrm = hit.matched_vrm = parts.mark;
    hit.captured_at_ms = time_of(action, incident, step);
    hit.received_at_ms = hit.captured_at_ms + 200;
    hit.lateness = HITSTREAM__V1__LATENESS__LATENESS_LIVE;
    hit.place = &parts.place;
    hit.plate_image_ref = hit.overview_image_ref = text("s3://plates/2026/01/13/0123456789.jpg");
    hit.flow = &flow;
    hit.before = &before;
    event.vehicle = parts.mark;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &hit;
    pack(&event.base, out);
}

void action_alert(const struct action *action, uint64_t incident, const char *queue,
                  struct hs_buf *out)
{
    Hitstream__V1__Alert alert = HITSTREAM__V1__ALERT__INIT;
    Hitstream__V1__AlertOperation operation = HITSTREAM__V1__ALERT_OPERATION__INIT;
    Hitstream__V1__AlertOperation *operations[] = {&operation};
    struct parts parts;
    fill(&parts, incident, 0);
    make_id(3 + hs_hash_bytes(queue, strlen(queue), 0) % 8, incident, parts.id);
    operation.operation_id = text("action");
    operation.name = text("Op Action");
    operation.authority = text("ACC, OP/7");
    alert.alert_id = (ProtobufCBinaryData){HS_ID_BYTES, parts.id};
    alert.incident_id = (ProtobufCBinaryData){HS_ID_BYTES, parts.incident};
    alert.queue = text(queue);
    alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED;
    alert.rule = text("incident");
    alert.headline = text("STOP AB12CDE grey VOLKSWAGEN GOLF on the M5, county lines");
    alert.vehicle = alert.read_vrm = parts.mark;
    alert.entry = &parts.entry;
    alert.list = &parts.list;
    alert.captured_at_ms = alert.opened_at_ms = time_of(action, incident, 0);
    alert.lateness = HITSTREAM__V1__LATENESS__LATENESS_LIVE;
    alert.place = &parts.place;
    alert.hits = 1;
    alert.harm_score = parts.entry.harm_score;
    alert.operations = operations;
    alert.n_operations = 1;
    pack(&alert.base, out);
}

bool action_is_answered(uint64_t incident)
{
    return incident % 2 == 0;
}

bool action_has_outcome(uint64_t incident)
{
    return incident % 8 == 0;
}

void action_feedback(const struct action *action, uint64_t incident, const char *queue,
                     bool outcome, struct hs_buf *out)
{
    pb_event event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__FeedbackGiven given = HITSTREAM__V1__FEEDBACK_GIVEN__INIT;
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    Hitstream__V1__Outcome came = HITSTREAM__V1__OUTCOME__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct parts parts;
    fill(&parts, incident, 0);
    make_id(outcome ? 13 : 14, incident, parts.id);
    came.arrests = 1;
    feedback.feedback_id = (ProtobufCBinaryData){HS_ID_BYTES, parts.id};
    feedback.kind = outcome ? HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME
                            : HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED;
    feedback.outcome = outcome ? &came : NULL;
    feedback.person = text("pc 1234");
    feedback.at_ms = time_of(action, incident, 1);
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    given.feedback = &feedback;
    given.audience = &audience;
    given.incident_id = (ProtobufCBinaryData){HS_ID_BYTES, parts.incident};
    given.queue = text(queue);
    event.vehicle = parts.mark;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK;
    event.feedback = &given;
    pack(&event.base, out);
}
