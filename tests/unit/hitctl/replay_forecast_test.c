// SPDX-License-Identifier: Apache-2.0
// What forecasts were worth: alerts that name next sites, and where vehicles were read next.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitctl/replay_forecast.h"

#define NOON   INT64_C(1780315200000)
#define MINUTE INT64_C(60000)

// An alert at `site` names two sites next, in five to ten minutes.
struct guess {
    const char *vehicle, *site;
    int64_t at_ms;
    const char *first, *second;
    uint32_t first_permille, second_permille;
    const char *covert; // list; NULL: open
};

static char *text(const char *from)
{
    return (char *)(uintptr_t)(from ? from : "");
}

static void told(struct replay_forecasts *forecasts, enum replay_side side,
                 const struct guess *guess)
{
    Hitstream__V1__Alert alert = HITSTREAM__V1__ALERT__INIT;
    Hitstream__V1__Forecast forecast = HITSTREAM__V1__FORECAST__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__NextPlace rows[2] = {HITSTREAM__V1__NEXT_PLACE__INIT,
                                        HITSTREAM__V1__NEXT_PLACE__INIT};
    Hitstream__V1__NextPlace *places[] = {&rows[0], &rows[1]};
    for (size_t i = 0; i < 2; i++) {
        rows[i].site_id = text(i ? guess->second : guess->first);
        rows[i].probability_permille = i ? guess->second_permille : guess->first_permille;
        rows[i].earliest_at_ms = guess->at_ms + 5 * MINUTE;
        rows[i].latest_at_ms = guess->at_ms + 10 * MINUTE;
    }
    forecast.places = places;
    forecast.n_places = 2;
    place.site_id = text(guess->site);
    list.list_id = text(guess->covert);
    alert.vehicle = text(guess->vehicle);
    alert.captured_at_ms = guess->at_ms;
    alert.covert = guess->covert != NULL;
    alert.list = &list;
    alert.place = &place;
    alert.forecast = &forecast;
    replay_forecast_told(forecasts, side, &alert);
}

static void seen(struct replay_forecasts *forecasts, const char *vehicle, const char *site,
                 int64_t at_ms, const char *covert)
{
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    audience.kind = covert ? HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT
                           : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    list.list_id = text(covert);
    place.site_id = text(site);
    hit.audience = &audience;
    hit.list = &list;
    hit.place = &place;
    hit.captured_at_ms = at_ms;
    replay_forecast_seen(forecasts, vehicle, &hit, true);
}

static const struct guess at_home = {"AB12CDE", "home", NOON, "mill", "quay", 700, 200, NULL};

static void what_was_said_is_held_against_what_came(void **state)
{
    struct replay_forecasts f = {.quiet_ms = 30 * MINUTE};
    const struct replay_forecast_counts *now = &f.sides[REPLAY_NOW];
    (void)state;
    for (int i = 0; i < 10; i++) { // seven times as it was thought likeliest, twice the other
        struct guess guess = at_home;
        guess.at_ms += i * 60 * MINUTE;
        told(&f, REPLAY_NOW, &guess);
        told(&f, REPLAY_NOW, &guess);                            // a second desk is told the same
        seen(&f, "AB12CDE", "home", guess.at_ms + MINUTE, NULL); // still there
        seen(&f, "AB12CDE",
             i < 7   ? "mill"
             : i < 9 ? "quay"
                     : "farm",
             guess.at_ms + (i == 0 ? 20 : 7) * MINUTE, NULL);
        seen(&f, "AB12CDE", "mill", guess.at_ms + 21 * MINUTE, NULL); // said nothing of
    }
    assert_int_equal(now->cases, 10);
    assert_int_equal(now->first, 7);
    assert_int_equal(now->named, 9);
    assert_int_equal(now->in_time, 8);
    assert_int_equal(now->bands[7].given, 10);
    assert_int_equal(now->bands[7].came, 7);
    assert_int_equal(now->bands[2].came, 2);
    assert_int_equal(replay_forecast_error_permille(now), 0);
    assert_int_equal(f.sides[REPLAY_OTHER].cases, 0);
    replay_forecast_fini(&f);
}

static void what_never_came_is_an_error(void **state)
{
    struct replay_forecasts f = {.quiet_ms = 30 * MINUTE};
    (void)state;
    struct guess sure = at_home;
    sure.first_permille = 1000;
    sure.second_permille = 0;
    told(&f, REPLAY_NOW, &at_home);
    told(&f, REPLAY_OTHER, &sure); // the same event, by other rules
    seen(&f, "AB12CDE", "farm", NOON + 6 * MINUTE, NULL);
    assert_int_equal(f.sides[REPLAY_OTHER].bands[9].given, 1);
    assert_int_equal(replay_forecast_error_permille(&f.sides[REPLAY_NOW]), 450);
    assert_int_equal(replay_forecast_error_permille(&f.sides[REPLAY_OTHER]), 500);
    replay_forecast_fini(&f);
}

static void a_journey_that_ended_says_nothing_of_the_way(void **state)
{
    struct replay_forecasts f = {.quiet_ms = 30 * MINUTE};
    (void)state;
    told(&f, REPLAY_NOW, &at_home);
    seen(&f, "AB12CDE", "mill", NOON + 31 * MINUTE, NULL);
    seen(&f, "AB12CDE", "quay", NOON + 32 * MINUTE, NULL);
    assert_int_equal(f.sides[REPLAY_NOW].cases, 0);
    replay_forecast_fini(&f);
}

static void a_covert_list_has_forecasts_of_its_own(void **state)
{
    struct replay_forecasts f = {.quiet_ms = 30 * MINUTE};
    struct guess covert = at_home;
    (void)state;
    covert.covert = "jay";
    told(&f, REPLAY_NOW, &covert);
    seen(&f, "AB12CDE", "mill", NOON + 6 * MINUTE, NULL); // by an open list's entry
    assert_int_equal(f.sides[REPLAY_NOW].cases, 0);
    seen(&f, "AB12CDE", "mill", NOON + 6 * MINUTE, "jay");
    assert_int_equal(f.sides[REPLAY_NOW].cases, 1);
    replay_forecast_fini(&f);
}

static void it_is_printed_by_bands(void **state)
{
    struct replay_forecasts f = {.quiet_ms = 30 * MINUTE};
    struct hs_buf out = {0};
    (void)state;
    told(&f, REPLAY_NOW, &at_home);
    seen(&f, "AB12CDE", "mill", NOON + 6 * MINUTE, NULL);
    replay_forecast_print_text(&f, &out);
    assert_non_null(strstr(hs_buf_text(&out), "given 70 to 80 %, came"));
    assert_non_null(strstr(hs_buf_text(&out), "100.0%"));
    assert_null(strstr(hs_buf_text(&out), "given 30 to 40"));
    hs_buf_clear(&out);
    replay_forecast_print_json(&f, &out);
    assert_non_null(strstr(hs_buf_text(&out), "{\"fromPermille\":700,\"given\":1,"
                                              "\"saidPermille\":700,\"came\":1}"));
    hs_buf_fini(&out);
    replay_forecast_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_is_held_against_what_came),
        cmocka_unit_test(what_never_came_is_an_error),
        cmocka_unit_test(a_journey_that_ended_says_nothing_of_the_way),
        cmocka_unit_test(a_covert_list_has_forecasts_of_its_own),
        cmocka_unit_test(it_is_printed_by_bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
