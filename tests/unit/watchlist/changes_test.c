// SPDX-License-Identifier: Apache-2.0
// Records of the stream of changes: what is written is read; whatever is altered changes the hash.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "watchlist/changes.h"

static const struct hs_change sample = {
    .op = HS_OP_LOAD,
    .list = {.list_id = {"lines", 5},
             .title = {"County lines", 12},
             .owner_force = {"Aven", 4},
             .purpose = {"couriers", 8},
             .covert = true,
             .status = HS_STORE_TRIAL,
             .policy = {"\x0a\x00\x01", 3},
             .review_days = 28,
             .shrink_pct = 20,
             .keep_generations = 5,
             .generation = 12,
             .sequence = 3,
             .size = 1000,
             .checksum = UINT64_C(0xfedcba9876543210),
             .created_at_ms = 1795000000000},
    .looked = {.command = {"list show", 9}, .list_id = {"lines", 5}, .vehicle = {"AB12CDE", 7}},
    .who = {"op1", 3},
    .authority = {"A/1", 3},
    .note = {"file", 4},
    .at_ms = 1795300000000,
};

// The record's texts as the stream holds them.
static size_t encode(const struct hs_change *change, struct hs_buf *storage, struct hs_str *texts)
{
    static struct hs_position start;
    start = hs_position_start();
    texts[0] = hs_str("prev");
    texts[1] = hs_str(start.hash);
    return 2 + hs_change_encode(change, storage, texts + 2);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    struct hs_buf storage = {0};
    struct hs_str texts[HS_CHANGE_TEXTS_MAX + 2];
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    size_t count = encode(&sample, &storage, texts);
    assert_int_equal(hs_change_decode(hs_str("1795300000000-0"), texts, count, &change, previous),
                     0);
    assert_string_equal(previous, hs_position_start().hash);
    assert_string_equal(change.at.id, "1795300000000-0");
    assert_int_equal(change.op, HS_OP_LOAD);
    assert_true(hs_str_is(change.list.list_id, "lines"));
    assert_true(change.list.covert);
    assert_int_equal(change.list.status, HS_STORE_TRIAL);
    assert_true(hs_str_eq(change.list.policy, sample.list.policy));
    assert_int_equal(change.list.generation, 12);
    assert_int_equal(change.list.sequence, 3);
    assert_int_equal(change.list.size, 1000);
    assert_true(change.list.checksum == sample.list.checksum);
    assert_true(hs_str_is(change.who, "op1"));
    assert_int_equal(change.at_ms, sample.at_ms);
    hs_buf_fini(&storage);
}

static void every_operation_comes_back(void **state)
{
    (void)state;
    for (int op = HS_OP_CREATE; op <= HS_OP_CAMERA; op++) {
        struct hs_buf storage = {0};
        struct hs_str texts[HS_CHANGE_TEXTS_MAX + 2];
        struct hs_change written = sample, change;
        char previous[HS_CHANGE_HASH_BYTES];
        written.op = (enum hs_change_op)op;
        written.entry_id = hs_str("AB12CDE");
        written.controls_hash = hs_str("h");
        size_t count = encode(&written, &storage, texts);
        assert_int_equal(hs_change_decode(hs_str("1-1"), texts, count, &change, previous), 0);
        assert_int_equal(change.op, op);
        bool looked = op >= HS_OP_CONSULTED;
        assert_true(hs_str_is(change.looked.command, looked ? "list show" : ""));
        assert_true(hs_str_is(change.looked.vehicle, looked ? "AB12CDE" : ""));
        hs_buf_fini(&storage);
    }
}

static void any_alteration_changes_the_hash(void **state)
{
    (void)state;
    struct hs_buf storage = {0};
    struct hs_str texts[HS_CHANGE_TEXTS_MAX + 2];
    char hash[HS_CHANGE_HASH_BYTES], other[HS_CHANGE_HASH_BYTES];
    size_t count = encode(&sample, &storage, texts);
    hs_change_hash(hs_str("1-1"), texts, count, hash);
    hs_change_hash(hs_str("1-2"), texts, count, other);
    assert_string_not_equal(hash, other);
    for (size_t i = 0; i < count; i++) {
        struct hs_str kept = texts[i];
        texts[i] = hs_str("altered");
        hs_change_hash(hs_str("1-1"), texts, count, other);
        assert_string_not_equal(hash, other);
        texts[i] = kept;
    }
    // Moving a byte from one text to its neighbour is an alteration, too.
    struct hs_str a[] = {hs_str("ab"), hs_str("c")}, b[] = {hs_str("a"), hs_str("bc")};
    hs_change_hash(hs_str("1-1"), a, 2, hash);
    hs_change_hash(hs_str("1-1"), b, 2, other);
    assert_string_not_equal(hash, other);
    hs_buf_fini(&storage);
}

static void refuses_what_is_no_record(void **state)
{
    (void)state;
    struct hs_buf storage = {0};
    struct hs_str texts[HS_CHANGE_TEXTS_MAX + 2];
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    size_t count = encode(&sample, &storage, texts);
    assert_int_equal(hs_change_decode(hs_str("1-1"), texts, count - 2, &change, previous),
                     HS_EFORMAT);
    assert_int_equal(hs_change_decode(hs_str("1-1"), texts, 3, &change, previous), HS_EFORMAT);
    assert_int_equal(hs_change_decode(hs_str(""), texts, count, &change, previous), HS_EFORMAT);
    struct hs_str garbage[] = {hs_str("a"), hs_str("b"), hs_str("c"), hs_str("d")};
    assert_int_equal(hs_change_decode(hs_str("1-1"), garbage, 4, &change, previous), HS_EFORMAT);
    texts[3] = hs_str("explode");
    assert_int_equal(hs_change_decode(hs_str("1-1"), texts, count, &change, previous), HS_EFORMAT);
    hs_buf_fini(&storage);
}

static void orders_ids(void **state)
{
    (void)state;
    assert_true(hs_change_id_cmp("9-0", "10-0") < 0);
    assert_true(hs_change_id_cmp("10-2", "10-10") < 0);
    assert_true(hs_change_id_cmp("10-2", "10-2") == 0);
    assert_true(hs_change_id_cmp("garbage", "0-0") < 0);
    assert_true(hs_change_id_cmp("0-0", "") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(every_operation_comes_back),
        cmocka_unit_test(any_alteration_changes_the_hash),
        cmocka_unit_test(refuses_what_is_no_record),
        cmocka_unit_test(orders_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
