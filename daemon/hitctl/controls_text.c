// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_text.h"

#include <stdio.h>

#include "controls/diff.h"

static const char change_marks[] = {'+', '-', '~'}; // as enum hs_controls_change
static const char *const change_words[] = {"added", "removed", "changed"};
static const char *const kind_words[] = {"live", "intelligence", "ops"};

// ------------------------------------------------------------------ differences

// Where rows go, and how many may.
struct printing {
    FILE *out;
    size_t max; // 0: all
    size_t rows;
};

static void print_difference(void *ctx, const struct hs_controls_difference *difference)
{
    struct printing *printing = ctx;
    FILE *out = printing->out;
    if (printing->rows++ >= printing->max && printing->max > 0) {
        return;
    }
    fprintf(out, "%c %s %.*s", change_marks[difference->change], difference->what,
            HS_STR_ARG(difference->name));
    if (difference->change == HS_CONTROLS_CHANGED) {
        fprintf(out, "%s%s: '%.*s' -> '%.*s'\n", difference->field[0] ? " " : "", difference->field,
                HS_STR_ARG(difference->before), HS_STR_ARG(difference->after));
    } else {
        struct hs_str text =
            difference->change == HS_CONTROLS_ADDED ? difference->after : difference->before;
        fprintf(out, ": %.*s\n", HS_STR_ARG(text));
    }
}

int64_t controls_print_diff(const struct hs_controls *before, const struct hs_controls *after,
                            size_t max, FILE *out)
{
    struct printing printing = {.out = out, .max = max};
    int64_t count = hs_controls_diff(before, after, print_difference, &printing);
    if (max > 0 && printing.rows > max) {
        fprintf(out, "... and %zu more: hitctl controls diff shows all\n", printing.rows - max);
    }
    return count;
}

static json_t *json_text(struct hs_str text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

static void add_difference(void *ctx, const struct hs_controls_difference *difference)
{
    json_t *row = json_object();
    json_object_set_new(row, "change", json_string(change_words[difference->change]));
    json_object_set_new(row, "what", json_string(difference->what));
    json_object_set_new(row, "name", json_text(difference->name));
    if (difference->field[0]) {
        json_object_set_new(row, "field", json_string(difference->field));
    }
    if (difference->change != HS_CONTROLS_ADDED) {
        json_object_set_new(row, "before", json_text(difference->before));
    }
    if (difference->change != HS_CONTROLS_REMOVED) {
        json_object_set_new(row, "after", json_text(difference->after));
    }
    json_array_append_new(ctx, row);
}

json_t *controls_json_diff(const struct hs_controls *before, const struct hs_controls *after)
{
    json_t *rows = json_array();
    hs_controls_diff(before, after, add_difference, rows);
    return rows;
}

// ------------------------------------------------------------------ the whole

void controls_print_counts(const struct hs_controls *controls, FILE *out)
{
    fprintf(out, "%zu cameras, %zu queues", hs_cameras_count(hs_controls_cameras(controls)),
            hs_routes_queue_count(hs_controls_routes(controls)) - 1); // without 'ops'
    if (hs_roads_count(hs_controls_roads(controls)) > 0) {
        fprintf(out, ", %zu links of the road table", hs_roads_count(hs_controls_roads(controls)));
    }
    size_t operations = hs_routes_operation_count(hs_controls_routes(controls));
    if (operations > 0) {
        fprintf(out, ", %zu operations", operations);
    }
}

static void join(const struct hs_str *names, size_t count, struct hs_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_printf(out, "%s%.*s", i > 0 ? "," : "", HS_STR_ARG(names[i]));
    }
}

static void print_queue(const struct hs_queue *queue, FILE *out)
{
    struct hs_buf lists = {0};
    struct hs_buf places = {0};
    join(queue->lists, queue->list_count, &lists);
    if (queue->covert_list_count > 0) {
        hs_buf_printf(&lists, "%scovert:", queue->list_count > 0 ? " " : "");
        join(queue->covert_lists, queue->covert_list_count, &lists);
    }
    join(queue->forces, queue->force_count, &places);
    if (queue->area_count > 0) {
        hs_buf_add_text(&places, queue->force_count > 0 ? " " : "");
        join(queue->areas, queue->area_count, &places);
    }
    fprintf(out, "%-28.*s %-14.*s %-12s %-20s %s%s\n", HS_STR_ARG(queue->name),
            HS_STR_ARG(queue->owner_force), kind_words[queue->kind], hs_buf_text(&lists),
            places.len > 0 ? hs_buf_text(&places) : "everywhere",
            queue->is_default ? ", default" : "");
    hs_buf_fini(&lists);
    hs_buf_fini(&places);
}

void controls_print(const struct hs_controls *controls, FILE *out)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    fprintf(out, "%-28s %-14s %-12s %-20s %s\n", "QUEUE", "OWNER", "KIND", "LISTS", "PLACES");
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind != HS_QUEUE_OPS) {
            print_queue(queue, out);
        }
    }
    fputs("\nRULE\n", out);
    for (size_t i = 0; i < hs_rules_count(); i++) {
        struct hs_buf value = {0};
        hs_rules_value(hs_controls_rules(controls), i, &value);
        fprintf(out, "%-32s %s\n", hs_rules_key(i), hs_buf_text(&value));
        hs_buf_fini(&value);
    }
}

static json_t *json_names(const struct hs_str *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_text(names[i]));
    }
    return array;
}

static json_t *json_queue(const struct hs_queue *queue)
{
    json_t *row = json_object();
    json_object_set_new(row, "name", json_text(queue->name));
    json_object_set_new(row, "owner", json_text(queue->owner_force));
    json_object_set_new(row, "kind", json_string(kind_words[queue->kind]));
    json_object_set_new(row, "payload",
                        json_string(queue->format == HS_PAYLOAD_JSON ? "json" : "protobuf"));
    json_object_set_new(row, "lists", json_names(queue->lists, queue->list_count));
    json_object_set_new(row, "covert_lists",
                        json_names(queue->covert_lists, queue->covert_list_count));
    json_object_set_new(row, "forces", json_names(queue->forces, queue->force_count));
    json_object_set_new(row, "areas", json_names(queue->areas, queue->area_count));
    json_object_set_new(row, "stop", json_boolean(queue->handling & HS_ROUTE_HANDLING_STOP));
    json_object_set_new(row, "monitor", json_boolean(queue->handling & HS_ROUTE_HANDLING_MONITOR));
    json_object_set_new(row, "default", json_boolean(queue->is_default));
    json_object_set_new(row, "intelligence_queue", json_text(queue->intelligence_queue));
    json_object_set_new(row, "undelivered_after_ms", json_integer(queue->undelivered_after_ms));
    json_object_set_new(row, "acknowledge_within_ms", json_integer(queue->acknowledge_within_ms));
    json_object_set_new(row, "escalate_to", json_names(queue->escalate_to, queue->escalate_count));
    json_object_set_new(row, "test_interval_ms", json_integer(queue->test_interval_ms));
    json_object_set_new(row, "feedback_per_minute", json_integer(queue->feedback_per_minute));
    return row;
}

json_t *controls_json(const struct hs_controls *controls)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    json_t *queues = json_array();
    json_t *rules = json_object();
    json_t *whole = json_object();
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind != HS_QUEUE_OPS) {
            json_array_append_new(queues, json_queue(queue));
        }
    }
    for (size_t i = 0; i < hs_rules_count(); i++) {
        struct hs_buf value = {0};
        int64_t number;
        hs_rules_value(hs_controls_rules(controls), i, &value);
        bool is_number = hs_str_to_i64(hs_buf_str(&value), &number) == 0;
        json_object_set_new(rules, hs_rules_key(i),
                            is_number ? json_integer(number) : json_string(hs_buf_text(&value)));
        hs_buf_fini(&value);
    }
    json_object_set_new(whole, "cameras",
                        json_integer((json_int_t)hs_cameras_count(hs_controls_cameras(controls))));
    json_object_set_new(whole, "queues", queues);
    json_object_set_new(whole, "links",
                        json_integer((json_int_t)hs_roads_count(hs_controls_roads(controls))));
    json_object_set_new(whole, "rules", rules);
    return whole;
}

int controls_print_json(json_t *value)
{
    int rc = json_dumpf(value, stdout, JSON_SORT_KEYS);
    putchar('\n');
    json_decref(value);
    return rc == 0 ? HITCTL_OK : HITCTL_FAILED;
}
