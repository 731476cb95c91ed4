// SPDX-License-Identifier: Apache-2.0
//
// hitctl cameras: list, show, clear: what is known to be wrong with cameras.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "cameras/findings.h"
#include "hitctl/command.h"
#include "hitctl/consult.h"
#include "hitctl/rights.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"
#include "kafka/producer.h"
#include "kafka/tail.h"
#include "wire/json.h"

enum { READ_MS = 30000, ASK_MS = 10000, FLUSH_MS = 10000 };

// ------------------------------------------------------------------ reading

static bool on_record(void *ctx, const struct hs_kafka_message *message)
{
    if (hs_camera_findings_put(ctx, message->key, message->value) != 0) {
        hitctl_error("the record of camera '%.*s' cannot be read, ignoring", (int)message->key.len,
                     message->key.ptr);
    }
    return !hitctl_interrupted();
}

static int read_findings(const struct hitctl *ctl, struct hs_camera_findings **ret_findings)
{
    const struct hs_kafka_range range = {.topic = HS_KAFKA_CAMERAS,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_MS};
    struct hs_kafka_tail *tail = NULL;
    struct hs_camera_findings *findings = NULL;
    int rc = hs_camera_findings_new(NULL, &findings);
    rc = rc ? rc : hs_kafka_tail_new(ctl->settings, NULL, &tail);
    rc = rc ? rc : hs_kafka_tail_read(tail, &range, 1, &options, on_record, findings);
    hs_kafka_tail_free(tail);
    if (rc != 0) {
        hs_camera_findings_free(findings);
        return hitctl_kafka_failed(rc, HS_KAFKA_CAMERAS);
    }
    *ret_findings = findings;
    return HITCTL_OK;
}

// ------------------------------------------------------------------ list, show

static void print_fault(const Hitstream__V1__CameraHealth *health,
                        const Hitstream__V1__CameraFault *fault, bool whole)
{
    char since[HS_CIVIL_TEXT_BYTES];
    struct hs_buf what = {0};
    hs_civil_format(fault->since_ms, since);
    hs_camera_fault_print(fault, &what);
    printf("%-24s %-9s since %.19sZ  %s\n", health->camera_id, hs_camera_fault_name(fault->kind),
           since, hs_buf_text(&what));
    if (whole) {
        char found[HS_CIVIL_TEXT_BYTES];
        hs_civil_format(fault->found_at_ms, found);
        printf("  site '%s', found %.19sZ\n  %s\n", health->site_id, found, fault->because);
    }
    hs_buf_fini(&what);
}

static void print_health(const struct hitctl *ctl, const Hitstream__V1__CameraHealth *health,
                         bool whole)
{
    if (ctl->json) {
        struct hs_buf out = {0};
        hs_json_print(&health->base, &out);
        printf("%s\n", hs_buf_text(&out));
        hs_buf_fini(&out);
        return;
    }
    for (size_t i = 0; i < health->n_faults; i++) {
        print_fault(health, health->faults[i], whole);
    }
}

static int by_camera(const void *a, const void *b)
{
    const Hitstream__V1__CameraHealth *const *x = a, *const *y = b;
    return strcmp((*x)->camera_id, (*y)->camera_id);
}

static int print_all(const struct hitctl *ctl, const struct hs_camera_findings *findings)
{
    size_t count = hs_camera_findings_count(findings);
    const Hitstream__V1__CameraHealth **rows = calloc(count + 1, sizeof(*rows));
    if (!rows) {
        return HITCTL_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = hs_camera_findings_at(findings, i);
    }
    qsort(rows, count, sizeof(*rows), by_camera);
    for (size_t i = 0; i < count; i++) {
        print_health(ctl, rows[i], false);
    }
    free(rows);
    if (count == 0 && !ctl->json) {
        puts("nothing is known to be wrong with any camera");
    }
    return HITCTL_OK;
}

static int run_list(struct hitctl *ctl, int argc, char **argv)
{
    struct hs_camera_findings *findings;
    (void)argv;
    if (argc > 1) {
        hitctl_error("takes no words");
        return HITCTL_USAGE;
    }
    hitctl_catch_interrupt();
    int code = read_findings(ctl, &findings);
    if (code == HITCTL_OK) {
        code = print_all(ctl, findings);
        hs_camera_findings_free(findings);
    }
    return code;
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    struct hs_camera_findings *findings;
    if (argc != 2) {
        hitctl_error("wants a camera");
        return HITCTL_USAGE;
    }
    hitctl_catch_interrupt();
    int code = read_findings(ctl, &findings);
    if (code != HITCTL_OK) {
        return code;
    }
    const Hitstream__V1__CameraHealth *health = hs_camera_findings_get(findings, hs_str(argv[1]));
    if (health) {
        print_health(ctl, health, true);
    } else {
        printf("nothing is known to be wrong with camera '%s'\n", argv[1]);
    }
    hs_camera_findings_free(findings);
    return HITCTL_OK;
}

// ------------------------------------------------------------------ clear

static Hitstream__V1__CameraFaultKind kind_of(const char *name)
{
    int kind = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE;
    while (kind > 0 && strcmp(name, hs_camera_fault_name((Hitstream__V1__CameraFaultKind)kind))) {
        kind--;
    }
    return (Hitstream__V1__CameraFaultKind)kind;
}

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    bool *delivered = ctx;
    *delivered = delivery->status == HS_DELIVERY_ACKED;
}

static int send(const struct hitctl *ctl, const char *camera, struct hs_str value)
{
    bool delivered = false;
    const struct hs_kafka_producer_events events = {.ctx = &delivered, .delivered = on_delivered};
    struct hs_kafka_producer *producer = NULL;
    struct hs_kafka_record record = {.partition = 0, .key = hs_str(camera), .value = value};
    int rc = hs_kafka_producer_new(ctl->settings, &events, &producer);
    rc = rc ? rc : hs_kafka_producer_topic(producer, HS_KAFKA_OBSERVATIONS, ASK_MS, &record.topic);
    rc = rc ? rc : hs_kafka_producer_produce(producer, &record);
    rc = rc ? rc : hs_kafka_producer_flush(producer, FLUSH_MS);
    hs_kafka_producer_free(producer);
    rc = rc == 0 && !delivered ? HS_EIO : rc;
    return rc == 0 ? HITCTL_OK : hitctl_kafka_failed(rc, HS_KAFKA_OBSERVATIONS);
}

static int clear(const struct hitctl *ctl, const char *camera, Hitstream__V1__CameraFaultKind kind)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraCleared cleared = HITSTREAM__V1__CAMERA_CLEARED__INIT;
    struct hs_buf packed = {0};
    cleared.camera_id = (char *)(uintptr_t)camera;
    cleared.kind = kind;
    cleared.person = (char *)(uintptr_t)ctl->who;
    cleared.authority = (char *)(uintptr_t)(ctl->authority);
    cleared.at_ms = hs_clock_realtime_ms();
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_CLEARED;
    observation.cleared = &cleared;
    char *room =
        hs_buf_reserve(&packed, hitstream__v1__camera_observation__get_packed_size(&observation));
    int code = HITCTL_FAILED;
    if (room) {
        packed.len = hitstream__v1__camera_observation__pack(&observation, (uint8_t *)room);
        code = send(ctl, camera, hs_buf_str(&packed));
    }
    hs_buf_fini(&packed);
    return code;
}

// Who did it, and by what authority, stands in the trail of changes before it is done.
static int record(const struct hitctl *ctl, const char *camera, const char *kind)
{
    char about[256];
    struct hs_store *store = NULL;
    snprintf(about, sizeof(about), "camera %s: %s", camera, kind);
    const struct hitctl_subject subject = {.about = about};
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_OK) {
        struct hs_bump bump = {0};
        const struct hs_actor actor = {ctl->who, ctl->authority};
        const struct hs_consultation cleared = hitctl_consultation(&subject, &bump);
        int rc = hs_store_camera_cleared(store, &actor, &cleared);
        code = rc == 0 ? code : hitctl_store_failed(store, rc, "nothing is done");
        hs_bump_fini(&bump);
    }
    hs_store_free(store);
    return code;
}

static int run_clear(struct hitctl *ctl, int argc, char **argv)
{
    Hitstream__V1__CameraFaultKind kind =
        argc == 3 ? kind_of(argv[2])
                  : HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_UNSPECIFIED;
    if (kind == HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_UNSPECIFIED) {
        hitctl_error("wants a camera and what is right about it: clock, place, silent or collapse");
        return HITCTL_USAGE;
    }
    int code = record(ctl, argv[1], argv[2]);
    code = code == HITCTL_OK ? clear(ctl, argv[1], kind) : code;
    if (code == HITCTL_OK) {
        printf("what spoke against the %s of camera '%s' will be forgotten\n", argv[2], argv[1]);
    }
    return code;
}

const struct hitctl_command hitctl_cameras_commands[] = {
    {"cameras", "list", "", "cameras that are known to be wrong", run_list, NULL},
    {"cameras", "show", "CAMERA", "what is wrong with a camera, and what speaks for it", run_show,
     NULL},
    {"cameras", "clear", "CAMERA clock|place|silent|collapse",
     "a person found it sound: what spoke against it is forgotten", run_clear, NULL},
    {0},
};
