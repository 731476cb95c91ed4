// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "faults.h"
#include "hitstream/v1/read.pb-c.h"
#include "kafka/client.h"
#include "support/kafka_admin.h"
#include "support/kafka_util.h"

enum {
    POISON_MESSAGES = 80,
    POISON_EACH_MS = 50, // few beside the reads: a feed that is bad as a whole is not taken in
    POISON_BYTES = 300,
    TOO_MANY_READS = 600,
    READ_MS = 60000,
    BAD_LINES = 1000000,
    LOAD_MS = 120000,
    REFUSED = 3, // hitctl's exit code for bad lines
};

// ---- reads that are none ----

static struct hs_str garbage(struct ground *ground, char *room)
{
    size_t len = 1 + ground_dice(ground, POISON_BYTES - 1);
    room[0] = (char)0xff; // no field of any message begins so
    for (size_t i = 1; i < len; i++) {
        room[i] = (char)ground_dice(ground, 256);
    }
    return hs_str_n(room, len);
}

// A batch of `count` reads with this plate, camera and time.
static struct hs_str batch(char *room, size_t count, const char *vrm, const char *camera,
                           int64_t captured_at_ms)
{
    static Hitstream__V1__PlateRead *reads[TOO_MANY_READS];
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__PlateReadBatch message = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    read.vrm = (char *)(uintptr_t)vrm;
    read.camera_id = (char *)(uintptr_t)camera;
    read.captured_at_ms = captured_at_ms;
    for (size_t i = 0; i < count; i++) {
        reads[i] = &read;
    }
    message.n_reads = count;
    message.reads = reads;
    return hs_str_n(room, hitstream__v1__plate_read_batch__pack(&message, (uint8_t *)room));
}

// The nth kind of what cannot be used.
static struct hs_str poison(struct ground *ground, size_t nth, char *room)
{
    int64_t now_ms = hs_clock_realtime_ms();
    struct hs_str whole;
    switch (nth % 8) {
    case 0:
        return garbage(ground, room);
    case 1: // cut off
        whole = batch(room, 3, "AK23ACE", "cam-1", now_ms);
        return hs_str_n(whole.ptr, whole.len - 1 - ground_dice(ground, 8));
    case 2:
        return batch(room, TOO_MANY_READS, "AK23ACE", "cam-1", now_ms);
    case 3:
        return batch(room, 1, "", "cam-1", now_ms);
    case 4:
        return batch(room, 1, "AK23ACE", "", now_ms);
    case 5:
        return batch(room, 1, "AK23ACE", "cam-1", 0);
    case 6:
        return batch(room, 1, "AK23ACEAK23ACEAK23ACEAK23ACE", "cam-1", now_ms);
    default:
        return batch(room, 1, "\xff\xfe\xfd", "cam-1", now_ms);
    }
}

void reads_poison(struct ground *ground)
{
    static char room[TOO_MANY_READS * 64];
    struct hs_test_producer *producer;
    assert_int_equal(hs_test_producer_new(ground->world.bootstrap, &producer), 0);
    for (size_t i = 0; i < POISON_MESSAGES; i++) {
        struct hs_str value = poison(ground, i, room);
        assert_int_equal(hs_test_produce(producer, HS_KAFKA_READS, -1, HS_STR(""), value, NULL, 0),
                         0);
        hs_test_pause_ms(POISON_EACH_MS);
    }
    assert_int_equal(hs_test_producer_flush(producer, READ_MS), 0);
    hs_test_producer_free(producer);
    ground->rejected += POISON_MESSAGES;
}

// Beside whoever's messages are read.
void reads_bomb(struct ground *ground)
{
    static const size_t sizes[] = {1000000, 1500000, 8000000, 40000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *zeros = calloc(1, sizes[i]);
        assert_non_null(zeros);
        assert_int_equal(hs_test_produce_packed(ground->world.bootstrap, HS_KAFKA_READS,
                                                hs_str_n(zeros, sizes[i])),
                         0);
        free(zeros);
        ground->rejected++;
    }
}

// All that could not be used stands among the rejected reads.
void reads_rejected(struct ground *ground)
{
    struct hs_test_messages messages = {0};
    assert_int_equal(
        hs_test_topic_read(ground->world.bootstrap, HS_KAFKA_REJECTED, READ_MS, &messages), 0);
    printf("rejected: %zu of %zu\n", messages.count, ground->rejected);
    assert_true(messages.count >= ground->rejected);
    hs_test_messages_fini(&messages);
}

// ---- lists and controls ----

void list_bad(struct ground *ground)
{
    char path[HS_TEST_PATH_BYTES + 16];
    int exit_code;
    struct hs_process hitctl;
    snprintf(path, sizeof(path), "%s/bad.csv", ground->world.folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("VRM,action,reason,weed date,entry id,priority\n", file);
    for (unsigned i = 0; i < BAD_LINES; i++) {
        fprintf(file, "\"?\x01%u,SHOUT,,2026-13-%u,,\n", i, i % 90);
    }
    assert_int_equal(fclose(file), 0);
    world_hitctl_start(&ground->world, &hitctl,
                       (const char *const[]){"list", "load", "stolen", path, "--replace", NULL});
    assert_int_equal(hs_process_wait(&hitctl, LOAD_MS, &exit_code), 0);
    assert_int_equal(exit_code, REFUSED);
}

void controls_wrong(struct ground *ground)
{
    world_activate(&ground->world, WORLD_CONTROLS_WRONG);
}

void controls_right(struct ground *ground)
{
    world_activate(&ground->world, WORLD_CONTROLS_RIGHT);
}
