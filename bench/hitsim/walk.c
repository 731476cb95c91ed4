// SPDX-License-Identifier: Apache-2.0
#include "hitsim/walk.h"

#include <stdlib.h>

#define WARM_UP_MS 3600000.0 // driven before the first pass is shown

struct walk {
    const struct town *town;
    struct walk_plan plan;
    struct random random;   // where and when vehicles drive
    struct random observer; // see walk_random()
    double next_trip_ms;    // when the next unlisted vehicle enters
    uint32_t trips;         // of unlisted vehicles so far
    struct pass *heap;      // vehicles under way by the time of their next pass; owned
    size_t count;
    size_t capacity;
};

static unsigned hour_at(const struct walk *walk, double at_ms)
{
    double driven_ms = (at_ms - (double)walk->plan.start_ms) * walk->plan.speed;
    double hours =
        driven_ms / 3600000.0 + walk->plan.hour + TOWN_HOURS; // the warm-up is less than a day
    return (unsigned)hours % TOWN_HOURS;
}

static bool push(struct walk *walk, struct pass pass)
{
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity ? 2 * walk->capacity : 1024;
        struct pass *heap = realloc(walk->heap, capacity * sizeof(*heap));
        if (!heap) {
            return false;
        }
        walk->heap = heap;
        walk->capacity = capacity;
    }
    size_t at = walk->count++;
    while (at > 0 && walk->heap[(at - 1) / 2].at_ms > pass.at_ms) {
        walk->heap[at] = walk->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    walk->heap[at] = pass;
    return true;
}

static struct pass pop(struct walk *walk)
{
    struct pass first = walk->heap[0];
    struct pass last = walk->heap[--walk->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= walk->count) {
            break;
        }
        if (child + 1 < walk->count && walk->heap[child + 1].at_ms < walk->heap[child].at_ms) {
            child++;
        }
        if (walk->heap[child].at_ms >= last.at_ms) {
            break;
        }
        walk->heap[at] = walk->heap[child];
        at = child;
    }
    walk->heap[at] = last;
    return first;
}

static bool start_trip(struct walk *walk, uint32_t vehicle, double at_ms)
{
    unsigned camera = town_enter(walk->town, hour_at(walk, at_ms), &walk->random);
    return push(walk, (struct pass){at_ms, vehicle, camera});
}

static void plan_next_trip(struct walk *walk)
{
    double per_trip = town_reads_per_trip(walk->town, hour_at(walk, walk->next_trip_ms));
    double mean_ms = 1000.0 * per_trip / walk->plan.rate;
    walk->next_trip_ms += random_exponential(&walk->random, mean_ms);
}

struct walk *walk_new(const struct town *town, const struct walk_plan *plan)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    if (!walk) {
        return NULL;
    }
    walk->town = town;
    walk->plan = *plan;
    walk->random.state = plan->seed;
    walk->observer.state = ~plan->seed;
    walk->next_trip_ms = (double)plan->start_ms - WARM_UP_MS / plan->speed;
    for (uint32_t vehicle = 0; vehicle < plan->listed; vehicle++) {
        double wait_ms = random_exponential(&walk->random, plan->listed_pause_ms);
        if (!start_trip(walk, vehicle, walk->next_trip_ms + wait_ms)) {
            walk_free(walk);
            return NULL;
        }
    }
    return walk;
}

void walk_free(struct walk *walk)
{
    if (walk) {
        free(walk->heap);
        free(walk);
    }
}

// Where the vehicle goes from this pass.
static bool go_on(struct walk *walk, struct pass pass)
{
    unsigned to;
    double drive_ms;
    if (town_next(walk->town, pass.camera, hour_at(walk, pass.at_ms), &walk->random, &to,
                  &drive_ms)) {
        return push(walk,
                    (struct pass){pass.at_ms + drive_ms / walk->plan.speed, pass.vehicle, to});
    }
    if (pass.vehicle < walk->plan.listed) {
        double wait_ms = random_exponential(&walk->random, walk->plan.listed_pause_ms);
        return start_trip(walk, pass.vehicle, pass.at_ms + wait_ms);
    }
    return true;
}

bool walk_step(struct walk *walk, struct pass *ret_pass)
{
    for (;;) {
        while (walk->count == 0 || walk->next_trip_ms < walk->heap[0].at_ms) {
            uint32_t vehicle = walk->plan.listed + walk->trips++ % walk->plan.vehicles;
            if (!start_trip(walk, vehicle, walk->next_trip_ms)) {
                return false;
            }
            plan_next_trip(walk);
        }
        struct pass pass = pop(walk);
        if (!go_on(walk, pass)) {
            return false;
        }
        if (pass.at_ms >= (double)walk->plan.start_ms) {
            *ret_pass = pass;
            return true;
        }
    }
}

struct random *walk_random(struct walk *walk)
{
    return &walk->observer;
}
