// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl reads produce: JSON lines of reads into anpr.reads, batched by site.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/read_sites.h"
#include "hitctl/site_batches.h"
#include "hitctl/stream.h"
#include "hitstream/v1/read.pb-c.h"
#include "kafka/producer.h"
#include "wire/header.h"
#include "wire/json.h"

enum {
    TOPIC_TIMEOUT_MS = 15000,
    FLUSH_SLACK_MS = 5000, // beyond the time that a message has
    WAIT_MAX_MS = 50,      // for a line, so that linger and Ctrl-C are served
    REFUSALS_SAID_MAX = 1000,
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

struct produce_options {
    int64_t rate;
    int64_t batch;
    int64_t linger_ms;
    const char *site_from;
    const char *cameras;
    const char *topic;
};

static const struct hitctl_option produce_options[] = {
    {"rate", HITCTL_NUMBER, offsetof(struct produce_options, rate), "N",
     "reads a second; 0, the default: as fast as it goes"},
    {"batch", HITCTL_NUMBER, offsetof(struct produce_options, batch), "N",
     "reads of a site in one message at most, 1 to 500 (100)"},
    {"linger-ms", HITCTL_NUMBER, offsetof(struct produce_options, linger_ms), "MS",
     "how long a read may wait for others of its site (20)"},
    {"site-from", HITCTL_TEXT, offsetof(struct produce_options, site_from), "FIELD",
     "the field that names the site, such as cameraId (site)"},
    {"cameras", HITCTL_TEXT, offsetof(struct produce_options, cameras), "FILE",
     "a camera register (CSV) that says each camera's site; else that of the controls"},
    {"topic", HITCTL_TEXT, offsetof(struct produce_options, topic), "NAME",
     "another topic than anpr.reads"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of the command.
struct feed {
    struct produce_options options;
    struct hitctl_read_sites *sites;
    struct hs_kafka_producer *producer;
    int topic;
    struct hitctl_batches *batches;
    struct hs_headers headers;
    struct hs_buf packed; // the read at hand
    struct hs_buf why;    // what is wrong with the line at hand
    int64_t began_ns;
    uint64_t lines;    // that hold something
    uint64_t refused;  // lines
    uint64_t queued;   // reads handed to the client
    uint64_t messages; // acknowledged
    uint64_t sent;     // reads acknowledged
    uint64_t failed;   // reads that were not, or not known to be
    char failure[160]; // the first one's reason
};

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct feed *feed = ctx;
    uint64_t reads = (uintptr_t)delivery->opaque;
    if (delivery->status == HS_DELIVERY_ACKED) {
        feed->messages++;
        feed->sent += reads;
        return;
    }
    if (feed->failed == 0) {
        snprintf(feed->failure, sizeof(feed->failure), "%s%s", delivery->text,
                 delivery->status == HS_DELIVERY_UNKNOWN ? " (it may stand in the log)" : "");
    }
    feed->failed += reads;
}

// The headers of a batch: its id is a hash of its contents, so that the same file gives the same
// ids again.
static void make_headers(struct feed *feed, struct hs_str packed)
{
    static const struct hs_id_key no_key;
    char id_text[HS_ID_TEXT_BYTES];
    struct hs_id id = hs_id_make(&no_key, "batch", &packed, 1);
    hs_id_text(&id, id_text);
    hs_headers_clear(&feed->headers);
    hs_headers_add_event(&feed->headers, hs_str(id_text), "hitstream.v1.PlateReadBatch",
                         HS_STR("hitctl"), hs_clock_realtime_ms(), "application/protobuf");
}

static int produce_batch(void *ctx, struct hs_str site, struct hs_str packed, uint32_t reads)
{
    struct feed *feed = ctx;
    struct hs_kafka_header headers[HS_HEADERS_MAX];
    make_headers(feed, packed);
    for (size_t i = 0; i < feed->headers.count; i++) {
        struct hs_header header = hs_headers_get(&feed->headers, i);
        headers[i] = (struct hs_kafka_header){header.name, header.value};
    }
    struct hs_kafka_record record = {
        .topic = feed->topic,
        .partition = HS_KAFKA_PARTITION_BY_KEY,
        .key = site,
        .value = packed,
        .headers = headers,
        .header_count = feed->headers.count,
        .opaque = (void *)(uintptr_t)reads,
    };
    int status;
    while ((status = hs_kafka_producer_produce(feed->producer, &record)) == HS_ELIMIT &&
           !hitctl_interrupted()) {
        hs_kafka_producer_poll(feed->producer, WAIT_MAX_MS);
    }
    if (status == HS_OK) {
        feed->queued += reads;
    }
    return status;
}

static void refuse_line(struct feed *feed, const struct hitctl_lines *lines)
{
    if (feed->refused++ < REFUSALS_SAID_MAX) {
        hitctl_error("line %" PRIu64 ": %s", lines->number, hs_buf_text(&feed->why));
    }
}

// Packs the line's read into feed->packed. HS_EFORMAT with the reason in feed->why.
static int pack_read(struct feed *feed, json_t *line)
{
    ProtobufCMessage *message;
    const char *field = feed->options.site_from ? feed->options.site_from : "site";
    if (!hs_json_find_field(&hitstream__v1__plate_read__descriptor, field)) {
        json_object_del(line, field);
    }
    int status = hs_json_build(line, &hitstream__v1__plate_read__descriptor, &message, &feed->why);
    if (status != HS_OK) {
        return status;
    }
    hs_buf_clear(&feed->packed);
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *at = (uint8_t *)hs_buf_reserve(&feed->packed, len + 1);
    if (at) {
        feed->packed.len = protobuf_c_message_pack(message, at);
    }
    protobuf_c_message_free_unpacked(message, NULL);
    return hs_buf_status(&feed->packed);
}

// One line that holds something. HS_EFORMAT: the line is refused, the reason is in feed->why.
static int take_line(struct feed *feed, struct hs_str text)
{
    json_error_t fault;
    json_t *line = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &fault);
    if (!line) {
        hs_buf_printf(&feed->why, "column %d: %s", fault.column, fault.text);
        return HS_EFORMAT;
    }
    struct hs_buf site = {0}; // the line's own goes with it
    hs_buf_add_str(&site, hitctl_read_site(feed->sites, line, &feed->why));
    int status = site.len > 0 ? pack_read(feed, line) : HS_EFORMAT;
    if (status == HS_OK) {
        status = hitctl_batches_add(feed->batches, hs_buf_str(&site), hs_buf_str(&feed->packed),
                                    hs_clock_monotonic_ns());
        if (status == HS_ELIMIT) {
            hs_buf_printf(&feed->why, "the read has %zu bytes, a message may have %d",
                          feed->packed.len, HITCTL_BATCH_MAX_BYTES);
            status = HS_EFORMAT;
        }
    }
    hs_buf_fini(&site);
    json_decref(line);
    return status;
}

// How long to wait for anything without serving the batches that linger.
static int longest_wait_ms(const struct feed *feed)
{
    int64_t linger_ms = feed->options.linger_ms;
    return linger_ms < 1 ? 1 : linger_ms < WAIT_MAX_MS ? (int)linger_ms : WAIT_MAX_MS;
}

// Waits until the next read is due, serving deliveries and linger meanwhile.
static int keep_pace(struct feed *feed)
{
    if (feed->options.rate == 0) {
        hs_kafka_producer_poll(feed->producer, 0);
        return HS_OK;
    }
    int64_t due_ns = feed->began_ns +
                     (int64_t)((double)feed->lines * (double)NS_PER_S / (double)feed->options.rate);
    int64_t now_ns;
    while ((now_ns = hs_clock_monotonic_ns()) < due_ns && !hitctl_interrupted()) {
        int status =
            hitctl_batches_flush(feed->batches, now_ns - feed->options.linger_ms * NS_PER_MS);
        if (status != HS_OK) {
            return status;
        }
        int64_t left_ms = (due_ns - now_ns) / NS_PER_MS + 1;
        hs_kafka_producer_poll(feed->producer,
                               left_ms < longest_wait_ms(feed) ? left_ms : longest_wait_ms(feed));
    }
    return HS_OK;
}

// All lines to the end, or to Ctrl-C.
static int feed_lines(struct feed *feed, struct hitctl_lines *lines)
{
    int64_t linger_ns = feed->options.linger_ms * NS_PER_MS;
    int64_t flushed_ns = feed->began_ns;
    while (!hitctl_interrupted()) {
        struct hs_str line;
        int status = hitctl_lines_next(lines, longest_wait_ms(feed), &line);
        int64_t now_ns = hs_clock_monotonic_ns();
        if (status == HS_EAGAIN || now_ns - flushed_ns >= linger_ns) {
            hs_kafka_producer_poll(feed->producer, 0);
            int flushed = hitctl_batches_flush(feed->batches, now_ns - linger_ns);
            if (flushed != HS_OK) {
                return flushed;
            }
            flushed_ns = now_ns;
        }
        if (status == HS_ENOTFOUND) {
            return HS_OK;
        }
        if (status == HS_EAGAIN || (status == HS_OK && hs_str_trim(line).len == 0)) {
            continue;
        }
        hs_buf_clear(&feed->why);
        status = status == HS_OK ? take_line(feed, line) : status;
        if (status == HS_EFORMAT) {
            refuse_line(feed, lines);
        } else if (status != HS_OK) {
            return status;
        }
        feed->lines++;
        status = keep_pace(feed);
        if (status != HS_OK) {
            return status;
        }
    }
    return HS_OK;
}

static void print_result(const struct feed *feed, bool json)
{
    double seconds = (double)(hs_clock_monotonic_ns() - feed->began_ns) / (double)NS_PER_S;
    if (json) {
        printf("{\"sent\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"failed\":%" PRIu64
               ",\"refused\":%" PRIu64 ",\"seconds\":%.3f}\n",
               feed->sent, feed->messages, feed->failed, feed->refused, seconds);
    } else {
        printf("sent %" PRIu64 " reads in %" PRIu64 " messages, %" PRIu64 " failed, %" PRIu64
               " lines refused, %.1f s\n",
               feed->sent, feed->messages, feed->failed, feed->refused, seconds);
    }
    if (feed->refused > REFUSALS_SAID_MAX) {
        hitctl_error("... and %" PRIu64 " more lines", feed->refused - REFUSALS_SAID_MAX);
    }
    if (feed->failed > 0) {
        hitctl_error("%" PRIu64 " reads failed, the first: %s", feed->failed, feed->failure);
    }
}

static int open_producer(struct feed *feed, const struct hs_settings *settings)
{
    const struct hs_kafka_producer_events events = {.ctx = feed, .delivered = on_delivered};
    int status = hs_kafka_producer_new(settings, &events, &feed->producer);
    if (status == HS_OK) {
        status = hs_kafka_producer_topic(feed->producer, feed->options.topic, TOPIC_TIMEOUT_MS,
                                         &feed->topic);
    }
    return status == HS_OK ? HITCTL_OK : hitctl_kafka_failed(status, feed->options.topic);
}

static int produce_lines(struct feed *feed, const struct hitctl *ctl, struct hitctl_lines *lines)
{
    feed->began_ns = hs_clock_monotonic_ns();
    int status = feed_lines(feed, lines);
    if (status == HS_OK) {
        status = hitctl_batches_flush(feed->batches, INT64_MAX);
    }
    int flushed = hs_kafka_producer_flush(feed->producer,
                                          ctl->settings->kafka_message_timeout_ms + FLUSH_SLACK_MS);
    if (flushed == HS_ETIMEDOUT) {
        hs_kafka_producer_discard(feed->producer); // tells the end of what is still on its way
    }
    print_result(feed, ctl->json);
    if (status == HS_ELIMIT) {
        hitctl_error("line %" PRIu64 " is longer than %d bytes", lines->number + 1,
                     HITCTL_LINE_MAX_BYTES);
        return HITCTL_REFUSED;
    }
    if (status != HS_OK) {
        hitctl_error("stopped after line %" PRIu64 ": %s", lines->number, hs_strerror(status));
        return HITCTL_FAILED;
    }
    if (feed->failed > 0) {
        return HITCTL_FAILED;
    }
    return feed->refused > 0 ? HITCTL_REFUSED : HITCTL_OK;
}

static int parse_words(struct feed *feed, int argc, char **argv)
{
    feed->options =
        (struct produce_options){.batch = 100, .linger_ms = 20, .topic = HS_KAFKA_READS};
    int words = hitctl_options_parse(produce_options, &feed->options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words != 1) {
        hitctl_error("one FILE of JSON lines is needed, '-' for standard input");
        return HITCTL_USAGE;
    }
    if (feed->options.batch < 1 || feed->options.batch > HITCTL_BATCH_READS_MAX) {
        hitctl_error("option '--batch': value '%" PRId64 "': 1 to %d is allowed",
                     feed->options.batch, HITCTL_BATCH_READS_MAX);
        return HITCTL_USAGE;
    }
    if (feed->options.linger_ms > HS_MS_PER_MINUTE) {
        hitctl_error("option '--linger-ms': value '%" PRId64 "': at most 60000 is allowed",
                     feed->options.linger_ms);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int produce_run(struct hitctl *ctl, int argc, char **argv)
{
    struct feed feed = {0};
    struct hitctl_lines lines = {.fd = -1};
    int result = parse_words(&feed, argc, argv);
    if (result != HITCTL_OK) {
        return result;
    }
    if (hitctl_lines_open(argv[1], &lines) != HS_OK) {
        hitctl_error("cannot read '%s': %s", argv[1], strerror(errno));
        return HITCTL_FAILED;
    }
    result = hitctl_read_sites_new(ctl, feed.options.site_from, feed.options.cameras, &feed.sites);
    if (result != HITCTL_OK) {
        goto out;
    }
    feed.batches = hitctl_batches_new((uint32_t)feed.options.batch, produce_batch, &feed);
    if (!feed.batches) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        result = HITCTL_FAILED;
        goto out;
    }
    hitctl_catch_interrupt();
    result = open_producer(&feed, ctl->settings);
    if (result == HITCTL_OK) {
        result = produce_lines(&feed, ctl, &lines);
    }
out:
    hs_kafka_producer_free(feed.producer);
    hitctl_batches_free(feed.batches);
    hitctl_read_sites_free(feed.sites);
    hs_headers_fini(&feed.headers);
    hs_buf_fini(&feed.packed);
    hs_buf_fini(&feed.why);
    hitctl_lines_close(&lines);
    return result;
}

const struct hitctl_command hitctl_reads_commands[] = {
    {"reads", "produce", "FILE|- [--rate N] [--batch N] [--site-from FIELD] [--cameras FILE]",
     "JSON lines of reads into anpr.reads", produce_run, produce_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
