// SPDX-License-Identifier: Apache-2.0
//
// Making the sets of the table.
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "route/table.h"

static uint64_t *new_set(struct hs_routes *routes, size_t words)
{
    return hs_bump_alloc(&routes->bump, words * sizeof(uint64_t));
}

// The slot of a word, or the free one where it belongs.
static struct hs_word *slot(const struct hs_routes *routes, enum hs_word_kind kind,
                            struct hs_str text)
{
    size_t at = hs_hash_bytes(text.ptr, text.len, kind) & routes->mask;
    while (routes->table[at].queues &&
           !(routes->table[at].kind == kind && hs_str_eq(routes->table[at].text, text))) {
        at = (at + 1) & routes->mask;
    }
    return &routes->table[at];
}

const struct hs_word *hs_routes_word(const struct hs_routes *routes, enum hs_word_kind kind,
                                     struct hs_str text)
{
    const struct hs_word *word = text.len > 0 ? slot(routes, kind, text) : NULL;
    return word && word->queues ? word : NULL;
}

static struct hs_word *add_word(struct hs_routes *routes, enum hs_word_kind kind,
                                struct hs_str text)
{
    struct hs_word *word = slot(routes, kind, text);
    if (!word->queues) {
        uint64_t *sets = new_set(routes, routes->words + routes->run_words);
        if (!sets) {
            return NULL;
        }
        *word = (struct hs_word){text, kind, sets, sets + routes->words};
    }
    return word;
}

// Each of the texts admits the queue.
static int admit_queue(struct hs_routes *routes, enum hs_word_kind kind, const struct hs_str *texts,
                       size_t count, size_t queue)
{
    for (size_t i = 0; i < count; i++) {
        struct hs_word *word = add_word(routes, kind, texts[i]);
        if (!word) {
            return HS_ENOMEM;
        }
        hs_routes_set_add(word->queues, queue);
    }
    return 0;
}

static int admit_operation(struct hs_routes *routes, enum hs_word_kind kind,
                           const struct hs_str *texts, size_t count, size_t operation)
{
    for (size_t i = 0; i < count; i++) {
        struct hs_word *word = add_word(routes, kind, texts[i]);
        if (!word) {
            return HS_ENOMEM;
        }
        hs_routes_set_add(word->operations, operation);
    }
    return 0;
}

// ------------------------------------------------------------------ queues

static void mark_queue(struct hs_routes *routes, size_t number)
{
    const struct hs_queue *queue = &routes->queues[number];
    if (queue->kind == HS_QUEUE_LIVE) {
        hs_routes_set_add(routes->live, number);
    }
    if (queue->is_default) {
        hs_routes_set_add(routes->defaults, number);
    }
    if (queue->force_count == 0 && queue->area_count == 0) {
        hs_routes_set_add(routes->everywhere, number);
    }
    if (hs_queues_names(queue->lists, queue->list_count, HS_STR("*"))) {
        hs_routes_set_add(routes->all_lists, number);
    }
    for (size_t bit = 0; bit < HS_ROUTE_SAFEGUARDING_LEVELS; bit++) {
        if (queue->safeguarding & (1U << bit)) {
            hs_routes_set_add(routes->safeguarding[bit], number);
        }
    }
    for (size_t bit = 0; bit < 2; bit++) {
        if (queue->handling & (1U << bit)) {
            hs_routes_set_add(routes->handling[bit], number);
        }
    }
}

static int compile_queue(struct hs_routes *routes, size_t number)
{
    const struct hs_queue *q = &routes->queues[number];
    size_t to = hs_routes_number(routes, q->intelligence_queue);
    routes->diverted_to[number] =
        q->kind == HS_QUEUE_LIVE && to < routes->count ? (uint16_t)to : UINT16_MAX;
    if (q->kind == HS_QUEUE_OPS) {
        return 0;
    }
    mark_queue(routes, number);
    const struct {
        enum hs_word_kind kind;
        const struct hs_str *texts;
        size_t count;
    } words[] = {
        {HS_WORD_OWNER, &q->owner_force, 1},
        {HS_WORD_LIST, q->lists, q->list_count},
        {HS_WORD_COVERT_LIST, q->covert_lists, q->covert_list_count},
        {HS_WORD_FORCE, q->forces, q->force_count},
        {HS_WORD_AREA, q->areas, q->area_count},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && rc == 0; i++) {
        rc = admit_queue(routes, words[i].kind, words[i].texts, words[i].count, number);
    }
    return rc;
}

// ------------------------------------------------------------------ operations

static uint64_t *set_of_queues(struct hs_routes *routes, const struct hs_str *names, size_t count)
{
    uint64_t *set = new_set(routes, routes->words);
    for (size_t i = 0; set && i < count; i++) {
        size_t number = hs_routes_number(routes, names[i]);
        if (number < routes->count) {
            hs_routes_set_add(set, number);
        }
    }
    return set;
}

static int compile_operation(struct hs_routes *routes, size_t number)
{
    const struct hs_operation *o = &routes->operation_rows[number].operation;
    const struct {
        enum hs_word_kind kind;
        const struct hs_str *texts;
        size_t count;
    } words[] = {
        {HS_WORD_LIST, o->lists, o->list_count},
        {HS_WORD_COVERT_LIST, o->covert_lists, o->covert_list_count},
        {HS_WORD_FORCE, &o->lead_force, 1},
        {HS_WORD_FORCE, o->forces, o->force_count},
        {HS_WORD_ROAD, o->roads, o->road_count},
        {HS_WORD_SITE, o->sites, o->site_count},
        {HS_WORD_AREA, o->areas, o->area_count},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && rc == 0; i++) {
        rc = admit_operation(routes, words[i].kind, words[i].texts, words[i].count, number);
    }
    if (o->road_count + o->site_count + o->area_count == 0) {
        hs_routes_set_add(routes->unbounded, number);
    }
    routes->told[number] = set_of_queues(routes, o->queues, o->queue_count);
    routes->covert[number] = set_of_queues(routes, o->covert_queues, o->covert_queue_count);
    return rc ? rc : routes->told[number] && routes->covert[number] ? 0 : HS_ENOMEM;
}

static int by_time(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t two = *(const int64_t *)b;
    return one < two ? -1 : one > two;
}

// Which operations run between one beginning or end and the next.
static int compile_times(struct hs_routes *routes)
{
    size_t count = 0;
    routes->times_ms =
        hs_bump_alloc(&routes->bump, (2 * routes->operation_count + 1) * sizeof(int64_t));
    routes->running = new_set(routes, (2 * routes->operation_count + 1) * routes->run_words);
    if (!routes->times_ms || !routes->running) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < routes->operation_count; i++) {
        routes->times_ms[count++] = routes->operation_rows[i].operation.from_ms;
        routes->times_ms[count++] = routes->operation_rows[i].operation.to_ms;
    }
    qsort(routes->times_ms, count, sizeof(int64_t), by_time);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || routes->times_ms[i] != routes->times_ms[routes->time_count - 1]) {
            routes->times_ms[routes->time_count++] = routes->times_ms[i];
        }
    }
    for (size_t t = 0; t < routes->time_count; t++) {
        for (size_t i = 0; i < routes->operation_count; i++) {
            const struct hs_operation *operation = &routes->operation_rows[i].operation;
            if (operation->from_ms <= routes->times_ms[t] &&
                routes->times_ms[t] < operation->to_ms) {
                hs_routes_set_add(routes->running + (t + 1) * routes->run_words, i);
            }
        }
    }
    return 0;
}

// ------------------------------------------------------------------ the whole

static int new_table(struct hs_routes *routes)
{
    size_t words = 0;
    size_t size = 16;
    for (size_t i = 0; i < routes->count; i++) {
        const struct hs_queue *queue = &routes->queues[i];
        words += 1 + queue->list_count + queue->covert_list_count + queue->force_count +
                 queue->area_count;
    }
    for (size_t i = 0; i < routes->operation_count; i++) {
        const struct hs_operation *operation = &routes->operation_rows[i].operation;
        words += 1 + operation->list_count + operation->covert_list_count + operation->force_count +
                 operation->road_count + operation->site_count + operation->area_count;
    }
    while (size < 2 * words) {
        size *= 2;
    }
    routes->mask = size - 1;
    routes->table = hs_bump_alloc(&routes->bump, size * sizeof(*routes->table));
    routes->diverted_to = hs_bump_alloc(&routes->bump, routes->count * sizeof(uint16_t));
    return routes->table && routes->diverted_to ? 0 : HS_ENOMEM;
}

static int new_sets(struct hs_routes *routes)
{
    uint64_t **sets[] = {&routes->all_lists,       &routes->everywhere,
                         &routes->defaults,        &routes->live,
                         &routes->handling[0],     &routes->handling[1],
                         &routes->safeguarding[0], &routes->safeguarding[1],
                         &routes->safeguarding[2]};
    size_t longer = routes->words > routes->run_words ? routes->words : routes->run_words;
    size_t pointers = (routes->operation_count + 1) * sizeof(uint64_t *);
    routes->none = new_set(routes, longer);
    routes->unbounded = new_set(routes, routes->run_words);
    routes->told = hs_bump_alloc(&routes->bump, pointers);
    routes->covert = hs_bump_alloc(&routes->bump, pointers);
    bool good = routes->none && routes->unbounded && routes->told && routes->covert;
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && good; i++) {
        *sets[i] = new_set(routes, routes->words);
        good = *sets[i] != NULL;
    }
    return good ? 0 : HS_ENOMEM;
}

int hs_routes_compile(struct hs_routes *routes)
{
    routes->words = (routes->count + 63) / 64;
    routes->run_words = routes->operation_count > 0 ? (routes->operation_count + 63) / 64 : 1;
    routes->queues = hs_bump_alloc(&routes->bump, routes->count * sizeof(*routes->queues));
    if (!routes->queues) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < routes->count; i++) {
        routes->queues[i] = routes->rows[i].queue;
    }
    int rc = new_table(routes);
    rc = rc ? rc : new_sets(routes);
    for (size_t i = 0; i < routes->count && rc == 0; i++) {
        rc = compile_queue(routes, i);
    }
    for (size_t i = 0; i < routes->operation_count && rc == 0; i++) {
        rc = compile_operation(routes, i);
    }
    return rc ? rc : compile_times(routes);
}
