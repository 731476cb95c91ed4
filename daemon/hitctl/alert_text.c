// SPDX-License-Identifier: Apache-2.0
#include "hitctl/alert_text.h"

#include <inttypes.h>

#include "hitctl/finding_text.h"
#include "hitctl/text_parts.h"

static const char *priority_text(Hitstream__V1__Priority priority)
{
    return hitctl_text_enum(&hitstream__v1__priority__descriptor, priority, strlen("PRIORITY_"));
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

static void add_markers(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    if (alert->n_warning_markers == 0) {
        return;
    }
    hs_buf_add_text(out, "[! ");
    for (size_t i = 0; i < alert->n_warning_markers; i++) {
        hs_buf_add_text(out, i > 0 ? " " : "");
        hitctl_text_safe(out, alert->warning_markers[i]);
    }
    hs_buf_add_text(out, "] ");
}

static void add_vehicle(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    hitctl_text_safe(out, alert->vehicle);
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    if (entry && (entry->make[0] || entry->model[0] || entry->colour[0])) {
        const char *const parts[] = {entry->colour, entry->make, entry->model};
        hs_buf_add_text(out, " (");
        for (size_t i = 0, shown = 0; i < 3; i++) {
            if (parts[i][0]) {
                hs_buf_add_text(out, shown++ > 0 ? " " : "");
                hitctl_text_safe(out, parts[i]);
            }
        }
        hs_buf_add_char(out, ')');
    }
}

static void add_why(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    hs_buf_add_text(out, "    why: ");
    hitctl_text_safe(out, entry && entry->reason[0] ? entry->reason : "no reason given");
    if (alert->list) {
        hs_buf_add_text(out, "; list '");
        hitctl_text_safe(out, alert->list->title[0] ? alert->list->title : alert->list->list_id);
        hs_buf_add_char(out, '\'');
        if (alert->list->revision) {
            hs_buf_printf(out, " %" PRIu64 ".%" PRIu64, alert->list->revision->generation,
                          alert->list->revision->sequence);
        }
        hs_buf_add_text(out, alert->list->owner_force[0] ? " of " : "");
        hitctl_text_safe(out, alert->list->owner_force);
        hs_buf_add_text(out, alert->covert ? ", COVERT" : "");
        if (alert->snapshot_as_of_ms > 0) {
            hs_buf_add_text(out, ", as of ");
            hitctl_text_time(out, alert->snapshot_as_of_ms);
        }
    }
    hs_buf_add_char(out, '\n');
    for (size_t i = 0; i < alert->n_evidence; i++) {
        const Hitstream__V1__Evidence *evidence = alert->evidence[i];
        hs_buf_add_text(out, "    evidence: ");
        hitctl_text_safe(out, evidence->name);
        hs_buf_printf(out, " %" PRId64 " ", evidence->value);
        hitctl_text_safe(out, evidence->unit);
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
    hitctl_text_safe(out, alert->read_vrm);
    hs_buf_printf(out, ", match %s %u permille",
                  hitctl_text_enum(&hitstream__v1__match_tier__descriptor, alert->tier,
                                   strlen("MATCH_TIER_")),
                  alert->score_permille);
    for (size_t i = 0; i < alert->n_differences; i++) {
        hs_buf_printf(out, ", at %u read ", alert->differences[i]->position + 1);
        hitctl_text_safe(out, alert->differences[i]->read);
        hs_buf_add_text(out, " listed ");
        hitctl_text_safe(out, alert->differences[i]->listed);
    }
    hs_buf_add_text(out, alert->ambiguous ? "; another entry fits as well" : "");
    hs_buf_add_text(out, alert->verify_image ? "; VERIFY IMAGE BEFORE STOP\n" : "\n");
}

// Eight digits are enough to name an alert to hitctl.
static void add_id(struct hs_buf *out, ProtobufCBinaryData id, size_t bytes)
{
    char text[33];
    size_t shown = id.len < bytes ? id.len : bytes;
    hs_hex_encode(id.data, shown, text);
    hs_buf_add_text(out, text);
}

static void add_incident(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    hs_buf_add_text(out, "    alert ");
    add_id(out, alert->alert_id, 16);
    hs_buf_add_text(out, ", incident ");
    add_id(out, alert->incident_id, 4);
    hs_buf_printf(out, ": %u hit%s since ", alert->hits, alert->hits == 1 ? "" : "s");
    hitctl_text_time(out, alert->opened_at_ms);
    if (alert->n_trail > 1) {
        hs_buf_add_text(out, "; was at");
        for (size_t i = 0; i + 1 < alert->n_trail; i++) {
            hs_buf_add_text(out, i > 0 ? ", " : " ");
            hitctl_text_safe(out, alert->trail[i]->place ? alert->trail[i]->place->site_id : "?");
        }
    }
    hs_buf_add_char(out, '\n');
}

// ---- what the alert is for ----

static const char *change_text(Hitstream__V1__Change change)
{
    switch (change) {
    case HITSTREAM__V1__CHANGE__CHANGE_PLACE:
        return "another place";
    case HITSTREAM__V1__CHANGE__CHANGE_DIRECTION:
        return "turned round";
    case HITSTREAM__V1__CHANGE__CHANGE_AREA:
        return "another area";
    case HITSTREAM__V1__CHANGE__CHANGE_FORCE:
        return "another force";
    case HITSTREAM__V1__CHANGE__CHANGE_PRIORITY:
        return "more urgent";
    case HITSTREAM__V1__CHANGE__CHANGE_SAFEGUARDING:
        return "somebody is at risk";
    case HITSTREAM__V1__CHANGE__CHANGE_ENTRY:
        return "on another list too";
    case HITSTREAM__V1__CHANGE__CHANGE_REPEAT:
        return "there again";
    default:
        return "something else";
    }
}

static void add_changes(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    for (size_t i = 0; i < alert->n_changes; i++) {
        hs_buf_add_text(out, i > 0 ? ", " : ": ");
        hs_buf_add_text(out, change_text(alert->changes[i]));
    }
}

// The end of the first line: why this alert, in a few words.
static void add_kind(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    static const char *const texts[] = {
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UNSPECIFIED] = "",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED] = "new",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED] = "now here",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED] = "NOBODY ANSWERED",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN] = "STAND DOWN",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER] = "handed over to you",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED] = "crossed the border",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING] = "heading for the border",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST] = "test",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING] = "finding",
        [HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING] = "its list floods",
    };
    size_t kind = (size_t)alert->kind;
    bool known = kind < sizeof(texts) / sizeof(texts[0]) && texts[kind];
    hs_buf_add_text(out, "  ");
    hs_buf_add_text(out, known ? texts[kind] : "of a kind that this hitctl does not know");
    add_changes(out, alert);
    hs_buf_add_char(out, '\n');
}

static const char *stand_down_text(Hitstream__V1__StandDownReason reason)
{
    switch (reason) {
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN:
        return "the entry was taken off its list";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED:
        return "the entry's weed date is past";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED:
        return "another desk sent a unit";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED:
        return "the vehicle was stopped";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE:
        return "another desk found that it is not the vehicle meant";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_FINDING_WITHDRAWN:
        return "a finding was taken back";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_HANDED_OVER:
        return "another desk has it now";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_CAMERA_WRONG:
        return "the camera that saw it has a wrong place or clock";
    default:
        return "no reason given";
    }
}

static void add_stand_down(struct hs_buf *out, const Hitstream__V1__StandDown *down)
{
    hs_buf_printf(out, "    stand down: %s", stand_down_text(down->reason));
    if (down->entry_id[0]) {
        hs_buf_add_text(out, " (entry '");
        hitctl_text_safe(out, down->entry_id);
        hs_buf_add_text(out, "' of list '");
        hitctl_text_safe(out, down->list_id);
        hs_buf_add_text(out, "')");
    }
    for (size_t i = 0; i < down->n_alert_ids; i++) {
        hs_buf_add_text(out, i > 0 ? ", " : "; takes back ");
        add_id(out, down->alert_ids[i], 4);
    }
    hs_buf_add_char(out, '\n');
}

static void add_border(struct hs_buf *out, const Hitstream__V1__Border *border)
{
    hs_buf_add_text(out, "    border: from ");
    hitctl_text_safe(out, border->from_force[0] ? border->from_force : "no force's area");
    hs_buf_add_text(out, " to ");
    hitctl_text_safe(out, border->to_force);
    hs_buf_add_text(out, border->to_area[0] ? ", " : "");
    hitctl_text_safe(out, border->to_area);
    if (border->next_site[0]) {
        hs_buf_add_text(out, "; next is site ");
        hitctl_text_safe(out, border->next_site);
    }
    if (border->expected_at_ms > 0) {
        hs_buf_add_text(out, ", about ");
        hitctl_text_time(out, border->expected_at_ms);
    }
    hs_buf_add_char(out, '\n');
}

static void add_escalation(struct hs_buf *out, const Hitstream__V1__Escalation *escalation)
{
    hs_buf_add_text(out, "    queue '");
    hitctl_text_safe(out, escalation->from_queue);
    hs_buf_add_text(out, "' was told ");
    hitctl_text_time(out, escalation->told_at_ms);
    hs_buf_printf(out, " and had %" PRId64 " s; step %u of its chain\n",
                  escalation->within_ms / 1000, escalation->step);
}

static void add_answered(struct hs_buf *out, const Hitstream__V1__Answered *answered)
{
    hs_buf_printf(out, "    answered: %s by ",
                  hitctl_text_enum(&hitstream__v1__feedback_kind__descriptor, answered->kind,
                                   strlen("FEEDBACK_KIND_")));
    hitctl_text_safe(out, answered->person[0] ? answered->person : "another desk");
    if (answered->queue[0]) {
        hs_buf_add_text(out, " at '");
        hitctl_text_safe(out, answered->queue);
        hs_buf_add_char(out, '\'');
    }
    hs_buf_add_text(out, ", ");
    hitctl_text_time(out, answered->at_ms);
    if (answered->until_ms > 0) {
        hs_buf_add_text(out, ", until ");
        hitctl_text_time(out, answered->until_ms);
    }
    hs_buf_add_char(out, '\n');
}

// What this kind of alert says besides.
static void add_news(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    if (alert->stand_down) {
        add_stand_down(out, alert->stand_down);
    }
    if (alert->escalation) {
        add_escalation(out, alert->escalation);
    }
    if (alert->border) {
        add_border(out, alert->border);
    }
    if (alert->finding) {
        hitctl_text_finding(out, alert->finding);
    }
    if (alert->forecast) {
        hitctl_text_forecast(out, alert->forecast);
    }
    if (alert->handed_over_by[0]) {
        hs_buf_add_text(out, "    from queue '");
        hitctl_text_safe(out, alert->handed_over_by);
        hs_buf_add_text(out, alert->note[0] ? "': " : "'");
        hitctl_text_safe(out, alert->note);
        hs_buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < alert->n_answered; i++) {
        add_answered(out, alert->answered[i]);
    }
    if (alert->unattended > 1) {
        hs_buf_printf(out, "    nobody answered at the last %u places\n", alert->unattended);
    }
}

static void add_test(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    hitctl_text_time(out, alert->captured_at_ms);
    hs_buf_add_text(out, "  TEST  no vehicle, nothing to do: queue '");
    hitctl_text_safe(out, alert->queue);
    hs_buf_add_text(out, "' is reached; alert ");
    add_id(out, alert->alert_id, 16);
    hs_buf_add_char(out, '\n');
}

void hitctl_alert_text(const Hitstream__V1__Alert *alert, struct hs_buf *out)
{
    if (alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM) {
        hs_buf_add_text(out, "SYSTEM ");
        hitctl_text_safe(out, alert->headline);
        hs_buf_add_text(out, "\n    ");
        hitctl_text_safe(out, alert->message);
        hs_buf_add_char(out, '\n');
        return;
    }
    if (alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST) {
        add_test(out, alert);
        return;
    }
    hitctl_text_time(out, alert->captured_at_ms);
    hs_buf_add_text(out, "  ");
    add_markers(out, alert);
    hs_buf_printf(out, "%s %s  ", priority_text(alert->priority), handling_text(alert->handling));
    add_vehicle(out, alert);
    hs_buf_add_text(out, "  ");
    hitctl_text_place(out, alert->place);
    add_kind(out, alert);
    add_news(out, alert);
    add_why(out, alert);
    add_match(out, alert);
    add_incident(out, alert);
}

// ---- in full ----

static void add_line(struct hs_buf *out, const char *name, const char *text)
{
    if (text && text[0]) {
        hs_buf_printf(out, "    %s: ", name);
        hitctl_text_safe(out, text);
        hs_buf_add_char(out, '\n');
    }
}

static void add_entry(struct hs_buf *out, const Hitstream__V1__WatchlistEntry *entry)
{
    add_line(out, "entry", entry->entry_id);
    add_line(out, "authoriser", entry->authoriser);
    add_line(out, "contact", entry->contact_24h);
    add_line(out, "authority", entry->authority_reference);
}

static void add_trail(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    for (size_t i = 0; i < alert->n_trail; i++) {
        const Hitstream__V1__TrailPoint *point = alert->trail[i];
        hs_buf_add_text(out, "    was at: ");
        hitctl_text_time(out, point->captured_at_ms);
        hs_buf_add_text(out, "  ");
        hitctl_text_place(out, point->place);
        hs_buf_printf(out, ", %u read%s%s\n", point->reads, point->reads == 1 ? "" : "s",
                      point->misplaced ? ", but its camera stands elsewhere" : "");
    }
}

void hitctl_alert_text_full(const Hitstream__V1__Alert *alert, struct hs_buf *out)
{
    hitctl_alert_text(alert, out);
    add_line(out, "headline", alert->headline);
    add_line(out, "rule", alert->rule);
    if (alert->entry) {
        add_entry(out, alert->entry);
    }
    add_trail(out, alert);
    add_line(out, "read", alert->read_id);
    add_line(out, "plate image", alert->plate_image_ref);
    add_line(out, "overview image", alert->overview_image_ref);
    add_line(out, "controls", alert->controls_hash);
    hs_buf_add_text(out, alert->reply_token.len > 0 ? "    answer: hitctl alerts ack|resource|... "
                                                    : "");
    if (alert->reply_token.len > 0) {
        hitctl_text_safe(out, alert->queue);
        hs_buf_add_char(out, ' ');
        add_id(out, alert->alert_id, 4);
        hs_buf_add_char(out, '\n');
    }
}
