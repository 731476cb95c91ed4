// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CAMERAS_GATHER_H
#define HS_CAMERAS_GATHER_H
/*
 * Which cameras are wrong: observations in, findings out; a pure function of their order.
 *
 * Idea: one vehicle at two places at once may be a clone or a misread; several different vehicles
 * that contradict themselves at one camera, against several other cameras, mean the camera. Four
 * things can be wrong:
 *
 *   clock     (a) No read comes before it was made, and the quickest of a window comes at once: the
 *             least time between capture and log, window by window, less the whole fleet's, is the
 *             clock's error, to a second. Asked only while the fleet's reads come live. (b) By the
 *             road table a journey to the camera takes too long by as much as one from it takes too
 *             short: median over both sides; congestion has opposite signs and cancels. (a) that says
 *             'sound' overrules (b), and (b) overrules (a) where a line is late but times are right.
 *   place     a good part of the journeys to it and of those from it are impossible. An impossible
 *             journey accuses both its cameras; one whose journeys with third cameras fit the road
 *             table answers for itself, one that has several other accusers accuses nobody. Two
 *             others that answer for themselves suffice, or three of which nobody can tell; one, if
 *             hardly a journey fits. No clock makes both sides impossible; where only one side is
 *             (at the edge of the map trips begin and end beside it), the log's times must say that
 *             all clocks concerned are right.
 *   silent,   a CUSUM of the log likelihood ratio of 'a quarter of the usual rate' to 'the usual
 *   collapse  rate', window by window of event time, against the camera's own rate by hour times
 *             what the other cameras of its force are doing. Capped a window, so that one odd
 *             window decides nothing; over-dispersed counts weigh half. Silent: not one read.
 *
 * A finding is withdrawn when the same evidence speaks for a sound camera again.
 *
 * Assumes: more cameras are right than wrong; traffic of one force rises and falls together; journey
 * times in the road table were learnt with right clocks, or wrong ones that were found. A camera
 * that reads two vehicles a day cannot be found silent in less than weeks. A road that is closed
 * looks like a silent camera: the finding says what was counted, a person knows why.
 *
 * Time is event time by the cameras' own clocks, of which the middle one counts: no camera with a
 * wrong clock moves it. Windows are judged when it is two windows further.
 *
 * Threads: one at a time. Ownership: the gatherer owns what it remembers; what it tells is borrowed
 * for the call. Bounds: the limits below; beyond them a camera is not watched (hs_gather_stats).
 * Integers only: the same observations give the same findings to the bit.
 */

#include "base/str.h"
#include "hitstream/v1/camera.pb-c.h"

enum {
    HS_GATHER_CAMERAS_MAX = 65536,
    HS_GATHER_GROUPS_MAX = 256,      // forces
    HS_GATHER_PARTITIONS_MAX = 1024, // of anpr.reads
    HS_GATHER_SAMPLES = 48,          // journeys kept a camera, the newest
    HS_GATHER_FLOORS = 6,            // windows whose quickest read is kept
    HS_GATHER_ID_BYTES = 64,         // of a camera, site or force; longer ones are not watched
};

// Thresholds, from the controls' rules.
struct hs_gather_terms {
    int64_t window_ms; // reads are counted over so long; 0: nothing is gathered
    int64_t clock_ms;  // a clock is wrong by at least so much
    uint32_t vehicles; // so many different ones accuse a camera
};

struct hs_gather_sink {
    void *ctx;
    // All that is known of a camera now, after something changed; without faults: it is sound
    // again. `fault` is what is new or changed; NULL: some were withdrawn.
    void (*changed)(void *ctx, const Hitstream__V1__CameraHealth *health,
                    const Hitstream__V1__CameraFault *fault);
};

struct hs_gather;

// HS_ENOMEM.
int hs_gather_new(const struct hs_gather_sink *sink, struct hs_gather **ret_gather);
void hs_gather_free(struct hs_gather *gather); // NULL is legal
// Holds for what is applied from here on. Another window begins all counts anew.
void hs_gather_set_terms(struct hs_gather *gather, const struct hs_gather_terms *terms);

// One packed CameraObservation, in order of the log. HS_EFORMAT: unusable, passed over; HS_ENOMEM.
int hs_gather_apply(struct hs_gather *gather, struct hs_str observation);

// Appends all that is remembered, a packed GatherMemory. HS_ENOMEM.
int hs_gather_pack(const struct hs_gather *gather, struct hs_buf *out);
// Fills a new gatherer; nothing is told. HS_EFORMAT, HS_ENOMEM.
int hs_gather_restore(struct hs_gather *gather, struct hs_str memory);

struct hs_gather_stats {
    uint64_t cameras;   // watched
    uint64_t dropped;   // rows and journeys of cameras beyond the limits
    uint64_t journeys;  // applied
    uint64_t rows;      // counts applied
    uint64_t malformed; // observations passed over
    uint64_t judged_ms; // windows up to here are judged
    uint64_t faults[5]; // standing now, by kind
};
void hs_gather_stats(const struct hs_gather *gather, struct hs_gather_stats *ret_stats);

#endif
