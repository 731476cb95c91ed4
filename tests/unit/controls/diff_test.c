// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "controls/diff.h"
#include "unit/controls/sample.h"

static struct hs_controls *parse(const char *cameras, const char *queues, const char *rules)
{
    const struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), hs_str(cameras)},
        {HS_STR("queues.yaml"), hs_str(queues)},
        {HS_STR("rules.yaml"), hs_str(rules)},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    assert_int_equal(hs_controls_parse(files, 3, &diags, &controls), 0);
    hs_diags_fini(&diags);
    return controls;
}

static void add_line(void *ctx, const struct hs_controls_difference *d)
{
    hs_buf_printf(ctx, "%c %s %.*s %s '%.*s' '%.*s'\n", "+-~"[d->change], d -> what,
                  HS_STR_ARG(d->name), d -> field, HS_STR_ARG(d->before), HS_STR_ARG(d->after));
}

static void differences_are_told_one_by_one(void **state)
{
    struct hs_controls *before = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES SAMPLE_COVERT_QUEUE, "");
    struct hs_controls *after =
        parse("camera,site,road,force,area,latitude,longitude\n"
              "c0,s0,M4,avon,,51.5,-2.4\n"
              "c1,s1,A420,avon,east,51.4,-2.5\n",
              SAMPLE_OPEN_QUEUES "    handling: [stop]\n", "incident: {trail_max: 9}\n");
    struct hs_buf text = {0};
    (void)state;
    assert_int_equal(hs_controls_diff(before, after, add_line, &text), 7);
    assert_string_equal(
        hs_buf_text(&text),
        "+ camera c0  '' 'site s0; road M4; force avon; position 51.500000 -2.400000; "
        "kind fixed'\n"
        "~ camera c1 road 'A4' 'A420'\n"
        "~ camera c1 position '51.400000 -2.400000' '51.400000 -2.500000'\n"
        "- camera c2  'site s2; road A36; force wilts; area border; position 51.300000 "
        "-2.300000; kind fixed' ''\n"
        "- queue avon-covert  'owner avon; kind intelligence; payload protobuf; "
        "covert_lists ocg; handling stop, monitor; default false; "
        "undelivered_after_ms 60000; feedback_per_minute 6000' ''\n"
        "~ queue avon-intel handling 'stop, monitor' 'stop'\n"
        "~ rule incident.trail_max  '64' '9'\n");
    hs_buf_fini(&text);
    hs_controls_unref(before);
    hs_controls_unref(after);
}

static void layout_is_no_difference(void **state)
{
    struct hs_controls *before = parse(SAMPLE_CAMERAS, SAMPLE_OPEN_QUEUES, "");
    struct hs_controls *after = parse("site,camera,road,force,area,latitude,longitude\n"
                                      "s2,c2,A36,wilts,border,51.30,-2.30\n"
                                      "s1,c1,A4,avon,east,51.40,-2.40\n",
                                      "# why\n" SAMPLE_OPEN_QUEUES, "# nothing\n");
    struct hs_buf text = {0};
    (void)state;
    assert_int_equal(hs_controls_diff(before, after, add_line, &text), 0);
    assert_int_equal(text.len, 0);
    hs_controls_unref(before);
    hs_controls_unref(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_told_one_by_one),
        cmocka_unit_test(layout_is_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
