// SPDX-License-Identifier: Apache-2.0
// Made-up plates: legal marks, no two alike to the eye; misreads as often as asked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hitsim/plate.h"
#include "vrm/grammar.h"

enum { VEHICLES = 300000, DATE = 20250101 };

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

// The mark as an eye sees it: 0 and O, 1 and I are one glyph.
static uint64_t seen(const struct hs_vrm *vrm)
{
    struct hs_vrm glyphs = *vrm;
    for (unsigned i = 0; i < glyphs.len; i++) {
        glyphs.text[i] = hs_vrm_glyph_of(glyphs.text[i]);
    }
    return hs_vrm_pack(&glyphs);
}

static void plates_are_legal_and_differ(void **state)
{
    (void)state;
    uint64_t *marks = calloc(VEHICLES, sizeof(*marks));
    assert_non_null(marks);
    for (uint32_t vehicle = 0; vehicle < VEHICLES; vehicle++) {
        struct hs_vrm vrm;
        struct plate plate = plate_of_vehicle(vehicle);
        assert_int_equal(hs_vrm_normalise(hs_str(plate.text), &vrm, NULL), 0);
        assert_string_equal(vrm.text, plate.text);
        if (hs_vrm_series(&vrm, DATE) == 0) {
            fail_msg("'%s' fits no series", plate.text);
        }
        marks[vehicle] = seen(&vrm);
    }
    qsort(marks, VEHICLES, sizeof(*marks), by_value);
    for (uint32_t i = 1; i < VEHICLES; i++) {
        assert_int_not_equal(marks[i - 1], marks[i]);
    }
    free(marks);
}

static void misreads_come_as_often_as_asked_for(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    unsigned misread = 0;
    unsigned helped = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        struct plate plate = plate_of_vehicle(i);
        struct reading reading = plate_read(plate, 0.03, &random);
        assert_int_equal(reading.misread, strcmp(reading.text, plate.text) != 0);
        misread += reading.misread;
        helped += reading.misread && reading.candidate_count > 0 &&
                  strcmp(reading.candidates[0].text, plate.text) == 0;
    }
    assert_in_range(misread, 2700, 3300);
    assert_in_range(helped, misread / 3, misread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plates_are_legal_and_differ),
        cmocka_unit_test(misreads_come_as_often_as_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
