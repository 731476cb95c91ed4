// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_util.h"

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "base/error.h"
#include "support/process.h"

enum { ADMIN_MS = 30000, PARTITIONS_MAX = 256, ERROR_BYTES = 512 };

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return HS_EIO;
}

// A client with "name", "value", ..., NULL on top of the bootstrap server; NULL when it cannot be
// made.
static rd_kafka_t *client(rd_kafka_type_t type, const char *bootstrap,
                          const char *const *properties)
{
    char error[ERROR_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    rd_kafka_conf_set(conf, "socket.nagle.disable", "true", NULL, 0);
    rd_kafka_conf_set(conf, "reconnect.backoff.ms", "20", NULL, 0);
    rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "100", NULL, 0);
    for (; properties && *properties; properties += 2) {
        if (rd_kafka_conf_set(conf, properties[0], properties[1], error, sizeof(error)) !=
            RD_KAFKA_CONF_OK) {
            complain("librdkafka", error);
        }
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk) {
        complain("librdkafka", error);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

int hs_test_kafka_answers(const char *bootstrap, int timeout_ms)
{
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, bootstrap, NULL);
    if (!rk) {
        return HS_EIO;
    }
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 1, NULL, &metadata, timeout_ms);
    int r = HS_EUNREACHABLE;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        r = metadata->broker_cnt > 0 ? HS_OK : HS_EUNREACHABLE;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_destroy(rk);
    return r;
}

// The outcome of the one topic asked for; exists already is an error.
static int creation_outcome(rd_kafka_event_t *event, const char *topic)
{
    if (!event) {
        return complain(topic, "no answer to its creation");
    }
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return complain(topic, rd_kafka_event_error_string(event));
    }
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return complain(topic, rd_kafka_topic_result_error_string(results[i]));
        }
    }
    return HS_OK;
}

// Waits until every partition has a leader, so that the first produce meets a ready topic.
static int await_leaders(rd_kafka_t *rk, const char *topic, int partitions)
{
    int64_t deadline_ms = hs_clock_boottime_ms() + ADMIN_MS;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    int ready = 0;
    while (ready < partitions && hs_clock_boottime_ms() < deadline_ms) {
        const struct rd_kafka_metadata *metadata;
        if (rd_kafka_metadata(rk, 0, handle, &metadata, 5000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            continue;
        }
        ready = 0;
        for (int i = 0; metadata->topic_cnt == 1 && i < metadata->topics[0].partition_cnt; i++) {
            ready += metadata->topics[0].partitions[i].leader >= 0;
        }
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return ready < partitions ? complain(topic, "has no leaders") : HS_OK;
}

int hs_test_topic_create(const char *bootstrap, const char *topic, int partitions,
                         const char *const *config)
{
    char error[ERROR_BYTES];
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, bootstrap, NULL);
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, error, sizeof(error));
    for (; config && *config; config += 2) {
        rd_kafka_NewTopic_set_config(wanted, config[0], config[1]);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    int r = creation_outcome(event, topic);
    if (event) {
        rd_kafka_event_destroy(event);
    }
    if (r == HS_OK) {
        r = await_leaders(rk, topic, partitions);
    }
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    return r;
}

struct hs_test_producer {
    rd_kafka_t *rk;
    size_t failed; // deliveries; written by the poll of the owner's thread
};

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct hs_test_producer *producer = opaque;
    if (message->err) {
        producer->failed++;
        complain(rd_kafka_topic_name(message->rkt), rd_kafka_err2str(message->err));
    }
}

int hs_test_producer_new(const char *bootstrap, struct hs_test_producer **ret_producer)
{
    char error[ERROR_BYTES];
    struct hs_test_producer *producer = calloc(1, sizeof(*producer));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    rd_kafka_conf_set(conf, "partitioner", "murmur2_random", NULL, 0);
    rd_kafka_conf_set(conf, "acks", "all", NULL, 0);
    rd_kafka_conf_set(conf, "socket.nagle.disable", "true", NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "5", NULL, 0);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", "1000000", NULL, 0);
    rd_kafka_conf_set(conf, "allow.auto.create.topics", "false", NULL, 0);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    producer->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!producer->rk) {
        rd_kafka_conf_destroy(conf);
        free(producer);
        return complain("librdkafka", error);
    }
    *ret_producer = producer;
    return HS_OK;
}

int hs_test_produce(struct hs_test_producer *producer, const char *topic, int32_t partition,
                    struct hs_str key, struct hs_str value, const struct hs_test_header *headers,
                    size_t header_count)
{
    rd_kafka_resp_err_t err;
    do {
        rd_kafka_headers_t *list = header_count ? rd_kafka_headers_new(header_count) : NULL;
        for (size_t i = 0; i < header_count; i++) {
            rd_kafka_header_add(list, headers[i].name, -1, headers[i].value.ptr,
                                (ssize_t)headers[i].value.len);
        }
        err = rd_kafka_producev(producer->rk, RD_KAFKA_V_TOPIC(topic),
                                RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key.ptr, key.len),
                                RD_KAFKA_V_VALUE((void *)(uintptr_t)value.ptr, value.len),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(list),
                                RD_KAFKA_V_END);
        if (err && list) {
            rd_kafka_headers_destroy(list);
        }
        rd_kafka_poll(producer->rk, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 20 : 0);
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    return err ? complain(topic, rd_kafka_err2str(err)) : HS_OK;
}

int hs_test_produce_at(struct hs_test_producer *producer, const char *topic, struct hs_str key,
                       struct hs_str value, int64_t at_ms)
{
    rd_kafka_resp_err_t err = rd_kafka_producev(
        producer->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key.ptr, key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value.ptr, value.len), RD_KAFKA_V_TIMESTAMP(at_ms),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    rd_kafka_poll(producer->rk, 0);
    return err ? complain(topic, rd_kafka_err2str(err)) : HS_OK;
}

int hs_test_producer_flush(struct hs_test_producer *producer, int timeout_ms)
{
    if (rd_kafka_flush(producer->rk, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return HS_ETIMEDOUT;
    }
    return producer->failed ? HS_EIO : HS_OK;
}

void hs_test_producer_free(struct hs_test_producer *producer)
{
    if (producer) {
        rd_kafka_destroy(producer->rk);
        free(producer);
    }
}

static struct hs_str copy(const void *bytes, size_t len)
{
    char *p = malloc(len + 1);
    if (len) {
        memcpy(p, bytes, len);
    }
    p[len] = '\0';
    return hs_str_n(p, len);
}

static void copy_headers(const rd_kafka_message_t *from, struct hs_test_message *to)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    size_t count = rd_kafka_header_cnt(headers);
    to->headers = calloc(count, sizeof(*to->headers));
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const void *value;
        size_t len;
        rd_kafka_header_get_all(headers, i, &name, &value, &len);
        to->headers[i].name = copy(name, strlen(name)).ptr;
        to->headers[i].value = copy(value, len);
    }
    to->header_count = count;
}

static void append(struct hs_test_messages *messages, const rd_kafka_message_t *from)
{
    if (messages->count == messages->capacity) {
        messages->capacity = messages->capacity ? 2 * messages->capacity : 64;
        messages->rows = realloc(messages->rows, messages->capacity * sizeof(*messages->rows));
        if (!messages->rows) {
            abort();
        }
    }
    rd_kafka_timestamp_type_t kind;
    struct hs_test_message *to = &messages->rows[messages->count++];
    *to = (struct hs_test_message){.partition = from->partition,
                                   .offset = from->offset,
                                   .timestamp_ms = rd_kafka_message_timestamp(from, &kind),
                                   .key = copy(from->key, from->key_len),
                                   .value = copy(from->payload, from->len),
                                   .tombstone = from->payload == NULL};
    to->log_append_time = kind == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    copy_headers(from, to);
}

void hs_test_messages_fini(struct hs_test_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        struct hs_test_message *row = &messages->rows[i];
        for (size_t h = 0; h < row->header_count; h++) {
            free((char *)(uintptr_t)row->headers[h].name);
            free((char *)(uintptr_t)row->headers[h].value.ptr);
        }
        free(row->headers);
        free((char *)(uintptr_t)row->key.ptr);
        free((char *)(uintptr_t)row->value.ptr);
    }
    free(messages->rows);
    *messages = (struct hs_test_messages){0};
}

struct hs_str hs_test_header(const struct hs_test_message *message, const char *name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, name) == 0) {
            return message->headers[i].value;
        }
    }
    return hs_str_n(NULL, 0);
}

struct hs_test_reader {
    rd_kafka_t *rk;
    int partitions;
};

static int partition_count(rd_kafka_t *rk, const char *topic, int *ret_count)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, handle, &metadata, ADMIN_MS);
    rd_kafka_topic_destroy(handle);
    if (err) {
        return complain(topic, rd_kafka_err2str(err));
    }
    int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0) {
        return complain(topic, "no such topic");
    }
    *ret_count = count;
    return HS_OK;
}

int hs_test_reader_new(const char *bootstrap, const char *topic, struct hs_test_reader **ret_reader)
{
    const char *properties[] = {"group.id",
                                "hs-test-reader",
                                "enable.auto.commit",
                                "false",
                                "isolation.level",
                                "read_uncommitted",
                                "auto.offset.reset",
                                "earliest",
                                "fetch.wait.max.ms",
                                "20",
                                "allow.auto.create.topics",
                                "false",
                                NULL};
    struct hs_test_reader *reader = calloc(1, sizeof(*reader));
    reader->rk = client(RD_KAFKA_CONSUMER, bootstrap, properties);
    if (!reader->rk) {
        free(reader);
        return HS_EIO;
    }
    int r = partition_count(reader->rk, topic, &reader->partitions);
    if (r != HS_OK) {
        hs_test_reader_free(reader);
        return r;
    }
    rd_kafka_poll_set_consumer(reader->rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reader->partitions);
    for (int p = 0; p < reader->partitions; p++) {
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    *ret_reader = reader;
    return HS_OK;
}

int hs_test_reader_await(struct hs_test_reader *reader, size_t count, int timeout_ms,
                         struct hs_test_messages *messages)
{
    int64_t deadline_ms = hs_clock_boottime_ms() + timeout_ms;
    while (messages->count < count) {
        int64_t left_ms = deadline_ms - hs_clock_boottime_ms();
        if (left_ms < 0) {
            return HS_ETIMEDOUT;
        }
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->rk, (int)left_ms);
        if (message && !message->err) {
            append(messages, message);
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
    }
    return HS_OK;
}

void hs_test_reader_free(struct hs_test_reader *reader)
{
    if (reader) {
        rd_kafka_consumer_close(reader->rk);
        rd_kafka_destroy(reader->rk);
        free(reader);
    }
}

// True once the reader's position has reached the end in every partition. Compaction and
// transactions leave gaps, so counting messages would not do.
static bool reached(rd_kafka_t *rk, const char *topic, const int64_t *ends, int partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int p = 0; p < partitions; p++) {
        rd_kafka_topic_partition_list_add(list, topic, p);
    }
    rd_kafka_position(rk, list);
    bool all = true;
    for (int p = 0; p < partitions; p++) {
        all = all && (ends[p] <= 0 || list->elems[p].offset >= ends[p]);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return all;
}

// The partition's first and next offset. Asks until it is told: a broker that was just frozen or
// restarted may answer with an error first.
static int watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t deadline_ms,
                      int64_t *ret_low, int64_t *ret_high)
{
    enum { ASK_MS = 5000, PAUSE_MS = 20 };
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_query_watermark_offsets(rk, topic, partition, ret_low, ret_high,
                                                   ASK_MS)) != 0) {
        if (hs_clock_boottime_ms() > deadline_ms) {
            return complain(topic, rd_kafka_err2str(err));
        }
        hs_test_pause_ms(PAUSE_MS);
    }
    return HS_OK;
}

int hs_test_topic_read(const char *bootstrap, const char *topic, int timeout_ms,
                       struct hs_test_messages *messages)
{
    struct hs_test_reader *reader;
    int64_t ends[PARTITIONS_MAX];
    int64_t deadline_ms = hs_clock_boottime_ms() + timeout_ms;
    int r = hs_test_reader_new(bootstrap, topic, &reader);
    if (r != HS_OK) {
        return r;
    }
    for (int p = 0; p < reader->partitions && r == HS_OK; p++) {
        int64_t low = 0;
        r = watermarks(reader->rk, topic, p, deadline_ms, &low, &ends[p]);
        if (r == HS_OK && low == ends[p]) {
            ends[p] = 0; // empty
        }
    }
    while (r == HS_OK && !reached(reader->rk, topic, ends, reader->partitions)) {
        hs_test_reader_await(reader, messages->count + 1, 50, messages);
        if (hs_clock_boottime_ms() > deadline_ms) {
            r = HS_ETIMEDOUT;
        }
    }
    hs_test_reader_free(reader);
    return r;
}

// A consumer of `group` with nothing assigned, and a list of the one partition.
static rd_kafka_t *group_client(const char *bootstrap, const char *group, const char *topic,
                                int32_t partition, rd_kafka_topic_partition_list_t **ret_list)
{
    const char *properties[] = {"group.id", group, "enable.auto.commit", "false", NULL};
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, bootstrap, properties);
    *ret_list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(*ret_list, topic, partition);
    return rk;
}

int hs_test_committed(const char *bootstrap, const char *group, const char *topic,
                      int32_t partition, int64_t *ret_offset)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_t *rk = group_client(bootstrap, group, topic, partition, &list);
    rd_kafka_resp_err_t err = rd_kafka_committed(rk, list, ADMIN_MS);
    if (!err) {
        *ret_offset = list->elems[0].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    return err ? complain(group, rd_kafka_err2str(err)) : HS_OK;
}

int hs_test_commit(const char *bootstrap, const char *group, const char *topic, int32_t partition,
                   int64_t offset)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_t *rk = group_client(bootstrap, group, topic, partition, &list);
    list->elems[0].offset = offset;
    rd_kafka_resp_err_t err = rd_kafka_commit(rk, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    return err ? complain(group, rd_kafka_err2str(err)) : HS_OK;
}

int hs_test_watermarks(const char *bootstrap, const char *topic, int32_t partition,
                       int64_t *ret_low, int64_t *ret_high)
{
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, bootstrap, NULL);
    int64_t deadline_ms = hs_clock_boottime_ms() + ADMIN_MS;
    int r = watermarks(rk, topic, partition, deadline_ms, ret_low, ret_high);
    rd_kafka_destroy(rk);
    return r;
}
