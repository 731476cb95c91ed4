// SPDX-License-Identifier: Apache-2.0
#include "kafka/producer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "kafka/internal.h"
#include "kafka/unsettled.h"

enum {
    DISCARD_TIMEOUT_MS = 5000, // purged messages come back at once; more is a fault of the client
};

// A record that waits for its release: a copy.
struct held {
    struct held *next;
    struct hs_kafka_record record; // key and value lie in bytes
    rd_kafka_headers_t *headers;   // owned
    char bytes[];
};

struct topic {
    char *name;
    rd_kafka_topic_t *handle;
    int32_t partitions;
};

// A client that was discarded, kept until what it sent is settled.
struct retired {
    rd_kafka_t *client;
    struct hs_unsettled unsettled;
};

struct hs_kafka_producer {
    struct hs_kafka_events client_events; // first: the client's opaque
    struct hs_kafka_producer_events events;
    const struct hs_settings *settings;
    rd_kafka_t *client;
    struct hs_unsettled unsettled;                // of this client
    struct retired retired[HS_KAFKA_RETIRED_MAX]; // the oldest first
    size_t retired_count;
    struct topic *topics;
    size_t topic_count;
    size_t pending; // produced, end not told
    size_t told;    // by the running poll
    bool holding;   // between hold and release
    bool doubtful;  // one timed out that may stand in the log: see end_doubt()
    struct held *held_first, **held_last;
    size_t held_count;
};

static enum hs_delivery status_of(const rd_kafka_message_t *message)
{
    if (!message->err) {
        return HS_DELIVERY_ACKED;
    }
    return rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED
               ? HS_DELIVERY_NOT_WRITTEN
               : HS_DELIVERY_UNKNOWN;
}

// ---------------------------------------------------------------- what may still be written

static void retired_forget(struct hs_kafka_producer *producer, size_t index)
{
    rd_kafka_destroy(producer->retired[index].client);
    hs_unsettled_fini(&producer->retired[index].unsettled);
    producer->retired_count--;
    memmove(&producer->retired[index], &producer->retired[index + 1],
            (producer->retired_count - index) * sizeof(producer->retired[0]));
}

int hs_kafka_producer_settle(struct hs_kafka_producer *producer, const char *topic,
                             int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    int r = 0;
    for (size_t i = producer->retired_count; r == 0 && i > 0; i--) {
        struct retired *retired = &producer->retired[i - 1];
        r = hs_unsettled_settle(retired->client, &retired->unsettled, topic, until_ns);
        if (r == 0 && retired->unsettled.count == 0) {
            retired_forget(producer, i - 1);
        }
    }
    return r == 0 && producer->client
               ? hs_unsettled_settle(producer->client, &producer->unsettled, topic, until_ns)
               : r;
}

size_t hs_kafka_producer_unsettled(const struct hs_kafka_producer *producer)
{
    size_t count = producer->unsettled.count;
    for (size_t i = 0; i < producer->retired_count; i++) {
        count += producer->retired[i].unsettled.count;
    }
    return count;
}

// ---------------------------------------------------------------- deliveries

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    struct hs_kafka_producer *producer = opaque;
    struct hs_kafka_delivery delivery = {
        .status = status_of(message),
        .opaque = message->_private,
        .partition = message->partition,
        .offset = message->offset,
        .error = hs_kafka_error(message->err),
        .text = message->err ? rd_kafka_err2str(message->err) : "",
    };
    if (delivery.status == HS_DELIVERY_ACKED) {
        rd_kafka_timestamp_type_t type;
        delivery.timestamp_ms = rd_kafka_message_timestamp(message, &type);
        delivery.append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    }
    if (delivery.status == HS_DELIVERY_UNKNOWN) {
        producer->doubtful = message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || producer->doubtful;
        hs_unsettled_add(&producer->unsettled, rd_kafka_topic_name(message->rkt),
                         message->partition);
    }
    producer->pending--;
    producer->told++;
    producer->events.delivered(producer->events.ctx, &delivery);
}

static int connect_client(struct hs_kafka_producer *producer)
{
    rd_kafka_conf_t *conf;
    int r = hs_kafka_conf_new(producer->settings, HS_KAFKA_ROLE_PRODUCER, NULL, &conf);
    if (r < 0) {
        return r;
    }
    producer->client_events.dead_peer_ms = producer->settings->kafka_message_timeout_ms;
    hs_kafka_conf_events(conf, &producer->client_events);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return hs_kafka_client_new(RD_KAFKA_PRODUCER, conf, &producer->client);
}

int hs_kafka_producer_new(const struct hs_settings *settings,
                          const struct hs_kafka_producer_events *events,
                          struct hs_kafka_producer **ret_producer)
{
    struct hs_kafka_producer *producer = calloc(1, sizeof(*producer));
    if (!producer) {
        return HS_ENOMEM;
    }
    producer->settings = settings;
    producer->events = *events;
    producer->client_events = events->client;
    producer->held_last = &producer->held_first;
    int r = connect_client(producer);
    if (r < 0) {
        free(producer);
        return r;
    }
    *ret_producer = producer;
    return 0;
}

static struct held *held_take(struct hs_kafka_producer *producer)
{
    struct held *held = producer->held_first;
    producer->held_first = held->next;
    if (!held->next) {
        producer->held_last = &producer->held_first;
    }
    producer->held_count--;
    return held;
}

static void held_free(struct held *held)
{
    if (held->headers) {
        rd_kafka_headers_destroy(held->headers);
    }
    free(held);
}

// The end of a record that never reached the client library.
static void tell_not_written(struct hs_kafka_producer *producer, struct held *held, int error)
{
    const struct hs_kafka_delivery delivery = {
        .status = HS_DELIVERY_NOT_WRITTEN,
        .opaque = held->record.opaque,
        .error = error,
        .text = hs_strerror(error),
    };
    held_free(held);
    producer->pending--;
    producer->told++;
    producer->events.delivered(producer->events.ctx, &delivery);
}

// Keeps the client until what it sent is settled, or ends it at once when all is.
static void retire(struct hs_kafka_producer *producer)
{
    if (producer->unsettled.count == 0) {
        rd_kafka_destroy(producer->client);
        hs_unsettled_fini(&producer->unsettled);
    } else {
        if (producer->retired_count == HS_KAFKA_RETIRED_MAX) {
            retired_forget(producer, 0);
        }
        producer->retired[producer->retired_count++] =
            (struct retired){producer->client, producer->unsettled};
        producer->unsettled = (struct hs_unsettled){0};
    }
    producer->client = NULL;
}

// Every message's end is told; then the client is retired.
static void end_client(struct hs_kafka_producer *producer)
{
    while (producer->held_first) {
        tell_not_written(producer, held_take(producer), HS_ECANCELED);
    }
    if (!producer->client) {
        return;
    }
    rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    int64_t until_ns = hs_clock_monotonic_ns() + INT64_C(1000000) * DISCARD_TIMEOUT_MS;
    while (producer->pending > 0 && hs_clock_monotonic_ns() < until_ns) {
        rd_kafka_poll(producer->client, 20);
    }
    for (size_t i = 0; i < producer->topic_count; i++) {
        if (producer->topics[i].handle) {
            rd_kafka_topic_destroy(producer->topics[i].handle);
            producer->topics[i].handle = NULL;
        }
    }
    retire(producer);
    producer->pending = 0;
}

void hs_kafka_producer_free(struct hs_kafka_producer *producer)
{
    if (!producer) {
        return;
    }
    end_client(producer);
    while (producer->retired_count > 0) {
        retired_forget(producer, 0);
    }
    for (size_t i = 0; i < producer->topic_count; i++) {
        free(producer->topics[i].name);
    }
    free(producer->topics);
    free(producer);
}

int hs_kafka_producer_discard(struct hs_kafka_producer *producer)
{
    end_client(producer);
    producer->doubtful = false;
    int r = connect_client(producer);
    for (size_t i = 0; i < producer->topic_count && r == 0; i++) {
        producer->topics[i].handle =
            rd_kafka_topic_new(producer->client, producer->topics[i].name, NULL);
        r = producer->topics[i].handle ? 0 : HS_ENOMEM;
    }
    return r;
}

static int topic_find(const struct hs_kafka_producer *producer, const char *name)
{
    for (size_t i = 0; i < producer->topic_count; i++) {
        if (strcmp(producer->topics[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int topic_add(struct hs_kafka_producer *producer, const char *name, int32_t partitions)
{
    struct topic *grown =
        realloc(producer->topics, (producer->topic_count + 1) * sizeof(*producer->topics));
    if (!grown) {
        return HS_ENOMEM;
    }
    producer->topics = grown;
    struct topic *topic = &grown[producer->topic_count];
    topic->name = hs_str_dup(hs_str(name));
    topic->handle = topic->name ? rd_kafka_topic_new(producer->client, name, NULL) : NULL;
    topic->partitions = partitions;
    if (!topic->handle) {
        free(topic->name);
        return HS_ENOMEM;
    }
    return (int)producer->topic_count++;
}

int hs_kafka_producer_topic(struct hs_kafka_producer *producer, const char *topic,
                            int64_t timeout_ms, int *ret_topic)
{
    int32_t partitions = 0;
    if (!producer->client) {
        return HS_ECANCELED;
    }
    int r = hs_kafka_count_partitions(producer->client, topic, timeout_ms, &partitions);
    if (r < 0) {
        return r;
    }
    int index = topic_find(producer, topic);
    if (index >= 0) {
        producer->topics[index].partitions = partitions;
    } else {
        index = topic_add(producer, topic, partitions);
        if (index < 0) {
            return index;
        }
    }
    *ret_topic = index;
    return 0;
}

int32_t hs_kafka_producer_partitions(const struct hs_kafka_producer *producer, int topic)
{
    return producer->topics[topic].partitions;
}

static rd_kafka_headers_t *headers_of(const struct hs_kafka_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count && headers; i++) {
        const struct hs_kafka_header *row = &record->headers[i];
        rd_kafka_header_add(headers, row->name, -1, row->value.ptr ? row->value.ptr : "",
                            (ssize_t)row->value.len);
    }
    return headers;
}

// Takes the headers when it succeeds.
static int send_record(struct hs_kafka_producer *producer, const struct hs_kafka_record *record,
                       rd_kafka_headers_t *headers)
{
    // the client library wants void *, but copies
    union {
        const char *in;
        void *out;
    } value = {.in = record->value.ptr}, key = {.in = record->key.ptr ? record->key.ptr : ""};
    return hs_kafka_error(rd_kafka_producev(
        producer->client, RD_KAFKA_V_RKT(producer->topics[record->topic].handle),
        RD_KAFKA_V_PARTITION(record->partition == HS_KAFKA_PARTITION_BY_KEY ? RD_KAFKA_PARTITION_UA
                                                                            : record->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.out, record->key.len),
        RD_KAFKA_V_VALUE(value.out, record->value.len), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(record->opaque), RD_KAFKA_V_END));
}

static struct hs_str copy_to(char *to, struct hs_str text)
{
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    return text.ptr ? hs_str_n(to, text.len) : text;
}

// Takes the headers when it succeeds.
static int hold_record(struct hs_kafka_producer *producer, const struct hs_kafka_record *record,
                       rd_kafka_headers_t *headers)
{
    struct held *held = malloc(sizeof(*held) + record->key.len + record->value.len);
    if (!held) {
        return HS_ENOMEM;
    }
    *held = (struct held){.record = *record, .headers = headers};
    held->record.key = copy_to(held->bytes, record->key);
    held->record.value = copy_to(held->bytes + record->key.len, record->value);
    held->record.headers = NULL;
    *producer->held_last = held;
    producer->held_last = &held->next;
    producer->held_count++;
    return 0;
}

// Sends what is held as far as the queue has room.
static int send_held(struct hs_kafka_producer *producer)
{
    int r = 0;
    while (producer->held_first && r != HS_ELIMIT) {
        struct held *held = producer->held_first;
        r = producer->client ? send_record(producer, &held->record, held->headers) : HS_ECANCELED;
        if (r == 0) {
            held->headers = NULL;
            held_free(held_take(producer));
        } else if (r != HS_ELIMIT) {
            tell_not_written(producer, held_take(producer), r);
        }
    }
    return r == HS_ELIMIT ? r : 0;
}

void hs_kafka_producer_hold(struct hs_kafka_producer *producer)
{
    producer->holding = true;
}

int hs_kafka_producer_release(struct hs_kafka_producer *producer)
{
    producer->holding = false;
    return send_held(producer);
}

int hs_kafka_producer_produce(struct hs_kafka_producer *producer,
                              const struct hs_kafka_record *record)
{
    if (!producer->client) {
        return HS_ECANCELED;
    }
    bool hold = producer->holding && producer->held_count < HS_KAFKA_HELD_MAX;
    int r = hold ? 0 : send_held(producer);
    if (r < 0) {
        return r;
    }
    rd_kafka_headers_t *headers = headers_of(record);
    if (!headers) {
        return HS_ENOMEM;
    }
    r = hold ? hold_record(producer, record, headers) : send_record(producer, record, headers);
    if (r < 0) {
        rd_kafka_headers_destroy(headers);
        return r;
    }
    producer->pending++;
    return 0;
}

// Of a batch that got no answer, some messages time out a little before the others. The client library
// then begins a new epoch, and sends those others again in it: a broker that had the batch cannot
// know them for the same. So all that it has on its way ends with the first, before it does
// (retry.backoff.ms in client.c).
static void end_doubt(struct hs_kafka_producer *producer)
{
    if (producer->doubtful) {
        hs_kafka_producer_discard(producer);
    }
}

size_t hs_kafka_producer_poll(struct hs_kafka_producer *producer, int64_t timeout_ms)
{
    producer->told = 0;
    if (producer->client) {
        rd_kafka_poll(producer->client, (int)timeout_ms);
    }
    end_doubt(producer);
    return producer->told;
}

int hs_kafka_producer_flush(struct hs_kafka_producer *producer, int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    producer->holding = false;
    while (send_held(producer) < 0 || producer->pending > 0) {
        if (hs_kafka_producer_fatal(producer)) {
            return HS_ECANCELED;
        }
        if (hs_clock_monotonic_ns() >= until_ns) {
            return HS_ETIMEDOUT;
        }
        rd_kafka_poll(producer->client, 10);
        end_doubt(producer);
    }
    return 0;
}

size_t hs_kafka_producer_pending(const struct hs_kafka_producer *producer)
{
    return producer->pending;
}

bool hs_kafka_producer_fatal(const struct hs_kafka_producer *producer)
{
    return !producer->client || rd_kafka_fatal_error(producer->client, NULL, 0) != 0;
}
