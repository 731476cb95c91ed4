// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_DAEMON_FIXTURE_H
#define HS_TEST_DAEMON_FIXTURE_H
/*
 * What programs of daemon tests share: one broker a program, one house a test. Threads: one.
 */

#include "house.h"

extern struct hs_broker broker;
extern struct house house;

// Of the group: the broker with all topics.
int open_broker(void **state);
int close_broker(void **state);
// Of each test.
int open_house(void **state);
int close_house(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

#endif
