// SPDX-License-Identifier: Apache-2.0
// What partners say of groups, on a real Redis: once by its id, with its record, bounded.
#include <string.h>

#include "store_house.h"
#include "watchlist/said.h"

// A nomination of 'kay', or what is known of it. The id is made of `number`.
static int say(const char *queue, uint32_t number, bool nomination, int64_t at_ms)
{
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    Hitstream__V1__Nomination proposed = HITSTREAM__V1__NOMINATION__INIT;
    uint8_t id[HS_SAID_ID_BYTES] = {0}, bytes[256];
    char person[] = "J Smith", group[] = "kay", vehicle[] = "ab12 cde", note[] = "a note";
    memcpy(id, &number, sizeof(number));
    proposed.group_id = group;
    proposed.vehicle = vehicle;
    feedback.feedback_id = (ProtobufCBinaryData){.len = sizeof(id), .data = id};
    feedback.kind = nomination ? HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOMINATION
                               : HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE;
    feedback.person = person;
    feedback.note = note;
    feedback.at_ms = at_ms;
    if (nomination) {
        feedback.nomination = &proposed;
    } else {
        feedback.about_group = group;
    }
    size_t len = hitstream__v1__feedback__pack(&feedback, bytes);
    return hs_store_say(store, hs_str(queue), hs_str_n(bytes, len));
}

// Records of what partners said.
struct records {
    size_t nominated, intelligence;
};

static int count_record(void *ctx, const struct hs_change *change)
{
    struct records *records = ctx;
    bool nominated = change->op == HS_OP_NOMINATED;
    if (nominated || change->op == HS_OP_INTELLIGENCE) {
        assert_true(hs_str_is(change->who, "J Smith"));
        assert_true(hs_str_is(change->note, "a note"));
        assert_true(hs_str_is(change->looked.command, "group kay"));
        assert_true(hs_str_is(change->looked.vehicle, nominated ? "AB12CDE" : ""));
        assert_int_equal(change->authority.len, strlen("feedback ") + 2 * HS_SAID_ID_BYTES);
        records->nominated += nominated;
        records->intelligence += !nominated;
    }
    return 0;
}

static void what_is_said_stands_once_and_in_order(void **state)
{
    (void)state;
    struct hs_said_rows rows;
    struct records records = {0};
    assert_int_equal(say("bath", 2, false, 2000), 0);
    assert_int_equal(say("bath", 1, true, 1000), 0);
    assert_int_equal(say("bath", 1, true, 1000), 0);  // again
    assert_int_equal(say("wells", 1, true, 3000), 0); // another's id is another
    assert_int_equal(hs_store_said(store, &rows), 0);
    assert_int_equal(rows.count, 3);
    assert_true(hs_str_is(rows.rows[0].queue, "bath"));
    assert_non_null(rows.rows[0].feedback->nomination);
    assert_int_equal(rows.rows[1].feedback->at_ms, 2000);
    assert_true(hs_str_is(rows.rows[1].group_id, "kay"));
    assert_true(hs_str_is(rows.rows[2].queue, "wells"));
    assert_int_equal(hs_store_history(store, HS_STR(""), count_record, &records), 0);
    assert_int_equal(records.nominated, 2);
    assert_int_equal(records.intelligence, 1);
    hs_said_rows_fini(&rows);
}

static void a_full_queue_lets_its_oldest_go(void **state)
{
    (void)state;
    struct hs_said_rows rows;
    struct records records = {0};
    assert_int_equal(say("wells", 1, true, 1), 0); // older, and another's
    for (uint32_t i = 0; i <= HS_SAID_QUEUE_MAX; i++) {
        assert_int_equal(say("bath", i, false, 1000 + i), 0);
    }
    assert_int_equal(hs_store_said(store, &rows), 0);
    assert_int_equal(rows.count, HS_SAID_QUEUE_MAX + 1);
    assert_true(hs_str_is(rows.rows[0].queue, "wells"));
    assert_int_equal(rows.rows[1].feedback->at_ms, 1001);
    assert_int_equal(hs_store_history(store, HS_STR(""), count_record, &records), 0);
    assert_int_equal(records.intelligence, HS_SAID_QUEUE_MAX + 1); // all are on record
    hs_said_rows_fini(&rows);
}

static void what_is_not_said_of_a_group_is_refused(void **state)
{
    (void)state;
    struct hs_said_rows rows;
    assert_int_equal(hs_store_say(store, HS_STR("bath"), HS_STR("\xff")), HS_EFORMAT);
    assert_int_equal(hs_store_say(store, HS_STR("bath"), HS_STR("")), HS_EFORMAT);
    assert_int_equal(hs_store_said(store, &rows), 0);
    assert_int_equal(rows.count, 0);
    hs_said_rows_fini(&rows);
    assert_int_equal(say("bath", 1, true, 1), 0);
    meddle("HSET hs:said:bath x y");
    assert_int_equal(hs_store_said(store, &rows), HS_EPROTO);
    says("what partners said");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_said_stands_once_and_in_order),
        TEST(a_full_queue_lets_its_oldest_go),
        TEST(what_is_not_said_of_a_group_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
