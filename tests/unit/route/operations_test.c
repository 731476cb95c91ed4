// SPDX-License-Identifier: Apache-2.0
//
// Operations add routes while they run, to the millisecond of event time, and take none away.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/error.h"
#include "route/route.h"

#define COVERT_QUEUES                                                                              \
    "  a-covert: {owner: avon, kind: intelligence, covert_lists: [mole]}\n"                        \
    "  a-team: {owner: avon, kind: intelligence, covert_lists: [other]}\n"                         \
    "  a-other: {owner: avon, kind: intelligence, covert_lists: [other]}\n"                        \
    "  w-covert: {owner: wilts, kind: intelligence, covert_lists: [wiltish]}\n"

static const char open_queues[] =
    "queues:\n"
    "  a-desk: {owner: avon, kind: live, lists: [stolen], forces: [avon], default: true,\n"
    "    intelligence_queue: a-intel}\n"
    "  a-intel: {owner: avon, kind: intelligence, lists: [\"*\"], handling: [stop, monitor],\n"
    "    areas: [nowhere]}\n"
    "  btp: {owner: btp, kind: intelligence, lists: [], default: true, areas: [rail]}\n"
    "  joint: {owner: avon, kind: live, lists: [], intelligence_queue: a-intel}\n"
    "  w-desk: {owner: wilts, kind: intelligence, lists: [stolen], forces: [wilts], default: "
    "true,\n"
    "    handling: [stop]}\n";

static const char open_operations[] =
    "operations:\n"
    "  hydra: {authority: x, lead: avon, forces: [wilts], from: 2026-01-14T00:00:00,\n"
    "    lists: [drugs, stolen], queues: [joint, w-desk], roads: [M4], sites: [s9], priority: "
    "high,\n"
    "    repeat_window_ms: 1000}\n"
    "  scorpion: {name: Op Scorpion, authority: x, lead: avon, forces: [wilts, btp],\n"
    "    from: 2026-01-13T06:00:00, to: 2026-01-15T22:00:00, lists: [drugs],\n"
    "    queues: [a-desk, btp, joint], repeat_window_ms: 5000, acknowledge_within_ms: 60000}\n";

static struct hs_routes *parse(const char *queues, const char *operations)
{
    const struct hs_routes_file files[] = {{hs_str(queues), "queues.yaml"},
                                           {hs_str(operations), "operations.yaml"}};
    struct hs_diags diags = {0};
    struct hs_buf text = {0};
    struct hs_routes *routes = NULL;
    if (hs_routes_parse_all(&files[0], &files[1], NULL, &diags, &routes) != 0) {
        hs_diag_format(&diags.rows[0], &text);
        fail_msg("%s", hs_buf_text(&text));
    }
    hs_diags_fini(&diags);
    return routes;
}

static int64_t at(const char *text)
{
    int64_t at_ms = 0;
    assert_int_equal(hs_civil_parse(hs_str(text), &at_ms), 0);
    return at_ms;
}

static void ask(const struct hs_routes *routes, const char *expected,
                const struct hs_route_query *query)
{
    const struct hs_queue *queues[16];
    struct hs_buf text = {0};
    size_t count = hs_route_decide(routes, query, queues, 16);
    for (size_t i = 0; i < count; i++) {
        struct hs_route_terms terms;
        hs_route_terms(routes, query, queues[i], &terms);
        hs_buf_printf(&text, "%s%.*s", i > 0 ? " " : "", HS_STR_ARG(queues[i]->name));
        for (size_t o = 0; o < terms.operation_count; o++) {
            hs_buf_printf(&text, "%s%.*s", o > 0 ? "+" : ":", HS_STR_ARG(terms.operations[o]->id));
        }
    }
    assert_string_equal(hs_buf_text(&text), expected);
    hs_buf_fini(&text);
}

// A read of list 'drugs' on the M4 in Avon while both operations run.
static struct hs_route_query plain(void)
{
    return (struct hs_route_query){.list_id = HS_STR("drugs"),
                                   .list_owner = HS_STR("avon"),
                                   .handling = HS_ROUTE_HANDLING_STOP,
                                   .force = HS_STR("avon"),
                                   .road = HS_STR("M4"),
                                   .site = HS_STR("s1"),
                                   .at_ms = at("2026-01-14T12:00:00")};
}

// The answer to that question after a change to `q`.
#define ASK(routes, expected, change)                                                              \
    do {                                                                                           \
        struct hs_route_query q = plain();                                                         \
        change;                                                                                    \
        ask(routes, expected, &q);                                                                 \
    } while (0)

static void routes_are_added_while_it_runs(void **state)
{
    struct hs_routes *routes = parse(open_queues, open_operations);
    (void)state;
    ASK(routes, "", q.at_ms = at("2026-01-13T05:59:59.999"));
    ASK(routes, "a-desk:scorpion joint:scorpion", q.at_ms = at("2026-01-13T06:00:00"));
    ASK(routes, "a-desk:scorpion joint:hydra+scorpion", q.at_ms = at("2026-01-15T21:59:59.999"));
    ASK(routes, "joint:hydra", q.at_ms = at("2026-01-15T22:00:00"));
    ASK(routes, "joint:hydra", q.at_ms = at("2036-01-15T22:00:00")); // open-ended
    hs_routes_free(routes);
}

static void a_queue_is_told_once_of_its_own_places(void **state)
{
    struct hs_routes *routes = parse(open_queues, open_operations);
    (void)state;
    ASK(routes, "a-desk:scorpion joint:hydra+scorpion", q.list_owner = HS_STR("wilts"));
    ASK(routes, "joint:hydra+scorpion w-desk:hydra", q.force = HS_STR("wilts"));
    ASK(routes, "joint:hydra+scorpion", q.force = HS_STR("wilts");
        q.handling = HS_ROUTE_HANDLING_MONITOR);
    ASK(routes, "a-desk:scorpion joint:scorpion", q.road = HS_STR("A4"));
    ASK(routes, "a-desk:scorpion joint:hydra+scorpion", q.road = HS_STR("A4");
        q.site = HS_STR("s9"));
    ASK(routes, "a-desk:scorpion btp:scorpion joint:scorpion", q.road = HS_STR("A4");
        q.area = HS_STR("rail"));
    ASK(routes, "", q.force = HS_STR("kent"));                       // takes no part
    ASK(routes, "", q.list_id = HS_STR("tax"));                      // of no operation
    ASK(routes, "", q.camera_unknown = true);                        // nobody knows where it was
    ASK(routes, "a-desk joint:hydra", q.list_id = HS_STR("stolen")); // told by its own route anyway
    hs_routes_free(routes);
}

static void late_reads_of_its_time_go_to_intelligence(void **state)
{
    struct hs_routes *routes = parse(open_queues, open_operations);
    (void)state;
    ASK(routes, "a-intel:hydra+scorpion", q.stale = true);
    ASK(routes, "", q.stale = true; q.at_ms = at("2026-01-12T00:00:00"));
    hs_routes_free(routes);
}

static void what_holds_is_the_strictest_of_all(void **state)
{
    struct hs_routes *routes = parse(open_queues, open_operations);
    struct hs_route_query query = {.list_id = HS_STR("drugs"),
                                   .handling = HS_ROUTE_HANDLING_STOP,
                                   .force = HS_STR("avon"),
                                   .road = HS_STR("M4"),
                                   .at_ms = at("2026-01-14T12:00:00")};
    struct hs_route_terms terms;
    (void)state;
    hs_route_terms(routes, &query, hs_routes_find(routes, HS_STR("joint")), &terms);
    assert_int_equal(terms.operation_count, 2);
    assert_int_equal(terms.priority_floor, 3);
    assert_int_equal(terms.repeat_window_ms, 1000);
    assert_int_equal(terms.acknowledge_within_ms, 60000);
    query.at_ms = 0;
    hs_route_terms(routes, &query, hs_routes_find(routes, HS_STR("joint")), &terms);
    assert_int_equal(terms.operation_count, 0);
    assert_int_equal(terms.priority_floor, 0);
    assert_int_equal(terms.repeat_window_ms, -1);
    assert_int_equal(terms.acknowledge_within_ms, 0);
    hs_routes_free(routes);
}

static void as_many_as_may_be_are_told_apart(void **state)
{
    struct hs_buf text = {0};
    char expected[64];
    (void)state;
    hs_buf_add_text(&text, "operations:\n");
    for (int i = 0; i < HS_ROUTE_OPERATIONS_MAX; i++) {
        hs_buf_printf(&text,
                      "  op-%d: {authority: x, lead: avon, from: 2026-01-01T00:00:00, lists: "
                      "[list-%d], queues: [joint]}\n",
                      i, i);
    }
    struct hs_routes *routes = parse(open_queues, hs_buf_text(&text));
    for (int i = 0; i < HS_ROUTE_OPERATIONS_MAX; i++) {
        char list[32];
        snprintf(list, sizeof(list), "list-%d", i);
        snprintf(expected, sizeof(expected), "joint:op-%d", i);
        ASK(routes, expected, q.list_id = hs_str(list));
    }
    hs_buf_fini(&text);
    hs_routes_free(routes);
}

// ------------------------------------------------------------------ covert

static void canonical(const struct hs_routes *routes, const char *audience, struct hs_buf *out)
{
    hs_buf_clear(out);
    hs_routes_canonical(routes, hs_str(audience), out);
}

#define COVERT_OPERATION                                                                           \
    "  quiet: {authority: x, lead: avon, from: 2026-01-01T00:00:00, covert_lists: [mole],\n"       \
    "    covert_queues: [a-covert, a-team]}\n"

static void a_covert_list_stays_with_its_owner(void **state)
{
    struct hs_buf queues = {0};
    struct hs_buf operations = {0};
    (void)state;
    hs_buf_printf(&queues, "%s%s", open_queues, COVERT_QUEUES);
    hs_buf_printf(&operations, "%s%s", open_operations, COVERT_OPERATION);
    struct hs_routes *routes = parse(hs_buf_text(&queues), hs_buf_text(&operations));
    ASK(routes, "a-covert:quiet a-team:quiet", q.covert = true; q.list_id = HS_STR("mole"));
    ASK(routes, "a-covert", q.covert = true; q.list_id = HS_STR("mole"); q.at_ms = 0);
    ASK(routes, "", q.covert = true; q.list_id = HS_STR("mole"); q.list_owner = HS_STR("wilts"));
    ASK(routes, "a-desk:scorpion joint:hydra+scorpion", q.road = HS_STR("M4"));
    hs_buf_fini(&queues);
    hs_buf_fini(&operations);
    hs_routes_free(routes);
}

static void a_covert_operation_changes_no_open_text(void **state)
{
    struct hs_buf queues = {0};
    struct hs_buf operations = {0};
    struct hs_buf with = {0};
    struct hs_buf without = {0};
    (void)state;
    hs_buf_printf(&queues, "%s%s", open_queues, COVERT_QUEUES);
    hs_buf_printf(&operations, "%s%s", open_operations, COVERT_OPERATION);
    struct hs_routes *all = parse(hs_buf_text(&queues), hs_buf_text(&operations));
    struct hs_routes *open = parse(open_queues, open_operations);
    canonical(all, "open", &with);
    canonical(open, "open", &without);
    assert_string_equal(hs_buf_text(&with), hs_buf_text(&without));
    assert_non_null(strstr(hs_buf_text(&with), "operation 8:scorpion 11:Op Scorpion"));
    assert_non_null(strstr(hs_buf_text(&with), "queue 5:joint")); // lives by operations alone
    canonical(all, "covert:mole", &with);
    assert_non_null(strstr(hs_buf_text(&with), "operation 5:quiet"));
    assert_null(strstr(hs_buf_text(&with), "scorpion"));
    canonical(all, "covert:other", &with);
    assert_null(strstr(hs_buf_text(&with), "quiet"));
    hs_buf_fini(&queues);
    hs_buf_fini(&operations);
    hs_buf_fini(&with);
    hs_buf_fini(&without);
    hs_routes_free(all);
    hs_routes_free(open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_are_added_while_it_runs),
        cmocka_unit_test(a_queue_is_told_once_of_its_own_places),
        cmocka_unit_test(late_reads_of_its_time_go_to_intelligence),
        cmocka_unit_test(what_holds_is_the_strictest_of_all),
        cmocka_unit_test(as_many_as_may_be_are_told_apart),
        cmocka_unit_test(a_covert_list_stays_with_its_owner),
        cmocka_unit_test(a_covert_operation_changes_no_open_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
