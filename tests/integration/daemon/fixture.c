// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/kafka_util.h"

struct hs_broker broker;
struct house house;

// Topics and controls once for all: they stay in the broker; each test has a Redis of its own.
int open_broker(void **state)
{
    (void)state;
    if (hs_broker_start(&broker, NULL) != 0) {
        return -1;
    }
    house_open(&house, broker.bootstrap);
    house_activate_controls(&house);
    int exit_code = HITCTL(&house, "topics", "create", "--reads-from", "end");
    if (exit_code != 0) {
        fprintf(stderr, "%s\nexit code %d\n", house.text, exit_code);
        return -1;
    }
    house_close(&house);
    return 0;
}

int close_broker(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

// A new Redis would stand behind the anchor of the test before: it is taken away.
static void forget_anchor(void)
{
    struct hs_test_producer *producer;
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, "anpr.controls", -1, HS_STR("anchor"),
                                     (struct hs_str){0}, NULL, 0),
                     0);
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    hs_test_producer_free(producer);
}

int open_house(void **state)
{
    (void)state;
    if (!hs_process_running(&broker.process)) { // a test that failed left it stopped
        assert_int_equal(hs_broker_again(&broker), 0);
    }
    forget_anchor();
    house_open(&house, broker.bootstrap);
    return 0;
}

int close_house(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}
