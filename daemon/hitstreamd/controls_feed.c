// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/controls_parts.h"
#include "kafka/client.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(ev_live, "controls-live", "634fb1693cb642f18a1289fd78c7038a");
HS_LOG_EVENT(ev_refused, "controls-refused", "93e0fd204a2b442a85e937128cdd9051");
HS_LOG_EVENT(ev_written, "controls-written", "8403e8419a5b439c9804ab2389a5768a");
HS_LOG_EVENT(ev_topic, "controls-topic-away", "4baf15fe21cd4338afb392491379aaf5");

enum {
    WAIT_MS = 200,
    RETRY_MS = 2000,
    SCAN_TIMEOUT_MS = 30000,
    WRITE_TIMEOUT_MS = 10000,
    ANCHOR_INTERVAL_MS = 10000,
};

static bool feed_alive(void *ctx)
{
    struct hs_controls_feed *feed = ctx;
    hs_thread_beat(&feed->thread);
    return !hs_thread_stopping(&feed->thread);
}

static void say(struct hs_controls_feed *feed, char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct hs_controls_feed *feed, char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&feed->lock);
    vsnprintf(where, HS_CONTROLS_FEED_REASON_BYTES, format, args);
    pthread_mutex_unlock(&feed->lock);
    va_end(args);
}

static void register_metrics(struct hs_controls_feed *feed, struct hs_metrics *metrics)
{
    feed->m_live = hs_metrics_gauge(metrics, "hitstream_controls_live", "",
                                    "1 when activated controls decide, 0 before the first");
    feed->m_cameras = hs_metrics_gauge(metrics, "hitstream_controls_cameras", "",
                                       "Cameras in the register that is live");
    feed->m_queues = hs_metrics_gauge(metrics, "hitstream_controls_queues", "",
                                      "Dispatch queues in the controls that are live");
    feed->m_refused = hs_metrics_counter(metrics, "hitstream_controls_refused_total", "",
                                         "Controls from Redis or disk that did not pass the check");
    feed->m_topic_faults = hs_metrics_counter(metrics, "hitstream_controls_topic_failures_total",
                                              "", "Failed attempts to read or write anpr.controls");
}

int hs_controls_feed_new(const struct hs_controls_feed_config *config,
                         struct hs_controls_feed **ret_feed)
{
    struct hs_controls_feed *feed = calloc(1, sizeof(*feed));
    if (!feed) {
        return HS_ENOMEM;
    }
    feed->settings = config->settings;
    feed->slot = config->slot;
    hs_thread_init(&feed->thread);
    pthread_mutex_init(&feed->lock, NULL);
    feed->live = hs_controls_empty();
    int rc = feed->live ? hs_controls_topic_new(config->settings, feed_alive, feed, &feed->topic)
                        : HS_ENOMEM;
    if (rc < 0) {
        hs_controls_feed_free(feed);
        return rc;
    }
    hs_rcu_publish(feed->slot, hs_controls_ref(feed->live));
    register_metrics(feed, config->metrics);
    *ret_feed = feed;
    return 0;
}

void hs_controls_feed_free(struct hs_controls_feed *feed)
{
    if (!feed) {
        return;
    }
    hs_controls_unref(hs_rcu_publish(feed->slot, NULL));
    hs_controls_unref(feed->live);
    hs_controls_unref(feed->head);
    for (size_t i = 0; i < HS_CONTROLS_FEED_KEPT; i++) {
        hs_controls_unref(feed->kept[i]);
    }
    hs_controls_topic_free(feed->topic);
    hs_buf_fini(&feed->offer);
    pthread_mutex_destroy(&feed->lock);
    hs_thread_fini(&feed->thread);
    free(feed);
}

uint64_t hs_controls_feed_progress(const struct hs_controls_feed *feed)
{
    return hs_thread_progress(&feed->thread);
}

// ---- what goes live ----

// Takes `controls`: for matchers from here on.
static void go_live(struct hs_controls_feed *feed, struct hs_controls *controls, bool from_disk)
{
    pthread_mutex_lock(&feed->lock);
    struct hs_controls *before = feed->live;
    feed->live = controls;
    feed->from_disk = from_disk;
    feed->confirmed = !from_disk;
    feed->fault[0] = '\0';
    pthread_mutex_unlock(&feed->lock);
    struct hs_controls *published = hs_rcu_publish(feed->slot, hs_controls_ref(controls));
    hs_rcu_synchronize();
    hs_controls_unref(published);
    hs_controls_unref(before);
    const char *hash = hs_controls_hash(controls);
    hs_metric_set(feed->m_live, hash[0] ? 1 : 0);
    hs_metric_set(feed->m_cameras, (double)hs_cameras_count(hs_controls_cameras(controls)));
    hs_metric_set(feed->m_queues, (double)hs_routes_queue_count(hs_controls_routes(controls)));
    hs_log(HS_LOG_NOTICE, &ev_live, "controls '%.12s' live, from %s", hash[0] ? hash : "(none)",
           from_disk ? "disk" : "redis");
}

// The object of a packed text whose hash is known; HS_ECHECKSUM when it is another's.
static int unpack(struct hs_controls_feed *feed, const char *hash, struct hs_str packed,
                  const char *source, struct hs_controls **ret_controls)
{
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int rc = hash[0] ? hs_controls_unpack(packed, &diags, &controls) : 0;
    if (!hash[0]) {
        controls = hs_controls_empty();
        rc = controls ? 0 : HS_ENOMEM;
    }
    if (rc == 0 && strcmp(hs_controls_hash(controls), hash) != 0) {
        hs_controls_unref(controls);
        rc = HS_ECHECKSUM;
    }
    if (rc < 0) {
        struct hs_buf text = {0};
        if (diags.count > 0) {
            hs_diag_format(&diags.rows[0], &text);
        }
        hs_metric_add(feed->m_refused, 1);
        hs_log(
            HS_LOG_ERROR, &ev_refused,
            "controls '%.12s' from %s refused: %s; %zu errors, the first: '%s'; those before stay",
            hash, source, hs_strerror(rc), diags.errors, hs_buf_text(&text));
        say(feed, feed->fault, "controls '%.12s' from %s refused: %s", hash, source,
            hs_strerror(rc));
        hs_buf_fini(&text);
    } else {
        *ret_controls = controls;
    }
    hs_diags_fini(&diags);
    return rc;
}

static void load_from_disk(struct hs_controls_feed *feed)
{
    char hash[HS_CONTROLS_HASH_BYTES];
    struct hs_buf text = {0};
    struct hs_str packed;
    struct hs_controls *controls;
    if (hs_controls_disk_read(feed->settings->state_dir, &text, hash, &packed) &&
        unpack(feed, hash, packed, "disk", &controls) == 0) {
        go_live(feed, controls, true);
    }
    hs_buf_fini(&text);
}

// Looks at what the store thread brought.
static void take_offer(struct hs_controls_feed *feed)
{
    struct hs_buf packed = {0};
    char hash[HS_CONTROLS_HASH_BYTES];
    pthread_mutex_lock(&feed->lock);
    bool fresh = feed->offer_fresh;
    bool same = fresh && strcmp(hs_controls_hash(feed->live), feed->offer_hash) == 0;
    if (fresh) {
        packed = feed->offer;
        feed->offer = (struct hs_buf){0};
        strcpy(hash, feed->offer_hash);
        feed->offer_fresh = false;
    }
    if (same) {
        feed->from_disk = false;
        feed->confirmed = true;
        feed->fault[0] = '\0';
    }
    pthread_mutex_unlock(&feed->lock);
    struct hs_controls *controls;
    if (fresh && !same && unpack(feed, hash, hs_buf_str(&packed), "redis", &controls) == 0) {
        go_live(feed, controls, false);
        if (hash[0]) {
            hs_controls_disk_save(feed->disk, controls);
        }
    }
    hs_buf_fini(&packed);
}

// ---- anpr.controls ----

static void topic_fault(struct hs_controls_feed *feed, const char *doing, int rc)
{
    if (rc == HS_ECANCELED) {
        return;
    }
    hs_metric_add(feed->m_topic_faults, 1);
    feed->retry_at_ms = hs_clock_boottime_ms() + RETRY_MS;
    struct hs_kafka_said said;
    const char *why = hs_kafka_say(rc, &said);
    hs_log(HS_LOG_WARNING, &ev_topic, "topic '%s' cannot be %s: %s; trying again",
           HS_KAFKA_CONTROLS, doing, why);
    say(feed, feed->away, "kafka: topic '%s' cannot be %s: %s", HS_KAFKA_CONTROLS, doing, why);
}

static void scan_topic(struct hs_controls_feed *feed)
{
    int rc = hs_controls_topic_scan(feed->topic, SCAN_TIMEOUT_MS);
    if (rc < 0) {
        topic_fault(feed, "read", rc);
        return;
    }
    feed->scanned = true;
    struct hs_position anchor;
    bool known = hs_controls_topic_anchor(feed->topic, &anchor);
    pthread_mutex_lock(&feed->lock);
    feed->anchor_state = known ? HS_ANCHOR_KNOWN : HS_ANCHOR_NONE;
    if (known) {
        feed->anchor = anchor;
    }
    feed->away[0] = '\0';
    pthread_mutex_unlock(&feed->lock);
}

// Takes `controls`: for those who ask by hash.
static void keep(struct hs_controls_feed *feed, struct hs_controls *controls)
{
    pthread_mutex_lock(&feed->lock);
    struct hs_controls *before = feed->kept[feed->next_kept];
    feed->kept[feed->next_kept] = controls;
    feed->next_kept = (feed->next_kept + 1) % HS_CONTROLS_FEED_KEPT;
    pthread_mutex_unlock(&feed->lock);
    hs_controls_unref(before);
}

// What matchers go by becomes the head for correlators, once it stands in the topic. What comes
// from disk may be older than what a partition goes by already: it never does.
static void raise_head(struct hs_controls_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    const char *live_hash = hs_controls_hash(feed->live);
    bool confirmed = feed->confirmed;
    bool wanted = (confirmed || (feed->from_disk && !feed->head_confirmed)) &&
                  (!feed->head || confirmed != feed->head_confirmed ||
                   strcmp(hs_controls_hash(feed->head), live_hash) != 0);
    struct hs_controls *controls = wanted ? hs_controls_ref(feed->live) : NULL;
    pthread_mutex_unlock(&feed->lock);
    if (!controls) {
        return;
    }
    const char *hash = hs_controls_hash(controls);
    if (hash[0] && !hs_controls_topic_holds(feed->topic, hash)) {
        int rc = hs_controls_topic_write(feed->topic, hash, hs_controls_packed(controls),
                                         WRITE_TIMEOUT_MS);
        if (rc < 0) {
            topic_fault(feed, "written", rc);
            hs_controls_unref(controls);
            return;
        }
        hs_log(HS_LOG_INFO, &ev_written, "controls '%.12s' written to '%s'", hash,
               HS_KAFKA_CONTROLS);
    }
    pthread_mutex_lock(&feed->lock);
    struct hs_controls *before = feed->head;
    feed->head = controls;
    feed->head_confirmed = confirmed;
    feed->away[0] = '\0';
    pthread_mutex_unlock(&feed->lock);
    keep(feed, before); // its 'controls activated' may still be on its way to some partition
}

static void fetch_wanted(struct hs_controls_feed *feed)
{
    for (size_t i = 0; i < WANTED_MAX; i++) {
        char hash[HS_CONTROLS_HASH_BYTES];
        pthread_mutex_lock(&feed->lock);
        strcpy(hash, feed->wanted[i]);
        feed->wanted[i][0] = '\0'; // who still needs it asks again
        pthread_mutex_unlock(&feed->lock);
        if (!hash[0]) {
            continue;
        }
        struct hs_buf packed = {0};
        struct hs_controls *controls;
        int rc = hs_controls_topic_fetch(feed->topic, hash, SCAN_TIMEOUT_MS, &packed);
        if (rc < 0) {
            topic_fault(feed, "searched for controls that a partition names", rc);
        } else if (unpack(feed, hash, hs_buf_str(&packed), HS_KAFKA_CONTROLS, &controls) == 0) {
            keep(feed, controls);
        }
        hs_buf_fini(&packed);
    }
}

// Whether the chain has gone on since the last anchor, whoever wrote it: none is ever taken back.
static bool anchors(const struct hs_controls_feed *feed, const struct hs_position *position)
{
    return feed->anchor_state == HS_ANCHOR_NONE ||
           (feed->anchor_state == HS_ANCHOR_KNOWN &&
            hs_change_id_cmp(position->id, feed->anchor.id) > 0);
}

static void write_anchor(struct hs_controls_feed *feed, bool at_once)
{
    int64_t now_ms = hs_clock_boottime_ms();
    struct hs_position position;
    pthread_mutex_lock(&feed->lock);
    position = feed->position;
    bool due = feed->has_position && anchors(feed, &position) &&
               (at_once || feed->anchored_at_ms == 0 ||
                now_ms - feed->anchored_at_ms >= ANCHOR_INTERVAL_MS);
    pthread_mutex_unlock(&feed->lock);
    if (!due) {
        return;
    }
    int rc = hs_controls_topic_write_anchor(feed->topic, &position, hs_clock_realtime_ms(),
                                            at_once ? 1000 : WRITE_TIMEOUT_MS);
    if (rc < 0) {
        topic_fault(feed, "written", rc);
        return;
    }
    feed->anchored_at_ms = now_ms;
    pthread_mutex_lock(&feed->lock);
    feed->anchor_state = HS_ANCHOR_KNOWN;
    feed->anchor = position;
    pthread_mutex_unlock(&feed->lock);
}

static void serve_topic(struct hs_controls_feed *feed)
{
    if (hs_clock_boottime_ms() < feed->retry_at_ms) {
        return;
    }
    struct hs_position anchor;
    if (!feed->scanned || hs_controls_feed_anchor(feed, &anchor) == HS_ANCHOR_UNKNOWN) {
        scan_topic(feed);
    }
    if (feed->scanned) {
        raise_head(feed);
        fetch_wanted(feed);
        write_anchor(feed, false);
    }
}

static void feed_run(void *arg)
{
    struct hs_controls_feed *feed = arg;
    load_from_disk(feed);
    while (feed_alive(feed)) {
        take_offer(feed);
        serve_topic(feed);
        hs_thread_rest(&feed->thread, WAIT_MS);
    }
    if (feed->scanned) {
        write_anchor(feed, true);
    }
    hs_controls_disk_free(feed->disk);
}

int hs_controls_feed_start(struct hs_controls_feed *feed)
{
    int rc = hs_controls_disk_new(feed->settings->state_dir, &feed->disk);
    if (rc < 0) {
        return rc;
    }
    rc = hs_thread_start(&feed->thread, "hs-controls", feed_run, feed);
    if (rc < 0) {
        hs_controls_disk_free(feed->disk);
    }
    return rc;
}

int hs_controls_feed_stop(struct hs_controls_feed *feed, int64_t timeout_ms)
{
    return hs_thread_stop(&feed->thread, timeout_ms);
}
