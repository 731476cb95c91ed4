// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/withdrawn.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_partition.h"
#include "match/snapshot.h"
#include "wire/audience.h"

HS_LOG_EVENT(event_withdrawn, "entries-withdrawn", "b6f20e9d47c14a83915e7d3c08f6a1b4");

enum {
    CHANGE_ID_BYTES = 128,
    GAP_MS = 200,     // between two walks
    AGAIN_MS = 60000, // also when the lists do not change
    UNSURE_AGAIN_MS = 5000,
    CURRENT_MS = 5000, // lists known to be current so lately are current
    TEXT_MAX = 512,    // of a vehicle, an audience, an id
};

// A list by which nothing can be judged yet.
struct unsure {
    uint64_t list; // hash of its id
    int64_t since_ms;
};

// An entry that is withdrawn, found in the read section.
struct found {
    struct hs_str vehicle; // texts in the walk's bump
    struct hs_str audience;
    struct hs_str list_id;
    struct hs_str entry_id;
    uint64_t generation;
    uint64_t sequence;
};

struct hs_withdrawn {
    char change_id[CHANGE_ID_BYTES]; // lists that the last walk, or the running one, began with
    bool walking;
    size_t cursor;
    int64_t begun_at_ms;   // boot time
    int64_t hold_until_ms; // boot time: a stretch had more than fits into a round
    bool any_unsure;       // met in this walk
    struct unsure unsure[HS_WITHDRAWN_UNSURE_MAX];
    size_t unsure_count;
    struct found found[HS_WITHDRAWN_AT_ONCE]; // of this round
    size_t found_count;
    struct hs_bump bump; // their texts
};

// A round's look at the lists.
struct look {
    struct hs_withdrawn *withdrawn;
    const struct hs_snapshot *snapshot;
    bool current;
    int64_t boot_ms;
};

struct hs_withdrawn *hs_withdrawn_new(void)
{
    return calloc(1, sizeof(struct hs_withdrawn));
}

void hs_withdrawn_free(struct hs_withdrawn *withdrawn)
{
    if (withdrawn) {
        hs_bump_fini(&withdrawn->bump);
        free(withdrawn);
    }
}

void hs_withdrawn_reset(struct hs_withdrawn *withdrawn)
{
    withdrawn->change_id[0] = '\0';
    withdrawn->walking = false;
    withdrawn->begun_at_ms = withdrawn->hold_until_ms = 0;
    withdrawn->unsure_count = 0;
}

// ---- judging ----

// Missing, or older than the hit: only when it has been so for a while of current lists.
static bool sure_by_now(const struct look *look, struct hs_str list_id)
{
    struct hs_withdrawn *withdrawn = look->withdrawn;
    uint64_t list = hs_hash_bytes(list_id.ptr, list_id.len, 0);
    size_t i = 0;
    withdrawn->any_unsure = true;
    while (i < withdrawn->unsure_count && withdrawn->unsure[i].list != list) {
        i++;
    }
    if (!look->current || i == HS_WITHDRAWN_UNSURE_MAX) {
        return false;
    }
    if (i == withdrawn->unsure_count) {
        withdrawn->unsure[withdrawn->unsure_count++] = (struct unsure){list, look->boot_ms};
    }
    return look->boot_ms - withdrawn->unsure[i].since_ms >= HS_WITHDRAWN_SURE_MS;
}

static bool is_trial(struct hs_str audience)
{
    struct hs_audience who;
    return hs_audience_parse(audience, &who) == 0 &&
           who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL;
}

static bool is_withdrawn(const struct look *look, const struct hs_standing_entry *entry,
                         struct hs_list_spec *ret_spec)
{
    struct hs_list_spec spec = {.generation = entry->generation, .sequence = entry->sequence};
    bool there = hs_snapshot_list_by_id(look->snapshot, entry->list_id, &spec, NULL) == 0;
    bool older =
        there && (spec.generation < entry->generation ||
                  (spec.generation == entry->generation && spec.sequence < entry->sequence));
    *ret_spec = spec;
    if (!there || older) {
        bool sure = sure_by_now(look, entry->list_id);
        if (!sure || !there) {
            return sure;
        }
    }
    if (spec.status == HS_LIST_SUSPENDED ||
        (spec.status == HS_LIST_TRIAL && !is_trial(entry->audience))) {
        return true;
    }
    return hs_snapshot_entry(look->snapshot, entry->list_id, entry->entry_id) != 0;
}

static struct hs_str keep(struct hs_bump *bump, struct hs_str text)
{
    return hs_str_n(hs_bump_copy(bump, text.ptr, text.len), text.len);
}

static int on_entry(void *ctx, const struct hs_standing_entry *entry)
{
    const struct look *look = ctx;
    struct hs_withdrawn *withdrawn = look->withdrawn;
    struct hs_list_spec spec;
    if (!is_withdrawn(look, entry, &spec)) {
        return 0;
    }
    if (withdrawn->found_count == HS_WITHDRAWN_AT_ONCE) {
        return 1; // the same stretch again in the next round
    }
    struct found *found = &withdrawn->found[withdrawn->found_count++];
    *found = (struct found){.vehicle = keep(&withdrawn->bump, entry->vehicle),
                            .audience = keep(&withdrawn->bump, entry->audience),
                            .list_id = keep(&withdrawn->bump, entry->list_id),
                            .entry_id = keep(&withdrawn->bump, entry->entry_id),
                            .generation = spec.generation,
                            .sequence = spec.sequence};
    if (!found->vehicle.ptr || !found->audience.ptr || !found->list_id.ptr ||
        !found->entry_id.ptr) {
        withdrawn->found_count--;
        return 1;
    }
    return 0;
}

// ---- telling ----

static void append(struct hs_part *part, const struct found *found, int64_t wall_ms)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__EntryWithdrawn gone = HITSTREAM__V1__ENTRY_WITHDRAWN__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__ListRevision revision = HITSTREAM__V1__LIST_REVISION__INIT;
    struct hs_audience who;
    struct hs_buf list = {0}, packed = {0};
    if (hs_audience_parse(found->audience, &who) != 0) {
        return;
    }
    hs_buf_add_str(&list, who.list_id);
    audience.kind = who.kind;
    audience.list_id = (char *)(uintptr_t)hs_buf_text(&list);
    revision.generation = found->generation;
    revision.sequence = found->sequence;
    gone.audience = &audience;
    gone.list_id = (char *)(uintptr_t)found->list_id.ptr; // copies of a bump are terminated
    gone.entry_id = (char *)(uintptr_t)found->entry_id.ptr;
    gone.revision = &revision;
    gone.reason = HITSTREAM__V1__WITHDRAWN_REASON__WITHDRAWN_REASON_REMOVED;
    gone.at_ms = wall_ms;
    event.vehicle = (char *)(uintptr_t)found->vehicle.ptr;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_ENTRY_WITHDRAWN;
    event.entry_withdrawn = &gone;
    char *room = hs_buf_reserve(&packed, hitstream__v1__vehicle_event__get_packed_size(&event));
    if (room && hs_buf_status(&list) == 0) {
        packed.len = hitstream__v1__vehicle_event__pack(&event, (uint8_t *)room);
        hs_part_append(part, HS_OUT_EVENT, found->vehicle, hs_buf_str(&packed));
    }
    hs_buf_fini(&list);
    hs_buf_fini(&packed);
}

// ---- the walk ----

// Whether lists, or time, give a reason to walk.
static bool is_due(const struct hs_withdrawn *withdrawn, struct hs_str change_id, int64_t boot_ms)
{
    int64_t since_ms = boot_ms - withdrawn->begun_at_ms;
    if (withdrawn->begun_at_ms == 0) {
        return true;
    }
    return (since_ms >= GAP_MS && !hs_str_is(change_id, withdrawn->change_id)) ||
           (since_ms >= UNSURE_AGAIN_MS && withdrawn->any_unsure) || since_ms >= AGAIN_MS;
}

static void begin(struct hs_withdrawn *withdrawn, struct hs_str change_id, int64_t boot_ms)
{
    size_t len = change_id.len < CHANGE_ID_BYTES - 1 ? change_id.len : CHANGE_ID_BYTES - 1;
    if (!withdrawn->any_unsure) {
        withdrawn->unsure_count = 0; // all that was waited for is settled
    }
    memcpy(withdrawn->change_id, change_id.ptr, len);
    withdrawn->change_id[len] = '\0';
    withdrawn->walking = true;
    withdrawn->any_unsure = false;
    withdrawn->cursor = 0;
    withdrawn->begun_at_ms = boot_ms;
}

static void walk(struct hs_part *part, const struct look *look)
{
    struct hs_withdrawn *withdrawn = look->withdrawn;
    size_t cursor = withdrawn->cursor;
    int rc = hs_correlator_entries_from(part->correlator, &cursor, HS_WITHDRAWN_STEP, on_entry,
                                        (void *)(uintptr_t)look);
    if (rc == 0) {
        withdrawn->cursor = cursor;
        withdrawn->walking = cursor != 0;
    } else { // the same stretch again, when what was found has been read back
        withdrawn->hold_until_ms = look->boot_ms + GAP_MS;
    }
}

void hs_withdrawn_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms)
{
    const struct hs_correlate_stage_config *config = &part->stage->config;
    struct hs_withdrawn *withdrawn = part->withdrawn;
    if (!config->snapshot || boot_ms < withdrawn->hold_until_ms ||
        (!withdrawn->walking && boot_ms - withdrawn->begun_at_ms < GAP_MS)) {
        return;
    }
    struct look look = {.withdrawn = withdrawn, .boot_ms = boot_ms};
    look.current = wall_ms - config->lists_as_of_ms(config->lists_ctx) < CURRENT_MS;
    withdrawn->found_count = 0;
    hs_bump_reset(&withdrawn->bump);
    hs_rcu_read_lock();
    look.snapshot = hs_rcu_dereference(config->snapshot);
    if (look.snapshot && !withdrawn->walking &&
        is_due(withdrawn, hs_snapshot_change_id(look.snapshot), boot_ms)) {
        begin(withdrawn, hs_snapshot_change_id(look.snapshot), boot_ms);
    }
    if (look.snapshot && withdrawn->walking) {
        walk(part, &look);
    }
    hs_rcu_read_unlock();
    for (size_t i = 0; i < withdrawn->found_count && part->state == HS_PART_RUNNING; i++) {
        append(part, &withdrawn->found[i], wall_ms);
    }
    if (withdrawn->found_count > 0) {
        hs_metric_add(part->stage->metrics->withdrawn, withdrawn->found_count);
        hs_log(HS_LOG_INFO, &event_withdrawn, "%zu entries that were hit stand on no list any more",
               withdrawn->found_count);
    }
}
