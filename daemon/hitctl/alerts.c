// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl alerts tail: what stands, and what comes, on dispatch queues.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/alert_find.h"
#include "hitctl/alert_summary.h"
#include "hitctl/alert_text.h"
#include "hitctl/consult.h"
#include "hitctl/payload.h"
#include "hitctl/rights.h"
#include "hitctl/stream.h"
#include "kafka/tail.h"
#include "wire/json.h"

enum { QUEUES_MAX = 64 };

struct tail_options {
    const char *from;
    int64_t count;
    int64_t until_idle_ms;
    bool summary;
};

static const struct hitctl_option tail_options[] = {
    {"from", HITCTL_TEXT, offsetof(struct tail_options, from), "WHERE",
     "beginning, end (the default), or a time: 2026-11-21T22:41:00Z"},
    {"count", HITCTL_NUMBER, offsetof(struct tail_options, count), "N", "end after N alerts"},
    {"until-idle-ms", HITCTL_NUMBER, offsetof(struct tail_options, until_idle_ms), "MS",
     "end when nothing came for so long"},
    {"summary", HITCTL_FLAG, offsetof(struct tail_options, summary), NULL,
     "at the end, on standard error: alerts by queue, and how long from read to alert"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of the command.
struct tail {
    struct tail_options options;
    const struct hitctl *ctl;
    struct hs_buf out;                   // the alert at hand, as shown
    struct hs_buf why;                   // what is wrong with the message at hand
    struct hitctl_alert_summary summary; // with --summary
    uint64_t shown;                      // alerts
    uint64_t bad;                        // messages that are no alert
    int64_t last_ns;                     // when something came last
    bool show_queue;                     // several are read
    bool broken_pipe;                    // nobody reads any more
};

static const char *queue_of(const struct hs_kafka_message *message)
{
    const char *queue = strchr(message->topic, '.');
    return queue ? queue + 1 : message->topic;
}

static void show_text(struct tail *run, const struct hs_kafka_message *message,
                      const ProtobufCMessage *alert)
{
    if (run->show_queue) {
        hs_buf_printf(&run->out, "%s: ", queue_of(message));
    }
    hitctl_alert_text((const Hitstream__V1__Alert *)(const void *)alert, &run->out);
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct tail *run = ctx;
    ProtobufCMessage *alert;
    run->last_ns = hs_clock_monotonic_ns();
    hs_buf_clear(&run->out);
    hs_buf_clear(&run->why);
    if (hitctl_payload_unpack(&hitstream__v1__alert__descriptor, message->value, &alert,
                              &run->why) != HS_OK) {
        hitctl_error("%s/%d@%" PRId64 " is no alert: %s", message->topic, message->partition,
                     message->offset, hs_buf_text(&run->why));
        run->bad++;
        return !hitctl_interrupted();
    }
    if (run->ctl->json) {
        hs_json_print(alert, &run->out);
        hs_buf_add_char(&run->out, '\n');
    } else {
        show_text(run, message, alert);
    }
    if (run->options.summary) {
        hitctl_alert_summary_add(
            &run->summary, queue_of(message),
            ((const Hitstream__V1__Alert *)(const void *)alert)->captured_at_ms,
            hs_clock_realtime_ms());
    }
    protobuf_c_message_free_unpacked(alert, NULL);
    fputs(hs_buf_text(&run->out), stdout);
    run->broken_pipe = fflush(stdout) != 0;
    run->shown++;
    return !hitctl_interrupted() && !run->broken_pipe &&
           (run->options.count == 0 || run->shown < (uint64_t)run->options.count);
}

static bool on_idle(void *ctx)
{
    const struct tail *run = ctx;
    int64_t idle_ms = (hs_clock_monotonic_ns() - run->last_ns) / 1000000;
    return !hitctl_interrupted() &&
           (run->options.until_idle_ms == 0 || idle_ms < run->options.until_idle_ms);
}

// Where to begin: all but the topic of a range. False after saying what is allowed.
static bool parse_from(const char *from, struct hs_kafka_range *ret_range)
{
    int64_t at_ms;
    ret_range->partition = -1;
    ret_range->from_time_ms = -1;
    ret_range->from_offset = HS_KAFKA_OFFSET_BEGINNING;
    if (!from || strcmp(from, "end") == 0) {
        ret_range->from_offset = HS_KAFKA_OFFSET_END;
    } else if (hs_civil_parse(hs_str(from), &at_ms) == HS_OK && at_ms >= 0) {
        ret_range->from_time_ms = at_ms;
    } else if (strcmp(from, "beginning") != 0) {
        hitctl_error("option '--from': value '%s': beginning, end or a time such as "
                     "2026-11-21T22:41:00Z is allowed",
                     from);
        return false;
    }
    return true;
}

static int read_queues(struct tail *run, const struct hs_kafka_range *ranges, size_t count)
{
    struct hs_kafka_tail *tail = NULL;
    const struct hs_kafka_tail_options options = {
        .timeout_ms = -1,
        .follow = true,
        .idle = on_idle,
        .idle_ctx = run,
    };
    int status = hs_kafka_tail_new(run->ctl->settings, NULL, &tail);
    if (status == HS_OK) {
        run->last_ns = hs_clock_monotonic_ns();
        status = hs_kafka_tail_read(tail, ranges, count, &options, on_message, run);
    }
    hs_kafka_tail_free(tail);
    if (status != HS_OK && status != HS_ECANCELED) {
        return hitctl_kafka_failed(status, ranges[0].topic);
    }
    if (run->options.count > 0 && run->shown < (uint64_t)run->options.count &&
        !hitctl_interrupted()) {
        hitctl_error("%" PRIu64 " of %" PRId64 " alerts came", run->shown, run->options.count);
        return HITCTL_TIMEOUT;
    }
    return run->bad > 0 ? HITCTL_REFUSED : HITCTL_OK;
}

static int tail_run(struct hitctl *ctl, int argc, char **argv)
{
    static char topics[QUEUES_MAX][HS_KAFKA_TOPIC_TEXT_BYTES];
    struct hs_kafka_range ranges[QUEUES_MAX];
    struct hitctl_subject subjects[QUEUES_MAX] = {0};
    struct tail run = {.ctl = ctl};
    int words = hitctl_options_parse(tail_options, &run.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words == 0 || words > QUEUES_MAX) {
        hitctl_error("1 to %d queues are needed", QUEUES_MAX);
        return HITCTL_USAGE;
    }
    for (int i = 0; i < words; i++) {
        if (!parse_from(run.options.from, &ranges[i])) {
            return HITCTL_USAGE;
        }
        hitctl_alert_topic(argv[i + 1], topics[i], sizeof(topics[i]));
        int may = hitctl_may(ctl, HITCTL_MAY_WATCH, strchr(topics[i], '.') + 1);
        if (may != HITCTL_OK) {
            return may;
        }
        ranges[i].topic = topics[i];
        subjects[i].queue = strchr(topics[i], '.') + 1;
    }
    run.show_queue = words > 1;
    hitctl_catch_interrupt();
    int result = hitctl_consulted_alone(ctl, subjects, (size_t)words);
    result = result == HITCTL_OK ? read_queues(&run, ranges, (size_t)words) : result;
    if (run.options.summary) {
        hs_buf_clear(&run.out);
        hitctl_alert_summary_print(&run.summary, &run.out);
        fputs(hs_buf_text(&run.out), stderr);
    }
    hitctl_alert_summary_fini(&run.summary);
    hs_buf_fini(&run.out);
    hs_buf_fini(&run.why);
    return result;
}

const struct hitctl_command hitctl_alerts_commands[] = {
    {"alerts", "tail", "QUEUE... [--from WHERE] [--count N] [--until-idle-ms MS] [--summary]",
     "alerts of dispatch queues as they come; --json: one a line", tail_run, tail_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
