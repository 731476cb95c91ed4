// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "wire/token.h"

static const struct hs_token_key key = {{1, 2, 3}};

static struct hs_reply_to some_reply_to(void)
{
    return (struct hs_reply_to){
        .vehicle = HS_STR("AB12CDE"),
        .audience = HS_STR("covert:op-larch"),
        .incident = {{9, 8, 7}},
        .queue = HS_STR("north-live"),
    };
}

static void what_was_sealed_opens(void **state)
{
    (void)state;
    struct hs_reply_to sealed = some_reply_to();
    struct hs_reply_to opened;
    struct hs_buf token = {0};
    struct hs_buf storage = {0};
    hs_token_seal(&key, &sealed, &token);
    assert_int_equal(hs_buf_status(&token), HS_OK);
    assert_int_equal(hs_token_open(&key, hs_buf_str(&token), &storage, &opened), HS_OK);
    assert_true(hs_str_is(opened.vehicle, "AB12CDE"));
    assert_true(hs_str_is(opened.audience, "covert:op-larch"));
    assert_true(hs_str_is(opened.queue, "north-live"));
    assert_true(hs_id_eq(&opened.incident, &sealed.incident));
    hs_buf_fini(&token);
    hs_buf_fini(&storage);
}

static void a_token_shows_nothing_of_its_contents(void **state)
{
    (void)state;
    struct hs_reply_to sealed = some_reply_to();
    struct hs_buf token = {0};
    hs_token_seal(&key, &sealed, &token);
    assert_null(memmem(token.ptr, token.len, "AB12CDE", 7));
    assert_null(memmem(token.ptr, token.len, "larch", 5));
    hs_buf_fini(&token);
}

static void equal_contents_give_equal_bytes(void **state)
{
    (void)state;
    struct hs_reply_to sealed = some_reply_to();
    struct hs_buf one = {0};
    struct hs_buf two = {0};
    hs_token_seal(&key, &sealed, &one);
    hs_token_seal(&key, &sealed, &two);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.ptr, two.ptr, one.len);
    hs_buf_clear(&two);
    sealed.queue = HS_STR("south-live");
    hs_token_seal(&key, &sealed, &two);
    assert_memory_not_equal(one.ptr + 1, two.ptr + 1, 24); // another nonce
    hs_buf_fini(&one);
    hs_buf_fini(&two);
}

// Every single changed bit, every shorter length and another key are refused, and never crash.
static void a_changed_token_is_refused(void **state)
{
    (void)state;
    struct hs_reply_to sealed = some_reply_to();
    struct hs_reply_to opened;
    struct hs_buf token = {0};
    struct hs_buf storage = {0};
    hs_token_seal(&key, &sealed, &token);
    for (size_t bit = 0; bit < 8 * token.len; bit++) {
        token.ptr[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(hs_token_open(&key, hs_buf_str(&token), &storage, &opened), HS_OK);
        token.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < token.len; len++) {
        assert_int_not_equal(hs_token_open(&key, hs_str_n(token.ptr, len), &storage, &opened),
                             HS_OK);
    }
    struct hs_token_key other = {{2}};
    assert_int_equal(hs_token_open(&other, hs_buf_str(&token), &storage, &opened), HS_EPERM);
    assert_int_equal(hs_token_open(&key, hs_buf_str(&token), &storage, &opened), HS_OK);
    hs_buf_fini(&token);
    hs_buf_fini(&storage);
}

static void no_such_audience_does_not_open(void **state)
{
    (void)state;
    struct hs_reply_to sealed = some_reply_to();
    struct hs_reply_to opened;
    struct hs_buf token = {0};
    struct hs_buf storage = {0};
    sealed.audience = HS_STR("everybody");
    hs_token_seal(&key, &sealed, &token);
    assert_int_equal(hs_token_open(&key, hs_buf_str(&token), &storage, &opened), HS_EFORMAT);
    hs_buf_fini(&token);
    hs_buf_fini(&storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens),
        cmocka_unit_test(a_token_shows_nothing_of_its_contents),
        cmocka_unit_test(equal_contents_give_equal_bytes),
        cmocka_unit_test(a_changed_token_is_refused),
        cmocka_unit_test(no_such_audience_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
