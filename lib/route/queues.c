// SPDX-License-Identifier: Apache-2.0
#include "route/queues.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define UNDELIVERED_DEFAULT_MS INT64_C(60000)
#define UNDELIVERED_MIN_MS     INT64_C(1000)
#define UNDELIVERED_MAX_MS     INT64_C(86400000)
#define INTERVAL_MIN_MS        INT64_C(1000)
#define ACKNOWLEDGE_MAX_MS     INT64_C(86400000)
#define TEST_MAX_MS            INT64_C(604800000) // a week

enum { NAME_MAX_BYTES = 64, PATH_MAX_BYTES = 256 };

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
                                         "safeguarding",
                                         "partner",
                                         "disclose",
                                         "disclose_place",
                                         "disclose_times",
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
    struct hs_diags *diags;
    struct hs_bump *bump;
    struct hs_queue_row *row;
};

static void path_of(const struct hs_queue_row *row, const char *key, char ret_path[PATH_MAX_BYTES])
{
    struct hs_str name = row->queue.name;
    snprintf(ret_path, PATH_MAX_BYTES, "queues.%.*s%s%s",
             name.len < NAME_MAX_BYTES ? (int)name.len : NAME_MAX_BYTES, name.ptr,
             key[0] ? "." : "", key);
}

void hs_queues_fault(const struct hs_queue_row *row, const char *key,
                     enum hs_diag_severity severity, struct hs_diags *diags, const char *format,
                     ...)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *at = hs_yaml_get(row->node, key);
    struct hs_buf text = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&text, format, args);
    va_end(args);
    path_of(row, at ? key : "", path);
    struct hs_diag_place place = hs_yaml_place(at ? at : row->key, path);
    hs_diags_add(diags, severity, &place, "%s", hs_buf_text(&text));
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

static int by_text(const void *a, const void *b)
{
    return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

// The key's node and its path for messages; NULL when it is not written.
static const struct hs_yaml_node *take(const struct reading *reading, const char *key,
                                       char ret_path[PATH_MAX_BYTES])
{
    path_of(reading->row, key, ret_path);
    return hs_yaml_get(reading->row->node, key);
}

// Lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit: as lists are
// named.
static bool is_list_id(struct hs_str text)
{
    bool good = text.len > 0 && text.len <= NAME_MAX_BYTES && !strchr("-_.", text.ptr[0]);
    for (size_t i = 0; i < text.len && good; i++) {
        char c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-_.", c);
    }
    return good;
}

// What stands under 'lists' and 'covert_lists' must be able to be a list's id.
static void check_list_ids(const struct reading *reading, const char *key)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *node = take(reading, key, path);
    for (size_t i = 0; node && node->kind == HS_YAML_SEQUENCE && i < node->count; i++) {
        const struct hs_yaml_node *item = node->items[i].value;
        if (item->kind == HS_YAML_SCALAR && item->text.len > 0 && !hs_str_is(item->text, "*") &&
            !is_list_id(item->text)) {
            hs_yaml_fault(
                reading->diags, item, path,
                "not a list's id, allowed are up to %d lower-case letters, digits, '-', '_' "
                "and '.', beginning with a letter or digit",
                NAME_MAX_BYTES);
        }
    }
}

static void read_names(const struct reading *reading, const char *key,
                       const struct hs_str **ret_names, size_t *ret_count)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *node = take(reading, key, path);
    const struct hs_str *texts;
    size_t count;
    if (!node || !hs_yaml_to_texts(node, path, reading->diags, reading->bump, &texts, &count) ||
        count == 0) {
        return;
    }
    struct hs_str *sorted = hs_bump_alloc(reading->bump, count * sizeof(*sorted));
    if (!sorted) {
        return;
    }
    memcpy(sorted, texts, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_text);
    *ret_names = sorted;
    *ret_count = count;
}

static void read_owner(const struct reading *reading)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *node = take(reading, "owner", path);
    struct hs_queue *queue = &reading->row->queue;
    if (node && !hs_yaml_to_text(node, path, reading->diags, &queue->owner_force)) {
        return;
    }
    if (queue->owner_force.len == 0) {
        hs_queues_fault(reading->row, "owner", HS_DIAG_ERROR, reading->diags,
                        "a queue needs an owner: the force whose desk it is");
    }
}

static void read_kind(const struct reading *reading)
{
    char path[PATH_MAX_BYTES];
    size_t index;
    const struct hs_yaml_node *node = take(reading, "kind", path);
    if (!node) {
        hs_queues_fault(reading->row, "kind", HS_DIAG_ERROR, reading->diags,
                        "the key 'kind' is missing: live or intelligence");
    } else if (hs_yaml_to_choice(node, path, kind_words, reading->diags, &index)) {
        reading->row->queue.kind = (enum hs_queue_kind)index;
    }
}

// A list of words as bits in their order; false when the key is not written or refused.
static bool read_bits(const struct reading *reading, const char *key, const char *const *allowed,
                      unsigned *ret_bits)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *node = take(reading, key, path);
    const struct hs_str *words;
    size_t count;
    if (!node || !hs_yaml_to_texts(node, path, reading->diags, reading->bump, &words, &count)) {
        return false;
    }
    *ret_bits = 0;
    for (size_t i = 0; i < count; i++) {
        size_t index;
        const struct hs_yaml_node *at = node->kind == HS_YAML_SCALAR ? node : node->items[i].value;
        if (hs_yaml_to_choice(at, path, allowed, reading->diags, &index)) {
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
        hs_queues_fault(reading->row, "handling", HS_DIAG_ERROR, reading->diags,
                        "at least one of 'stop' and 'monitor' is needed");
    }
}

// What a queue outside the police, or a hub, is told of an alert.
static void read_disclosure(const struct reading *reading)
{
    char path[PATH_MAX_BYTES];
    size_t index;
    struct hs_queue *queue = &reading->row->queue;
    const struct hs_yaml_node *node = take(reading, "partner", path);
    if (node) {
        hs_yaml_to_bool(node, path, reading->diags, &queue->partner);
    }
    read_bits(reading, "safeguarding", safeguarding_words, &queue->safeguarding);
    queue->reduced = read_bits(reading, "disclose", disclose_words, &queue->disclose);
    node = take(reading, "disclose_place", path);
    if (node && hs_yaml_to_choice(node, path, place_words, reading->diags, &index)) {
        queue->disclose_place = (enum hs_disclose_place)index;
    }
    node = take(reading, "disclose_times", path);
    if (node && hs_yaml_to_choice(node, path, times_words, reading->diags, &index)) {
        queue->disclose_quarter_hours = index == 1;
    }
}

static void read_others(const struct reading *reading)
{
    char path[PATH_MAX_BYTES];
    size_t index;
    struct hs_queue *queue = &reading->row->queue;
    const struct hs_yaml_node *node = take(reading, "payload", path);
    if (node && hs_yaml_to_choice(node, path, payload_words, reading->diags, &index)) {
        queue->format = (enum hs_payload_format)index;
    }
    node = take(reading, "default", path);
    if (node) {
        hs_yaml_to_bool(node, path, reading->diags, &queue->is_default);
    }
    node = take(reading, "intelligence_queue", path);
    if (node) {
        hs_yaml_to_text(node, path, reading->diags, &queue->intelligence_queue);
    }
    queue->undelivered_after_ms = UNDELIVERED_DEFAULT_MS;
    node = take(reading, "undelivered_after_ms", path);
    if (node) {
        hs_yaml_to_number(node, path, UNDELIVERED_MIN_MS, UNDELIVERED_MAX_MS, "ms", reading->diags,
                          &queue->undelivered_after_ms);
    }
}

// A time in ms of which 0, too, has a meaning: never.
static void read_interval(const struct reading *reading, const char *key, int64_t max_ms,
                          int64_t *ret_ms)
{
    char path[PATH_MAX_BYTES];
    const struct hs_yaml_node *node = take(reading, key, path);
    if (!node || !hs_yaml_to_number(node, path, 0, max_ms, "ms", reading->diags, ret_ms)) {
        return;
    }
    if (*ret_ms > 0 && *ret_ms < INTERVAL_MIN_MS) {
        hs_yaml_fault(reading->diags, node, path, "allowed: 0 (never), or %lld to %lld ms",
                      (long long)INTERVAL_MIN_MS, (long long)max_ms);
    }
}

// The chain keeps its order: who is told first stands first.
static void read_waiting(const struct reading *reading)
{
    char path[PATH_MAX_BYTES];
    struct hs_queue *queue = &reading->row->queue;
    const struct hs_yaml_node *node = take(reading, "escalate_to", path);
    if (node) {
        hs_yaml_to_texts(node, path, reading->diags, reading->bump, &queue->escalate_to,
                         &queue->escalate_count);
    }
    read_interval(reading, "acknowledge_within_ms", ACKNOWLEDGE_MAX_MS,
                  &queue->acknowledge_within_ms);
    read_interval(reading, "test_interval_ms", TEST_MAX_MS, &queue->test_interval_ms);
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
    }
}

static void check_keys(const struct reading *reading)
{
    for (size_t i = 0; i < reading->row->node->count; i++) {
        char path[PATH_MAX_BYTES];
        char key[NAME_MAX_BYTES + 1];
        const struct hs_yaml_node *node = reading->row->node->items[i].key;
        size_t known = 0;
        while (queue_keys[known] && !hs_str_is(node->text, queue_keys[known])) {
            known++;
        }
        if (!queue_keys[known]) {
            snprintf(key, sizeof(key), "%.*s",
                     node->text.len < NAME_MAX_BYTES ? (int)node->text.len : NAME_MAX_BYTES,
                     node->text.ptr);
            path_of(reading->row, key, path);
            hs_yaml_unknown_key(reading->diags, node, path, queue_keys);
        }
    }
}

static void check_name(const struct reading *reading)
{
    struct hs_str name = reading->row->queue.name;
    bool good = name.len <= NAME_MAX_BYTES && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    if (!good) {
        hs_yaml_fault(
            reading->diags, reading->row->key, "queues",
            "a queue's name becomes the topic dispatch.<name>: allowed are up to %d lower-case "
            "letters, digits and '-', not '-' first",
            NAME_MAX_BYTES);
    }
    for (size_t i = 0; reserved_names[i]; i++) {
        if (hs_str_is(name, reserved_names[i])) {
            hs_yaml_fault(reading->diags, reading->row->key, "queues",
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
        hs_yaml_fault(reading->diags, reading->row->node, "queues",
                      "the queue's keys are expected below it: owner, kind, lists, ...");
        return;
    }
    check_keys(reading);
    read_owner(reading);
    read_kind(reading);
    read_names(reading, "lists", &queue->lists, &queue->list_count);
    check_list_ids(reading, "lists");
    check_list_ids(reading, "covert_lists");
    read_names(reading, "covert_lists", &queue->covert_lists, &queue->covert_list_count);
    read_names(reading, "forces", &queue->forces, &queue->force_count);
    read_names(reading, "areas", &queue->areas, &queue->area_count);
    read_handling(reading);
    read_others(reading);
    read_waiting(reading);
    read_disclosure(reading);
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
        read_queue(&(struct reading){.diags = diags, .bump = bump, .row = &rows[i + 1]});
    }
    qsort(rows, queues->count + 1, sizeof(*rows), by_name);
    *ret_rows = rows;
    *ret_count = queues->count + 1;
    return diags->errors == errors ? 0 : HS_EFORMAT;
}
