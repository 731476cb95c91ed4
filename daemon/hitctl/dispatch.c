// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl dispatch replay: what stands in undelivered.<queue> goes to dispatch.<queue> again, under
 * the same ids, but for what stands there already.
 *
 * Three readings: the ids of what was undelivered; which of them stand on the queue; what is left
 * is sent in its order with its own key, payload and headers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "hitctl/stream.h"
#include "kafka/producer.h"
#include "kafka/tail.h"
#include "wire/ids.h"

enum {
    ALERTS_MAX = 4 << 20,     // ids held at most
    ALERT_HEADERS_MAX = 64,   // of one message
    READ_TIMEOUT_MS = 600000, // for one whole reading
    TOPIC_TIMEOUT_MS = 15000,
    FLUSH_SLACK_MS = 5000,
    POLL_MS = 20,
    SLOTS_PER_ROW = 2,
};

struct replay_options {
    bool dry_run;
};

static const struct hitctl_option replay_options[] = {
    {"dry-run", HITCTL_FLAG, offsetof(struct replay_options, dry_run), NULL,
     "only count what would be sent"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// An id of an undelivered alert.
struct row {
    struct hs_id id;
    bool used;
    bool done; // stands on the queue, or was sent now
};

// A run of the command.
struct replay {
    struct replay_options options;
    const struct hitctl *ctl;
    struct hs_kafka_tail *tail;         // reads both topics
    struct hs_kafka_producer *producer; // once there is something to send
    int topic;                          // dispatch.<queue>, by the producer's number
    struct row *rows;                   // open addressing
    size_t slots;                       // a power of two
    uint64_t found;                     // undelivered alerts, each once
    uint64_t standing;                  // of these, on the queue already
    uint64_t sent;                      // acknowledged
    uint64_t failed;
    uint64_t nameless; // messages without an id: left alone
    int status;        // of a callback that gave up
};

static bool id_of(const struct hs_kafka_message *message, struct hs_id *ret_id)
{
    struct hs_str text;
    return hs_kafka_message_header(message, "ce_id", &text) && hs_id_parse(text, ret_id) == HS_OK;
}

// The row of an id, or the free one where it would stand.
static struct row *find_row(struct row *rows, size_t slots, const struct hs_id *id)
{
    size_t slot = (size_t)hs_hash_bytes(id->bytes, sizeof(id->bytes), 0) & (slots - 1);
    while (rows[slot].used && !hs_id_eq(&rows[slot].id, id)) {
        slot = (slot + 1) & (slots - 1);
    }
    return &rows[slot];
}

static int grow(struct replay *run)
{
    size_t slots = run->slots ? run->slots * 2 : 1024;
    struct row *rows =
        slots <= (size_t)ALERTS_MAX * SLOTS_PER_ROW ? calloc(slots, sizeof(*rows)) : NULL;
    if (!rows) {
        return slots > (size_t)ALERTS_MAX * SLOTS_PER_ROW ? HS_ELIMIT : HS_ENOMEM;
    }
    for (size_t i = 0; i < run->slots; i++) {
        if (run->rows[i].used) {
            *find_row(rows, slots, &run->rows[i].id) = run->rows[i];
        }
    }
    free(run->rows);
    run->rows = rows;
    run->slots = slots;
    return HS_OK;
}

static bool collect(void *ctx, const struct hs_kafka_message *message)
{
    struct replay *run = ctx;
    struct hs_id id;
    if (!id_of(message, &id)) {
        run->nameless++;
        return !hitctl_interrupted();
    }
    if (run->found * SLOTS_PER_ROW >= run->slots) {
        run->status = grow(run);
        if (run->status != HS_OK) {
            return false;
        }
    }
    struct row *row = find_row(run->rows, run->slots, &id);
    if (!row->used) {
        *row = (struct row){.id = id, .used = true};
        run->found++;
    }
    return !hitctl_interrupted();
}

static bool mark_standing(void *ctx, const struct hs_kafka_message *message)
{
    struct replay *run = ctx;
    struct hs_id id;
    if (id_of(message, &id)) {
        struct row *row = find_row(run->rows, run->slots, &id);
        if (row->used && !row->done) {
            row->done = true;
            run->standing++;
        }
    }
    return !hitctl_interrupted();
}

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct replay *run = ctx;
    if (delivery->status == HS_DELIVERY_ACKED) {
        run->sent++;
        return;
    }
    if (run->failed++ == 0) {
        hitctl_error("not sent: %s", delivery->text);
    }
}

static int send_again(struct replay *run, const struct hs_kafka_message *message)
{
    struct hs_kafka_header headers[ALERT_HEADERS_MAX];
    size_t count = 0;
    while (
        count < ALERT_HEADERS_MAX &&
        hs_kafka_message_header_at(message, count, &headers[count].name, &headers[count].value)) {
        count++;
    }
    const struct hs_kafka_record record = {
        .topic = run->topic,
        .partition = HS_KAFKA_PARTITION_BY_KEY,
        .key = message->key,
        .value = message->value,
        .headers = headers,
        .header_count = count,
    };
    int status;
    while ((status = hs_kafka_producer_produce(run->producer, &record)) == HS_ELIMIT &&
           !hitctl_interrupted()) {
        hs_kafka_producer_poll(run->producer, POLL_MS);
    }
    return status;
}

static bool replay_one(void *ctx, const struct hs_kafka_message *message)
{
    struct replay *run = ctx;
    struct hs_id id;
    if (!id_of(message, &id)) {
        return true;
    }
    struct row *row = find_row(run->rows, run->slots, &id);
    if (!row->used || row->done) {
        return !hitctl_interrupted(); // came since, or stands there
    }
    run->status = send_again(run, message);
    if (run->status != HS_OK) {
        return false;
    }
    row->done = true;
    hs_kafka_producer_poll(run->producer, 0);
    return !hitctl_interrupted();
}

// A topic whole, from its beginning to its end now.
static int read_whole(struct replay *run, const char *topic, hs_kafka_on_message *on_message)
{
    const struct hs_kafka_range range = {
        .topic = topic,
        .partition = -1,
        .from_time_ms = -1,
        .from_offset = HS_KAFKA_OFFSET_BEGINNING,
    };
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int status = hs_kafka_tail_read(run->tail, &range, 1, &options, on_message, run);
    if (status == HS_OK) {
        return HITCTL_OK;
    }
    if (status != HS_ECANCELED) {
        return hitctl_kafka_failed(status, topic);
    }
    hitctl_error("%s", hitctl_interrupted() ? "interrupted" : hs_strerror(run->status));
    return HITCTL_FAILED;
}

static int send_rest(struct replay *run, const char *from, const char *to)
{
    const struct hs_kafka_producer_events events = {.ctx = run, .delivered = on_delivered};
    int status = hs_kafka_producer_new(run->ctl->settings, &events, &run->producer);
    if (status == HS_OK) {
        status = hs_kafka_producer_topic(run->producer, to, TOPIC_TIMEOUT_MS, &run->topic);
    }
    if (status != HS_OK) {
        return hitctl_kafka_failed(status, to);
    }
    int result = read_whole(run, from, replay_one);
    status = hs_kafka_producer_flush(run->producer,
                                     run->ctl->settings->kafka_message_timeout_ms + FLUSH_SLACK_MS);
    if (status == HS_ETIMEDOUT) {
        hs_kafka_producer_discard(run->producer); // tells the end of what is still on its way
    }
    return result == HITCTL_OK && run->failed > 0 ? HITCTL_FAILED : result;
}

static void print_counts(const struct replay *run)
{
    uint64_t left = run->found - run->standing;
    if (run->ctl->json) {
        printf("{\"undelivered\":%" PRIu64 ",\"standing\":%" PRIu64 ",\"sent\":%" PRIu64
               ",\"failed\":%" PRIu64 "}\n",
               run->found, run->standing, run->sent, run->failed);
    } else if (run->options.dry_run) {
        printf("%" PRIu64 " undelivered, %" PRIu64 " stand on the queue already, %" PRIu64
               " would be sent\n",
               run->found, run->standing, left);
    } else {
        printf("%" PRIu64 " undelivered, %" PRIu64 " stood on the queue already, %" PRIu64
               " sent, %" PRIu64 " failed\n",
               run->found, run->standing, run->sent, run->failed);
    }
    if (run->nameless > 0) {
        hitctl_error("%" PRIu64 " messages without header ce_id, ignoring", run->nameless);
    }
}

static int replay_queue(struct replay *run, const char *queue)
{
    char from[HS_KAFKA_TOPIC_TEXT_BYTES];
    char to[HS_KAFKA_TOPIC_TEXT_BYTES];
    snprintf(from, sizeof(from), HS_KAFKA_UNDELIVERED "%s", queue);
    snprintf(to, sizeof(to), HS_KAFKA_DISPATCH "%s", queue);
    int status = grow(run);
    if (status == HS_OK) {
        status = hs_kafka_tail_new(run->ctl->settings, NULL, &run->tail);
    }
    if (status != HS_OK) {
        return hitctl_kafka_failed(status, from);
    }
    int result = read_whole(run, from, collect);
    if (result == HITCTL_OK && run->found > 0) {
        result = read_whole(run, to, mark_standing);
    }
    if (result == HITCTL_OK && run->found > run->standing && !run->options.dry_run) {
        result = send_rest(run, from, to);
    }
    print_counts(run);
    return result;
}

static int replay_run(struct hitctl *ctl, int argc, char **argv)
{
    struct replay run = {.ctl = ctl};
    int words = hitctl_options_parse(replay_options, &run.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words != 1) {
        hitctl_error("one QUEUE is needed");
        return HITCTL_USAGE;
    }
    hitctl_catch_interrupt();
    int result = replay_queue(&run, argv[1]);
    hs_kafka_producer_free(run.producer);
    hs_kafka_tail_free(run.tail);
    free(run.rows);
    return result;
}

const struct hitctl_command hitctl_dispatch_commands[] = {
    {"dispatch", "replay", "QUEUE [--dry-run]",
     "send what its topic did not take again, under the same ids", replay_run, replay_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
