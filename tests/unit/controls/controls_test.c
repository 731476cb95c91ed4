// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "controls/controls.h"
#include "unit/controls/sample.h"

static int parse_files(const struct hs_controls_file *files, size_t count, struct hs_diags *diags,
                       struct hs_controls **ret)
{
    return hs_controls_parse(files, count, diags, ret);
}

static struct hs_controls *parse(const char *cameras, const char *queues, const char *rules)
{
    const struct hs_controls_file files[] = {
        {HS_STR("rules.yaml"), hs_str(rules)},
        {HS_STR("queues.yaml"), hs_str(queues)},
        {HS_STR("cameras.csv"), hs_str(cameras)},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    assert_int_equal(parse_files(files, 3, &diags, &controls), 0);
    hs_diags_fini(&diags);
    return controls;
}

static void what_is_packed_comes_back_with_its_hash(void **state)
{
    struct hs_controls *one = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "");
    struct hs_controls *two = NULL;
    struct hs_diags diags = {0};
    (void)state;
    assert_int_equal(strlen(hs_controls_hash(one)), 64);
    assert_int_equal(hs_controls_unpack(hs_controls_packed(one), &diags, &two), 0);
    hs_diags_fini(&diags);
    assert_string_equal(hs_controls_hash(one), hs_controls_hash(two));
    assert_true(hs_str_eq(hs_controls_packed(one), hs_controls_packed(two)));
    assert_int_equal(hs_cameras_count(hs_controls_cameras(two)), 2);
    assert_int_equal(hs_routes_queue_count(hs_controls_routes(two)), 2);
    hs_controls_unref(one);
    hs_controls_unref(two);
}

static void garbage_is_not_unpacked(void **state)
{
    struct hs_controls *controls = NULL;
    struct hs_diags diags = {0};
    (void)state;
    assert_int_equal(hs_controls_unpack(HS_STR("\xff\xff\xff"), &diags, &controls), HS_EFORMAT);
    assert_int_equal(hs_controls_unpack(HS_STR(""), &diags, &controls), HS_EFORMAT); // no files
    assert_int_equal(diags.errors, 1 + 3);
    assert_null(controls);
    hs_diags_fini(&diags);
}

static void every_fault_of_every_file_is_told(void **state)
{
    const struct hs_controls_file files[] = {
        {HS_STR("camera.csv"), HS_STR("")},
        {HS_STR("cameras.csv"), HS_STR("camera,site,force,latitude,longitude\nc1,s1,,51,-2\n")},
        {HS_STR("queues.yaml"), HS_STR("queues: {Q: {}}\n")},
        {HS_STR("queues.yaml"), HS_STR("queues: {Q: {}}\n")},
    };
    struct hs_controls *controls = NULL;
    struct hs_diags diags = {0};
    struct hs_buf text = {0};
    (void)state;
    assert_int_equal(parse_files(files, 4, &diags, &controls), HS_EFORMAT);
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &text);
        hs_buf_add_char(&text, '\n');
    }
    assert_string_equal(
        hs_buf_text(&text),
        "camera.csv: no file of the controls, did you mean 'cameras.csv'?; allowed: cameras.csv, "
        "groups.yaml, operations.yaml, queues.yaml, roads.csv, rules.yaml\n"
        "queues.yaml: this file is given twice\n"
        "rules.yaml: this file of the controls is missing\n"
        "cameras.csv:2:7: force: the value is missing\n"
        "queues.yaml:1:10: queues: 'Q': a queue's name becomes the topic dispatch.<name>: allowed "
        "are "
        "up to 64 lower-case letters, digits and '-', not '-' first\n"
        "queues.yaml:1:10: queues.Q: 'Q': a queue needs an owner: the force whose desk it is\n"
        "queues.yaml:1:10: queues.Q: 'Q': the key 'kind' is missing: live or intelligence\n"
        "queues.yaml:1:10: queues.Q: 'Q': no list can reach this queue: name some under 'lists' or "
        "'covert_lists' ('lists: []': what operations tell it)\n");
    hs_buf_fini(&text);
    hs_diags_fini(&diags);
}

static void a_queue_for_a_place_without_cameras_is_refused(void **state)
{
    const struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), HS_STR(SAMPLE_CAMERAS)},
        {HS_STR("queues.yaml"),
         HS_STR("queues:\n  a:\n    owner: x\n    kind: intelligence\n    lists: "
                "[l]\n    areas: [boarder]\n    default: true\n")},
        {HS_STR("rules.yaml"), HS_STR("")},
    };
    struct hs_controls *controls = NULL;
    struct hs_diags diags = {0};
    (void)state;
    assert_int_equal(parse_files(files, 3, &diags, &controls), HS_EFORMAT);
    assert_int_equal(diags.errors, 1);
    assert_string_equal(diags.rows[0].message,
                        "no camera stands in 'boarder', did you mean 'border'?");
    hs_diags_fini(&diags);
}

static void covert_taken_away_changes_nothing_for_the_open_audience(void **state)
{
    struct hs_controls *with = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES SAMPLE_COVERT_QUEUE, "");
    struct hs_controls *without = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "");
    char a[HS_CONTROLS_HASH_BYTES];
    char b[HS_CONTROLS_HASH_BYTES];
    (void)state;
    assert_string_not_equal(hs_controls_hash(with), hs_controls_hash(without));
    assert_int_equal(hs_controls_audience_hash(with, HS_STR("open"), a), 0);
    assert_int_equal(hs_controls_audience_hash(without, HS_STR("open"), b), 0);
    assert_string_equal(a, b);
    assert_int_equal(hs_controls_audience_hash(with, HS_STR("covert:other"), a), 0);
    assert_int_equal(hs_controls_audience_hash(without, HS_STR("covert:other"), b), 0);
    assert_string_equal(a, b);
    assert_int_equal(hs_controls_audience_hash(with, HS_STR("covert:ocg"), a), 0);
    assert_int_equal(hs_controls_audience_hash(without, HS_STR("covert:ocg"), b), 0);
    assert_string_not_equal(a, b);
    hs_controls_unref(with);
    hs_controls_unref(without);
}

static void layout_is_no_part_of_an_audience(void **state)
{
    struct hs_controls *one = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "");
    struct hs_controls *two =
        parse(SAMPLE_CAMERAS, "# said again\n" SAMPLE_OPEN_QUEUES, "incident: {trail_max: 64}\n");
    struct hs_controls *four = parse("camera,site,road,force,area,latitude,longitude\n"
                                     "c1,s1,A4,avon,west,51.4,-2.4\n",
                                     SAMPLE_OPEN_QUEUES, "");
    struct hs_controls *three =
        parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "incident: {trail_max: 65}\n");
    char a[HS_CONTROLS_HASH_BYTES];
    char b[HS_CONTROLS_HASH_BYTES];
    (void)state;
    assert_string_not_equal(hs_controls_hash(one), hs_controls_hash(two));
    assert_int_equal(hs_controls_audience_hash(one, HS_STR("open"), a), 0);
    assert_int_equal(hs_controls_audience_hash(two, HS_STR("open"), b), 0);
    assert_string_equal(a, b);
    assert_int_equal(hs_controls_audience_hash(three, HS_STR("open"), b), 0);
    assert_string_not_equal(a, b);
    assert_int_equal(hs_controls_audience_hash(four, HS_STR("open"), b), 0);
    assert_string_not_equal(a, b);
    hs_controls_unref(one);
    hs_controls_unref(two);
    hs_controls_unref(three);
    hs_controls_unref(four);
}

static void the_empty_object_decides_nothing(void **state)
{
    struct hs_controls *empty = hs_controls_empty();
    const struct hs_queue *queue;
    const struct hs_route_query query = {.list_id = HS_STR("a"),
                                         .list_owner = HS_STR("avon"),
                                         .handling = HS_ROUTE_HANDLING_STOP,
                                         .force = HS_STR("avon")};
    struct hs_rules defaults;
    (void)state;
    assert_string_equal(hs_controls_hash(empty), "");
    assert_int_equal(hs_cameras_count(hs_controls_cameras(empty)), 0);
    assert_null(hs_cameras_find(hs_controls_cameras(empty), HS_STR("c1")));
    assert_int_equal(hs_route_decide(hs_controls_routes(empty), &query, &queue, 1), 0);
    hs_rules_defaults(&defaults);
    assert_memory_equal(hs_controls_rules(empty), &defaults, sizeof(defaults));
    hs_controls_unref(hs_controls_ref(empty));
    hs_controls_unref(empty);
    hs_controls_unref(NULL);
}

struct names {
    char text[128];
};

static int add_name(void *ctx, struct hs_str name, struct hs_str text)
{
    struct names *names = ctx;
    (void)text;
    strncat(names->text, name.ptr, name.len);
    strcat(names->text, " ");
    return 0;
}

static void files_come_back_in_order_of_name(void **state)
{
    struct hs_controls *one = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "");
    struct names names = {""};
    (void)state;
    assert_int_equal(hs_controls_each_file(hs_controls_packed(one), add_name, &names), 0);
    assert_string_equal(names.text, "cameras.csv queues.yaml rules.yaml ");
    assert_int_equal(hs_controls_each_file(HS_STR("\xff"), add_name, &names), HS_EFORMAT);
    hs_controls_unref(one);
}

static const char road_table[] = "from,to,fastest_s,typical_s\ns1,s2,60,120\n";

static struct hs_controls *with_roads(const char *roads, struct hs_diags *diags)
{
    const struct hs_controls_file files[] = {
        {HS_STR("roads.csv"), hs_str(roads)},
        {HS_STR("cameras.csv"), HS_STR(SAMPLE_CAMERAS)},
        {HS_STR("queues.yaml"), HS_STR(SAMPLE_OPEN_QUEUES)},
        {HS_STR("rules.yaml"), HS_STR("")},
    };
    struct hs_controls *controls = NULL;
    return hs_controls_parse(files, 4, diags, &controls) == 0 ? controls : NULL;
}

static void the_road_table_is_a_part_that_may_be_absent(void **state)
{
    struct hs_diags diags = {0};
    char plain[HS_CONTROLS_HASH_BYTES];
    char roads[HS_CONTROLS_HASH_BYTES];
    struct hs_controls *without = with_roads("", &diags);
    struct hs_controls *with = with_roads(road_table, &diags);
    struct hs_controls *again = NULL;
    (void)state;
    assert_non_null(without);
    assert_non_null(with);
    assert_int_equal(hs_roads_count(hs_controls_roads(without)), 0);
    assert_int_equal(hs_roads_count(hs_controls_roads(with)), 1);
    assert_int_equal(hs_controls_audience_hash(without, HS_STR("open"), plain), 0);
    assert_int_equal(hs_controls_audience_hash(with, HS_STR("open"), roads), 0);
    assert_string_not_equal(plain, roads);
    assert_int_equal(hs_controls_unpack(hs_controls_packed(with), &diags, &again), 0);
    assert_string_equal(hs_controls_hash(again), hs_controls_hash(with));
    assert_int_equal(hs_roads_count(hs_controls_roads(again)), 1);
    hs_controls_unref(again);
    hs_controls_unref(with);
    hs_controls_unref(without);
    hs_diags_fini(&diags);
}

static void a_link_to_a_site_without_cameras_is_refused(void **state)
{
    struct hs_diags diags = {0};
    (void)state;
    assert_null(with_roads("from,to,fastest_s,typical_s\ns1,s3,60,120\n", &diags));
    assert_int_equal(diags.errors, 1);
    assert_string_equal(diags.rows[0].message, "no camera of cameras.csv stands at this site");
    assert_int_equal(diags.rows[0].line, 2);
    hs_diags_fini(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back_with_its_hash),
        cmocka_unit_test(garbage_is_not_unpacked),
        cmocka_unit_test(every_fault_of_every_file_is_told),
        cmocka_unit_test(a_queue_for_a_place_without_cameras_is_refused),
        cmocka_unit_test(covert_taken_away_changes_nothing_for_the_open_audience),
        cmocka_unit_test(layout_is_no_part_of_an_audience),
        cmocka_unit_test(the_empty_object_decides_nothing),
        cmocka_unit_test(files_come_back_in_order_of_name),
        cmocka_unit_test(the_road_table_is_a_part_that_may_be_absent),
        cmocka_unit_test(a_link_to_a_site_without_cameras_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
