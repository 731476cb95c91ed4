// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/thread.h"

HS_LOG_EVENT(event_refused, "local-state-refused", "5e0c7d2a91f84b36a7d3c9e4b8f61d20");
HS_LOG_EVENT(event_failed, "local-state-not-written", "b3a94f6e0d1c4a7e92f5d8c06b7e3a19");
HS_LOG_EVENT(event_written, "local-state-written", "0d8e6f1b5c3a4972b4e7a9d2c6f08b53");

enum { ASK_TIMEOUT_MS = 2000, READ_TIMEOUT_MS = 600000, FRESH_MS = 3600000 };

struct hs_keeper {
    const struct hs_settings *settings;
    struct hs_kafka_tail *tail;
    struct hs_thread thread;
};

// One partition being brought up to date.
struct keeping {
    struct hs_keeper *keeper;
    struct hs_kept_news news;
    int64_t next_offset;
    bool full; // there may be more: written, and read on
    int rc;
};

static bool is_wanted(const struct hs_keeper *keeper)
{
    return !hs_thread_stopping(&keeper->thread);
}

static bool go_on(void *ctx)
{
    return is_wanted(ctx);
}

static int path_of(const struct hs_settings *settings, int32_t partition,
                   char ret_path[HS_KEPT_PATH_BYTES])
{
    int len = snprintf(ret_path, HS_KEPT_PATH_BYTES, "%s/correlator-%" PRId32, settings->state_dir,
                       partition);
    return len > 0 && len < HS_KEPT_PATH_BYTES ? 0 : HS_ELIMIT;
}

// A copy that holds; NULL with *ret_why when it is refused, "" when there is none.
static struct hs_kept *open_kept(const struct hs_settings *settings, const char *cluster,
                                 int32_t partition, char ret_why[HS_KEPT_WHY_BYTES])
{
    char path[HS_KEPT_PATH_BYTES];
    struct hs_kept *kept = NULL;
    ret_why[0] = '\0';
    int rc = path_of(settings, partition, path);
    rc = rc ? rc : hs_kept_open(path, cluster, partition, hs_clock_realtime_ms(), &kept, ret_why);
    if (rc != 0 && rc != HS_ENOTFOUND && rc != HS_EFORMAT) {
        snprintf(ret_why, HS_KEPT_WHY_BYTES, "%s", hs_strerror(rc));
    }
    return kept;
}

// Whether all that it holds stands in the topic; false with *ret_why also when nobody tells.
static bool is_within(const struct hs_kept *kept, struct hs_kafka_tail *tail, int32_t partition,
                      char ret_why[HS_KEPT_WHY_BYTES])
{
    int64_t low, high;
    int rc = hs_kafka_tail_ends(tail, HS_KAFKA_VEHICLES, partition, ASK_TIMEOUT_MS, &low, &high);
    if (rc != 0) {
        snprintf(ret_why, HS_KEPT_WHY_BYTES, "the topic's end is not told: %s", hs_strerror(rc));
        return false;
    }
    snprintf(ret_why, HS_KEPT_WHY_BYTES, "it reaches beyond the topic's end");
    return hs_kept_head(kept)->next_offset <= high;
}

struct hs_kept *hs_keeper_open(const struct hs_settings *settings, struct hs_kafka_tail *tail,
                               int32_t partition)
{
    char cluster[HS_KEPT_CLUSTER_BYTES], why[HS_KEPT_WHY_BYTES];
    if (settings->correlate_local_state_ms == 0 ||
        hs_kafka_tail_cluster(tail, ASK_TIMEOUT_MS, cluster, sizeof(cluster)) != 0) {
        return NULL;
    }
    struct hs_kept *kept = open_kept(settings, cluster, partition, why);
    if (kept && is_within(kept, tail, partition, why)) {
        return kept;
    }
    hs_kept_close(kept);
    if (why[0]) {
        hs_log(HS_LOG_WARNING, &event_refused,
               "local state of partition %" PRId32 " is refused, reading anpr.vehicles whole: %s",
               partition, why);
    }
    return NULL;
}

// ------------------------------------------------------------------ the thread

static bool on_record(void *ctx, const struct hs_kafka_message *message)
{
    struct keeping *keeping = ctx;
    struct hs_kept_record record = {.key = message->key, .value = message->value};
    struct hs_str text;
    if (hs_kafka_message_header(message, "epoch", &text)) {
        hs_str_to_u64(text, &record.epoch);
    }
    keeping->rc = hs_kept_news_add(&keeping->news, &record);
    keeping->next_offset = message->offset + 1;
    keeping->full = keeping->news.bytes >= HS_KEPT_NEWS_MAX_BYTES;
    return keeping->rc == 0 && !keeping->full && is_wanted(keeping->keeper);
}

// What is newer than the copy. 0 also when there is more to read than fits.
static int read_news(struct keeping *keeping, int32_t partition)
{
    struct hs_keeper *keeper = keeping->keeper;
    const struct hs_kafka_range range = {.topic = HS_KAFKA_VEHICLES,
                                         .partition = partition,
                                         .from_time_ms = -1,
                                         .from_offset = keeping->next_offset};
    const struct hs_kafka_tail_options options = {
        .timeout_ms = READ_TIMEOUT_MS, .idle = go_on, .idle_ctx = keeper};
    keeping->full = false;
    int rc = hs_kafka_tail_read(keeper->tail, &range, 1, &options, on_record, keeping);
    return keeping->rc ? keeping->rc : rc == HS_ECANCELED && keeping->full ? 0 : rc;
}

// One step: reads at most what fits, writes it.
static int keep_step(struct keeping *keeping, const char *cluster, int32_t partition)
{
    struct hs_keeper *keeper = keeping->keeper;
    char path[HS_KEPT_PATH_BYTES], why[HS_KEPT_WHY_BYTES];
    struct hs_kept_head head = {.partition = partition, .read_at_ms = hs_clock_realtime_ms()};
    struct hs_kept *old = open_kept(keeper->settings, cluster, partition, why);
    keeping->next_offset = old ? hs_kept_head(old)->next_offset : HS_KAFKA_OFFSET_BEGINNING;
    int rc = read_news(keeping, partition);
    bool fresh = old && head.read_at_ms - hs_kept_head(old)->read_at_ms < FRESH_MS;
    if (rc == 0 && keeping->next_offset >= 0 && (keeping->news.count > 0 || !fresh)) {
        head.next_offset = keeping->next_offset;
        snprintf(head.cluster, sizeof(head.cluster), "%s", cluster);
        rc = path_of(keeper->settings, partition, path);
        rc = rc ? rc : hs_kept_write(path, &head, old, &keeping->news, go_on, keeper);
    }
    if (rc == 0) {
        hs_log(HS_LOG_DEBUG, &event_written,
               "local state of partition %" PRId32 " written up to @%" PRId64, partition,
               keeping->next_offset);
    }
    hs_kept_close(old);
    hs_kept_news_fini(&keeping->news);
    return rc;
}

static int keep_partition(struct hs_keeper *keeper, const char *cluster, int32_t partition)
{
    struct keeping keeping = {.keeper = keeper, .full = true};
    int rc = 0;
    while (rc == 0 && keeping.full && is_wanted(keeper)) {
        rc = keep_step(&keeping, cluster, partition);
    }
    return rc;
}

static void keep_all(struct hs_keeper *keeper)
{
    char cluster[HS_KEPT_CLUSTER_BYTES];
    int32_t partitions = 0;
    int rc = hs_kafka_tail_cluster(keeper->tail, ASK_TIMEOUT_MS, cluster, sizeof(cluster));
    rc =
        rc ? rc
           : hs_kafka_tail_partitions(keeper->tail, HS_KAFKA_VEHICLES, ASK_TIMEOUT_MS, &partitions);
    if (rc != 0) {
        return; // Kafka is away, or the topic: others say so
    }
    for (int32_t p = 0; p < partitions && is_wanted(keeper); p++) {
        rc = keep_partition(keeper, cluster, p);
        if (rc != 0 && rc != HS_ECANCELED) {
            hs_log(HS_LOG_WARNING, &event_failed,
                   "local state of partition %" PRId32 " is not written: %s", p, hs_strerror(rc));
        }
    }
}

static void run(void *arg)
{
    struct hs_keeper *keeper = arg;
    hs_thread_rest(&keeper->thread, keeper->settings->correlate_local_state_ms);
    while (is_wanted(keeper)) {
        keep_all(keeper);
        hs_thread_rest(&keeper->thread, keeper->settings->correlate_local_state_ms);
    }
}

int hs_keeper_new(const struct hs_settings *settings, struct hs_keeper **ret_keeper)
{
    struct hs_kafka_events events = {0};
    if (settings->correlate_local_state_ms == 0) {
        *ret_keeper = NULL;
        return 0;
    }
    struct hs_keeper *keeper = calloc(1, sizeof(*keeper));
    if (!keeper) {
        return HS_ENOMEM;
    }
    keeper->settings = settings;
    hs_thread_init(&keeper->thread);
    int rc = hs_kafka_tail_new(settings, &events, &keeper->tail);
    rc = rc ? rc : hs_thread_start(&keeper->thread, "hs-keeper", run, keeper);
    if (rc != 0) {
        hs_keeper_free(keeper);
        return rc;
    }
    *ret_keeper = keeper;
    return 0;
}

void hs_keeper_free(struct hs_keeper *keeper)
{
    if (keeper) {
        hs_thread_stop(&keeper->thread, HS_THREAD_FOREVER);
        hs_kafka_tail_free(keeper->tail);
        hs_thread_fini(&keeper->thread);
        free(keeper);
    }
}
