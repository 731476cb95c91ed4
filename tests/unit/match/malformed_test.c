// SPDX-License-Identifier: Apache-2.0
/*
 * Entries, policies and files with any byte changed: what protobuf-c refuses is refused, what it
 * takes is taken, and a file whose checksums hold is looked at all the same.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "match/query.h"
#include "match/snapshot_file.h"
#include "match/terms.h"
#include "unit/match/fixture.h"

enum { BYTES_MAX = 512 };

// ---- entries ----

static void say_everything(Hitstream__V1__WatchlistEntry *entry)
{
    static char force[] = "north", area[] = "town", road[] = "A4", mark[] = "AB12CDF";
    static char *forces[] = {force}, *areas[] = {area}, *roads[] = {road};
    static Hitstream__V1__Hours hours = HITSTREAM__V1__HOURS__INIT;
    static Hitstream__V1__Exclusion exclusion = HITSTREAM__V1__EXCLUSION__INIT;
    static Hitstream__V1__Exclusion *exclusions[] = {&exclusion};
    static Hitstream__V1__MatchTier tiers[] = {1, 2, 3, 99};
    hours.days = 1;
    hours.from_minute = 600;
    hours.to_minute = 1320;
    exclusion.vrm = mark;
    exclusion.expires_at_ms = FIXTURE_NOW_MS + 1;
    entry->valid_from_ms = FIXTURE_NOW_MS - 1;
    entry->forces = forces, entry->n_forces = 1;
    entry->areas = areas, entry->n_areas = 1;
    entry->roads = roads, entry->n_roads = 1;
    entry->hours = &hours;
    entry->exclusions = exclusions, entry->n_exclusions = 1;
    entry->permitted_tiers = tiers, entry->n_permitted_tiers = 4;
}

// Whether both take the bytes for an entry.
static void hold_entry(const uint8_t *bytes, size_t len)
{
    const struct hs_camera camera = {.force = HS_STR("NORTH"), .area = HS_STR("x")};
    struct hs_vrm mark;
    assert_int_equal(hs_vrm_normalise(HS_STR("AB12CDF"), &mark, NULL), HS_OK);
    const struct hs_terms_question question = {&camera, {&mark, NULL}, FIXTURE_NOW_MS};
    struct hs_terms terms;
    int status = hs_terms_read(hs_str_n(bytes, len), &question, &terms);
    Hitstream__V1__WatchlistEntry *peer = hitstream__v1__watchlist_entry__unpack(NULL, len, bytes);
    assert_int_equal(status, peer ? HS_OK : HS_EFORMAT);
    if (peer) {
        assert_true(hs_str_is(terms.entry_id, peer->entry_id));
        assert_int_equal(terms.weed_date, peer->weed_date);
        assert_int_equal(terms.valid_from_ms, peer->valid_from_ms);
        assert_int_equal(terms.restricted_roads, peer->n_roads > 0);
        assert_int_equal(terms.days, peer->hours ? peer->hours->days : 0);
        hitstream__v1__watchlist_entry__free_unpacked(peer, NULL);
    }
}

static void test_entries_as_protobuf_takes_them(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MAX];
    struct hs_str entry = fixture_entry("id", "AB12CDE", say_everything);
    assert_true(entry.len < BYTES_MAX);
    memcpy(bytes, entry.ptr, entry.len);
    for (size_t i = 0; i < entry.len; i++) {
        hold_entry(bytes, i);
        for (unsigned value = 0; value < 256; value++) {
            bytes[i] = (uint8_t)value;
            hold_entry(bytes, entry.len);
        }
        bytes[i] = (uint8_t)entry.ptr[i];
    }
}

// An entry that is none is refused by whoever it is handed to, and the others stay.
static void test_an_entry_that_is_none(void **state)
{
    (void)state;
    struct hs_snapshot *snapshot = fixture_snapshot((const char *const[]){"AB12CDE", NULL}), *next;
    static const char *const marks[] = {"", "ABCDEFGHIJKLM", "\x01", "??1"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        struct hs_snapshot_change change = {.kind = HS_CHANGE_PUT,
                                            .spec = fixture_list("wanted"),
                                            .entry = fixture_entry("x", marks[i], NULL)};
        assert_int_equal(
            hs_snapshot_apply(snapshot, &change, 1, FIXTURE_NOW_MS, HS_STR("2-0"), &next),
            HS_EFORMAT);
    }
    assert_string_equal(fixture_match(snapshot, "AB12CDE", NULL), "wanted/e0 EXACT 1000");
    hs_snapshot_free(snapshot);
}

// ---- policies ----

static void hold_policy(const uint8_t *bytes, size_t len)
{
    struct hs_snapshot_builder *builder;
    struct hs_list_spec spec = fixture_list("l");
    spec.policy = hs_str_n(bytes, len);
    assert_int_equal(hs_snapshot_builder_new(&builder), HS_OK);
    int status = hs_snapshot_builder_list(builder, &spec);
    Hitstream__V1__MatchPolicy *peer = hitstream__v1__match_policy__unpack(NULL, len, bytes);
    assert_int_equal(status, peer ? HS_OK : HS_EFORMAT);
    if (peer) {
        hitstream__v1__match_policy__free_unpacked(peer, NULL);
    }
    hs_snapshot_builder_free(builder);
}

static void test_policies_as_protobuf_takes_them(void **state)
{
    (void)state;
    // tiers packed, and one by one with a number that is none; the limits
    static const uint8_t policy[] =
        "\x0a\x03\x01\x02\x63\x08\x03\x10\xe8\x07\x18\x80\x80\x04\x20\x32";
    size_t len = sizeof(policy) - 1;
    uint8_t bytes[sizeof(policy)];
    memcpy(bytes, policy, sizeof(policy));
    for (size_t i = 0; i < len; i++) {
        hold_policy(bytes, i);
        for (unsigned value = 0; value < 256; value++) {
            bytes[i] = (uint8_t)value;
            hold_policy(bytes, len);
        }
        bytes[i] = policy[i];
    }
}

// ---- files ----

static char path[] = HS_BINARY_DIR "/match-malformed-XXXXXX";

static void write_file(const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    *(size_t *)ctx += hit->entry.len;
}

// Loads it; what loads is asked, saved and taken apart without a fault.
static bool use_file(void)
{
    static const struct hs_match_context context;
    struct hs_match_query query = {.vrm = HS_STR("AB12CDE"), .at_ms = FIXTURE_NOW_MS};
    struct hs_snapshot *snapshot, *rebuilt;
    enum hs_read_fault fault;
    size_t bytes = 0;
    if (hs_snapshot_load(path, &snapshot) != HS_OK) {
        return false;
    }
    hs_match_query(snapshot, &context, &query, &fault, count_hit, &bytes);
    if (hs_snapshot_rebuild(snapshot, &rebuilt) == HS_OK) {
        hs_snapshot_free(rebuilt);
    }
    hs_snapshot_free(snapshot);
    return true;
}

static void test_sealed_files(void **state)
{
    (void)state;
    struct stat about;
    struct hs_snapshot *snapshot =
        fixture_snapshot((const char *const[]){"AB12CDE", "AB1?CDE", "X1YZA", NULL});
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(hs_snapshot_save(snapshot, path), HS_OK);
    hs_snapshot_free(snapshot);
    close(fd);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    size_t len = (size_t)about.st_size;
    uint8_t *good = malloc(len), *bytes = malloc(len);
    assert_int_equal(read(fd, good, len), len);
    close(fd);
    unsigned refused = 0;
    for (size_t i = 0; i < len; i++) {
        memcpy(bytes, good, len);
        bytes[i] ^= i % 2 ? 0xff : 0x81;
        hs_snapshot_file_seal(bytes, len);
        write_file(bytes, len);
        refused += !use_file();
    }
    assert_in_range(refused, 100, len - 1); // some bytes are only text
    for (size_t i = 0; i < len; i += 29) {
        memcpy(bytes, good, len);
        hs_snapshot_file_seal(bytes, i);
        write_file(bytes, i);
        assert_false(use_file());
    }
    free(good);
    free(bytes);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_as_protobuf_takes_them),
        cmocka_unit_test(test_an_entry_that_is_none),
        cmocka_unit_test(test_policies_as_protobuf_takes_them),
        cmocka_unit_test(test_sealed_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
