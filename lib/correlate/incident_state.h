// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_INCIDENT_STATE_H
#define HS_CORRELATE_INCIDENT_STATE_H
/*
 * What is remembered of one incident: its trail, the entries that were hit, what each queue was
 * told and answered, and in whose area the vehicle is.
 *
 * Plain bookkeeping without judgement; rules/ decides. Threads: one at a time. Ownership: an
 * incident owns its arrays and holds references to interned messages. Bounds: trail by the rules'
 * trail_max, the rest below.
 */

#include "correlate/intern.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/ids.h"

enum {
    HS_INCIDENT_ENTRIES_MAX = 16, // entries that were hit; the one hit first falls out
    HS_INCIDENT_TOLD_MAX =
        32, // queues; the one told longest ago is forgotten: it is told too much, not too little
    HS_TOLD_PLACES_MAX = 16, // places a queue; likewise
    HS_TOLD_RECENT_MAX = 4,  // alerts a queue that a stand-down names; the oldest leaves
    HS_GIVEN_MAX = 8,        // feedback kept for people to see; the oldest leaves
    HS_APPROACHED_MAX = 4,   // forces that were told of its coming; the oldest is forgotten
    HS_RECENT_ROW_BYTES = 1 + HS_ID_BYTES, // such an alert in a state: number and id
    HS_SHOWN_MAX = 512, // bytes of the hit as shown; images' references are left out beyond
};

// One place of the trail.
struct hs_trail_point {
    int64_t captured_at_ms;          // first read there
    int64_t last_at_ms;              // last read there before another place
    const struct hs_interned *place; // Place of its first read
    uint32_t reads;                  // hits it stands for
    uint8_t tier;                    // the weakest of them
    uint8_t lateness;                // of its first read
    bool misplaced;                  // the camera does not stand there: nothing follows from it
};

// An entry that was hit. Numbers are an incident's own: small, and free again when it falls out.
struct hs_incident_entry {
    const struct hs_interned *entry;          // WatchlistEntry as last matched
    const struct hs_interned *list;           // ListInfo as last matched
    uint8_t number;                           // 1 to HS_INCIDENT_ENTRIES_MAX
    const struct hs_interned *place;          // of the hit last told; NULL: none was told
    struct hs_str shown;                      // that hit, packed without what stands here; owned
    const struct hs_interned *last_place;     // of its last read in order of arrival
    int64_t last_at_ms;                       // and when that was made
    Hitstream__V1__WithdrawnReason withdrawn; // 0: it stands
    uint64_t withdrawn_generation;            // revision of the list that no longer has it
    uint64_t withdrawn_sequence;
    bool excluded; // a desk found that it is not this vehicle
};

// An entry at a place, as a queue was told of it.
struct hs_told_place {
    const struct hs_interned *place; // Place
    int64_t event_at_ms;             // event time of what was told
    uint8_t number;                  // of the entry
};

// An alert that stands until it is taken back.
struct hs_told_alert {
    struct hs_id id;
    uint8_t number; // of its entry
    const struct hs_interned
        *place; // on whose camera's word it was told; NULL: on no one camera's,
                // or on one that was known to be wrong
};

// What one queue was told, and what is waited for.
struct hs_told {
    char *queue;                                     // name, owned
    struct hs_id alert;                              // the last
    int64_t event_at_ms;                             // its event time
    uint32_t alerts;                                 // in this incident
    struct hs_told_place places[HS_TOLD_PLACES_MAX]; // in order of telling
    size_t place_count;
    const struct hs_interned *place;                 // where it was, as last told; or NULL
    struct hs_told_alert recent[HS_TOLD_RECENT_MAX]; // the newest last
    size_t recent_count;
    uint64_t known;       // bits: numbers of the entries it was told of
    uint8_t priority;     // as last told
    uint8_t safeguarding; // as last told
    bool resourced;       // this desk sent a unit
    bool stood_down;      // it was told to stand down; nothing new since
    bool no_resource;     // it has nobody to send
    char *token;          // its reply token, sealed once; owned, no part of the state; or NULL
    size_t token_len;
    int64_t silenced_until_ms; // no updates until then
    int64_t waiting_since_ms;  // somebody there could answer from then on; 0: nobody is waited for
    int64_t answer_due_ms;     // then its chain's next step; 0: none
    uint32_t steps;            // of its chain that were taken
};

// One feedback, for people to see and for what stands of it.
struct hs_given {
    struct hs_id feedback;
    Hitstream__V1__FeedbackKind kind;
    Hitstream__V1__FeedbackResult result;
    char *queue;    // whose desk; the three texts are one allocation, owned
    char *person;   // into the same
    char *to_queue; // into the same; "" but for a hand-over
    int64_t at_ms;
    int64_t until_ms; // as decided; 0: none
};

// In whose area the vehicle is. All zero: not known.
struct hs_border_state {
    const struct hs_interned *in;   // first place there
    const struct hs_interned *from; // last place in the area before; NULL: none
    int64_t since_ms;               // event time of `in`
    uint32_t sites;                 // seen there
    const struct hs_interned *back; // first place back in the area before, not told yet; or NULL
    int64_t back_since_ms;
    uint32_t back_sites;
    struct {
        const struct hs_interned *place; // Place with its force alone
        int64_t at_ms;                   // event time of what was told
    } approached[HS_APPROACHED_MAX];
    size_t approached_count;
};

struct hs_incident {
    struct hs_id id;
    int64_t opened_at_ms; // event time of its first hit
    int64_t last_at_ms;   // event time of its newest hit
    int64_t closed_at_ms; // a person or a list ended it then; 0: no
    uint32_t hits;
    struct hs_trail_point *trail; // in order of captured_at_ms
    size_t trail_count;
    size_t trail_capacity;
    uint32_t trail_dropped; // older places that fell out
    struct hs_told *told;   // in order of first telling
    size_t told_count;
    size_t told_capacity;
    struct hs_incident_entry *entries; // in order of first hit
    size_t entry_count;
    size_t entry_capacity;
    uint8_t priority;                // Priority as last told
    uint32_t unattended;             // places in a row that were told live and nobody answered
    struct hs_given acknowledged;    // that stands; kind 0: none
    struct hs_given *given;          // the newest last
    size_t given_count;              // HS_GIVEN_MAX at most
    const struct hs_interned *place; // the newest by event time; or NULL
    struct hs_border_state border;
};

// NULL: out of memory.
struct hs_incident *hs_incident_new(const struct hs_id *id, int64_t opened_at_ms);
void hs_incident_free(struct hs_incident *incident, struct hs_intern_pool *pool);

// Whether two places are of one site; they may be the same object.
bool hs_place_same_site(const struct hs_interned *a, const struct hs_interned *b);
// Whether two places are the same in all that they say.
bool hs_place_same(const Hitstream__V1__Place *a, const Hitstream__V1__Place *b);
const Hitstream__V1__Place *hs_place_of(const struct hs_interned *place);
// Puts `place` where another stood; takes over the reference, gives the other one back.
void hs_place_set(struct hs_intern_pool *pool, const struct hs_interned **slot,
                  const struct hs_interned *place);

// Places one hit in the trail; takes over the reference to `point->place`. *ret_dropped tells
// whether the oldest place fell out. HS_ENOMEM.
int hs_incident_place(struct hs_incident *incident, struct hs_intern_pool *pool,
                      const struct hs_trail_point *point, size_t trail_max, bool *ret_dropped);
// The camera does not stand where the trail has it, since then: nothing follows from those points any
// more. False: it has none.
bool hs_incident_misplace(struct hs_incident *incident, const char *camera, int64_t since_ms);
// Appends a place as it stood in state; takes over the reference. HS_ENOMEM.
int hs_incident_append_point(struct hs_incident *incident, const struct hs_trail_point *point);

// incident_entries.c: the entry of a list, or NULL.
struct hs_incident_entry *hs_incident_entry(const struct hs_incident *incident, const char *list_id,
                                            const char *entry_id);
// By number; NULL: none.
struct hs_incident_entry *hs_incident_entry_at(const struct hs_incident *incident, uint8_t number);
// The entry as it was matched now, made when it is missing. NULL: out of memory.
struct hs_incident_entry *hs_incident_note_entry(struct hs_incident *incident,
                                                 struct hs_intern_pool *pool,
                                                 const Hitstream__V1__WatchlistEntry *entry,
                                                 const Hitstream__V1__ListInfo *list);
// Appends an entry as it stood in state; takes over the references and texts. HS_ENOMEM, HS_EFORMAT
// for a number that is not free.
int hs_incident_append_entry(struct hs_incident *incident, const struct hs_incident_entry *entry);
void hs_incident_entry_fini(struct hs_incident_entry *entry, struct hs_intern_pool *pool);
// Whether it is still meant: neither withdrawn nor excluded.
bool hs_incident_entry_stands(const struct hs_incident_entry *entry);
const Hitstream__V1__WatchlistEntry *hs_entry_of(const struct hs_incident_entry *entry);
const Hitstream__V1__ListInfo *hs_list_of(const struct hs_incident_entry *entry);

// incident_told.c: what that queue was told, or NULL.
struct hs_told *hs_incident_told(const struct hs_incident *incident, struct hs_str queue);
// The same, made when it is missing. NULL: out of memory.
struct hs_told *hs_incident_told_add(struct hs_incident *incident, struct hs_intern_pool *pool,
                                     struct hs_str queue);
void hs_told_fini(struct hs_told *told, struct hs_intern_pool *pool);
// The telling of that entry there that is nearest to a time; false: never, or forgotten.
bool hs_told_find(const struct hs_told *told, const struct hs_interned *place, uint8_t number,
                  int64_t at_ms, int64_t *ret_event_at_ms);
// Whether the queue was told of that site for any entry.
bool hs_told_site(const struct hs_told *told, const struct hs_interned *place);
// A telling as it stood in state; takes over the reference.
void hs_told_append(struct hs_told *told, struct hs_intern_pool *pool,
                    const struct hs_told_place *row);
// Notes that it was told, in place of the last earlier telling of the same; takes over the
// reference.
void hs_told_note(struct hs_told *told, struct hs_intern_pool *pool,
                  const struct hs_told_place *row);
// Notes an alert that a stand-down would take back; takes over the reference to its place.
void hs_told_note_alert(struct hs_told *told, struct hs_intern_pool *pool,
                        const struct hs_told_alert *alert);
// Forgets the alerts told on that camera's word, and that the places were told; returns how many.
size_t hs_told_forget_camera(struct hs_told *told, struct hs_intern_pool *pool, const char *camera,
                             int64_t since_ms);
// No alert rests on that camera's word any more, whatever became of it; false: none did.
bool hs_told_settle_camera(struct hs_told *told, struct hs_intern_pool *pool, const char *camera);
// Whether that alert was told on the word of this camera, since then.
bool hs_told_by_camera(const struct hs_told *told, const struct hs_told_alert *alert,
                       const char *camera, int64_t since_ms);
// The entry of that number is no more: nothing refers to it.
void hs_incident_forget_number(struct hs_incident *incident, struct hs_intern_pool *pool,
                               uint8_t number);

// incident_given.c: appends feedback; the oldest leaves a full table. Copies the texts. HS_ENOMEM.
int hs_incident_give(struct hs_incident *incident, const struct hs_given *given);
// A copy with its own texts. HS_ENOMEM.
int hs_given_copy(const struct hs_given *given, struct hs_given *ret_copy);
void hs_given_fini(struct hs_given *given);

#endif
