// SPDX-License-Identifier: Apache-2.0
#include "hitctl/operation_text.h"

#include "base/civil.h"
#include "hitctl/rights.h"
#include "hitctl/yaml_text.h"

void operation_yaml(struct hs_buf *out, const struct hs_operation *o)
{
    yaml_row(out, o->id);
    yaml_text(out, "name", hs_str_eq(o->name, o->id) ? HS_STR("") : o->name);
    yaml_text(out, "authority", o->authority);
    yaml_text(out, "lead", o->lead_force);
    yaml_names(out, "forces", o->forces, o->force_count);
    yaml_instant(out, "from", o->from_ms);
    yaml_instant(out, "to", o->to_ms);
    yaml_names(out, "lists", o->lists, o->list_count);
    yaml_names(out, "queues", o->queues, o->queue_count);
    yaml_names(out, "covert_lists", o->covert_lists, o->covert_list_count);
    yaml_names(out, "covert_queues", o->covert_queues, o->covert_queue_count);
    yaml_names(out, "roads", o->roads, o->road_count);
    yaml_names(out, "sites", o->sites, o->site_count);
    yaml_names(out, "areas", o->areas, o->area_count);
    yaml_text(out, "priority", hs_str(hs_operation_priority_text(o->priority_floor)));
    yaml_number(out, "repeat_window_ms", o->repeat_window_ms, -1);
    yaml_number(out, "acknowledge_within_ms", o->acknowledge_within_ms, 0);
}

const char *operation_state(const struct hs_operation *operation, int64_t at_ms)
{
    return at_ms < operation->from_ms ? "coming" : at_ms < operation->to_ms ? "running" : "over";
}

// Whether the person sees one of its covert lists.
static bool sees_covert(const struct hitctl *ctl, const struct hs_operation *operation)
{
    for (size_t i = 0; i < operation->covert_list_count; i++) {
        if (hitctl_sees(ctl, operation->covert_lists[i], true)) {
            return true;
        }
    }
    return false;
}

bool operation_visible(const struct hitctl *ctl, const struct hs_operation *operation)
{
    return operation->list_count > 0 || sees_covert(ctl, operation);
}

static void join(const struct hs_str *names, size_t count, struct hs_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_printf(out, "%s%.*s", i > 0 ? ", " : "", HS_STR_ARG(names[i]));
    }
}

static void say_instant(int64_t at_ms, char ret_text[HS_CIVIL_TEXT_BYTES])
{
    if (at_ms == INT64_MAX) {
        snprintf(ret_text, HS_CIVIL_TEXT_BYTES, "open-ended");
        return;
    }
    struct hs_civil c = hs_civil_london(at_ms);
    snprintf(ret_text, HS_CIVIL_TEXT_BYTES, "%04d-%02u-%02u %02u:%02u:%02u", c.year, c.month % 100,
             c.day % 100, c.hour % 100, c.minute % 100, c.second % 100);
}

// ------------------------------------------------------------------ for a person

void operation_print_head(FILE *out)
{
    fprintf(out, "%-20s %-8s %-19s  %-19s  %-14s %s\n", "OPERATION", "STATE", "FROM", "TO", "LEAD",
            "NAME");
}

void operation_print_line(const struct hs_operation *operation, int64_t at_ms, FILE *out)
{
    char from[HS_CIVIL_TEXT_BYTES];
    char to[HS_CIVIL_TEXT_BYTES];
    say_instant(operation->from_ms, from);
    say_instant(operation->to_ms, to);
    fprintf(out, "%-20.*s %-8s %-19s  %-19s  %-14.*s %.*s\n", HS_STR_ARG(operation->id),
            operation_state(operation, at_ms), from, to, HS_STR_ARG(operation->lead_force),
            HS_STR_ARG(operation->name));
}

static void print_names(FILE *out, const char *what, const struct hs_str *names, size_t count)
{
    struct hs_buf text = {0};
    join(names, count, &text);
    if (count > 0) {
        fprintf(out, "  %-22s %s\n", what, hs_buf_text(&text));
    }
    hs_buf_fini(&text);
}

static void print_terms(FILE *out, const struct hs_operation *o)
{
    if (o->priority_floor > 0) {
        fprintf(out, "  %-22s at least %s\n", "priority",
                hs_operation_priority_text(o->priority_floor));
    }
    if (o->repeat_window_ms >= 0) {
        fprintf(out, "  %-22s %lld ms\n", "repeat window", (long long)o->repeat_window_ms);
    }
    if (o->acknowledge_within_ms > 0) {
        fprintf(out, "  %-22s %lld ms\n", "to be answered within",
                (long long)o->acknowledge_within_ms);
    }
}

void operation_print(const struct hitctl *ctl, const struct hs_operation *o, int64_t at_ms,
                     FILE *out)
{
    char from[HS_CIVIL_TEXT_BYTES];
    char to[HS_CIVIL_TEXT_BYTES];
    say_instant(o->from_ms, from);
    say_instant(o->to_ms, to);
    fprintf(out, "%.*s: %.*s%s%s\n", HS_STR_ARG(o->id), HS_STR_ARG(o->name),
            at_ms != OPERATION_NO_TIME ? ", " : "",
            at_ms != OPERATION_NO_TIME ? operation_state(o, at_ms) : "");
    fprintf(out, "  %-22s %s to %s\n", "from", from, to);
    fprintf(out, "  %-22s %.*s\n", "authority", HS_STR_ARG(o->authority));
    fprintf(out, "  %-22s %.*s\n", "lead", HS_STR_ARG(o->lead_force));
    print_names(out, "forces", o->forces, o->force_count);
    print_names(out, "lists", o->lists, o->list_count);
    print_names(out, "queues", o->queues, o->queue_count);
    if (sees_covert(ctl, o)) {
        for (size_t i = 0; i < o->covert_list_count; i++) {
            if (hitctl_sees(ctl, o->covert_lists[i], true)) {
                print_names(out, "covert list", &o->covert_lists[i], 1);
            }
        }
        print_names(out, "told of covert lists", o->covert_queues, o->covert_queue_count);
    }
    print_names(out, "roads", o->roads, o->road_count);
    print_names(out, "sites", o->sites, o->site_count);
    print_names(out, "areas", o->areas, o->area_count);
    print_terms(out, o);
}

// ------------------------------------------------------------------ JSON

static json_t *json_text(struct hs_str text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

static void set_names(json_t *object, const char *key, const struct hs_str *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_text(names[i]));
    }
    json_object_set_new(object, key, array);
}

static void set_instant(json_t *object, const char *key, int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    if (at_ms != INT64_MAX) {
        hs_civil_format(at_ms, text);
        json_object_set_new(object, key, json_string(text));
    }
}

static void set_covert(const struct hitctl *ctl, json_t *object, const struct hs_operation *o)
{
    json_t *lists = json_array();
    for (size_t i = 0; i < o->covert_list_count; i++) {
        if (hitctl_sees(ctl, o->covert_lists[i], true)) {
            json_array_append_new(lists, json_text(o->covert_lists[i]));
        }
    }
    json_object_set_new(object, "covert_lists", lists);
    set_names(object, "covert_queues", o->covert_queues, o->covert_queue_count);
}

json_t *operation_json(const struct hitctl *ctl, const struct hs_operation *o, int64_t at_ms)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_text(o->id));
    json_object_set_new(object, "name", json_text(o->name));
    json_object_set_new(object, "state", json_string(operation_state(o, at_ms)));
    json_object_set_new(object, "authority", json_text(o->authority));
    json_object_set_new(object, "lead", json_text(o->lead_force));
    set_instant(object, "from", o->from_ms);
    set_instant(object, "to", o->to_ms);
    set_names(object, "forces", o->forces, o->force_count);
    set_names(object, "lists", o->lists, o->list_count);
    set_names(object, "queues", o->queues, o->queue_count);
    if (sees_covert(ctl, o)) {
        set_covert(ctl, object, o);
    }
    set_names(object, "roads", o->roads, o->road_count);
    set_names(object, "sites", o->sites, o->site_count);
    set_names(object, "areas", o->areas, o->area_count);
    if (o->priority_floor > 0) {
        json_object_set_new(object, "priority",
                            json_string(hs_operation_priority_text(o->priority_floor)));
    }
    if (o->repeat_window_ms >= 0) {
        json_object_set_new(object, "repeat_window_ms", json_integer(o->repeat_window_ms));
    }
    if (o->acknowledge_within_ms > 0) {
        json_object_set_new(object, "acknowledge_within_ms",
                            json_integer(o->acknowledge_within_ms));
    }
    return object;
}
