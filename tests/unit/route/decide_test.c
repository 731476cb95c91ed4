// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "route/route.h"

static const char table[] = "queues:\n"
                            "  avon-desk:\n"
                            "    owner: avon\n"
                            "    kind: live\n"
                            "    lists: [\"*\"]\n"
                            "    forces: [avon]\n"
                            "    default: true\n"
                            "    intelligence_queue: avon-intel\n"
                            "  avon-intel:\n"
                            "    owner: avon\n"
                            "    kind: intelligence\n"
                            "    lists: [\"*\"]\n"
                            "    covert_lists: [ocg]\n"
                            "    forces: [avon]\n"
                            "  avon-covert:\n"
                            "    owner: avon\n"
                            "    kind: live\n"
                            "    covert_lists: [ocg]\n"
                            "    intelligence_queue: avon-intel\n"
                            "  border:\n"
                            "    owner: wilts\n"
                            "    kind: live\n"
                            "    lists: [stolen]\n"
                            "    areas: [border]\n"
                            "    handling: [stop]\n"
                            "  wilts-intel:\n"
                            "    owner: wilts\n"
                            "    kind: intelligence\n"
                            "    lists: [stolen]\n"
                            "    default: true\n";

static struct hs_routes *routes;

static int open_table(void **state)
{
    struct hs_diags diags = {0};
    (void)state;
    int rc = hs_routes_parse(hs_str(table), "queues.yaml", &diags, &routes);
    hs_diags_fini(&diags);
    return rc;
}

static int close_table(void **state)
{
    (void)state;
    hs_routes_free(routes);
    return 0;
}

// "a,b" of the queues that are told.
static const char *decide(struct hs_route_query query)
{
    static char text[512];
    const struct hs_queue *queues[8];
    struct hs_buf buf = {0};
    size_t count = hs_route_decide(routes, &query, queues, 8);
    for (size_t i = 0; i < count; i++) {
        hs_buf_printf(&buf, "%s%.*s", i > 0 ? "," : "", HS_STR_ARG(queues[i]->name));
    }
    assert_true(buf.len < sizeof(text));
    memcpy(text, hs_buf_text(&buf), buf.len + 1);
    hs_buf_fini(&buf);
    return text;
}

static struct hs_route_query query(const char *list, const char *force, const char *area)
{
    return (struct hs_route_query){
        .list_id = hs_str(list),
        .list_owner = HS_STR("avon"),
        .handling = HS_ROUTE_HANDLING_STOP,
        .force = hs_str(force),
        .area = hs_str(area),
    };
}

static void places_and_lists_decide(void **state)
{
    (void)state;
    assert_string_equal(decide(query("stolen", "avon", "east")),
                        "avon-desk,avon-intel,wilts-intel");
    assert_string_equal(decide(query("stolen", "avon", "border")),
                        "avon-desk,avon-intel,border,wilts-intel");
    assert_string_equal(decide(query("stolen", "wilts", "border")), "border,wilts-intel");
    assert_string_equal(decide(query("drugs", "wilts", "border")), "");
    assert_string_equal(decide(query("drugs", "avon", "border")), "avon-desk,avon-intel");
}

static void handling_decides(void **state)
{
    struct hs_route_query q = query("stolen", "wilts", "border");
    (void)state;
    q.handling = HS_ROUTE_HANDLING_MONITOR;
    assert_string_equal(decide(q), "wilts-intel");
    q.handling = 0;
    assert_string_equal(decide(q), "");
}

static void stale_goes_to_intelligence_alone(void **state)
{
    struct hs_route_query q = query("stolen", "avon", "border");
    (void)state;
    q.stale = true;
    assert_string_equal(decide(q), "avon-intel,wilts-intel");
}

static void unknown_camera_goes_to_the_owners_default(void **state)
{
    struct hs_route_query q = query("stolen", "", "");
    (void)state;
    q.camera_unknown = true;
    assert_string_equal(decide(q), "avon-desk");
    q.stale = true;
    assert_string_equal(decide(q), "avon-intel");
    q.list_owner = HS_STR("wilts");
    assert_string_equal(decide(q), "wilts-intel");
    q.list_id = HS_STR("drugs"); // which wilts may not receive
    assert_string_equal(decide(q), "");
    q.list_owner = HS_STR("gwent");
    assert_string_equal(decide(q), "");
}

static void covert_reaches_its_owner_alone_wherever_it_was_read(void **state)
{
    struct hs_route_query q = query("ocg", "gwent", "nowhere");
    (void)state;
    q.covert = true;
    assert_string_equal(decide(q), "avon-covert,avon-intel");
    q.camera_unknown = true;
    assert_string_equal(decide(q), "avon-covert,avon-intel");
    q.stale = true;
    assert_string_equal(decide(q), "avon-intel");
    q.list_owner = HS_STR("wilts");
    assert_string_equal(decide(q), "");
    q.list_owner = HS_STR("avon");
    q.list_id = HS_STR("stolen"); // covert now, but no queue names it so
    assert_string_equal(decide(q), "");
}

static void a_name_is_open_or_covert_never_both(void **state)
{
    (void)state;
    // 'ocg' as an open list: only those that may receive any open list
    assert_string_equal(decide(query("ocg", "avon", "")), "avon-desk,avon-intel");
    assert_string_equal(decide(query("*", "wilts", "border")), "");
}

static void answers_beyond_the_room_are_counted(void **state)
{
    const struct hs_queue *queues[1] = {NULL};
    struct hs_route_query q = query("stolen", "avon", "border");
    (void)state;
    assert_int_equal(hs_route_decide(routes, &q, queues, 1), 4);
    assert_true(hs_str_is(queues[0]->name, "avon-desk"));
}

static void canonical_text_of_an_audience_is_its_own(void **state)
{
    struct hs_buf open = {0};
    struct hs_buf covert = {0};
    struct hs_buf other = {0};
    (void)state;
    hs_routes_canonical(routes, HS_STR("open"), &open);
    hs_routes_canonical(routes, HS_STR("covert:ocg"), &covert);
    hs_routes_canonical(routes, HS_STR("covert:oc"), &other);
    assert_null(strstr(hs_buf_text(&open), "ocg"));
    assert_null(strstr(hs_buf_text(&open), "avon-covert"));
    assert_non_null(strstr(hs_buf_text(&covert), "avon-covert"));
    assert_null(strstr(hs_buf_text(&covert), "border"));
    assert_int_equal(other.len, 0);
    hs_buf_fini(&open);
    hs_buf_fini(&covert);
    hs_buf_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_lists_decide),
        cmocka_unit_test(handling_decides),
        cmocka_unit_test(stale_goes_to_intelligence_alone),
        cmocka_unit_test(unknown_camera_goes_to_the_owners_default),
        cmocka_unit_test(covert_reaches_its_owner_alone_wherever_it_was_read),
        cmocka_unit_test(a_name_is_open_or_covert_never_both),
        cmocka_unit_test(answers_beyond_the_room_are_counted),
        cmocka_unit_test(canonical_text_of_an_audience_is_its_own),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}
