// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "route/route.h"
#include "support/bad_files.h"

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hs_routes *routes = NULL;
    int rc = hs_routes_parse(text, name, diags, &routes);
    hs_routes_free(routes);
    return rc;
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/queues", ".yaml", read_bad);
}

static struct hs_routes *parse(const char *text)
{
    struct hs_diags diags = {0};
    struct hs_routes *routes = NULL;
    assert_int_equal(hs_routes_parse(hs_str(text), "queues.yaml", &diags, &routes), 0);
    hs_diags_fini(&diags);
    return routes;
}

static void a_queue_has_defaults(void **state)
{
    struct hs_routes *routes =
        parse("queues:\n  intel:\n    owner: avon\n    kind: intelligence\n    lists: [b, a]\n");
    const struct hs_queue *queue = hs_routes_find(routes, HS_STR("intel"));
    (void)state;
    assert_int_equal(queue->format, HS_PAYLOAD_PROTOBUF);
    assert_int_equal(queue->handling, HS_ROUTE_HANDLING_STOP | HS_ROUTE_HANDLING_MONITOR);
    assert_int_equal(queue->undelivered_after_ms, 60000);
    assert_false(queue->is_default);
    assert_true(hs_str_is(queue->lists[0], "a") && hs_str_is(queue->lists[1], "b"));
    hs_routes_free(routes);
}

static void a_chain_keeps_its_order(void **state)
{
    struct hs_routes *routes = parse(
        "queues:\n"
        "  a: {owner: avon, kind: live, lists: [x], default: true, acknowledge_within_ms: 120000,\n"
        "      escalate_to: [c, b], test_interval_ms: 3600000}\n"
        "  b: {owner: avon, kind: live, lists: [x]}\n"
        "  c: {owner: avon, kind: live, lists: [\"*\"]}\n");
    const struct hs_queue *queue = hs_routes_find(routes, HS_STR("a"));
    struct hs_buf text = {0};
    (void)state;
    assert_int_equal(queue->acknowledge_within_ms, 120000);
    assert_int_equal(queue->test_interval_ms, 3600000);
    assert_int_equal(queue->escalate_count, 2);
    assert_true(hs_str_is(queue->escalate_to[0], "c") && hs_str_is(queue->escalate_to[1], "b"));
    assert_int_equal(hs_routes_find(routes, HS_STR("b"))->acknowledge_within_ms, 0);
    hs_routes_canonical(routes, HS_STR("open"), &text);
    assert_non_null(
        strstr(hs_buf_text(&text), " acknowledge 120000 test 3600000 escalate 1:c 1:b"));
    hs_buf_fini(&text);
    hs_routes_free(routes);
}

static void ops_always_stands_in_the_table(void **state)
{
    struct hs_routes *routes = parse("queues: {}\n");
    (void)state;
    assert_int_equal(hs_routes_queue_count(routes), 1);
    assert_int_equal(hs_routes_queue(routes, 0)->kind, HS_QUEUE_OPS);
    assert_ptr_equal(hs_routes_find(routes, HS_STR("ops")), hs_routes_queue(routes, 0));
    assert_null(hs_routes_find(routes, HS_STR("intel")));
    assert_null(hs_routes_queue(routes, 1));
    hs_routes_free(routes);
}

static void places_without_a_camera_are_told(void **state)
{
    static const char *const forces[] = {"avon", "wilts", NULL};
    static const char *const areas[] = {"border", NULL};
    static const char *const none[] = {NULL};
    static const char text[] =
        "queues:\n  intel:\n    owner: btp\n    kind: intelligence\n    lists: [a]\n"
        "    default: true\n    forces: [avon, wiltz]\n    areas: [border, port]\n";
    const struct hs_route_places known = {forces, areas, none, none};
    const struct hs_routes_file file = {hs_str(text), "queues.yaml"};
    struct hs_diags diags = {0};
    struct hs_routes *routes = NULL;
    (void)state;
    assert_int_equal(hs_routes_parse_all(&file, NULL, &known, &diags, &routes), HS_EFORMAT);
    assert_int_equal(diags.errors, 2);
    assert_string_equal(diags.rows[0].message,
                        "no camera stands in 'wiltz', did you mean 'wilts'?");
    assert_int_equal(diags.rows[0].line, 7);
    assert_string_equal(diags.rows[1].key, "queues.intel.areas");
    hs_diags_fini(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_file_says_what_is_wrong),
        cmocka_unit_test(a_queue_has_defaults),
        cmocka_unit_test(a_chain_keeps_its_order),
        cmocka_unit_test(ops_always_stands_in_the_table),
        cmocka_unit_test(places_without_a_camera_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
