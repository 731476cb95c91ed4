// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_INTAKE_FORM_H
#define HITSTREAMD_INTAKE_FORM_H
/*
 * What a desk sent, checked in form, its token opened, and made into the event that the log takes.
 *
 * Pure: time, key and desks come in. Threads: any. Ownership: the result owns its bytes until
 * hs_intake_event_fini(). Bounds: the limits below. What it trusts: nothing of the message but what
 * a token seals.
 */

#include "base/str.h"
#include "hitstream/v1/event.pb-c.h"
#include "route/route.h"
#include "wire/ids.h"
#include "wire/token.h"

enum {
    HS_FEEDBACK_BYTES_MAX = 65536, // a message as it came
    HS_FEEDBACK_PERSON_BYTES = 128,
    HS_FEEDBACK_NOTE_BYTES = 4000,
    HS_FEEDBACK_GROUP_TEXT_BYTES = 128, // each text of a nomination
};
#define HS_FEEDBACK_AHEAD_MS  INT64_C(300000)      // a desk's clock may be ahead by so much
#define HS_FEEDBACK_BEHIND_MS INT64_C(34560000000) // and what it says as old: 400 days
#define HS_FEEDBACK_UNTIL_MS  INT64_C(34560000000) // 'until' lies at most so far behind 'at'

// Why feedback is not taken.
enum hs_intake_fault {
    HS_INTAKE_OK,
    HS_INTAKE_TOO_LARGE,
    HS_INTAKE_MALFORMED,
    HS_INTAKE_NO_ID,
    HS_INTAKE_NO_PERSON,
    HS_INTAKE_TEXT,
    HS_INTAKE_KIND,
    HS_INTAKE_AT,
    HS_INTAKE_UNTIL,
    HS_INTAKE_OUTCOME,
    HS_INTAKE_TOKEN,
    HS_INTAKE_OTHER_QUEUE,
    HS_INTAKE_DESK,
    HS_INTAKE_NOMINATION,
    HS_INTAKE_INTELLIGENCE,
    HS_INTAKE_ROOM,
    HS_INTAKE_RATE,
    HS_INTAKE_FAULTS,
};
// "no-token": stands in header 'reason' and in metrics.
const char *hs_intake_fault_name(enum hs_intake_fault fault);
// For a person; static.
const char *hs_intake_fault_text(enum hs_intake_fault fault);

// What a message is judged by. Borrowed.
struct hs_intake_terms {
    const struct hs_token_key *token_key;
    const struct hs_routes *routes; // of the controls' head: who may be handed something
    struct hs_str queue;            // the topic's
    int64_t now_ms;                 // when it came in, by the broker's clock
};

// Feedback that may be appended; or what is said of a group, for the store.
struct hs_intake_event {
    bool of_group; // said of a group: audience and vehicle mean nothing
    struct hs_id feedback_id;
    Hitstream__V1__FeedbackKind kind;
    Hitstream__V1__AudienceKind audience;
    int64_t at_ms;
    struct hs_buf vehicle; // the key
    struct hs_buf value;   // packed VehicleEvent; of a group: packed Feedback
};
void hs_intake_event_fini(struct hs_intake_event *event);

// Whether what is said of groups stands where it belongs, and fits: intake_form_group.c.
enum hs_intake_fault hs_intake_check_group(const Hitstream__V1__Feedback *feedback);

// Judges one message: protobuf, with or without Confluent's framing, or proto3 JSON (by its
// content-type, which may be empty, or by its first byte). HS_INTAKE_OK with *ret_event filled (its
// buffers may have failed: hs_buf_status()), else what is wrong; `why` (cleared first) then says
// more, or is empty.
enum hs_intake_fault hs_intake_judge(const struct hs_intake_terms *terms,
                                     struct hs_str content_type, struct hs_str value,
                                     struct hs_intake_event *ret_event, struct hs_buf *why);

#endif
