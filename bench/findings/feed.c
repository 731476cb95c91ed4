// SPDX-License-Identifier: Apache-2.0
#include "findings/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cameras/counter.h"
#include "hitstream/v1/event.pb-c.h"

enum { RING = 256, COMPANY_MAX = 16, COUNTS = 64 };

// One read as a site remembers it.
struct passed {
    char text[PLATE_MAX];
    int64_t at_ms;
};

struct ring {
    struct passed reads[RING];
    uint64_t count;
};

// A hit whose companions after it are waited for.
struct window {
    struct hs_id hit;
    char vehicle[PLATE_MAX];
    unsigned site;
    int64_t at_ms;
    int64_t due_ms; // by the time of arrival
};

struct feed {
    const struct sim *sim;
    const struct hs_rules *rules;
    struct hs_correlator *correlator;
    struct ring *rings;     // one a site
    struct window *windows; // in order of arrival
    size_t window_first, window_count, window_capacity;
    uint64_t offset;
    uint64_t hits;
    struct hs_id_key key;
    struct hs_buf out;
    void (*on_hit)(void *ctx, const struct sim_read *read, unsigned site); // NULL: nobody asks
    void *observer;
    struct hs_gather *gather;
    struct hs_camera_findings *const *health; // what is known to be wrong by now; NULL: nobody asks
    struct hs_camera_counter *counter;
    Hitstream__V1__CameraCount counts[COUNTS]; // finished windows on their way
    char count_ids[COUNTS][HS_CAMERA_COUNTER_ID_BYTES + 1];
    size_t count_count;
};

static void send_counts(struct feed *feed, int64_t now_ms)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraCounts counts = HITSTREAM__V1__CAMERA_COUNTS__INIT;
    Hitstream__V1__CameraCount *rows[COUNTS];
    for (size_t i = 0; i < feed->count_count; i++) {
        rows[i] = &feed->counts[i];
    }
    counts.rows = rows;
    counts.n_rows = feed->count_count;
    counts.read_to_ms = now_ms;
    counts.window_ms = feed->rules->cameras_window_ms;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_COUNTS;
    observation.counts = &counts;
    hs_buf_clear(&feed->out);
    char *room = hs_buf_reserve(&feed->out,
                                hitstream__v1__camera_observation__get_packed_size(&observation));
    if (room) {
        feed->out.len = hitstream__v1__camera_observation__pack(&observation, (uint8_t *)room);
        hs_gather_apply(feed->gather, hs_buf_str(&feed->out));
    }
    feed->count_count = 0;
}

static void on_counted(void *ctx, const struct hs_camera_window *window)
{
    struct feed *feed = ctx;
    if (feed->count_count == COUNTS) {
        return; // a read finishes one window at most
    }
    size_t at = feed->count_count++;
    Hitstream__V1__CameraCount *row = &feed->counts[at];
    hitstream__v1__camera_count__init(row);
    snprintf(feed->count_ids[at], sizeof(feed->count_ids[at]), "%.*s", (int)window->camera_id.len,
             window->camera_id.ptr);
    row->camera_id = feed->count_ids[at];
    row->force = (char *)(uintptr_t) "bench";
    row->window_ms = window->window_ms;
    row->reads = window->reads;
    row->floor_ms = window->floor_ms;
    row->partial = window->partial;
}

struct feed *feed_new(const struct sim *sim, const struct hs_rules *rules,
                      struct hs_correlator *correlator, struct hs_gather *gather,
                      struct hs_camera_findings *const *health)
{
    struct feed *feed = calloc(1, sizeof(*feed));
    if (feed) {
        feed->sim = sim;
        feed->rules = rules;
        feed->correlator = correlator;
        feed->rings = calloc(sim_net(sim)->site_count, sizeof(*feed->rings));
        feed->gather = gather;
        feed->health = health;
        hs_camera_counter_new(HS_CAMERA_COUNTER_DEFAULT, on_counted, feed, &feed->counter);
        memset(&feed->key, 0x33, sizeof(feed->key));
    }
    if (feed && (!feed->rings || !feed->counter)) {
        free(feed->rings);
        free(feed);
        return NULL;
    }
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed) {
        free(feed->rings);
        free(feed->windows);
        hs_camera_counter_free(feed->counter);
        hs_buf_fini(&feed->out);
        free(feed);
    }
}

void feed_observe(struct feed *feed,
                  void (*hit)(void *ctx, const struct sim_read *read, unsigned site), void *ctx)
{
    feed->on_hit = hit;
    feed->observer = ctx;
}

uint64_t feed_hits(const struct feed *feed)
{
    return feed->hits;
}

static bool append(struct feed *feed, const Hitstream__V1__VehicleEvent *event, int64_t at_ms)
{
    hs_buf_clear(&feed->out);
    char *room =
        hs_buf_reserve(&feed->out, hitstream__v1__vehicle_event__get_packed_size(event) + 1);
    if (!room) {
        return false;
    }
    feed->out.len = hitstream__v1__vehicle_event__pack(event, (uint8_t *)room);
    const struct hs_log_record record = {
        .offset = feed->offset++, .append_time_ms = at_ms, .value = hs_buf_str(&feed->out)};
    return hs_correlator_apply(feed->correlator, &record, NULL) == 0;
}

bool feed_controls(struct feed *feed, const char *hash)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    activated.hash = (char *)(uintptr_t)hash;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    return append(feed, &event, sim_plan_of(feed->sim)->start_ms);
}

// ------------------------------------------------------------------ around a hit

struct company {
    Hitstream__V1__Company message;
    Hitstream__V1__Companion rows[COMPANY_MAX];
    Hitstream__V1__Companion *pointers[COMPANY_MAX];
};

static bool is_named(const struct company *company, const char *text)
{
    for (size_t i = 0; i < company->message.n_companions; i++) {
        if (strcmp(company->rows[i].vrm, text) == 0) {
            return true;
        }
    }
    return false;
}

static void add_nearest(struct company *company, struct passed *passed, int64_t gap_ms)
{
    size_t at = company->message.n_companions;
    if (strchr(passed->text, '?') || is_named(company, passed->text) || at == COMPANY_MAX) {
        return;
    }
    hitstream__v1__companion__init(&company->rows[at]);
    company->rows[at].vrm = passed->text;
    company->rows[at].gap_ms = (uint32_t)gap_ms;
    company->pointers[at] = &company->rows[at];
    company->message.n_companions++;
}

// `side`: -1 those before, 1 those after.
static void look(struct ring *ring, const char *vehicle, int64_t at_ms, int64_t window_ms, int side,
                 struct company *ret_company)
{
    size_t kept = ring->count < RING ? (size_t)ring->count : RING;
    hitstream__v1__company__init(&ret_company->message);
    ret_company->message.companions = ret_company->pointers;
    ret_company->message.window_ms = (uint32_t)window_ms;
    for (size_t i = 1; i <= kept; i++) {
        struct passed *passed = &ring->reads[(ring->count - i) % RING];
        int64_t gap_ms = side * (passed->at_ms - at_ms);
        if (gap_ms >= 0 && gap_ms <= window_ms && strcmp(passed->text, vehicle) != 0) {
            add_nearest(ret_company, passed, gap_ms);
        }
    }
}

static uint32_t count_flow(const struct ring *ring, int64_t at_ms, int64_t window_ms)
{
    size_t kept = ring->count < RING ? (size_t)ring->count : RING;
    uint32_t vehicles = 0;
    for (size_t i = 1; i <= kept; i++) {
        const struct passed *passed = &ring->reads[(ring->count - i) % RING];
        vehicles += passed->at_ms < at_ms && passed->at_ms >= at_ms - window_ms;
    }
    return vehicles;
}

static bool open_window(struct feed *feed, const struct window *window)
{
    if (feed->window_first + feed->window_count == feed->window_capacity) {
        memmove(feed->windows, feed->windows + feed->window_first,
                feed->window_count * sizeof(*feed->windows));
        feed->window_first = 0;
        if (feed->window_count * 2 >= feed->window_capacity) {
            size_t capacity = feed->window_capacity ? 2 * feed->window_capacity : 256;
            struct window *grown = realloc(feed->windows, capacity * sizeof(*grown));
            if (!grown) {
                return false;
            }
            feed->windows = grown;
            feed->window_capacity = capacity;
        }
    }
    feed->windows[feed->window_first + feed->window_count++] = *window;
    return true;
}

static bool close_windows(struct feed *feed, int64_t now_ms)
{
    while (feed->window_count > 0 && feed->windows[feed->window_first].due_ms <= now_ms) {
        struct window *window = &feed->windows[feed->window_first];
        struct company company;
        Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
        Hitstream__V1__Companions companions = HITSTREAM__V1__COMPANIONS__INIT;
        Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
        look(&feed->rings[window->site], window->vehicle, window->at_ms,
             feed->rules->companions_after_ms, 1, &company);
        audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
        companions.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, window->hit.bytes};
        companions.audience = &audience;
        companions.captured_at_ms = window->at_ms;
        companions.after = &company.message;
        event.vehicle = window->vehicle;
        event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS;
        event.companions = &companions;
        feed->window_first++;
        feed->window_count--;
        if (company.message.n_companions > 0 && !append(feed, &event, window->due_ms)) {
            return false;
        }
    }
    return true;
}

// ------------------------------------------------------------------ hits

static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void fill_place(const struct feed *feed, unsigned camera, Hitstream__V1__Place *place,
                       Hitstream__V1__Position *position)
{
    const struct net *net = sim_net(feed->sim);
    const struct net_site *site = &net->sites[net->posts[net->cameras[camera].listed_post].site];
    hitstream__v1__place__init(place);
    hitstream__v1__position__init(position);
    position->latitude_deg = site->latitude_deg;
    position->longitude_deg = site->longitude_deg;
    place->camera_id = text_of(net->cameras[camera].camera_id);
    place->site_id = text_of(site->site_id);
    place->road = text_of(site->road);
    place->direction = text_of(net->cameras[camera].direction);
    place->force = text_of(net_forces[site->force]);
    place->area = text_of(site->area);
    place->position = position;
}

static Hitstream__V1__Lateness lateness_of(const struct hs_rules *rules,
                                           const struct sim_read *read)
{
    int64_t late_ms = read->delivered_at_ms - read->captured_at_ms;
    return late_ms < -rules->future_tolerance_ms ? HITSTREAM__V1__LATENESS__LATENESS_FUTURE
           : late_ms <= rules->live_ms           ? HITSTREAM__V1__LATENESS__LATENESS_LIVE
           : late_ms <= rules->recent_ms         ? HITSTREAM__V1__LATENESS__LATENESS_RECENT
                                                 : HITSTREAM__V1__LATENESS__LATENESS_STALE;
}

static bool hit(struct feed *feed, const struct sim_read *read, unsigned site)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit message = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    Hitstream__V1__Place place;
    Hitstream__V1__Position position;
    struct company before;
    struct looks looks = looks_of_vehicle(read->vehicle);
    struct ring *ring = &feed->rings[site];
    char read_id[32];
    snprintf(read_id, sizeof(read_id), "%llu", (unsigned long long)read->number);
    struct window window = {.site = site, .at_ms = read->captured_at_ms};
    window.hit = hs_id_hit(&feed->key, hs_str(read_id), HS_STR("all"), hs_str(read->reading.text));
    window.due_ms = read->delivered_at_ms + feed->rules->companions_after_ms +
                    feed->rules->companions_settle_ms;
    snprintf(window.vehicle, sizeof(window.vehicle), "%s", read->reading.text);
    fill_place(feed, read->camera, &place, &position);
    look(ring, window.vehicle, window.at_ms, feed->rules->companions_before_ms, -1, &before);
    flow.vehicles = count_flow(ring, window.at_ms, feed->rules->flow_window_ms);
    flow.window_ms = (uint32_t)feed->rules->flow_window_ms;
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    list.list_id = list.title = text_of("all");
    list.owner_force = text_of("bench");
    entry.list_id = list.list_id;
    entry.entry_id = entry.vrm = window.vehicle;
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_MONITOR;
    entry.priority = HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM;
    message.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, window.hit.bytes};
    message.read_id = read_id;
    message.entry = &entry;
    message.list = &list;
    message.audience = &audience;
    message.place = &place;
    message.tier = HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    message.score_permille = 1000;
    message.read_vrm = message.matched_vrm = window.vehicle;
    message.captured_at_ms = read->captured_at_ms;
    message.appended_at_ms = read->delivered_at_ms;
    message.lateness = lateness_of(feed->rules, read);
    message.seen_make = text_of(looks.make);
    message.seen_colour = text_of(looks.colour);
    message.flow = &flow;
    const Hitstream__V1__CameraHealth *wrong =
        feed->health ? hs_camera_findings_get(*feed->health, hs_str(place.camera_id)) : NULL;
    if (wrong) {
        message.camera_faults = wrong->faults;
        message.n_camera_faults = wrong->n_faults;
    }
    message.before = &before.message;
    event.vehicle = window.vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &message;
    feed->hits++;
    return append(feed, &event, read->delivered_at_ms) && open_window(feed, &window);
}

bool feed_read(struct feed *feed, const struct sim_read *read)
{
    const struct net *net = sim_net(feed->sim);
    unsigned site = net->posts[net->cameras[read->camera].listed_post].site;
    struct ring *ring = &feed->rings[site];
    bool good = close_windows(feed, read->delivered_at_ms);
    hs_camera_counter_set_window(feed->counter, feed->gather ? feed->rules->cameras_window_ms : 0);
    hs_camera_counter_add(feed->counter, 0, hs_str(net->cameras[read->camera].camera_id),
                          read->captured_at_ms, read->delivered_at_ms);
    if (feed->count_count > 0) {
        send_counts(feed, read->delivered_at_ms);
    }
    if (good && read->mark < sim_plan_of(feed->sim)->listed &&
        strcmp(read->reading.text, plate_of_vehicle(read->mark).text) == 0) {
        if (feed->on_hit) {
            feed->on_hit(feed->observer, read, site);
        }
        good = hit(feed, read, site);
    }
    struct passed *passed = &ring->reads[ring->count++ % RING];
    snprintf(passed->text, sizeof(passed->text), "%s", read->reading.text);
    passed->at_ms = read->captured_at_ms;
    return good;
}
