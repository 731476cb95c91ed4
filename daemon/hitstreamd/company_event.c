// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/company_event.h"

#include "hitstream/v1/event.pb-c.h"

enum {
    EVENT_VEHICLE_TAG = 1 << 3 | 2,
    EVENT_HIT_TAG = 2 << 3 | 2,
    VARINT_BYTES = 10,
};

// A Company whose parts live here; texts point into what it is made of.
struct company {
    Hitstream__V1__Company message;
    Hitstream__V1__Companion rows[HS_COMPANIONS_MAX];
    Hitstream__V1__Companion *ptrs[HS_COMPANIONS_MAX];
    Hitstream__V1__ListedOn on[HS_COMPANIONS_MAX][HS_LISTED_MAX];
    Hitstream__V1__ListedOn *on_ptrs[HS_COMPANIONS_MAX][HS_LISTED_MAX];
};

// The lists on which a companion stands itself.
static void fill_listed(const struct hs_listed *listed, uint32_t companion,
                        struct company *ret_company)
{
    Hitstream__V1__Companion *row = &ret_company->rows[companion];
    row->n_listed_on = listed->counts[companion];
    row->listed_on = ret_company->on_ptrs[companion];
    for (size_t i = 0; i < row->n_listed_on; i++) {
        const struct hs_listed_on *from = &listed->on[companion][i];
        Hitstream__V1__ListedOn *on = row->listed_on[i] = &ret_company->on[companion][i];
        hitstream__v1__listed_on__init(on);
        on->list_id = (char *)(uintptr_t)from->list_id;
        on->owner_force = (char *)(uintptr_t)from->owner_force;
        on->handling = (Hitstream__V1__Handling)from->handling;
        on->safeguarding = (Hitstream__V1__Safeguarding)from->safeguarding;
    }
}

static void fill(const struct hs_company *from, const struct hs_listed *listed,
                 struct company *ret_company)
{
    Hitstream__V1__Company *message = &ret_company->message;
    hitstream__v1__company__init(message);
    message->window_ms = (uint32_t)from->window_ms;
    message->not_listed = from->not_listed;
    message->n_companions = from->count;
    message->companions = ret_company->ptrs;
    for (uint32_t i = 0; i < from->count; i++) {
        Hitstream__V1__Companion *row = ret_company->ptrs[i] = &ret_company->rows[i];
        hitstream__v1__companion__init(row);
        row->vrm = (char *)(uintptr_t)from->listed[i].vrm.text;
        row->gap_ms = from->listed[i].gap_ms;
        row->lane = from->listed[i].lane;
        if (listed) {
            fill_listed(listed, i, ret_company);
        }
    }
}

static void put_message(struct hs_buf *out, const ProtobufCMessage *message)
{
    char *room = hs_buf_reserve(out, protobuf_c_message_get_packed_size(message));
    if (room) {
        out->len += protobuf_c_message_pack(message, (uint8_t *)room);
    }
}

static void put_head(struct hs_buf *out, unsigned tag, size_t len)
{
    hs_buf_add_char(out, (char)tag);
    for (; len >= 0x80; len >>= 7) {
        hs_buf_add_char(out, (char)(len | 0x80));
    }
    hs_buf_add_char(out, (char)len);
}

void hs_company_stamp(const struct hs_hit_event *event, const struct hs_flow *flow,
                      const struct hs_company *before, const struct hs_listed *listed,
                      struct hs_buf *out)
{
    struct company company;
    Hitstream__V1__Flow traffic = HITSTREAM__V1__FLOW__INIT;
    Hitstream__V1__Hit more = HITSTREAM__V1__HIT__INIT; // further fields of the packed one
    if (flow->window_ms > 0) {
        traffic.vehicles = flow->vehicles;
        traffic.window_ms = (uint32_t)flow->window_ms;
        more.flow = &traffic;
    }
    if (before->window_ms > 0) {
        fill(before, listed, &company);
        more.before = &company.message;
    }
    struct hs_str hit =
        hs_str_n(event->value.ptr + event->value.len - event->hit_len, event->hit_len);
    hs_buf_clear(out);
    put_head(out, EVENT_VEHICLE_TAG, event->vehicle.len);
    hs_buf_add_str(out, event->vehicle);
    put_head(out, EVENT_HIT_TAG, hit.len + protobuf_c_message_get_packed_size(&more.base));
    hs_buf_add_str(out, hit);
    put_message(out, &more.base);
}

void hs_company_after_pack(const struct hs_company_of *of, const struct hs_company *after,
                           const struct hs_listed *listed, struct hs_buf *out)
{
    struct company company;
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Companions companions = HITSTREAM__V1__COMPANIONS__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    audience.kind = of->audience_kind;
    audience.list_id = (char *)(uintptr_t)of->list_id;
    fill(after, listed, &company);
    companions.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)of->hit_id.bytes};
    companions.audience = &audience;
    companions.captured_at_ms = of->captured_at_ms;
    companions.after = &company.message;
    event.vehicle = (char *)(uintptr_t)of->vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS;
    event.companions = &companions;
    hs_buf_clear(out);
    put_message(out, &event.base);
}
