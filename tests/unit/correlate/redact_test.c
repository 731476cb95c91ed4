// SPDX-License-Identifier: Apache-2.0
//
// Every field of the contract that an alert can carry has a decision; what is told in the end is
// what the policy allows, and no free text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "correlate/redact.h"

enum { MESSAGES_MAX = 64 };

static const ProtobufCMessageDescriptor *seen[MESSAGES_MAX];
static size_t seen_count;

static void walk(const ProtobufCMessageDescriptor *message)
{
    for (size_t i = 0; i < seen_count; i++) {
        if (seen[i] == message) {
            return;
        }
    }
    assert_true(seen_count < MESSAGES_MAX);
    seen[seen_count++] = message;
    for (unsigned i = 0; i < message->n_fields; i++) {
        bool told;
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        if (!hs_redact_decided(message, field->id, &told)) {
            fail_msg("%s.%s = %u: may a partner know it? lib/correlate/redact.c has no decision",
                     message->name, field->name, field->id);
        }
        if (told && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            walk(field->descriptor);
        }
    }
}

static void every_field_has_a_decision(void **state)
{
    (void)state;
    seen_count = 0;
    walk(&hitstream__v1__alert__descriptor);
    assert_true(seen_count >= 10);
}

// ------------------------------------------------------------------ golden alerts, reduced

static Hitstream__V1__Alert *golden(const char *name)
{
    static uint8_t bytes[65536];
    char path[1024];
    snprintf(path, sizeof(path), HS_SOURCE_DIR "/tests/data/golden/%s.bin", name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    Hitstream__V1__Alert *alert = hitstream__v1__alert__unpack(NULL, len, bytes);
    assert_non_null(alert);
    return alert;
}

// The bytes of a reduced alert; the alert itself is not touched.
static void reduce(const Hitstream__V1__Alert *alert, const struct hs_queue *queue,
                   struct hs_buf *out)
{
    struct hs_bump bump = {0};
    Hitstream__V1__Alert copy = *alert;
    assert_int_equal(hs_redact_alert(queue, &bump, &copy), 0);
    size_t size = protobuf_c_message_get_packed_size(&copy.base);
    hs_buf_clear(out);
    char *at = hs_buf_reserve(out, size);
    assert_non_null(at);
    out->len = protobuf_c_message_pack(&copy.base, (uint8_t *)at);
    hs_bump_fini(&bump);
}

static bool stands_in(const struct hs_buf *bytes, const char *text)
{
    return memmem(bytes->ptr, bytes->len, text, strlen(text)) != NULL;
}

static void nothing_of_the_entry_and_no_free_text_is_told(void **state)
{
    static const char *const never[] = {
        "information",
        "operational_instructions",
        "reason",
        "title",
        "note",
        "person",
        "authority",
        "site_id",
        "road",
        "camera_id",
        "read_vrm",
        "plan_reference",
        "read_id",
        "message",
        "cad_information",
        "contact_24h",
        "lead_responsible",
        "next_site",
        "entry_id",
        "plate_image_ref",
    };
    const struct hs_queue all = {.reduced = true, .disclose = ~0U};
    struct hs_buf bytes = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        Hitstream__V1__Alert *alert = golden(i == 0 ? "Alert.operations" : "Alert.incidents");
        reduce(alert, &all, &bytes);
        for (size_t n = 0; n < sizeof(never) / sizeof(never[0]); n++) {
            if (stands_in(&bytes, never[n])) {
                fail_msg("'%s' is told to a partner", never[n]);
            }
        }
        assert_true(stands_in(&bytes, "county_line") || i == 1);
        assert_true(stands_in(&bytes, "vehicle"));
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    hs_buf_fini(&bytes);
}

static Hitstream__V1__Alert *unpack(const struct hs_buf *bytes)
{
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, bytes->len, (const uint8_t *)bytes->ptr);
    assert_non_null(alert);
    return alert;
}

static void an_empty_policy_leaves_the_ids(void **state)
{
    const struct hs_queue none = {.reduced = true};
    struct hs_buf bytes = {0};
    Hitstream__V1__Alert *alert = golden("Alert.operations");
    (void)state;
    alert->test = false;
    reduce(alert, &none, &bytes);
    Hitstream__V1__Alert *left = unpack(&bytes);
    assert_memory_equal(left->alert_id.data, alert->alert_id.data, 16);
    assert_memory_equal(left->reply_token.data, alert->reply_token.data, alert->reply_token.len);
    assert_string_equal(left->vehicle, "");
    assert_null(left->place);
    assert_null(left->entry);
    assert_null(left->group);
    assert_int_equal(left->n_trail + left->n_operations + left->n_warning_markers, 0);
    assert_int_equal(left->captured_at_ms, 0);
    assert_int_equal(left->priority, 0);
    assert_string_equal(left->headline, "a listed vehicle; verify the image");
    hitstream__v1__alert__free_unpacked(left, NULL);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    hs_buf_fini(&bytes);
}

static void places_and_times_are_as_coarse_as_set(void **state)
{
    struct hs_queue queue = {.reduced = true,
                             .disclose = HS_DISCLOSE_PLACE | HS_DISCLOSE_TIMES | HS_DISCLOSE_TRAIL,
                             .disclose_place = HS_DISCLOSE_FORCE,
                             .disclose_quarter_hours = true};
    struct hs_buf bytes = {0};
    Hitstream__V1__Alert *alert = golden("Alert.operations");
    (void)state;
    reduce(alert, &queue, &bytes);
    Hitstream__V1__Alert *left = unpack(&bytes);
    assert_string_equal(left->place->force, alert->place->force);
    assert_string_equal(left->place->area, "");
    assert_string_equal(left->place->site_id, "");
    assert_null(left->place->position);
    assert_int_equal(left->captured_at_ms, alert->captured_at_ms / 900000 * 900000);
    assert_int_equal(left->n_trail, alert->n_trail);
    assert_int_equal(left->trail[1]->captured_at_ms % 900000, 0);
    assert_string_equal(left->trail[1]->place->road, "");
    assert_true(alert->trail[1]->place->road[0] != '\0'); // what is shared was not touched
    hitstream__v1__alert__free_unpacked(left, NULL);
    queue.disclose_place = HS_DISCLOSE_AREA;
    queue.disclose_quarter_hours = false;
    reduce(alert, &queue, &bytes);
    left = unpack(&bytes);
    assert_string_equal(left->place->area, alert->place->area);
    assert_int_equal(left->captured_at_ms, alert->captured_at_ms);
    hitstream__v1__alert__free_unpacked(left, NULL);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    hs_buf_fini(&bytes);
}

static void a_queue_of_the_police_is_told_in_full(void **state)
{
    const struct hs_queue full = {.reduced = false};
    struct hs_buf bytes = {0};
    Hitstream__V1__Alert *alert = golden("Alert.operations");
    (void)state;
    reduce(alert, &full, &bytes);
    assert_int_equal(bytes.len, protobuf_c_message_get_packed_size(&alert->base));
    hitstream__v1__alert__free_unpacked(alert, NULL);
    hs_buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_a_decision),
        cmocka_unit_test(nothing_of_the_entry_and_no_free_text_is_told),
        cmocka_unit_test(an_empty_policy_leaves_the_ids),
        cmocka_unit_test(places_and_times_are_as_coarse_as_set),
        cmocka_unit_test(a_queue_of_the_police_is_told_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
