// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cameras/findings.h"

static int put(struct hs_camera_findings *findings, const char *camera, int64_t offset_ms)
{
    Hitstream__V1__CameraHealth health = HITSTREAM__V1__CAMERA_HEALTH__INIT;
    Hitstream__V1__CameraFault fault = HITSTREAM__V1__CAMERA_FAULT__INIT;
    Hitstream__V1__CameraFault *faults[] = {&fault};
    uint8_t packed[256];
    health.camera_id = (char *)(uintptr_t)camera;
    fault.kind = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK;
    fault.offset_ms = offset_ms;
    health.faults = faults;
    health.n_faults = 1;
    size_t len = hitstream__v1__camera_health__pack(&health, packed);
    return hs_camera_findings_put(findings, hs_str(camera), hs_str_n((char *)packed, len));
}

static void the_newest_record_of_a_camera_counts(void **state)
{
    struct hs_camera_findings *first, *second;
    (void)state;
    assert_int_equal(hs_camera_findings_new(NULL, &first), 0);
    for (int i = 0; i < 100; i++) {
        char id[32];
        snprintf(id, sizeof(id), "camera-%d", i);
        assert_int_equal(put(first, id, i), 0);
    }
    assert_int_equal(put(first, "camera-7", 7000), 0);
    assert_int_equal(hs_camera_findings_count(first), 100);
    assert_int_equal(hs_camera_findings_new(first, &second), 0);
    hs_camera_findings_free(first);
    assert_int_equal(hs_camera_findings_put(second, HS_STR("camera-3"), HS_STR("")), 0);
    assert_null(hs_camera_findings_get(second, HS_STR("camera-3")));
    assert_int_equal(hs_camera_findings_get(second, HS_STR("camera-7"))->faults[0]->offset_ms,
                     7000);
    assert_int_equal(hs_camera_findings_count(second), 99);
    assert_int_equal(hs_camera_findings_version(second), 2);
    hs_camera_findings_free(second);
}

static void what_is_no_health_changes_nothing(void **state)
{
    struct hs_camera_findings *findings;
    (void)state;
    assert_int_equal(hs_camera_findings_new(NULL, &findings), 0);
    assert_int_equal(put(findings, "a", 1), 0);
    assert_int_equal(hs_camera_findings_put(findings, HS_STR("/memory/0/1"), HS_STR("xx")), 0);
    assert_int_not_equal(hs_camera_findings_put(findings, HS_STR("a"), HS_STR("\xff")), 0);
    assert_int_equal(hs_camera_findings_count(findings), 1);
    assert_null(hs_camera_findings_get(NULL, HS_STR("a")));
    hs_camera_findings_free(findings);
}

static void a_fault_is_said_in_words(void **state)
{
    Hitstream__V1__CameraFault fault = HITSTREAM__V1__CAMERA_FAULT__INIT;
    struct hs_buf text = {0};
    (void)state;
    fault.kind = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK;
    fault.offset_ms = -3725400;
    hs_camera_fault_print(&fault, &text);
    assert_string_equal(hs_buf_text(&text), "its clock is 1 h 2 min 5 s slow");
    hs_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_record_of_a_camera_counts),
        cmocka_unit_test(what_is_no_health_changes_nothing),
        cmocka_unit_test(a_fault_is_said_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
