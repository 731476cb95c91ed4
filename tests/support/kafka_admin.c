// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_admin.h"

#include <stdio.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "base/error.h"

enum { ADMIN_MS = 30000, ERROR_BYTES = 512 };

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return HS_EIO;
}

static rd_kafka_t *client(const char *bootstrap)
{
    char error[ERROR_BYTES];
    static const char *const properties[] = {
        "log_level", "2", "message.max.bytes", "100000000", "compression.codec", "gzip", "acks",
        "all",       NULL};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    for (size_t i = 0; properties[i]; i += 2) {
        if (rd_kafka_conf_set(conf, properties[i], properties[i + 1], error, sizeof(error))) {
            complain("librdkafka", error);
        }
    }
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!rk) {
        complain("librdkafka", error);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

static int broker_count(const char *bootstrap, int timeout_ms)
{
    rd_kafka_t *rk = client(bootstrap);
    const struct rd_kafka_metadata *metadata;
    int count = 0;
    if (rk && !rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms)) {
        count = metadata->broker_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    if (rk) {
        rd_kafka_destroy(rk);
    }
    return count;
}

int hs_test_brokers_await(const char *bootstrap, int count, int timeout_ms)
{
    int64_t deadline_ms = hs_clock_boottime_ms() + timeout_ms;
    while (broker_count(bootstrap, 1000) < count) {
        if (hs_clock_boottime_ms() > deadline_ms) {
            return HS_ETIMEDOUT;
        }
    }
    return HS_OK;
}

// Who leads; -1: nobody, or there is no such partition. HS_EUNREACHABLE.
static int ask_leader(rd_kafka_t *rk, const char *topic, int32_t partition, int32_t *ret_id)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(rk, 0, handle, &metadata, ADMIN_MS);
    rd_kafka_topic_destroy(handle);
    if (error) {
        return HS_EUNREACHABLE;
    }
    *ret_id = -1;
    for (int i = 0; metadata->topic_cnt == 1 && i < metadata->topics[0].partition_cnt; i++) {
        const struct rd_kafka_metadata_partition *row = &metadata->topics[0].partitions[i];
        if (row->id == partition) {
            *ret_id = row->leader;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return HS_OK;
}

int hs_test_leader(const char *bootstrap, const char *topic, int32_t partition, int32_t *ret_id)
{
    rd_kafka_t *rk = client(bootstrap);
    int32_t id = -1;
    int r = rk ? ask_leader(rk, topic, partition, &id) : HS_EIO;
    if (rk) {
        rd_kafka_destroy(rk);
    }
    if (r == HS_OK) {
        r = id < 0 ? HS_ENOTFOUND : HS_OK;
        *ret_id = id;
    }
    return r;
}

int hs_test_topic_delete(const char *bootstrap, const char *topic)
{
    rd_kafka_t *rk = client(bootstrap);
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_DeleteTopic_t *row = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopics(rk, &row, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    int r = event && !rd_kafka_event_error(event) ? HS_OK : complain(topic, "cannot be deleted");
    if (event) {
        rd_kafka_event_destroy(event);
    }
    int64_t deadline_ms = hs_clock_boottime_ms() + ADMIN_MS;
    for (int32_t id = 0; r == HS_OK && id >= 0;) {
        r = hs_clock_boottime_ms() < deadline_ms ? ask_leader(rk, topic, 0, &id) : HS_ETIMEDOUT;
    }
    rd_kafka_DeleteTopic_destroy(row);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    return r;
}

int hs_test_produce_packed(const char *bootstrap, const char *topic, struct hs_str value)
{
    rd_kafka_t *rk = client(bootstrap);
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_resp_err_t error =
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY("packed", 6),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value.ptr, value.len),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    error = error ? error : rd_kafka_flush(rk, ADMIN_MS);
    int r = error ? complain(topic, rd_kafka_err2str(error)) : HS_OK;
    rd_kafka_destroy(rk);
    return r;
}
