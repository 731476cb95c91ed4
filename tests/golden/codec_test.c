// SPDX-License-Identifier: Apache-2.0
/*
 * wire/message.h does what protobuf-c does: over every golden message, cut short anywhere, with
 * bytes changed, fields given twice, and as two messages in one.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "golden/contract_types.h"
#include "hitstream/v1/event.pb-c.h"
#include "wire/message.h"

enum { CHANGES = 400, CHANGED_BYTES_MAX = 3 };

static void read_file(const char *path, struct hs_buf *out)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    hs_buf_clear(out);
    for (size_t got = 1; got > 0; out->len += got) {
        char *at = hs_buf_reserve(out, 4096);
        assert_non_null(at);
        got = fread(at, 1, 4096, file);
    }
    fclose(file);
}

static void assert_packs_to(const ProtobufCMessage *message, const uint8_t *bytes, size_t len)
{
    struct hs_buf out = {0};
    hs_buf_add_text(&out, "before"); // what stands there stays
    assert_int_equal(hs_message_pack(message, &out), 0);
    assert_int_equal(out.len, len + 6);
    assert_memory_equal(out.ptr + 6, bytes, len);
    hs_buf_fini(&out);
}

// Both refuse, or both give a message, of which both pack the same; *ret_taken says which.
static void assert_as_protobuf_c(const ProtobufCMessageDescriptor *type, struct hs_str bytes,
                                 bool *ret_taken)
{
    struct hs_bump bump = {0};
    ProtobufCMessage *theirs =
        protobuf_c_message_unpack(type, NULL, bytes.len, (const uint8_t *)bytes.ptr);
    ProtobufCMessage *ours = hs_message_unpack(type, bytes, &bump);
    assert_true(!theirs == !ours);
    *ret_taken = theirs != NULL;
    if (theirs) {
        size_t len = protobuf_c_message_get_packed_size(theirs);
        uint8_t *packed = malloc(len + 1);
        assert_non_null(packed);
        protobuf_c_message_pack(theirs, packed);
        assert_packs_to(theirs, packed, len);
        assert_int_equal(protobuf_c_message_get_packed_size(ours), len);
        assert_packs_to(ours, packed, len);
        free(packed);
        protobuf_c_message_free_unpacked(theirs, NULL);
    }
    hs_bump_fini(&bump);
}

typedef void check_golden(const ProtobufCMessageDescriptor *type, struct hs_buf *bytes);

static void each_golden(check_golden *check)
{
    glob_t found;
    assert_int_equal(glob(HS_SOURCE_DIR "/tests/data/golden/*.bin", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct hs_str name;
        struct hs_str rest = hs_str(strrchr(found.gl_pathv[i], '/') + 1);
        struct hs_buf bytes = {0};
        hs_str_split(&rest, '.', &name);
        assert_non_null(contract_type(name));
        read_file(found.gl_pathv[i], &bytes);
        check(contract_type(name), &bytes);
        hs_buf_fini(&bytes);
    }
    globfree(&found);
}

static void check_whole(const ProtobufCMessageDescriptor *type, struct hs_buf *bytes)
{
    bool taken;
    assert_as_protobuf_c(type, hs_buf_str(bytes), &taken);
    assert_true(taken);
}

static void a_message_is_what_it_was(void **state)
{
    (void)state;
    each_golden(check_whole);
}

static void check_cut(const ProtobufCMessageDescriptor *type, struct hs_buf *bytes)
{
    bool taken;
    for (size_t len = 0; len < bytes->len; len++) {
        assert_as_protobuf_c(type, hs_str_n(bytes->ptr, len), &taken);
    }
}

static void a_message_cut_short_is_refused_by_both_or_none(void **state)
{
    (void)state;
    each_golden(check_cut);
}

// Fields given twice: the later one wins, messages are merged, repeated ones go on.
static void check_twice(const ProtobufCMessageDescriptor *type, struct hs_buf *bytes)
{
    struct hs_buf twice = {0};
    bool taken;
    hs_buf_add_str(&twice, hs_buf_str(bytes));
    hs_buf_add_str(&twice, hs_buf_str(bytes));
    assert_as_protobuf_c(type, hs_buf_str(&twice), &taken);
    assert_true(taken);
    hs_buf_fini(&twice);
}

static void a_message_given_twice_is_merged(void **state)
{
    (void)state;
    each_golden(check_twice);
}

static void check_changed(const ProtobufCMessageDescriptor *type, struct hs_buf *bytes)
{
    struct hs_buf changed = {0};
    size_t refused = 0;
    bool taken;
    for (uint64_t n = 0; n < CHANGES && bytes->len > 0; n++) {
        hs_buf_clear(&changed);
        hs_buf_add_str(&changed, hs_buf_str(bytes));
        for (uint64_t i = 0; i <= n % CHANGED_BYTES_MAX; i++) {
            uint64_t dice = hs_hash_u64(n * CHANGED_BYTES_MAX + i);
            changed.ptr[dice % changed.len] = (char)(dice >> 56);
        }
        assert_as_protobuf_c(type, hs_buf_str(&changed), &taken);
        refused += !taken;
    }
    assert_true(bytes->len == 0 || refused > 0); // the test meets what is malformed
    hs_buf_fini(&changed);
}

static void a_changed_message_is_read_alike(void **state)
{
    (void)state;
    each_golden(check_changed);
}

// What a program fills in and no unpacking gives: bytes of no length that point somewhere, texts
// that are none, a zero below zero, a message that is empty.
static void what_says_nothing_is_left_out(void **state)
{
    (void)state;
    uint8_t somewhere[1] = {0}, packed[256];
    char none[] = "";
    char *markers[] = {NULL, none};
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Position position = HITSTREAM__V1__POSITION__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    hit.hit_id.data = somewhere;
    hit.read_id = NULL;
    hit.country = none;
    entry.warning_markers = markers;
    entry.n_warning_markers = 2;
    position.latitude_deg = -0.0;
    place.position = &position;
    hit.entry = &entry;
    hit.place = &place;
    hit.audience = &audience;
    size_t len = protobuf_c_message_pack(&hit.base, packed);
    assert_packs_to(&hit.base, packed, len);
}

// A part is copied wherever it stands.
static void a_part_that_stands_packed_is_copied(void **state)
{
    (void)state;
    char site[] = "site-1";
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    struct hs_buf bytes = {0}, whole = {0}, with = {0};
    place.site_id = site;
    hit.place = &place;
    assert_int_equal(hs_message_pack(&place.base, &bytes), 0);
    assert_int_equal(hs_message_pack(&hit.base, &whole), 0);
    place.site_id = NULL; // it is not looked at
    const struct hs_packed_part part = {&place.base, hs_buf_str(&bytes)};
    assert_int_equal(hs_message_pack_with(&hit.base, &part, 1, &with), 0);
    assert_true(hs_str_eq(hs_buf_str(&whole), hs_buf_str(&with)));
    hs_buf_fini(&bytes);
    hs_buf_fini(&whole);
    hs_buf_fini(&with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_what_it_was),
        cmocka_unit_test(a_message_cut_short_is_refused_by_both_or_none),
        cmocka_unit_test(a_message_given_twice_is_merged),
        cmocka_unit_test(a_changed_message_is_read_alike),
        cmocka_unit_test(what_says_nothing_is_left_out),
        cmocka_unit_test(a_part_that_stands_packed_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
