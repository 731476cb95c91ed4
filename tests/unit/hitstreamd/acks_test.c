// SPDX-License-Identifier: Apache-2.0
// What may be committed stays behind the oldest message with something on its way, whatever the
// order of acknowledgements; tickets from before a reset mean nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitstreamd/match_acks.h"

static struct hs_acks *acks_new(size_t capacity, int64_t offset)
{
    struct hs_acks *acks;
    assert_int_equal(hs_acks_new(capacity, &acks), 0);
    hs_acks_reset(acks, offset);
    return acks;
}

static void messages_without_outputs_are_safe_at_once(void **state)
{
    (void)state;
    struct hs_acks *acks = acks_new(4, 10);
    assert_int_equal(hs_acks_safe(acks), 10);
    assert_int_equal(hs_acks_next(acks), 10);
    hs_acks_begin(acks, 10);
    hs_acks_begin(acks, 17); // the log may have gaps
    assert_int_equal(hs_acks_safe(acks), 18);
    assert_int_equal(hs_acks_pending(acks), 0);
    hs_acks_free(acks);
}

static void the_oldest_on_its_way_holds_all_back(void **state)
{
    (void)state;
    struct hs_acks *acks = acks_new(4, 0);
    hs_acks_begin(acks, 0);
    hs_acks_begin(acks, 1);
    struct hs_ack_ticket first = hs_acks_expect(acks);
    struct hs_ack_ticket first_too = hs_acks_expect(acks);
    hs_acks_begin(acks, 2);
    hs_acks_begin(acks, 3);
    struct hs_ack_ticket second = hs_acks_expect(acks);
    hs_acks_begin(acks, 4);
    assert_int_equal(hs_acks_safe(acks), 1);
    assert_true(hs_acks_done(acks, second));
    assert_int_equal(hs_acks_safe(acks), 1);
    assert_true(hs_acks_done(acks, first));
    assert_int_equal(hs_acks_safe(acks), 1); // one of its two
    assert_true(hs_acks_done(acks, first_too));
    assert_int_equal(hs_acks_safe(acks), 5);
    hs_acks_free(acks);
}

static void a_further_output_of_the_newest_message_holds_it_back_again(void **state)
{
    (void)state;
    struct hs_acks *acks = acks_new(4, 0);
    hs_acks_begin(acks, 0);
    assert_true(hs_acks_done(acks, hs_acks_expect(acks)));
    assert_int_equal(hs_acks_safe(acks), 1);
    struct hs_ack_ticket further = hs_acks_expect(acks); // who passed after a hit
    assert_int_equal(hs_acks_safe(acks), 0);
    assert_true(hs_acks_done(acks, further));
    assert_int_equal(hs_acks_safe(acks), 1);
    hs_acks_free(acks);
}

static void tickets_from_before_a_reset_mean_nothing(void **state)
{
    (void)state;
    struct hs_acks *acks = acks_new(4, 0);
    hs_acks_begin(acks, 0);
    struct hs_ack_ticket old = hs_acks_expect(acks);
    hs_acks_reset(acks, 0);
    hs_acks_begin(acks, 0);
    struct hs_ack_ticket new = hs_acks_expect(acks);
    assert_false(hs_acks_done(acks, old));
    assert_int_equal(hs_acks_safe(acks), 0);
    assert_true(hs_acks_done(acks, new));
    assert_false(hs_acks_done(acks, new)); // told twice
    assert_int_equal(hs_acks_safe(acks), 1);
    hs_acks_free(acks);
}

static void it_is_bounded(void **state)
{
    (void)state;
    struct hs_acks *acks = acks_new(4, 0);
    struct hs_ack_ticket tickets[4];
    for (int i = 0; i < 4; i++) {
        assert_false(hs_acks_full(acks, 1));
        hs_acks_begin(acks, i);
        tickets[i] = hs_acks_expect(acks);
    }
    assert_true(hs_acks_full(acks, 1));
    assert_true(hs_acks_done(acks, tickets[0]));
    assert_false(hs_acks_full(acks, 1));
    assert_true(hs_acks_full(acks, 2));
    hs_acks_free(acks);
}

// Against a plain model: a set of outstanding outputs.
static void any_order_of_acknowledgements_agrees_with_a_model(void **state)
{
    (void)state;
    enum { OUTPUTS = 200 };
    struct {
        int64_t offset;
        struct hs_ack_ticket ticket;
    } out[OUTPUTS];
    for (unsigned seed = 1; seed < 200; seed++) {
        srand(seed);
        struct hs_acks *acks = acks_new(256, 0);
        int64_t offset = -1;
        size_t count = 0;
        for (int step = 0; step < 400; step++) {
            if (rand() % 2 && count < OUTPUTS) {
                hs_acks_begin(acks, ++offset);
                for (int k = rand() % 3; k > 0 && count < OUTPUTS; k--) {
                    out[count].offset = offset;
                    out[count++].ticket = hs_acks_expect(acks);
                }
            } else if (count > 0) {
                size_t i = (size_t)rand() % count;
                assert_true(hs_acks_done(acks, out[i].ticket));
                out[i] = out[--count];
            }
            int64_t safe = offset + 1;
            for (size_t i = 0; i < count; i++) {
                safe = out[i].offset < safe ? out[i].offset : safe;
            }
            assert_int_equal(hs_acks_safe(acks), safe);
        }
        hs_acks_free(acks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_without_outputs_are_safe_at_once),
        cmocka_unit_test(the_oldest_on_its_way_holds_all_back),
        cmocka_unit_test(a_further_output_of_the_newest_message_holds_it_back_again),
        cmocka_unit_test(tickets_from_before_a_reset_mean_nothing),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(any_order_of_acknowledgements_agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
