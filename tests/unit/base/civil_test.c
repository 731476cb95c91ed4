// SPDX-License-Identifier: Apache-2.0
// London's clock: weed dates end at London midnight, and two days a year have no 24 hours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"

static int64_t instant(const char *text)
{
    int64_t at_ms = 0;
    assert_int_equal(hs_civil_parse(hs_str(text), &at_ms), 0);
    return at_ms;
}

static void summer_time_begins_and_ends_at_one_utc(void **state)
{
    (void)state;
    // 29 March and 25 October 2026 are the last Sundays.
    assert_int_equal(hs_civil_london(instant("2026-03-29T00:59:59Z")).hour, 0);
    assert_int_equal(hs_civil_london(instant("2026-03-29T01:00:00Z")).hour, 2);
    assert_int_equal(hs_civil_london(instant("2026-10-25T00:59:59Z")).hour, 1);
    assert_int_equal(hs_civil_london(instant("2026-10-25T01:00:00Z")).hour, 1);
    assert_int_equal(hs_civil_london(instant("2026-10-25T02:00:00Z")).hour, 2);
}

static void a_day_has_23_24_or_25_hours(void **state)
{
    static const struct {
        uint32_t date;
        int hours;
    } days[] = {{20260329, 23}, {20261025, 25}, {20261121, 24}, {20260701, 24}};
    (void)state;
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        int64_t start_ms, end_ms;
        assert_int_equal(hs_civil_day_start_ms(days[i].date, &start_ms), 0);
        assert_int_equal(hs_civil_day_end_ms(days[i].date, &end_ms), 0);
        assert_int_equal((end_ms - start_ms) / HS_MS_PER_HOUR, days[i].hours);
        assert_int_equal(hs_civil_date(start_ms), days[i].date);
        assert_int_equal(hs_civil_date(end_ms - 1), days[i].date);
        assert_int_not_equal(hs_civil_date(end_ms), days[i].date);
    }
}

static void a_summer_day_ends_an_hour_before_utc_midnight(void **state)
{
    int64_t end_ms;
    (void)state;
    assert_int_equal(hs_civil_day_end_ms(20260714, &end_ms), 0);
    assert_int_equal(end_ms, instant("2026-07-14T23:00:00Z"));
}

static void dates_are_read_in_three_spellings(void **state)
{
    static const char *const good[] = {"2028-02-29", "20280229", "29/02/2028"};
    static const char *const malformed[] = {"", "2028-2-29", "2028/02/29", "29-02-2028",
                                            "2028-02-29x"};
    static const char *const no_such[] = {"2027-02-29", "2026-13-01", "31/04/2026", "20260100"};
    uint32_t date = 7;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hs_civil_parse_date(hs_str(good[i]), &date), 0);
        assert_int_equal(date, 20280229);
    }
    date = 7;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(hs_civil_parse_date(hs_str(malformed[i]), &date), HS_EFORMAT);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hs_civil_parse_date(hs_str(no_such[i]), &date), HS_EINVAL);
    }
    assert_int_equal(date, 7);
}

static void instants_survive_text(void **state)
{
    char text[HS_CIVIL_TEXT_BYTES];
    (void)state;
    for (int64_t at_ms = 0; at_ms < INT64_C(4102444800000); at_ms += INT64_C(86399999973)) {
        hs_civil_format(at_ms, text);
        assert_int_equal(instant(text), at_ms);
    }
    assert_int_equal(instant("2026-11-21T22:41:27.5+01:00"), instant("2026-11-21T21:41:27.500Z"));
    assert_int_equal(instant("2026-11-21T16:11:27-05:30"), instant("2026-11-21T21:41:27Z"));
    assert_int_equal(instant("2026-07-01 12:00"), instant("2026-07-01T11:00:00Z")); // London
}

static void weekdays_begin_on_monday(void **state)
{
    (void)state;
    assert_int_equal(hs_civil_london(instant("2026-11-21T12:00:00Z")).weekday, 5); // a Saturday
    assert_int_equal(hs_civil_utc(0).weekday, 3);                                  // a Thursday
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summer_time_begins_and_ends_at_one_utc),
        cmocka_unit_test(a_day_has_23_24_or_25_hours),
        cmocka_unit_test(a_summer_day_ends_an_hour_before_utc_midnight),
        cmocka_unit_test(dates_are_read_in_three_spellings),
        cmocka_unit_test(instants_survive_text),
        cmocka_unit_test(weekdays_begin_on_monday),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
