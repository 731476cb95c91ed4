// SPDX-License-Identifier: Apache-2.0
//
// One bad operations.yaml a case, with queues and cameras that are good.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "controls/controls.h"
#include "support/bad_files.h"

static const char cameras[] = "camera,site,road,force,area,latitude,longitude\n"
                              "c1,s1,A4,avon,east,51.4,-2.4\n"
                              "c2,s2,A36,wilts,border,51.3,-2.3\n";

static const char queues[] =
    "queues:\n"
    "  joint: {owner: avon, kind: live, lists: [], intelligence_queue: avon-intel}\n"
    "  avon-desk: {owner: avon, kind: live, lists: [\"*\"], forces: [avon], default: true,\n"
    "    intelligence_queue: avon-intel}\n"
    "  avon-intel: {owner: avon, kind: intelligence, lists: [\"*\"], covert_lists: [mole]}\n"
    "  avon-covert: {owner: avon, kind: live, covert_lists: [mole], intelligence_queue: "
    "avon-intel}\n"
    "  wilts-desk: {owner: wilts, kind: live, lists: [\"*\"], default: true, intelligence_queue: "
    "wilts-intel}\n"
    "  wilts-intel: {owner: wilts, kind: intelligence, lists: [\"*\"]}\n"
    "  narrow: {owner: avon, kind: live, lists: [stolen], intelligence_queue: narrow-intel}\n"
    "  narrow-intel: {owner: avon, kind: intelligence, lists: [stolen]}\n";

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    const struct hs_controls_file files[] = {
        {HS_STR("rules.yaml"), HS_STR("")},
        {HS_STR("queues.yaml"), hs_str(queues)},
        {HS_STR("cameras.csv"), hs_str(cameras)},
        {HS_STR("operations.yaml"), text},
    };
    struct hs_controls *controls = NULL;
    (void)name;
    int rc = hs_controls_parse(files, 4, diags, &controls);
    hs_controls_unref(controls);
    return rc;
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/operations", ".yaml", read_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_bad_file_says_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
