// SPDX-License-Identifier: Apache-2.0
//
// The compiled table: for each word (a list, a force, an area, an owner) the set of queues that it
// admits; a decision is the intersection of a few sets.
#include "route/route.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "route/queues.h"

enum { SET_WORDS_MAX = HS_ROUTE_QUEUES_MAX / 64 };

// What a word is, so that a list and a force of one name stay apart.
enum word_kind {
    WORD_LIST,
    WORD_COVERT_LIST,
    WORD_FORCE,
    WORD_AREA,
    WORD_OWNER,
};

// A word and the queues that it admits.
struct word {
    struct hs_str text;
    enum word_kind kind;
    uint64_t *set; // one bit a queue; NULL: a free slot
};

struct hs_routes {
    struct hs_bump bump;
    struct hs_yaml *document; // owns the queues' texts
    struct hs_queue_row *rows;
    struct hs_queue *queues; // in order of name
    size_t count;
    size_t words;       // of 64 bits in a set
    struct word *table; // open addressing
    size_t mask;
    uint64_t *all_lists;   // queues that may receive any open list
    uint64_t *everywhere;  // queues that care for all places
    uint64_t *defaults;    // owners' default queues
    uint64_t *live;        // queues of kind live
    uint64_t *handling[2]; // queues that take stop, monitor
    uint16_t *diverted_to; // number of a live queue's intelligence queue, or UINT16_MAX
    uint64_t *none;        // the empty set
};

void hs_routes_free(struct hs_routes *routes)
{
    if (routes) {
        hs_yaml_free(routes->document);
        hs_bump_fini(&routes->bump);
        free(routes);
    }
}

size_t hs_routes_queue_count(const struct hs_routes *routes)
{
    return routes->count;
}

const struct hs_queue *hs_routes_queue(const struct hs_routes *routes, size_t index)
{
    return index < routes->count ? &routes->queues[index] : NULL;
}

static size_t find_queue(const struct hs_routes *routes, struct hs_str name)
{
    size_t low = 0;
    size_t high = routes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hs_str_cmp(routes->queues[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < routes->count && hs_str_eq(routes->queues[low].name, name) ? low : routes->count;
}

const struct hs_queue *hs_routes_find(const struct hs_routes *routes, struct hs_str queue)
{
    return hs_routes_queue(routes, find_queue(routes, queue));
}

// ------------------------------------------------------------------ compiling

static uint64_t *new_set(struct hs_routes *routes)
{
    return hs_bump_alloc(&routes->bump, routes->words * sizeof(uint64_t));
}

static void add_to(uint64_t *set, size_t queue)
{
    set[queue / 64] |= UINT64_C(1) << (queue % 64);
}

// The slot of a word, or the free one where it belongs.
static struct word *find_word(const struct hs_routes *routes, enum word_kind kind,
                              struct hs_str text)
{
    size_t at = hs_hash_bytes(text.ptr, text.len, kind) & routes->mask;
    while (routes->table[at].set &&
           !(routes->table[at].kind == kind && hs_str_eq(routes->table[at].text, text))) {
        at = (at + 1) & routes->mask;
    }
    return &routes->table[at];
}

static int admit(struct hs_routes *routes, enum word_kind kind, struct hs_str text, size_t queue)
{
    struct word *word = find_word(routes, kind, text);
    if (!word->set) {
        *word = (struct word){text, kind, new_set(routes)};
        if (!word->set) {
            return HS_ENOMEM;
        }
    }
    add_to(word->set, queue);
    return 0;
}

static int admit_all(struct hs_routes *routes, enum word_kind kind, const struct hs_str *texts,
                     size_t count, size_t queue)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = admit(routes, kind, texts[i], queue);
    }
    return rc;
}

static int compile_queue(struct hs_routes *routes, size_t number)
{
    const struct hs_queue *queue = &routes->queues[number];
    size_t to = find_queue(routes, queue->intelligence_queue);
    routes->diverted_to[number] =
        queue->kind == HS_QUEUE_LIVE && to < routes->count ? (uint16_t)to : UINT16_MAX;
    if (queue->kind == HS_QUEUE_OPS) {
        return 0;
    }
    if (queue->kind == HS_QUEUE_LIVE) {
        add_to(routes->live, number);
    }
    if (queue->is_default) {
        add_to(routes->defaults, number);
    }
    if (queue->force_count == 0 && queue->area_count == 0) {
        add_to(routes->everywhere, number);
    }
    if (hs_queues_names(queue->lists, queue->list_count, HS_STR("*"))) {
        add_to(routes->all_lists, number);
    }
    for (size_t bit = 0; bit < 2; bit++) {
        if (queue->handling & (1U << bit)) {
            add_to(routes->handling[bit], number);
        }
    }
    int rc = admit(routes, WORD_OWNER, queue->owner_force, number);
    rc = rc ? rc : admit_all(routes, WORD_LIST, queue->lists, queue->list_count, number);
    rc = rc ? rc
            : admit_all(routes, WORD_COVERT_LIST, queue->covert_lists, queue->covert_list_count,
                        number);
    rc = rc ? rc : admit_all(routes, WORD_FORCE, queue->forces, queue->force_count, number);
    return rc ? rc : admit_all(routes, WORD_AREA, queue->areas, queue->area_count, number);
}

static int new_table(struct hs_routes *routes)
{
    size_t words = 0;
    size_t size = 16;
    for (size_t i = 0; i < routes->count; i++) {
        const struct hs_queue *queue = &routes->queues[i];
        words += 1 + queue->list_count + queue->covert_list_count + queue->force_count +
                 queue->area_count;
    }
    while (size < 2 * words) {
        size *= 2;
    }
    routes->mask = size - 1;
    routes->table = hs_bump_alloc(&routes->bump, size * sizeof(*routes->table));
    routes->diverted_to = hs_bump_alloc(&routes->bump, routes->count * sizeof(uint16_t));
    return routes->table && routes->diverted_to ? 0 : HS_ENOMEM;
}

static int compile(struct hs_routes *routes)
{
    uint64_t **sets[] = {&routes->all_lists, &routes->everywhere,  &routes->defaults,
                         &routes->live,      &routes->handling[0], &routes->handling[1],
                         &routes->none};
    routes->words = (routes->count + 63) / 64;
    routes->queues = hs_bump_alloc(&routes->bump, routes->count * sizeof(*routes->queues));
    if (!routes->queues) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < routes->count; i++) {
        routes->queues[i] = routes->rows[i].queue;
    }
    int rc = new_table(routes);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && rc == 0; i++) {
        *sets[i] = new_set(routes);
        rc = *sets[i] ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; i < routes->count && rc == 0; i++) {
        rc = compile_queue(routes, i);
    }
    return rc;
}

int hs_routes_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_routes **ret_routes)
{
    struct hs_routes *routes = calloc(1, sizeof(*routes));
    if (!routes) {
        return HS_ENOMEM;
    }
    size_t errors = diags->errors;
    int rc = hs_yaml_parse(text, name, diags, &routes->document);
    if (rc == 0) {
        rc = hs_queues_read(hs_yaml_root(routes->document), diags, &routes->bump, &routes->rows,
                            &routes->count);
    }
    if (rc != HS_ENOMEM && routes->rows) {
        hs_queues_check(routes->rows, routes->count, diags);
        rc = diags->errors == errors ? compile(routes) : HS_EFORMAT;
    }
    if (rc != 0) {
        hs_routes_free(routes);
        return rc;
    }
    *ret_routes = routes;
    return 0;
}

// ------------------------------------------------------------------ deciding

static const uint64_t *admitted(const struct hs_routes *routes, enum word_kind kind,
                                struct hs_str text)
{
    const struct word *word = find_word(routes, kind, text);
    return text.len > 0 && word->set ? word->set : routes->none;
}

// Queues that may be told and care, whatever the age.
static void select_queues(const struct hs_routes *routes, const struct hs_route_query *query,
                          uint64_t *ret_set)
{
    const uint64_t *owned = admitted(routes, WORD_OWNER, query->list_owner);
    const uint64_t *lists =
        admitted(routes, query->covert ? WORD_COVERT_LIST : WORD_LIST, query->list_id);
    const uint64_t *forces = admitted(routes, WORD_FORCE, query->force);
    const uint64_t *areas = admitted(routes, WORD_AREA, query->area);
    const uint64_t *handling = query->handling == HS_ROUTE_HANDLING_STOP      ? routes->handling[0]
                               : query->handling == HS_ROUTE_HANDLING_MONITOR ? routes->handling[1]
                                                                              : routes->none;
    for (size_t w = 0; w < routes->words; w++) {
        uint64_t places = routes->everywhere[w] | forces[w] | areas[w];
        uint64_t set;
        if (query->covert) {
            set = lists[w] & owned[w];
        } else if (query->camera_unknown) {
            set = (lists[w] | routes->all_lists[w]) & owned[w] & routes->defaults[w];
        } else {
            set = (lists[w] | routes->all_lists[w]) & places;
        }
        ret_set[w] = set & handling[w];
    }
}

// Live queues leave, the intelligence queues that they name come in.
static void divert(const struct hs_routes *routes, uint64_t *set)
{
    uint64_t live[SET_WORDS_MAX];
    for (size_t w = 0; w < routes->words; w++) {
        live[w] = set[w] & routes->live[w];
        set[w] &= ~routes->live[w];
    }
    for (size_t w = 0; w < routes->words; w++) {
        for (; live[w] != 0; live[w] &= live[w] - 1) {
            size_t number = 64 * w + (size_t)__builtin_ctzll(live[w]);
            if (routes->diverted_to[number] != UINT16_MAX) {
                add_to(set, routes->diverted_to[number]);
            }
        }
    }
}

size_t hs_route_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                       const struct hs_queue **ret_queues, size_t max)
{
    uint64_t set[SET_WORDS_MAX];
    size_t count = 0;
    select_queues(routes, query, set);
    if (query->stale) {
        divert(routes, set);
    }
    for (size_t w = 0; w < routes->words; w++) {
        for (; set[w] != 0; set[w] &= set[w] - 1) {
            if (count < max) {
                ret_queues[count] = &routes->queues[64 * w + (size_t)__builtin_ctzll(set[w])];
            }
            count++;
        }
    }
    return count;
}

// ------------------------------------------------------------------ against the camera register

static void check_known(const struct hs_queue_row *row, const char *key, const struct hs_str *names,
                        size_t count, const char *const *known, struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (known[k] && !hs_str_is(names[i], known[k])) {
            k++;
        }
        if (known[k]) {
            continue;
        }
        const char *nearest = hs_str_nearest(names[i], known);
        hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "no camera stands in '%.*s'%s%s%s",
                        HS_STR_ARG(names[i]), nearest ? ", did you mean '" : "",
                        nearest ? nearest : "", nearest ? "'?" : "");
    }
}

void hs_routes_check_places(const struct hs_routes *routes, const char *const *known_forces,
                            const char *const *known_areas, struct hs_diags *diags)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct hs_queue_row *row = &routes->rows[i];
        const struct hs_queue *queue = &row->queue;
        check_known(row, "forces", queue->forces, queue->force_count, known_forces, diags);
        check_known(row, "areas", queue->areas, queue->area_count, known_areas, diags);
    }
}
