// SPDX-License-Identifier: Apache-2.0
#include "integration/correlate_stage/stage_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/client.h"

static const char *const queues[] = {"avon-live",     "avon-review",   "wilts-live", "wilts-review",
                                     "covert-a-desk", "covert-b-desk", "unrouted"};
enum { QUEUES = sizeof(queues) / sizeof(queues[0]), READ_TIMEOUT_MS = 60000 };

static void topic(const char *bootstrap, const char *name, int partitions, bool compacted)
{
    const char *const appended[] = {"message.timestamp.type", "LogAppendTime", NULL};
    const char *const compact[] = {"cleanup.policy", "compact", NULL};
    assert_int_equal(
        hs_test_topic_create(bootstrap, name, partitions, compacted ? compact : appended), 0);
}

void stage_topics(const char *bootstrap, int partitions)
{
    char name[128];
    topic(bootstrap, HS_KAFKA_HITS, partitions, false);
    topic(bootstrap, HS_KAFKA_VEHICLES, partitions, true);
    topic(bootstrap, "dispatch.ops", 1, false);
    topic(bootstrap, "undelivered.ops", 1, false);
    for (size_t i = 0; i < QUEUES; i++) {
        snprintf(name, sizeof(name), "dispatch.%s", queues[i]);
        topic(bootstrap, name, 2, false);
        if (strcmp(queues[i], "unrouted") != 0) {
            snprintf(name, sizeof(name), "undelivered.%s", queues[i]);
            topic(bootstrap, name, 1, false);
        }
    }
}

// The core over one partition of the log.
static void run_partition(struct hs_offline *offline, const struct hs_test_messages *log,
                          int32_t partition)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct hs_test_message *m = &log->rows[i];
        if (m->partition == partition) {
            assert_true(m->log_append_time);
            assert_int_equal(hs_offline_apply(offline, (uint64_t)m->offset, m->timestamp_ms,
                                              m->value, (struct hs_str){NULL, 0}),
                             0);
        }
    }
}

// Expected alerts by id, sorted; each may be found once.
struct expected {
    const struct hs_offline_alert *alert;
    size_t found;
};

static int by_id(const void *a, const void *b)
{
    return memcmp(&((const struct expected *)a)->alert->id,
                  &((const struct expected *)b)->alert->id, sizeof(struct hs_id));
}

static struct expected *find(struct expected *rows, size_t count, const struct hs_id *id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(id, &rows[middle].alert->id, sizeof(*id));
        if (order == 0) {
            return &rows[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

// Every header the core made stands there, in order; the edge's own follow.
static bool same_headers(const struct hs_test_message *m, struct hs_str want)
{
    struct hs_buf text = {0};
    for (size_t i = 0; i < m->header_count; i++) {
        if (strcmp(m->headers[i].name, "age-ms") != 0) {
            hs_buf_printf(&text, "%s: %.*s\n", m->headers[i].name, HS_STR_ARG(m->headers[i].value));
        }
    }
    bool same = hs_str_eq(hs_buf_str(&text), want);
    hs_buf_fini(&text);
    return same;
}

static void judge_queue(const char *bootstrap, const char *queue, struct expected *rows,
                        size_t count, struct stage_verdict *verdict)
{
    char name[128];
    struct hs_test_messages found = {0};
    snprintf(name, sizeof(name), "dispatch.%s", queue);
    assert_int_equal(hs_test_topic_read(bootstrap, name, READ_TIMEOUT_MS, &found), 0);
    for (size_t i = 0; i < found.count; i++) {
        const struct hs_test_message *m = &found.rows[i];
        struct hs_id id;
        verdict->found++;
        struct expected *row =
            hs_id_parse(hs_test_header(m, "ce_id"), &id) == 0 ? find(rows, count, &id) : NULL;
        char key[HS_ID_TEXT_BYTES];
        if (row) {
            hs_id_text(&row->alert->incident, key);
        }
        if (!row || strcmp(row->alert->queue, queue) != 0 ||
            !hs_str_eq(row->alert->payload, m->value) || !hs_str_is(m->key, key) ||
            !same_headers(m, row->alert->headers)) {
            verdict->wrong++;
        } else if (row->found++ > 0) {
            verdict->repeated++;
        }
    }
    hs_test_messages_fini(&found);
}

struct stage_verdict stage_judge(const char *bootstrap, struct hs_controls *controls)
{
    struct stage_verdict verdict = {0};
    struct hs_test_messages log = {0};
    struct hs_offline *offline[64] = {NULL};
    int32_t partitions = 0;
    assert_int_equal(hs_test_topic_read(bootstrap, HS_KAFKA_HITS, READ_TIMEOUT_MS, &log), 0);
    for (size_t i = 0; i < log.count; i++) {
        partitions = log.rows[i].partition >= partitions ? log.rows[i].partition + 1 : partitions;
    }
    for (int32_t p = 0; p < partitions; p++) {
        offline[p] = hs_offline_new();
        hs_offline_know(offline[p], hs_controls_ref(controls));
        run_partition(offline[p], &log, p);
        verdict.expected += offline[p]->alert_count;
    }
    struct expected *rows = calloc(verdict.expected + 1, sizeof(*rows));
    size_t count = 0;
    assert_non_null(rows);
    for (int32_t p = 0; p < partitions; p++) {
        for (size_t i = 0; i < offline[p]->alert_count; i++) {
            rows[count++].alert = &offline[p]->alerts[i];
        }
    }
    qsort(rows, count, sizeof(*rows), by_id);
    for (size_t i = 0; i < QUEUES; i++) {
        judge_queue(bootstrap, queues[i], rows, count, &verdict);
    }
    for (size_t i = 0; i < count; i++) {
        verdict.missing += rows[i].found == 0;
    }
    free(rows);
    for (int32_t p = 0; p < partitions; p++) {
        hs_offline_free(offline[p]);
    }
    hs_test_messages_fini(&log);
    return verdict;
}

void stage_await_applied(const char *bootstrap, int partitions, int64_t timeout_ms)
{
    int64_t until_ms = hs_clock_boottime_ms() + timeout_ms;
    for (int p = 0; p < partitions;) {
        int64_t low, high, committed;
        assert_int_equal(hs_test_watermarks(bootstrap, HS_KAFKA_HITS, p, &low, &high), 0);
        assert_int_equal(
            hs_test_committed(bootstrap, HS_KAFKA_GROUP_CORRELATE, HS_KAFKA_HITS, p, &committed),
            0);
        if (committed >= high) {
            p++;
            continue;
        }
        if (hs_clock_boottime_ms() > until_ms) {
            print_error("partition %d: committed %lld of %lld\n", p, (long long)committed,
                        (long long)high);
            fail();
        }
        hs_test_pause_ms(100);
    }
}
