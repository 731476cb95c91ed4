// SPDX-License-Identifier: Apache-2.0
//
// Deciding: which queues are told of a read, and by which operations.
#include "route/table.h"

// Operations that run and cover the read.
struct covering {
    uint64_t set[HS_ROUTE_RUN_WORDS_MAX];
    bool any;
};

static const uint64_t *queues_of(const struct hs_routes *routes, const struct hs_word *word)
{
    return word ? word->queues : routes->none;
}

static const uint64_t *operations_of(const struct hs_routes *routes, const struct hs_word *word)
{
    return word ? word->operations : routes->none;
}

// The words of a question, each looked up once.
struct words {
    const struct hs_word *list;
    const struct hs_word *force;
    const struct hs_word *area;
};

static void look_up(const struct hs_routes *routes, const struct hs_route_query *query,
                    struct words *ret_words)
{
    ret_words->list =
        hs_routes_word(routes, query->covert ? HS_WORD_COVERT_LIST : HS_WORD_LIST, query->list_id);
    ret_words->force = hs_routes_word(routes, HS_WORD_FORCE, query->force);
    ret_words->area = hs_routes_word(routes, HS_WORD_AREA, query->area);
}

// Those that run at a time: the set of the stretch between two beginnings or ends.
static const uint64_t *running_at(const struct hs_routes *routes, int64_t at_ms)
{
    size_t low = 0;
    size_t high = routes->time_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (routes->times_ms[middle] <= at_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return routes->running + low * routes->run_words;
}

static void cover(const struct hs_routes *routes, const struct hs_route_query *query,
                  const struct words *words, struct covering *ret_covering)
{
    ret_covering->any = false;
    if (routes->operation_count == 0 || query->camera_unknown || !words->list || !words->force) {
        return;
    }
    const uint64_t *running = running_at(routes, query->at_ms);
    uint64_t some = 0;
    for (size_t w = 0; w < routes->run_words; w++) {
        ret_covering->set[w] =
            running[w] & words->list->operations[w] & words->force->operations[w];
        some |= ret_covering->set[w];
    }
    if (!some) {
        return;
    }
    const uint64_t *areas = operations_of(routes, words->area);
    const uint64_t *roads =
        operations_of(routes, hs_routes_word(routes, HS_WORD_ROAD, query->road));
    const uint64_t *sites =
        operations_of(routes, hs_routes_word(routes, HS_WORD_SITE, query->site));
    for (size_t w = 0; w < routes->run_words; w++) {
        ret_covering->set[w] &= routes->unbounded[w] | areas[w] | roads[w] | sites[w];
        ret_covering->any |= ret_covering->set[w] != 0;
    }
}

// What operations add to the lists that queues may receive.
static void add_operations(const struct hs_routes *routes, const struct hs_route_query *query,
                           const struct covering *covering, uint64_t *set)
{
    for (size_t w = 0; w < routes->run_words; w++) {
        for (uint64_t left = covering->set[w]; left != 0; left &= left - 1) {
            size_t number = 64 * w + (size_t)__builtin_ctzll(left);
            const uint64_t *queues = (query->covert ? routes->covert : routes->told)[number];
            for (size_t i = 0; i < routes->words; i++) {
                set[i] |= queues[i];
            }
        }
    }
}

// Queues that take this safeguarding level of any open list.
static const uint64_t *safeguarding(const struct hs_routes *routes,
                                    const struct hs_route_query *query)
{
    if (query->safeguarding == 0 || query->covert) {
        return routes->none;
    }
    return routes->safeguarding[__builtin_ctz(query->safeguarding) % HS_ROUTE_SAFEGUARDING_LEVELS];
}

// Of the queues that may receive the list, those that may be told of this read and care.
static void narrow(const struct hs_routes *routes, const struct hs_route_query *query,
                   const struct words *words, uint64_t *set)
{
    const uint64_t *owned =
        query->covert || query->camera_unknown
            ? queues_of(routes, hs_routes_word(routes, HS_WORD_OWNER, query->list_owner))
            : routes->none;
    const uint64_t *forces = queues_of(routes, words->force);
    const uint64_t *areas = queues_of(routes, words->area);
    const uint64_t *hubs = safeguarding(routes, query);
    const uint64_t *handling = query->handling == HS_ROUTE_HANDLING_STOP      ? routes->handling[0]
                               : query->handling == HS_ROUTE_HANDLING_MONITOR ? routes->handling[1]
                                                                              : routes->none;
    for (size_t w = 0; w < routes->words; w++) {
        uint64_t here = query->covert           ? owned[w]
                        : query->camera_unknown ? (owned[w] & routes->defaults[w]) |
                                                      (hubs[w] & (owned[w] | routes->everywhere[w]))
                                                : routes->everywhere[w] | forces[w] | areas[w];
        set[w] &= here & handling[w];
    }
}

// Queues that may be told and care, whatever the age.
static void select_queues(const struct hs_routes *routes, const struct hs_route_query *query,
                          const struct words *words, const struct covering *covering,
                          uint64_t *ret_set)
{
    const uint64_t *lists = queues_of(routes, words->list);
    const uint64_t *hubs = safeguarding(routes, query);
    for (size_t w = 0; w < routes->words; w++) {
        ret_set[w] = query->covert ? lists[w] : lists[w] | routes->all_lists[w] | hubs[w];
    }
    if (covering->any) {
        add_operations(routes, query, covering, ret_set);
    }
    narrow(routes, query, words, ret_set);
}

// Live queues leave, the intelligence queues that they name come in.
static void divert(const struct hs_routes *routes, uint64_t *set)
{
    uint64_t live[HS_ROUTE_SET_WORDS_MAX];
    for (size_t w = 0; w < routes->words; w++) {
        live[w] = set[w] & routes->live[w];
        set[w] &= ~routes->live[w];
    }
    for (size_t w = 0; w < routes->words; w++) {
        for (; live[w] != 0; live[w] &= live[w] - 1) {
            size_t number = 64 * w + (size_t)__builtin_ctzll(live[w]);
            if (routes->diverted_to[number] != UINT16_MAX) {
                hs_routes_set_add(set, routes->diverted_to[number]);
            }
        }
    }
}

size_t hs_route_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                       const struct hs_queue **ret_queues, size_t max)
{
    uint64_t set[HS_ROUTE_SET_WORDS_MAX];
    struct words words;
    struct covering covering;
    size_t count = 0;
    look_up(routes, query, &words);
    cover(routes, query, &words, &covering);
    select_queues(routes, query, &words, &covering, set);
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

// ------------------------------------------------------------------ by which operations

static void add_terms(const struct hs_operation *operation, struct hs_route_terms *terms)
{
    terms->operations[terms->operation_count++] = operation;
    if (operation->priority_floor > terms->priority_floor) {
        terms->priority_floor = operation->priority_floor;
    }
    if (operation->repeat_window_ms >= 0 &&
        (terms->repeat_window_ms < 0 || operation->repeat_window_ms < terms->repeat_window_ms)) {
        terms->repeat_window_ms = operation->repeat_window_ms;
    }
    if (operation->acknowledge_within_ms > 0 &&
        (terms->acknowledge_within_ms == 0 ||
         operation->acknowledge_within_ms < terms->acknowledge_within_ms)) {
        terms->acknowledge_within_ms = operation->acknowledge_within_ms;
    }
}

// Whether the operation tells the queue: itself, or by a live queue that diverts to it.
static bool tells(const struct hs_routes *routes, const struct hs_route_query *query,
                  const struct words *words, const uint64_t *queues, size_t number)
{
    uint64_t set[HS_ROUTE_SET_WORDS_MAX];
    memcpy(set, queues, routes->words * sizeof(*set));
    narrow(routes, query, words, set);
    if (query->stale) {
        divert(routes, set);
    }
    return hs_routes_set_has(set, number);
}

void hs_route_terms(const struct hs_routes *routes, const struct hs_route_query *query,
                    const struct hs_queue *queue, struct hs_route_terms *ret_terms)
{
    struct words words;
    struct covering covering;
    size_t number = (size_t)(queue - routes->queues);
    ret_terms->operation_count = 0;
    ret_terms->priority_floor = 0;
    ret_terms->repeat_window_ms = -1;
    ret_terms->acknowledge_within_ms = 0;
    look_up(routes, query, &words);
    cover(routes, query, &words, &covering);
    for (size_t i = 0; covering.any && i < routes->operation_count; i++) {
        const uint64_t *queues = (query->covert ? routes->covert : routes->told)[i];
        if (hs_routes_set_has(covering.set, i) && tells(routes, query, &words, queues, number)) {
            add_terms(&routes->operation_rows[i].operation, ret_terms);
        }
    }
}

bool hs_route_covers(const struct hs_routes *routes, const struct hs_route_query *query,
                     const struct hs_operation *operation)
{
    const struct hs_operation_row *row = (const struct hs_operation_row *)(const void *)operation;
    struct words words;
    struct covering covering;
    look_up(routes, query, &words);
    cover(routes, query, &words, &covering);
    return covering.any && hs_routes_set_has(covering.set, (size_t)(row - routes->operation_rows));
}
