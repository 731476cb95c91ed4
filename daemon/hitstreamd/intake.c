// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/intake_parts.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(event_topics, "intake-topics", "a4c8e1073f5d4b92860d7e1fb5c93a28");
HS_LOG_EVENT(event_client, "intake-kafka", "1f6b92d8e04a4c7795d3a80ef7c1b46d");

enum {
    ROUND_MS = 20,
    IDLE_MS = 50, // while there is nothing to read
    CLOSE_MS = 5000,
    LOOK_MS = 300,           // at the controls' head
    ASK_AGAIN_MS = 5000,     // for topics that were missing
    TOPIC_TIMEOUT_MS = 2000, // a question to a broker
    REPORT_EVERY_MS = 250,
};

void hs_intake_fail(struct hs_intake *intake, const char *text)
{
    if (!intake->failed) {
        intake->failed = true;
        snprintf(intake->failed_text, sizeof(intake->failed_text), "%s", text);
    }
}

// ---- topics ----

static struct hs_desk *desk_find(const struct hs_intake *intake, struct hs_str queue)
{
    struct hs_desk *desk = intake->desks;
    while (desk && !hs_str_is(queue, desk->queue)) {
        desk = desk->next;
    }
    return desk;
}

// Its series, so that they stand from the start.
static void desk_metrics(struct hs_intake *intake, struct hs_desk *desk)
{
    const ProtobufCEnumDescriptor *type = &hitstream__v1__feedback_kind__descriptor;
    for (unsigned i = 0; i < type->n_values; i++) {
        struct hs_buf labels = {0};
        int kind = type->values[i].value;
        if (kind <= 0 || kind >= HS_INTAKE_KINDS ||
            kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOMINATION) { // of no alert
            continue;
        }
        hs_metrics_label(&labels, "queue", hs_str(desk->queue));
        hs_metrics_label(&labels, "kind",
                         hs_str(type->values[i].name + sizeof("FEEDBACK_KIND_") - 1));
        desk->taken[kind] =
            hs_metrics_counter(intake->config.metrics, "hitstream_feedback_total",
                               hs_buf_text(&labels), "Feedback on open alerts, appended.");
        hs_buf_fini(&labels);
    }
}

static struct hs_desk *desk_add(struct hs_intake *intake, struct hs_str queue)
{
    struct hs_desk *desk = calloc(1, sizeof(*desk));
    struct hs_buf topic = {0};
    hs_buf_add_text(&topic, HS_KAFKA_FEEDBACK);
    hs_buf_add_str(&topic, queue);
    if (desk) {
        desk->queue = hs_str_dup(queue);
        desk->topic = hs_str_dup(hs_buf_str(&topic));
    }
    hs_buf_fini(&topic);
    if (!desk || !desk->queue || !desk->topic) {
        if (desk) {
            free(desk->queue);
            free(desk->topic);
        }
        free(desk);
        return NULL;
    }
    desk_metrics(intake, desk);
    desk->next = intake->desks;
    intake->desks = desk;
    intake->desk_count++;
    return desk;
}

// Desks are those of the controls' queues, but for the administrators' own.
static void want_desks(struct hs_intake *intake)
{
    const struct hs_routes *routes = hs_controls_routes(intake->controls);
    for (struct hs_desk *desk = intake->desks; desk; desk = desk->next) {
        desk->wanted = false;
    }
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind == HS_QUEUE_OPS) {
            continue;
        }
        struct hs_desk *desk = desk_find(intake, queue->name);
        if (!desk && intake->desk_count < HS_INTAKE_DESKS_MAX) {
            desk = desk_add(intake, queue->name);
        }
        if (desk) {
            desk->wanted = true;
            desk->per_minute = queue->feedback_per_minute;
        } else {
            snprintf(intake->trouble, sizeof(intake->trouble),
                     "more than %d queues were known, or memory is out; restart the daemon",
                     HS_INTAKE_DESKS_MAX);
            intake->topics_missing = true;
        }
    }
}

// Asks for the topics of all wanted desks. True when the set to be subscribed to has changed.
static bool ask_topics(struct hs_intake *intake)
{
    bool changed = false;
    for (struct hs_desk *desk = intake->desks; desk && !hs_intake_stopping(intake);
         desk = desk->next) {
        int32_t partitions = 0;
        bool before = desk->exists;
        int r = desk->wanted ? hs_kafka_tail_partitions(intake->tail, desk->topic, TOPIC_TIMEOUT_MS,
                                                        &partitions)
                             : HS_ENOTFOUND;
        hs_intake_beat(intake);
        desk->exists = r == 0 || (before && r != HS_ENOTFOUND);
        changed = changed || desk->exists != before;
        if (r == HS_EUNREACHABLE ||
            r == HS_ETIMEDOUT) { // the others would be asked in vain as well
            intake->topics_missing = true;
            struct hs_kafka_said said;
            snprintf(intake->trouble, sizeof(intake->trouble), "topic '%s': %s", desk->topic,
                     hs_kafka_say(r, &said));
            return changed;
        }
        if (desk->wanted && !desk->exists) {
            intake->topics_missing = true;
            struct hs_kafka_said said;
            snprintf(intake->trouble, sizeof(intake->trouble), "topic '%s': %s%s", desk->topic,
                     hs_kafka_say(r, &said),
                     r == HS_ENOTFOUND ? "; 'hitctl topics create' makes what is missing" : "");
        }
    }
    return changed;
}

// The producer's topics.
static bool know_outputs(struct hs_intake *intake)
{
    const struct {
        const char *name;
        int *topic;
    } outputs[] = {{HS_KAFKA_HITS, &intake->hits_topic},
                   {HS_KAFKA_FEEDBACK_REJECTED, &intake->rejected_topic}};
    for (size_t i = 0; i < 2; i++) {
        int r = *outputs[i].topic >= 0
                    ? 0
                    : hs_kafka_producer_topic(intake->producer, outputs[i].name, TOPIC_TIMEOUT_MS,
                                              outputs[i].topic);
        hs_intake_beat(intake);
        if (r < 0) {
            struct hs_kafka_said said;
            snprintf(intake->trouble, sizeof(intake->trouble), "topic '%s': %s", outputs[i].name,
                     hs_kafka_say(r, &said));
            return false;
        }
    }
    return true;
}

// Follows the controls' head: another set of queues is another subscription.
static void topics_step(struct hs_intake *intake, int64_t boot_ms)
{
    if (boot_ms < intake->topics_asked_at_ms + LOOK_MS) {
        return;
    }
    struct hs_controls *head = intake->config.controls_head(intake->config.controls_ctx);
    bool same = head && intake->controls &&
                strcmp(hs_controls_hash(head), hs_controls_hash(intake->controls)) == 0;
    bool again = intake->topics_missing && boot_ms >= intake->topics_asked_at_ms + ASK_AGAIN_MS;
    if (!head || (same && !again)) {
        hs_controls_unref(head);
        return;
    }
    intake->topics_asked_at_ms = boot_ms;
    hs_controls_unref(intake->controls);
    intake->controls = head;
    intake->topics_missing = false;
    *intake->trouble = '\0';
    want_desks(intake);
    bool changed = ask_topics(intake);
    if (!know_outputs(intake)) {
        intake->topics_missing = true;
    } else if (changed || !intake->consumer) {
        int r = hs_intake_subscribe(intake);
        hs_log(HS_LOG_INFO, &event_topics, "feedback of %u queues is read", intake->subscribed);
        if (r < 0) {
            snprintf(intake->trouble, sizeof(intake->trouble), "cannot subscribe: %s",
                     hs_strerror(r));
            intake->topics_missing = true;
        }
    }
}

// ---- status ----

// The greatest share of its bound that a partition has come to in the minute counted last.
static double rate_share(const struct hs_intake *intake, int64_t wall_ms)
{
    double share = 0;
    for (size_t i = 0; i < intake->slot_count; i++) {
        const struct hs_intake_slot *slot = &intake->slots[i];
        bool recent = slot->rate.minute >= wall_ms / HS_MS_PER_MINUTE - 1;
        double this = (double)slot->rate.taken / (double)slot->desk->per_minute;
        share = recent && this > share ? this : share;
    }
    return share;
}

static void report_step(struct hs_intake *intake, int64_t boot_ms)
{
    struct hs_intake_status status = {0};
    if (boot_ms < intake->report_at_ms) {
        return;
    }
    intake->report_at_ms = boot_ms + REPORT_EVERY_MS;
    for (const struct hs_desk *desk = intake->desks; desk; desk = desk->next) {
        status.missing += desk->wanted && !desk->exists;
    }
    status.topics = intake->subscribed;
    status.partitions = (uint32_t)intake->slot_count;
    status.taken = intake->taken;
    status.rejected = intake->rejected;
    status.lag = intake->consumer ? hs_intake_lag(intake) : 0;
    status.ready = intake->controls && !intake->topics_missing;
    const char *reason = "";
    if (!intake->controls) {
        reason = "the head of the controls is not known yet";
    } else if (intake->hold_until_ms > boot_ms) {
        reason = intake->failed_text;
    } else if (intake->topics_missing) {
        reason = intake->trouble;
    }
    snprintf(status.reason, sizeof(status.reason), "%s", reason);
    hs_metric_set(intake->lag, (double)status.lag);
    hs_metric_set(intake->topics, status.topics);
    hs_metric_set(intake->missing, status.missing);
    hs_metric_set(intake->rate_share, rate_share(intake, hs_clock_realtime_ms()));
    pthread_mutex_lock(&intake->shared.lock);
    intake->shared.status = status;
    pthread_mutex_unlock(&intake->shared.lock);
}

static void make_metrics(struct hs_intake *intake)
{
    struct hs_metrics *m = intake->config.metrics;
    intake->covert_taken = hs_metrics_counter(m, "hitstream_covert_feedback_total", "",
                                              "Feedback on covert alerts, all lists and queues.");
    intake->said_taken = hs_metrics_counter(m, "hitstream_said_of_groups_total", "",
                                            "Nominations and intelligence of groups, taken.");
    intake->test_taken = hs_metrics_counter(m, "hitstream_test_feedback_total", "",
                                            "Answers to test alerts: no incident to act on.");
    for (int fault = HS_INTAKE_OK + 1; fault < HS_INTAKE_FAULTS; fault++) {
        struct hs_buf labels = {0};
        hs_metrics_label(&labels, "reason", hs_str(hs_intake_fault_name(fault)));
        intake->rejected_by[fault] =
            hs_metrics_counter(m, "hitstream_feedback_rejected_total", hs_buf_text(&labels),
                               "Messages of feedback put aside in 'feedback.rejected'.");
        hs_buf_fini(&labels);
    }
    intake->commits = hs_metrics_counter(m, "hitstream_intake_commits_total", "",
                                         "Commits of feedback acknowledged by the group.");
    intake->commit_errors =
        hs_metrics_counter(m, "hitstream_intake_commit_errors_total", "", "Commits refused.");
    intake->rewinds = hs_metrics_counter(m, "hitstream_intake_rewinds_total", "",
                                         "Times feedback was read again after a failed delivery.");
    intake->lag = hs_metrics_gauge(m, "hitstream_intake_lag_messages", "",
                                   "Messages of feedback not taken yet.");
    intake->topics =
        hs_metrics_gauge(m, "hitstream_intake_topics", "", "Topics of feedback subscribed to.");
    intake->missing = hs_metrics_gauge(m, "hitstream_intake_topics_missing", "",
                                       "Queues of the controls whose feedback has no topic.");
    intake->rate_share = hs_metrics_gauge(
        m, "hitstream_feedback_rate_ratio", "",
        "Greatest share of 'feedback_per_minute' that a queue came to, this minute or the last.");
}

// ---- the thread ----

static void read_step(struct hs_intake *intake, int64_t boot_ms)
{
    if (!intake->consumer) {
        hs_thread_rest(&intake->thread, IDLE_MS);
    } else if (intake->failed) {
        hs_intake_rewind(intake, boot_ms);
    } else if (boot_ms < intake->hold_until_ms || hs_intake_full(intake)) {
        hs_kafka_producer_poll(intake->producer, ROUND_MS);
        hs_kafka_consumer_serve(intake->consumer, 0, NULL, NULL);
    } else if (hs_kafka_consumer_serve(intake->consumer, ROUND_MS, hs_intake_take, intake) > 0 &&
               !intake->failed) {
        intake->hold_ms = 0;
    }
}

static void run(void *arg)
{
    struct hs_intake *intake = arg;
    while (!hs_intake_stopping(intake)) {
        int64_t boot_ms = hs_clock_boottime_ms();
        hs_intake_beat(intake);
        topics_step(intake, boot_ms);
        read_step(intake, boot_ms);
        hs_kafka_producer_poll(intake->producer, 0);
        hs_intake_said_step(intake);
        hs_intake_commit_step(intake, boot_ms);
        report_step(intake, boot_ms);
    }
    hs_kafka_consumer_close(intake->consumer, CLOSE_MS); // revokes: flushes and commits
    intake->consumer = NULL;
    hs_intake_slots_forget(intake);
}

// ---- life ----

static void on_producer_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_intake *intake = ctx;
    hs_log(fatal ? HS_LOG_ERROR : HS_LOG_WARNING, &event_client, "Kafka: %s%s", text,
           all_brokers_down ? ", no broker is reached" : "");
    if (fatal) {
        hs_intake_fail(intake, text);
    }
}

int hs_intake_new(const struct hs_intake_config *config, struct hs_intake **ret_intake)
{
    struct hs_intake *intake = calloc(1, sizeof(*intake));
    if (!intake) {
        return HS_ENOMEM;
    }
    const struct hs_kafka_events client = {.ctx = intake, .error = on_producer_error};
    const struct hs_kafka_producer_events events = {
        .ctx = intake, .delivered = hs_intake_delivered, .client = client};
    intake->config = *config;
    intake->hits_topic = intake->rejected_topic = -1;
    intake->topics_asked_at_ms = -ASK_AGAIN_MS;
    hs_thread_init(&intake->thread);
    pthread_mutex_init(&intake->shared.lock, NULL);
    snprintf(intake->shared.status.reason, sizeof(intake->shared.status.reason), "starting");
    make_metrics(intake);
    int r = hs_kafka_producer_new(config->settings, &events, &intake->producer);
    r = r < 0 ? r : hs_kafka_tail_new(config->settings, NULL, &intake->tail);
    r = r < 0 ? r : hs_intake_said_new(config->settings, &intake->said);
    if (r < 0) {
        hs_intake_free(intake);
        return r;
    }
    *ret_intake = intake;
    return 0;
}

int hs_intake_start(struct hs_intake *intake)
{
    return hs_thread_start(&intake->thread, "hs-intake", run, intake);
}

int hs_intake_stop(struct hs_intake *intake, int64_t timeout_ms)
{
    return hs_thread_stop(&intake->thread, timeout_ms);
}

void hs_intake_free(struct hs_intake *intake)
{
    if (!intake) {
        return;
    }
    hs_kafka_producer_free(intake->producer);
    hs_kafka_tail_free(intake->tail);
    hs_intake_said_free(intake->said);
    while (intake->desks) {
        struct hs_desk *desk = intake->desks;
        intake->desks = desk->next;
        free(desk->queue);
        free(desk->topic);
        free(desk);
    }
    hs_controls_unref(intake->controls);
    hs_headers_fini(&intake->headers);
    hs_buf_fini(&intake->why);
    pthread_mutex_destroy(&intake->shared.lock);
    hs_thread_fini(&intake->thread);
    free(intake);
}

uint64_t hs_intake_progress(const struct hs_intake *intake)
{
    return hs_thread_progress(&intake->thread);
}

void hs_intake_status(struct hs_intake *intake, struct hs_intake_status *ret_status)
{
    pthread_mutex_lock(&intake->shared.lock);
    *ret_status = intake->shared.status;
    pthread_mutex_unlock(&intake->shared.lock);
}
