// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_STORY_H
#define HS_TEST_STORY_H
/*
 * Stories for the correlator: a line is a thing that happens, or what a control room is told.
 *
 *     passes(story, "12:00:00", "AB12CDE", "stolen", "avon/1");
 *     told(story, "avon-live opened AB12CDE avon/1");
 *     silence(story);
 *
 * Sites are "<force>/<name>"; times are of 13 January 2026, UTC. Lists: stolen (avon, open, stop,
 * high), drugs (wilts, open, monitor, medium), missing (avon, open, stop, low, but a missing
 * person), lowkey (avon, open, monitor, nobody's queue takes it), covert-a and covert-b (avon and
 * wilts, covert), trial (avon). Queues: avon-live, avon-review, wilts-live, wilts-review,
 * covert-a-desk, covert-b-desk. Cameras of nine forces: avon, wilts, city, dorset, gwent, devon,
 * surrey, kent and essex. Quiet time 30 min, repeat window 5 min. Threads: one.
 */

#include "hitstream/v1/alert.pb-c.h"
#include "support/offline.h"

struct story;

struct story *story_new(void);
void story_free(struct story *story);

// What a hit may have besides.
struct story_hit {
    const char *at;      // "12:00:00"
    const char *vehicle; // listed mark
    const char *list;
    const char *site;     // "force/name"
    const char *entry;    // default: the vehicle
    const char *read_id;  // default: made of time, site and vehicle
    const char *read_vrm; // default: the vehicle; else the tier is GRAMMAR
    const char *arrives;  // default: at once; decides lateness
    bool unknown_camera;
    bool clock_ahead;                         // lateness is FUTURE
    const char *camera;                       // default: "c1"
    const char *road;                         // default: "A4"
    const char *direction;                    // default: "E"
    const char *area;                         // default: "area-1"
    Hitstream__V1__Priority priority;         // default: the list's
    Hitstream__V1__Safeguarding safeguarding; // likewise
    uint32_t harm_score;
    const char *group;  // that the entry names
    uint32_t weed_date; // default: none
    double east_km;     // of a place on one line from west to east; 0: nobody knows where
    const char *colour; // as the camera judged; default: none
    Hitstream__V1__CameraFaultKind camera_fault; // known of the camera; default: nothing
    uint64_t list_sequence;                      // of the list's revision 3.n; default: 7
    const char *line;                            // county line that the entry names
    uint32_t flow; // vehicles in the minute before; default: not known
    // Who was beside it: "BB22BBB-4 CC33CCC+9@drugs,stolen": one passed four seconds before it, the
    // other nine after, and stands on these open lists itself. Those after it come with
    // came_after(). Default: not known.
    const char *company;
};
void story_tell(struct story *story, const struct story_hit *hit);
void passes(struct story *story, const char *at, const char *vehicle, const char *list,
            const char *site);
// The same beside others, and who came after it, as soon as that is known.
void passes_beside(struct story *story, const char *at, const char *vehicle, const char *list,
                   const char *site, const char *company);
// Who came after that hit, as its companion window tells.
void came_after(struct story *story, const char *at, const struct story_hit *hit);
// The read was made at `at` but came at `arrives`.
void passes_late(struct story *story, const char *at, const char *arrives, const char *vehicle,
                 const char *list, const char *site);

// What a desk says back about the incident of the last alert that its queue was told.
struct story_say {
    const char *at; // when the log has it
    const char *queue;
    Hitstream__V1__FeedbackKind kind;
    const char *id;       // default: made of time, queue and kind
    const char *person;   // default: "pc 1234"
    const char *said_at;  // default: `at`
    const char *until;    // default: as the rules say
    const char *to_queue; // handed over
    const char *note;
    const Hitstream__V1__Outcome *outcome; // of kind OUTCOME
};
void says(struct story *story, const struct story_say *say);
// The short form: "12:01:00", "avon-live", "acknowledged".
void answers(struct story *story, const char *at, const char *queue, const char *kind);
// The owner found that a list no longer has the entry since its revision 3.`sequence`.
void withdrawn(struct story *story, const char *at, const char *vehicle, const char *list,
               uint64_t sequence);
// The same of an entry that is not named like the vehicle.
void entry_withdrawn(struct story *story, const char *at, const char *vehicle, const char *list,
                     const char *entry, uint64_t sequence);
// A camera was found wrong, and the vehicle contradicts itself there.
void camera_found(struct story *story, const char *at, const char *vehicle, const char *camera,
                  Hitstream__V1__CameraFaultKind kind);
// Redis has the exclusions of the feedback with that id.
void exclusion_stored(struct story *story, const char *at, const char *vehicle, const char *id);
// Another instance takes the partition over.
void took_over(struct story *story, const char *at);

// The owner's clock: timers that are due fire.
void clock_strikes(struct story *story, const char *at);
// The same, and a second owner, who did not know yet, appends the same.
void clock_strikes_twice(struct story *story, const char *at);
// Other controls are activated: queues.yaml and rules.yaml; NULL: as they were made first.
void controls_change(struct story *story, const char *queues, const char *rules);
// The same with operations.yaml and groups.yaml; NULL: without.
void controls_add(struct story *story, const char *queues, const char *operations,
                  const char *groups);
// Everything that was told, as it was sent.
const struct hs_offline *story_offline(const struct story *story);
// Everything that happened, as it stands in the log; borrowed until the next thing happens.
const struct hs_offline_event *story_log(const struct story *story, size_t *ret_count);
// The daemon dies and comes back; `checkpoint`: it had just written its state.
void restart(struct story *story, bool checkpoint);

// The next alert, "queue kind vehicle site"; anything else fails the test.
void told(struct story *story, const char *what);
// Nobody was told anything (more).
void silence(struct story *story);
// So many alerts follow, which this story does not look at.
void silence_but(struct story *story, size_t alerts);
// Exclusions that Redis does not have yet.
size_t pending_exclusions(struct story *story);
const struct hs_correlator *story_correlator(const struct story *story);
// The alert last checked by told(), unpacked; borrowed until the next told().
const Hitstream__V1__Alert *last_alert(struct story *story);
// A header of it; "" when it is absent.
const char *last_header(struct story *story, const char *name);
struct hs_correlator_stats story_stats(struct story *story);
// Bytes of the state of a key, as a checkpoint writes it now.
size_t story_state_bytes(struct story *story, const char *key);

// Making logs for property tests: a packed event, appended to `out`.
void story_pack_hit(const struct story_hit *hit, struct hs_buf *out);
void story_pack_companions(const struct story_hit *hit, struct hs_buf *out);
void story_pack_controls(const char *hash, struct hs_buf *out);
// Feedback on an alert that was told.
void story_pack_say(const struct story_say *say, const Hitstream__V1__Alert *alert,
                    struct hs_buf *out);
// `entry` NULL: named like the vehicle.
void story_pack_withdrawn(const char *vehicle, const char *list, const char *entry,
                          uint64_t sequence, struct hs_buf *out);
void story_pack_camera(const char *vehicle, const char *camera, Hitstream__V1__CameraFaultKind kind,
                       struct hs_buf *out);
void story_pack_stored(const char *vehicle, const Hitstream__V1__Audience *audience,
                       const uint8_t feedback_id[HS_ID_BYTES], struct hs_buf *out);
void story_pack_took_over(struct hs_buf *out);
// The feedback id that says() makes of a text.
struct hs_id story_feedback_id(const char *text);
// The story's controls; a new reference.
struct hs_controls *story_controls(const char *queues, const char *rules);
// The same with operations.yaml and groups.yaml; NULL: without.
struct hs_controls *story_controls_of(const char *queues, const char *operations,
                                      const char *groups);
int64_t story_time_ms(const char *at);
// Midnight of another day, Unix ms, for logs that a real daemon reads.
void story_set_day(int64_t day_ms);

#endif
