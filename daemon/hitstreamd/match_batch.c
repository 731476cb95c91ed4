// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitstreamd/match_worker.h"
#include "hitstreamd/test_read.h"
#include "wire/header.h"

// A batch takes whole messages, so it may overshoot its mark by one.
enum {
    READS_CAPACITY = HS_MATCH_BATCH_READS + HS_BATCH_READS_MAX,
    BYTES_CAPACITY = HS_MATCH_BATCH_BYTES + HS_MATCH_MESSAGE_BYTES_MAX + 65536,
    TEXT_BYTES_MAX = 16384, // key and traceparent: longer ones are cut
    PRODUCE_WAIT_MS = 100,
    TRACED_ALWAYS = 16,     // messages of a batch whose headers are looked at, but for a backlog's
    TRACED_SAMPLE = 64,     // and one in so many
    TRACED_LATELY = 100000, // and all so many offsets after a trace
};

int hs_match_batch_init(struct hs_match_batch *batch)
{
    *batch = (struct hs_match_batch){
        .bytes = malloc(BYTES_CAPACITY),
        .messages = calloc(HS_MATCH_BATCH_READS, sizeof(*batch->messages)),
        .site_hashes = calloc(HS_MATCH_BATCH_READS, sizeof(*batch->site_hashes)),
        .views = calloc(READS_CAPACITY, sizeof(*batch->views)),
        .scratch = calloc((size_t)READS_CAPACITY * HS_READ_CANDIDATES_MAX, sizeof(*batch->scratch)),
        .faults = calloc(READS_CAPACITY, sizeof(*batch->faults)),
        .message_of = calloc(READS_CAPACITY, sizeof(*batch->message_of)),
        .hits = calloc(HS_MATCH_HITS_BATCH, sizeof(*batch->hits)),
        .space = {.ptr = malloc(HS_MATCH_HIT_SPACE_BYTES), .capacity = HS_MATCH_HIT_SPACE_BYTES},
    };
    bool whole = batch->bytes && batch->messages && batch->site_hashes && batch->views &&
                 batch->scratch && batch->faults && batch->message_of && batch->hits &&
                 batch->space.ptr;
    if (!whole) {
        hs_match_batch_fini(batch);
        return HS_ENOMEM;
    }
    return 0;
}

void hs_match_batch_fini(struct hs_match_batch *batch)
{
    free(batch->bytes);
    free(batch->messages);
    free(batch->site_hashes);
    free(batch->views);
    free(batch->scratch);
    free(batch->faults);
    free(batch->message_of);
    free(batch->hits);
    free(batch->space.ptr);
    *batch = (struct hs_match_batch){0};
}

static void empty(struct hs_match_batch *batch)
{
    batch->used = 0;
    batch->message_count = 0;
    batch->read_count = 0;
    batch->hit_count = 0;
    batch->space.used = 0;
}

bool hs_match_batch_is_full(const struct hs_match_batch *batch)
{
    return batch->read_count >= HS_MATCH_BATCH_READS || batch->used >= HS_MATCH_BATCH_BYTES ||
           batch->message_count >= HS_MATCH_BATCH_READS;
}

static struct hs_str keep(struct hs_match_batch *batch, struct hs_str s)
{
    char *copy = batch->bytes + batch->used;
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
        batch->used += s.len;
    }
    return hs_str_n(copy, s.len);
}

static struct hs_str keep_text(struct hs_match_batch *batch, struct hs_str s)
{
    s.len = s.len < TEXT_BYTES_MAX ? s.len : TEXT_BYTES_MAX;
    return keep(batch, s);
}

// The client library takes a thousand instructions to find that a message has no headers. So all are
// looked at while messages come one by one; in a backlog, only where the partition has had traces
// lately, and now and then.
static bool may_have_headers(const struct hs_match_batch *batch, const struct hs_match_slot *slot,
                             int64_t offset)
{
    return (batch->message_count < TRACED_ALWAYS && !batch->of_backlog) ||
           offset < slot->traced_until || offset % TRACED_SAMPLE == 0;
}

static struct hs_str traceparent_of(const struct hs_match_batch *batch, struct hs_match_slot *slot,
                                    const struct hs_kafka_message *message)
{
    struct hs_str value = {0};
    if (may_have_headers(batch, slot, message->offset) &&
        hs_kafka_message_header(message, "traceparent", &value)) {
        slot->traced_until = message->offset + TRACED_LATELY;
    }
    return value;
}

// Messages of a fetch lie one behind the other: those after the next are on the way.
static void expect_next(const struct hs_kafka_message *message)
{
    enum { AHEAD_BYTES = 1024, LINES = 4, LINE_BYTES = 64 };
    const char *from = message->value.ptr + message->value.len + AHEAD_BYTES;
    for (unsigned i = 0; i < LINES; i++) {
        __builtin_prefetch(from + (size_t)i * LINE_BYTES);
    }
}

// Copies what must outlive the call, once it is decoded where it came: what was just stored is slow to
// load in other pieces. 0, or why the message as a whole cannot be used.
static size_t gather(struct hs_match_batch *batch, struct hs_match_slot *slot,
                     const struct hs_kafka_message *message)
{
    struct hs_match_message *m = &batch->messages[batch->message_count];
    size_t count;
    if (message->value.len > HS_MATCH_MESSAGE_BYTES_MAX) {
        return HS_REJECT_TOO_LARGE;
    }
    expect_next(message);
    int r =
        hs_read_views(message->value, batch->views + batch->read_count, HS_BATCH_READS_MAX,
                      batch->scratch + (size_t)batch->read_count * HS_READ_CANDIDATES_MAX, &count);
    if (r < 0) {
        return r == HS_ELIMIT ? HS_REJECT_TOO_MANY : HS_REJECT_MESSAGE;
    }
    *m = (struct hs_match_message){
        .slot = slot,
        .offset = message->offset,
        .appended_at_ms = hs_kafka_message_time_ms(message, NULL),
        .key = keep_text(batch, message->key),
        .value = keep(batch, message->value),
        .traceparent = keep_text(batch, traceparent_of(batch, slot, message)),
        .reads_end = batch->read_count + (uint32_t)count,
    };
    batch->site_hashes[batch->message_count] = hs_sites_hash(slot->partition, message->key);
    for (uint32_t i = batch->read_count; i < m->reads_end; i++) {
        hs_read_view_move(&batch->views[i], message->value.ptr, m->value.ptr);
        batch->message_of[i] = batch->message_count;
    }
    batch->read_count = m->reads_end;
    batch->message_count++;
    return 0;
}

// A message that cannot be used goes out as it came, after everything before it.
static void reject_whole(struct hs_match_worker *worker, struct hs_match_slot *slot,
                         const struct hs_kafka_message *message, size_t reason)
{
    struct hs_match_message m = {
        .slot = slot,
        .offset = message->offset,
        .appended_at_ms = hs_kafka_message_time_ms(message, NULL),
        .key = message->key,
        .value = message->value,
    };
    hs_match_batch_run(worker);
    if (worker->failed) {
        return;
    }
    hs_acks_begin(slot->acks, m.offset);
    if (hs_reject_message(worker, &m, reason) && m.offset >= slot->tolerate_until) {
        hs_reject_window(worker, 1, 1);
    }
}

bool hs_match_on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_match_worker *worker = ctx;
    struct hs_match_slot *slot = hs_match_slot_find(worker, message->partition);
    if (!slot || worker->failed || worker->input_stopped) {
        return false; // it comes again
    }
    if (message->offset < hs_acks_next(slot->acks)) {
        hs_match_company_warm(worker, slot, message);
        return true;
    }
    size_t reason = gather(&worker->batch, slot, message);
    if (reason > 0) {
        reject_whole(worker, slot, message, reason);
        return false;
    }
    return !hs_match_batch_is_full(&worker->batch);
}

bool hs_match_on_probe(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_match_worker *worker = ctx;
    struct hs_match_slot *slot = hs_match_slot_find(worker, message->partition);
    if (slot && !hs_match_batch_is_full(&worker->batch) &&
        gather(&worker->batch, slot, message) > 0) {
        worker->window.reads++;
        worker->window.bad++;
    }
    return !hs_match_batch_is_full(&worker->batch);
}

// One pass of the matcher over a stretch of the batch.
struct pass {
    struct hs_match_worker *worker;
    const struct hs_snapshot *snapshot;
    struct hs_hit_context context;
    uint32_t first; // read of the stretch
    uint32_t end;   // beyond the last read whose hits all found room
};

static void keep_hit(void *ctx, const struct hs_hit *hit)
{
    struct pass *pass = ctx;
    struct hs_match_batch *batch = &pass->worker->batch;
    uint32_t read = pass->first + (uint32_t)hit->read_index;
    if (read >= pass->end) {
        return; // the next stretch begins with it
    }
    const struct hs_match_message *m = &batch->messages[batch->message_of[read]];
    struct hs_match_hit *kept = &batch->hits[batch->hit_count];
    pass->context.appended_at_ms = m->appended_at_ms;
    pass->context.site = m->key;
    if (batch->hit_count < HS_MATCH_HITS_BATCH &&
        hs_hit_event_pack(&pass->context, hit, &batch->views[read], &batch->space, &kept->event) ==
            0) {
        kept->read = read;
        batch->hit_count++;
        return;
    }
    pass->end = read;
    while (batch->hit_count > 0 && batch->hits[batch->hit_count - 1].read == read) {
        batch->hit_count--;
    }
}

static int64_t as_of_ms(const struct hs_match_worker *worker, const struct hs_snapshot *snapshot)
{
    const struct hs_match_stage_config *config = worker->config;
    int64_t at_ms = config->as_of_ms ? config->as_of_ms(config->as_of_ctx) : 0;
    if (at_ms == 0) {
        struct hs_snapshot_stats stats;
        hs_snapshot_stats(snapshot, &stats);
        at_ms = stats.as_of_ms;
    }
    return at_ms;
}

// Matches from `first` on as far as hits find room; returns beyond the last read that is done. The
// one read section of the batch: everything of snapshot and controls that is needed later is copied
// inside it.
static uint32_t match(struct hs_match_worker *worker, uint32_t first)
{
    struct hs_match_batch *batch = &worker->batch;
    batch->hit_count = 0;
    batch->space.used = 0;
    hs_rcu_read_lock();
    const struct hs_controls *controls = hs_rcu_dereference(worker->config->controls);
    struct pass pass = {
        .worker = worker,
        .snapshot = hs_rcu_dereference(worker->config->snapshot),
        .context = {.id_key = &worker->config->id_key,
                    .rules = hs_controls_rules(controls),
                    .health =
                        worker->config->health ? hs_rcu_dereference(worker->config->health) : NULL},
        .first = first,
        .end = batch->read_count,
    };
    const struct hs_match_context context = {.cameras = hs_controls_cameras(controls)};
    pass.context.as_of_ms = as_of_ms(worker, pass.snapshot);
    worker->company.rules = *pass.context.rules;
    hs_matcher_run(worker->matcher, pass.snapshot, &context, batch->views + first,
                   batch->read_count - first, batch->faults + first, keep_hit, &pass);
    hs_rcu_read_unlock();
    return pass.end;
}

// A single read with more bytes of hits than there is room: the room grows, outside the read
// section.
static bool grow(struct hs_match_batch *batch)
{
    char *grown = realloc(batch->space.ptr, batch->space.capacity * 2);
    if (grown) {
        batch->space.ptr = grown;
        batch->space.capacity *= 2;
    }
    return grown != NULL;
}

bool hs_match_produce(struct hs_match_worker *worker, struct hs_match_slot *slot,
                      struct hs_ack_ticket ticket, struct hs_kafka_record *record,
                      const struct hs_headers *headers)
{
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    for (size_t i = 0; i < headers->count; i++) {
        struct hs_header header = hs_headers_get(headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    record->headers = rows;
    record->header_count = headers->count;
    record->opaque = (void *)((uintptr_t)(uint32_t)slot->partition << 48 |
                              (uintptr_t)ticket.era << 32 | (uintptr_t)ticket.turn);
    int r;
    while ((r = hs_kafka_producer_produce(worker->producer, record)) == HS_ELIMIT &&
           !worker->failed) {
        hs_kafka_producer_poll(worker->producer, PRODUCE_WAIT_MS);
        hs_thread_beat(&worker->thread);
    }
    if (r < 0) {
        hs_match_fail(worker, hs_strerror(r));
    }
    return r == 0;
}

static bool produce_hit(struct hs_match_worker *worker, const struct hs_match_message *message,
                        const struct hs_read_view *view, const struct hs_hit_event *event)
{
    char id[HS_ID_TEXT_BYTES], source[64];
    struct hs_headers *headers = worker->headers;
    hs_id_text(&event->hit_id, id);
    snprintf(source, sizeof(source), HS_KAFKA_READS "/%d@%lld", message->slot->partition,
             (long long)message->offset);
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(id), "hitstream.v1.Hit", hs_str(source),
                         event->captured_at_ms, "application/protobuf");
    if (message->traceparent.len > 0) {
        hs_headers_add(headers, "traceparent", message->traceparent);
    }
    struct hs_kafka_record record = {
        .topic = worker->topic_hits,
        .partition = HS_KAFKA_PARTITION_BY_KEY,
        .key = event->vehicle,
        .value = hs_match_company_stamp(worker, message, view, event),
    };
    if (event->camera_unknown) {
        atomic_fetch_add_explicit(&worker->unknown_cameras, 1, memory_order_relaxed);
        hs_metric_add(worker->metrics->unknown_cameras, 1);
    }
    bool sent = hs_match_produce(worker, message->slot, hs_acks_expect(message->slot->acks),
                                 &record, headers);
    if (sent) {
        hs_match_company_follow(worker, message, view, event);
    }
    return sent;
}

// What goes out of the reads from `first` to `end`, message by message in order of offset.
struct handover {
    struct hs_match_worker *worker;
    uint32_t message; // under way, or the next
    uint32_t begun;   // how many were begun
    uint32_t hit;     // the next
    uint32_t passed;  // reads that went by at their site
    uint32_t reads;   // handed over
    uint32_t tests;   // of these, test reads
    uint32_t bad;     // of the message under way
};

// The message's reads before `end` went by at their site.
static bool pass_by(struct handover *h, const struct hs_match_message *message, uint32_t end)
{
    uint32_t from = h->passed;
    h->passed = end;
    hs_match_cameras_reads(h->worker, message, &h->worker->batch.views[from],
                           &h->worker->batch.faults[from], end - from);
    return hs_match_company_reads(h->worker, message, &h->worker->batch.views[from], end - from);
}

// Put aside; but a read without a plate may be a test read.
static bool hand_over_faulty(struct handover *h, const struct hs_match_message *message,
                             uint32_t first_read, uint32_t read)
{
    struct hs_match_batch *batch = &h->worker->batch;
    const struct hs_read_view *view = &batch->views[read];
    size_t reason = (size_t)batch->faults[read];
    enum hs_test_read test =
        reason == HS_READ_NO_PLATE ? hs_test_read_take(h->worker, message, view) : HS_TEST_READ_NOT;
    if (test == HS_TEST_READ_TAKEN || test == HS_TEST_READ_FAILED) {
        h->tests++;
        return test == HS_TEST_READ_TAKEN;
    }
    h->bad++;
    return hs_reject_read(h->worker, message, read - first_read, view,
                          test == HS_TEST_READ_UNKNOWN ? HS_REJECT_TEST_QUEUE : reason);
}

static bool hand_over_read(struct handover *h, const struct hs_match_message *message,
                           uint32_t first_read, uint32_t read)
{
    struct hs_match_worker *worker = h->worker;
    struct hs_match_batch *batch = &worker->batch;
    if (batch->faults[read] != HS_READ_OK) {
        return hand_over_faulty(h, message, first_read, read);
    }
    if (h->hit == batch->hit_count || batch->hits[h->hit].read != read) {
        return true;
    }
    if (!pass_by(h, message, read + 1)) {
        return false;
    }
    for (; h->hit < batch->hit_count && batch->hits[h->hit].read == read; h->hit++) {
        if (!produce_hit(worker, message, &batch->views[read], &batch->hits[h->hit].event)) {
            return false;
        }
    }
    return true;
}

// The message under way is done: may the next begin?
static bool finish_message(struct handover *h, const struct hs_match_message *message,
                           uint32_t reads)
{
    if (message->offset >= message->slot->tolerate_until) {
        hs_reject_window(h->worker, reads, h->bad);
    }
    h->bad = 0;
    h->message++;
    return !h->worker->failed && !h->worker->input_stopped;
}

// Begins messages and hands over their reads as far as `end`; false when the worker has failed, or
// stops.
static bool hand_over(struct handover *h, uint32_t first, uint32_t end)
{
    struct hs_match_batch *batch = &h->worker->batch;
    uint32_t read = first;
    h->hit = 0;
    while (h->message < batch->message_count) {
        const struct hs_match_message *m = &batch->messages[h->message];
        uint32_t first_read = h->message > 0 ? batch->messages[h->message - 1].reads_end : 0;
        if (h->begun == h->message) {
            hs_acks_begin(m->slot->acks, m->offset);
            h->begun++;
            h->passed = first_read;
            hs_match_cameras_expect(h->worker, m);
            if (!hs_match_company_message(h->worker, m)) {
                return false;
            }
        }
        for (; read < end && read < m->reads_end; read++, h->reads++) {
            if (!hand_over_read(h, m, first_read, read)) {
                return false;
            }
        }
        if (!pass_by(h, m, read)) {
            return false;
        }
        if (read < m->reads_end) {
            return true; // the rest of it comes with the next stretch
        }
        if (!finish_message(h, m, m->reads_end - first_read)) {
            return false;
        }
    }
    return true;
}

static void count(struct hs_match_worker *worker, uint32_t reads, uint32_t messages)
{
    const struct hs_matcher_stats *now = hs_matcher_stats(worker->matcher);
    const struct hs_match_metrics *metrics = worker->metrics;
    uint64_t hits = 0;
    for (int tier = 1; tier <= HS_TIER_WILDCARD; tier++) {
        uint64_t more = now->hits[tier] - worker->counted.hits[tier];
        hits += more;
        if (more > 0) {
            hs_metric_add(metrics->hits[tier], more);
        }
    }
    if (now->hits_dropped > worker->counted.hits_dropped) {
        hs_metric_add(metrics->hits_dropped, now->hits_dropped - worker->counted.hits_dropped);
    }
    worker->counted = *now;
    hs_metric_add(metrics->reads, reads);
    hs_metric_add(metrics->messages, messages);
    atomic_fetch_add_explicit(&worker->reads, reads, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->hits, hits, memory_order_relaxed);
}

void hs_match_batch_run(struct hs_match_worker *worker)
{
    struct hs_match_batch *batch = &worker->batch;
    struct handover h = {.worker = worker};
    uint32_t first = 0;
    bool going = batch->message_count > 0 && !worker->failed;
    while (going) {
        uint32_t end = batch->read_count > first ? match(worker, first) : first;
        if (end == first && first < batch->read_count) {
            going = grow(batch);
            continue;
        }
        going = hand_over(&h, first, end) && end < batch->read_count;
        first = end;
    }
    if (batch->message_count > 0 && !worker->failed) {
        hs_match_cameras_flush(worker);
    }
    if (batch->message_count > 0) {
        count(worker, h.reads - h.tests, h.message);
    }
    empty(batch);
}

static void ignore_hit(void *ctx, const struct hs_hit *hit)
{
    (void)ctx;
    (void)hit;
}

void hs_match_batch_judge(struct hs_match_worker *worker, uint32_t *ret_reads, uint32_t *ret_bad)
{
    struct hs_match_batch *batch = &worker->batch;
    *ret_reads = worker->window.reads + batch->read_count;
    *ret_bad = worker->window.bad;
    if (batch->read_count > 0) {
        hs_rcu_read_lock();
        const struct hs_match_context context = {0};
        hs_matcher_run(worker->matcher, hs_rcu_dereference(worker->config->snapshot), &context,
                       batch->views, batch->read_count, batch->faults, ignore_hit, NULL);
        hs_rcu_read_unlock();
        worker->counted = *hs_matcher_stats(worker->matcher);
    }
    for (uint32_t i = 0; i < batch->read_count; i++) {
        *ret_bad += batch->faults[i] != HS_READ_OK && !hs_test_read_is(&batch->views[i]);
    }
    empty(batch);
}
