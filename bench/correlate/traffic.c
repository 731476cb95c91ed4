// SPDX-License-Identifier: Apache-2.0
#include "correlate/traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "hitstream/v1/event.pb-c.h"

#define AWAY_MS INT64_C(7200000)     // between two incidents of a vehicle
#define STRIDE  UINT64_C(2654435761) // a prime: rounds go through all vehicles

static const char queues[] = "queues:\n"
                             "  north-live:\n"
                             "    owner: north\n    kind: live\n    lists: [stolen]\n"
                             "    forces: [north]\n    intelligence_queue: north-review\n"
                             "    default: true\n"
                             "  north-review:\n"
                             "    owner: north\n    kind: intelligence\n    lists: [stolen]\n"
                             "    forces: [north]\n"
                             "  south-live:\n"
                             "    owner: south\n    kind: live\n    lists: [stolen]\n"
                             "    forces: [south]\n    intelligence_queue: south-review\n"
                             "    default: true\n"
                             "  south-review:\n"
                             "    owner: south\n    kind: intelligence\n    lists: [stolen]\n"
                             "    forces: [south]\n";

static const char *force_of(unsigned site)
{
    return site < TRAFFIC_SITES / 2 ? "north" : "south";
}

struct hs_controls *traffic_controls(void)
{
    struct hs_buf cameras = {0};
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    hs_buf_add_text(&cameras, "camera,site,road,direction,force,area,latitude,longitude,kind\n");
    for (unsigned i = 0; i < TRAFFIC_SITES; i++) {
        hs_buf_printf(&cameras, "c%u,s%u,A%u,E,%s,area-%u,51.%04u,-2.%04u,fixed\n", i, i, i % 90,
                      force_of(i), i % 20, i, i);
    }
    const struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), hs_buf_str(&cameras)},
        {HS_STR("queues.yaml"), hs_str(queues)},
        {HS_STR("rules.yaml"),
         hs_str("incident:\n  quiet_ms: 1800000\n"
                "flood:\n  entry_sightings: 0\n  list_sightings: 0\n")}, // counted, not held
    };
    if (hs_controls_parse(files, 3, &diags, &controls) != 0) {
        abort(); // our own text
    }
    hs_diags_fini(&diags);
    hs_buf_fini(&cameras);
    return controls;
}

void traffic_mark(uint64_t vehicle, char ret_mark[TRAFFIC_MARK_BYTES])
{
    snprintf(ret_mark, TRAFFIC_MARK_BYTES, "%c%c%02u%c%c%c", (char)('A' + vehicle % 8),
             (char)('A' + vehicle / 8 % 20), (unsigned)(vehicle / 160 % 100),
             (char)('A' + vehicle / 16000 % 20), (char)('A' + vehicle / 320000 % 20),
             (char)('A' + vehicle / 6400000 % 20));
}

static void pack(const Hitstream__V1__VehicleEvent *event, struct hs_buf *out)
{
    char *room = hs_buf_reserve(out, hitstream__v1__vehicle_event__get_packed_size(event) + 1);
    if (!room) {
        abort();
    }
    out->len += hitstream__v1__vehicle_event__pack(event, (uint8_t *)room);
}

void traffic_activation(const char *hash, struct hs_buf *out)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    activated.hash = (char *)(uintptr_t)hash;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    pack(&event, out);
}

// Who passed before the hit.
struct company {
    Hitstream__V1__Company message;
    Hitstream__V1__Companion rows[TRAFFIC_COMPANIONS];
    Hitstream__V1__Companion *row_ptrs[TRAFFIC_COMPANIONS];
    char marks[TRAFFIC_COMPANIONS][TRAFFIC_MARK_BYTES];
};

static void fill_company(struct company *company, uint64_t n)
{
    hitstream__v1__company__init(&company->message);
    for (unsigned i = 0; i < TRAFFIC_COMPANIONS; i++) {
        traffic_mark(hs_hash_u64(n * TRAFFIC_COMPANIONS + i) % 30000000, company->marks[i]);
        hitstream__v1__companion__init(&company->rows[i]);
        company->rows[i].vrm = company->marks[i];
        company->rows[i].gap_ms = 500 + 700 * i;
        company->rows[i].lane = 1 + i % 3;
        company->row_ptrs[i] = &company->rows[i];
    }
    company->message.companions = company->row_ptrs;
    company->message.n_companions = TRAFFIC_COMPANIONS;
    company->message.window_ms = 20000;
}

// protobuf-c writes to no text that it packs.
static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

// The texts of one hit.
struct texts {
    char mark[TRAFFIC_MARK_BYTES];
    char read_id[48], entry_id[24], camera[16], site[16], road[16], area[16], image[64];
};

static void fill_entry(Hitstream__V1__WatchlistEntry *entry, struct texts *texts, uint64_t vehicle)
{
    static char fi[] = "FI", vi[] = "VI";
    static char *markers[] = {fi, vi};
    snprintf(texts->entry_id, sizeof(texts->entry_id), "e%07u", (unsigned)vehicle);
    entry->list_id = text("stolen");
    entry->entry_id = texts->entry_id;
    entry->vrm = texts->mark;
    entry->make = text("FORD");
    entry->model = text("FOCUS");
    entry->colour = text("BLUE");
    entry->handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    entry->priority = HITSTREAM__V1__PRIORITY__PRIORITY_HIGH;
    entry->warning_markers = markers;
    entry->n_warning_markers = vehicle % 4 == 0 ? 2 : 0;
    entry->reason = text("taken from the keeper's drive overnight; keys were in the house");
    entry->nim_grading = text("B22");
    entry->weed_date = 20301231;
    entry->pnc_id = text("00/1234567A");
    entry->authoriser = text("Insp 1234");
    entry->contact_24h = text("101 ext 4711");
    entry->authority_reference = text("OP 12/26");
}

static void fill_place(Hitstream__V1__Place *place, Hitstream__V1__Position *position,
                       struct texts *texts, unsigned site)
{
    snprintf(texts->camera, sizeof(texts->camera), "c%u", site);
    snprintf(texts->site, sizeof(texts->site), "s%u", site);
    snprintf(texts->road, sizeof(texts->road), "A%u", site % 90);
    snprintf(texts->area, sizeof(texts->area), "area-%u", site % 20);
    position->latitude_deg = 51.0 + site * 0.0001;
    position->longitude_deg = -2.0 - site * 0.0001;
    place->camera_id = texts->camera;
    place->site_id = texts->site;
    place->road = texts->road;
    place->direction = text("E");
    place->force = text(force_of(site));
    place->area = texts->area;
    place->position = position;
}

static void fill_hit(Hitstream__V1__Hit *hit, struct texts *texts, int64_t at_ms, uint64_t n)
{
    snprintf(texts->read_id, sizeof(texts->read_id), "read-%012llu", (unsigned long long)n);
    snprintf(texts->image, sizeof(texts->image), "images/2026/%s.jpg", texts->read_id);
    hit->read_id = texts->read_id;
    hit->plate_image_ref = texts->image;
    hit->overview_image_ref = texts->image;
    hit->tier = HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    hit->score_permille = 1000;
    hit->read_vrm = texts->mark;
    hit->matched_vrm = texts->mark;
    hit->captured_at_ms = at_ms;
    hit->received_at_ms = at_ms + 200;
    hit->appended_at_ms = at_ms + 300;
    hit->snapshot_as_of_ms = at_ms - 500;
    hit->lateness = HITSTREAM__V1__LATENESS__LATENESS_LIVE;
    hit->lane = 1;
    hit->weakest_confidence_pct = 91;
    hit->country = text("GB");
}

void traffic_hit(const struct traffic *traffic, uint64_t n, struct hs_buf *out, int64_t *ret_at_ms,
                 uint64_t *ret_vehicle)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__ListRevision revision = HITSTREAM__V1__LIST_REVISION__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Position position = HITSTREAM__V1__POSITION__INIT;
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    struct texts texts;
    struct company company;
    uint64_t round = n / traffic->vehicles, step = n % traffic->vehicles;
    uint64_t vehicle = (step * STRIDE + round) % traffic->vehicles;
    int64_t at_ms = traffic->begin_ms + (int64_t)round * TRAFFIC_GAP_MS +
                    (int64_t)(round / TRAFFIC_HITS) * AWAY_MS +
                    (int64_t)(step * TRAFFIC_GAP_MS / traffic->vehicles);
    if (traffic->only) {
        vehicle = traffic->only;
        at_ms = traffic->begin_ms;
    }
    traffic_mark(vehicle, texts.mark);
    fill_entry(&entry, &texts, vehicle);
    // each vehicle stays in its half: what crosses forces is told to more desks
    uint64_t half = TRAFFIC_SITES / 2, site = hs_hash_u64(vehicle * 1000 + round / 2) % half;
    fill_place(&place, &position, &texts, (unsigned)(site + vehicle % 2 * half));
    fill_hit(&hit, &texts, at_ms, n);
    fill_company(&company, n);
    list.list_id = text("stolen");
    list.title = text("Stolen vehicles");
    list.owner_force = text("north");
    list.revision = &revision;
    revision.generation = 12;
    revision.sequence = 3;
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    flow.vehicles = 60;
    flow.window_ms = 180000;
    struct hs_id id = hs_id_hit(&traffic->id_key, hs_str(texts.read_id), HS_STR("stolen"),
                                hs_str(texts.entry_id));
    hit.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    hit.entry = &entry;
    hit.list = &list;
    hit.audience = &audience;
    hit.place = &place;
    hit.flow = &flow;
    hit.before = &company.message;
    event.vehicle = texts.mark;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &hit;
    pack(&event, out);
    *ret_at_ms = at_ms;
    *ret_vehicle = vehicle;
}
