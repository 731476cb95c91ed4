// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/hit_event.h"

#include "base/error.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/read_detail.h"

// Messages of the contract hold terminated texts: they stand at the front of the space while an
// event is packed behind them. The entry is appended as it is packed in the snapshot.
enum {
    HIT_ENTRY_TAG = 3 << 3 | 2,     // field 3 of Hit
    EVENT_HIT_TAG = 2 << 3 | 2,     // field 2 of VehicleEvent
    EVENT_VEHICLE_TAG = 1 << 3 | 2, // field 1 of VehicleEvent
    VARINT_BYTES = 10,
};

// One event under way.
struct builder {
    const struct hs_hit_context *context;
    const struct hs_hit *hit;
    const struct hs_read_view *read;
    struct hs_read_detail detail;
    char *at;  // free from here
    char *end; // to here
    bool full;
    char empty[1];
};

// The parts of a Hit that are messages of their own; point into each other, live on the stack.
struct parts {
    Hitstream__V1__Hit hit;
    Hitstream__V1__ListInfo list;
    Hitstream__V1__ListRevision revision;
    Hitstream__V1__Audience audience;
    Hitstream__V1__Place place;
    Hitstream__V1__Position position;
    Hitstream__V1__Difference differences[HS_VRM_MAX];
    Hitstream__V1__Difference *difference_ptrs[HS_VRM_MAX];
    Hitstream__V1__CameraFault faults[HS_CAMERA_FAULTS_MAX];
    Hitstream__V1__CameraFault *fault_ptrs[HS_CAMERA_FAULTS_MAX];
};

// A terminated, valid copy; cameras send what they like.
static char *text(struct builder *b, struct hs_str s)
{
    if (s.len == 0) {
        return b->empty;
    }
    if (b->full || (size_t)(b->end - b->at) < s.len + 1) {
        b->full = true;
        return b->empty;
    }
    char *copy = b->at;
    memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    b->at += s.len + 1;
    bool valid = hs_str_is_utf8(s);
    for (size_t i = 0; i < s.len; i++) {
        if (copy[i] == '\0' || (!valid && (copy[i] & 0x80))) {
            copy[i] = '?';
        }
    }
    return copy;
}

int hs_hit_lateness(const struct hs_rules *rules, int64_t captured_at_ms, int64_t appended_at_ms)
{
    if (captured_at_ms > appended_at_ms &&
        captured_at_ms - appended_at_ms > rules->future_tolerance_ms) {
        return HITSTREAM__V1__LATENESS__LATENESS_FUTURE;
    }
    int64_t late_ms = appended_at_ms - captured_at_ms;
    return late_ms <= rules->live_ms     ? HITSTREAM__V1__LATENESS__LATENESS_LIVE
           : late_ms <= rules->recent_ms ? HITSTREAM__V1__LATENESS__LATENESS_RECENT
                                         : HITSTREAM__V1__LATENESS__LATENESS_STALE;
}

static void fill_list(struct builder *b, struct parts *parts)
{
    const struct hs_list_spec *list = b->hit->list;
    hitstream__v1__list_info__init(&parts->list);
    hitstream__v1__list_revision__init(&parts->revision);
    hitstream__v1__audience__init(&parts->audience);
    parts->list.list_id = text(b, list->list_id);
    parts->list.title = text(b, list->title);
    parts->list.owner_force = text(b, list->owner_force);
    parts->list.revision = &parts->revision;
    parts->revision.generation = list->generation;
    parts->revision.sequence = list->sequence;
    parts->hit.list = &parts->list;
    parts->hit.audience = &parts->audience;
    if (list->status == HS_LIST_TRIAL) {
        parts->audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL;
        parts->audience.list_id = parts->list.list_id;
    } else if (list->covert) {
        parts->audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
        parts->audience.list_id = parts->list.list_id;
    } else {
        parts->audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    }
}

// A mobile camera's own position is better than the register's.
static void fill_position(struct builder *b, struct parts *parts)
{
    const struct hs_camera *camera = b->hit->camera;
    hitstream__v1__position__init(&parts->position);
    if (b->detail.has_position && (!camera || camera->mobile || !camera->has_position)) {
        parts->position.latitude_deg = b->detail.latitude_deg;
        parts->position.longitude_deg = b->detail.longitude_deg;
        parts->place.position = &parts->position;
    } else if (camera && camera->has_position) {
        parts->position.latitude_deg = camera->position.latitude_deg;
        parts->position.longitude_deg = camera->position.longitude_deg;
        parts->place.position = &parts->position;
    }
}

static void fill_place(struct builder *b, struct parts *parts)
{
    const struct hs_camera *camera = b->hit->camera;
    hitstream__v1__place__init(&parts->place);
    parts->place.camera_id = text(b, hs_read_view_camera_id(b->read));
    parts->place.camera_unknown = camera == NULL;
    parts->place.site_id = text(b, camera ? camera->site_id : b->context->site);
    if (camera) {
        parts->place.road = text(b, camera->road);
        parts->place.direction = text(b, camera->direction);
        parts->place.force = text(b, camera->force);
        parts->place.area = text(b, camera->area);
        parts->place.mobile = camera->mobile;
    }
    fill_position(b, parts);
    parts->hit.place = &parts->place;
}

static void fill_differences(struct builder *b, struct parts *parts)
{
    const struct hs_hit *hit = b->hit;
    size_t len = strlen(hit->matched_vrm);
    for (size_t i = 0; i < len && i < hit->entry_vrm.len && i < HS_VRM_MAX; i++) {
        if (!(hit->differing >> i & 1)) {
            continue;
        }
        Hitstream__V1__Difference *row = &parts->differences[parts->hit.n_differences];
        hitstream__v1__difference__init(row);
        row->position = (uint32_t)i;
        row->read = text(b, hs_str_n(&hit->matched_vrm[i], 1));
        row->listed = text(b, hs_str_n(&hit->entry_vrm.ptr[i], 1));
        parts->difference_ptrs[parts->hit.n_differences++] = row;
    }
    parts->hit.differences = parts->difference_ptrs;
}

static struct hs_str read_id(struct builder *b, char derived[HS_ID_TEXT_BYTES])
{
    if (b->detail.read_id.len > 0) {
        return b->detail.read_id;
    }
    struct hs_id id = hs_id_read(b->context->id_key, hs_read_view_camera_id(b->read),
                                 b->read->captured_at_ms, hs_read_view_vrm(b->read));
    hs_id_text(&id, derived);
    return hs_str(derived);
}

static void fill_read(struct builder *b, struct parts *parts)
{
    const struct hs_read_detail *detail = &b->detail;
    Hitstream__V1__Hit *hit = &parts->hit;
    hit->read_vrm = text(b, hs_read_view_vrm(b->read));
    hit->captured_at_ms = b->read->captured_at_ms;
    hit->received_at_ms = detail->received_at_ms;
    hit->appended_at_ms = b->context->appended_at_ms;
    hit->lateness = (Hitstream__V1__Lateness)hs_hit_lateness(
        b->context->rules, b->read->captured_at_ms, b->context->appended_at_ms);
    hit->lane = detail->lane;
    hit->seen_make = text(b, detail->make);
    hit->seen_model = text(b, detail->model);
    hit->seen_colour = text(b, detail->colour);
    hit->plate_image_ref = text(b, detail->plate_image_ref);
    hit->overview_image_ref = text(b, detail->overview_image_ref);
    hit->country = text(b, detail->country);
}

static void fill_match(struct builder *b, struct parts *parts)
{
    const struct hs_hit *from = b->hit;
    Hitstream__V1__Hit *hit = &parts->hit;
    hit->snapshot_as_of_ms = b->context->as_of_ms;
    hit->tier = (Hitstream__V1__MatchTier)from->tier;
    hit->score_permille = from->score_permille;
    hit->weakest_confidence_pct = from->weakest_confidence_pct;
    hit->ambiguous = from->ambiguous;
    hit->matched_vrm = text(b, hs_str(from->matched_vrm));
}

// What is known to be wrong with the camera: what it is, since when, by how much. Not why: that
// stands in anpr.cameras.
static void fill_faults(struct builder *b, struct parts *parts)
{
    const Hitstream__V1__CameraHealth *health =
        hs_camera_findings_get(b->context->health, hs_read_view_camera_id(b->read));
    for (size_t i = 0; health && i < health->n_faults && i < HS_CAMERA_FAULTS_MAX; i++) {
        Hitstream__V1__CameraFault *row = &parts->faults[i];
        hitstream__v1__camera_fault__init(row);
        row->kind = health->faults[i]->kind;
        row->since_ms = health->faults[i]->since_ms;
        row->offset_ms = health->faults[i]->offset_ms;
        parts->fault_ptrs[parts->hit.n_camera_faults++] = row;
    }
    parts->hit.camera_faults = parts->fault_ptrs;
}

static size_t put_varint(char *at, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        at[n++] = (char)(value | 0x80);
        value >>= 7;
    }
    at[n++] = (char)value;
    return n;
}

static size_t put_bytes(char *at, unsigned tag, struct hs_str bytes)
{
    size_t n = put_varint(at, tag);
    n += put_varint(at + n, bytes.len);
    memcpy(at + n, bytes.ptr, bytes.len);
    return n + bytes.len;
}

// The vehicle: the listed mark; for a pattern the mark that was read.
static struct hs_str vehicle_of(const struct hs_hit *hit)
{
    bool pattern =
        hit->entry_vrm.len > 0 && memchr(hit->entry_vrm.ptr, '?', hit->entry_vrm.len) != NULL;
    return pattern ? hs_str(hit->matched_vrm) : hit->entry_vrm;
}

// Packs at b->at; returns bytes, 0 when there is no room.
static size_t pack(struct builder *b, struct parts *parts, struct hs_str vehicle,
                   size_t *ret_hit_len)
{
    struct hs_str entry = b->hit->entry;
    size_t hit_len = hitstream__v1__hit__get_packed_size(&parts->hit);
    size_t bound = hit_len + entry.len + vehicle.len + 6 * VARINT_BYTES;
    if (b->full || (size_t)(b->end - b->at) < bound) {
        return 0;
    }
    char scratch[2 * VARINT_BYTES];
    size_t entry_head = put_varint(scratch, HIT_ENTRY_TAG);
    entry_head += put_varint(scratch + entry_head, entry.len);

    char *at = b->at;
    at += put_bytes(at, EVENT_VEHICLE_TAG, vehicle);
    at += put_varint(at, EVENT_HIT_TAG);
    at += put_varint(at, hit_len + entry_head + entry.len);
    at += hitstream__v1__hit__pack(&parts->hit, (uint8_t *)at);
    at += put_bytes(at, HIT_ENTRY_TAG, entry);
    *ret_hit_len = hit_len + entry_head + entry.len;
    return (size_t)(at - b->at);
}

int hs_hit_event_pack(const struct hs_hit_context *context, const struct hs_hit *hit,
                      const struct hs_read_view *read, struct hs_hit_space *space,
                      struct hs_hit_event *ret_event)
{
    struct builder b = {.context = context,
                        .hit = hit,
                        .read = read,
                        .at = space->ptr + space->used,
                        .end = space->ptr + space->capacity};
    struct parts parts;
    char derived[HS_ID_TEXT_BYTES];
    hs_read_detail(hs_str_n(read->raw, read->raw_len), &b.detail);
    hitstream__v1__hit__init(&parts.hit);

    struct hs_str id_text = read_id(&b, derived);
    struct hs_id id = hs_id_hit(context->id_key, id_text, hit->list->list_id, hit->entry_id);
    parts.hit.hit_id = (ProtobufCBinaryData){.len = HS_ID_BYTES, .data = id.bytes};
    parts.hit.read_id = text(&b, id_text);
    fill_list(&b, &parts);
    fill_match(&b, &parts);
    fill_read(&b, &parts);
    fill_place(&b, &parts);
    fill_differences(&b, &parts);
    fill_faults(&b, &parts);

    struct hs_str vehicle = vehicle_of(hit);
    struct hs_str list_id = hit->list->list_id;
    size_t hit_len, len = pack(&b, &parts, vehicle, &hit_len);
    if (len == 0 || (size_t)(b.end - b.at) < len + vehicle.len + list_id.len) {
        return HS_ELIMIT;
    }
    // the texts are used up: the event moves to the front, its key and list behind it
    char *value = space->ptr + space->used;
    memmove(value, b.at, len);
    memcpy(value + len, vehicle.ptr, vehicle.len);
    memcpy(value + len + vehicle.len, list_id.ptr, list_id.len);
    space->used += len + vehicle.len + list_id.len;
    *ret_event = (struct hs_hit_event){
        .hit_id = id,
        .vehicle = hs_str_n(value + len, vehicle.len),
        .value = hs_str_n(value, len),
        .hit_len = hit_len,
        .audience_kind = parts.audience.kind,
        .list_id = hs_str_n(value + len + vehicle.len, list_id.len),
        .captured_at_ms = read->captured_at_ms,
        .camera_unknown = hit->camera == NULL,
    };
    return 0;
}
