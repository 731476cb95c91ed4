// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "wire/ids.h"

static struct hs_id_key key_of(uint8_t first)
{
    struct hs_id_key key;
    for (size_t i = 0; i < sizeof(key.bytes); i++) {
        key.bytes[i] = (uint8_t)(first + i);
    }
    return key;
}

static void assert_id(struct hs_id id, const char *text)
{
    char found[HS_ID_TEXT_BYTES];
    hs_id_text(&id, found);
    assert_string_equal(found, text);
}

// Ids stand in logs for years: these values were made by Python's hashlib.blake2b and never change.
static void ids_are_what_they_always_were(void **state)
{
    (void)state;
    struct hs_id_key key = key_of(0);
    struct hs_id read = hs_id_read(&key, HS_STR("cam-1"), 1780000000123, HS_STR("AB12CDE"));
    assert_id(read, "70203c44a8bb5275e6bc36ff8e3f2845");
    struct hs_id hit = hs_id_hit(&key, HS_STR("r-1"), HS_STR("stolen"), HS_STR("e-7"));
    assert_id(hit, "2d23c76b3491f950a084ea9d808b9085");
    struct hs_id incident = hs_id_incident(&key, HS_STR("open"), HS_STR("AB12CDE"), &hit);
    assert_id(incident, "89f453e915c481d0590407a8c047adfd");
    assert_id(hs_id_alert(&key, &incident, &hit, HS_STR("incident"), HS_STR("north-live")),
              "82140299d229dad55b2087d03c38e39b");
    char fingerprint[17];
    hs_id_key_fingerprint(&key, fingerprint);
    assert_string_equal(fingerprint, "2b0cfc7f983c49e3");
}

static void parts_do_not_run_together(void **state)
{
    (void)state;
    struct hs_id_key key = key_of(0);
    struct hs_id a = hs_id_hit(&key, HS_STR("ab"), HS_STR("c"), HS_STR(""));
    struct hs_id b = hs_id_hit(&key, HS_STR("a"), HS_STR("bc"), HS_STR(""));
    struct hs_id c = hs_id_hit(&key, HS_STR("ab"), HS_STR(""), HS_STR("c"));
    assert_false(hs_id_eq(&a, &b));
    assert_false(hs_id_eq(&a, &c));
    const struct hs_str parts[] = {HS_STR("ab"), HS_STR("c"), HS_STR("")};
    struct hs_id other_kind = hs_id_make(&key, "hut", parts, 3);
    struct hs_id same_kind = hs_id_make(&key, "hit", parts, 3);
    assert_false(hs_id_eq(&a, &other_kind));
    assert_true(hs_id_eq(&a, &same_kind));
}

static void another_key_gives_another_id(void **state)
{
    (void)state;
    struct hs_id_key one = key_of(0);
    struct hs_id_key two = key_of(1);
    struct hs_id a = hs_id_hit(&one, HS_STR("r"), HS_STR("l"), HS_STR("e"));
    struct hs_id b = hs_id_hit(&two, HS_STR("r"), HS_STR("l"), HS_STR("e"));
    assert_false(hs_id_eq(&a, &b));
}

static void keys_are_64_hex_digits(void **state)
{
    (void)state;
    static const char text[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    struct hs_id_key key = {{0}};
    struct hs_id_key expected = key_of(0);
    assert_int_equal(hs_id_key_parse(hs_str(text), &key), HS_OK);
    assert_memory_equal(&key, &expected, sizeof(key));
    char with_line_feed[sizeof(text) + 1];
    strcpy(with_line_feed, text);
    strcat(with_line_feed, "\n");
    assert_int_equal(hs_id_key_parse(hs_str(with_line_feed), &key), HS_OK);
    assert_int_equal(hs_id_key_parse(hs_str_n(text, 63), &key), HS_EFORMAT);
    assert_int_equal(hs_id_key_parse(HS_STR(""), &key), HS_EFORMAT);
    assert_memory_equal(&key, &expected, sizeof(key)); // untouched by failures
}

static void ids_read_back_from_text(void **state)
{
    (void)state;
    struct hs_id_key key = key_of(3);
    struct hs_id id = hs_id_hit(&key, HS_STR("r"), HS_STR("l"), HS_STR("e"));
    struct hs_id back;
    char text[HS_ID_TEXT_BYTES];
    hs_id_text(&id, text);
    assert_int_equal(hs_id_parse(hs_str(text), &back), HS_OK);
    assert_true(hs_id_eq(&id, &back));
    text[5] = 'x';
    assert_int_equal(hs_id_parse(hs_str(text), &back), HS_EFORMAT);
    assert_int_equal(hs_id_parse(hs_str_n(text, 30), &back), HS_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_what_they_always_were),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(another_key_gives_another_id),
        cmocka_unit_test(keys_are_64_hex_digits),
        cmocka_unit_test(ids_read_back_from_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
