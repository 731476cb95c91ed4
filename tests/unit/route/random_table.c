// SPDX-License-Identifier: Apache-2.0
#include "unit/route/random_table.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_SECOND_MS INT64_C(1767225600000) // 2026-01-01T00:00:00Z

// Knuth's MMIX generator, upper bits.
uint32_t random_below(struct random *random, uint32_t limit)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % limit);
}

static bool one_in(struct random *random, uint32_t n)
{
    return random_below(random, n) == 0;
}

static names_set random_set(struct random *random, unsigned size)
{
    return random_below(random, 1U << size) & random_below(random, 1U << size);
}

// ------------------------------------------------------------------ making a table

// Covert list c belongs to force c % FORCES.
static names_set coverts_of(unsigned force)
{
    names_set set = 0;
    for (unsigned c = 0; c < COVERT_LISTS; c++) {
        if (c % FORCES == force) {
            set |= 1U << c;
        }
    }
    return set;
}

static void random_place(struct random *random, struct plain_queue *queue)
{
    if (!one_in(random, 3)) {
        queue->forces = random_set(random, FORCES);
        queue->areas = random_set(random, AREAS);
    }
}

// Takes everything of its owner: where live queues divert to.
static void add_main_intelligence(struct random *random, struct plain_table *table, unsigned owner)
{
    struct plain_queue *queue = &table->queues[table->count++];
    *queue = (struct plain_queue){.owner = owner, .stop = true, .monitor = true, .diverts_to = -1};
    snprintf(queue->name, sizeof(queue->name), "f%u-intel", owner);
    queue->all_lists = one_in(random, 2);
    queue->lists = queue->all_lists ? 0 : random_set(random, OPEN_LISTS) | 1;
    queue->coverts = coverts_of(owner);
    queue->is_default = one_in(random, 4);
    queue->safeguarding = one_in(random, 2) ? 7 : 0;
    random_place(random, queue);
}

static void add_other(struct random *random, struct plain_table *table, unsigned owner, int main)
{
    const struct plain_queue *to = &table->queues[main];
    size_t number = table->count++;
    struct plain_queue *queue = &table->queues[number];
    *queue = (struct plain_queue){.owner = owner, .live = !one_in(random, 3), .diverts_to = -1};
    snprintf(queue->name, sizeof(queue->name), "q%zu-of-f%u", number, owner);
    bool diverts = queue->live && !one_in(random, 4);
    queue->diverts_to = diverts ? main : -1;
    queue->all_lists = (to->all_lists || !diverts) && one_in(random, 3);
    if (!queue->all_lists) {
        names_set allowed = to->all_lists || !diverts ? (1U << OPEN_LISTS) - 1 : to->lists;
        queue->lists = random_below(random, 1U << OPEN_LISTS) & allowed;
    }
    if (one_in(random, 2)) {
        queue->coverts = random_below(random, 1U << COVERT_LISTS) & coverts_of(owner);
    }
    if (one_in(random, 4)) {
        queue->safeguarding =
            to->all_lists || !diverts || to->safeguarding ? random_below(random, 8) : 0;
    }
    if (!queue->all_lists && queue->lists == 0 && queue->coverts == 0 && one_in(random, 2)) {
        queue->lists = to->all_lists ? 1 : to->lists;
    }
    queue->stop = !one_in(random, 4);
    queue->monitor = !queue->stop || !one_in(random, 4);
    random_place(random, queue);
}

static void settle_default(struct random *random, struct plain_table *table, unsigned owner,
                           size_t from)
{
    size_t number = from + random_below(random, (uint32_t)(table->count - from));
    for (size_t i = from; i < table->count; i++) {
        if (table->queues[i].owner == owner && table->queues[i].is_default) {
            return;
        }
    }
    table->queues[number].is_default = !one_in(random, 5);
}

// Whether the operation may name the queue: what it passes alerts on to must be permitted, too. So
// the intelligence queue takes part with it.
static void add_queue(const struct plain_table *table, size_t number, uint32_t *set)
{
    int to = table->queues[number].diverts_to;
    *set |= UINT32_C(1) << number;
    if (to >= 0) {
        *set |= UINT32_C(1) << to;
    }
}

static void random_covert(struct random *random, const struct plain_table *table,
                          struct plain_operation *operation)
{
    unsigned list = random_below(random, COVERT_LISTS);
    for (size_t i = 0; i < table->count; i++) { // the owner's main queue is the first of each
        if (table->queues[i].owner == list % FORCES &&
            (table->queues[i].coverts & (1U << list) || one_in(random, 3))) {
            add_queue(table, i, &operation->covert_queues);
        }
    }
    operation->coverts = 1U << list;
}

static void random_operation(struct random *random, const struct plain_table *table,
                             struct plain_operation *operation)
{
    operation->lead = random_below(random, FORCES);
    operation->forces = random_set(random, FORCES) | random_set(random, FORCES);
    operation->from = random_below(random, TIMES);
    operation->to = operation->from + 1 + random_below(random, TIMES);
    operation->lists = random_set(random, OPEN_LISTS);
    for (uint32_t i = random_below(random, 6); operation->lists != 0 && i < 6; i++) {
        add_queue(table, random_below(random, (uint32_t)table->count), &operation->queues);
    }
    if (operation->lists == 0 || one_in(random, 3)) {
        random_covert(random, table, operation);
    }
    if (one_in(random, 2)) {
        operation->roads = random_set(random, ROADS);
        operation->sites = random_set(random, SITES);
        operation->areas = random_set(random, AREAS);
    }
}

static void random_operations(struct random *random, struct plain_table *table)
{
    for (uint32_t i = random_below(random, OPERATIONS_MAX + 1); i > 0; i--) {
        size_t number = table->operation_count++;
        struct plain_operation *operation = &table->operations[number];
        snprintf(operation->name, sizeof(operation->name), "op%zu", number);
        random_operation(random, table, operation);
    }
}

void random_table(struct random *random, struct plain_table *ret_table)
{
    *ret_table = (struct plain_table){.count = 0};
    for (unsigned owner = 0; owner < FORCES; owner++) {
        size_t from = ret_table->count;
        add_main_intelligence(random, ret_table, owner);
        for (uint32_t i = random_below(random, 4); i > 0 && ret_table->count < QUEUES_MAX; i--) {
            add_other(random, ret_table, owner, (int)from);
        }
        settle_default(random, ret_table, owner, from);
    }
    random_operations(random, ret_table);
}

// ------------------------------------------------------------------ writing it

static void add_names(struct hs_buf *out, const char *key, const char *prefix, names_set set)
{
    if (set == 0) {
        return;
    }
    const char *before = "[";
    hs_buf_printf(out, "    %s: ", key);
    for (unsigned i = 0; i < 32; i++) {
        if (set & (1U << i)) {
            hs_buf_printf(out, "%s%s%u", before, prefix, i);
            before = ", ";
        }
    }
    hs_buf_add_text(out, "]\n");
}

// Whether anything but covert lists can reach it.
static bool is_open(const struct plain_table *table, const struct plain_queue *queue)
{
    size_t number = (size_t)(queue - table->queues);
    bool named = false;
    for (size_t i = 0; i < table->operation_count; i++) {
        named = named || (table->operations[i].queues >> number & 1);
    }
    return queue->all_lists || queue->lists != 0 || queue->safeguarding != 0 || named;
}

static void add_levels(struct hs_buf *out, unsigned levels)
{
    static const char *const words[] = {"vulnerable_adult", "missing", "exploited_child"};
    hs_buf_add_text(out, "    safeguarding: [");
    for (unsigned i = 0; i < 3; i++) {
        if (levels & (1U << i)) {
            hs_buf_printf(out, "%s%s", levels & ((1U << i) - 1) ? ", " : "", words[i]);
        }
    }
    hs_buf_add_text(out, "]\n");
}

static void queue_to_yaml(const struct plain_table *table, const struct plain_queue *queue,
                          bool without_covert, struct hs_buf *out)
{
    bool open = is_open(table, queue);
    if (without_covert && !open) {
        return;
    }
    hs_buf_printf(out, "  %s:\n    owner: f%u\n    kind: %s\n", queue->name, queue->owner,
                  queue->live ? "live" : "intelligence");
    if (queue->all_lists) {
        hs_buf_add_text(out, "    lists: [\"*\"]\n");
    }
    add_names(out, "lists", "open", queue->lists);
    if (!queue->all_lists && queue->lists == 0) {
        hs_buf_add_text(out, "    lists: []\n");
    }
    if (queue->safeguarding) {
        add_levels(out, queue->safeguarding);
    }
    if (!without_covert) {
        add_names(out, "covert_lists", "covert", queue->coverts);
    }
    add_names(out, "forces", "f", queue->forces);
    add_names(out, "areas", "area", queue->areas);
    hs_buf_printf(out, "    handling: [%s%s%s]\n", queue->stop ? "stop" : "",
                  queue->stop && queue->monitor ? ", " : "", queue->monitor ? "monitor" : "");
    hs_buf_printf(out, "    default: %s\n", queue->is_default ? "true" : "false");
    if (queue->diverts_to >= 0) {
        hs_buf_printf(out, "    intelligence_queue: %s\n", table->queues[queue->diverts_to].name);
    }
}

void table_to_yaml(const struct plain_table *table, bool without_covert, struct hs_buf *out)
{
    hs_buf_add_text(out, "queues:\n");
    for (size_t i = 0; i < table->count; i++) {
        queue_to_yaml(table, &table->queues[i], without_covert, out);
    }
}

static void add_queue_names(struct hs_buf *out, const struct plain_table *table, const char *key,
                            uint32_t set)
{
    const char *before = "[";
    hs_buf_printf(out, "    %s: ", key);
    for (size_t i = 0; i < table->count; i++) {
        if (set >> i & 1) {
            hs_buf_printf(out, "%s%s", before, table->queues[i].name);
            before = ", ";
        }
    }
    hs_buf_add_text(out, "]\n");
}

static void operation_to_yaml(const struct plain_table *table, const struct plain_operation *o,
                              bool without_covert, struct hs_buf *out)
{
    hs_buf_printf(out, "  %s:\n    authority: x\n    lead: f%u\n", o->name, o->lead);
    hs_buf_printf(out, "    from: 2026-01-01T00:00:%02uZ\n", o->from);
    if (o->to < TIMES) {
        hs_buf_printf(out, "    to: 2026-01-01T00:00:%02uZ\n", o->to);
    }
    add_names(out, "forces", "f", o->forces);
    add_names(out, "roads", "road", o->roads);
    add_names(out, "sites", "site", o->sites);
    add_names(out, "areas", "area", o->areas);
    if (o->lists != 0) {
        add_names(out, "lists", "open", o->lists);
        add_queue_names(out, table, "queues", o->queues);
    }
    if (!without_covert && o->coverts != 0) {
        add_names(out, "covert_lists", "covert", o->coverts);
        add_queue_names(out, table, "covert_queues", o->covert_queues);
    }
}

void operations_to_yaml(const struct plain_table *table, bool without_covert, struct hs_buf *out)
{
    hs_buf_add_text(out, "operations:\n");
    for (size_t i = 0; i < table->operation_count; i++) {
        if (!without_covert || table->operations[i].lists != 0) {
            operation_to_yaml(table, &table->operations[i], without_covert, out);
        }
    }
}

// ------------------------------------------------------------------ asking

void random_question(struct random *random, struct plain_question *ret_question)
{
    *ret_question = (struct plain_question){
        .covert = one_in(random, 4),
        .owner = random_below(random, FORCES + 1),
        .stop = one_in(random, 2),
        .force = random_below(random, FORCES + 1),
        .area = random_below(random, AREAS + 1),
        .road = random_below(random, ROADS + 1),
        .site = random_below(random, SITES + 1),
        .second = random_below(random, TIMES + 1),
        .level = one_in(random, 3) ? 1 + random_below(random, 3) : 0,
        .camera_unknown = one_in(random, 6),
        .stale = one_in(random, 4),
    };
    ret_question->list =
        random_below(random, (ret_question->covert ? COVERT_LISTS : OPEN_LISTS) + 1);
    if (ret_question->covert && one_in(random, 2)) { // mostly the right owner
        ret_question->owner = ret_question->list % FORCES;
    }
    if (ret_question->camera_unknown) {
        ret_question->force = FORCES;
        ret_question->area = AREAS;
    }
}

struct hs_route_query question_to_query(const struct plain_question *question, char storage[6][32])
{
    snprintf(storage[0], 32, "%s%u", question->covert ? "covert" : "open", question->list);
    snprintf(storage[1], 32, "f%u", question->owner);
    snprintf(storage[2], 32, "f%u", question->force);
    snprintf(storage[3], 32, "area%u", question->area);
    snprintf(storage[4], 32, "road%u", question->road);
    snprintf(storage[5], 32, "site%u", question->site);
    return (struct hs_route_query){
        .list_id = hs_str(storage[0]),
        .list_owner = hs_str(storage[1]),
        .covert = question->covert,
        .handling = question->stop ? HS_ROUTE_HANDLING_STOP : HS_ROUTE_HANDLING_MONITOR,
        .force = question->force < FORCES ? hs_str(storage[2]) : HS_STR(""),
        .area = question->area < AREAS ? hs_str(storage[3]) : HS_STR(""),
        .road = question->road < ROADS ? hs_str(storage[4]) : HS_STR(""),
        .site = question->site < SITES ? hs_str(storage[5]) : HS_STR(""),
        .at_ms = FIRST_SECOND_MS + question->second * INT64_C(1000),
        .safeguarding = question->level > 0 ? 1U << (question->level - 1) : 0,
        .camera_unknown = question->camera_unknown,
        .stale = question->stale,
    };
}

// ------------------------------------------------------------------ the slow router

static bool has(names_set set, unsigned number)
{
    return number < 32 && (set & (1U << number)) != 0;
}

// 'While it runs its routes are added; when it ends they are gone, to the second of event time.'
static bool runs(const struct plain_operation *o, const struct plain_question *q)
{
    return q->second >= o->from && (q->second < o->to || o->to >= TIMES);
}

// 'Forces taking part, roads/sites/areas': where an operation is.
static bool covers(const struct plain_operation *o, const struct plain_question *q)
{
    if (q->camera_unknown || q->force >= FORCES) {
        return false;
    }
    if (o->lead != q->force && !has(o->forces, q->force)) {
        return false;
    }
    if (o->roads == 0 && o->sites == 0 && o->areas == 0) {
        return true;
    }
    return (q->road < ROADS && has(o->roads, q->road)) ||
           (q->site < SITES && has(o->sites, q->site)) ||
           (q->area < AREAS && has(o->areas, q->area));
}

// Whether some operation tells the queue of the list.
static bool in_operation(const struct plain_table *table, size_t queue,
                         const struct plain_question *q)
{
    for (size_t i = 0; i < table->operation_count; i++) {
        const struct plain_operation *o = &table->operations[i];
        bool list = q->covert ? has(o->coverts, q->list) && q->list < COVERT_LISTS
                              : has(o->lists, q->list) && q->list < OPEN_LISTS;
        uint32_t queues = q->covert ? o->covert_queues : o->queues;
        if (list && (queues >> queue & 1) && runs(o, q) && covers(o, q)) {
            return true;
        }
    }
    return false;
}

// 'Safeguarding goes to the safeguarding hub's queue as well.'
static bool is_hub(const struct plain_queue *queue, const struct plain_question *q)
{
    return !q->covert && q->level > 0 && has(queue->safeguarding, q->level - 1);
}

// 'Where an alert may go': what the queue may receive at all.
static bool may_receive(const struct plain_table *table, size_t number,
                        const struct plain_question *q)
{
    const struct plain_queue *queue = &table->queues[number];
    if (q->stop ? !queue->stop : !queue->monitor) {
        return false;
    }
    bool added = in_operation(table, number, q);
    if (q->covert) { // 'covert never reaches another's queue'
        return (has(queue->coverts, q->list) || added) && queue->owner == q->owner;
    }
    return queue->all_lists || has(queue->lists, q->list) || added || is_hub(queue, q);
}

// Whether the place is the queue's business.
static bool cares(const struct plain_queue *queue, const struct plain_question *q)
{
    bool everywhere = queue->forces == 0 && queue->areas == 0;
    if (q->covert) {
        return true;
    }
    if (q->camera_unknown) { // 'goes to the list owner's default queue', and hubs
        return (queue->is_default && queue->owner == q->owner) ||
               (is_hub(queue, q) && (everywhere || queue->owner == q->owner));
    }
    return everywhere || (q->force < FORCES && has(queue->forces, q->force)) ||
           (q->area < AREAS && has(queue->areas, q->area));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void reference_route(const struct plain_table *table, const struct plain_question *question,
                     struct hs_buf *out)
{
    const char *told[2 * QUEUES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct plain_queue *queue = &table->queues[i];
        if (!may_receive(table, i, question) || !cares(queue, question)) {
            continue;
        }
        if (!question->stale || !queue->live) {
            told[count++] = queue->name;
        } else if (queue->diverts_to >=
                   0) { // 'stale hits go to intelligence queues, never to a live one'
            told[count++] = table->queues[queue->diverts_to].name;
        }
    }
    qsort(told, count, sizeof(*told), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(told[i - 1], told[i]) != 0) { // once each
            hs_buf_printf(out, "%s,", told[i]);
        }
    }
}
