// SPDX-License-Identifier: Apache-2.0
#include "support/world/feeder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hitstream/v1/read.pb-c.h"
#include "support/kafka_util.h"

enum { TICK_MS = 10, GHOST_PERMILLE = 10, FLUSH_MS = 120000 };

// Which vehicle comes by next.
struct vehicle {
    enum world_list list;
    unsigned number;
};

static struct vehicle next_vehicle(unsigned listed_permille, unsigned *seed)
{
    if ((unsigned)rand_r(seed) % 1000 >= listed_permille) {
        return (struct vehicle){WORLD_LIST_NONE, (unsigned)rand_r(seed)};
    }
    unsigned n = (unsigned)rand_r(seed) % (WORLD_OPEN + WORLD_COVERT + WORLD_TRIAL);
    if (n < WORLD_OPEN) {
        return (struct vehicle){WORLD_LIST_OPEN, n};
    }
    n -= WORLD_OPEN;
    return n < WORLD_COVERT ? (struct vehicle){WORLD_LIST_COVERT, n}
                            : (struct vehicle){WORLD_LIST_TRIAL, n - WORLD_COVERT};
}

static void remember(struct feeder *feeder, const struct vehicle *vehicle, const char *read_id)
{
    char entry[16];
    if (vehicle->list == WORLD_LIST_NONE ||
        (vehicle->list == WORLD_LIST_OPEN && vehicle->number < WORLD_DOUBTFUL)) {
        return;
    }
    snprintf(entry, sizeof(entry), "e%u", vehicle->number);
    feeder->hits[feeder->hit_count++] =
        hs_id_hit(&feeder->world->id_key, hs_str(read_id), hs_str(world_list_id(vehicle->list)),
                  hs_str(entry));
}

static int produce(struct feeder *feeder, struct hs_test_producer *producer, size_t number,
                   unsigned *seed)
{
    char vrm[16], camera[16], site[16], read_id[24];
    uint8_t packed[256];
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT, *reads[] = {&read};
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    struct vehicle vehicle = next_vehicle(feeder->listed_permille, seed);
    unsigned place = (unsigned)rand_r(seed) % WORLD_SITES;
    bool ghost = (unsigned)rand_r(seed) % 1000 < GHOST_PERMILLE;
    world_vrm(vehicle.list, vehicle.number, vrm);
    snprintf(camera, sizeof(camera), ghost ? "ghost-%u" : "cam-%u", place);
    snprintf(site, sizeof(site), "site-%u", place);
    snprintf(read_id, sizeof(read_id), "r-%zu", number);
    read.vrm = vrm;
    read.camera_id = camera;
    read.read_id = read_id;
    read.captured_at_ms = hs_clock_realtime_ms() - rand_r(seed) % 300;
    batch.n_reads = 1;
    batch.reads = reads;
    remember(feeder, &vehicle, read_id);
    size_t len = hitstream__v1__plate_read_batch__pack(&batch, packed);
    return hs_test_produce(producer, "anpr.reads", -1, hs_str(site), hs_str_n(packed, len), NULL,
                           0);
}

static void *feed(void *ctx)
{
    struct feeder *feeder = ctx;
    struct hs_test_producer *producer;
    unsigned seed = 20170405;
    feeder->status = hs_test_producer_new(feeder->world->bootstrap, &producer);
    int64_t began_ns = hs_clock_monotonic_ns();
    size_t number = 0;
    while (feeder->status == 0 && number < feeder->reads) {
        int64_t passed_ms = (hs_clock_monotonic_ns() - began_ns) / 1000000;
        size_t due = (size_t)passed_ms * feeder->per_second / 1000;
        for (; number < due && number < feeder->reads && feeder->status == 0; number++) {
            feeder->status = produce(feeder, producer, number, &seed);
        }
        hs_test_pause_ms(TICK_MS);
    }
    if (feeder->status == 0) {
        feeder->status = hs_test_producer_flush(producer, FLUSH_MS);
    }
    hs_test_producer_free(producer);
    atomic_store_explicit(&feeder->done, true, memory_order_release);
    return NULL;
}

void feeder_start(struct feeder *feeder, const struct world *world, size_t reads, size_t per_second,
                  unsigned listed_permille)
{
    memset(feeder, 0, sizeof(*feeder));
    feeder->world = world;
    feeder->reads = reads;
    feeder->per_second = per_second;
    feeder->listed_permille = listed_permille;
    feeder->hits = calloc(reads, sizeof(*feeder->hits));
    assert_non_null(feeder->hits);
    assert_int_equal(pthread_create(&feeder->thread, NULL, feed, feeder), 0);
}

bool feeder_done(const struct feeder *feeder)
{
    return atomic_load_explicit(&feeder->done, memory_order_acquire);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hs_id));
}

void feeder_join(struct feeder *feeder)
{
    pthread_join(feeder->thread, NULL);
    assert_int_equal(feeder->status, 0);
    qsort(feeder->hits, feeder->hit_count, sizeof(*feeder->hits), compare);
}

void feeder_fini(struct feeder *feeder)
{
    free(feeder->hits);
}
