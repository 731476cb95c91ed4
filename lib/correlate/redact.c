// SPDX-License-Identifier: Apache-2.0
#include "correlate/redact.h"

#include "base/clock.h"
#include "base/error.h"
#include "correlate/alert.h"

#define QUARTER_HOUR_MS (15 * HS_MS_PER_MINUTE)

// Beside the bits of HS_DISCLOSE_*: the queue is told areas.
#define AREA (1U << 30)

enum decision {
    NEVER,
    KEEP, // as it is; a message by the decisions about its own fields
    TIME, // to the quarter of an hour, if so set
};

// What becomes of a field: told when the policy has all the bits that it needs.
struct row {
    uint32_t field;
    enum decision decision;
    unsigned needs;
};

static const struct row alert_rows[] = {
    {1, KEEP, 0},                           // alert_id
    {2, KEEP, 0},                           // incident_id
    {3, KEEP, 0},                           // queue
    {4, KEEP, 0},                           // kind
    {5, NEVER, 0},                          // rule
    {6, NEVER, 0},                          // evidence
    {7, KEEP, 0},                           // cause_id
    {8, KEEP, HS_DISCLOSE_WARNING_MARKERS}, // warning_markers
    {9, KEEP, HS_DISCLOSE_HANDLING},        // handling
    {10, KEEP, HS_DISCLOSE_PRIORITY},       // priority
    {11, KEEP, 0},                          // covert
    {12, KEEP, 0},                          // verify_image
    {13, NEVER, 0},                         // headline: made anew of what is left
    {14, KEEP, HS_DISCLOSE_VEHICLE},        // vehicle
    {15, NEVER, 0},                         // read_vrm
    {16, KEEP, HS_DISCLOSE_TIER},           // tier
    {17, KEEP, HS_DISCLOSE_TIER},           // score_permille
    {18, NEVER, 0},                         // differences
    {19, KEEP, HS_DISCLOSE_TIER},           // ambiguous
    {20, NEVER, 0},                         // entry
    {21, KEEP, HS_DISCLOSE_LIST},           // list
    {22, NEVER, 0},                         // snapshot_as_of_ms
    {23, TIME, HS_DISCLOSE_TIMES},          // captured_at_ms
    {24, KEEP, HS_DISCLOSE_TIMES},          // lateness
    {25, KEEP, HS_DISCLOSE_PLACE},          // place
    {26, KEEP, HS_DISCLOSE_TRAIL},          // trail
    {27, KEEP, HS_DISCLOSE_TRAIL},          // hits
    {28, KEEP, 0},                          // controls_hash
    {29, KEEP, 0},                          // reply_token
    {30, NEVER, 0},                         // plate_image_ref
    {31, NEVER, 0},                         // overview_image_ref
    {32, NEVER, 0},                         // message
    {33, TIME, HS_DISCLOSE_TIMES},          // opened_at_ms
    {34, NEVER, 0},                         // read_id
    {35, KEEP, 0},                          // changes
    {36, KEEP, HS_DISCLOSE_ANSWERED},       // answered
    {37, KEEP, 0},                          // stand_down
    {38, KEEP, HS_DISCLOSE_PLACE},          // border
    {39, KEEP, 0},                          // escalation
    {40, NEVER, 0},                         // handed_over_by
    {41, NEVER, 0},                         // note
    {42, NEVER, 0},                         // unattended
    {43, KEEP, HS_DISCLOSE_PRIORITY},       // harm_score
    {44, KEEP, HS_DISCLOSE_SAFEGUARDING},   // safeguarding
    {45, KEEP, 0},                          // test
    {46, NEVER, 0},                         // flood: how many others the list is seen at
    {60, NEVER, 0},                         // finding: names other vehicles and cameras
    {61, KEEP, HS_DISCLOSE_PLACE},          // camera_faults
    {70, NEVER, 0},                         // forecast: the vehicle's habits, and where cameras are
    {80, KEEP, HS_DISCLOSE_OPERATIONS},     // operations
    {81, KEEP, HS_DISCLOSE_GROUP},          // group
    {82, KEEP, HS_DISCLOSE_SAFEGUARDING},   // occupants_may_be_victims
    {0},
};
static const struct row list_rows[] = {
    {1, KEEP, 0},  // list_id
    {2, NEVER, 0}, // title
    {3, KEEP, 0},  // owner_force
    {4, KEEP, 0},  // revision
    {0},
};
static const struct row revision_rows[] = {
    {1, KEEP, 0}, // generation
    {2, KEEP, 0}, // sequence
    {0},
};
static const struct row camera_fault_rows[] = {
    {1, KEEP, 0},  // kind
    {2, NEVER, 0}, // since_ms
    {3, NEVER, 0}, // found_at_ms
    {4, NEVER, 0}, // offset_ms: would tell times that are coarse
    {5, NEVER, 0}, // vehicles
    {6, NEVER, 0}, // cameras
    {7, NEVER, 0}, // reads
    {8, NEVER, 0}, // expected
    {9, NEVER, 0}, // because
    {0},
};
static const struct row place_rows[] = {
    {1, NEVER, 0},   // camera_id
    {2, NEVER, 0},   // site_id
    {3, NEVER, 0},   // road
    {4, NEVER, 0},   // direction
    {5, KEEP, 0},    // force
    {6, KEEP, AREA}, // area
    {7, NEVER, 0},   // position
    {8, NEVER, 0},   // mobile
    {9, KEEP, 0},    // camera_unknown
    {0},
};
static const struct row trail_rows[] = {
    {1, TIME, HS_DISCLOSE_TIMES}, // captured_at_ms
    {2, TIME, HS_DISCLOSE_TIMES}, // last_at_ms
    {3, KEEP, HS_DISCLOSE_PLACE}, // place
    {4, KEEP, 0},                 // reads
    {5, KEEP, HS_DISCLOSE_TIER},  // tier
    {6, KEEP, HS_DISCLOSE_TIMES}, // lateness
    {7, NEVER, 0},                // place_number: of states
    {8, KEEP, HS_DISCLOSE_PLACE}, // misplaced
    {0},
};
static const struct row answered_rows[] = {
    {1, KEEP, 0},                 // kind
    {2, NEVER, 0},                // queue
    {3, NEVER, 0},                // person
    {4, TIME, HS_DISCLOSE_TIMES}, // at_ms
    {5, TIME, HS_DISCLOSE_TIMES}, // until_ms
    {0},
};
static const struct row stand_down_rows[] = {
    {1, KEEP, 0},  // reason
    {2, KEEP, 0},  // alert_ids: its own
    {3, NEVER, 0}, // list_id
    {4, NEVER, 0}, // entry_id
    {0},
};
static const struct row border_rows[] = {
    {1, KEEP, 0},                 // from_force
    {2, KEEP, 0},                 // to_force
    {3, KEEP, AREA},              // to_area
    {4, NEVER, 0},                // next_site
    {5, TIME, HS_DISCLOSE_TIMES}, // expected_at_ms
    {0},
};
static const struct row escalation_rows[] = {
    {1, NEVER, 0},                // from_queue
    {2, KEEP, 0},                 // step
    {3, TIME, HS_DISCLOSE_TIMES}, // told_at_ms
    {4, KEEP, 0},                 // within_ms
    {0},
};
static const struct row operation_rows[] = {
    {1, KEEP, 0},  // operation_id
    {2, KEEP, 0},  // name
    {3, KEEP, 0},  // lead_force
    {4, NEVER, 0}, // authority
    {0},
};
static const struct row group_rows[] = {
    {1, KEEP, 0},  // group_id
    {2, KEEP, 0},  // name
    {3, NEVER, 0}, // lead_responsible
    {4, KEEP, 0},  // owner_force
    {5, KEEP, 0},  // district
    {6, KEEP, 0},  // four_p
    {7, NEVER, 0}, // plan_reference
    {8, KEEP, 0},  // county_line
    {9, KEEP, 0},  // hub
    {10, KEEP, 0}, // markets
    {0},
};

static const struct {
    const ProtobufCMessageDescriptor *message;
    const struct row *rows; // ends with field 0
} tables[] = {
    {&hitstream__v1__alert__descriptor, alert_rows},
    {&hitstream__v1__list_info__descriptor, list_rows},
    {&hitstream__v1__list_revision__descriptor, revision_rows},
    {&hitstream__v1__camera_fault__descriptor, camera_fault_rows},
    {&hitstream__v1__place__descriptor, place_rows},
    {&hitstream__v1__trail_point__descriptor, trail_rows},
    {&hitstream__v1__answered__descriptor, answered_rows},
    {&hitstream__v1__stand_down__descriptor, stand_down_rows},
    {&hitstream__v1__border__descriptor, border_rows},
    {&hitstream__v1__escalation__descriptor, escalation_rows},
    {&hitstream__v1__alert_operation__descriptor, operation_rows},
    {&hitstream__v1__alert_group__descriptor, group_rows},
};

static const struct row *find_row(const ProtobufCMessageDescriptor *message, uint32_t field)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (const struct row *row = tables[t].rows; tables[t].message == message && row->field > 0;
             row++) {
            if (row->field == field) {
                return row;
            }
        }
    }
    return NULL;
}

bool hs_redact_decided(const ProtobufCMessageDescriptor *message, uint32_t field, bool *ret_told)
{
    const struct row *row = find_row(message, field);
    *ret_told = row && row->decision != NEVER;
    return row != NULL;
}

// ------------------------------------------------------------------ reducing

// One reduction: what may be told, and where copies stand.
struct reduction {
    unsigned told;
    bool quarter_hours;
    struct hs_bump *bump;
};

static int reduce(const struct reduction *reduction, ProtobufCMessage *message);

static void *member(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

// The value that says nothing. Fields of the contract are proto3: no field has another default.
static void clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *at = member(message, field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *(size_t *)member(message, field->quantifier_offset) = 0;
        *(void **)at = NULL;
        return;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(const char **)at = protobuf_c_empty_string;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)at = (ProtobufCBinaryData){0, NULL};
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = NULL;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        memset(at, 0, sizeof(uint64_t));
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = 0;
        break;
    default: // 32 bits: numbers and enums
        memset(at, 0, sizeof(uint32_t));
        break;
    }
}

// A reduced copy in place of a message that others may share.
static int replace(const struct reduction *reduction, ProtobufCMessage **at)
{
    if (!*at) {
        return 0;
    }
    size_t size = (*at)->descriptor->sizeof_message;
    ProtobufCMessage *copy = hs_bump_alloc(reduction->bump, size);
    if (!copy) {
        return HS_ENOMEM;
    }
    memcpy(copy, *at, size);
    *at = copy;
    return reduce(reduction, copy);
}

static int reduce_messages(const struct reduction *reduction, ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field)
{
    ProtobufCMessage ***rows = member(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return replace(reduction, member(message, field->offset));
    }
    size_t count = *(size_t *)member(message, field->quantifier_offset);
    ProtobufCMessage **copies =
        hs_bump_alloc(reduction->bump, (count + 1) * sizeof(ProtobufCMessage *));
    if (!copies) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        copies[i] = (*rows)[i];
        if (replace(reduction, &copies[i]) != 0) {
            return HS_ENOMEM;
        }
    }
    *rows = copies;
    return 0;
}

static int reduce(const struct reduction *reduction, ProtobufCMessage *message)
{
    int rc = 0;
    message->n_unknown_fields = 0;
    for (unsigned i = 0; i < message->descriptor->n_fields && rc == 0; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const struct row *row = find_row(message->descriptor, field->id);
        if (!row || row->decision == NEVER || (row->needs & ~reduction->told)) {
            clear(message, field);
        } else if (row->decision == TIME && reduction->quarter_hours) {
            int64_t *at_ms = member(message, field->offset);
            *at_ms -= ((*at_ms % QUARTER_HOUR_MS) + QUARTER_HOUR_MS) % QUARTER_HOUR_MS;
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            rc = reduce_messages(reduction, message, field);
        }
    }
    return rc;
}

// One line of what is left.
static int say(const struct reduction *reduction, Hitstream__V1__Alert *alert)
{
    struct hs_buf text = {0};
    if (alert->test) {
        alert->headline = hs_bump_copy(reduction->bump, "TEST: no vehicle, nothing to do", 31);
        return alert->headline ? 0 : HS_ENOMEM;
    }
    if (reduction->told & HS_DISCLOSE_HANDLING) {
        hs_buf_printf(&text, "%s ", hs_handling_text(alert->handling));
    }
    hs_buf_add_text(&text, *alert->vehicle ? alert->vehicle : "a listed vehicle");
    if (alert->place && *alert->place->force) {
        hs_buf_printf(&text, " in %s%s%s", alert->place->force, *alert->place->area ? ", " : "",
                      alert->place->area);
    }
    if (reduction->told & HS_DISCLOSE_PRIORITY) {
        hs_buf_printf(&text, ", %s priority", hs_priority_text(alert->priority));
    }
    hs_buf_add_text(&text, alert->occupants_may_be_victims ? "; occupants may be victims" : "");
    hs_buf_add_text(&text, alert->verify_image ? "; verify the image" : "");
    alert->headline = hs_bump_copy(reduction->bump, hs_buf_text(&text), text.len);
    int rc = alert->headline ? hs_buf_status(&text) : HS_ENOMEM;
    hs_buf_fini(&text);
    return rc;
}

int hs_redact_alert(const struct hs_queue *queue, struct hs_bump *bump, Hitstream__V1__Alert *alert)
{
    if (!queue || !queue->reduced) {
        return 0;
    }
    const struct reduction reduction = {
        .told = queue->disclose | (queue->disclose_place == HS_DISCLOSE_AREA ? AREA : 0),
        .quarter_hours = queue->disclose_quarter_hours,
        .bump = bump,
    };
    int rc = reduce(&reduction, &alert->base);
    return rc ? rc : say(&reduction, alert);
}
