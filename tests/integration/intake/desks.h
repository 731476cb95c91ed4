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

struct desks {
    struct hs_broker broker;
    struct house house;
};

// Once a program: the broker, controls and topics.
int desks_open_broker(struct desks *desks);
void desks_close_broker(struct desks *desks);
// Each test: a Redis of its own with lists 'stolen' (open) and 'lantern' (covert), no daemon yet.
void desks_open(struct desks *desks);
void desks_close(struct desks *desks);
// Starts the daemon and waits until it is ready and the intake reads.
void desks_start(struct desks *desks, const char *environment);

// A short rest between two looks.
void desks_step(void);
// A mark on a list, live in the daemon.
void desks_list(struct desks *desks, const char *list_id, const char *vrm);
// A camera saw it now.
void desks_read(struct desks *desks, const char *site, const char *vrm);
// A read that tests the way to a queue, as the daemon sends them.
void desks_test_read(struct desks *desks, const char *queue);
// The `number`-th (from 1) alert about the vehicle on that queue, waited for; NULL in place of a
// vehicle: any.
Hitstream__V1__Alert *desks_alert(struct desks *desks, const char *queue, const char *vehicle,
                                  size_t number);
// How many there are now.
size_t desks_count(struct desks *desks, const char *queue, const char *vehicle);
// Feedback as bytes to feedback.<queue>; headers may be NULL.
void desks_say_bytes(struct desks *desks, const char *queue, struct hs_str value);
// Packed, with this id (repeated 16 times) and token.
void desks_say(struct desks *desks, const char *queue, uint8_t id, Hitstream__V1__FeedbackKind kind,
               ProtobufCBinaryData token);
// Events of feedback in anpr.hits with that id; waits for the first when `await`.
size_t desks_events(struct desks *desks, uint8_t id, bool await);

#endif
