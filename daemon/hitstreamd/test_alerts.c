// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/test_alerts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "correlate/rules/test.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/test_read.h"
#include "wire/header.h"

HS_LOG_EVENT(event_overdue, "test-alert-overdue", "d4b1f86e20c94a5b8e3f7a916c05d2e8");
HS_LOG_EVENT(event_reads, "test-alert-no-reads", "8a62e0d95c7f41b3a6d84e0b1f93c725");

enum {
    STEP_MS = 250,
    OVERDUE_MS = 30000, // a test that is not back after so long, or half its interval
    TOPIC_TIMEOUT_MS = 300,
    TOPIC_AGAIN_MS = 5000,
    VEHICLE_BYTES = 160,
};

static const double latency_bounds[] = {0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05,
                                        0.1,   0.2,   0.5,   1,     5,    30,   300};

// A queue that asks for tests, or did.
struct test_queue {
    struct test_queue *next;
    char *name;
    int64_t interval_ms; // 0: no longer
    int32_t partition;   // of anpr.hits: who owns it sends
    bool ours;           // we own it now
    bool told_overdue;   // logged; again after one came back
    int64_t sent_at_ms;  // wall clock: event time of the newest test read known; 0: none
    int64_t back_at_ms;  // event time of the newest that came back; 0: none
    int64_t since_ms;    // wall clock: ours since then
    struct hs_metric *last;
    struct hs_metric *overdue;
};

struct hs_test_alerts {
    pthread_mutex_t lock; // of the list's members that rows() copies
    struct test_queue *queues;
    int64_t stepped_at_ms;  // boot time
    int64_t topic_asked_ms; // boot time
    int reads_topic;        // the producer's number; -1: not known yet
    struct hs_metric *sent;
    struct hs_metric *back;
    struct hs_metric *latency;
};

struct hs_test_alerts *hs_test_alerts_new(struct hs_correlate_stage *stage)
{
    struct hs_test_alerts *tests = calloc(1, sizeof(*tests));
    struct hs_metrics *metrics = stage->config.metrics;
    if (!tests) {
        return NULL;
    }
    pthread_mutex_init(&tests->lock, NULL);
    tests->reads_topic = -1;
    tests->topic_asked_ms = -TOPIC_AGAIN_MS;
    tests->sent =
        hs_metrics_counter(metrics, "hitstream_test_reads_total", "", "Test reads sent from here.");
    tests->back = hs_metrics_counter(metrics, "hitstream_test_alerts_total", "",
                                     "Test alerts acknowledged by their queue.");
    tests->latency = hs_metrics_histogram(metrics, "hitstream_test_read_to_alert_seconds", "",
                                          "From a test read to its alert's acknowledgement.",
                                          latency_bounds, sizeof(latency_bounds) / sizeof(double));
    return tests;
}

void hs_test_alerts_free(struct hs_test_alerts *tests)
{
    if (!tests) {
        return;
    }
    while (tests->queues) {
        struct test_queue *queue = tests->queues;
        tests->queues = queue->next;
        free(queue->name);
        free(queue);
    }
    pthread_mutex_destroy(&tests->lock);
    free(tests);
}

// ---- which queues ----

static struct test_queue *queue_find(const struct hs_test_alerts *tests, struct hs_str name)
{
    struct test_queue *queue = tests->queues;
    while (queue && !hs_str_is(name, queue->name)) {
        queue = queue->next;
    }
    return queue;
}

static struct test_queue *queue_add(struct hs_correlate_stage *stage, struct hs_str name)
{
    struct hs_test_alerts *tests = stage->tests;
    struct test_queue *queue = calloc(1, sizeof(*queue));
    struct hs_buf labels = {0};
    if (!queue || !(queue->name = hs_str_dup(name))) {
        free(queue);
        return NULL;
    }
    hs_metrics_label(&labels, "queue", name);
    queue->last = hs_metrics_gauge(
        stage->config.metrics, "hitstream_test_alert_last_timestamp_seconds", hs_buf_text(&labels),
        "When the queue's last test was made that "
        "came back; 0: none did yet.");
    queue->overdue = hs_metrics_gauge(stage->config.metrics, "hitstream_test_alert_overdue",
                                      hs_buf_text(&labels),
                                      "1 while a test of the queue should be back and is not.");
    hs_buf_fini(&labels);
    pthread_mutex_lock(&tests->lock);
    queue->next = tests->queues;
    tests->queues = queue;
    pthread_mutex_unlock(&tests->lock);
    return queue;
}

static struct hs_part *part_of(const struct hs_correlate_stage *stage, int32_t number)
{
    for (size_t i = 0; i < stage->part_count; i++) {
        struct hs_part *part = stage->parts[i];
        if (part->number == number) {
            return part->state == HS_PART_RUNNING && part->caught_up ? part : NULL;
        }
    }
    return NULL;
}

// Whose turn it is to send: ours from now on, with the last one's time as the state has it.
static void look_at_owner(struct hs_correlate_stage *stage, struct test_queue *queue,
                          int64_t wall_ms)
{
    char vehicle[VEHICLE_BYTES];
    int32_t partitions = hs_kafka_producer_partitions(stage->producer, stage->hits_topic);
    snprintf(vehicle, sizeof(vehicle), HS_TEST_VEHICLE_PREFIX "%s", queue->name);
    queue->partition = partitions > 0 ? hs_kafka_partition_of(hs_str(vehicle), partitions) : -1;
    struct hs_part *part = queue->interval_ms > 0 ? part_of(stage, queue->partition) : NULL;
    bool ours = part != NULL;
    if (ours && !queue->ours) {
        int64_t last_ms = hs_test_last_ms(part->correlator, vehicle, queue->name);
        queue->sent_at_ms = queue->back_at_ms = last_ms;
        queue->since_ms = wall_ms;
    }
    queue->ours = ours;
}

static void follow_controls(struct hs_correlate_stage *stage, int64_t wall_ms)
{
    struct hs_controls *head = stage->config.controls_head(stage->config.controls_ctx);
    const struct hs_routes *routes = head ? hs_controls_routes(head) : NULL;
    struct hs_test_alerts *tests = stage->tests;
    for (size_t i = 0; routes && i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *row = hs_routes_queue(routes, i);
        if (row->test_interval_ms > 0 && !queue_find(tests, row->name)) {
            queue_add(stage, row->name);
        }
    }
    pthread_mutex_lock(&tests->lock);
    for (struct test_queue *queue = tests->queues; queue && routes; queue = queue->next) {
        const struct hs_queue *row = hs_routes_find(routes, hs_str(queue->name));
        queue->interval_ms = row ? row->test_interval_ms : 0;
        look_at_owner(stage, queue, wall_ms);
    }
    pthread_mutex_unlock(&tests->lock);
    hs_controls_unref(head);
}

// ---- sending ----

static struct hs_outgoing *make_read(struct hs_correlate_stage *stage,
                                     const struct test_queue *queue, int64_t wall_ms)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__PlateRead *rows[] = {&read};
    char id_text[HS_ID_TEXT_BYTES], camera[] = HS_TEST_CAMERA, key[VEHICLE_BYTES];
    struct hs_id id =
        hs_id_read(&stage->config.id_key, HS_STR(HS_TEST_CAMERA), wall_ms, hs_str(queue->name));
    struct hs_headers headers = {0};
    struct hs_kafka_header header_rows[HS_HEADERS_MAX];
    struct hs_buf packed = {0};
    struct hs_outgoing *outgoing = NULL;
    hs_id_text(&id, id_text);
    snprintf(key, sizeof(key), HS_TEST_VEHICLE_PREFIX "%s", queue->name);
    read.camera_id = camera;
    read.captured_at_ms = read.received_at_ms = wall_ms;
    read.read_id = id_text;
    read.test_queue = queue->name;
    batch.n_reads = 1;
    batch.reads = rows;
    hs_headers_add_event(&headers, hs_str(id_text), "hitstream.v1.PlateReadBatch",
                         HS_STR("hitstreamd"), wall_ms, "application/protobuf");
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        header_rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    char *room = hs_buf_reserve(&packed, hitstream__v1__plate_read_batch__get_packed_size(&batch));
    if (room) {
        packed.len = hitstream__v1__plate_read_batch__pack(&batch, (uint8_t *)room);
        outgoing = hs_outgoing_new(HS_OUT_TEST_READ, NULL, hs_str(key), hs_buf_str(&packed),
                                   header_rows, headers.count);
    }
    hs_headers_fini(&headers);
    hs_buf_fini(&packed);
    return outgoing;
}

static void send(struct hs_correlate_stage *stage, struct test_queue *queue, int64_t wall_ms)
{
    struct hs_test_alerts *tests = stage->tests;
    struct hs_outgoing *outgoing = make_read(stage, queue, wall_ms);
    pthread_mutex_lock(&tests->lock);
    queue->sent_at_ms = wall_ms; // also when it fails: then it is overdue
    pthread_mutex_unlock(&tests->lock);
    if (outgoing &&
        hs_outbox_produce(stage, outgoing, tests->reads_topic, HS_KAFKA_PARTITION_BY_KEY) == 0) {
        hs_metric_add(tests->sent, 1);
    } else {
        free(outgoing);
    }
}

static bool know_reads(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_test_alerts *tests = stage->tests;
    if (tests->reads_topic < 0 && boot_ms >= tests->topic_asked_ms + TOPIC_AGAIN_MS) {
        tests->topic_asked_ms = boot_ms;
        int r = hs_kafka_producer_topic(stage->producer, HS_KAFKA_READS, TOPIC_TIMEOUT_MS,
                                        &tests->reads_topic);
        if (r < 0) {
            hs_log(HS_LOG_WARNING, &event_reads,
                   "test reads cannot be sent: topic '" HS_KAFKA_READS "': %s", hs_strerror(r));
        }
    }
    return tests->reads_topic >= 0;
}

// ---- what is overdue ----

static bool is_overdue(const struct test_queue *queue, int64_t wall_ms)
{
    int64_t allowed_ms = queue->interval_ms / 2 < OVERDUE_MS ? queue->interval_ms / 2 : OVERDUE_MS;
    int64_t newest_ms = queue->back_at_ms > queue->since_ms ? queue->back_at_ms : queue->since_ms;
    return queue->ours && wall_ms - newest_ms > queue->interval_ms + allowed_ms;
}

static void judge(struct test_queue *queue, int64_t wall_ms)
{
    bool overdue = is_overdue(queue, wall_ms);
    hs_metric_set(queue->overdue, overdue);
    hs_metric_set(queue->last, queue->ours ? (double)queue->back_at_ms / 1000 : 0);
    if (overdue && !queue->told_overdue) {
        hs_log(HS_LOG_WARNING, &event_overdue,
               "no test alert of queue '%s' has come back for '%lld' s: nobody may be told there",
               queue->name, (long long)((wall_ms - queue->back_at_ms) / 1000));
    }
    queue->told_overdue = overdue;
}

void hs_test_alerts_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_test_alerts *tests = stage->tests;
    int64_t wall_ms = hs_clock_realtime_ms();
    if (boot_ms < tests->stepped_at_ms + STEP_MS) {
        return;
    }
    tests->stepped_at_ms = boot_ms;
    if (stage->hits_topic < 0) {
        return;
    }
    follow_controls(stage, wall_ms);
    for (struct test_queue *queue = tests->queues; queue; queue = queue->next) {
        bool due = queue->ours && wall_ms - queue->sent_at_ms >= queue->interval_ms;
        if (due && hs_stage_may_publish(stage) && know_reads(stage, boot_ms)) {
            send(stage, queue, wall_ms);
        }
        judge(queue, wall_ms);
    }
}

void hs_test_alerts_back(struct hs_correlate_stage *stage, const char *name, int64_t event_at_ms)
{
    struct hs_test_alerts *tests = stage->tests;
    struct test_queue *queue = queue_find(tests, hs_str(name));
    hs_metric_add(tests->back, 1);
    hs_metric_observe(tests->latency, (double)(hs_clock_realtime_ms() - event_at_ms) / 1000);
    if (queue && event_at_ms > queue->back_at_ms) {
        pthread_mutex_lock(&tests->lock);
        queue->back_at_ms = event_at_ms;
        pthread_mutex_unlock(&tests->lock);
        hs_metric_set(queue->last, (double)event_at_ms / 1000);
    }
}

size_t hs_test_alerts_rows(struct hs_test_alerts *tests, struct hs_test_row *ret_rows, size_t max)
{
    size_t count = 0;
    int64_t wall_ms = hs_clock_realtime_ms();
    pthread_mutex_lock(&tests->lock);
    for (const struct test_queue *queue = tests->queues; queue && count < max;
         queue = queue->next) {
        if (queue->ours) {
            struct hs_test_row *row = &ret_rows[count++];
            snprintf(row->queue, sizeof(row->queue), "%s", queue->name);
            row->interval_ms = queue->interval_ms;
            row->back_at_ms = queue->back_at_ms;
            row->overdue = is_overdue(queue, wall_ms);
        }
    }
    pthread_mutex_unlock(&tests->lock);
    return count;
}
