// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_JOURNEY_H
#define HS_CORRELATE_RULES_JOURNEY_H
/*
 * Journey: one plate at two places, too far apart for the time between.
 *
 * Idea: an impossible journey has three explanations, and which it is shows in what comes next. A
 * clone: two vehicles carry the plate, so two tracks that are each possible go on side by side,
 * contradict each other at different cameras, and may differ in colour or make. A misread: another
 * plate was taken for this one, once, at a camera, often not exactly. A camera: its clock or its
 * place is wrong, so it is part of every contradiction, with any vehicle.
 *
 * Statistic: log odds of the three, in bits. A contradiction is a pair of sightings of which the
 * later comes sooner than the road table's fastest journey between their sites, or sooner than the
 * straight line at journey.fastest_kmh less HS_JOURNEY_SLACK_M at each end, whatever the table says:
 * it may have been learnt from a clone's journeys, or with a camera at a wrong place. Sightings are put on the track that they can follow; on neither, and they begin the
 * second one. Prior odds: a listed vehicle is cloned one time in 1000; that one camera on its ways
 * is wrong one time in four, and each further one costs three bits; that another plate was misread
 * as this one explains a contradiction four times in ten. A misread loses six bits with each further
 * exact sighting of the second track. Looks that differ speak for two vehicles, looks that agree
 * against. A clone is told at odds of seven to one against the others: two wrong cameras with looks
 * that differ, five without.
 *
 * Only sightings that can be trusted to a minute take part: exact or glyph matches, the camera in
 * the register, its clock not ahead of the log, and not known to have a wrong clock or place. Every
 * journey, possible or not, is besides an observation about both cameras (rules/camera.h), so that
 * several vehicles' accuse the one they have in common. Open lists only.
 *
 * Assumes that the road table's fastest times hold for everybody, and that two vehicles with one
 * plate are not always far apart in time. Integers only. Threads: one at a time. Ownership: plain
 * values. Bounds: the limits below.
 */

#include "base/arena.h"
#include "controls/rules.h"
#include "correlate/rules/odds.h"
#include "geo/roads.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/finding.pb-c.h"
#include "wire/ids.h"

#define HS_RULE_JOURNEY "journey"

enum {
    HS_JOURNEY_SHOWN_MAX = 12,   // sightings kept as evidence, the newest
    HS_JOURNEY_CLASHES_MAX = 16, // contradictions kept, the newest
    HS_JOURNEY_NAME_BYTES = 65,  // of a camera or site, terminated
    HS_JOURNEY_LOOKS_BYTES = 24, // of a colour or make, terminated; longer ones are cut
    HS_JOURNEY_SLACK_M = 500,    // a camera sees so far, and its place is so uncertain
    HS_JOURNEY_SLACK_MS = 5000,  // clocks differ by so much
};

// One sighting.
struct hs_journey_sighting {
    char camera[HS_JOURNEY_NAME_BYTES];
    char site[HS_JOURNEY_NAME_BYTES];
    char direction[4];
    char colour[HS_JOURNEY_LOOKS_BYTES];
    char make[HS_JOURNEY_LOOKS_BYTES];
    int32_t latitude_udeg; // millionths of a degree; both 0: not known
    int32_t longitude_udeg;
    int64_t at_ms;
    int64_t least_ms; // the quickest way here from the sighting that it contradicts; 0: none
    int64_t late_ms;  // it came into the log so long after its capture
    uint8_t track;    // 1 or 2; 0: none
    bool exact;
};

// Two sightings that cannot both be of one vehicle.
struct hs_journey_clash {
    char cameras[2][HS_JOURNEY_NAME_BYTES];
    int64_t at_ms; // of the later
};

// What a queue's alert can be found by.
struct hs_journey_told {
    struct hs_id cause; // zeros: taken back, or never told
    struct hs_id incident;
};

struct hs_journey {
    struct hs_journey_sighting last[2]; // of each track; track 0: none yet
    uint32_t counts[2];                 // sightings on each track since the second one began
    uint32_t exact[2];                  // of them, exact
    uint32_t sites_on_second;           // places of the second track in a row that differ
    struct hs_journey_sighting shown[HS_JOURNEY_SHOWN_MAX]; // in order of hearing
    size_t shown_count;
    struct hs_journey_clash clashes[HS_JOURNEY_CLASHES_MAX]; // in order of hearing
    size_t clash_count;
    uint32_t looks_differ;            // sightings of the second track that look unlike the first
    uint32_t looks_agree;             // and alike
    int64_t told_at_ms;               // 0: never
    struct hs_journey_told told;      // where it was told last
    struct hs_journey_sighting heard; // the last one in order of the log; no camera: none
};

struct hs_journey_view {
    const struct hs_rules *rules;
    const struct hs_roads *roads;
};

// A contradiction, for anpr.observations.
struct hs_journey_observed {
    struct hs_journey_sighting first, second; // in order of time
    int64_t least_ms;                         // between them
};

// A hit at its event time. *ret_observed says whether it contradicts an earlier one.
void hs_journey_on_hit(struct hs_journey *journey, const struct hs_journey_view *view,
                       const Hitstream__V1__Hit *hit, bool *ret_clash,
                       struct hs_journey_observed *ret_observed);

// Whether the hit can be trusted as to who and where, whatever its clock says; as a sighting.
bool hs_journey_sight(const struct hs_journey_view *view, const Hitstream__V1__Hit *hit,
                      struct hs_journey_sighting *ret_sighting);
// How many cameras would have to be wrong to explain the contradictions that neither of these two is
// part of: one that is stands on somebody's daily way, two and more mean a clone rather.
size_t hs_journey_cameras_elsewhere(const struct hs_journey *journey, const char *camera,
                                    const char *other);
// Takes out what rests on a camera. False: nothing did.
bool hs_journey_drop_camera(struct hs_journey *journey, const char *camera);
// Whether what is left would still be told as a clone.
bool hs_journey_holds(const struct hs_journey *journey);

// What speaks for what.
struct hs_journey_verdict {
    uint32_t clone_permille;
    uint32_t misread_permille;
    uint32_t camera_permille;
    char camera[HS_JOURNEY_NAME_BYTES]; // the one that is part of most contradictions
    size_t clashes;
    size_t clashes_elsewhere; // that it is no part of
    size_t cameras;           // so many would have to be wrong to explain all
    uint32_t second_track;    // sightings on it
    uint32_t looks_differ;
};
void hs_journey_judge(const struct hs_journey *journey, struct hs_journey_verdict *ret_verdict);
// Whether a clone is to be told now; it counts as told then, for journey.repeat_ms.
bool hs_journey_is_due(struct hs_journey *journey, const struct hs_journey_view *view,
                       int64_t at_ms, struct hs_journey_verdict *ret_verdict);
// Whether a clone was told that was not taken back.
bool hs_journey_is_told(const struct hs_journey *journey);
// Whether something is remembered that outlives an incident.
bool hs_journey_is_kept(const struct hs_journey *journey);

// The quickest way between two sightings; 0: nothing is known of it.
int64_t hs_journey_least_ms(const struct hs_journey_view *view,
                            const struct hs_journey_sighting *from,
                            const struct hs_journey_sighting *to);

// NULL: out of memory. Borrows the state's texts.
Hitstream__V1__JourneyState *hs_journey_pack(const struct hs_journey *journey,
                                             struct hs_bump *bump);
// Fills an empty state. HS_EFORMAT.
int hs_journey_unpack(struct hs_journey *journey, const Hitstream__V1__JourneyState *state);

#endif
