// SPDX-License-Identifier: Apache-2.0
// A person is told why no broker is reached: what the last connection failed with, until one answers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kafka/trouble.h"

static struct hs_kafka_said said;

static void the_last_failure_is_told_until_a_broker_answers(void **state)
{
    (void)state;
    hs_kafka_trouble_over();
    assert_string_equal(hs_kafka_say(HS_EUNREACHABLE, &said), "unreachable");
    hs_kafka_trouble_failed("[thrd:b:1/bootstrap]: b:1/bootstrap: Connection refused");
    assert_string_equal(hs_kafka_say(HS_EUNREACHABLE, &said),
                        "unreachable: b:1/bootstrap: Connection refused");
    assert_string_equal(hs_kafka_say(HS_ETIMEDOUT, &said),
                        "timed out: b:1/bootstrap: Connection refused");
    assert_string_equal(hs_kafka_say(HS_ENOTFOUND, &said), "not found");
    hs_kafka_trouble_over();
    assert_string_equal(hs_kafka_say(HS_EUNREACHABLE, &said), "unreachable");
}

static void a_certificates_fault_is_not_drowned_by_what_follows(void **state)
{
    (void)state;
    char why[128];
    hs_kafka_trouble_certificate("broker:9093", 10, why, sizeof(why));
    assert_string_equal(why, "certificate of 'broker:9093': it has expired (10)");
    hs_kafka_trouble_failed("ssl://broker:9093: SSL handshake failed: certificate verify failed");
    assert_string_equal(hs_kafka_say(HS_EUNREACHABLE, &said),
                        "unreachable: certificate of 'broker:9093': it has expired (10)");
    hs_kafka_trouble_failed("broker:9093: Connection refused"); // another matter
    assert_string_equal(hs_kafka_say(HS_EUNREACHABLE, &said),
                        "unreachable: broker:9093: Connection refused");
    hs_kafka_trouble_over();
}

static void who_may_not_hears_where_to_look(void **state)
{
    (void)state;
    assert_string_equal(hs_kafka_say(HS_EPERM, &said), "not permitted, see 'hitctl rights check'");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    hs_kafka_trouble_failed(text);
    assert_true(strlen(hs_kafka_say(HS_EUNREACHABLE, &said)) < sizeof(said.text));
    hs_kafka_trouble_over();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_failure_is_told_until_a_broker_answers),
        cmocka_unit_test(a_certificates_fault_is_not_drowned_by_what_follows),
        cmocka_unit_test(who_may_not_hears_where_to_look),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
