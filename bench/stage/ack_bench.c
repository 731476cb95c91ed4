// SPDX-License-Identifier: Apache-2.0
/*
 * A desk's answer produced to its effect read by another desk: each of some hundred incidents is told to two desks, one
 * sends a unit, the other is stood down. The moment from which the incident is quiet lies before that alert, so the
 * figure is at most too high. One answer at a time, a broker and a daemon that do nothing else.
 *
 *     ack_bench
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "hitstream/v1/feedback.pb-c.h"
#include "stage/clients.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum { INCIDENTS = 600, INCIDENTS_SMOKE = 20, WARM_UP = 10, ENTRIES = 2000, PATIENCE_MS = 30000 };

typedef Hitstream__V1__Alert pb_alert; // long names of the contract, short in this file

struct bench {
    struct site site;
    rd_kafka_t *writer;
    rd_kafka_t *reader; // of both desks' queues
    pb_alert **told;    // by the first desk, in order of coming
    size_t told_count;
};

static const char queues[] =
    "queues:\n"
    "  control:\n    owner: north\n    kind: live\n    lists: ['*']\n    default: true\n"
    "  patrol:\n    owner: north\n    kind: live\n    lists: ['*']\n";

static void read_plate(struct bench *bench, size_t n)
{
    char vrm[SITE_MARK_MAX];
    site_plate(2 * n, vrm);
    site_send_read(bench->writer, "anpr.reads", n, vrm, (unsigned)n % SITE_CAMERAS);
}

// Until both desks know of every incident.
static void open_incidents(struct bench *bench, size_t count)
{
    size_t patrol = 0;
    int64_t until_ms = hs_clock_boottime_ms() + PATIENCE_MS;
    for (size_t n = 0; n < count; n++) {
        read_plate(bench, n);
    }
    while (bench->told_count < count || patrol < count) {
        pb_alert *alert = site_next_alert(bench->reader, 100);
        if (hs_clock_boottime_ms() > until_ms) {
            site_fail("%zu and %zu of %zu incidents were told", bench->told_count, patrol, count);
        }
        if (alert && strcmp(alert->queue, "control") == 0 && bench->told_count < count) {
            bench->told[bench->told_count++] = alert;
            continue;
        }
        patrol += alert != NULL;
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

// One answer; seconds until the other desk has read that it is stood down.
static double answer(struct bench *bench, size_t n)
{
    const pb_alert *told = bench->told[n];
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    uint8_t packed[2048], id[16] = {0};
    char person[] = "bench";
    bool down = false;
    memcpy(id, &n, sizeof(n));
    feedback.feedback_id = (ProtobufCBinaryData){.len = sizeof(id), .data = id};
    feedback.reply_token = told->reply_token;
    feedback.kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_RESOURCED;
    feedback.person = person;
    feedback.at_ms = hs_clock_realtime_ms();
    size_t len = hitstream__v1__feedback__pack(&feedback, packed);
    int64_t from_ns = hs_clock_monotonic_ns();
    site_send(bench->writer, "feedback.control", "any", packed, len);
    while (!down) {
        pb_alert *alert = site_next_alert(bench->reader, 100);
        down = alert && alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN &&
               memcmp(alert->incident_id.data, told->incident_id.data, 16) == 0;
        hitstream__v1__alert__free_unpacked(alert, NULL);
        if (hs_clock_monotonic_ns() - from_ns > PATIENCE_MS * INT64_C(1000000)) {
            site_fail("nobody was stood down");
        }
    }
    return (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
}

static void prepare(struct bench *bench)
{
    char path[HS_TEST_PATH_BYTES];
    site_open(&bench->site, "match, correlate", NULL);
    snprintf(path, sizeof(path), "%s/controls/queues.yaml", bench->site.folder);
    if (hs_test_file_write(path, queues)) {
        site_fail("cannot write '%s'", path);
    }
    *strrchr(path, '/') = '\0';
    SITE_HITCTL(&bench->site, "controls", "activate", path);
    SITE_HITCTL(&bench->site, "topics", "create");
    site_load_list(&bench->site, ENTRIES);
    site_rewind(&bench->site);
    site_start(&bench->site, NULL);
    site_await_ready(&bench->site);
    while (site_metric(&bench->site, "hitstream_intake_topics") < 2) {
        hs_test_pause_ms(50);
    }
    static const char *const told[] = {"dispatch.control", "dispatch.patrol", NULL};
    bench->writer = site_writer_new(&bench->site);
    bench->reader = site_reader_new(&bench->site, told, SITE_FROM_BEGINNING);
}

int main(void)
{
    struct bench bench = {0};
    size_t count = hs_bench_smoke() ? INCIDENTS_SMOKE : INCIDENTS;
    double *seconds = calloc(count, sizeof(*seconds));
    bench.told = calloc(count, sizeof(pb_alert *));
    if (!seconds || !bench.told) {
        site_fail("out of memory");
    }
    prepare(&bench);
    open_incidents(&bench, count);
    for (size_t n = 0; n < WARM_UP; n++) {
        answer(&bench, n);
    }
    for (size_t n = WARM_UP; n < count; n++) {
        seconds[n - WARM_UP] = answer(&bench, n);
    }
    double p50 = hs_bench_permille(seconds, count - WARM_UP, 500) * 1000;
    double p99 = hs_bench_permille(seconds, count - WARM_UP, 990) * 1000;
    fprintf(stderr, "%zu answers, p50 %.2f ms, p99 %.2f ms\n", count - WARM_UP, p50, p99);
    const struct hs_figure figure = {.name = "ack",
                                     .unit = "ms",
                                     .value = p99,
                                     .bar = HS_BAR_VALUE_AT_MOST,
                                     .limit = 50,
                                     .runs = (unsigned)(count - WARM_UP),
                                     .note = "p99; to the stand-down as another desk reads it"};
    hs_figure_print(&figure);
    site_stop(&bench.site);
    rd_kafka_destroy(bench.writer);
    rd_kafka_destroy(bench.reader);
    for (size_t i = 0; i < bench.told_count; i++) {
        hitstream__v1__alert__free_unpacked(bench.told[i], NULL);
    }
    free(bench.told);
    free(seconds);
    return 0;
}
