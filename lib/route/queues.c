// SPDX-License-Identifier: Apache-2.0
#include "route/queues.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "config/rows.h"

#define UNDELIVERED_DEFAULT_MS INT64_C(60000)
#define UNDELIVERED_MIN_MS     INT64_C(1000)
#define UNDELIVERED_MAX_MS     INT64_C(86400000)
#define INTERVAL_MIN_MS        INT64_C(1000)
#define ACKNOWLEDGE_MAX_MS     INT64_C(86400000)
#define DISCLOSE_LEAST_MAX     1000
#define TEST_MAX_MS            INT64_C(604800000) // a week
#define FEEDBACK_MAX           INT64_C(60000)     // messages a minute

static const char *const queue_keys[] = {"owner",
                                         "kind",
                                         "payload",
                                         "lists",
                                         "covert_lists",
                                         "forces",
                                         "areas",
                                         "handling",
                                         "default",
                                         "intelligence_queue",
                                         "undelivered_after_ms",
                                         "acknowledge_within_ms",
                                         "escalate_to",
                                         "test_interval_ms",
                                         "feedback_per_minute",
                                         "safeguarding",
                                         "partner",
                                         "disclose",
                                         "disclose_place",
                                         "disclose_times",
                                         "disclose_least",
                                         NULL};
static const char *const kind_words[] = {"live", "intelligence", NULL}; // as enum hs_queue_kind
static const char *const payload_words[] = {"protobuf", "json", NULL};  // as enum hs_payload_format
static const char *const handling_words[] = {"stop", "monitor", NULL};  // bits in this order
static const char *const safeguarding_words[] = {"vulnerable_adult", "missing", "exploited_child",
                                                 NULL}; // bits in this order
static const char *const disclose_words[] = {
    "vehicle",      "handling", "priority",   "warning_markers",
    "safeguarding", "place",    "times",      "trail",
    "list",         "tier",     "operations", "group",
    "answered",     NULL};                                        // bits in this order
static const char *const place_words[] = {"area", "force", NULL}; // as enum hs_disclose_place
static const char *const times_words[] = {"exact", "quarter_hour", NULL};
static const char *const reserved_names[] = {HS_ROUTE_OPS_QUEUE, "unrouted", "rejected", NULL};

// One queue while it is read.
struct reading {
    struct hs_row_reader keys;
    struct hs_queue_row *row;
};

static struct hs_row row_of(const struct hs_queue_row *row)
{
    return (struct hs_row){"queues", row->queue.name, row->key, row->node};
}

void hs_queues_fault(const struct hs_queue_row *row, const char *key,
                     enum hs_diag_severity severity, struct hs_diags *diags, const char *format,
                     ...)
{
    const struct hs_row at = row_of(row);
    struct hs_buf text = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&text, format, args);
    va_end(args);
    hs_row_fault(&at, key, severity, diags, "%s", hs_buf_text(&text));
    hs_buf_fini(&text);
}

bool hs_queues_names(const struct hs_str *names, size_t count, struct hs_str name)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = hs_str_cmp(names[middle], name);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

// ------------------------------------------------------------------ one queue

// What stands under 'lists' and 'covert_lists' must be able to be a list's id.
static void check_list_ids(const struct reading *reading, const char *key)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, key, path);
    for (size_t i = 0; node && node->kind == HS_YAML_SEQUENCE && i < node->count; i++) {
        const struct hs_yaml_node *item = node->items[i].value;
        if (item->kind == HS_YAML_SCALAR && item->text.len > 0 && !hs_str_is(item->text, "*") &&
            !hs_row_is_id(item->text)) {
            hs_yaml_fault(
                reading->keys.diags, item, path,
                "not a list's id, allowed are up to %d lower-case letters, digits, '-', '_' "
                "and '.', beginning with a letter or digit",
                HS_ROW_NAME_MAX_BYTES);
        }
    }
}

static void read_owner(const struct reading *reading)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, "owner", path);
    struct hs_queue *queue = &reading->row->queue;
    if (node && !hs_yaml_to_text(node, path, reading->keys.diags, &queue->owner_force)) {
        return;
    }
    if (queue->owner_force.len == 0) {
        hs_queues_fault(reading->row, "owner", HS_DIAG_ERROR, reading->keys.diags,
                        "a queue needs an owner: the force whose desk it is");
    }
}

static void read_kind(const struct reading *reading)
{
    char path[HS_ROW_PATH_BYTES];
    size_t index;
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, "kind", path);
    if (!node) {
        hs_queues_fault(reading->row, "kind", HS_DIAG_ERROR, reading->keys.diags,
                        "the key 'kind' is missing: live or intelligence");
    } else if (hs_yaml_to_choice(node, path, kind_words, reading->keys.diags, &index)) {
        reading->row->queue.kind = (enum hs_queue_kind)index;
    }
}

// A list of words as bits in their order; false when the key is not written or refused.
static bool read_bits(const struct reading *reading, const char *key, const char *const *allowed,
                      unsigned *ret_bits)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, key, path);
    const struct hs_str *words;
    size_t count;
    if (!node ||
        !hs_yaml_to_texts(node, path, reading->keys.diags, reading->keys.bump, &words, &count)) {
        return false;
    }
    *ret_bits = 0;
    for (size_t i = 0; i < count; i++) {
        size_t index;
        const struct hs_yaml_node *at = node->kind == HS_YAML_SCALAR ? node : node->items[i].value;
        if (hs_yaml_to_choice(at, path, allowed, reading->keys.diags, &index)) {
            *ret_bits |= 1U << index;
        }
    }
    return true;
}

static void read_handling(const struct reading *reading)
{
    struct hs_queue *queue = &reading->row->queue;
    const struct hs_yaml_node *node = hs_yaml_get(reading->row->node, "handling");
    queue->handling = HS_ROUTE_HANDLING_STOP | HS_ROUTE_HANDLING_MONITOR;
    if (read_bits(reading, "handling", handling_words, &queue->handling) &&
        node->kind == HS_YAML_SEQUENCE && node->count == 0) {
        hs_queues_fault(reading->row, "handling", HS_DIAG_ERROR, reading->keys.diags,
                        "at least one of 'stop' and 'monitor' is needed");
    }
}

// What a queue outside the police, or a hub, is told of an alert.
static void read_disclosure(const struct reading *reading)
{
    size_t index;
    struct hs_queue *queue = &reading->row->queue;
    hs_row_bool(&reading->keys, "partner", &queue->partner);
    read_bits(reading, "safeguarding", safeguarding_words, &queue->safeguarding);
    queue->reduced = read_bits(reading, "disclose", disclose_words, &queue->disclose);
    if (hs_row_choice(&reading->keys, "disclose_place", place_words, &index)) {
        queue->disclose_place = (enum hs_disclose_place)index;
    }
    if (hs_row_choice(&reading->keys, "disclose_times", times_words, &index)) {
        queue->disclose_quarter_hours = index == 1;
    }
    hs_row_number(&reading->keys, "disclose_least", 1, DISCLOSE_LEAST_MAX, "things",
                  &queue->disclose_least);
}

static void read_others(const struct reading *reading)
{
    size_t index;
    struct hs_queue *queue = &reading->row->queue;
    if (hs_row_choice(&reading->keys, "payload", payload_words, &index)) {
        queue->format = (enum hs_payload_format)index;
    }
    hs_row_bool(&reading->keys, "default", &queue->is_default);
    hs_row_text(&reading->keys, "intelligence_queue", &queue->intelligence_queue);
    queue->undelivered_after_ms = UNDELIVERED_DEFAULT_MS;
    hs_row_number(&reading->keys, "undelivered_after_ms", UNDELIVERED_MIN_MS, UNDELIVERED_MAX_MS,
                  "ms", &queue->undelivered_after_ms);
}

// A time in ms of which 0, too, has a meaning: never.
static void read_interval(const struct reading *reading, const char *key, int64_t max_ms,
                          int64_t *ret_ms)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, key, path);
    if (!node || !hs_yaml_to_number(node, path, 0, max_ms, "ms", reading->keys.diags, ret_ms)) {
        return;
    }
    if (*ret_ms > 0 && *ret_ms < INTERVAL_MIN_MS) {
        hs_yaml_fault(reading->keys.diags, node, path, "allowed: 0 (never), or %lld to %lld ms",
                      (long long)INTERVAL_MIN_MS, (long long)max_ms);
    }
}

// The chain keeps its order: who is told first stands first.
static void read_waiting(const struct reading *reading)
{
    char path[HS_ROW_PATH_BYTES];
    struct hs_queue *queue = &reading->row->queue;
    const struct hs_yaml_node *node = hs_row_take(&reading->keys, "escalate_to", path);
    if (node) {
        hs_yaml_to_texts(node, path, reading->keys.diags, reading->keys.bump, &queue->escalate_to,
                         &queue->escalate_count);
    }
    read_interval(reading, "acknowledge_within_ms", ACKNOWLEDGE_MAX_MS,
                  &queue->acknowledge_within_ms);
    read_interval(reading, "test_interval_ms", TEST_MAX_MS, &queue->test_interval_ms);
}

// What comes back; who stands outside the police says less, and is trusted less.
static void read_feedback(const struct reading *reading)
{
    struct hs_queue *queue = &reading->row->queue;
    queue->feedback_per_minute =
        queue->partner ? HS_FEEDBACK_PARTNER_PER_MINUTE : HS_FEEDBACK_PER_MINUTE;
    hs_row_number(&reading->keys, "feedback_per_minute", 1, FEEDBACK_MAX, "messages",
                  &queue->feedback_per_minute);
}

static void say_bits(unsigned bits, const char *const *words, struct hs_buf *out)
{
    const char *before = "";
    for (size_t i = 0; words[i]; i++) {
        if (bits & (1U << i)) {
            hs_buf_printf(out, "%s%s", before, words[i]);
            before = ", ";
        }
    }
}

void hs_queue_say_bits(const struct hs_queue *queue, struct hs_buf *out, enum hs_queue_bits which)
{
    if (which == HS_QUEUE_SAFEGUARDING) {
        say_bits(queue->safeguarding, safeguarding_words, out);
    } else if (queue->reduced) {
        say_bits(queue->disclose, disclose_words, out);
        hs_buf_printf(out, "%splaces: %s, times: %s", queue->disclose ? "; " : "",
                      place_words[queue->disclose_place],
                      times_words[queue->disclose_quarter_hours]);
        if (queue->disclose_least > 0) {
            hs_buf_printf(out, ", counts: from %lld on", (long long)queue->disclose_least);
        }
    }
}

static void check_name(const struct reading *reading)
{
    struct hs_str name = reading->row->queue.name;
    bool good = name.len <= HS_ROW_NAME_MAX_BYTES && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    if (!good) {
        hs_yaml_fault(
            reading->keys.diags, reading->row->key, "queues",
            "a queue's name becomes the topic dispatch.<name>: allowed are up to %d lower-case "
            "letters, digits and '-', not '-' first",
            HS_ROW_NAME_MAX_BYTES);
    }
    for (size_t i = 0; reserved_names[i]; i++) {
        if (hs_str_is(name, reserved_names[i])) {
            hs_yaml_fault(reading->keys.diags, reading->row->key, "queues",
                          "this name is reserved: %s.%s is the system's own",
                          hs_str_is(name, "rejected") ? "feedback" : "dispatch", reserved_names[i]);
        }
    }
}

static void read_queue(const struct reading *reading)
{
    struct hs_queue *queue = &reading->row->queue;
    check_name(reading);
    if (reading->row->node->kind != HS_YAML_MAPPING) {
        hs_yaml_fault(reading->keys.diags, reading->row->node, "queues",
                      "the queue's keys are expected below it: owner, kind, lists, ...");
        return;
    }
    hs_row_check_keys(&reading->keys, queue_keys);
    read_owner(reading);
    read_kind(reading);
    hs_row_names(&reading->keys, "lists", &queue->lists, &queue->list_count);
    check_list_ids(reading, "lists");
    check_list_ids(reading, "covert_lists");
    hs_row_names(&reading->keys, "covert_lists", &queue->covert_lists, &queue->covert_list_count);
    hs_row_names(&reading->keys, "forces", &queue->forces, &queue->force_count);
    hs_row_names(&reading->keys, "areas", &queue->areas, &queue->area_count);
    read_handling(reading);
    read_others(reading);
    read_waiting(reading);
    read_disclosure(reading);
    read_feedback(reading);
}

// ------------------------------------------------------------------ all queues

static int by_name(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_queue_row *)a)->queue.name,
                      ((const struct hs_queue_row *)b)->queue.name);
}

static const struct hs_yaml_node *find_queues(const struct hs_yaml_node *root,
                                              struct hs_diags *diags)
{
    static const char *const known[] = {"queues", NULL};
    for (size_t i = 0; root->kind == HS_YAML_MAPPING && i < root->count; i++) {
        if (!hs_str_is(root->items[i].key->text, "queues")) {
            hs_yaml_unknown_key(diags, root->items[i].key, "", known);
        }
    }
    const struct hs_yaml_node *queues = hs_yaml_get(root, "queues");
    if (!queues) {
        hs_yaml_fault(diags, root, "",
                      "the key 'queues' is missing ('queues: {}' is a table without any)");
        return NULL;
    }
    if (queues->kind != HS_YAML_MAPPING && !hs_yaml_is_null(queues)) {
        hs_yaml_fault(diags, queues, "queues",
                      "queues are expected: a name, and its keys below it");
        return NULL;
    }
    if (queues->count > HS_ROUTE_QUEUES_MAX - 1) {
        hs_yaml_fault(diags, queues, "queues", "more than %d queues", HS_ROUTE_QUEUES_MAX - 1);
        return NULL;
    }
    return queues;
}

int hs_queues_read(const struct hs_yaml_node *root, struct hs_diags *diags, struct hs_bump *bump,
                   struct hs_queue_row **ret_rows, size_t *ret_count)
{
    size_t errors = diags->errors;
    const struct hs_yaml_node *queues = find_queues(root, diags);
    if (!queues) {
        return HS_EFORMAT;
    }
    struct hs_queue_row *rows = hs_bump_alloc(bump, (queues->count + 1) * sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    rows[0].queue = (struct hs_queue){
        .name = HS_STR(HS_ROUTE_OPS_QUEUE),
        .owner_force = HS_STR(""),
        .kind = HS_QUEUE_OPS,
        .format = HS_PAYLOAD_JSON,
        .undelivered_after_ms = UNDELIVERED_DEFAULT_MS,
    };
    for (size_t i = 0; i < queues->count; i++) {
        rows[i + 1].key = queues->items[i].key;
        rows[i + 1].node = queues->items[i].value;
        rows[i + 1].queue.name = queues->items[i].key->text;
        read_queue(
            &(struct reading){.keys = {row_of(&rows[i + 1]), diags, bump}, .row = &rows[i + 1]});
    }
    qsort(rows, queues->count + 1, sizeof(*rows), by_name);
    *ret_rows = rows;
    *ret_count = queues->count + 1;
    return diags->errors == errors ? 0 : HS_EFORMAT;
}
