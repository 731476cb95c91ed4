// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "kafka/internal.h"
#include "kafka/topics.h"

enum { RETRY_MS = 200, NEW_TOPIC_MS = 5000 };

// A client that speaks for a group without being a member.
struct outsider {
    struct hs_kafka_events events; // first: the client's opaque
    rd_kafka_t *client;
    rd_kafka_topic_partition_list_t *list; // all partitions of the topic
    const char *topic;
    int timeout_ms;
};

static int outsider_open(struct outsider *outsider, const struct hs_settings *settings,
                         const char *group, const char *topic, int64_t timeout_ms)
{
    rd_kafka_conf_t *conf;
    int32_t count;
    *outsider = (struct outsider){.topic = topic, .timeout_ms = (int)timeout_ms};
    int r = hs_kafka_conf_new(settings, HS_KAFKA_ROLE_EVENTS, group, &conf);
    if (r < 0) {
        return r;
    }
    hs_kafka_conf_events(conf, &outsider->events);
    r = hs_kafka_client_new(RD_KAFKA_CONSUMER, conf, &outsider->client);
    if (r < 0) {
        return r;
    }
    r = hs_kafka_count_partitions(outsider->client, topic, timeout_ms, &count);
    if (r < 0) {
        return r;
    }
    outsider->list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(outsider->list, topic, 0, count - 1);
    return 0;
}

static void outsider_close(struct outsider *outsider)
{
    if (outsider->list) {
        rd_kafka_topic_partition_list_destroy(outsider->list);
    }
    if (outsider->client) {
        rd_kafka_destroy_flags(outsider->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
}

static int ask_error(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__WAIT_COORD
               ? HS_EUNREACHABLE
               : hs_kafka_error(error);
}

static int ask_standing(struct outsider *outsider, struct hs_topic_standing *rows)
{
    rd_kafka_resp_err_t error =
        rd_kafka_committed(outsider->client, outsider->list, outsider->timeout_ms);
    int r = ask_error(error);
    for (int i = 0; i < outsider->list->cnt && r == 0; i++) {
        const rd_kafka_topic_partition_t *row = &outsider->list->elems[i];
        rows[i].committed = row->offset >= 0 ? row->offset : HS_KAFKA_OFFSET_COMMITTED;
        r = row->err ? ask_error(row->err)
                     : hs_kafka_ends(outsider->client, outsider->topic, i, outsider->timeout_ms,
                                     &rows[i].low, &rows[i].high);
    }
    return r;
}

int hs_topics_standing(const struct hs_settings *settings, const char *group, const char *topic,
                       int64_t timeout_ms, struct hs_topic_standing **ret_rows, size_t *ret_count)
{
    struct outsider outsider;
    struct hs_topic_standing *rows = NULL;
    int r = outsider_open(&outsider, settings, group, topic, timeout_ms);
    if (r == 0) {
        rows = calloc((size_t)outsider.list->cnt, sizeof(*rows));
        r = rows ? ask_standing(&outsider, rows) : HS_ENOMEM;
    }
    if (r == 0) {
        *ret_rows = rows;
        *ret_count = (size_t)outsider.list->cnt;
    } else {
        free(rows);
    }
    outsider_close(&outsider);
    return r;
}

static int refuse_members(const struct outsider *outsider, const char *group)
{
    const struct rd_kafka_group_list *groups;
    rd_kafka_resp_err_t error =
        rd_kafka_list_groups(outsider->client, group, &groups, outsider->timeout_ms);
    if (error) {
        return ask_error(error);
    }
    int r = 0;
    for (int i = 0; i < groups->group_cnt; i++) {
        if (groups->groups[i].member_cnt > 0) {
            r = HS_EREFUSED;
        }
    }
    rd_kafka_group_list_destroy(groups);
    return r;
}

static int refuse_standing(struct outsider *outsider)
{
    rd_kafka_resp_err_t error =
        rd_kafka_committed(outsider->client, outsider->list, outsider->timeout_ms);
    for (int i = 0; i < outsider->list->cnt && !error; i++) {
        if (outsider->list->elems[i].offset >= 0) {
            return HS_EEXIST;
        }
    }
    return ask_error(error);
}

static int find_start(struct outsider *outsider, int64_t where, int64_t time_ms)
{
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (time_ms >= 0) {
        for (int i = 0; i < outsider->list->cnt; i++) {
            outsider->list->elems[i].offset = time_ms;
        }
        error = rd_kafka_offsets_for_times(outsider->client, outsider->list, outsider->timeout_ms);
    }
    int r = ask_error(error);
    for (int i = 0; i < outsider->list->cnt && r == 0; i++) {
        rd_kafka_topic_partition_t *row = &outsider->list->elems[i];
        int64_t low = 0, high = 0;
        r = hs_kafka_ends(outsider->client, outsider->topic, i, outsider->timeout_ms, &low, &high);
        if (time_ms < 0) {
            row->offset = where == HS_KAFKA_OFFSET_BEGINNING ? low : high;
        } else if (row->offset < 0) {
            row->offset = high;
        }
    }
    return r;
}

static int read_from(const struct hs_settings *settings, const char *group, const char *topic,
                     int64_t where, int64_t time_ms, bool force, int64_t timeout_ms)
{
    struct outsider outsider;
    int r = outsider_open(&outsider, settings, group, topic, timeout_ms);
    if (r == 0) {
        r = refuse_members(&outsider, group);
    }
    if (r == 0 && !force) {
        r = refuse_standing(&outsider);
    }
    if (r == 0) {
        r = find_start(&outsider, where, time_ms);
    }
    if (r == 0) {
        rd_kafka_resp_err_t error = rd_kafka_commit(outsider.client, outsider.list, 0);
        r = error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ? HS_EREFUSED : ask_error(error);
    }
    outsider_close(&outsider);
    return r;
}

// A cluster that has only just made the topic, or its first group, does not answer for them yet.
int hs_topics_read_from(const struct hs_settings *settings, const char *group, const char *topic,
                        int64_t where, int64_t time_ms, bool force, int64_t timeout_ms)
{
    int64_t began_ns = hs_clock_monotonic_ns();
    for (;;) {
        int r = read_from(settings, group, topic, where, time_ms, force, timeout_ms);
        int64_t passed_ms = (hs_clock_monotonic_ns() - began_ns) / 1000000;
        bool again = (r == HS_EAGAIN && passed_ms < timeout_ms) ||
                     (r == HS_ENOTFOUND && passed_ms < NEW_TOPIC_MS);
        if (!again) {
            return r;
        }
        const struct timespec step = {.tv_nsec = RETRY_MS * 1000000L};
        nanosleep(&step, NULL);
    }
}
