// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CAMERAS_GATHER_PARTS_H
#define HS_CAMERAS_GATHER_PARTS_H
/*
 * The gatherer's inside: gather.c (cameras, faults, dispatch), counts.c (windows and rates),
 * clock.c, samples.c (journeys), place.c, memory.c. Threads: the gatherer's. Ownership: its own.
 */

#include "cameras/gather.h"

enum {
    HS_GATHER_RECENT = 6,    // windows a camera that are not judged yet
    HS_GATHER_HOURS = 48,    // of London's working day, then of its Saturday and Sunday
    HS_GATHER_ANY = 48,      // the row of any hour
    HS_GATHER_MIDDLE = 64,   // rows whose windows' middle is the time
    HS_GATHER_GRACE = 2,     // windows that are waited for late rows
    HS_GATHER_FAULTS = 5,    // kinds, index by kind
    HS_GATHER_BECAUSE = 200, // bytes of what speaks for a fault
};

typedef Hitstream__V1__CameraFaultKind hs_fault_kind; // long name of the contract

// What is wrong with a camera, or was: the members of CameraFault.
struct hs_gather_fault {
    bool stands;                     // it is wrong now
    int64_t since_ms;                // event time from which on it was
    int64_t found_at_ms;             // event time at which it was known
    int64_t offset_ms;               // of a clock: it shows a time so much later than the true one
    uint32_t vehicles;               // different ones that speak for it
    uint32_t cameras;                // other ones that do
    uint64_t reads;                  // that were made
    uint64_t expected;               // and would have been by its usual rate
    char because[HS_GATHER_BECAUSE]; // for a person
};

// One window of one camera.
struct hs_gather_row {
    int64_t window_ms; // its begin
    uint32_t reads;    // of it
    int64_t floor_ms;  // the quickest read's way into the log
    bool partial;      // counting began or ended within it
    bool used;         // the row is one; else free
};

// Whether a journey ended at the camera, or began there.
enum hs_gather_side { HS_SIDE_IN = 1, HS_SIDE_OUT = 2 };

// One journey, as seen from one of its two cameras.
struct hs_gather_sample {
    uint64_t vehicle;         // hash of its mark
    uint64_t other;           // hash of the other camera's id
    int64_t at_ms;            // event time of its end
    int64_t elapsed_ms;       // by the two cameras' clocks
    int64_t typical_ms;       // by the road table; 0: not known
    int64_t offset_ms;        // so much later this camera's clock would be, if the other's is right
    uint32_t deviation_ms;    // of that; 0: says nothing of a clock
    enum hs_gather_side side; // this camera's end of it
    bool impossible;          // quicker than anybody drives
    bool fits;                // about as long as by the road table: both stand where they should
    bool late; // one of the reads came late while others came at once: their order says nothing
};

// The quickest read of a window, on its way into the log.
struct hs_gather_floor {
    int64_t window_ms;    // its begin
    int64_t deviation_ms; // less the fleet's
    uint32_t reads;       // of the window
};

struct hs_gather_camera {
    uint64_t hash;                                   // of id
    char id[HS_GATHER_ID_BYTES + 1];                 // as its reads have it
    char site[HS_GATHER_ID_BYTES + 1];               // as its journeys have it; "": not known yet
    uint32_t group;                                  // index; UINT32_MAX: never counted
    uint32_t partition;                              // index of its row
    struct hs_gather_fault faults[HS_GATHER_FAULTS]; // by kind
    struct hs_gather_row recent[HS_GATHER_RECENT];   // not judged yet, in no order
    uint32_t usual_q8[HS_GATHER_HOURS + 1];          // reads a window, 1/256
    uint32_t learnt[HS_GATHER_HOURS + 1];            // windows behind each
    int64_t fallen_q10;                              // what speaks for a collapse: nats, 1/1024
    int64_t risen_q10;                               // and for its end
    int64_t fallen_since_ms;                         // the first window that counts for it
    uint64_t fallen_reads;                           // reads since then
    uint64_t fallen_expected_q8;                     // and as they were to be expected, 1/256
    int64_t quiet_since_ms;                          // the first window after its last read
    uint64_t quiet_expected_q8; // reads that were to be expected since the last one
    struct hs_gather_floor floors[HS_GATHER_FLOORS]; // the newest last
    size_t floor_count;
    struct hs_gather_sample samples[HS_GATHER_SAMPLES]; // the newest last
    size_t sample_count;
};

// Sums of one force in the window that is judged.
struct hs_gather_group {
    char name[HS_GATHER_ID_BYTES + 1]; // the force's
    uint64_t reads;                    // of its cameras
    uint64_t usual_q8;                 // and as usual, 1/256
};

// How far the cameras of a partition of anpr.reads are counted.
struct hs_gather_partition {
    uint32_t number;
    int64_t read_to_ms; // windows up to here are counted
    int64_t newest_ms;  // window of its newest row, as far as the middle one confirms it
};

struct hs_gather {
    struct hs_gather_sink sink;
    struct hs_gather_terms terms;
    struct hs_gather_camera **cameras; // in order of first mention, owned
    size_t camera_count;
    size_t camera_capacity;
    uint32_t *buckets; // open addressing: 1 + index; 0: empty
    size_t bucket_count;
    struct hs_gather_group groups[HS_GATHER_GROUPS_MAX];
    size_t group_count;
    struct hs_gather_partition partitions[HS_GATHER_PARTITIONS_MAX];
    size_t partition_count;
    int64_t newest_ms[HS_GATHER_MIDDLE]; // windows of the last rows, a ring
    size_t newest_count;                 // ever
    int64_t judged_ms;                   // windows up to here are judged; 0: none
    bool live;                           // the fleet's quickest reads come at once
    struct hs_gather_stats stats;
};

// ---- gather.c ----

struct hs_gather_camera *hs_gather_find(const struct hs_gather *gather, uint64_t hash);
// NULL: beyond the limits (counted), or out of memory.
struct hs_gather_camera *hs_gather_camera(struct hs_gather *gather, const char *id,
                                          const char *site);
uint64_t hs_gather_hash(const char *id);
// The fault stands, with all but its times and text as given; `because` is its text's format. Told
// when it is new, or was changed by as much as matters (`much`).
void hs_gather_found(struct hs_gather *gather, struct hs_gather_camera *camera, hs_fault_kind kind,
                     const struct hs_gather_fault *fault, bool much);
void hs_gather_withdraw(struct hs_gather *gather, struct hs_gather_camera *camera,
                        hs_fault_kind kind, int64_t at_ms);
// Whether its times or its place cannot be relied on.
bool hs_gather_misleads(const struct hs_gather_camera *camera);
int64_t hs_gather_median(int64_t *values, size_t count); // sorts them; count is not 0

// ---- counts.c ----

int hs_gather_counts(struct hs_gather *gather, const Hitstream__V1__CameraCounts *counts);
// All that was counted begins anew.
void hs_gather_counts_reset(struct hs_gather *gather);
void hs_gather_rate_reset(struct hs_gather_camera *camera);

// ---- clock.c ----

// What the log's times say of a clock.
enum hs_clock_word { HS_CLOCK_UNKNOWN, HS_CLOCK_SOUND, HS_CLOCK_WRONG };
#define HS_GATHER_LIVE_MS INT64_C(60000) // so soon the quickest reads of a live fleet come
// What it says of a camera now.
enum hs_clock_word hs_gather_clock_word(const struct hs_gather *gather,
                                        const struct hs_gather_camera *camera);
// The window's quickest read, less the fleet's.
void hs_gather_floor(struct hs_gather *gather, struct hs_gather_camera *camera,
                     const struct hs_gather_row *row, int64_t fleet_ms);
// Looks at all that speaks for or against its clock.
void hs_gather_judge_clock(struct hs_gather *gather, struct hs_gather_camera *camera,
                           int64_t at_ms);

// ---- place.c ----

// Looks at all that speaks for or against its place.
void hs_gather_judge_place(struct hs_gather *gather, struct hs_gather_camera *camera,
                           int64_t at_ms);

// ---- samples.c ----

int hs_gather_journey(struct hs_gather *gather, const Hitstream__V1__CameraJourney *journey);
// Whether the camera of that hash has a wrong clock or place.
bool hs_gather_is_known_wrong(const struct hs_gather *gather, uint64_t hash);
// The newest samples at most `max`, those with cameras that mislead left out; the newest first.
size_t hs_gather_pick(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                      size_t max, const struct hs_gather_sample **ret_samples);
size_t hs_gather_count_vehicles(const struct hs_gather_sample *const *samples, size_t count);
// How many other cameras; *ret_most is the one with most samples.
size_t hs_gather_count_others(const struct hs_gather_sample *const *samples, size_t count,
                              uint64_t *ret_most);

#endif
