// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_INTAKE_DESKS_H
#define HS_TEST_INTAKE_DESKS_H
/*
 * A daemon with desks of two forces: reads go in, alerts come out, desks answer. Plain Kafka clients
 * stand for cameras and control rooms.
 *
 * Threads: one. Ownership: alerts are the caller's.
 */

#include "../daemon/house.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "support/kafka_util.h"

extern const char desks_cameras[]; // sites n1 to n4 and f1 of northvale, e1 of eastmoor
extern const char
    desks_queues[]; // north-live, north-chief, east-live, covert-desk and their intelligence;
                    // east-intel is heard three times a minute
extern const char desks_rules[];

// The one world of a test program.
struct desks {
    struct hs_broker broker;
    struct house house;
};
extern struct desks desks;

// Fixtures of a group: the broker, controls and topics.
int desks_open_broker(void **state);
int desks_close_broker(void **state);
// Fixtures of a test: a Redis of its own with lists 'stolen' (open) and 'lantern' (covert), no daemon
// yet.
int desks_open(void **state);
int desks_close(void **state);
// Starts the daemon and waits until it is ready and the intake reads.
void desks_start(const char *environment);

// A short rest between two looks.
void desks_step(void);
// Until the daemon shows as much.
void desks_await_metric(const char *series, double at_least);
// A mark on a list, live in the daemon.
void desks_list(const char *list_id, const char *vrm);
// A camera saw it now.
void desks_read(const char *site, const char *vrm);
// The same, until its hit was matched and applied.
void desks_pass(const char *site, const char *vrm);
// A read that tests the way to a queue, as the daemon sends them.
void desks_test_read(const char *queue);
// The `number`-th (from 1) alert about the vehicle on that queue, waited for; NULL in place of a
// vehicle: any. The caller's.
Hitstream__V1__Alert *desks_alert(const char *queue, const char *vehicle, size_t number);
// How many there are now.
size_t desks_count(const char *queue, const char *vehicle);
// Feedback as bytes to feedback.<queue>.
void desks_say_bytes(const char *queue, struct hs_str value);
// Packed, with this id (repeated 16 times) and token.
void desks_say(const char *queue, uint8_t id, Hitstream__V1__FeedbackKind kind,
               ProtobufCBinaryData token);
// Events of feedback in anpr.hits with that id; waits for the first when `await`.
size_t desks_events(uint8_t id, bool await);

#endif
