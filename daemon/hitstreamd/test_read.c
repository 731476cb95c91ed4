// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/test_read.h"

#include <stdio.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstreamd/hit_event.h"
#include "wire/header.h"

typedef Hitstream__V1__PlateRead pb_read; // long names of the contract, short in this file
typedef Hitstream__V1__Hit pb_hit;

enum { VEHICLE_BYTES = 160, SOURCE_BYTES = 64 };

static pb_read *unpack(const struct hs_read_view *view)
{
    return hs_read_view_malformed(view)
               ? NULL
               : hitstream__v1__plate_read__unpack(NULL, view->raw_len, view->raw);
}

bool hs_test_read_is(const struct hs_read_view *view)
{
    pb_read *read = unpack(view);
    bool is = read && read->test_queue[0] && !read->vrm[0];
    hitstream__v1__plate_read__free_unpacked(read, NULL);
    return is;
}

// The controls' answer, and how old the read was when the log took it.
static bool queue_known(const struct hs_match_worker *worker, const pb_read *read,
                        const struct hs_match_message *message, int *ret_lateness)
{
    hs_rcu_read_lock();
    const struct hs_controls *controls = hs_rcu_dereference(worker->config->controls);
    bool known = hs_routes_find(hs_controls_routes(controls), hs_str(read->test_queue)) != NULL;
    *ret_lateness =
        hs_hit_lateness(hs_controls_rules(controls), read->captured_at_ms, message->appended_at_ms);
    hs_rcu_read_unlock();
    return known;
}

// The read's own id, or one of what it was made of.
static struct hs_id hit_id_of(const struct hs_match_worker *worker, const pb_read *read,
                              char ret_read_id[HS_ID_TEXT_BYTES])
{
    const struct hs_id_key *key = &worker->config->id_key;
    struct hs_id id =
        hs_id_read(key, hs_str(read->camera_id), read->captured_at_ms, hs_str(read->test_queue));
    hs_id_text(&id, ret_read_id);
    return hs_id_hit(key, read->read_id[0] ? hs_str(read->read_id) : hs_str(ret_read_id),
                     hs_str(read->test_queue), HS_STR("test"));
}

static bool produce(struct hs_match_worker *worker, const struct hs_match_message *message,
                    const struct hs_id *hit_id, const char *vehicle,
                    const Hitstream__V1__VehicleEvent *event)
{
    char id[HS_ID_TEXT_BYTES], source[SOURCE_BYTES];
    struct hs_buf packed = {0};
    struct hs_headers *headers = worker->headers;
    char *room = hs_buf_reserve(&packed, hitstream__v1__vehicle_event__get_packed_size(event));
    if (!room) {
        hs_match_fail(worker, hs_strerror(HS_ENOMEM));
        return false;
    }
    packed.len = hitstream__v1__vehicle_event__pack(event, (uint8_t *)room);
    hs_id_text(hit_id, id);
    snprintf(source, sizeof(source), HS_KAFKA_READS "/%d@%lld", message->slot->partition,
             (long long)message->offset);
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(id), "hitstream.v1.Hit", hs_str(source),
                         event->hit->captured_at_ms, "application/protobuf");
    struct hs_kafka_record record = {.topic = worker->topic_hits,
                                     .partition = HS_KAFKA_PARTITION_BY_KEY,
                                     .key = hs_str(vehicle),
                                     .value = hs_buf_str(&packed)};
    bool sent = hs_match_produce(worker, message->slot, hs_acks_expect(message->slot->acks),
                                 &record, headers);
    hs_buf_fini(&packed);
    return sent;
}

// A hit with no more of an entry than its form asks for.
static bool send(struct hs_match_worker *worker, const struct hs_match_message *message,
                 const pb_read *read, int lateness)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    pb_hit hit = HITSTREAM__V1__HIT__INIT;
    char vehicle[VEHICLE_BYTES], made_id[HS_ID_TEXT_BYTES], entry_id[] = "test";
    struct hs_id id = hit_id_of(worker, read, made_id);
    snprintf(vehicle, sizeof(vehicle), HS_TEST_VEHICLE_PREFIX "%s", read->test_queue);
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST;
    audience.list_id = entry.list_id = list.list_id = read->test_queue;
    entry.entry_id = entry_id;
    entry.vrm = vehicle;
    place.camera_id = place.site_id = read->camera_id;
    hit.hit_id = (ProtobufCBinaryData){.len = HS_ID_BYTES, .data = id.bytes};
    hit.read_id = read->read_id[0] ? read->read_id : made_id;
    hit.entry = &entry;
    hit.list = &list;
    hit.place = &place;
    hit.audience = &audience;
    hit.tier = HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    hit.captured_at_ms = read->captured_at_ms;
    hit.received_at_ms = read->received_at_ms;
    hit.appended_at_ms = message->appended_at_ms;
    hit.lateness = (Hitstream__V1__Lateness)lateness;
    hit.test_queue = read->test_queue;
    event.vehicle = vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &hit;
    return produce(worker, message, &id, vehicle, &event);
}

enum hs_test_read hs_test_read_take(struct hs_match_worker *worker,
                                    const struct hs_match_message *message,
                                    const struct hs_read_view *view)
{
    int lateness;
    enum hs_test_read result = HS_TEST_READ_NOT;
    pb_read *read = unpack(view);
    if (read && read->test_queue[0] && !read->vrm[0]) {
        if (read->captured_at_ms <= 0 || !queue_known(worker, read, message, &lateness)) {
            result = HS_TEST_READ_UNKNOWN;
        } else {
            result =
                send(worker, message, read, lateness) ? HS_TEST_READ_TAKEN : HS_TEST_READ_FAILED;
        }
    }
    hitstream__v1__plate_read__free_unpacked(read, NULL);
    return result;
}
