// SPDX-License-Identifier: Apache-2.0
/*
 * The wire is our ABI: every golden message decodes, encodes to the same bytes, and is its JSON in
 * both directions.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/error.h"
#include "golden/contract_types.h"
#include "wire/json.h"

enum { GOLDEN_LEAST = 16 }; // fewer files than this: some are lost

static void read_file(const char *path, struct hs_buf *out)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    hs_buf_clear(out);
    size_t got = 1;
    while (got > 0) {
        char *at = hs_buf_reserve(out, 4096);
        assert_non_null(at);
        got = fread(at, 1, 4096, file);
        out->len += got;
    }
    fclose(file);
}

// "…/VehicleEvent.hit.bin": the type before the first dot of the file's name.
static const ProtobufCMessageDescriptor *type_of(const char *path)
{
    struct hs_str name;
    struct hs_str rest = hs_str(strrchr(path, '/') + 1);
    hs_str_split(&rest, '.', &name);
    const ProtobufCMessageDescriptor *type = contract_type(name);
    if (!type) {
        fail_msg("no message type for '%s'", path);
    }
    return type;
}

static void assert_packs_to(const ProtobufCMessage *message, const struct hs_buf *bytes)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(len);
    assert_non_null(packed);
    protobuf_c_message_pack(message, packed);
    assert_int_equal(len, bytes->len);
    assert_memory_equal(packed, bytes->ptr, len);
    free(packed);
}

static void assert_no_unknown(const ProtobufCMessage *message)
{
    assert_int_equal(message->n_unknown_fields, 0);
}

static void assert_same_json(const char *path, struct hs_buf *printed, const struct hs_buf *golden)
{
    json_t *ours = json_loadb(printed->ptr, printed->len, JSON_REJECT_DUPLICATES, NULL);
    json_t *theirs = json_loadb(golden->ptr, golden->len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(ours);
    assert_non_null(theirs);
    if (!json_equal(ours, theirs)) {
        fail_msg("%s: JSON differs: %s", path, hs_buf_text(printed));
    }
    json_decref(ours);
    json_decref(theirs);
}

static void check_one(const char *bin_path)
{
    char json_path[4096];
    snprintf(json_path, sizeof(json_path), "%.*s.json", (int)(strlen(bin_path) - 4), bin_path);
    struct hs_buf bin = {0};
    struct hs_buf json = {0};
    struct hs_buf printed = {0};
    struct hs_buf why = {0};
    read_file(bin_path, &bin);
    read_file(json_path, &json);
    const ProtobufCMessageDescriptor *type = type_of(bin_path);

    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, NULL, bin.len, (const uint8_t *)bin.ptr);
    assert_non_null(message);
    assert_no_unknown(message);
    assert_packs_to(message, &bin);
    hs_json_print(message, &printed);
    assert_same_json(json_path, &printed, &json);
    protobuf_c_message_free_unpacked(message, NULL);

    if (hs_json_parse(hs_buf_str(&json), type, &message, &why) != HS_OK) {
        fail_msg("%s: %s", json_path, hs_buf_text(&why));
    }
    assert_packs_to(message, &bin);
    protobuf_c_message_free_unpacked(message, NULL);

    hs_buf_fini(&bin);
    hs_buf_fini(&json);
    hs_buf_fini(&printed);
    hs_buf_fini(&why);
}

static void every_golden_message_holds(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(HS_SOURCE_DIR "/tests/data/golden/*.bin", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= GOLDEN_LEAST);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        check_one(found.gl_pathv[i]);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_golden_message_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
