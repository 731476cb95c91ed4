// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "unit/match/fixture.h"

static const char *const marks[] = {"AB12CDE", "BD51SMR", "LK05XYZ", NULL};

static struct hs_snapshot *apply_one(const struct hs_snapshot *old,
                                     struct hs_snapshot_change change)
{
    struct hs_snapshot *made = NULL;
    assert_int_equal(hs_snapshot_apply(old, &change, 1, FIXTURE_NOW_MS, HS_STR("2-0"), &made),
                     HS_OK);
    return made;
}

static struct hs_snapshot_change put(const char *id, const char *vrm)
{
    struct hs_list_spec spec = fixture_list("wanted");
    spec.sequence = 1;
    return (struct hs_snapshot_change){
        .kind = HS_CHANGE_PUT, .spec = spec, .entry = fixture_entry(id, vrm, NULL)};
}

static struct hs_snapshot_change drop(const char *id)
{
    return (struct hs_snapshot_change){
        .kind = HS_CHANGE_DROP, .spec = fixture_list("wanted"), .entry_id = hs_str(id)};
}

static void assert_counts(const struct hs_snapshot *snapshot, uint64_t entries, uint64_t changes)
{
    struct hs_snapshot_stats stats;
    hs_snapshot_stats(snapshot, &stats);
    assert_int_equal(stats.entries, entries);
    assert_int_equal(stats.overlay_changes, changes);
}

static void test_put_replace_drop(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *added = apply_one(base, put("e9", "XY21ZZZ"));
    assert_string_equal(fixture_match(base, "XY21ZZZ", NULL), "");
    assert_string_equal(fixture_match(added, "XY21ZZZ", NULL), "wanted/e9 EXACT 1000");
    assert_counts(added, 4, 1);

    struct hs_snapshot *moved = apply_one(added, put("e0", "XX99XXX"));
    assert_string_equal(fixture_match(moved, "AB12CDE", NULL), "");
    assert_string_equal(fixture_match(moved, "XX99XXX", NULL), "wanted/e0 EXACT 1000");
    assert_string_equal(fixture_match(moved, "XY21ZZZ", NULL), "wanted/e9 EXACT 1000");
    assert_counts(moved, 4, 3);

    struct hs_snapshot *dropped = apply_one(moved, drop("e9"));
    assert_string_equal(fixture_match(dropped, "XY21ZZZ", NULL), "");
    assert_counts(dropped, 3, 2);
    struct hs_snapshot *less = apply_one(dropped, drop("e1"));
    assert_string_equal(fixture_match(less, "BD51SMR", NULL), "");
    struct hs_snapshot *same = apply_one(less, drop("nobody"));
    assert_counts(same, 2, 3);

    struct hs_snapshot *rebuilt = NULL;
    assert_int_equal(hs_snapshot_rebuild(same, &rebuilt), HS_OK);
    assert_counts(rebuilt, 2, 0);
    assert_string_equal(fixture_match(rebuilt, "XX99XXX", NULL), "wanted/e0 EXACT 1000");
    assert_string_equal(fixture_match(rebuilt, "LK05XYZ", NULL), "wanted/e2 EXACT 1000");
    assert_string_equal(fixture_match(rebuilt, "BD51SMR", NULL), "");
    assert_int_equal(hs_snapshot_entry(base, HS_STR("wanted"), HS_STR("e9")), HS_ENOTFOUND);
    assert_int_equal(hs_snapshot_entry(added, HS_STR("wanted"), HS_STR("e9")), HS_OK);
    assert_int_equal(hs_snapshot_entry(moved, HS_STR("wanted"), HS_STR("e0")), HS_OK);
    assert_int_equal(hs_snapshot_entry(dropped, HS_STR("wanted"), HS_STR("e9")), HS_ENOTFOUND);
    assert_int_equal(hs_snapshot_entry(less, HS_STR("wanted"), HS_STR("e1")), HS_ENOTFOUND);
    assert_int_equal(hs_snapshot_entry(less, HS_STR("wanted"), HS_STR("e2")), HS_OK);
    assert_int_equal(hs_snapshot_entry(rebuilt, HS_STR("wanted"), HS_STR("e0")), HS_OK);
    assert_int_equal(hs_snapshot_entry(rebuilt, HS_STR("other"), HS_STR("e0")), HS_ENOTFOUND);
    struct hs_snapshot *all[] = {base, added, moved, dropped, less, same, rebuilt};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        hs_snapshot_free(all[i]);
    }
}

static void test_lists_come_and_go(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_list_spec spec = fixture_list("wanted");
    spec.status = HS_LIST_SUSPENDED;
    struct hs_snapshot *suspended =
        apply_one(base, (struct hs_snapshot_change){.kind = HS_CHANGE_LIST, .spec = spec});
    assert_string_equal(fixture_match(suspended, "AB12CDE", NULL), "");
    struct hs_snapshot *removed =
        apply_one(suspended, (struct hs_snapshot_change){.kind = HS_CHANGE_REMOVE,
                                                         .spec = fixture_list("wanted")});
    assert_counts(removed, 0, 0);
    struct hs_snapshot *again =
        apply_one(removed, (struct hs_snapshot_change){.kind = HS_CHANGE_LIST,
                                                       .spec = fixture_list("wanted")});
    assert_string_equal(fixture_match(again, "AB12CDE", NULL), "");
    struct hs_snapshot *filled = apply_one(again, put("e0", "AB12CDE"));
    assert_string_equal(fixture_match(filled, "AB12CDE", NULL), "wanted/e0 EXACT 1000");
    assert_counts(filled, 1, 1);
    struct hs_snapshot *all[] = {base, suspended, removed, again, filled};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        hs_snapshot_free(all[i]);
    }
}

static void test_one_list_is_built_anew_beside_the_others(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *added = apply_one(base, put("e9", "XY21ZZZ"));
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *made;
    struct hs_list_spec spec = fixture_list("other"), found;
    const struct hs_str without[] = {spec.list_id};
    uint64_t entries;
    // 'other' is new: all of 'wanted' is kept, the overlay too.
    assert_int_equal(hs_snapshot_builder_from(added, without, 1, &builder), HS_OK);
    assert_int_equal(hs_snapshot_builder_list(builder, &spec), HS_OK);
    assert_int_equal(hs_snapshot_builder_entry(builder, fixture_entry("o1", "CD34EFG", NULL)),
                     HS_OK);
    assert_int_equal(hs_snapshot_builder_build(builder, 1, HS_STR("3-0"), &made), HS_OK);
    assert_counts(made, 5, 0);
    assert_string_equal(fixture_match(made, "XY21ZZZ", NULL), "wanted/e9 EXACT 1000");
    assert_string_equal(fixture_match(made, "CD34EFG", NULL), "other/o1 EXACT 1000");
    assert_int_equal(hs_snapshot_list_by_id(made, HS_STR("wanted"), &found, &entries), HS_OK);
    assert_int_equal(entries, 4);
    assert_int_equal(hs_snapshot_list_by_id(made, HS_STR("nolist"), &found, NULL), HS_ENOTFOUND);
    // And again: what 'other' had is gone.
    struct hs_snapshot *again;
    assert_int_equal(hs_snapshot_builder_from(made, without, 1, &builder), HS_OK);
    assert_int_equal(hs_snapshot_builder_list(builder, &spec), HS_OK);
    assert_int_equal(hs_snapshot_builder_build(builder, 1, HS_STR("4-0"), &again), HS_OK);
    assert_counts(again, 4, 0);
    assert_string_equal(fixture_match(again, "CD34EFG", NULL), "");
    struct hs_snapshot *all[] = {base, added, made, again};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        hs_snapshot_free(all[i]);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *made = NULL;
    struct hs_snapshot_change change = put("e0", "AB12CDE");
    change.spec.list_id = HS_STR("nolist");
    assert_int_equal(hs_snapshot_apply(base, &change, 1, 0, HS_STR(""), &made), HS_ENOTFOUND);
    change = put("e0", "");
    assert_int_equal(hs_snapshot_apply(base, &change, 1, 0, HS_STR(""), &made), HS_EFORMAT);
    change = put("e0", "A?????B"); // two fixed characters are too few
    assert_int_equal(hs_snapshot_apply(base, &change, 1, 0, HS_STR(""), &made), HS_EFORMAT);
    change.entry = HS_STR("\x0a\xff");
    assert_int_equal(hs_snapshot_apply(base, &change, 1, 0, HS_STR(""), &made), HS_EFORMAT);
    assert_null(made);
    hs_snapshot_free(base);
}

static char folder[] = "/tmp/hs-snapshot-XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? snprintf(path, sizeof(path), "%s/snapshot", folder) < 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void test_file_round_trip(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *changed = apply_one(base, put("e9", "XY21ZZZ"));
    struct hs_snapshot *loaded = NULL;
    assert_int_equal(hs_snapshot_save(changed, path), HS_OK);
    assert_int_equal(hs_snapshot_load(path, &loaded), HS_OK);
    assert_counts(loaded, 4, 0);
    assert_string_equal(hs_snapshot_change_id(loaded).ptr, "2-0");
    assert_string_equal(fixture_match(loaded, "XY21ZZZ", NULL), "wanted/e9 EXACT 1000");
    assert_string_equal(fixture_match(loaded, "AB12CDE", NULL), "wanted/e0 EXACT 1000");
    struct hs_list_spec spec;
    uint64_t entries;
    assert_int_equal(hs_snapshot_list(loaded, 0, &spec, &entries), HS_OK);
    assert_true(hs_str_is(spec.list_id, "wanted") && hs_str_is(spec.owner_force, "north"));
    assert_int_equal(spec.sequence, 1);
    assert_int_equal(entries, 4);
    assert_int_equal(hs_snapshot_list(loaded, 1, &spec, NULL), HS_ENOTFOUND);
    hs_snapshot_free(base);
    hs_snapshot_free(changed);
    hs_snapshot_free(loaded);
}

// Any flipped bit and any lost byte: refused whole.
static void test_file_refused(void **state)
{
    (void)state;
    struct hs_snapshot *base = fixture_snapshot(marks);
    assert_int_equal(hs_snapshot_save(base, path), HS_OK);
    hs_snapshot_free(base);
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[65536];
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    struct hs_snapshot *loaded = NULL;
    size_t used_header = 256;
    for (size_t i = 0; i < len; i += i < used_header || i >= 4096 ? 1 : 61) {
        bytes[i] ^= (uint8_t)(1 << i % 8);
        file = fopen(path, "wb");
        fwrite(bytes, 1, len, file);
        fclose(file);
        bytes[i] ^= (uint8_t)(1 << i % 8);
        assert_true(hs_snapshot_load(path, &loaded) < 0);
    }
    for (size_t cut = 1; cut < len; cut += 97) {
        assert_int_equal(truncate(path, (off_t)(len - cut)), 0);
        assert_true(hs_snapshot_load(path, &loaded) < 0);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(hs_snapshot_load(path, &loaded), HS_ENOTFOUND);
    assert_null(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_replace_drop),
        cmocka_unit_test(test_lists_come_and_go),
        cmocka_unit_test(test_one_list_is_built_anew_beside_the_others),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_file_round_trip),
        cmocka_unit_test(test_file_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
