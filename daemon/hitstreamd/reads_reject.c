// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "hitstreamd/match_worker.h"
#include "wire/header.h"

enum {
    PROBE_FIRST_MS = 5000,
    WHOLE_BYTES_MAX = 512 * 1024, // what a topic takes by default, with room for key and headers
    CUT_BYTES = 64 * 1024,        // of more than that the beginning is kept
    KEY_BYTES_MAX = 1024,         // the same for a key, which is a site's name
};

static_assert(HS_READ_NO_TIME == HS_REJECT_MESSAGE - 1, "reasons follow the faults of a read");

// By enum hs_read_fault, then of whole messages.
static const struct {
    const char *name; // stands in header 'reason' and in metrics
    const char *text; // for a person
} reasons[HS_REJECT_REASONS] = {
    [HS_READ_OK] = {"none", ""},
    [HS_READ_MALFORMED] = {"malformed-read",
                           "the read cannot be decoded as hitstream.v1.PlateRead"},
    [HS_READ_NO_PLATE] =
        {"no-plate", "vrm is empty, longer than a plate, or has nothing that stands on a plate"},
    [HS_READ_NO_CAMERA] = {"no-camera", "camera_id is empty"},
    [HS_READ_NO_TIME] = {"no-time", "captured_at_ms is missing or not positive"},
    [HS_REJECT_MESSAGE] = {"malformed-message",
                           "the message cannot be decoded as hitstream.v1.PlateReadBatch"},
    [HS_REJECT_TOO_MANY] = {"too-many-reads", "the message holds more than 500 reads"},
    [HS_REJECT_TOO_LARGE] = {"too-large", "the message is larger than 1 MiB"},
    [HS_REJECT_TEST_QUEUE] = {"test-queue", "a test read has no time, or names a queue that the "
                                            "controls do not have"},
};

const char *hs_reject_reason(size_t index)
{
    return reasons[index].name;
}

static bool produce(struct hs_match_worker *worker, const struct hs_match_message *message,
                    const char *position, struct hs_str value, size_t reason)
{
    struct hs_str part = hs_str(position);
    struct hs_id id = hs_id_make(&worker->config->id_key, "rejected-read", &part, 1);
    struct hs_headers *headers = worker->headers;
    char text[HS_ID_TEXT_BYTES];
    hs_id_text(&id, text);
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(text), "hitstream.v1.RejectedRead", part,
                         message->appended_at_ms, "application/protobuf");
    hs_headers_add(headers, "reason", hs_str(reasons[reason].name));
    hs_headers_add(headers, "reason-text", hs_str(reasons[reason].text));
    // A message that a broker does not take would come again for ever: packed, it may have been small.
    if (value.len > WHOLE_BYTES_MAX) {
        hs_headers_addf(headers, "bytes-before-cut", "%zu", value.len);
        value.len = CUT_BYTES;
    }
    struct hs_str key = message->key;
    key.len = key.len > KEY_BYTES_MAX ? KEY_BYTES_MAX : key.len;
    struct hs_kafka_record record = {
        .topic = worker->topic_rejected,
        .partition = HS_KAFKA_PARTITION_BY_KEY,
        .key = key,
        .value = value,
    };
    atomic_fetch_add_explicit(&worker->rejected, 1, memory_order_relaxed);
    hs_metric_add(worker->metrics->rejected[reason], 1);
    return hs_match_produce(worker, message->slot, hs_acks_expect(message->slot->acks), &record,
                            headers);
}

bool hs_reject_read(struct hs_match_worker *worker, const struct hs_match_message *message,
                    uint32_t index_in_message, const struct hs_read_view *view, size_t reason)
{
    char position[96];
    struct hs_buf batch = {0};
    snprintf(position, sizeof(position), HS_KAFKA_READS "/%d@%lld#%u", message->slot->partition,
             (long long)message->offset, index_in_message);
    // the read as it came, as a batch of one: field 1 of PlateReadBatch
    hs_buf_add_char(&batch, 1 << 3 | 2);
    for (uint32_t len = view->raw_len;; len >>= 7) {
        hs_buf_add_char(&batch, (char)(len < 0x80 ? len : (len & 0x7f) | 0x80));
        if (len < 0x80) {
            break;
        }
    }
    hs_buf_add(&batch, view->raw, view->raw_len);
    bool ok = hs_buf_status(&batch) == 0 &&
              produce(worker, message, position, hs_buf_str(&batch), reason);
    if (hs_buf_status(&batch) < 0) {
        hs_match_fail(worker, hs_strerror(hs_buf_status(&batch)));
    }
    hs_buf_fini(&batch);
    return ok;
}

bool hs_reject_message(struct hs_match_worker *worker, const struct hs_match_message *message,
                       size_t reason)
{
    char position[96];
    snprintf(position, sizeof(position), HS_KAFKA_READS "/%d@%lld", message->slot->partition,
             (long long)message->offset);
    // without bytes it would be a tombstone
    struct hs_str value = message->value.ptr ? message->value : hs_str("");
    return produce(worker, message, position, value, reason);
}

void hs_reject_window(struct hs_match_worker *worker, uint32_t reads, uint32_t bad)
{
    const struct hs_settings *settings = worker->config->settings;
    struct hs_match_window *window = &worker->window;
    window->reads += reads;
    window->bad += bad;
    uint64_t allowed = (uint64_t)hs_settings_u32(&settings->match_reject_window_reads) *
                       hs_settings_u32(&settings->match_reject_max_pct) / 100;
    if (window->bad > allowed && !worker->input_stopped) {
        worker->input_stopped = true;
        worker->probe_wait_ms = PROBE_FIRST_MS;
        worker->probe_at_ns = hs_clock_monotonic_ns() + INT64_C(1000000) * PROBE_FIRST_MS;
    }
    if (window->reads >= hs_settings_u32(&settings->match_reject_window_reads)) {
        *window = (struct hs_match_window){0};
    }
}
