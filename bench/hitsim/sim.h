// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_SIM_H
#define HITSIM_SIM_H
/*
 * The world as its cameras report it: vehicles pass, cameras see, miss, misread, report late or
 * twice, have wrong clocks and places or fall silent. Reads come in the order in which they arrive.
 *
 * The same plan gives the same reads on every machine. For other programs of bench/ and tests/ too:
 *
 *     struct sim *sim = sim_new(&plan, "", truth);
 *     while (sim_next(sim, &read)) { ... }
 *     sim_end(sim);
 *
 * Threads: one. Ownership: a read is valid until the next call. Bounds: memory grows with vehicles
 * under way, commuters and reads not yet uploaded, not with the stream's length.
 */

#include "hitsim/drivers.h"
#include "hitsim/lists.h"
#include "hitsim/plate.h"
#include "hitsim/traffic.h"

struct sim_plan {
    uint64_t seed;
    int64_t start_ms; // Unix ms of the stream's start
    double seconds;   // the stream's length, of its time
    double speed;     // 1: as in life; 60: an hour of life in a minute of the stream
    double rate;      // passes a second of the stream on average over a day
    double hour;      // of the day at the start
    double site_km;   // between two sites of a road
    uint32_t listed;
    uint32_t vehicles;
    double listed_pause_s;    // of life, between two trips of a listed vehicle
    double misread_share;     // of reads
    double partial_share;     // of reads: two or three characters unreadable
    double missed_share;      // of passages by each sensor
    double late_share;        // of each camera's hours whose reads come at the end of an outage
    double late_s;            // at most so long after, of the stream
    double duplicate_share;   // of reads
    double coincidence_share; // of listed trips that somebody follows along one road by chance
    uint32_t convoys, couriers, clones;
    uint32_t clock_faults, place_faults, silent_faults, collapse_faults; // cameras
    int64_t quiet_ms; // the rules that truth goes by, of the stream
    int64_t repeat_window_ms;
    int64_t recent_ms;
};
struct sim_plan sim_plan_default(void);
static inline int64_t sim_span_ms(const struct sim_plan *plan)
{
    return (int64_t)(plan->seconds * 1000.0);
}

struct sim_read {
    uint64_t number;         // of the read; a duplicate has its first one's
    uint64_t passage;        // of one vehicle past one site
    int64_t captured_at_ms;  // by the camera's clock
    int64_t delivered_at_ms; // when it arrives: in order
    uint32_t vehicle;
    uint32_t mark;   // whose plate it bears
    unsigned camera; // of sim_net()
    unsigned lane;
    struct reading reading;
};

enum sim_fault_kind { SIM_FAULT_CLOCK, SIM_FAULT_PLACE, SIM_FAULT_SILENT, SIM_FAULT_COLLAPSE };

// What is wrong with one camera.
struct sim_fault {
    enum sim_fault_kind kind;
    unsigned camera;
    double begin_s, end_s; // of the world's time
    int64_t offset_ms;     // clock: what it shows is so much later, of the stream, at its begin
    double drift_ppm;      // clock: it gains so much, of a million
};
// How much later than the true time a camera with a wrong clock shows, of the stream.
int64_t sim_offset_ms(const struct sim_fault *fault, double at_s);

struct sim;
struct truth;

// Reads the surveyed town from `data_folder`. `truth` (may be NULL) is told of every passage of a
// listed vehicle; sim_new() does not own it. NULL after a message.
struct sim *sim_new(const struct sim_plan *plan, const char *data_folder, struct truth *truth);
void sim_free(struct sim *sim);
// False: the stream is over, or there is no memory (sim_broken()).
bool sim_next(struct sim *sim, struct sim_read *ret_read);
bool sim_broken(const struct sim *sim);
// Tells another program of each companion by chance.
void sim_observe_chance(struct sim *sim, traffic_on_chance *chance, void *ctx);
// Tells truth what was true of the whole stream as far as it ran.
void sim_end(struct sim *sim);

const struct net *sim_net(const struct sim *sim);
const struct drivers *sim_drivers(const struct sim *sim);
const struct sim_plan *sim_plan_of(const struct sim *sim);
const struct sim_fault *sim_faults(const struct sim *sim, unsigned *ret_count);
// From the world's time to the stream's, Unix ms.
int64_t sim_time_ms(const struct sim *sim, double at_s);

#endif
