// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_admin.h"

#include <stdio.h>
#include <string.h>

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

// Waits for the outcome of what was asked by `queue`, which it frees; the event is the caller's.
static rd_kafka_event_t *outcome(rd_kafka_queue_t *queue, const char *topic, int *ret_r)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    rd_kafka_queue_destroy(queue);
    *ret_r = !event                        ? complain(topic, "no answer")
             : rd_kafka_event_error(event) ? complain(topic, rd_kafka_event_error_string(event))
                                           : HS_OK;
    return event;
}

int hs_test_topic_delete(const char *bootstrap, const char *topic)
{
    rd_kafka_t *rk = client(bootstrap);
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_DeleteTopic_t *row = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    int r;
    rd_kafka_DeleteTopics(rk, &row, 1, NULL, queue);
    rd_kafka_event_t *event = outcome(queue, topic, &r);
    if (event) {
        rd_kafka_event_destroy(event);
    }
    int64_t deadline_ms = hs_clock_boottime_ms() + ADMIN_MS;
    for (int32_t id = 0; r == HS_OK && id >= 0;) {
        r = hs_clock_boottime_ms() < deadline_ms ? ask_leader(rk, topic, 0, &id) : HS_ETIMEDOUT;
    }
    rd_kafka_DeleteTopic_destroy(row);
    rd_kafka_destroy(rk);
    return r;
}

int hs_test_topic_configure(const char *bootstrap, const char *topic, const char *const *config)
{
    rd_kafka_t *rk = client(bootstrap);
    size_t count = 0;
    int r;
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_ConfigResource_t *row = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    for (; config[count]; count += 2) {
        rd_kafka_ConfigResource_set_config(row, config[count], config[count + 1]);
    }
    rd_kafka_AlterConfigs(rk, &row, 1, NULL, queue);
    rd_kafka_event_t *event = outcome(queue, topic, &r);
    if (r == HS_OK) {
        const rd_kafka_ConfigResource_t **rows = rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(event), &count);
        r = count == 1 && !rd_kafka_ConfigResource_error(rows[0])
                ? HS_OK
                : complain(topic, "is not configured");
    }
    if (event) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy(row);
    rd_kafka_destroy(rk);
    return r;
}

static rd_kafka_AclBinding_t *rule(const char *topic, const char *user,
                                   rd_kafka_AclOperation_t operation,
                                   rd_kafka_AclPermissionType_t permission)
{
    char principal[64];
    snprintf(principal, sizeof(principal), "User:%s", user);
    return rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic,
                                   RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal, "*", operation,
                                   permission, NULL, 0);
}

int hs_test_topic_deny(const char *bootstrap, const char *topic, const char *user,
                       const char *operation)
{
    rd_kafka_t *rk = client(bootstrap);
    size_t count;
    int r;
    if (!rk) {
        return HS_EIO;
    }
    bool read = strcmp(operation, "read") == 0;
    rd_kafka_AclBinding_t *rules[] = {
        rule(topic, "*", RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW),
        rule(topic, user, read ? RD_KAFKA_ACL_OPERATION_READ : RD_KAFKA_ACL_OPERATION_WRITE,
             RD_KAFKA_ACL_PERMISSION_TYPE_DENY)};
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateAcls(rk, rules, 2, NULL, queue);
    rd_kafka_event_t *event = outcome(queue, topic, &r);
    if (r == HS_OK) {
        const rd_kafka_acl_result_t **rows =
            rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count);
        for (size_t i = 0; i < count && r == HS_OK; i++) {
            r = rd_kafka_acl_result_error(rows[i]) ? complain(topic, "a rule is not taken") : HS_OK;
        }
    }
    if (event) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AclBinding_destroy_array(rules, 2);
    rd_kafka_destroy(rk);
    return r;
}

int hs_test_topic_allow(const char *bootstrap, const char *topic)
{
    rd_kafka_t *rk = client(bootstrap);
    int r;
    if (!rk) {
        return HS_EIO;
    }
    rd_kafka_AclBindingFilter_t *all = rd_kafka_AclBindingFilter_new(
        RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_RESOURCE_PATTERN_LITERAL, NULL, NULL,
        RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteAcls(rk, &all, 1, NULL, queue);
    rd_kafka_event_t *event = outcome(queue, topic, &r);
    if (event) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AclBinding_destroy(all);
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
