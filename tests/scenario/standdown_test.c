// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hitstream/v1/alert.pb-c.h"
#include "scenario/story.h"

static int begin(void **state)
{
    *state = story_new();
    return 0;
}

static int end(void **state)
{
    story_free(*state);
    return 0;
}

static void weeds(struct story *s, const char *at, const char *site, uint32_t weed_date)
{
    story_tell(s, &(struct story_hit){.at = at,
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = site,
                                      .weed_date = weed_date});
}

static void an_entry_that_is_withdrawn_is_taken_back(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    struct hs_id opened;
    memcpy(opened.bytes, last_alert(s)->alert_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/1");
    withdrawn(s, "12:01:00", "AB12CDE", "missing", 6); // older than the hit's list: not yet on it
    silence(s);
    withdrawn(s, "12:02:00", "AB12CDE", "missing", 8);
    told(s, "avon-live stand-down AB12CDE avon/1");
    const Hitstream__V1__StandDown *taken = last_alert(s)->stand_down;
    assert_int_equal(taken->reason, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN);
    assert_int_equal(taken->n_alert_ids, 1);
    assert_memory_equal(taken->alert_ids[0].data, opened.bytes, HS_ID_BYTES);
    assert_string_equal(taken->list_id, "missing");
    assert_string_equal(taken->entry_id, "AB12CDE");
    assert_string_equal(
        last_alert(s)->headline,
        "STAND DOWN AB12CDE: it stands on the list no more, list 'missing' of avon");
    told(s, "avon-review stand-down AB12CDE avon/1");
    assert_int_equal(story_stats(s).open_incidents, 0);
    withdrawn(s, "12:02:01", "AB12CDE", "missing", 8);     // a second owner saw it too
    passes(s, "12:03:00", "AB12CDE", "missing", "avon/2"); // a matcher that does not know yet
    silence(s);
    assert_int_equal(story_stats(s).withdrawn_hits, 1);
    story_tell(s, &(struct story_hit){.at = "12:04:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2",
                                      .list_sequence = 8}); // the very revision without it
    silence(s);
    assert_int_equal(story_stats(s).withdrawn_hits, 2);
}

// On taking over, an owner compares with the list as it stands: at the revision of the hit, too.
static void the_revision_of_the_hit_may_be_without_it(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    withdrawn(s, "12:01:00", "AB12CDE", "missing", 7);
    told(s, "avon-live stand-down AB12CDE avon/1");
    told(s, "avon-review stand-down AB12CDE avon/1");
}

static void an_entry_that_comes_back_is_told_again(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    withdrawn(s, "12:02:00", "AB12CDE", "missing", 8);
    told(s, "avon-live stand-down AB12CDE avon/1");
    told(s, "avon-review stand-down AB12CDE avon/1");
    restart(s, true);
    story_tell(s, &(struct story_hit){.at = "12:03:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2",
                                      .list_sequence = 9});
    told(s, "avon-live opened AB12CDE avon/2");
    told(s, "avon-review opened AB12CDE avon/2");
}

// The same entry stands in a later incident; what was read before it went comes late.
static void a_late_hit_revives_nothing_where_the_entry_came_back(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    withdrawn(s, "12:02:00", "AB12CDE", "missing", 8);
    told(s, "avon-live stand-down AB12CDE avon/1");
    told(s, "avon-review stand-down AB12CDE avon/1");
    story_tell(s, &(struct story_hit){.at = "12:50:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2",
                                      .list_sequence = 9});
    told(s, "avon-live opened AB12CDE avon/2");
    told(s, "avon-review opened AB12CDE avon/2");
    story_tell(s, &(struct story_hit){.at = "12:01:00",
                                      .arrives = "12:51:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2"});
    silence(s);
    withdrawn(s, "12:52:00", "AB12CDE", "missing", 8); // the same word once more
    silence(s);
    assert_int_equal(story_stats(s).withdrawn_hits, 1);
}

static void an_incident_goes_on_while_an_entry_is_left(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:00:00", "AB12CDE", "drugs", "avon/1");
    for (int i = 0; i < 4; i++) {
        char want[64];
        snprintf(want, sizeof(want), "avon-%s %s AB12CDE avon/1", i % 2 ? "review" : "live",
                 i < 2 ? "opened" : "updated");
        told(s, want);
    }
    withdrawn(s, "12:02:00", "AB12CDE", "missing", 8);
    told(s, "avon-live stand-down AB12CDE avon/1");
    assert_int_equal(last_alert(s)->stand_down->n_alert_ids, 1); // of that entry
    told(s, "avon-review stand-down AB12CDE avon/1");
    assert_int_equal(story_stats(s).open_incidents, 1);
    passes(s, "12:03:00", "AB12CDE", "drugs", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->safeguarding, HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_NONE);
    told(s, "avon-review updated AB12CDE avon/2");
    silence(s);
}

static void what_was_told_of_an_ended_incident_is_taken_back_too(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    clock_strikes(s, "12:31:00");
    restart(s, true);
    withdrawn(s, "13:00:00", "AB12CDE", "missing", 8);
    told(s, "avon-live stand-down AB12CDE avon/1");
    told(s, "avon-review stand-down AB12CDE avon/1");
    silence(s);
}

// Weed dates are London's days: in July the day is over at 23:00 UTC.
static void the_weed_date_takes_back(void **state)
{
    struct story *s = *state;
    weeds(s, "23:50:00", "avon/1", 20260113);
    weeds(s, "23:52:00", "avon/2", 20260113);
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    clock_strikes(s, "23:59:59");
    silence(s);
    clock_strikes(s, "1+00:00:00");
    told(s, "avon-live stand-down AB12CDE avon/2");
    assert_int_equal(last_alert(s)->stand_down->reason,
                     HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED);
    assert_int_equal(last_alert(s)->stand_down->n_alert_ids, 2);
    told(s, "avon-review stand-down AB12CDE avon/2");
    silence(s);
    assert_int_equal(story_stats(s).open_incidents, 0);
}

static int count_entry(void *ctx, const struct hs_standing_entry *entry)
{
    assert_true(hs_str_is(entry->vehicle, "AB12CDE"));
    assert_int_equal(entry->generation, 3);
    assert_int_equal(entry->sequence, 7);
    ++*(int *)ctx;
    return 0;
}

static void see_entries(struct story *s, int *count)
{
    size_t cursor = 0;
    do {
        assert_int_equal(
            hs_correlator_entries_from(story_correlator(s), &cursor, 1, count_entry, count), 0);
    } while (cursor != 0);
}

static void the_edge_sees_every_entry_that_stands(void **state)
{
    struct story *s = *state;
    int count = 0;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:01:00", "AB12CDE", "covert-a", "avon/1");
    passes(s, "13:00:00", "AB12CDE", "missing", "avon/2"); // a second incident of the same entry
    see_entries(s, &count);
    assert_int_equal(count, 2);
    withdrawn(s, "13:01:00", "AB12CDE", "missing", 8);
    restart(s, true);
    count = 0;
    see_entries(s, &count);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(an_entry_that_is_withdrawn_is_taken_back),
        STORY(the_revision_of_the_hit_may_be_without_it),
        STORY(an_entry_that_comes_back_is_told_again),
        STORY(a_late_hit_revives_nothing_where_the_entry_came_back),
        STORY(an_incident_goes_on_while_an_entry_is_left),
        STORY(what_was_told_of_an_ended_incident_is_taken_back_too),
        STORY(the_weed_date_takes_back),
        STORY(the_edge_sees_every_entry_that_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
