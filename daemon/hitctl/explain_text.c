// SPDX-License-Identifier: Apache-2.0
#include "hitctl/explain_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/civil.h"
#include "hitctl/alert_text.h"
#include "hitctl/text_parts.h"
#include "wire/json.h"

typedef Hitstream__V1__VehicleEvent pb_event;

enum { DIFFERENCE_VALUE_MAX = 200 };

void explanation_fini(struct explanation *explanation)
{
    free(explanation->rows);
    hs_buf_fini(&explanation->difference);
    *explanation = (struct explanation){0};
}

static void cut(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void describe_hit(struct explain_event *row, const Hitstream__V1__Hit *hit)
{
    row->captured_at_ms = hit->captured_at_ms;
    row->tier = hit->tier;
    cut(row->read_id, sizeof(row->read_id), hit->read_id);
    cut(row->read_vrm, sizeof(row->read_vrm), hit->read_vrm);
    cut(row->site_id, sizeof(row->site_id), hit->place ? hit->place->site_id : "");
    cut(row->list_id, sizeof(row->list_id), hit->list ? hit->list->list_id : "");
    if (hit->list && hit->list->revision) {
        row->generation = hit->list->revision->generation;
        row->sequence = hit->list->revision->sequence;
    }
}

void explain_note_event(struct explanation *explanation, const struct hitctl_log_event *event,
                        const pb_event *unpacked, int64_t opened_at_ms)
{
    bool hit = unpacked->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    if (!explanation->rows) {
        explanation->rows = calloc(EXPLAIN_EVENTS_MAX, sizeof(*explanation->rows));
    }
    if (!explanation->rows ||
        (hit ? unpacked->hit->captured_at_ms : event->append_time_ms) < opened_at_ms) {
        return;
    }
    struct explain_event *row = &explanation->rows[explanation->events++ % EXPLAIN_EVENTS_MAX];
    *row = (struct explain_event){.offset = event->offset,
                                  .append_time_ms = event->append_time_ms,
                                  .what = hitctl_event_name(unpacked)};
    if (hit) {
        describe_hit(row, unpacked->hit);
    }
}

// A message as JSON.
static json_t *as_json(const ProtobufCMessage *message)
{
    struct hs_buf text = {0};
    hs_json_print(message, &text);
    json_t *value = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
    hs_buf_fini(&text);
    return value;
}

static void add_value(struct hs_buf *out, const char *who, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    hs_buf_printf(out, " %s %.*s", who, DIFFERENCE_VALUE_MAX, text ? text : "nothing");
    free(text);
}

void explain_difference(const Hitstream__V1__Alert *told, const Hitstream__V1__Alert *again,
                        struct hs_buf *out)
{
    json_t *left = as_json(&told->base), *right = as_json(&again->base);
    const ProtobufCMessageDescriptor *type = told->base.descriptor;
    for (unsigned i = 0; i < type->n_fields && out->len == 0; i++) {
        const char *name = NULL;
        json_t *value;
        const char *key;
        json_object_foreach(left, key, value)
        { // JSON names fields in its own way
            name = hs_json_find_field(type, key) == &type->fields[i] ? key : name;
        }
        json_object_foreach(right, key, value)
        {
            name = hs_json_find_field(type, key) == &type->fields[i] ? key : name;
        }
        const json_t *a = name ? json_object_get(left, name) : NULL;
        const json_t *b = name ? json_object_get(right, name) : NULL;
        if (a != b && !(a && b && json_equal(a, b))) {
            hs_buf_printf(out, "%s:", name);
            add_value(out, "told", a);
            hs_buf_add_char(out, ',');
            add_value(out, "now", b);
        }
    }
    json_decref(left);
    json_decref(right);
}

// ------------------------------------------------------------------ for people

static void add_event(struct hs_buf *out, const struct explain_event *row)
{
    hs_buf_printf(out, "    @%" PRId64 "  %s", row->offset, row->what);
    if (row->captured_at_ms == 0) {
        hs_buf_add_text(out, " at ");
        hitctl_text_time(out, row->append_time_ms);
        hs_buf_add_char(out, '\n');
        return;
    }
    hs_buf_add_text(out, " of ");
    hitctl_text_time(out, row->captured_at_ms);
    hs_buf_add_text(out, ", site ");
    hitctl_text_safe(out, row->site_id);
    hs_buf_add_text(out, ", read ");
    hitctl_text_safe(out, row->read_vrm);
    hs_buf_printf(
        out, " (%s, ",
        hitctl_text_enum(&hitstream__v1__match_tier__descriptor, row->tier, strlen("MATCH_TIER_")));
    hitctl_text_safe(out, row->read_id);
    hs_buf_add_text(out, "), list ");
    hitctl_text_safe(out, row->list_id);
    hs_buf_printf(out, " %" PRIu64 ".%" PRIu64 "\n", row->generation, row->sequence);
}

// In order of the log; *ret_first is the number of the oldest kept.
static const struct explain_event *event_at(const struct explanation *e, uint64_t index)
{
    return &e->rows[index % EXPLAIN_EVENTS_MAX];
}

static uint64_t first_kept(const struct explanation *e)
{
    return e->events > EXPLAIN_EVENTS_MAX ? e->events - EXPLAIN_EVENTS_MAX : 0;
}

// "incident." of "incident.quiet_ms" for the alert's rule 'incident'; general ones always.
static bool concerns(const char *key, const char *rule)
{
    size_t len = strlen(rule);
    return strncmp(key, "lateness.", strlen("lateness.")) == 0 ||
           strncmp(key, "incident.", strlen("incident.")) == 0 ||
           (len > 0 && strncmp(key, rule, len) == 0 && key[len] == '.');
}

static void add_rules(struct hs_buf *out, const struct explanation *e)
{
    const struct hs_rules *rules = hs_controls_rules(e->controls);
    hs_buf_printf(out, "rule '%s', controls %.12s (this audience's part %.12s):\n",
                  e->found->alert->rule, hs_controls_hash(e->controls),
                  e->found->alert->controls_hash);
    for (size_t i = 0; i < hs_rules_count(); i++) {
        if (concerns(hs_rules_key(i), e->found->alert->rule)) {
            hs_buf_printf(out, "    %s: ", hs_rules_key(i));
            hs_rules_value(rules, i, out);
            hs_buf_add_char(out, '\n');
        }
    }
}

static void add_verdict(struct hs_buf *out, struct explanation *e)
{
    hs_buf_printf(out,
                  "run again over " HS_KAFKA_HITS "/%" PRId32 "@%" PRId64 " to @%" PRId64
                  ", %" PRIu64 " events:",
                  e->partition, e->first_offset, e->last_offset, e->read);
    if (!e->came) {
        hs_buf_add_text(out, " the log does not lead to this alert; it reaches back to ");
        hitctl_text_time(out, e->first_at_ms);
        hs_buf_add_char(out, '\n');
    } else if (e->agrees) {
        hs_buf_add_text(out, " the same alert, byte for byte\n");
    } else {
        hs_buf_printf(out, " the alert comes, but with other bytes; %s\n",
                      e->difference.len > 0 ? hs_buf_text(&e->difference) : "every field is equal");
    }
}

static void print_text(struct explanation *e)
{
    struct hs_buf out = {0};
    hs_buf_printf(&out, "%s/%" PRId32 "@%" PRId64 ":\n", e->found->topic, e->found->partition,
                  e->found->offset);
    hitctl_alert_text(e->found->alert, &out);
    add_rules(&out, e);
    hs_buf_printf(&out, "led to by%s:\n", first_kept(e) > 0 ? ", the newest" : "");
    for (uint64_t i = first_kept(e); i < e->events; i++) {
        add_event(&out, event_at(e, i));
    }
    add_verdict(&out, e);
    fputs(hs_buf_text(&out), stdout);
    hs_buf_fini(&out);
}

// ------------------------------------------------------------------ for programs

static json_t *json_time(int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(at_ms, text);
    return json_string(text);
}

static json_t *event_json(const struct explain_event *row)
{
    json_t *value = json_pack("{s:I, s:o, s:s}", "offset", (json_int_t)row->offset, "appendedAt",
                              json_time(row->append_time_ms), "what", row->what);
    if (row->captured_at_ms > 0) {
        char revision[48];
        snprintf(revision, sizeof(revision), "%" PRIu64 ".%" PRIu64, row->generation,
                 row->sequence);
        json_object_set_new(value, "capturedAt", json_time(row->captured_at_ms));
        json_object_set_new(value, "readId", json_string(row->read_id));
        json_object_set_new(value, "readVrm", json_string(row->read_vrm));
        json_object_set_new(value, "site", json_string(row->site_id));
        json_object_set_new(value, "list", json_string(row->list_id));
        json_object_set_new(value, "listRevision", json_string(revision));
    }
    return value;
}

static json_t *rules_json(const struct hs_controls *controls)
{
    json_t *object = json_object();
    struct hs_buf text = {0};
    for (size_t i = 0; i < hs_rules_count(); i++) {
        hs_buf_clear(&text);
        hs_rules_value(hs_controls_rules(controls), i, &text);
        json_object_set_new(object, hs_rules_key(i), json_string(hs_buf_text(&text)));
    }
    hs_buf_fini(&text);
    return object;
}

static void print_json(struct explanation *e)
{
    json_t *events = json_array();
    for (uint64_t i = first_kept(e); i < e->events; i++) {
        json_array_append_new(events, event_json(event_at(e, i)));
    }
    json_t *value = json_pack(
        "{s:{s:s, s:i, s:I, s:o}, s:o, s:s, s:o, s:o, s:I, s:{s:s, s:i, s:I, s:I, s:I}, s:b, s:b, "
        "s:s}",
        "found", "topic", e->found->topic, "partition", (int)e->found->partition, "offset",
        (json_int_t)e->found->offset, "appendedAt", json_time(e->found->appended_at_ms), "alert",
        as_json(&e->found->alert->base), "controls", hs_controls_hash(e->controls), "rules",
        rules_json(e->controls), "events", events, "eventsInAll", (json_int_t)e->events, "log",
        "topic", HS_KAFKA_HITS, "partition", (int)e->partition, "from", (json_int_t)e->first_offset,
        "to", (json_int_t)e->last_offset, "read", (json_int_t)e->read, "came", (int)e->came,
        "agrees", (int)e->agrees, "difference", hs_buf_text(&e->difference));
    json_dumpf(value, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(value);
}

void explain_print(struct explanation *explanation, bool json)
{
    if (json) {
        print_json(explanation);
    } else {
        print_text(explanation);
    }
}
