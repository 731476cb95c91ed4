// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitstreamd/company_event.h"
#include "hitstreamd/match_worker.h"
#include "wire/header.h"

enum {
    IDLE_CHECK_MS = 100,
    IDLE_MARGIN_MS = 1000, // what came meanwhile may not have been fetched yet
};
#define NS_PER_MS INT64_C(1000000)

// How many windows an audience has open: at the limit one audience takes none from another.
struct hs_match_audience {
    Hitstream__V1__AudienceKind kind;
    char *list_id; // owned; "" for open
    size_t open;
};

// A hit whose followers are awaited.
struct hs_match_follow {
    struct hs_window window; // first: found by it
    struct hs_match_slot *slot;
    struct hs_ack_ticket ticket; // of the hit's message: its offset is not committed meanwhile
    struct hs_id hit_id;
    int64_t offset;  // of the hit's message
    size_t audience; // whose
    uint32_t max;    // to be listed
    char read_vrm[HS_VIEW_TEXT_BYTES + 1];
    char vehicle[HS_VRM_MAX + 1];
    struct hs_str traceparent; // in bytes
    struct hs_str camera_id;   // likewise
    char bytes[];
};

int hs_match_company_init(struct hs_match_worker *worker)
{
    int rc = hs_listing_new(&worker->company.listing);
    return rc ? rc : hs_sites_new(HS_SITES_DEFAULT, &worker->company.sites);
}

void hs_match_company_fini(struct hs_match_worker *worker)
{
    struct hs_match_company *company = &worker->company;
    hs_sites_free(company->sites);
    hs_listing_free(company->listing);
    for (size_t i = 0; i < company->audience_count; i++) {
        free(company->audiences[i].list_id);
    }
    free(company->audiences);
    hs_buf_fini(&company->out);
    *company = (struct hs_match_company){0};
}

// Takes a window out of everything but the acknowledgements.
static void forget(struct hs_match_worker *worker, struct hs_match_follow *follow)
{
    hs_window_close(&follow->slot->windows, &follow->window);
    worker->company.audiences[follow->audience].open--;
    free(follow);
}

void hs_match_company_reset(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        while (slot->windows.first) {
            forget(worker, (struct hs_match_follow *)slot->windows.first);
        }
        slot->read_back = (struct hs_read_back){0};
        slot->now_ms = 0;
        slot->known_from_ms = 0;
    }
    hs_sites_reset(worker->company.sites);
    hs_rcu_read_lock();
    const struct hs_controls *controls = hs_rcu_dereference(worker->config->controls);
    worker->company.rules = *hs_controls_rules(controls);
    hs_rcu_read_unlock();
}

int64_t hs_match_company_span_ms(const struct hs_match_worker *worker)
{
    const struct hs_rules *rules = &worker->company.rules;
    int64_t longest_ms = rules->companions_before_ms > rules->flow_window_ms
                             ? rules->companions_before_ms
                             : rules->flow_window_ms;
    return longest_ms + rules->future_tolerance_ms;
}

// Time goes on in a partition.
static void pass(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset,
                 int64_t appended_at_ms)
{
    if (slot->known_from_ms == 0) {
        slot->known_from_ms = appended_at_ms;
    }
    slot->seen_ns = worker->round_ns;
    if (appended_at_ms > slot->now_ms) {
        slot->now_ms = appended_at_ms;
        hs_read_back_note(&slot->read_back, offset, appended_at_ms,
                          hs_match_company_span_ms(worker));
    }
}

void hs_match_company_warm(struct hs_match_worker *worker, struct hs_match_slot *slot,
                           const struct hs_kafka_message *message)
{
    struct hs_match_batch *batch = &worker->batch;
    struct hs_read_view *views = batch->views + batch->read_count;
    int64_t appended_at_ms = hs_kafka_message_time_ms(message, NULL);
    size_t count;
    if (message->offset < slot->warm_next) {
        return;
    }
    slot->warm_next = message->offset + 1;
    if (message->value.len > HS_MATCH_MESSAGE_BYTES_MAX ||
        hs_read_views(message->value, views, HS_BATCH_READS_MAX,
                      batch->scratch + (size_t)batch->read_count * HS_READ_CANDIDATES_MAX,
                      &count) < 0) {
        return;
    }
    pass(worker, slot, message->offset, appended_at_ms);
    struct hs_site *site =
        hs_sites_get(worker->company.sites, hs_sites_hash(slot->partition, message->key),
                     slot->partition, message->key);
    if (site) {
        hs_site_add(site, views, count, appended_at_ms);
    }
}

static struct hs_around around_of(const struct hs_window *window, int64_t known_from_ms,
                                  struct hs_str read_vrm, struct hs_str vehicle, uint32_t max)
{
    return (struct hs_around){
        .ring = hs_site_ring(window->site),
        .captured_at_ms = window->captured_at_ms,
        .known_from_ms = known_from_ms,
        .read_vrm = read_vrm,
        .vehicle = vehicle,
        .max = max,
    };
}

// Which of the company that was found are listed themselves, as the lists are now; NULL: that is not
// asked. Only hits of the open audience may know.
static const struct hs_listed *find_listed(struct hs_match_worker *worker,
                                           Hitstream__V1__AudienceKind audience,
                                           const struct hs_listed_beside *beside)
{
    struct hs_match_company *company = &worker->company;
    if (audience != HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN || company->found.count == 0 ||
        company->rules.together_sites == 0) {
        return NULL;
    }
    hs_rcu_read_lock();
    const struct hs_controls *controls = hs_rcu_dereference(worker->config->controls);
    const struct hs_match_context context = {.cameras = hs_controls_cameras(controls)};
    hs_listing_find(company->listing, hs_rcu_dereference(worker->config->snapshot), &context,
                    beside, &company->found, &company->listed);
    hs_rcu_read_unlock();
    return &company->listed;
}

// Tells who came after the hit, and closes its window; false: the worker has failed.
static bool close_window(struct hs_match_worker *worker, struct hs_match_follow *follow,
                         int64_t now_ms)
{
    struct hs_match_company *company = &worker->company;
    const struct hs_match_audience *audience = &company->audiences[follow->audience];
    const struct hs_around around = around_of(&follow->window, 0, hs_str(follow->read_vrm),
                                              hs_str(follow->vehicle), follow->max);
    const struct hs_company_of of = {
        .vehicle = follow->vehicle,
        .hit_id = follow->hit_id,
        .audience_kind = audience->kind,
        .list_id = audience->list_id,
        .captured_at_ms = follow->window.captured_at_ms,
    };
    int64_t seen_ms = hs_window_seen_ms(&follow->window, now_ms);
    hs_companions_after(&around, seen_ms, &company->found);
    const struct hs_listed_beside beside = {follow->camera_id, follow->window.captured_at_ms, true};
    hs_company_after_pack(&of, &company->found, find_listed(worker, audience->kind, &beside),
                          &company->out);
    if (hs_buf_status(&company->out) < 0) {
        hs_match_fail(worker, hs_strerror(HS_ENOMEM));
        return false;
    }
    char id[HS_ID_TEXT_BYTES], source[64];
    const struct hs_str hit = hs_str_n(follow->hit_id.bytes, HS_ID_BYTES);
    struct hs_id own = hs_id_make(&worker->config->id_key, "companions", &hit, 1);
    hs_id_text(&own, id);
    snprintf(source, sizeof(source), HS_KAFKA_READS "/%d@%lld", follow->slot->partition,
             (long long)follow->offset);
    hs_headers_clear(worker->headers);
    hs_headers_add_event(worker->headers, hs_str(id), "hitstream.v1.Companions", hs_str(source),
                         follow->window.captured_at_ms, "application/protobuf");
    if (follow->traceparent.len > 0) {
        hs_headers_add(worker->headers, "traceparent", follow->traceparent);
    }
    struct hs_kafka_record record = {
        .topic = worker->topic_hits,
        .partition = HS_KAFKA_PARTITION_BY_KEY,
        .key = hs_str(follow->vehicle),
        .value = hs_buf_str(&company->out),
    };
    bool sent = hs_match_produce(worker, follow->slot, follow->ticket, &record, worker->headers);
    if (sent) {
        hs_metric_add(worker->metrics->companions, 1);
        hs_metric_add(worker->metrics->windows_early, seen_ms < follow->window.after_ms);
        forget(worker, follow);
    }
    return sent;
}

static bool close_due(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t now_ms)
{
    struct hs_window *due;
    while ((due = hs_window_due(&slot->windows, now_ms))) {
        if (!close_window(worker, (struct hs_match_follow *)due, now_ms)) {
            return false;
        }
    }
    return true;
}

bool hs_match_company_message(struct hs_match_worker *worker,
                              const struct hs_match_message *message)
{
    const struct hs_match_batch *batch = &worker->batch;
    struct hs_match_slot *slot = message->slot;
    size_t at = (size_t)(message - batch->messages);
    hs_sites_expect(worker->company.sites, batch->site_hashes + at, batch->message_count - at);
    pass(worker, slot, message->offset, message->appended_at_ms);
    if (!close_due(worker, slot, slot->now_ms)) {
        return false;
    }
    worker->company.site =
        hs_sites_get(worker->company.sites, batch->site_hashes[at], slot->partition, message->key);
    return true;
}

bool hs_match_company_reads(struct hs_match_worker *worker, const struct hs_match_message *message,
                            const struct hs_read_view *views, size_t count)
{
    struct hs_site *site = worker->company.site;
    struct hs_window *due;
    while (site && count > 0) {
        size_t taken = hs_site_add(site, views, count, message->appended_at_ms);
        views += taken;
        count -= taken;
        while ((due = hs_site_due(site))) {
            if (!close_window(worker, (struct hs_match_follow *)due, message->slot->now_ms)) {
                return false;
            }
        }
    }
    return true;
}

struct hs_str hs_match_company_stamp(struct hs_match_worker *worker,
                                     const struct hs_match_message *message,
                                     const struct hs_read_view *view,
                                     const struct hs_hit_event *event)
{
    struct hs_match_company *company = &worker->company;
    const struct hs_rules *rules = &company->rules;
    if (!company->site) {
        return event->value;
    }
    struct hs_flow flow;
    const struct hs_around around = {
        .ring = hs_site_ring(company->site),
        .captured_at_ms = event->captured_at_ms,
        .known_from_ms = message->slot->known_from_ms,
        .read_vrm = hs_read_view_vrm(view),
        .vehicle = event->vehicle,
        .max = rules->companions_max,
    };
    hs_companions_before(&around, rules->companions_before_ms, &company->found);
    hs_flow_before(&around, rules->flow_window_ms, &flow);
    const struct hs_listed_beside beside = {hs_read_view_camera_id(view), event->captured_at_ms,
                                            false};
    hs_company_stamp(event, &flow, &company->found,
                     find_listed(worker, event->audience_kind, &beside), &company->out);
    return hs_buf_status(&company->out) == 0 ? hs_buf_str(&company->out) : event->value;
}

// Its place among the audiences; SIZE_MAX: no memory.
static size_t find_audience(struct hs_match_company *company, const struct hs_hit_event *event)
{
    bool open = event->audience_kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    struct hs_str list_id = open ? HS_STR("") : event->list_id;
    for (size_t i = 0; i < company->audience_count; i++) {
        if (company->audiences[i].kind == event->audience_kind &&
            hs_str_is(list_id, company->audiences[i].list_id)) {
            return i;
        }
    }
    struct hs_match_audience *grown =
        realloc(company->audiences, (company->audience_count + 1) * sizeof(*company->audiences));
    char *copy = hs_str_dup(list_id);
    company->audiences = grown ? grown : company->audiences;
    if (!grown || !copy) {
        free(copy);
        return SIZE_MAX;
    }
    grown[company->audience_count] =
        (struct hs_match_audience){.kind = event->audience_kind, .list_id = copy};
    return company->audience_count++;
}

static struct hs_match_follow *make_follow(const struct hs_match_message *message,
                                           const struct hs_read_view *view,
                                           const struct hs_hit_event *event)
{
    struct hs_str trace = message->traceparent, read_vrm = hs_read_view_vrm(view);
    struct hs_str camera_id = hs_read_view_camera_id(view);
    struct hs_match_follow *follow = calloc(1, sizeof(*follow) + trace.len + camera_id.len);
    if (follow && event->vehicle.len <= HS_VRM_MAX) {
        follow->slot = message->slot;
        follow->hit_id = event->hit_id;
        follow->offset = message->offset;
        memcpy(follow->vehicle, event->vehicle.ptr, event->vehicle.len);
        if (read_vrm.len <= HS_VIEW_TEXT_BYTES) {
            memcpy(follow->read_vrm, read_vrm.ptr, read_vrm.len);
        }
        if (trace.len > 0) {
            memcpy(follow->bytes, trace.ptr, trace.len);
        }
        follow->traceparent = hs_str_n(follow->bytes, trace.len);
        if (camera_id.len > 0) {
            memcpy(follow->bytes + trace.len, camera_id.ptr, camera_id.len);
        }
        follow->camera_id = hs_str_n(follow->bytes + trace.len, camera_id.len);
        return follow;
    }
    free(follow);
    return NULL;
}

void hs_match_company_follow(struct hs_match_worker *worker, const struct hs_match_message *message,
                             const struct hs_read_view *view, const struct hs_hit_event *event)
{
    struct hs_match_company *company = &worker->company;
    const struct hs_rules *rules = &company->rules;
    if (!company->site || rules->companions_after_ms == 0 || message->appended_at_ms <= 0) {
        return;
    }
    size_t audience = find_audience(company, event);
    struct hs_match_follow *follow = NULL;
    if (audience != SIZE_MAX && company->audiences[audience].open < HS_MATCH_WINDOWS_MAX) {
        follow = make_follow(message, view, event);
    }
    if (!follow) {
        hs_metric_add(worker->metrics->windows_dropped, 1);
        return;
    }
    follow->audience = audience;
    follow->max = rules->companions_max;
    follow->ticket = hs_acks_expect(message->slot->acks);
    company->audiences[audience].open++;
    hs_window_open(&message->slot->windows, company->site, event->captured_at_ms,
                   message->appended_at_ms, rules->companions_after_ms, rules->companions_settle_ms,
                   &follow->window);
}

// The log of a partition that is read to its end goes on by the clock, as far as nothing that could
// be waited for can be on its way any more.
void hs_match_company_idle(struct hs_match_worker *worker, int64_t now_ns)
{
    if (now_ns < worker->company.idle_at_ns) {
        return;
    }
    worker->company.idle_at_ns = now_ns + IDLE_CHECK_MS * NS_PER_MS;
    size_t windows = 0;
    for (size_t i = 0; i < worker->slot_count && !worker->failed; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t low, high, idle_ms = (now_ns - slot->seen_ns) / NS_PER_MS - IDLE_MARGIN_MS;
        if (slot->windows.first && idle_ms > 0 &&
            hs_kafka_consumer_watermarks(worker->consumer, HS_KAFKA_READS, slot->partition, &low,
                                         &high) &&
            hs_acks_next(slot->acks) >= high) {
            close_due(worker, slot, slot->now_ms + idle_ms);
        }
        windows += slot->windows.count;
    }
    uint64_t dropped = hs_sites_dropped(worker->company.sites);
    hs_metric_add(worker->metrics->sites_dropped, dropped - worker->company.sites_dropped);
    worker->company.sites_dropped = dropped;
    atomic_store_explicit(&worker->windows, windows, memory_order_relaxed);
    atomic_store_explicit(&worker->sites, hs_sites_count(worker->company.sites),
                          memory_order_relaxed);
}

void hs_match_company_relieve(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        if (!hs_acks_full(slot->acks, HS_MATCH_BATCH_READS + 1)) {
            continue;
        }
        for (size_t n = (slot->windows.count + 1) / 2; n > 0; n--) {
            if (!close_window(worker, (struct hs_match_follow *)slot->windows.first,
                              slot->now_ms)) {
                return;
            }
        }
    }
}

struct hs_str hs_match_company_commit(const struct hs_match_worker *worker,
                                      struct hs_match_slot *slot, int64_t offset)
{
    int64_t from = hs_read_back_from(&slot->read_back, offset, hs_match_company_span_ms(worker));
    hs_read_back_print(from, slot->metadata);
    return hs_str(slot->metadata);
}

void hs_match_company_assigned(struct hs_match_worker *worker, struct hs_match_slot *slot,
                               struct hs_str metadata, int64_t timeout_ms)
{
    int64_t from, low, high;
    slot->warm_next = hs_acks_next(slot->acks);
    if (slot->committed > 0 && hs_read_back_parse(metadata, &from) == 0 && from < slot->committed &&
        hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, slot->partition, timeout_ms, &low,
                               &high) == 0 &&
        low < slot->committed && slot->committed <= high) {
        slot->warm_next = from > low ? from : low;
    }
}
