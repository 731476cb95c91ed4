// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "kafka/internal.h"

// Messages come by a queue of their own, drained by callback, the cheapest way of the client
// library; the group's queue brings rebalances and answers, and is served before it.
enum { SEEK_TIMEOUT_MS = 5000, SEEK_STEP_MS = 10, CLOSE_STEP_MS = 20 };

// A commit on its way.
struct commit {
    struct hs_kafka_consumer *consumer;
    struct commit *next;
    struct commit **link; // what points here
    int64_t sent_at_ms;   // CLOCK_BOOTTIME
};

struct hs_kafka_consumer {
    struct hs_kafka_events client_events; // first: the client's opaque
    struct hs_kafka_consumer_events events;
    rd_kafka_t *client;
    rd_kafka_queue_t *group;         // rebalances, answers
    rd_kafka_queue_t *messages;      // all partitions' messages
    struct commit *commits;          // on their way
    hs_kafka_on_message *on_message; // of the running serve
    void *on_message_ctx;
    size_t shown; // by the running serve
    bool closing; // leaving the group: what is assigned now is another's
};

static void partitions_from_native(const rd_kafka_topic_partition_list_t *list,
                                   struct hs_kafka_partition *partitions)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *row = &list->elems[i];
        partitions[i] = (struct hs_kafka_partition){
            .topic = row->topic,
            .partition = row->partition,
            .offset = row->offset >= 0 ? row->offset : HS_KAFKA_OFFSET_COMMITTED,
            .metadata = hs_str_n(row->metadata, row->metadata_size),
            .error = hs_kafka_error(row->err),
        };
    }
}

static rd_kafka_topic_partition_list_t *list_from(const struct hs_kafka_partition *partitions,
                                                  size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count && list; i++) {
        rd_kafka_topic_partition_t *row =
            rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition);
        row->offset = partitions[i].offset;
        if (partitions[i].metadata.len > 0) {
            row->metadata = malloc(partitions[i].metadata.len);
            if (row->metadata) {
                memcpy(row->metadata, partitions[i].metadata.ptr, partitions[i].metadata.len);
                row->metadata_size = partitions[i].metadata.len;
            }
        }
    }
    return list;
}

static void forward_messages(struct hs_kafka_consumer *consumer,
                             const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(
            consumer->client, list->elems[i].topic, list->elems[i].partition);
        if (queue) {
            rd_kafka_queue_forward(queue, consumer->messages);
            rd_kafka_queue_destroy(queue);
        }
    }
}

static void on_assigned(struct hs_kafka_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    struct hs_kafka_partition *partitions = calloc((size_t)list->cnt + 1, sizeof(*partitions));
    bool paused = false;
    if (partitions && consumer->events.assigned && list->cnt > 0) {
        partitions_from_native(list, partitions);
        paused = consumer->events.assigned(consumer->events.ctx, partitions, (size_t)list->cnt);
        for (int i = 0; i < list->cnt; i++) {
            list->elems[i].offset = partitions[i].offset == HS_KAFKA_OFFSET_COMMITTED
                                        ? RD_KAFKA_OFFSET_STORED
                                        : partitions[i].offset;
        }
    }
    forward_messages(consumer, list);
    rd_kafka_assign(consumer->client, list);
    if (paused) {
        rd_kafka_pause_partitions(consumer->client, list);
    }
    free(partitions);
}

static void on_revoked(struct hs_kafka_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    struct hs_kafka_partition *partitions = calloc((size_t)list->cnt + 1, sizeof(*partitions));
    bool lost = rd_kafka_assignment_lost(consumer->client) != 0;
    if (partitions && consumer->events.revoked && list->cnt > 0) {
        partitions_from_native(list, partitions);
        consumer->events.revoked(consumer->events.ctx, partitions, (size_t)list->cnt, lost);
    }
    rd_kafka_assign(consumer->client, NULL);
    free(partitions);
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t error,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct hs_kafka_consumer *consumer = opaque;
    if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && consumer->closing) {
        rd_kafka_assign(client, NULL);
    } else if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assigned(consumer, list);
    } else {
        on_revoked(consumer, list);
    }
}

static void commit_free(struct commit *commit)
{
    *commit->link = commit->next;
    if (commit->next) {
        commit->next->link = commit->link;
    }
    free(commit);
}

static void on_committed(rd_kafka_t *client, rd_kafka_resp_err_t error,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)client;
    struct commit *commit = opaque;
    struct hs_kafka_consumer *consumer = commit->consumer;
    size_t count = list ? (size_t)list->cnt : 0;
    struct hs_kafka_partition *partitions = calloc(count + 1, sizeof(*partitions));
    int r = hs_kafka_error(error);
    if (list && partitions) {
        partitions_from_native(list, partitions);
        for (size_t i = 0; i < count && r == 0; i++) {
            r = partitions[i].error;
        }
    }
    if (consumer->events.committed) {
        consumer->events.committed(consumer->events.ctx, commit->sent_at_ms, r, partitions,
                                   partitions ? count : 0);
    }
    free(partitions);
    commit_free(commit);
}

static int connect_client(struct hs_kafka_consumer *consumer, const struct hs_settings *settings,
                          enum hs_kafka_role role, const char *group)
{
    rd_kafka_conf_t *conf;
    int r = hs_kafka_conf_new(settings, role, group, &conf);
    if (r < 0) {
        return r;
    }
    hs_kafka_conf_events(conf, &consumer->client_events);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    return hs_kafka_client_new(RD_KAFKA_CONSUMER, conf, &consumer->client);
}

static int subscribe_to(struct hs_kafka_consumer *consumer, const char *const *topics,
                        size_t topic_count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)topic_count);
    for (size_t i = 0; i < topic_count; i++) {
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return hs_kafka_error(error);
}

int hs_kafka_consumer_new(const struct hs_settings *settings, enum hs_kafka_role role,
                          const char *group, const char *const *topics, size_t topic_count,
                          const struct hs_kafka_consumer_events *events,
                          struct hs_kafka_consumer **ret_consumer)
{
    struct hs_kafka_consumer *consumer = calloc(1, sizeof(*consumer));
    if (!consumer) {
        return HS_ENOMEM;
    }
    consumer->events = *events;
    consumer->client_events = events->client;
    int r = connect_client(consumer, settings, role, group);
    if (r < 0) {
        free(consumer);
        return r;
    }
    rd_kafka_poll_set_consumer(consumer->client);
    consumer->group = rd_kafka_queue_get_consumer(consumer->client);
    consumer->messages = rd_kafka_queue_new(consumer->client);
    r = subscribe_to(consumer, topics, topic_count);
    if (r < 0) {
        hs_kafka_consumer_close(consumer, SEEK_TIMEOUT_MS);
        return r;
    }
    *ret_consumer = consumer;
    return 0;
}

int hs_kafka_consumer_subscribe(struct hs_kafka_consumer *consumer, const char *const *topics,
                                size_t topic_count)
{
    return subscribe_to(consumer, topics, topic_count);
}

static bool close_group(struct hs_kafka_consumer *consumer, int64_t timeout_ms)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    consumer->closing = true;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer->client, consumer->group);
    if (error) {
        rd_kafka_error_destroy(error);
    }
    while (!rd_kafka_consumer_closed(consumer->client)) {
        if (hs_clock_monotonic_ns() > until_ns) {
            return false;
        }
        rd_kafka_queue_poll_callback(consumer->group, CLOSE_STEP_MS);
    }
    return true;
}

int hs_kafka_consumer_close(struct hs_kafka_consumer *consumer, int64_t timeout_ms)
{
    if (!consumer) {
        return 0;
    }
    if (!close_group(consumer, timeout_ms)) {
        return HS_ETIMEDOUT; // abandoned: its threads may still use it
    }
    rd_kafka_queue_destroy(consumer->messages);
    rd_kafka_queue_destroy(consumer->group);
    rd_kafka_destroy(consumer->client);
    while (consumer->commits) {
        commit_free(consumer->commits);
    }
    free(consumer);
    return 0;
}

static void show(struct hs_kafka_consumer *consumer, const rd_kafka_message_t *native)
{
    struct hs_kafka_message message;
    hs_kafka_message_view(native, &message);
    consumer->shown++;
    if (consumer->on_message && !consumer->on_message(consumer->on_message_ctx, &message)) {
        rd_kafka_yield(consumer->client);
    }
}

static void tell_trouble(struct hs_kafka_consumer *consumer, const rd_kafka_message_t *native)
{
    struct hs_kafka_partition partition = {
        .topic = native->rkt ? rd_kafka_topic_name(native->rkt) : "",
        .partition = native->partition,
        .offset = native->offset,
        .error = hs_kafka_error(native->err),
    };
    if (consumer->events.trouble) {
        consumer->events.trouble(consumer->events.ctx, &partition, rd_kafka_message_errstr(native));
    }
}

static void on_native(rd_kafka_message_t *native, void *opaque)
{
    struct hs_kafka_consumer *consumer = opaque;
    if (native->err) {
        tell_trouble(consumer, native);
    } else {
        show(consumer, native);
    }
}

// Rebalances, answers and errors; never a message: their queues are forwarded before they are
// assigned.
static void serve_group(struct hs_kafka_consumer *consumer, int64_t timeout_ms)
{
    rd_kafka_message_t *native;
    while ((native = rd_kafka_consumer_poll(consumer->client, (int)timeout_ms))) {
        on_native(native, consumer);
        rd_kafka_message_destroy(native);
        timeout_ms = 0;
    }
}

size_t hs_kafka_consumer_serve(struct hs_kafka_consumer *consumer, int64_t timeout_ms,
                               hs_kafka_on_message *on_message, void *ctx)
{
    consumer->on_message = on_message;
    consumer->on_message_ctx = ctx;
    consumer->shown = 0;
    serve_group(consumer, on_message ? 0 : timeout_ms);
    if (!on_message) {
        return 0;
    }
    rd_kafka_consume_callback_queue(consumer->messages, (int)timeout_ms, on_native, consumer);
    return consumer->shown;
}

int hs_kafka_consumer_commit(struct hs_kafka_consumer *consumer,
                             const struct hs_kafka_partition *partitions, size_t count)
{
    struct commit *commit = calloc(1, sizeof(*commit));
    rd_kafka_topic_partition_list_t *list = commit ? list_from(partitions, count) : NULL;
    if (!list) {
        free(commit);
        return HS_ENOMEM;
    }
    *commit = (struct commit){.consumer = consumer,
                              .next = consumer->commits,
                              .link = &consumer->commits,
                              .sent_at_ms = hs_clock_boottime_ms()};
    if (commit->next) {
        commit->next->link = &commit->next;
    }
    consumer->commits = commit;
    rd_kafka_resp_err_t error =
        rd_kafka_commit_queue(consumer->client, list, consumer->group, on_committed, commit);
    rd_kafka_topic_partition_list_destroy(list);
    if (error) {
        commit_free(commit);
        return HS_EAGAIN;
    }
    return 0;
}

// The answer of a commit that is waited for.
struct wait {
    bool done;
    int error;
};

static void on_waited(rd_kafka_t *client, rd_kafka_resp_err_t error,
                      rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)client;
    struct wait *wait = opaque;
    wait->error = hs_kafka_error(error);
    for (int i = 0; list && i < list->cnt && wait->error == 0; i++) {
        wait->error = hs_kafka_error(list->elems[i].err);
    }
    wait->done = true;
}

int hs_kafka_consumer_commit_wait(struct hs_kafka_consumer *consumer,
                                  const struct hs_kafka_partition *partitions, size_t count,
                                  int64_t timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = list_from(partitions, count);
    rd_kafka_queue_t *answers = rd_kafka_queue_new(consumer->client);
    struct wait *wait = calloc(1, sizeof(*wait));
    int r = HS_ENOMEM;
    if (list && answers && wait) {
        int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
        r = hs_kafka_error(rd_kafka_commit_queue(consumer->client, list, answers, on_waited, wait));
        while (r == 0 && !wait->done && hs_clock_monotonic_ns() < until_ns) {
            rd_kafka_queue_poll_callback(answers, CLOSE_STEP_MS);
        }
        r = r < 0 ? r : wait->done ? wait->error : HS_ETIMEDOUT;
    }
    if (answers) {
        rd_kafka_queue_destroy(answers);
    }
    if (list) {
        rd_kafka_topic_partition_list_destroy(list);
    }
    free(wait);
    return r;
}

int hs_kafka_consumer_committed(struct hs_kafka_consumer *consumer,
                                struct hs_kafka_partition *partitions, size_t count,
                                int64_t timeout_ms, struct hs_buf *ret_metadata)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition);
    }
    int r = hs_kafka_error(rd_kafka_committed(consumer->client, list, (int)timeout_ms));
    for (size_t i = 0; i < count && r == 0; i++) {
        int64_t offset = list->elems[i].offset;
        partitions[i].offset = offset >= 0 ? offset : HS_KAFKA_OFFSET_COMMITTED;
        partitions[i].error = hs_kafka_error(list->elems[i].err);
        if (ret_metadata && list->elems[i].metadata_size > 0) {
            hs_buf_add(&ret_metadata[i], list->elems[i].metadata, list->elems[i].metadata_size);
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}

int hs_kafka_consumer_seek(struct hs_kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t offset)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer->client, topic, NULL);
    if (!handle) {
        return HS_ENOMEM;
    }
    // an assignment that has only just been made is not seekable yet
    rd_kafka_resp_err_t error;
    int64_t until_ns = hs_clock_monotonic_ns() + INT64_C(1000000) * SEEK_TIMEOUT_MS;
    rd_kafka_queue_t *never = NULL;
    while ((error = rd_kafka_seek(handle, partition, offset, SEEK_TIMEOUT_MS)) ==
               RD_KAFKA_RESP_ERR__STATE &&
           hs_clock_monotonic_ns() < until_ns) {
        if (!never) {
            never = rd_kafka_queue_new(consumer->client);
        }
        rd_kafka_queue_poll_callback(never, SEEK_STEP_MS); // an empty queue: a bounded wait
    }
    if (never) {
        rd_kafka_queue_destroy(never);
    }
    rd_kafka_topic_destroy(handle);
    return error == RD_KAFKA_RESP_ERR__STATE ? HS_EAGAIN : hs_kafka_error(error);
}

static int pause_resume(struct hs_kafka_consumer *consumer, const char *topic, int32_t partition,
                        rd_kafka_resp_err_t (*change)(rd_kafka_t *,
                                                      rd_kafka_topic_partition_list_t *))
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    int r = hs_kafka_error(change(consumer->client, list));
    if (r == 0) {
        r = hs_kafka_error(list->elems[0].err);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}

int hs_kafka_consumer_pause(struct hs_kafka_consumer *consumer, const char *topic,
                            int32_t partition)
{
    return pause_resume(consumer, topic, partition, rd_kafka_pause_partitions);
}

int hs_kafka_consumer_resume(struct hs_kafka_consumer *consumer, const char *topic,
                             int32_t partition)
{
    return pause_resume(consumer, topic, partition, rd_kafka_resume_partitions);
}

size_t hs_kafka_consumer_queued(const struct hs_kafka_consumer *consumer)
{
    return rd_kafka_queue_length(consumer->messages);
}

bool hs_kafka_consumer_watermarks(struct hs_kafka_consumer *consumer, const char *topic,
                                  int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(consumer->client, topic, partition, &low, &high) ||
        high < 0) {
        return false;
    }
    *ret_low = low;
    *ret_high = high;
    return true;
}

int hs_kafka_consumer_ends(struct hs_kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high)
{
    return hs_kafka_ends(consumer->client, topic, partition, timeout_ms, ret_low, ret_high);
}
