// SPDX-License-Identifier: Apache-2.0
#include "hitctl/alert_text.h"

#include <inttypes.h>

#include "base/civil.h"

// "PRIORITY_HIGH" as "HIGH": what stands behind the enum's own name.
static const char *enum_text(const ProtobufCEnumDescriptor *type, int value, size_t prefix_len)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    return row && strlen(row->name) > prefix_len ? row->name + prefix_len : "?";
}

static const char *priority_text(Hitstream__V1__Priority priority)
{
    return enum_text(&hitstream__v1__priority__descriptor, priority, strlen("PRIORITY_"));
}

static const char *handling_text(Hitstream__V1__Handling handling)
{
    switch (handling) {
    case HITSTREAM__V1__HANDLING__HANDLING_STOP:
        return "STOP";
    case HITSTREAM__V1__HANDLING__HANDLING_MONITOR:
        return "MONITOR (do not stop)";
    default:
        return "NO HANDLING GIVEN";
    }
}

// Whether a character could steer a terminal, or turn text around so that it reads as another.
static bool is_harmful(struct hs_str character)
{
    const unsigned char *c = (const unsigned char *)character.ptr;
    if (character.len < 2) {
        return *c < 0x20 || *c == 0x7f;
    }
    return (c[0] == 0xc2 && c[1] < 0xa0) ||                                  // C1 controls
           (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) || // U+202A to U+202E
           (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);   // U+2066 to U+2069
}

// Text of a list or a camera, safe for a terminal.
static void add_safe(struct hs_buf *out, const char *text)
{
    struct hs_str rest = hs_str(text);
    while (rest.len > 0) {
        size_t len = hs_str_utf8_len(rest);
        if (len == 0 || is_harmful(hs_str_n(rest.ptr, len))) {
            hs_buf_add_char(out, '?');
        } else {
            hs_buf_add(out, rest.ptr, len);
        }
        len = len > 0 ? len : 1;
        rest = hs_str_n(rest.ptr + len, rest.len - len);
    }
}

// "28 May 20:26:40", London time.
static void add_time(struct hs_buf *out, int64_t at_ms)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct hs_civil at = hs_civil_london(at_ms);
    hs_buf_printf(out, "%u %s %02u:%02u:%02u", at.day, months[at.month - 1], at.hour, at.minute,
                  at.second);
}

static void add_place(struct hs_buf *out, const Hitstream__V1__Place *place)
{
    if (!place) {
        hs_buf_add_text(out, "place not known");
        return;
    }
    if (place->road[0]) {
        add_safe(out, place->road);
        hs_buf_add_text(out, place->direction[0] ? " " : "");
        add_safe(out, place->direction);
        hs_buf_add_text(out, ", ");
    }
    hs_buf_add_text(out, "site ");
    add_safe(out, place->site_id);
    if (place->force[0]) {
        hs_buf_add_text(out, " (");
        add_safe(out, place->force);
        hs_buf_add_text(out, place->area[0] ? ", " : "");
        add_safe(out, place->area);
        hs_buf_add_char(out, ')');
    }
    if (place->camera_unknown) {
        hs_buf_add_text(out, ", camera ");
        add_safe(out, place->camera_id);
        hs_buf_add_text(out, " is not in the register");
    }
}

static void add_markers(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    if (alert->n_warning_markers == 0) {
        return;
    }
    hs_buf_add_text(out, "[! ");
    for (size_t i = 0; i < alert->n_warning_markers; i++) {
        hs_buf_add_text(out, i > 0 ? " " : "");
        add_safe(out, alert->warning_markers[i]);
    }
    hs_buf_add_text(out, "] ");
}

static void add_vehicle(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    add_safe(out, alert->vehicle);
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    if (entry && (entry->make[0] || entry->model[0] || entry->colour[0])) {
        const char *const parts[] = {entry->colour, entry->make, entry->model};
        hs_buf_add_text(out, " (");
        for (size_t i = 0, shown = 0; i < 3; i++) {
            if (parts[i][0]) {
                hs_buf_add_text(out, shown++ > 0 ? " " : "");
                add_safe(out, parts[i]);
            }
        }
        hs_buf_add_char(out, ')');
    }
}

static void add_why(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    hs_buf_add_text(out, "    why: ");
    add_safe(out, entry && entry->reason[0] ? entry->reason : "no reason given");
    if (alert->list) {
        hs_buf_add_text(out, "; list '");
        add_safe(out, alert->list->title[0] ? alert->list->title : alert->list->list_id);
        hs_buf_add_char(out, '\'');
        if (alert->list->revision) {
            hs_buf_printf(out, " %" PRIu64 ".%" PRIu64, alert->list->revision->generation,
                          alert->list->revision->sequence);
        }
        hs_buf_add_text(out, alert->list->owner_force[0] ? " of " : "");
        add_safe(out, alert->list->owner_force);
        hs_buf_add_text(out, alert->covert ? ", COVERT" : "");
        if (alert->snapshot_as_of_ms > 0) {
            hs_buf_add_text(out, ", as of ");
            add_time(out, alert->snapshot_as_of_ms);
        }
    }
    hs_buf_add_char(out, '\n');
    for (size_t i = 0; i < alert->n_evidence; i++) {
        const Hitstream__V1__Evidence *evidence = alert->evidence[i];
        hs_buf_add_text(out, "    evidence: ");
        add_safe(out, evidence->name);
        hs_buf_printf(out, " %" PRId64 " ", evidence->value);
        add_safe(out, evidence->unit);
        hs_buf_printf(out, "%s(threshold %" PRId64 ")\n", evidence->unit[0] ? " " : "",
                      evidence->threshold);
    }
}

// How the read came to match, where it is not simply the mark.
static void add_match(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    if (alert->tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT && !alert->verify_image &&
        !alert->ambiguous) {
        return;
    }
    hs_buf_add_text(out, "    read as ");
    add_safe(out, alert->read_vrm);
    hs_buf_printf(
        out, ", match %s %u permille",
        enum_text(&hitstream__v1__match_tier__descriptor, alert->tier, strlen("MATCH_TIER_")),
        alert->score_permille);
    for (size_t i = 0; i < alert->n_differences; i++) {
        hs_buf_printf(out, ", at %u read ", alert->differences[i]->position + 1);
        add_safe(out, alert->differences[i]->read);
        hs_buf_add_text(out, " listed ");
        add_safe(out, alert->differences[i]->listed);
    }
    hs_buf_add_text(out, alert->ambiguous ? "; another entry fits as well" : "");
    hs_buf_add_text(out, alert->verify_image ? "; VERIFY IMAGE BEFORE STOP\n" : "\n");
}

static void add_incident(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    char text[9];
    size_t shown = alert->incident_id.len < 4 ? alert->incident_id.len : 4;
    hs_hex_encode(alert->incident_id.data, shown, text);
    hs_buf_printf(out, "    incident %s: %u hit%s since ", text, alert->hits,
                  alert->hits == 1 ? "" : "s");
    add_time(out, alert->opened_at_ms);
    if (alert->n_trail > 1) {
        hs_buf_add_text(out, "; was at");
        for (size_t i = 0; i + 1 < alert->n_trail; i++) {
            hs_buf_add_text(out, i > 0 ? ", " : " ");
            add_safe(out, alert->trail[i]->place ? alert->trail[i]->place->site_id : "?");
        }
    }
    hs_buf_add_char(out, '\n');
}

void hitctl_alert_text(const Hitstream__V1__Alert *alert, struct hs_buf *out)
{
    if (alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM) {
        hs_buf_add_text(out, "SYSTEM ");
        add_safe(out, alert->headline);
        hs_buf_add_text(out, "\n    ");
        add_safe(out, alert->message);
        hs_buf_add_char(out, '\n');
        return;
    }
    add_time(out, alert->captured_at_ms);
    hs_buf_add_text(out, "  ");
    add_markers(out, alert);
    hs_buf_printf(out, "%s %s  ", priority_text(alert->priority), handling_text(alert->handling));
    add_vehicle(out, alert);
    hs_buf_add_text(out, "  ");
    add_place(out, alert->place);
    hs_buf_add_text(out, alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED
                             ? "  now here\n"
                             : "  new\n");
    add_why(out, alert);
    add_match(out, alert);
    add_incident(out, alert);
}
