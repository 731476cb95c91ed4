// SPDX-License-Identifier: Apache-2.0
#include "kafka/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "kafka/internal.h"

enum {
    TAIL_ASK_TIMEOUT_MS = 10000,
    TAIL_ASK_FIRST_MS = 500, // the first try of a question that is asked again, each longer
    TAIL_ASK_MOST_MS = 4000, // the longest: whoever is asked to stop waits so long
    TAIL_POLL_MS = 100,
    LOOK_EACH = 256,    // messages between two looks at the clock and at the local queue
    WAKE_QUEUED = 8192, // messages: with fewer at its height the queue was not full
    WAKE_TIMEOUT_MS = 200,
};

struct hs_kafka_tail {
    struct hs_kafka_events events; // first: the client's opaque
    rd_kafka_t *client;
    rd_kafka_queue_t *queue; // the client's own: what is fetched and not read yet
};

// One partition that is being read.
struct stretch {
    const char *topic; // the range's
    int32_t partition;
    int64_t from_offset; // concrete or logical
    int64_t end_offset;  // as asked for at the beginning
    bool done;
};

// One read under way.
struct reading {
    struct hs_kafka_tail *tail;
    const struct hs_kafka_tail_options *options;
    int64_t until_ns; // INT64_MAX: no end
    struct stretch *stretches;
    size_t count;
    size_t capacity;
    size_t open;      // not done
    size_t last;      // index of the stretch found last
    size_t height;    // most that was queued since a fetcher was woken, messages
    unsigned taken;   // messages
    int64_t alive_ns; // when 'idle' was last called
    hs_kafka_on_message *on_message;
    void *ctx;
};

int hs_kafka_tail_new(const struct hs_settings *settings, const struct hs_kafka_events *events,
                      struct hs_kafka_tail **ret_tail)
{
    rd_kafka_conf_t *conf;
    struct hs_kafka_tail *tail = calloc(1, sizeof(*tail));
    if (!tail) {
        return HS_ENOMEM;
    }
    if (events) {
        tail->events = *events;
    }
    int r = hs_kafka_conf_new(settings, HS_KAFKA_ROLE_TAIL, NULL, &conf);
    if (r == 0) {
        hs_kafka_conf_events(conf, &tail->events);
        r = hs_kafka_client_new(RD_KAFKA_CONSUMER, conf, &tail->client);
    }
    if (r < 0) {
        free(tail);
        return r;
    }
    rd_kafka_poll_set_consumer(tail->client);
    tail->queue = rd_kafka_queue_get_consumer(tail->client);
    *ret_tail = tail;
    return 0;
}

void hs_kafka_tail_free(struct hs_kafka_tail *tail)
{
    if (!tail) {
        return;
    }
    rd_kafka_queue_destroy(tail->queue);
    rd_kafka_destroy_flags(tail->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(tail);
}

int hs_kafka_tail_cluster(struct hs_kafka_tail *tail, int64_t timeout_ms, char *ret_id, size_t size)
{
    char *id = rd_kafka_clusterid(tail->client, (int)timeout_ms);
    if (!id) {
        return HS_EUNREACHABLE;
    }
    snprintf(ret_id, size, "%s", id);
    rd_kafka_mem_free(tail->client, id);
    return 0;
}

int hs_kafka_tail_partitions(struct hs_kafka_tail *tail, const char *topic, int64_t timeout_ms,
                             int32_t *ret_count)
{
    return hs_kafka_count_partitions(tail->client, topic, timeout_ms, ret_count);
}

int hs_kafka_tail_led(struct hs_kafka_tail *tail, const char *topic, int64_t timeout_ms,
                      int32_t *ret_count)
{
    return hs_kafka_count_led(tail->client, topic, timeout_ms, ret_count);
}

static int64_t left_ms(const struct reading *reading)
{
    if (reading->until_ns == INT64_MAX) {
        return TAIL_ASK_TIMEOUT_MS;
    }
    int64_t ms = (reading->until_ns - hs_clock_monotonic_ns()) / 1000000;
    return ms < 1 ? 1 : ms > TAIL_ASK_TIMEOUT_MS ? TAIL_ASK_TIMEOUT_MS : ms;
}

static int stretch_add(struct reading *reading, const struct hs_kafka_range *range,
                       int32_t partition)
{
    if (reading->count == reading->capacity) {
        size_t capacity = reading->capacity ? reading->capacity * 2 : 16;
        struct stretch *grown = realloc(reading->stretches, capacity * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        reading->stretches = grown;
        reading->capacity = capacity;
    }
    reading->stretches[reading->count++] = (struct stretch){
        .topic = range->topic,
        .partition = partition,
        .from_offset = range->from_offset,
    };
    return 0;
}

static int expand(struct reading *reading, const struct hs_kafka_range *ranges, size_t range_count)
{
    for (size_t i = 0; i < range_count; i++) {
        int32_t first = ranges[i].partition, count = 1;
        if (first < 0) {
            first = 0;
            int r =
                hs_kafka_tail_partitions(reading->tail, ranges[i].topic, left_ms(reading), &count);
            if (r < 0) {
                return r;
            }
        }
        for (int32_t p = first; p < first + count; p++) {
            int r = stretch_add(reading, &ranges[i], p);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

static bool may_go_on(const struct hs_kafka_tail_options *options)
{
    return !options->idle || options->idle(options->idle_ctx);
}

// Until when ends are asked for, and who may end that before.
struct asking {
    rd_kafka_t *client;
    int64_t until_ns;                            // nobody is asked after it
    int64_t silent_until_ns;                     // nobody who does not answer
    const struct hs_kafka_tail_options *options; // may say that it is enough; NULL: nobody does
};

// Both ends of a partition. A leader that is being elected is asked again, and so is a broker that
// does not answer, or the one that leads in its place: from 2.8 on the client waits for one to come
// back for as long as it may, and nobody could stop it meanwhile.
static int ask_ends(const struct asking *asking, const char *topic, int32_t partition,
                    int64_t *ret_low, int64_t *ret_high)
{
    const struct timespec step = {.tv_nsec = TAIL_POLL_MS * 1000000L};
    int64_t try_ms = TAIL_ASK_FIRST_MS;
    for (;;) {
        int64_t rest_ms = (asking->until_ns - hs_clock_monotonic_ns()) / 1000000;
        int64_t ask_ms = rest_ms < 1 ? 1 : rest_ms < try_ms ? rest_ms : try_ms;
        int r = hs_kafka_ends(asking->client, topic, partition, ask_ms, ret_low, ret_high);
        int64_t now_ns = hs_clock_monotonic_ns();
        bool silent = r == HS_EUNREACHABLE && now_ns < asking->silent_until_ns;
        if ((r != HS_EAGAIN && !silent) || now_ns >= asking->until_ns) {
            return r;
        }
        if (asking->options && !may_go_on(asking->options)) {
            return HS_ECANCELED;
        }
        try_ms = silent && try_ms < TAIL_ASK_MOST_MS ? try_ms * 2 : try_ms;
        nanosleep(&step, NULL);
    }
}

int hs_kafka_tail_ends(struct hs_kafka_tail *tail, const char *topic, int32_t partition,
                       int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high)
{
    int64_t until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    const struct asking asking = {tail->client, until_ns, until_ns, NULL};
    int64_t low, high;
    int r = ask_ends(&asking, topic, partition, &low, &high);
    if (r == 0) {
        *ret_low = low;
        *ret_high = high;
    }
    return r;
}

static int ends_of(const struct reading *reading, const struct stretch *s, int64_t *ret_low,
                   int64_t *ret_high)
{
    const struct asking asking = {.client = reading->tail->client,
                                  .until_ns = reading->until_ns,
                                  .silent_until_ns = hs_clock_monotonic_ns() +
                                                     TAIL_ASK_TIMEOUT_MS * INT64_C(1000000),
                                  .options = reading->options};
    return ask_ends(&asking, s->topic, s->partition, ret_low, ret_high);
}

// The ends first, then where times stand: what comes in between is after the end, or read.
static int find_ends(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct stretch *s = &reading->stretches[i];
        int64_t low, high;
        int r = ends_of(reading, s, &low, &high);
        if (r < 0) {
            return r;
        }
        s->end_offset = high;
        if (s->from_offset == HS_KAFKA_OFFSET_BEGINNING ||
            (s->from_offset >= 0 && s->from_offset < low)) {
            s->from_offset = low;
        } else if (s->from_offset == HS_KAFKA_OFFSET_END) {
            s->from_offset = high;
        }
    }
    return 0;
}

static int find_times(struct reading *reading, const struct hs_kafka_range *ranges,
                      size_t range_count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reading->count);
    for (size_t i = 0; i < reading->count; i++) {
        const struct stretch *s = &reading->stretches[i];
        for (size_t k = 0; k < range_count; k++) {
            if (ranges[k].topic == s->topic && ranges[k].from_time_ms >= 0 &&
                (ranges[k].partition < 0 || ranges[k].partition == s->partition)) {
                rd_kafka_topic_partition_list_add(list, s->topic, s->partition)->offset =
                    ranges[k].from_time_ms;
                break;
            }
        }
    }
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (list->cnt > 0) {
        error = rd_kafka_offsets_for_times(reading->tail->client, list, (int)left_ms(reading));
    }
    for (int i = 0; i < list->cnt && !error; i++) {
        const rd_kafka_topic_partition_t *row = &list->elems[i];
        error = row->err;
        for (size_t k = 0; k < reading->count; k++) {
            struct stretch *s = &reading->stretches[k];
            if (s->partition == row->partition && strcmp(s->topic, row->topic) == 0) {
                s->from_offset = row->offset >= 0 ? row->offset : s->end_offset;
            }
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR__TIMED_OUT ? HS_EUNREACHABLE : hs_kafka_error(error);
}

static int assign(struct reading *reading)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reading->count);
    for (size_t i = 0; i < reading->count; i++) {
        struct stretch *s = &reading->stretches[i];
        s->done = s->from_offset >= s->end_offset && !reading->options->follow;
        if (!s->done) {
            rd_kafka_topic_partition_list_add(list, s->topic, s->partition)->offset =
                s->from_offset;
            reading->open++;
        }
    }
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (list->cnt > 0) {
        error = rd_kafka_assign(reading->tail->client, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return hs_kafka_error(error);
}

static struct stretch *stretch_find(struct reading *reading, const rd_kafka_message_t *native)
{
    const char *topic = rd_kafka_topic_name(native->rkt);
    for (size_t i = 0; i < reading->count; i++) {
        size_t index = (reading->last + i) % reading->count;
        struct stretch *s = &reading->stretches[index];
        if (s->partition == native->partition && strcmp(s->topic, topic) == 0) {
            reading->last = index;
            return s;
        }
    }
    return NULL;
}

static void finish_at(struct reading *reading, struct stretch *s, int64_t next_offset)
{
    if (!s->done && !reading->options->follow && next_offset >= s->end_offset) {
        s->done = true;
        reading->open--;
    }
}

// 0, or HS_ECANCELED when the callback stopped it.
static int take(struct reading *reading, const rd_kafka_message_t *native)
{
    struct stretch *s = native->rkt ? stretch_find(reading, native) : NULL;
    if (!s) {
        return 0;
    }
    if (native->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        finish_at(reading, s, native->offset);
        return 0;
    }
    if (native->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return HS_ENOTFOUND;
    }
    if (native->err || s->done) {
        return 0; // passing trouble, or beyond the end
    }
    if (reading->options->follow || native->offset < s->end_offset) {
        struct hs_kafka_message message;
        hs_kafka_message_view(native, &message);
        if (!reading->on_message(reading->ctx, &message)) {
            return HS_ECANCELED;
        }
    }
    finish_at(reading, s, native->offset + 1);
    return 0;
}

static int keep_alive(struct reading *reading)
{
    int64_t now_ns = hs_clock_monotonic_ns();
    if (now_ns >= reading->until_ns) {
        return HS_ETIMEDOUT;
    }
    if (now_ns - reading->alive_ns < TAIL_POLL_MS * INT64_C(1000000)) {
        return 0;
    }
    reading->alive_ns = now_ns;
    return may_go_on(reading->options) ? 0 : HS_ECANCELED;
}

// A fetcher that found the local queue full sleeps up to a second, however soon there is room. Any
// request to its broker ends its sleep: one is made when half of what was queued has been read.
static void wake_fetcher(struct reading *reading)
{
    const struct stretch *s = &reading->stretches[reading->last];
    size_t queued = rd_kafka_queue_length(reading->tail->queue);
    int64_t low, high;
    if (queued > reading->height) {
        reading->height = queued;
    } else if (reading->height >= WAKE_QUEUED && queued <= reading->height / 2) {
        hs_kafka_ends(reading->tail->client, s->topic, s->partition, WAKE_TIMEOUT_MS, &low, &high);
        reading->height = queued;
    }
}

static int read_on(struct reading *reading)
{
    int r = 0;
    reading->alive_ns = hs_clock_monotonic_ns();
    while (r == 0 && reading->open > 0) {
        rd_kafka_message_t *native = rd_kafka_consumer_poll(reading->tail->client, TAIL_POLL_MS);
        if (native) {
            r = take(reading, native);
            rd_kafka_message_destroy(native);
            reading->taken++;
        }
        if (r == 0 && (!native || reading->taken % LOOK_EACH == 0)) {
            wake_fetcher(reading);
            r = keep_alive(reading);
        }
    }
    return r;
}

int hs_kafka_tail_read(struct hs_kafka_tail *tail, const struct hs_kafka_range *ranges,
                       size_t range_count, const struct hs_kafka_tail_options *options,
                       hs_kafka_on_message *on_message, void *ctx)
{
    struct reading reading = {
        .tail = tail,
        .options = options,
        .until_ns = options->timeout_ms < 0
                        ? INT64_MAX
                        : hs_clock_monotonic_ns() + options->timeout_ms * INT64_C(1000000),
        .on_message = on_message,
        .ctx = ctx,
    };
    int r = expand(&reading, ranges, range_count);
    if (r == 0) {
        r = find_ends(&reading);
    }
    if (r == 0) {
        r = find_times(&reading, ranges, range_count);
    }
    if (r == 0) {
        r = assign(&reading);
    }
    if (r == 0) {
        r = read_on(&reading);
    }
    rd_kafka_assign(tail->client, NULL);
    free(reading.stretches);
    return r;
}
