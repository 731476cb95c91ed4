// SPDX-License-Identifier: Apache-2.0
#include "hitctl/alert_text.h"

#include <inttypes.h>

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

static void add_incident(struct hs_buf *out, const Hitstream__V1__Alert *alert)
{
    char text[9];
    size_t shown = alert->incident_id.len < 4 ? alert->incident_id.len : 4;
    hs_hex_encode(alert->incident_id.data, shown, text);
    hs_buf_printf(out, "    incident %s: %u hit%s since ", text, alert->hits,
                  alert->hits == 1 ? "" : "s");
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
    hitctl_text_time(out, alert->captured_at_ms);
    hs_buf_add_text(out, "  ");
    add_markers(out, alert);
    hs_buf_printf(out, "%s %s  ", priority_text(alert->priority), handling_text(alert->handling));
    add_vehicle(out, alert);
    hs_buf_add_text(out, "  ");
    hitctl_text_place(out, alert->place);
    hs_buf_add_text(out, alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED
                             ? "  now here\n"
                             : "  new\n");
    add_why(out, alert);
    add_match(out, alert);
    add_incident(out, alert);
}
